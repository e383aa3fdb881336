"""The calendar in a real browser: views, filters, steps, phone, no script, both schemes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from browsing import (
    DESKTOP,
    PHONE,
    Guard,
    axe_source,
    see,
    serious_faults,
    switch_to_dark,
    wait_until,
)
from sample_site import DOCUMENTS, NOW, write_sample

from itsm_gitops.publish import build_site
from itsm_gitops.publish.serving import listening

pytestmark = pytest.mark.browser

CALENDAR = "changes/calendar.html"
CHANGE = "records/changes/2026/11/CHG-261118-BBBBB.yaml"
TITLE = "New version of the shop front"
OTHER = "Swap a disk of the shop database"
# Before its script has run, a page shows a whole month.
OTHER_WEEK = """before => {
  if (document.querySelector(".it-cal")?.dataset.view !== "week") return false;
  const day = [...document.querySelectorAll("td time")].find(time => time.checkVisibility());
  return day && day.dateTime !== before;
}"""
WEEKLY = """\
id: nights
class: calendar
name: Saturday night
type: maintenance_window
time_zone: Europe/Berlin
applies_to: [index]
hours:
- {days: [sat], from: '20:00', to: '24:00'}
"""


def more() -> dict[str, str]:
    """A second change that collides with the first, one of the week after, and a maintenance window."""
    other = (
        DOCUMENTS[CHANGE]
        .replace("BBBBB", "JJJJJ")
        .replace(TITLE, OTHER)
        .replace("type: normal", "type: standard")
    )
    later = other.replace("JJJJJ", "KKKKK").replace(OTHER, "Later").replace("11-28T2", "12-03T2")
    return {
        CHANGE.replace("BBBBB", "JJJJJ"): other,
        CHANGE.replace("BBBBB", "KKKKK"): later,
        "cmdb/calendars/nights.yaml": WEEKLY,
    }


def sample_with(root: Path, files: Mapping[str, str]) -> AbstractContextManager[str]:
    """Serve the site of the sample with some more files; the context has its address."""
    repo = write_sample(root)
    for path, text in files.items():
        (root / path).write_text(text, encoding="utf-8")
    return listening(build_site(repo, now=NOW).output)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with sample_with(tmp_path_factory.mktemp("calendar"), more()) as found:
        yield found


@pytest.fixture
def open_page(guard: Guard, address: str) -> Callable[..., Any]:
    return partial(guard.open, address)


def see_month(page: Any, name: str) -> None:
    """Wait until the page of a month is there."""
    see(page.locator(".it-cal__choose summary"), name)


def choose_month(page: Any, wanted: str) -> None:
    """Open the list of months and choose one."""
    page.locator(".it-cal__choose summary").click()
    page.get_by_role("navigation", name="Months").get_by_role("link", name=wanted, exact=True).click()


def shown(page: Any) -> set[str]:
    """The titles of the events that can be seen."""
    texts = {" ".join(t.split()) for t in page.locator(".it-cal [data-type] a:visible").all_inner_texts()}
    return {
        t.removeprefix("Conflict: ").removeprefix("21:00 ").split(": ")[-1].removeprefix("21:00 ")
        for t in texts
    }


def test_a_month_shows_changes_freezes_windows_and_conflicts(open_page: Callable[..., Any]) -> None:
    page = open_page(CALENDAR)
    assert page.locator("h1").inner_text() == "Change calendar"
    assert page.title().startswith("Calendar: November 2026")
    see_month(page, "November 2026")
    assert shown(page) >= {TITLE, OTHER, "Big weekend", "Saturday night"}
    saturday = page.locator("td", has=page.locator("time[datetime='2026-11-28']"))
    assert saturday.locator(".it-ev__mark:visible").count() == 2
    assert saturday.locator(".it-ev--freeze").count() == 1
    assert page.locator(".it-grid__day--today time").get_attribute("datetime") == "2026-11-22"
    assert not page.locator(".it-cal__agenda").is_visible()


def test_changes_are_the_figure_and_windows_the_ground(open_page: Callable[..., Any]) -> None:
    page = open_page(CALENDAR)
    day = page.locator("td[data-day='2026-11-28']")
    ground = "e => getComputedStyle(e).backgroundColor"
    assert day.locator(".it-behind .it-ev").first.evaluate(ground) == "rgba(0, 0, 0, 0)"
    assert day.locator(".it-ev--change").first.evaluate(ground) != "rgba(0, 0, 0, 0)"
    weight, size = "e => +getComputedStyle(e).fontWeight", "e => parseFloat(getComputedStyle(e).fontSize)"
    window, change = day.locator(".it-behind a").first, day.locator(".it-ev--change a").first
    assert window.evaluate(weight) < change.evaluate(weight)
    assert window.evaluate(size) < change.evaluate(size)
    # All days of a freeze look alike, whether it is named there or not.
    first, second, free = (
        page.locator(f"td[data-day='{d}']").evaluate(ground)
        for d in ("2026-11-27", "2026-11-28", "2026-11-26")
    )
    assert first == second != free
    # Its name spans its days.
    band = page.locator("td[data-day='2026-11-27'] .it-ev__band").bounding_box()
    assert band["width"] > 2.5 * page.locator("td[data-day='2026-11-27']").bounding_box()["width"]


def test_today_is_a_number_on_a_ground_of_its_own(open_page: Callable[..., Any]) -> None:
    page = open_page(CALENDAR)
    grounds = page.evaluate(
        """() => ['.it-grid__day--today time', 'td[data-day="2026-11-20"] time'].map(
            s => getComputedStyle(document.querySelector(s)).backgroundColor)"""
    )
    assert grounds[0] != grounds[1] == "rgba(0, 0, 0, 0)"


def test_a_full_day_shows_three_changes_and_leads_to_the_rest(guard: Guard, tmp_path: Path) -> None:
    one = DOCUMENTS[CHANGE]
    files = {
        CHANGE.replace("BBBBB", name): one.replace("BBBBB", name).replace(TITLE, f"Number {name}")
        for name in ("JJJJJ", "KKKKK", "MMMMM", "NNNNN")
    }
    files[CHANGE.replace("BBBBB", "JJJJJ")] = files[CHANGE.replace("BBBBB", "JJJJJ")].replace(
        "type: normal", "type: standard"
    )
    with sample_with(tmp_path, files) as found:
        page = guard.open(found, CALENDAR)
        day = page.locator("td[data-day='2026-11-28']")
        changes = day.locator(".it-ev--change")
        assert (changes.count(), day.locator(".it-ev--change:visible").count()) == (5, 3)
        more = day.get_by_role("link", name="2 more")
        more.wait_for()
        page.get_by_label("Type").select_option("normal")  # four of them: no room is won by leaving one out
        assert day.locator(".it-ev--change:visible").count() == 4
        assert not more.count()
        page.get_by_label("Type").select_option("")
        more.click()
        page.wait_for_url("**view=day&day=2026-11-28")
        wait_until(page, "document.querySelector('.it-cal').dataset.view === 'day'")
        assert page.locator(".it-ev--change:visible").count() == 5
        page.close()


def test_filters_hide_the_others_and_are_kept_in_the_address(open_page: Callable[..., Any]) -> None:
    page = open_page(CALENDAR)
    page.get_by_label("Type").select_option("standard")
    assert shown(page) == {OTHER, "Later"}
    page.get_by_label("Type").select_option("")
    page.get_by_label("Service").select_option("index")
    assert shown(page) == {"Big weekend", "Saturday night"}
    assert page.url.endswith("?service=index")
    page.reload()
    page.wait_for_load_state()
    assert shown(page) == {"Big weekend", "Saturday night"}
    choose_month(page, "Apr 2027")
    page.wait_for_url("**/calendar_2027-04.html?service=index")
    page.wait_for_load_state()
    see_month(page, "April 2027")
    page.get_by_label("Type").select_option("standard")
    page.get_by_text("Nothing in this month fits the filter.").wait_for()


def test_the_page_of_a_service_leads_to_its_calendar(open_page: Callable[..., Any]) -> None:
    page = open_page("services/index_.html")
    page.get_by_role("link", name="Its changes in the calendar").click()
    page.wait_for_url("**/calendar.html?service=index")
    page.wait_for_load_state()
    assert shown(page) == {"Big weekend", "Saturday night"}
    assert page.get_by_label("Service").input_value() == "index"


def test_weeks_are_stepped_through_over_the_end_of_a_month(open_page: Callable[..., Any]) -> None:
    page = open_page(CALENDAR)
    page.get_by_role("button", name="Week", exact=True).press("Enter")
    days = page.locator("td:visible time")
    seen = [days.first.get_attribute("datetime")]
    for step in ["Later week"] * 3 + ["Earlier week"] * 4:
        page.get_by_role("button", name=step).click()
        # Over the end of a month it is another page.
        wait_until(page, OTHER_WEEK, seen[-1])
        seen.append(days.first.get_attribute("datetime"))
    assert [str(s)[5:] for s in seen] == [
        "11-16", "11-23", "11-30", "12-07", "11-30", "11-23", "11-16", "11-09",
    ]  # fmt: skip
    assert days.count() == 7


def test_a_week_says_why_a_change_conflicts(open_page: Callable[..., Any]) -> None:
    page = open_page(f"{CALENDAR}?view=week&week=2026-W48")
    event = page.locator(".it-ev:visible", has_text=OTHER)
    assert "21:00 to 23:00" in event.inner_text()
    assert "Collides with CHG-261118-BBBBB: both change shop-web" in event.inner_text()
    assert "In a freeze: Big weekend" in event.inner_text()


def test_a_button_leads_to_today(open_page: Callable[..., Any]) -> None:
    page = open_page(f"{CALENDAR}?view=week&week=2026-W48")
    page.get_by_role("link", name="Today", exact=True).click()
    assert page.locator(".it-grid__day--today:visible").count() == 1
    assert page.url.endswith("?view=week&week=2026-W47")
    choose_month(page, "Apr 2027")
    see_month(page, "April 2027")
    page.get_by_role("link", name="Today", exact=True).click()
    see_month(page, "November 2026")
    page.get_by_role("link", name="December 2026").click()
    see_month(page, "December 2026")


@pytest.mark.parametrize("query", ["?view=month", "?view=week&service=%3Cscript%3E&type=x&week=y&step=z"])
def test_a_phone_has_the_agenda_whatever_the_address_says(open_page: Callable[..., Any], query: str) -> None:
    page = open_page(CALENDAR + query, viewport=PHONE)
    assert page.locator(".it-cal__agenda").is_visible()
    assert not page.locator(".it-cal__grid").is_visible()
    assert not page.get_by_role("button", name="Week", exact=True).is_visible()
    assert TITLE in page.locator(".it-cal__agenda").inner_text()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_without_a_script_it_is_an_agenda(open_page: Callable[..., Any]) -> None:
    page = open_page(CALENDAR, javascript=False)
    assert not page.locator(".it-cal__grid").is_visible()
    assert not page.locator(".it-cal__tools").is_visible()
    text = page.locator(".it-cal__agenda").inner_text()
    assert "Saturday 28 November" in text
    assert "Collides with" in text
    page.get_by_role("link", name="December 2026").click()
    see(page.locator(".it-cal__agenda"), "Thursday 3 December")


def test_nothing_moves_while_the_page_loads(open_page: Callable[..., Any]) -> None:
    page = open_page(CALENDAR)
    shift = page.evaluate(
        """() => new Promise(done => new PerformanceObserver(
            list => done(list.getEntries().reduce((sum, e) => sum + e.value, 0)))
            .observe({ type: "layout-shift", buffered: true }) || setTimeout(() => done(0), 300))"""
    )
    assert shift < 0.02


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize(
    "view", ["month", *(pytest.param(v, marks=pytest.mark.slow) for v in ("week", "agenda"))]
)
def test_no_accessibility_fault(open_page: Callable[..., Any], view: str, viewport: dict[str, int]) -> None:
    source = axe_source()
    page = open_page(f"{CALENDAR}?view={view}", viewport=viewport)
    page.evaluate(source)
    assert serious_faults(page) == []
    switch_to_dark(page)
    assert serious_faults(page) == []


def test_hostile_titles_are_text_in_the_calendar(guard: Guard, tmp_path: Path) -> None:
    text = DOCUMENTS[CHANGE].replace(TITLE, "'\"><img src=x onerror=alert(1)><script>alert(2)</script>'")
    repo = write_sample(tmp_path)
    (tmp_path / CHANGE).write_text(text.replace("type: normal", "type: '\"><u>x'"), encoding="utf-8")
    with listening(build_site(repo, now=NOW).output) as found:
        page = guard.open(found, CALENDAR)
        assert page.locator(".it-cal img, .it-cal script, .it-cal u").count() == 0
        assert page.locator(".it-ev:visible", has_text="<script>alert(2)</script>").count() == 1
        page.get_by_label("Type").select_option(label='"><u>x changes')
        assert page.locator(".it-ev:visible").count() == 1
        page.close()
