"""The built site in a real browser: the ways people take, search, safety, accessibility."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from browsing import PHONE, Guard, axe_source, see, see_heading, serious_faults, switch_to_dark, wait_until

from itsm_gitops.publish.serving import listening

pytestmark = pytest.mark.browser

INCIDENT = "records/incidents/2611/INC-261120-AAAAA.html"
PAGES = {
    "home": "index.html",
    "service": "services/shop.html",
    "services": "services/index.html",
    "catalogue": "catalogue/index.html",
    "offering": "catalogue/laptop.html",
    "incident": INCIDENT,
    "change": "records/changes/2611/CHG-261118-BBBBB.html",
    "item": "cmdb/applications/shop-web.html",
    "records": "records/index.html",
    "list": "records/incidents/index.html",
    "classes": "cmdb/databases/index.html",
    "changes": "changes/index.html",
    "known errors": "known-errors/index.html",
    "search": "search.html?q=shop",
    "handbook": "handbook/reference/links.html",
    "hostile": "records/incidents/2611/INC-261122-HHHHH.html",
}


@pytest.fixture(scope="session")
def address(site: Path) -> Iterator[str]:
    with listening(site) as found:
        yield found


@pytest.fixture
def open_page(guard: Guard, address: str) -> Callable[..., Any]:
    """Open pages of the sample's site."""
    return partial(guard.open, address)


def test_home_to_service_to_incident_to_change_and_back(open_page: Callable[..., Any]) -> None:
    page = open_page("index.html")
    page.locator("#it-main").get_by_role("link", name="Online shop").first.click()
    see_heading(page, "Online shop")
    page.get_by_role("link", name="Shop front shows an error").first.click()
    see_heading(page, "Shop front shows an error")
    page.get_by_role("link", name="New version of the shop front").first.click()
    see_heading(page, "New version of the shop front")
    for expected in ("Shop front shows an error", "Online shop"):
        page.go_back()
        see_heading(page, expected)
    page.go_back()
    see(page.locator("h1"), "Online shop is down")


@pytest.mark.parametrize(
    ("start", "typed", "expected"),
    [
        ("index.html", "INC-261120-AAAAA", "Shop front shows an error"),
        ("index.html", "aaaaa", "Shop front shows an error"),
        ("index.html", "ticket-4711", "Shop front shows an error"),
        (INCIDENT, "resume", "Résumé upload fails"),
        (INCIDENT, "lapt", "New laptop"),
        ("handbook/reference/links.html", "cache full", "Shop front shows an error"),
    ],
)
def test_header_search_finds(open_page: Callable[..., Any], start: str, typed: str, expected: str) -> None:
    page = open_page(start)
    page.keyboard.press("/")
    page.keyboard.insert_text(typed)  # one answer, and not one for each letter that a choice could be lost in
    first = page.locator(".it-hits [role=option]").first
    see(first, expected)  # what the first letters found is replaced
    page.keyboard.press("ArrowDown")
    assert first.get_attribute("aria-selected") == "true"
    page.keyboard.press("Enter")
    page.locator("h1").filter(has_text=expected).wait_for()


def test_search_page_and_nothing_found(open_page: Callable[..., Any]) -> None:
    page = open_page("index.html")
    page.locator("#it-q").fill("shop")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search.html?q=shop")
    page.locator("#it-search-results a").first.wait_for()
    assert "results" in page.locator("#it-search-status").inner_text()
    page.locator("#it-search-q").fill("qxqxvkqx")
    page.get_by_text("Nothing found").wait_for()
    status = "document.getElementById('it-search-status').textContent"
    page.evaluate(f"{status} = ''")  # so that the next answer is seen to be there
    page.locator("#it-search-q").fill("</script><img src=x onerror=alert(1)>")
    wait_until(page, f"{status} !== ''")
    assert page.locator("#it-main img").count() == 0


def test_pages_and_search_work_from_a_disk(browser: Any, site: Path) -> None:
    page = browser.new_page()
    page.goto((site / INCIDENT).as_uri())
    page.keyboard.press("/")
    page.keyboard.insert_text("laptop")
    see(page.locator(".it-hits [role=option]").first, "New laptop")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.locator("h1").filter(has_text="New laptop").wait_for()
    page.close()


def test_search_results_of_hostile_text_are_text(open_page: Callable[..., Any]) -> None:
    page = open_page("search.html?q=HHHHH")
    hit = page.locator("#it-search-results a").first
    hit.wait_for()
    assert "<script>alert(1)</script>" in hit.inner_text()
    assert page.locator("#it-main script, #it-main img").count() == 0


def test_hostile_record_is_text(open_page: Callable[..., Any]) -> None:
    page = open_page(PAGES["hostile"])
    assert "<script>alert(1)</script>" in page.locator("h1").inner_text()
    assert page.locator("#it-main script, #it-main img, #it-main iframe, .mermaid").count() == 0
    assert (
        page.locator("#it-main [onclick], #it-main [onload], #it-main [onerror], #it-main [style]").count()
        == 0
    )
    wrong = page.eval_on_selector_all(
        "#it-main a", "links => links.map(a => a.protocol).filter(p => !/^(https?|mailto):$/.test(p))"
    )
    assert wrong == []
    page.locator("#it-main").screenshot()


def test_light_and_dark_by_button_and_remembered(open_page: Callable[..., Any]) -> None:
    page = open_page("index.html")
    scheme = "document.body.getAttribute('data-md-color-scheme')"
    assert page.evaluate(scheme) == "default"
    page.get_by_role("button", name="Switch between light and dark").press("Enter")
    wait_until(page, f"{scheme} === 'slate'")
    page.goto(page.url.replace("index.html", INCIDENT))
    assert page.evaluate(scheme) == "slate"


def test_the_menu_of_a_phone_opens_on_stamped_pages(open_page: Callable[..., Any]) -> None:
    page = open_page(INCIDENT, viewport=PHONE)
    page.get_by_role("button", name="Menu").click()
    page.locator(".md-nav--primary").get_by_role("link", name="Services").click()
    see_heading(page, "Services")


def test_search_on_a_phone(open_page: Callable[..., Any]) -> None:
    page = open_page(INCIDENT, viewport=PHONE)
    page.locator(".it-find__icon").click()
    page.keyboard.type("resume")
    page.locator(".it-hits [role=option]").filter(has_text="Résumé upload fails").first.click()
    page.locator("h1").filter(has_text="Résumé upload fails").wait_for()


def test_skip_link_leads_to_the_content(open_page: Callable[..., Any]) -> None:
    page = open_page(INCIDENT)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to content"


def test_nothing_is_wider_than_a_phone(open_page: Callable[..., Any], address: str) -> None:
    page = open_page("index.html", viewport=PHONE)
    widths = {}
    for name, url in PAGES.items():
        page.goto(address + url)
        widths[name] = page.evaluate("document.documentElement.scrollWidth")
    assert {name: width for name, width in widths.items() if width > PHONE["width"]} == {}


@pytest.mark.parametrize("name", ["home", "service", "changes", "hostile"])
def test_no_accessibility_fault_in_light_and_dark(open_page: Callable[..., Any], name: str) -> None:
    """What the living example does not have: an outage, a major incident, a freeze, hostile text."""
    source = axe_source()
    page = open_page(PAGES[name])
    page.evaluate(source)
    assert serious_faults(page) == []
    switch_to_dark(page)
    assert serious_faults(page) == []
