"""The explorer in a real browser: facets, words, order, columns, the address, files to take away."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from browsing import PHONE, Guard, axe_source, see_heading, serious_faults, switch_to_dark

from itsm_gitops.model.formulas import neutralise
from itsm_gitops.publish.serving import listening

pytestmark = pytest.mark.browser

EXPLORER = "records/explore.html"
HOSTILE_TITLE = "<script>alert(1)</script> </title></script><script>alert(2)</script>"
# What a spreadsheet would calculate, and what it would not.
RISKY = (
    "=1+1",
    "+1",
    "-1",
    "@x",
    "\t=1",
    " =1",
    "'=1",
    "''+1",
    "\uff1d1",
    "\x1c=1",
    "\x85@",
    "a=1",
    "'a",
    "",
    "\r",
    "1-1",
)


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    with listening(site) as found:
        yield found


@pytest.fixture
def explore(guard: Guard, address: str) -> Callable[..., Any]:
    """Open the explorer with a query and wait until everything is there."""
    return partial(opened, guard, address)


def opened(guard: Guard, address: str, query: str = "", **options: Any) -> Any:
    page = guard.open(address, EXPLORER + query, **options)
    page.locator(".it-x[aria-busy=false]").wait_for()
    return page


def ids(page: Any) -> list[str]:
    """The last parts of the numbers shown."""
    return [t[-5:] for t in page.locator(".it-x tbody .it-id").all_inner_texts()]


def wait_for_rows(page: Any, number: int) -> None:
    """Wait for what does not happen at once: words looked up, the way back."""
    page.locator(f".it-x[data-rows='{number}']").wait_for()


def said(page: Any) -> str:
    return str(page.locator(".it-x__said").inner_text())


def count(page: Any, facet: str, value: str) -> str:
    item = page.locator(f"[data-facet={facet}] li", has=page.locator(f"input[value='{value}']"))
    return str(item.locator(".it-x__count").inner_text())


def query(page: Any) -> str:
    return str(page.evaluate("location.search"))


def test_facets_count_add_up_and_the_address_remembers(explore: Callable[..., Any]) -> None:
    page = explore()
    assert said(page) == "5 open records"
    assert ids(page) == ["HHHHH", "FFFFF", "DDDDD", "AAAAA", "BBBBB"]
    page.get_by_label("Incident").check()
    assert ids(page) == ["HHHHH", "AAAAA"]
    assert count(page, "kind", "problem") == "1", "another kind could be added"
    assert count(page, "state", "in_progress") == "1"
    page.get_by_label("Problem").check()
    page.get_by_label("All", exact=True).check()
    wait_for_rows(page, 4)
    assert ids(page) == ["HHHHH", "DDDDD", "AAAAA", "CCCCC"]
    page.locator("[data-facet=priority]").get_by_label("P1 Critical").check()
    assert ids(page) == ["HHHHH", "AAAAA", "CCCCC"]
    assert query(page) == "?status=all&kind=incident,problem&priority=P1"
    page.reload()
    page.locator(".it-x[aria-busy=false]").wait_for()
    assert ids(page) == ["HHHHH", "AAAAA", "CCCCC"]
    for expected in (4, 2 + 1, 2, 5):
        page.go_back()
        wait_for_rows(page, expected)
    assert query(page) == ""
    page.go_forward()
    wait_for_rows(page, 2)


def test_focus_stays_on_the_facet_and_a_chip_takes_it_back(explore: Callable[..., Any]) -> None:
    page = explore("?status=all&kind=change,incident")
    box = page.locator("[data-facet=state] input[value=closed]")
    box.focus()
    page.keyboard.press("Space")
    assert ids(page) == ["CCCCC"]
    assert page.evaluate("document.activeElement.value") == "closed"
    page.get_by_role("button", name="Remove filter State: Closed").press("Enter")
    assert ids(page) == ["HHHHH", "AAAAA", "BBBBB", "CCCCC"]
    assert page.evaluate("document.activeElement.textContent") == "Clear all"
    page.keyboard.press("Enter")
    assert query(page) == "?status=all"


def test_words_are_a_filter_that_can_be_taken_back_like_the_others(explore: Callable[..., Any]) -> None:
    page = explore("?q=shop&kind=incident")
    assert page.locator(".it-x__active li").all_inner_texts() == [
        "Words: shop",
        "Kind: Incident",
        "Clear all",
    ]
    page.get_by_role("button", name="Remove filter Words: shop").click()
    page.wait_for_url("**/explore.html?status=all&kind=incident")
    assert page.get_by_label("Filter these records").input_value() == ""
    page.get_by_label("Filter these records").fill("shop")
    page.wait_for_url("**q=shop**")
    page.get_by_role("button", name="Clear all").click()
    page.wait_for_url("**/explore.html?status=all")
    assert page.get_by_label("Filter these records").input_value() == ""
    assert page.locator(".it-x__active li").count() == 0


def test_a_list_has_few_columns_and_the_year_only_where_it_is_another(explore: Callable[..., Any]) -> None:
    page = explore("?kind=incident&status=all")
    heads = page.locator(".it-x th:visible").all_inner_texts()
    assert heads == ["Title", "State", "Priority", "Service", "Opened"]
    times = "() => [...document.querySelectorAll('.it-x tbody time')].map(e => [e.textContent, e.title])"
    year = page.evaluate("new Date().getFullYear()")
    for shown, full in page.evaluate(times):
        assert full.startswith(shown.partition(",")[0])
        assert ("2026" in shown) == (year != 2026), shown


def test_words_are_found_with_the_facets_and_marked(explore: Callable[..., Any]) -> None:
    page = explore("?q=shop+fr&kind=incident,change")
    assert ids(page) == ["AAAAA", "BBBBB"]
    assert page.locator("tbody tr").last.locator("mark").all_inner_texts() == ["shop", "fr"]
    page.get_by_label("Filter these records").fill("cache")
    wait_for_rows(page, 1)
    assert ids(page) == ["AAAAA"], "the word is in a note"
    page.get_by_label("Open", exact=True).check()
    page.get_by_label("Filter these records").fill("resume")
    page.get_by_text("No open record fits").wait_for()
    page.get_by_role("button", name="Look through all records").click()
    wait_for_rows(page, 1)
    assert ids(page) == ["CCCCC"]
    assert query(page) == "?q=resume&kind=incident,change"


def test_order_by_head_and_by_address(explore: Callable[..., Any]) -> None:
    page = explore("?status=all&sort=title&kind=incident,problem,change,known-error")
    order = ["HHHHH", "EEEEE", "BBBBB", "CCCCC", "AAAAA", "DDDDD"]
    assert ids(page) == order
    head = page.locator("th", has=page.get_by_role("button", name="Title"))
    assert head.get_attribute("aria-sort") == "ascending"
    head.get_by_role("button").press("Enter")
    assert ids(page) == order[::-1]
    assert head.get_attribute("aria-sort") == "descending"
    page.get_by_role("button", name="Priority").click()
    assert ids(page)[:3] == ["HHHHH", "AAAAA", "CCCCC"], "the most urgent, among equals the newest"
    page.get_by_role("button", name="Opened").click()
    assert "sort" not in query(page)


def test_columns_days_and_what_means_nothing(explore: Callable[..., Any]) -> None:
    page = explore(
        "?kind=incident,nonsense&sort=colour&opened=2026-10-01..2026-10-01&cols=kind&status=all&a=%zz"
    )
    heads = page.locator(".it-x th:visible").all_inner_texts()
    assert heads == ["Title", "Kind"]
    assert page.locator("tbody td").all_inner_texts() == [
        "Résumé upload fails\n\nINC-261001-CCCCC",
        "Incident",
    ]
    assert "kind=nonsense, sort=colour, a" in page.locator(".it-x__ignored").inner_text()
    page.get_by_role("button", name="Columns").click()
    page.locator("#it-x-columns").get_by_label("Team").check()
    assert ids(page) == ["CCCCC"]
    # What is chosen is not folded away.
    page.locator("[data-dates=opened]").get_by_label("From").fill("2026-10-02")
    page.get_by_text("No record fits").wait_for()
    assert query(page) == "?status=all&kind=incident&opened=2026-10-02..2026-10-01&cols=kind,team"


def test_files_hold_the_result_and_no_formulas(explore: Callable[..., Any], tmp_path: Path) -> None:
    page = explore("?kind=incident&status=all&cols=id,state,service,opened")
    texts = {}
    page.get_by_role("button", name="Export").click()
    for name in ("CSV", "JSON"):
        with page.expect_download() as waiting:
            page.get_by_role("button", name=name, exact=True).click()
        waiting.value.save_as(tmp_path / name)
        texts[name] = (tmp_path / name).read_text(encoding="utf-8")
    rows = list(csv.DictReader(texts["CSV"].splitlines()))
    assert [r["id"] for r in rows] == ["INC-261122-HHHHH", "INC-261120-AAAAA", "INC-261001-CCCCC"]
    assert rows[1] == {
        "id": "INC-261120-AAAAA",
        "title": "Shop front shows an error",
        "state": "in_progress",
        "service": "shop",
        "opened": "2026-11-20T09:00:00Z",
        "page": "records/incidents/2611/INC-261120-AAAAA.html",
    }
    found = json.loads(texts["JSON"])
    assert [r["service"] for r in found] == [['"><img src=x onerror=alert(1)>'], ["shop"], []]
    assert found[0]["title"] == HOSTILE_TITLE
    risky = page.evaluate("texts => texts.map(itsm.taking.neutralise)", list(RISKY))
    assert risky == [neutralise(t) for t in RISKY], "as itsm export csv does"


def test_the_same_as_a_command(explore: Callable[..., Any]) -> None:
    page = explore("?kind=incident,known-error&service=shop&priority=P1&team=web&sort=-title")
    page.get_by_role("button", name="Export").click()
    page.get_by_role("button", name="Copy as command").click()
    code = page.locator(".it-x__command code")
    assert code.inner_text() == (
        "itsm list incidents known-errors 'status:open -state:published priority:P1 service:shop team:web' --sort -title"
    )
    page.get_by_label("Filter these records").fill("cache's or")
    page.wait_for_url("**q=cache**")
    page.get_by_role("button", name="Copy as command").click()
    page.locator(".it-x__command code", has_text="cache").wait_for()
    assert code.inner_text() == (
        "itsm list incidents known-errors 'status:open -state:published priority:P1 service:shop team:web cache s \"or\"' --sort -title"
    )


def test_hostile_text_is_text_and_a_facet(explore: Callable[..., Any]) -> None:
    page = explore("?kind=incident")
    assert HOSTILE_TITLE in page.locator("tbody").inner_text()
    page.locator("[data-facet=service] li", has_text="onerror").get_by_role("checkbox").check()
    assert ids(page) == ["HHHHH"]
    page.reload()
    page.locator(".it-x[aria-busy=false]").wait_for()
    assert ids(page) == ["HHHHH"], "the address brings it back"
    assert page.locator(".it-x").locator("script, img, svg, [onclick], [onerror]").count() == 0
    page.goto(page.url.split("?")[0] + "?q=%3Cimg%20src=x%20onerror=alert(1)%3E&team=%3Cscript%3E")
    page.locator(".it-x[aria-busy=false]").wait_for()
    assert page.locator(".it-x").locator("script, img, svg").count() == 0


def test_search_leads_to_the_explorer_with_its_words(guard: Guard, address: str) -> None:
    page = guard.open(address, "search.html?q=shop front")
    page.locator("#it-search-results a").first.wait_for()
    page.get_by_role("link", name="Filter and sort records").click()
    page.locator(".it-x[aria-busy=false]").wait_for()
    assert page.get_by_label("Filter these records").input_value() == "shop front"
    assert ids(page)


def test_without_script_and_from_a_disk(browser: Any, guard: Guard, address: str, site: Path) -> None:
    page = guard.open(address, EXPLORER, javascript=False)
    assert page.locator(".it-x").is_hidden()
    page.get_by_role("link", name="Incidents").last.click()
    see_heading(page, "Incidents")
    page = browser.new_page()
    page.goto((site / EXPLORER).as_uri() + "?kind=problem")
    page.locator(".it-x[aria-busy=false]").wait_for()
    assert ids(page) == ["DDDDD"]
    page.close()


def test_a_phone_shows_two_lines_for_each_and_filters_on_demand(explore: Callable[..., Any]) -> None:
    page = explore("?status=all", viewport=PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    facets = page.locator(".it-x__facets")
    assert facets.is_hidden()
    page.get_by_role("button", name="Filters").click()
    page.get_by_label("Known error").check()
    assert ids(page) == ["EEEEE"]
    assert page.get_by_role("button", name="Filters (1)").is_visible(), "also when they are folded away"
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    page.get_by_label("Sort by").select_option("title")
    assert "sort=title" in query(page)


def test_services_are_links_and_what_is_narrowed_by_least_is_folded(explore: Callable[..., Any]) -> None:
    page = explore("?kind=incident&status=all&cols=id,service")
    assert page.locator(".it-x__ignored").is_hidden(), "the number was a column once"
    assert page.locator("tbody td a[href$='/services/shop.html']").inner_text() == "Online shop"
    folded = page.locator(".it-x__facets details:not([open]) > summary").all_inner_texts()
    assert folded == ["Item", "Opened", "Updated"]
    page.get_by_label("Web team").check()
    assert ids(page) == ["AAAAA"]


def test_on_a_phone_filters_order_and_export_are_one_row(explore: Callable[..., Any]) -> None:
    page = explore(viewport=PHONE)
    tools = ".it-x__tools > button, .it-x__order > select"
    boxes = [b.bounding_box() for b in page.locator(tools).all() if b.is_visible()]
    assert len(boxes) == 3
    assert len({round(box["y"]) for box in boxes}) == 1
    assert all(40 <= box["height"] <= 44 for box in boxes)


@pytest.mark.slow
def test_no_accessibility_fault_in_light_and_dark(explore: Callable[..., Any]) -> None:
    source = axe_source()
    page = explore("?status=all&kind=incident&sort=x")
    page.get_by_role("button", name="Columns").click()
    page.evaluate(source)
    assert serious_faults(page) == []
    switch_to_dark(page)
    assert serious_faults(page) == []
