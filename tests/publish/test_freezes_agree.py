"""Freezes of the living example have the same days on every page that shows them, and mark the changes in them."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

HERE = ZoneInfo("Europe/Amsterdam")
# In the order of their first days; windows that begin or end at midnight would differ in UTC.
FREEZES = {
    "sinterklaas-freeze": (date(2026, 12, 4), date(2026, 12, 6)),
    "peak-season-freeze": (date(2026, 12, 14), date(2027, 1, 4)),
    "quarter-close-freeze": (date(2026, 12, 30), date(2027, 1, 6)),
}
ARCHIVE = "CHG-261105-807G1"  # touches payments on the evening of 5 December


def _page(example: Path, name: str) -> str:
    return (example / "changes" / name).read_text(encoding="utf-8")


def _day(text: str) -> date:
    found = datetime.fromisoformat(text)
    return found.astimezone(HERE).date() if found.tzinfo else found.date()


def _spans(html: str, item: str) -> dict[str, tuple[date, ...]]:
    """The first two times of each item of a list that names a freeze."""
    found = {}
    for part in html.split(item)[1:]:
        name = re.search(r"calendars/([\w-]*-freeze)\.html", part)
        if name:
            days = re.findall(r'<time datetime="?([^">]+)', part)[:2]
            found[name[1]] = tuple(map(_day, days))
    return found


def test_the_board_has_the_days_of_the_freezes(example: Path) -> None:
    part = _page(example, "board.html").partition("Freezes ahead</h2>")[2]
    assert list(_spans(part, "<li>").items()) == list(FREEZES.items())


def test_upcoming_changes_have_the_days_of_the_freezes(example: Path) -> None:
    html = _page(example, "index.html")
    assert list(_spans(html, '<li class="it-freeze').items()) == list(FREEZES.items())
    assert html.count("Proposed: <a") >= 1
    assert "3 freezes ahead" in html


@pytest.mark.parametrize("freeze", FREEZES)
def test_the_calendar_shows_a_freeze_on_each_of_its_days(example: Path, freeze: str) -> None:
    shown = set()
    for month in ("2026-12", "2027-01"):
        grid = _page(example, f"calendar_{month}.html").partition("it-cal__agenda")[0]
        for cell in grid.split("<td ")[1:]:
            if f"calendars/{freeze}.html" in cell:
                day = re.search(r"data-day=([\d-]+)", cell)
                assert day
                shown.add(date.fromisoformat(day[1]))
    first, last = FREEZES[freeze]
    assert shown == {first + timedelta(days=n) for n in range((last - first).days + 1)}


def test_a_change_in_a_proposed_freeze_is_marked_wherever_it_is_planned(example: Path) -> None:
    for page in ("board.html", "index.html", "calendar_2026-12.html"):
        html = _page(example, page)
        if page.startswith("calendar"):
            html = html.partition("it-cal__agenda")[2]
        rows = [r for r in re.split(r"<li[ >]", html) if f"{ARCHIVE}.html" in r]
        # On its later days it is one line, which says how long it lasts.
        rows = [r for r in rows if "continues until" not in r]
        assert rows, page
        assert all("In a proposed freeze" in r for r in rows), page


def test_a_freeze_of_some_items_names_them(example: Path) -> None:
    for page in ("board.html", "index.html"):
        assert re.search(r"Only for: <a[^>]*>Online shop</a>\xa0· ", _page(example, page)), page


def test_a_freeze_is_said_once_and_then_continues(example: Path) -> None:
    parts = re.findall(
        r"sinterklaas-freeze[^>]*>[^<]*</a>([^<]*)", _page(example, "index.html").partition("it-day")[2]
    )
    assert [p.strip().split(" ")[0] for p in parts] == [",", "continues", "continues"]


def test_one_matter_to_decide_needs_no_number(example: Path) -> None:
    html = _page(example, "board.html")
    decided = html.partition("Waiting for a decision")[2].partition("</section>")[0]
    assert decided.count("<li>") == 1
    assert "<ol class=it-matters>" not in html
    assert html.index("Freezes ahead</h2>") < html.index("Planned until the next meeting</h2>")
