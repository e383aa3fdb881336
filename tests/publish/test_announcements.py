"""Announcements live by their dates: who sees which, where, and from when to when."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jsonschema
import pytest
from sample_site import DOCUMENTS, NOW, view_for, write_sample
from test_agenda_pages import text_of
from test_pages import view_of

from itsm_gitops.graph.status import Health
from itsm_gitops.presentation import situation
from itsm_gitops.presentation.announcements import announcements
from itsm_gitops.presentation.data import api, feeds
from itsm_gitops.presentation.fields import fields
from itsm_gitops.presentation.pages import home, item, lists
from itsm_gitops.presentation.view import View
from itsm_gitops.publish import build_site
from itsm_gitops.rules import check
from tests.support import GitRepo

WORK = """\
id: tonight
class: announcement
name: The shop is closed tonight
description: From eight to ten **nobody** can buy.
owner: web
type: maintenance
audience: public
start: 2026-11-22T19:00:00Z
end: 2026-11-22T21:00:00Z
shown_from: 2026-11-20T09:00:00Z
services: [shop]
"""
NEWS = """\
id: news
class: announcement
name: New prices
description: From December on.
owner: web
type: news
audience: staff
start: 2026-11-25T09:00:00Z
end: 2026-12-31T09:00:00Z
"""
FILES = {"cmdb/announcements/tonight.yaml": WORK, "cmdb/announcements/news.yaml": NEWS}


@pytest.fixture
def view(tmp_path: Path) -> View:
    return view_of(tmp_path, FILES)


def banner(html: str, title: str) -> str:
    return next(b for b in re.findall(r"<aside .*?</aside>", html, re.DOTALL) if title in b)


def test_it_is_shown_from_its_day_to_its_end(view: View) -> None:
    html = home.home_page(view, frozenset()).body
    shown, ahead = banner(html, "The shop is closed tonight"), banner(html, "New prices")
    assert "data-from=2026-11-20T09:00:00Z data-until=2026-11-22T21:00:00Z aria-label" in shown
    assert (
        "Planned work 22 Nov, 20:00 to 22:00 The shop is closed tonight From eight to ten nobody can buy."
        in text_of(shown)
    )
    assert "data-until=2026-12-31T09:00:00Z hidden" in ahead  # a script shows it when its day comes
    said = [
        html.index(w)
        for w in ("is down", "Latest update", "The shop is closed tonight", "Changes until 28 November")
    ]
    assert said == sorted(said)


@pytest.mark.parametrize(
    ("now", "names"),
    [
        (NOW, ["tonight", "news"]),
        (datetime(2026, 11, 22, 21, tzinfo=UTC), ["news"]),
        (NOW - timedelta(days=100), []),
        (NOW + timedelta(days=100), []),
    ],
)
def test_what_is_over_or_far_ahead_is_not_on_pages(view: View, now: datetime, names: list[str]) -> None:
    assert [one.entry.id for one in announcements(view, now)] == names


def test_the_page_of_the_service_says_it_too(view: View) -> None:
    def page(name: str) -> str:
        entry = view.entries[name]
        return item.item_page(view, entry, view.store.data(name), fields(view.kind(entry)))

    assert page("shop").count("The shop is closed tonight</a>") == 1  # at its head, not among its links, too
    assert "New prices" not in page("shop")
    assert "The shop is closed tonight" not in page("index")


def test_its_own_page_and_the_list_say_what_it_is_and_when(view: View) -> None:
    def head(name: str) -> str:
        entry = view.entries[name]
        html = item.item_page(view, entry, view.store.data(name), fields(view.kind(entry)))
        return text_of(html.split("</header>")[0])

    said = "The shop is closed tonight Planned work Sunday 22 November, 20:00 to 22:00 From eight to ten"
    assert said in head("tonight")
    assert "New prices News From December on." in head("news")
    listed = next(page for page in lists.class_lists(view) if "announcements/" in page.url)
    assert "22 Nov 2026, 20:00 22 Nov 2026, 22:00" in text_of(listed.body)


def test_an_end_before_its_start_is_refused_and_not_shown(tmp_path: Path) -> None:
    wrong = WORK.replace("end: 2026-11-22T21", "end: 2026-11-22T18")
    repo = write_sample(tmp_path / "check")
    path = "cmdb/announcements/tonight.yaml"
    (repo.root / path).parent.mkdir(parents=True)
    (repo.root / path).write_text(wrong)
    found = [f for f in check(repo).findings if f.code == "D050"]
    assert [(f.path, f.line) for f in found] == [(path, 9)]
    assert announcements(view_of(tmp_path / "view", {path: wrong}), NOW) == []


def test_programs_read_what_is_announced_and_since_when(tmp_path: Path) -> None:
    repo = write_sample(tmp_path)
    for path, text in FILES.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    site = build_site(repo, now=NOW).output
    status = json.loads((site / "status.json").read_bytes())
    tonight, news = status["announcements"]
    assert (tonight["id"], tonight["type"], tonight["services"]) == ("tonight", "maintenance", ["shop"])
    assert [tonight[k] for k in ("shown_from", "start", "end")] == [
        "2026-11-20T09:00:00Z",
        "2026-11-22T19:00:00Z",
        "2026-11-22T21:00:00Z",
    ]
    assert (site / tonight["page"]).is_file()
    assert (news["id"], news["shown_from"]) == ("news", "2026-11-25T09:00:00Z")
    schema = json.loads((site / "api/schema/status.schema.json").read_bytes())
    jsonschema.validate(status, schema)
    shop = next(s for s in status["services"] if s["id"] == "shop")
    assert (shop["since"], shop["until"]) == ("2026-11-20T09:00:00Z", None)
    assert all(s["since"] is None for s in status["services"] if s["status"] == "operational")


@pytest.mark.parametrize(
    ("name", "is_there"),
    [
        ("feeds/announcements.xml", True),
        ("feeds/outages.xml", True),
        ("feeds/services/shop.xml", True),
        ("feeds/services/index.xml", False),
        ("feeds/incidents.xml", False),
    ],
)
def test_feeds_have_what_is_announced_now(view: View, name: str, is_there: bool) -> None:
    text = dict(feeds.files(view, ""))[name].decode()
    assert ("<title>The shop is closed tonight</title>" in text) is is_there
    assert "New prices" not in text  # its day has not come
    said = "From eight to ten nobody can buy.\nFrom: 2026-11-22T19:00:00Z\nTo: 2026-11-22T21:00:00Z\nAffects: Online shop"
    assert (said in text) is is_there


def test_feeds_say_since_when_and_what_users_were_told_last(view: View) -> None:
    text = dict(feeds.files(view, ""))["feeds/incidents.xml"].decode()
    assert "Since: 2026-11-20T09:00:00Z\nLatest update: We are working on it." in text


DISTURBED = """\
id: slow-shop
class: announcement
name: The index answers slowly
description: We look into it.
owner: web
type: disturbance
audience: public
start: 2026-11-20T22:30:00Z
end: 2026-11-23T09:00:00Z
services: [index]
"""
SLOW = "cmdb/announcements/slow-shop.yaml"


def index_of(view: View) -> Health:
    return view.health["index"]


@pytest.mark.parametrize("audience", ["internal", "staff", "public"])
@pytest.mark.parametrize(
    ("effect", "status"),
    [("", "degraded"), ("effect: degraded\n", "degraded"), ("effect: outage\n", "outage")],
)
def test_a_disturbance_is_shown_as_it_is_declared(
    effect: str, status: str, audience: str, git_repo: GitRepo
) -> None:
    for path, text in {**DOCUMENTS, SLOW: DISTURBED + effect}.items():
        git_repo.write(path, text)
    view = view_for(git_repo, audience)
    assert (index_of(view).status, index_of(view).causes) == (status, ("slow-shop",))
    assert situation.since(view, "index") == datetime(2026, 11, 20, 22, 30, tzinfo=UTC)
    days = {day.day: day.status for day in view.past["index"]}
    # In Berlin it began half an hour before midnight.
    assert [days[f"2026-11-{n}"] for n in (19, 20, 21, 22)] == ["operational", status, status, status]
    found = api.status(view)
    assert found["announcements"][0]["effect"] == status


def test_a_disturbance_makes_nothing_better_and_ends_with_its_end(tmp_path: Path) -> None:
    before = view_of(tmp_path / "before", {}).health
    for end, hit in (("2026-11-22T09:59:00Z", False), ("2026-11-23T09:00:00Z", True)):
        text = DISTURBED.replace("2026-11-23T09:00:00Z", end).replace("[index]", "[index, shop]")
        after = view_of(tmp_path / end[:10], {SLOW: text}).health
        assert after["shop"].status == before["shop"].status == "outage"
        assert (after["index"] != before["index"]) is hit


def test_work_that_is_announced_is_maintenance_while_it_lasts(tmp_path: Path) -> None:
    before = view_of(tmp_path / "before", {}).health["index"]
    text = DISTURBED.replace("disturbance", "maintenance")
    view = view_of(tmp_path / "during", {SLOW: text})
    assert (before.status, index_of(view).status) == ("operational", "maintenance")
    assert situation.until(view, "index") == datetime(2026, 11, 23, 9, tzinfo=UTC)
    news = view_of(tmp_path / "news", {SLOW: DISTURBED.replace("disturbance", "news")})
    assert index_of(news).status == "operational"


def test_only_a_disturbance_has_an_effect(tmp_path: Path) -> None:
    for sort, codes in (("disturbance", []), ("maintenance", ["S004"]), ("news", ["S004"])):
        text = DISTURBED.replace("disturbance", sort) + "effect: outage\n"
        repo = write_sample(tmp_path / sort)
        (tmp_path / sort / SLOW).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / sort / SLOW).write_text(text)
        assert [f.code for f in check(repo).findings if f.path == SLOW] == codes
