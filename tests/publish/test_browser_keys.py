"""Keys: the search box as the way to pages, the list of all keys, and walking through a list."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from browsing import Guard, see, see_heading

from itsm_gitops.publish.serving import listening

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    with listening(site) as found:
        yield found


@pytest.fixture
def open_page(guard: Guard, address: str) -> Callable[..., Any]:
    return partial(guard.open, address)


def focused(page: Any) -> str:
    return str(page.evaluate("document.activeElement.textContent.trim()"))


def test_the_search_box_leads_to_pages_before_anything_is_typed(open_page: Callable[..., Any]) -> None:
    page = open_page("services/shop.html")
    page.keyboard.press("/")
    options = page.locator(".it-hits [role=option]")
    options.filter(has_text="My work").wait_for()
    titles = [text.strip() for text in options.all_inner_texts()]
    assert titles[:2] == ["Home", "Report an incident"]
    for _ in range(1 + titles.index("My work")):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    see_heading(page, "My work")


def test_the_search_box_begins_with_what_was_viewed_last(open_page: Callable[..., Any]) -> None:
    page = open_page("services/shop.html")
    page.goto(page.url.replace("services/shop.html", "catalogue/laptop.html"))
    page.keyboard.press("/")
    options = page.locator(".it-hits [role=option]")
    options.first.wait_for()
    assert options.first.inner_text().split("\n") == ["Online shop", "Recently viewed"], "not the page itself"
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    see_heading(page, "Online shop")


def test_a_whole_number_and_enter_opens_the_record(open_page: Callable[..., Any]) -> None:
    page = open_page("index.html")
    page.keyboard.press("/")
    page.keyboard.insert_text("inc-261120-aaaaa")
    page.keyboard.press("Enter")
    see_heading(page, "Shop front shows an error")


def test_a_question_mark_lists_the_keys(open_page: Callable[..., Any]) -> None:
    page = open_page("index.html")
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keys")
    see(dialog, "Search, or go to a page")
    assert dialog.locator("kbd").all_inner_texts() == ["/", "j", "k", "o", "?", "Escape"]
    page.keyboard.press("Escape")
    assert dialog.is_hidden()
    page.keyboard.press("/")
    page.keyboard.press("?")
    assert dialog.is_hidden(), "who types means the letter"


def test_letters_walk_through_a_list_and_open_one(open_page: Callable[..., Any]) -> None:
    page = open_page("records/explore.html?status=all&sort=opened")
    page.locator(".it-x[aria-busy=false]").wait_for()
    titles = page.locator(".it-x tbody .it-c-title > a").all_inner_texts()
    for key, place in (("j", 0), ("j", 1), ("k", 0), ("k", 0), ("j", 1)):
        page.keyboard.press(key)
        assert focused(page) == titles[place]
    page.keyboard.press("o")
    see_heading(page, titles[1])
