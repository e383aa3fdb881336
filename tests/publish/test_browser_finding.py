"""Finding something in the living example, in a real browser: the search page before anything is typed, the catalogue's filter."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from browsing import DESKTOP, PHONE, Guard, axe_source, serious_faults, switch_to_dark

from itsm_gitops.publish.serving import listening

pytestmark = pytest.mark.browser

CATALOGUE = "catalogue/index.html"


@pytest.fixture(scope="module")
def address(example: Path) -> Iterator[str]:
    with listening(example) as found:
        yield found


@pytest.fixture
def open_page(guard: Guard, address: str) -> Callable[..., Any]:
    return partial(guard.open, address)


def section(page: Any, title: str) -> Any:
    return page.locator("section", has=page.get_by_role("heading", name=title, exact=True))


# ---- The search page before anything is typed --------------------------------------------------


def test_every_search_that_is_proposed_finds_something(open_page: Callable[..., Any]) -> None:
    page = open_page("search.html")
    tries = page.locator(".it-start__tries a")
    texts = tries.all_inner_texts()
    assert len(texts) >= 3
    for text in texts:
        page.locator(".it-start__tries a").get_by_text(text, exact=True).click()
        page.locator("#it-search-results .it-hit").first.wait_for()
        assert page.locator("#it-search-q").input_value() == text
        assert page.locator("#it-search-start").is_hidden()
        page.go_back()
        page.locator("#it-search-start").wait_for()


def test_what_can_be_tried_gives_way_to_results_and_comes_back(open_page: Callable[..., Any]) -> None:
    page = open_page("search.html")
    start = page.locator("#it-search-start")
    assert section(page, "Open incidents").get_by_role("link").first.is_visible()
    assert section(page, "Often requested").get_by_role("link").count() == 6
    assert "Searches 23 services, 10 offerings" in page.locator(".it-start__places").inner_text()
    assert start.bounding_box()["height"] < 700, "no blank before the foot of the page"
    page.locator("#it-search-q").fill("laptop")
    page.locator("#it-search-results .it-hit").first.wait_for()
    assert start.is_hidden()
    page.locator("#it-search-q").fill("")
    start.wait_for()
    assert page.locator("#it-search-results .it-hit").count() == 0
    assert page.get_by_role("link", name="Filter and sort records").is_hidden()
    page.locator("#it-search-q").fill("zeppelin")
    page.get_by_text("Nothing found. Fewer or shorter words find more.").wait_for()
    assert start.is_visible(), "where nothing is found it helps further"
    assert page.get_by_role("link", name="Filter and sort records").is_hidden()


def test_what_was_viewed_last_is_offered_by_the_search(open_page: Callable[..., Any]) -> None:
    page = open_page("search.html")
    assert section(page, "Recently viewed").is_hidden(), "nothing was"
    page.goto(page.url.replace("search.html", "catalogue/onboarding.html"))
    page.goto(page.url.replace("catalogue/onboarding.html", "search.html"))
    seen = section(page, "Recently viewed").get_by_role("link")
    assert seen.all_inner_texts() == ["New colleague"]
    assert "just now" in section(page, "Recently viewed").inner_text()
    seen.click()
    page.locator("h1").filter(has_text="New colleague").wait_for()


def test_without_script_the_search_page_leads_on(guard: Guard, address: str) -> None:
    page = guard.open(address, "search.html", javascript=False)
    page.locator(".it-start__places").get_by_role("link", name="offerings").click()
    page.locator("h1").filter(has_text="Catalogue").wait_for()
    assert page.get_by_label("Find in the catalogue").is_hidden(), "it needs a script"


# ---- The list of all records -------------------------------------------------------------------


def test_a_list_of_values_has_a_field_once_all_are_asked_for(open_page: Callable[..., Any]) -> None:
    page = open_page("records/explore.html?status=all")
    page.locator(".it-x[aria-busy=false]").wait_for()
    state = page.locator("[data-facet=state]")
    field = state.get_by_role("searchbox")
    assert field.is_hidden()
    state.get_by_role("button").click()
    field.fill("clos")
    assert state.locator(".it-x__name").all_inner_texts() == ["Closed"]
    field.fill("")
    state.get_by_role("button").click()
    assert field.is_hidden()


# ---- The catalogue's filter --------------------------------------------------------------------


def shown(page: Any) -> list[str]:
    return [str(t) for t in page.locator(".it-card:visible h2").all_inner_texts()]


def test_the_catalogue_is_narrowed_by_words(open_page: Callable[..., Any]) -> None:
    page = open_page(CATALOGUE)
    everything = shown(page)
    page.get_by_label("Find in the catalogue").fill("lapt")
    assert shown(page) == [
        "Administrator rights on your laptop",
        "New laptop",
        "New colleague",
    ]
    assert page.locator("#it-narrow-said").inner_text() == "3 of 10"
    page.reload()
    assert len(shown(page)) == 3, "the address keeps it"
    groups = page.locator(".it-card:visible .it-card__group").all_inner_texts()
    assert groups == ["Access", "Hardware", "People"]
    page.get_by_label("Find in the catalogue").fill("zeppelin")
    assert shown(page) == []
    assert "search.html?q=zeppelin" in str(
        page.get_by_role("link", name="Search everything").get_attribute("href")
    )
    page.get_by_label("Find in the catalogue").fill("")
    assert shown(page) == everything


def test_known_errors_are_narrowed_by_symptom_service_and_number(open_page: Callable[..., Any]) -> None:
    page = open_page("known-errors/index.html")
    titles = page.locator(".it-error:visible .it-line__title")
    everything = titles.count()
    page.get_by_label("Find a known error").fill("old round")
    assert titles.all_inner_texts() == ["Driver app shows the old round after replanning"]
    assert not section(page, "Retired").is_visible()
    page.get_by_label("Find a known error").fill("")
    assert titles.count() == everything


def test_a_wrong_address_is_searched_for_by_its_words(open_page: Callable[..., Any]) -> None:
    for at, words in (("services/hub-wirelless.html", "hub wirelless"), ("404.html", "")):
        page = open_page("404.html")
        page.evaluate("to => history.replaceState(null, '', to)", f"/{at}")
        assert page.evaluate("globalThis.itsm.wordsOf(location.pathname)") == words


def test_the_catalogue_is_narrowed_by_category(open_page: Callable[..., Any]) -> None:
    page = open_page(CATALOGUE, viewport=PHONE)
    categories = page.get_by_role("group", name="Category")
    assert categories.get_by_role("button").first.inner_text() == "Everything 10"
    categories.get_by_role("button", name="Hardware").click()
    assert shown(page) == ["Hand scanner or label printer", "New laptop"]
    assert categories.get_by_role("button", name="Hardware").get_attribute("aria-pressed") == "true"
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    categories.get_by_role("button", name="Everything").click()
    assert len(shown(page)) == 10


@pytest.mark.slow
@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("url", ["search.html", f"{CATALOGUE}?q=laptop"])
def test_no_accessibility_fault_in_light_and_dark(
    open_page: Callable[..., Any], url: str, viewport: dict[str, int]
) -> None:
    source = axe_source()
    page = open_page(url, viewport=viewport)
    page.evaluate(source)
    assert serious_faults(page) == []
    switch_to_dark(page)
    assert serious_faults(page) == []
