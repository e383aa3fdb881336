"""The living example's site in a real browser, as the command line builds it: every type of page."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from browsing import (
    DESKTOP,
    PHONE,
    Guard,
    axe_source,
    layout_shift,
    see_heading,
    serious_faults,
    switch_to_dark,
)

from itsm_gitops.publish.serving import listening

pytestmark = pytest.mark.browser

MAJOR = "records/incidents/2610/INC-261029-5HD09.html"
CHANGE = "records/changes/2611/CHG-261104-R16W6.html"

PAGES = {
    "home": "index.html",
    "services": "services/index.html",
    "service": "services/warehouse-operations.html",
    "catalogue": "catalogue/index.html",
    "offering": "catalogue/onboarding.html",
    "application": "cmdb/applications/checkout-api.html",
    "database": "cmdb/databases/payments-db.html",
    "team": "cmdb/teams/dba.html",
    "busy team": "cmdb/teams/network-team.html",
    "person": "cmdb/people/dba-lead.html",
    "calendar": "cmdb/calendars/weekly-maintenance.html",
    "supplier": "cmdb/suppliers/quayside-payments.html",
    "service level": "cmdb/service-levels/sla-critical.html",
    "incident": MAJOR,
    "change": CHANGE,
    "problem": "records/problems/2611/PRB-261113-HHK2S.html",
    "known error": "records/known-errors/2611/KE-261110-EVGBK.html",
    "request": "records/requests/2611/REQ-261122-G7S1G.html",
    "records": "records/index.html",
    "all records": "records/explore.html?status=all",
    "my work": "records/mine.html",
    "list": "records/incidents/index.html",
    "state": "records/changes/state_closed.html",
    "month": "records/incidents/month_2611.html",
    "classes": "cmdb/index.html",
    "class": "cmdb/servers/index.html",
    "map": "cmdb/map.html?item=payments",
    "changes": "changes/index.html",
    "new change": "changes/new.html",
    "report": "report.html?service=payments",
    "months": "changes/calendar.html",
    "known errors": "known-errors/index.html",
    "reports": "reports/index.html",
    "figures": "reports/backlog.html",
    "search": "search.html?q=payments",
    "handbook": "handbook/index.html",
    "written page": "handbook/20-incidents.html",
    "life cycles": "handbook/reference/life-cycles.html",
    "fields": "handbook/reference/fields-incident.html",
    "not found": "404.html",
    "due": "records/due.html",
    "subscribe": "subscribe.html",
    "board": "changes/board.html",
    "rota": "cmdb/rotas/database-rota.html",
    "announcement": "cmdb/announcements/remote-access-28-november.html",
    "article": "records/articles/2611/KB-261112-7QM4D.html",
    "meeting": "records/meetings/2611/MTG-261120-VE7H6.html",
    "release": "records/releases/2611/REL-261118-M5R7C.html",
    "complaint": "records/complaints/2611/CMP-261120-R3J7M.html",
    "improvement": "records/improvements/2611/IMP-261110-EDSW8.html",
    "open change": "records/changes/2611/CHG-261121-V1EWD.html",
    "levels": "reports/levels.html",
    "map of a standard": "reports/fitsm.html",
    "contracts": "reports/contracts.html",
    "week": "changes/calendar.html?view=week&week=2026-W48",
    "day": "changes/calendar.html?view=day&day=2026-11-24",
}
# What people see most, looked at in every run; the others, which the sample has in small, in the slow ones.
OFTEN = ("home", "service", "incident")
# Pages of a hundred screens, on which the accessibility engine takes most of a minute.
LONG_PAGES = {
    "rules": "handbook/reference/rules.html",
    "commands": "handbook/reference/cli.html",
}


@pytest.fixture(scope="module")
def address(example: Path) -> Iterator[str]:
    with listening(example) as found:
        yield found


@pytest.fixture
def open_page(guard: Guard, address: str) -> Callable[..., Any]:
    return partial(guard.open, address)


def heading(page: Any) -> str:
    return str(page.locator("h1").inner_text())


def test_home_to_service_to_incident_to_change_and_back(open_page: Callable[..., Any]) -> None:
    page = open_page()
    assert "7 services are degraded" in heading(page)
    way = [
        ("Payments", "Payments"),
        ("No payments possible in the online shop", "No payments possible in the online shop"),
        ("Payment lookups lose their query plan", "Payment lookups lose their query plan"),
        ("Rebuild the bloated index on the payments database",) * 2,
    ]
    for name, title in way:
        page.locator("#it-main").get_by_role("link", name=name).first.click()
        page.locator("h1").filter(has_text=title).wait_for()
    for _, title in reversed(way[:-1]):
        page.go_back()
        page.locator("h1").filter(has_text=title).wait_for()
    page.go_back()
    assert "7 services are degraded" in heading(page)


def test_a_record_is_one_step_from_the_change_it_caused(open_page: Callable[..., Any]) -> None:
    page = open_page(CHANGE)
    page.locator("#it-main").get_by_role("link", name="No payments possible").first.click()
    page.locator("h1").filter(has_text="No payments possible").wait_for()
    assert page.url.endswith(MAJOR)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("INC-261029-5HD09", "No payments possible in the online shop"),
        ("5hd09", "No payments possible in the online shop"),
        ("payments-db", "Payments database"),
        ("scanner", "Hand scanner"),
        ("bloated index", "Rebuild the bloated index"),
    ],
)
def test_search_finds_by_number_and_by_word(open_page: Callable[..., Any], typed: str, expected: str) -> None:
    page = open_page("changes/index.html")
    page.keyboard.press("/")
    page.keyboard.insert_text(typed)  # one answer, and not one for each letter that a choice could be lost in
    hits = page.locator(".it-hits [role=option]")
    hits.filter(has_text=expected).first.wait_for()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "changes/index" not in url)


@pytest.mark.parametrize(
    "url",
    [
        pytest.param(url, id=name, marks=() if name in OFTEN else pytest.mark.slow)
        for name, url in {**PAGES, **LONG_PAGES}.items()
    ],
)
def test_no_serious_accessibility_fault(open_page: Callable[..., Any], url: str) -> None:
    source = axe_source()
    page = open_page(url)
    page.evaluate(source)
    assert serious_faults(page) == []
    switch_to_dark(page)
    page.set_viewport_size(PHONE)
    assert serious_faults(page) == []


def test_on_a_phone_a_duty_begins_with_what_it_is_for_and_how_far_away_it_is(
    open_page: Callable[..., Any],
) -> None:
    page = open_page(PAGES["due"], viewport=PHONE)
    row = page.locator(".it-due tbody tr").first
    day, what, title, who, left = [cell.bounding_box() for cell in row.locator("td").all()]
    assert abs(title["y"] - left["y"]) < 10
    assert title["x"] + title["width"] <= left["x"]
    assert left["x"] + left["width"] <= PHONE["width"]
    assert abs(day["y"] - what["y"]) < 10
    assert title["y"] < day["y"] < who["y"]


def open_search(page: Any) -> None:
    page.keyboard.press("/")
    page.keyboard.insert_text("payments")
    page.locator(".it-hits [role=option]").first.wait_for()


def open_keys(page: Any) -> None:
    page.keyboard.press("?")
    page.locator(".it-keyhelp[open]").wait_for()


def open_drawer(page: Any) -> None:
    page.locator(".it-menu").click()
    page.locator(".md-nav--primary").get_by_role("link", name="Services").first.wait_for()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("opens", "viewport"),
    [(open_search, DESKTOP), (open_search, PHONE), (open_keys, DESKTOP), (open_drawer, PHONE)],
    ids=["search", "search of a phone", "keys", "drawer"],
)
@pytest.mark.parametrize("scheme", ["default", "slate"])
def test_no_accessibility_fault_while_something_is_open(
    open_page: Callable[..., Any], opens: Callable[[Any], None], viewport: dict[str, int], scheme: str
) -> None:
    source = axe_source()
    page = open_page(viewport=viewport)
    page.evaluate("name => document.body.setAttribute('data-md-color-scheme', name)", scheme)
    opens(page)
    page.evaluate(source)
    assert serious_faults(page) == []


def test_the_search_of_a_phone_has_the_whole_width(open_page: Callable[..., Any]) -> None:
    page = open_page(viewport=PHONE)
    page.locator(".it-find__icon").click()
    page.keyboard.insert_text("payments")
    page.locator(".it-hits [role=option]").first.wait_for()
    for part in ("#it-q", ".it-hits"):
        box = page.locator(part).bounding_box()
        assert box
        assert box["width"] > 0.8 * PHONE["width"], part


# Puts another page into the window: its body and its classes, where the styles of both are the same; else says no.
# Loading each with its styles and scripts takes four times as long, and what scripts do to each type is looked at below.
BECOME = """([html, address]) => {
  const made = new DOMParser().parseFromString(html, "text/html");
  const styles = (page, base) => [...page.querySelectorAll("link[rel=stylesheet]")]
    .map(e => new URL(e.getAttribute("href"), base).href + e.media).join();
  if (styles(made, address) !== styles(document, location)) return false;
  for (const e of made.querySelectorAll("[src]")) e.setAttribute("src", new URL(e.getAttribute("src"), address).href);
  document.documentElement.className = made.documentElement.className;
  document.body.replaceWith(document.adoptNode(made.body));
  return true;
}"""


def too_wide_as_written(page: Any, address: str, pages: Iterable[tuple[str, str]]) -> dict[str, int]:
    """Those pages (address and text) that are wider than the window, before scripts change anything."""
    wide = {}
    for url, html in pages:
        if not page.evaluate(BECOME, [html, address + url]):
            page.goto(address + url, wait_until="domcontentloaded")
        width = page.evaluate("document.documentElement.scrollWidth")
        if width > PHONE["width"]:
            wide[url] = width
    return wide


@pytest.mark.slow
def test_no_page_is_wider_than_a_phone(open_page: Callable[..., Any], address: str, example: Path) -> None:
    """Every page: a single long word widens only the page that has it."""
    pages = {p.relative_to(example).as_posix(): p.read_text("utf-8") for p in sorted(example.rglob("*.html"))}
    page = open_page(MAJOR, viewport=PHONE)
    widened = pages[MAJOR].replace("</h1>", f"</h1><p><nobr>{'W ' * 60}</nobr></p>", 1)
    assert set(too_wide_as_written(page, address, [(MAJOR, widened)])) == {MAJOR}
    assert too_wide_as_written(page, address, pages.items()) == {}


@pytest.mark.slow
@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_no_type_of_page_moves_while_it_loads_or_is_wider_than_the_window(
    open_page: Callable[..., Any], address: str, viewport: dict[str, int]
) -> None:
    page = open_page(viewport=viewport)
    moved, wide = {}, {}
    for name, url in {**PAGES, **LONG_PAGES}.items():
        page.goto(address + url, wait_until="networkidle")
        if name in PAGES:
            moved[name] = layout_shift(page)
        wide[name] = page.evaluate("document.documentElement.scrollWidth")
    assert {name: shift for name, shift in moved.items() if shift >= 0.01} == {}
    assert {name: width for name, width in wide.items() if width > viewport["width"]} == {}


def test_pages_are_readable_without_javascript(open_page: Callable[..., Any]) -> None:
    page = open_page(javascript=False)
    page.locator("#it-main").get_by_role("link", name="Sorting and warehouse").first.click()
    see_heading(page, "Sorting and warehouse")
    assert page.locator(".it-map svg a").count() > 4
    page.locator("summary", has_text="As a list").click()
    assert page.locator(".it-more li").first.is_visible()
    # Menu and search stand on the start page then: others have the way there.
    page.locator("body > header a").click()
    assert page.locator(".md-tabs a").count() > 5
    page.locator("#it-q").fill("payments")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search.html?q=payments")
    assert page.locator("noscript p").bounding_box()


@pytest.mark.parametrize(
    "url", ["services/warehouse-operations.html", "cmdb/map.html?item=payments"], ids=["page", "map"]
)
def test_the_lines_of_a_drawing_are_not_filled(open_page: Callable[..., Any], url: str) -> None:
    page = open_page(url)
    lines = ".it-map__line"
    page.locator(lines).first.wait_for(state="attached")
    fills = page.eval_on_selector_all(
        lines, "found => [...new Set(found.map(e => getComputedStyle(e).fill))]"
    )
    assert fills == ["none"]


@pytest.mark.parametrize(
    ("query", "least"),
    [("", 6), ("?class=server&depth=0", 2), ("?item=payments", 6)],  # servers without relations are a list
    ids=["first", "class", "item"],
)
def test_the_first_look_at_the_map_shows_all_of_it_and_can_be_read(
    open_page: Callable[..., Any], query: str, least: int
) -> None:
    page = open_page(f"cmdb/map.html{query}")
    page.locator(".it-net__view g[role=button]").first.wait_for()
    hidden, zoom, count = page.evaluate(
        """() => {
          const view = document.querySelector(".it-net__view"), frame = view.getBoundingClientRect();
          const boxes = [...view.querySelectorAll("g[role=button]")], svg = view.querySelector("svg");
          const outside = boxes.filter(b => { const r = b.getBoundingClientRect();
            return r.left < frame.left || r.right > frame.right || r.top < frame.top || r.bottom > frame.bottom; });
          return [outside.map(b => b.getAttribute("aria-label")), svg.clientWidth / svg.viewBox.baseVal.width, boxes.length];
        }"""
    )
    assert (hidden, count >= least) == ([], True)
    assert zoom >= 0.79  # the words of a box have 12 pixels and more at full size


@pytest.mark.parametrize("report", ["backlog", "flow", "problems"])
def test_a_figure_of_a_report_leads_to_as_many_records(open_page: Callable[..., Any], report: str) -> None:
    page = open_page(f"reports/{report}.html")
    figures = page.eval_on_selector_all(
        "#it-main :is(td, .it-bars b) a[href*='explore.html']", "all => all.map(a => [a.textContent, a.href])"
    )
    assert len(figures) > 3
    wrong = []
    for figure, url in figures[:: max(1, len(figures) // 9)]:
        page.goto(url)
        said = page.locator(".it-x__said")
        page.wait_for_function("said => /^[0-9]/.test(said.textContent)", arg=said.element_handle())
        if said.inner_text().split()[0] != figure:
            wrong.append((figure, url, said.inner_text()))
    assert wrong == []


def test_everything_can_be_reached_by_keyboard_and_is_seen(open_page: Callable[..., Any]) -> None:
    page = open_page("services/warehouse-operations.html")
    seen = []
    for _ in range(40):
        page.keyboard.press("Tab")
        seen.append(
            page.evaluate(
                """() => {
                  const e = document.activeElement, s = getComputedStyle(e), b = e.getBoundingClientRect();
                  const shown = s.outlineStyle !== "none" && parseFloat(s.outlineWidth) > 0;
                  return [e.textContent.trim().slice(0, 40), shown, b.width > 0 && b.height > 0];
                }"""
            )
        )
    assert seen[0][0] == "Skip to content"
    assert [s for s in seen if not (s[1] and s[2])] == []
    assert {"Services", "Warehouse systems"} <= {s[0] for s in seen}


def test_paper_is_white_for_those_who_read_in_the_dark(open_page: Callable[..., Any]) -> None:
    page = open_page("services/warehouse-operations.html")
    switch_to_dark(page)
    page.emulate_media(media="print")
    ink, ground = page.evaluate(
        """() => ["color", "backgroundColor"].map(c => getComputedStyle(document.body)[c]
            .match(/[0-9.]+/g).slice(0, 3).reduce((a, b) => a + Number(b), 0))"""
    )
    assert ink < 200
    assert ground > 700
    assert not page.locator(".md-header").is_visible()
    page.set_viewport_size({"width": 794, "height": 1123})
    widths = page.eval_on_selector(".it-map__view", "e => [e.scrollWidth, e.clientWidth]")
    assert widths[0] <= widths[1]


def test_the_site_works_below_a_path(guard: Guard, example: Path, tmp_path: Path) -> None:
    (tmp_path / "it").mkdir()
    shutil.copytree(example, tmp_path / "it/portal")
    with listening(tmp_path) as root:
        page = guard.open(root, "it/portal/" + MAJOR)
        page.keyboard.press("/")
        page.keyboard.type("laptop")
        page.locator(".it-hits [role=option]").filter(has_text="New laptop").first.wait_for()
        page.keyboard.press("Escape")
        page.locator(".md-tabs").get_by_role("link", name="Changes").click()
        see_heading(page, "Upcoming changes")
        assert "/it/portal/changes/" in page.url
        page.wait_for_load_state("networkidle")
        page.close()
