"""The start pages of staff and of customers: their words, and whether something is down, since when, at once."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from sample_site import DOCUMENTS, view_for
from test_agenda_pages import text_of
from test_announcements import FILES

from itsm_gitops.presentation import urls
from itsm_gitops.presentation.pages import home
from tests.support import GitRepo

INCIDENT = "records/incidents/2026/11/INC-261120-AAAAA.yaml"
SOLVED = """\
id: INC-261118-SSSSS
kind: incident
title: Prices were wrong
service: shop
impact: medium
urgency: low
state: closed
major: {state: stood_down}
timeline:
- {at: 2026-11-18T09:00:00Z, by: ada, state: new}
- {at: 2026-11-18T11:30:00Z, by: ada, state: resolved}
- {at: 2026-11-19T09:00:00Z, by: ada, state: closed}
"""
PAGES = frozenset([urls.REPORT, urls.CATALOGUE, urls.KNOWN_ERRORS, urls.SUBSCRIBE, urls.SEARCH, urls.MAP])
Shown = Callable[[str], str]


@pytest.fixture
def shown(git_repo: GitRepo) -> Shown:
    """The start page of the sample as an audience sees it, with announcements and a solved incident."""
    more = {**FILES, "records/incidents/2026/11/INC-261118-SSSSS.yaml": SOLVED}
    for path, text in {**DOCUMENTS, **more}.items():
        git_repo.write(path, text)
    return lambda audience: home.home_page(view_for(git_repo, audience), PAGES).body


@pytest.mark.parametrize("audience", ["internal", "staff", "public"])
def test_what_is_down_and_since_when_is_said_first(shown: Shown, audience: str) -> None:
    html = shown(audience)
    said = text_of(html)
    answer = "Affects Online shop since 20 Nov, 10:00 ( 2 d 3 h )"
    assert said.index("Online shop is down") < said.index(answer) < said.index("The shop is closed tonight")
    assert "Latest update 20 Nov, 10:30: We are working on it." in said
    # As long as it had lasted when the page was made: that is what "as of" says.
    assert "<time datetime=2026-11-20T09:00:00Z>2 d 3 h</time>" in html


@pytest.mark.parametrize("audience", ["staff", "public"])
def test_users_read_their_own_words(shown: Shown, audience: str) -> None:
    html = shown(audience)
    said = text_of(html)
    for word in ("P1", "P2", "INC-", "CHG-", "CMDB", "it-chip--p1", "itsm "):
        assert word not in said
    assert "it-chip--p1" not in html
    assert urls.MAP not in html
    assert urls.EXPLORE not in html
    assert (
        "Solved in the last two weeks Prices were wrong Degraded solved 18 Nov, 12:30, after 2 h 30 min"
        in said
    )
    assert "Cache of the shop front fills up" in said
    assert said.count("Affects Online shop") == 1  # told once, at the head; those that work stand below
    assert "All other services Each mark is one day: 25 Aug to 22 Nov. Index of prices Operational" in said


def test_only_those_who_may_file_something_are_asked_to(shown: Shown) -> None:
    staff, public = shown("staff"), shown("public")
    assert "Report a problem" in staff
    assert "Report a problem" not in public
    assert "New prices" in staff
    assert "New prices" not in public


def test_since_when_is_true_where_the_cause_is_not_shown(git_repo: GitRepo) -> None:
    hidden = DOCUMENTS[INCIDENT].replace("  state: accepted", "  state: proposed")
    for path, text in {**DOCUMENTS, INCIDENT: hidden}.items():
        git_repo.write(path, text)
    said = text_of(home.home_page(view_for(git_repo, "public"), PAGES).body)
    assert (
        "Online shop since 20 Nov, 10:00 ( 2 d 3 h ) Get help Phone: extension 4000 We are looking into it."
        in said
    )
    assert "Shop front shows an error" not in said
    assert "We are working on it" not in said


def test_a_service_that_is_not_well_says_where_users_get_help(git_repo: GitRepo) -> None:
    path = "cmdb/services/shop.yaml"
    ways = (
        "contacts:\n- {type: email, value: help@shop.example}\n- {type: on-call, value: night watch}\n"
        "- {type: phone, value: extension 4000}\n"
    )
    bare = re.sub(r"^contacts:\n(?:[- ].*\n)*", "", DOCUMENTS[path], flags=re.MULTILINE)
    for file, text in {**DOCUMENTS, path: f"{bare.rstrip()}\n{ways}"}.items():
        git_repo.write(file, text)
    said = text_of(home.home_page(view_for(git_repo, "public"), PAGES).body)
    assert "Get help Email: help@shop.example, Phone: extension 4000" in said
    assert "night watch" not in said


@pytest.mark.parametrize(("hour", "told"), [("08", False), ("10", True)])
def test_the_last_update_is_told_only_where_it_may_be_about_the_newest_trouble(
    git_repo: GitRepo, hour: str, told: bool
) -> None:
    """The trouble began at nine, and its record is not shown."""
    hidden = DOCUMENTS[INCIDENT].replace("  state: accepted", "  state: proposed")
    shown = SOLVED.replace("2026-11-19T09:00:00Z", f"2026-11-20T{hour}:00:00Z")
    more = {INCIDENT: hidden, "records/incidents/2026/11/INC-261118-SSSSS.yaml": shown}
    kept = {path: text for path, text in DOCUMENTS.items() if not path.startswith("records/")}
    for path, text in {**kept, **more}.items():
        git_repo.write(path, text)
    said = text_of(home.home_page(view_for(git_repo, "public"), PAGES).body)
    assert "Online shop is down" in said
    assert ("records changed" in said) is told


def test_the_bars_of_days_say_which_days_they_are(shown: Shown) -> None:
    assert "Each mark is one day: 25 Aug to 22 Nov." in text_of(shown("public"))
