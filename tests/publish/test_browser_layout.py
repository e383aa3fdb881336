"""No page of the living example overlaps or scrolls sideways, from 320 pixels up; what belongs on one line stays there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from layout_probe import WIDTHS, layout_faults
from test_browser_example import PAGES

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.mark.parametrize("name", PAGES)
def test_layout_holds_every_forty_pixels(browser: Any, example: Path, name: str) -> None:
    page = browser.new_page()
    address, _, query = PAGES[name].partition("?")
    page.goto((example / address).as_uri() + (f"?{query}" if query else ""))
    faults = layout_faults(page)
    page.close()
    assert faults == []


# The longest names that German has for the states of a change.
_GERMAN = ("Entwurf", "Bewertung", "Freigabe", "Eingeplant", "Umsetzung", "Nachprüfung", "Geschlossen")
_LINES = """names => {
  const steps = [...document.querySelectorAll(".it-steps > li")];
  if (names) steps.forEach((step, i) => { step.textContent = names[i]; });
  return new Set(steps.map(step => Math.round(step.getBoundingClientRect().top))).size;
}"""
# How far the words of a table reach beyond the box that it scrolls in.
_CUT = """() => [...document.querySelectorAll(".it-report:not(.it-report--wide) .it-scroll")]
  .map(box => box.scrollWidth - box.clientWidth).filter(wide => wide > 1)"""
_HEADS = """() => [...document.querySelectorAll(".it-side > section > h2")].map(h => {
  const r = h.getBoundingClientRect();
  return [Math.round(r.left), Math.round(r.top)];
})"""


def opened(browser: Any, example: Path, name: str) -> Any:
    page = browser.new_page()
    page.goto((example / PAGES[name]).as_uri())
    return page


@pytest.mark.parametrize("names", [None, _GERMAN], ids=["english", "german"])
def test_the_states_of_a_change_stand_on_one_line(
    browser: Any, example: Path, names: tuple[str, ...] | None
) -> None:
    page = opened(browser, example, "open change")
    lines = {}
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        lines[width] = page.evaluate(_LINES, names)
    page.close()
    assert {width: count for width, count in lines.items() if count != 1} == {}


@pytest.mark.parametrize("name", ["figures", "levels", "contracts"])
def test_a_table_that_stands_beside_its_chart_is_not_cut(browser: Any, example: Path, name: str) -> None:
    page = opened(browser, example, name)
    page.set_viewport_size({"width": 1440, "height": 900})
    cut = page.evaluate(_CUT)
    page.close()
    assert cut == []


def test_what_stands_beside_a_record_begins_on_one_line_in_both_columns(browser: Any, example: Path) -> None:
    page = opened(browser, example, "incident")
    page.set_viewport_size({"width": 1024, "height": 800})
    heads = page.evaluate(_HEADS)
    page.close()
    tops = {left: min(top for at, top in heads if at == left) for left, _ in heads}
    assert len(tops) == 2
    assert len(set(tops.values())) == 1
