"""Announcements live by their dates: who sees which, where, and from when to when."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sample_site import NOW, write_sample
from test_agenda_pages import text_of
from test_pages import view_of

from itsm_gitops.publish.announcements import announcements
from itsm_gitops.publish.fields import fields
from itsm_gitops.publish.pages import home, item
from itsm_gitops.publish.view import View
from itsm_gitops.rules import check

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
    assert html.index("is down") < html.index("The shop is closed tonight") < html.index("What is going on")


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

    assert "The shop is closed tonight" in page("shop")
    assert "New prices" not in page("shop")
    assert "The shop is closed tonight" not in page("index")


def test_an_end_before_its_start_is_refused_and_not_shown(tmp_path: Path) -> None:
    wrong = WORK.replace("end: 2026-11-22T21", "end: 2026-11-22T18")
    repo = write_sample(tmp_path / "check")
    path = "cmdb/announcements/tonight.yaml"
    (repo.root / path).parent.mkdir(parents=True)
    (repo.root / path).write_text(wrong)
    found = [f for f in check(repo).findings if f.code == "D050"]
    assert [(f.path, f.line) for f in found] == [(path, 9)]
    assert announcements(view_of(tmp_path / "view", {path: wrong}), NOW) == []
