"""What is around every page stays where it is from page to page, and its lines meet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PAGES = (
    "services/index.html", "records/index.html", "records/incidents/index.html", "cmdb/teams/network-team.html",
    "handbook/23-changes.html", "changes/index.html",
)  # fmt: skip
_FRAME = """() => {
  const at = (e) => e.getBoundingClientRect();
  const active = document.querySelector(".md-tabs__item--active .md-tabs__link");
  return {
    heading: Math.round(at(document.querySelector("#it-main h1")).bottom),
    tabs: [...document.querySelectorAll(".md-tabs__link")].map(e => Math.round(at(e).left)).join(" "),
    left: Math.round(at(document.querySelector(".md-tabs__link")).left - at(document.querySelector(".md-header .md-logo svg")).left),
    below: Math.round(at(document.querySelector(".md-header")).bottom - at(active).bottom),
  };
}"""
_COLUMNS = """() => [".it-main h2", ".it-side h2"].map(name => {
  const head = document.querySelector(name);
  return [Math.round(head.getBoundingClientRect().top), getComputedStyle(head).fontSize];
})"""
_APART = """() => [...document.querySelectorAll(".it-main > section + section > h2")].map(h => {
  const before = h.parentElement.previousElementSibling.getBoundingClientRect(), own = h.getBoundingClientRect();
  const after = h.nextElementSibling.getBoundingClientRect();
  return [Math.round(own.top - before.bottom), Math.round(after.top - own.bottom)];
})"""


def test_headings_and_tabs_stand_on_the_same_lines_on_all_pages(browser: Any, example: Path) -> None:
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    found = {}
    for url in PAGES:
        page.goto((example / url).as_uri())
        found[url] = page.evaluate(_FRAME)
    page.close()
    assert len({f["heading"] for f in found.values()}) == 1, found
    assert len({f["tabs"] for f in found.values()}) == 1, found
    assert {f["below"] for f in found.values()} <= {0, 1}, (
        "the line of the current tab lies on that of the header"
    )
    assert all(abs(f["left"]) <= 2 for f in found.values()), found


def test_both_columns_of_a_record_begin_alike_and_sections_are_equally_far_apart(
    browser: Any, example: Path
) -> None:
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.goto((example / "records/changes/2611/CHG-261119-3Z60H.html").as_uri())
    columns, apart = page.evaluate(_COLUMNS), page.evaluate(_APART)
    page.close()
    assert columns[0] == columns[1]
    assert {before for before, _ in apart} == {40}
    assert {after for _, after in apart} == {12}


def test_the_search_page_has_one_field_and_the_key_leads_there(browser: Any, example: Path) -> None:
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.goto((example / "search.html").as_uri())
    assert page.locator("#it-q").is_hidden()
    page.locator("h1").click()
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "it-search-q"
    page.close()
