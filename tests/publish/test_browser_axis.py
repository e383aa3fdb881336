"""The hours of the calendar in a real browser: blocks at their hour, side by side, the line of now, bars above."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from browsing import DESKTOP, PHONE, Guard, axe_source, serious_faults, switch_to_dark, wait_until
from sample_site import DOCUMENTS
from test_browser_calendar import CALENDAR, CHANGE, OTHER, TITLE, more, sample_with
from test_calendar_grid import change

pytestmark = pytest.mark.browser

LONG = "Move the cage"
WEEK = f"{CALENDAR}?view=week&week=2026-W48"
SATURDAY = f"{CALENDAR}?view=day&day=2026-11-28"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    files = more() | {
        CHANGE.replace("BBBBB", "NNNNN"): change(
            "NNNNN", LONG, "2026-11-26T08:00:00Z", "2026-11-29T10:00:00Z"
        )
    }
    with sample_with(tmp_path_factory.mktemp("axis"), files) as found:
        yield found


@pytest.fixture
def open_page(guard: Guard, address: str) -> Callable[..., Any]:
    return partial(guard.open, address)


def placed(page: Any) -> None:
    wait_until(page, "!!document.querySelector('.it-grid__hours span')")


def box(page: Any, title: str) -> dict[str, float]:
    found = page.locator(".it-ev:visible", has_text=title).bounding_box()
    assert found
    return dict(found)


def hour(page: Any, label: str) -> float:
    """Where an hour of the column at the left is."""
    found = page.locator(".it-grid__week .it-grid__hours span", has_text=label).bounding_box()
    assert found
    return float(found["y"] + found["height"] / 2)


def test_a_change_is_a_block_at_its_hours(open_page: Callable[..., Any]) -> None:
    page = open_page(WEEK)
    placed(page)
    block = box(page, TITLE)  # 21:00 to 23:00 in Berlin
    assert abs(block["y"] - hour(page, "21:00")) <= 2
    assert abs(block["y"] + block["height"] - hour(page, "23:00")) <= 3
    night = box(page, "Saturday night")
    assert abs(night["y"] - hour(page, "20:00")) <= 2


def test_what_overlaps_stands_side_by_side(open_page: Callable[..., Any]) -> None:
    page = open_page(WEEK)
    placed(page)
    one, other = sorted((box(page, TITLE), box(page, OTHER)), key=lambda b: b["x"])
    assert one["x"] + one["width"] <= other["x"] + 1
    assert one["width"] > 20
    page.get_by_label("Type").select_option("normal")
    assert box(page, TITLE)["width"] > 1.8 * one["width"]  # alone it has the room of both


def test_what_lasts_for_days_is_a_bar_above_the_hours(open_page: Callable[..., Any]) -> None:
    page = open_page(WEEK)
    placed(page)
    bar = box(page, LONG)
    assert bar["y"] + bar["height"] < hour(page, "01:00")
    page.goto(page.url.split("?")[0] + "?view=day&day=2026-11-28")  # a later one of its days, alone
    placed(page)
    assert LONG in page.locator(".it-ev__copy").inner_text()
    page.get_by_role("button", name="Month").click()
    assert page.locator(".it-ev__copy").count() == 0


def test_a_line_shows_what_time_it_is_for_the_reader(open_page: Callable[..., Any]) -> None:
    page = open_page(f"{CALENDAR}?view=week")  # the reader's clock says 13:00 in Berlin on 22 November
    page.locator(".it-grid__now").wait_for()
    line = page.locator(".it-grid__now").bounding_box()
    assert abs(line["y"] - hour(page, "13:00")) <= 2
    assert page.locator("td", has=page.locator(".it-grid__now")).get_attribute("data-day") == "2026-11-22"


def test_days_are_stepped_through_by_keyboard_over_the_end_of_a_month(open_page: Callable[..., Any]) -> None:
    page = open_page(f"{CALENDAR}?view=day&day=2026-12-05")
    day = page.locator("td time:visible")
    seen = [day.get_attribute("datetime")]
    for _ in range(3):
        page.get_by_role("button", name="Later day").press("Enter")
        wait_until(
            page,
            "before => { const day = [...document.querySelectorAll('td time')].filter(time => time.checkVisibility()); return day.length === 1 && day[0].dateTime !== before }",
            seen[-1],
        )
        seen.append(day.get_attribute("datetime"))
    assert seen == ["2026-12-05", "2026-12-06", "2026-12-07", "2026-12-08"]
    assert "calendar_2026-12" in page.url
    page.get_by_role("button", name="Week", exact=True).press("Enter")
    assert page.locator("td time:visible").first.get_attribute("datetime") == "2026-12-07"


def test_today_leads_to_today_in_the_view_of_a_day(open_page: Callable[..., Any]) -> None:
    page = open_page(SATURDAY)
    page.get_by_role("link", name="Today", exact=True).click()
    assert page.locator("td time:visible").get_attribute("datetime") == "2026-11-22"


def test_a_phone_has_the_day_with_its_hours(open_page: Callable[..., Any]) -> None:
    page = open_page(CALENDAR, viewport=PHONE)
    placed(page)
    assert page.get_by_role("button", name="Agenda").get_attribute("aria-pressed") == "true"
    page.get_by_role("button", name="Day", exact=True).click()
    assert page.locator(".it-grid").is_visible()
    assert not page.locator(".it-cal__agenda").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_on_paper_a_week_has_its_blocks_and_no_buttons(open_page: Callable[..., Any]) -> None:
    page = open_page(WEEK)
    placed(page)
    page.emulate_media(media="print")
    assert page.locator(".it-ev:visible", has_text=TITLE).count() == 1
    assert not page.locator(".it-cal__tools").is_visible()


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_no_accessibility_fault_in_a_day(open_page: Callable[..., Any], viewport: dict[str, int]) -> None:
    source = axe_source()
    page = open_page(SATURDAY, viewport=viewport)
    placed(page)
    page.evaluate(source)
    assert serious_faults(page) == []
    switch_to_dark(page)
    assert serious_faults(page) == []


def test_minutes_are_those_of_the_clocks_where_the_site_is(open_page: Callable[..., Any]) -> None:
    page = open_page(CALENDAR)
    minutes = page.locator("td[data-day='2026-11-28'] .it-ev", has_text=TITLE).get_attribute("data-minutes")
    assert minutes == "1260 1380"
    assert "planned_start: 2026-11-28T20:00:00Z" in DOCUMENTS[CHANGE]
