"""The grid of the calendar: windows below the changes, bars over days, what is not approved yet, the way to today."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sample_site import DOCUMENTS
from test_agenda_pages import CHANGE, text_of
from test_pages import view_of

from itsm_gitops.presentation.pages.calendar import calendar_pages
from itsm_gitops.presentation.planned import Plan

LONG = CHANGE.replace("BBBBB", "NNNNN")
OTHER = CHANGE.replace("BBBBB", "MMMMM")


def change(name: str, title: str, start: str, end: str, state: str = "scheduled") -> str:
    text = DOCUMENTS[CHANGE].replace("BBBBB", name).replace("New version of the shop front", title)
    text = text.replace("state: scheduled\nplanned", f"state: {state}\nplanned")
    return text.replace("2026-11-28T20:00:00Z", start).replace("2026-11-28T22:00:00Z", end)


@pytest.fixture
def month(tmp_path: Path) -> str:
    """The grid of November with two changes that last for days beside that of the sample, one of them not approved."""
    view = view_of(
        tmp_path,
        {
            LONG: change("NNNNN", "Move the cage", "2026-11-18T08:00:00Z", "2026-11-24T10:00:00Z"),
            OTHER: change(
                "MMMMM", "Paint the cage", "2026-11-20T08:00:00Z", "2026-11-21T18:00:00Z", "assess"
            ),
        },
    )
    view.plan = Plan(view)
    pages = {page.url: page.body for page in calendar_pages(view)}
    return pages["changes/calendar.html"]


def day(html: str, date: str) -> str:
    found = re.search(rf"<td class=\"[^\"]*\" data-day={date}>.*?</td>", html, re.DOTALL)
    assert found
    return found.group()


def test_what_lasts_for_days_is_one_bar_in_each_week(month: str) -> None:
    grid = month[: month.index("it-cal__agenda")]
    assert grid.count("Move the cage") == 2
    assert "it-span it-span--5" in day(month, "2026-11-18")  # Wednesday to Sunday
    assert "it-span it-span--2" in day(month, "2026-11-23")  # Monday and Tuesday
    assert day(month, "2026-11-19").count("it-ev__room") == 1
    friday = day(month, "2026-11-20")
    assert friday.index("it-ev__room") < friday.index("Paint the cage")  # in the row below
    assert "it-span it-span--2" in friday
    assert day(month, "2026-11-21").count("it-ev__room") == 2
    assert "it-ev__room" not in day(month, "2026-11-25")


def test_what_is_not_approved_yet_looks_so_and_says_so(month: str) -> None:
    assert "it-ev--tentative" in day(month, "2026-11-20")
    assert "Not approved yet: Conflict: 09:00 Paint the cage" in text_of(day(month, "2026-11-20"))
    assert "it-ev--tentative" not in day(month, "2026-11-18")


def test_a_freeze_is_named_once_over_its_days_and_colours_each(month: str) -> None:
    friday, saturday = day(month, "2026-11-27"), day(month, "2026-11-28")
    assert (
        'it-ev__band--freeze it-ev__band it-span it-span--3 it-span--on"' in friday
    )  # Friday to Sunday, and into Monday
    assert "Change freeze: Big weekend" in text_of(friday)
    assert saturday.index("it-ev__band") < saturday.index("New version of the shop front")
    assert "it-span" not in saturday
    for one in (friday, saturday, day(month, "2026-11-29")):
        assert (
            "it-ev it-ev--freeze it-behind--on" in one
        )  # the ground of the day, for those who cannot see it as well


def test_a_change_over_midnight_is_one_bar_of_a_month_and_has_its_hours_on_each_day(tmp_path: Path) -> None:
    night = change("NNNNN", "Move the cage", "2026-11-18T20:00:00Z", "2026-11-19T03:00:00Z")
    view = view_of(tmp_path, {LONG: night})
    view.plan = Plan(view)
    grid = {page.url: page.body for page in calendar_pages(view)}["changes/calendar.html"]
    grid = grid[: grid.index("it-cal__agenda")]
    first, second = day(grid, "2026-11-18"), day(grid, "2026-11-19")
    assert 'it-ev--days it-span it-span--2"' in first
    assert text_of(first).startswith("18 November 21:00 Move the cage")
    assert "it-ev__room it-ev--days" in second
    for one, minutes in ((first, "1260 1440"), (second, "0 240")):
        assert re.search(rf'it-ev--hours"[^>]* data-minutes="{minutes}"', one)


def test_a_bar_that_goes_on_is_open_at_its_edge_and_says_until_when(month: str) -> None:
    wednesday, monday = day(month, "2026-11-18"), day(month, "2026-11-23")
    assert "it-span--on" in wednesday
    assert "it-span--since" not in wednesday
    assert "it-span--since" in monday
    assert "it-span--on" not in monday
    assert "until 24 November, 11:00 Move the cage" in text_of(monday)


def test_a_row_of_bars_has_the_lines_of_its_longest_words(tmp_path: Path) -> None:
    title = "Move old partitions of the tracking database to slower disks"
    view = view_of(tmp_path, {LONG: change("NNNNN", title, "2026-11-21T06:00:00Z", "2026-11-23T20:00:00Z")})
    view.plan = Plan(view)
    grid = {page.url: page.body for page in calendar_pages(view)}["changes/calendar.html"]
    assert "it-lane--2 it-span it-span--2" in day(grid, "2026-11-21")
    assert "it-ev__room it-lane--2" in day(grid, "2026-11-22")
    assert "it-lane--3 it-span it-span--1" in day(grid, "2026-11-23")


def test_a_window_is_a_stripe_on_its_days_and_named_in_the_legend(tmp_path: Path) -> None:
    hours = (
        "hours:\n- {days: [sat], from: '20:00', to: '24:00'}\n- {days: [sun], from: '00:00', to: '05:00'}\n"
    )
    head = "id: nights\nclass: calendar\nname: Saturday night\ntype: maintenance_window\ntime_zone: Europe/Berlin\n"
    view = view_of(tmp_path, {"cmdb/calendars/nights.yaml": head + hours})
    view.plan = Plan(view)
    grid = {page.url: page.body for page in calendar_pages(view)}["changes/calendar.html"]
    grid = grid[: grid.index("it-cal__agenda")]
    assert all("it-behind--on" in cell for cell in grid.split("<td ") if "it-ev--maintenance" in cell)
    legend = grid[grid.index("it-cal__legend") :]
    assert "Maintenance window: Saturday night (Sat, Sun)" in text_of(legend)
    assert 'data-type="maintenance"' in legend  # so that the filters hide it with its stripes
    for date, part in (("2026-11-21", "1200 1440"), ("2026-11-22", "0 300")):
        assert "it-ev--maintenance it-behind--on" in day(grid, date)
        assert f'data-minutes="{part}"' in day(grid, date)
        assert 'title="Maintenance window: Saturday night"' in day(grid, date)


def test_days_with_weekly_windows_only_are_quiet_beside_days_with_more(tmp_path: Path) -> None:
    head = "id: nights\nclass: calendar\nname: Saturday night\ntype: maintenance_window\ntime_zone: Europe/Berlin\n"
    hours = "hours:\n- {days: [sat], from: '20:00', to: '24:00'}\n"
    view = view_of(tmp_path, {"cmdb/calendars/nights.yaml": head + hours})
    view.plan = Plan(view)
    pages = {page.url: page.body for page in calendar_pages(view)}
    agenda = pages["changes/calendar.html"].partition("it-cal__agenda")[2]
    assert "data-day=2026-11-14 data-quiet>" in agenda
    assert "data-day=2026-11-28>" in agenda  # a change is planned on it
    assert "data-quiet" not in pages["changes/calendar_2027-02.html"]  # a month of nothing else shows them


def test_the_legend_has_only_what_is_there(month: str) -> None:
    legend = month[month.index("it-cal__legend") :].partition("</ul>")[0]
    assert text_of(legend.partition(">")[2]) == "Change Not approved yet Change freeze Conflict"


def test_there_is_a_way_to_today(month: str) -> None:
    assert "<a class=it-cal__now href=\x01changes/calendar.html#today>Today</a>" in month.replace("%23", "#")
    agenda = month[month.index("it-cal__agenda") :]
    assert text_of(agenda[agenda.index("id=today") :].split("<h2>", 1)[1]).startswith("Sunday 22 November")
