"""No page of the living example overlaps or scrolls sideways, from 320 pixels up; what belongs on one line stays there."""

from __future__ import annotations

from itertools import pairwise
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


# The names that German has for the states of a change.
_GERMAN = (
    "Entwurf",
    "In Bewertung",
    "Genehmigung offen",
    "Eingeplant",
    "In Umsetzung",
    "Nachprüfung",
    "Geschlossen",
)
_LINES = """names => {
  const steps = [...document.querySelectorAll(".it-steps > li")];
  if (names) steps.forEach((step, i) => { step.textContent = names[i]; });
  return new Set(steps.map(step => Math.round(step.getBoundingClientRect().top))).size;
}"""
# How far the words of a table reach beyond the box that it scrolls in.
_CUT = """() => [...document.querySelectorAll(".it-report .it-scroll")].filter(box => box.checkVisibility())
  .map(box => box.scrollWidth - box.clientWidth).filter(wide => wide > 1)"""
# Words of a chart that stand beside it.
_BESIDE = """() => [...document.querySelectorAll(".it-chart")].flatMap(chart => {
  const box = chart.getBoundingClientRect();
  return [...chart.querySelectorAll("text")].filter(e => e.checkVisibility()).filter(e => {
    const r = e.getBoundingClientRect();
    return r.left < box.left - 1 || r.right > box.right + 1;
  }).map(e => e.textContent);
})"""
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
def test_at_a_desk_no_table_of_a_report_is_cut(browser: Any, example: Path, name: str) -> None:
    page = opened(browser, example, name)
    page.set_viewport_size({"width": 1440, "height": 900})
    cut = page.evaluate(_CUT)
    page.close()
    assert cut == []


# Lines of code that are cut, and code below the button that copies it.
_CODE = """() => [...document.querySelectorAll(".highlight pre > code")].flatMap(code => {
  const button = code.parentElement.querySelector("button").getBoundingClientRect();
  const lines = document.createRange();
  lines.selectNodeContents(code);
  const end = code.getBoundingClientRect().right;  // where it scrolls
  const under = [...lines.getClientRects()].filter(r => Math.min(r.right, end) > button.left && r.top < button.bottom && r.bottom > button.top);
  return [...(code.scrollWidth > code.clientWidth + 1 ? ["cut"] : []), ...(under.length ? ["covered"] : [])];
})"""


def test_commands_of_the_handbook_keep_their_lines_and_their_button_covers_nothing(
    browser: Any, example: Path
) -> None:
    page = browser.new_page()
    page.goto((example / "handbook/23-changes.html").as_uri())
    page.wait_for_selector(".highlight pre button")
    faults = {}
    for width in (320, 360, 768, 1440):
        page.set_viewport_size({"width": width, "height": 800})
        faults[width] = [f for f in page.evaluate(_CODE) if f != "cut"]  # long lines scroll
    page.close()
    assert {width: found for width, found in faults.items() if found} == {}


@pytest.mark.parametrize("report", ["changes", "flow"])
def test_the_words_of_a_chart_stay_in_its_column(browser: Any, example: Path, report: str) -> None:
    page = browser.new_page()
    page.goto((example / f"reports/{report}.html").as_uri())
    beside = {}
    for width in (360, 768, 1024, 1440):
        page.set_viewport_size({"width": width, "height": 800})
        beside[width] = page.evaluate(_BESIDE)
    page.close()
    assert {width: words for width, words in beside.items() if words} == {}


_MAP = """() => {
  const view = document.querySelector(".it-net__view"), lists = [...document.querySelectorAll(".it-net__list tbody > tr")];
  return {
    beyond: view.scrollWidth - view.clientWidth,
    lines: [...new Set([...view.querySelectorAll(".it-map__line")].map(e => getComputedStyle(e).stroke))],
    chips: new Set(lists.map(li => Math.round(li.querySelector(".it-chip").getBoundingClientRect().left))).size,
    least: Math.min(...[...view.querySelectorAll("text")].map(e => parseFloat(getComputedStyle(e).fontSize) * e.getScreenCTM().a)),
    empty: view.clientHeight - view.firstElementChild.getBoundingClientRect().height,
    cut: [...view.querySelectorAll(".it-map__below")].map(e => e.textContent).filter(words => words.endsWith("…")),
  };
}"""


@pytest.mark.parametrize("width", [360, 1440])
def test_a_map_can_be_read_and_its_list_stands_in_columns(browser: Any, example: Path, width: int) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.goto((example / "cmdb/map.html").as_uri())
    page.wait_for_selector(".it-net__list td")
    seen = page.evaluate(_MAP)
    page.locator(".it-net__view g[role=button]").first.focus()
    near = page.evaluate(_MAP)["lines"]
    page.close()
    assert seen["beyond"] <= 1 or width < 740  # a phone moves it sideways: nothing is made too small to read
    assert seen["least"] >= 12
    assert seen["empty"] <= 1  # the window is no higher than what is in it
    assert len(seen["lines"]) == 1
    assert len(near) == 2  # the colour is of the item that has the focus
    assert seen["cut"] == []
    assert seen["chips"] == 1 or width < 740


def test_what_stands_beside_a_record_begins_on_one_line_in_both_columns(browser: Any, example: Path) -> None:
    page = opened(browser, example, "incident")
    page.set_viewport_size({"width": 1024, "height": 800})
    heads = page.evaluate(_HEADS)
    page.close()
    tops = {left: min(top for at, top in heads if at == left) for left, _ in heads}
    assert len(tops) == 2
    assert len(set(tops.values())) == 1


# Pictures of few and of many columns, one with faults in it, one of what would be hit, and one without any line.
_PICTURED = {
    "item": "cmdb/databases/orders-db.html",
    "deep item": "cmdb/applications/checkout-api.html",
    "service": "services/payments.html",
    "ill item": "cmdb/servers/app-node-1.html",
    "too deep": "cmdb/databases/event-queue.html",
}
# Of the form that is shown: the smallest words, how far it reaches beyond its frame, and how many boxes are the page's.
_PICTURE = """() => {
  const shown = [...document.querySelectorAll(".it-map :is(.it-map__view, .it-map__rows)")].filter(e => e.checkVisibility());
  const [frame] = shown, at = frame.getBoundingClientRect();
  const scale = e => e.ownerSVGElement ? e.getScreenCTM().a : 1;
  const words = [...frame.querySelectorAll("text, b, small")];
  const own = [...frame.querySelectorAll(".it-map__box--focus")].map(e => e.getBoundingClientRect());
  return {
    forms: shown.length,
    least: Math.min(...words.map(e => parseFloat(getComputedStyle(e).fontSize) * scale(e))),
    beyond: Math.max(frame.scrollWidth - frame.clientWidth, at.right - innerWidth, -at.left, 0),
    own: own.filter(r => r.width > 40 && r.left >= at.left && r.right <= at.right && r.top >= at.top && r.bottom <= at.bottom).length,
    boxes: frame.querySelectorAll(".it-map__box").length,
  };
}"""


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_a_picture_of_dependencies_is_whole_and_its_words_can_be_read(
    browser: Any, example: Path, scripts: bool
) -> None:
    page = browser.new_page(java_script_enabled=scripts)
    faults = {}
    for name, url in _PICTURED.items():
        page.goto((example / url).as_uri())
        for width in (320, 360, 768, 1024, 1440):
            page.set_viewport_size({"width": width, "height": 800})
            found = page.evaluate(_PICTURE)
            right = found["forms"] == found["own"] == 1 and found["beyond"] < 1 and found["least"] >= 12
            if not right or found["boxes"] < 3:
                faults[f"{name} at {width}"] = found
    page.close()
    assert faults == {}


def test_a_picture_is_drawn_where_there_is_room_and_stands_in_rows_where_not(
    browser: Any, example: Path
) -> None:
    page = browser.new_page()
    page.goto((example / _PICTURED["deep item"]).as_uri())
    seen = {}
    for width in (360, 768, 1024, 1440):
        page.set_viewport_size({"width": width, "height": 800})
        seen[width] = (page.locator(".it-map__view").is_visible(), page.locator("figcaption").inner_text())
    page.close()
    assert [drawn for drawn, _ in seen.values()] == [False, True, True, True]
    assert seen[360][1].startswith("Above Checkout: what relies on it. Below: what it needs.")
    assert seen[1440][1].startswith("Left of Checkout: what relies on it. Right: what it needs.")


_TOPS = """([names, text]) => {
  const top = e => e && e.checkVisibility() ? Math.round(e.getBoundingClientRect().top + scrollY) : -1;
  const named = (where, name) => [...document.querySelectorAll(where)].filter(e => e.textContent.trim() === name);
  return {
    text: top(named("#it-main h2", text)[0]),
    facts: names.map(name => top(named(":is(.it-help, .it-ages) dt", name)[0])),
    again: names.filter(name => named(".it-side dt", name).length),
  };
}"""
# What people come for, and the first heading of what is read at length.
_ASKED = {
    "services/payments.html": (
        ["Get help", "Supported", "Owner", "Service level", "On call"],
        "The last 90 days",
    ),
    "cmdb/databases/orders-db.html": (["Owner", "Services"], "Dependencies"),
    "cmdb/contracts/meridian-cloud-2026.html": (["Term", "Supplier", "Owner", "Cost"], "Covers 9"),
    "cmdb/teams/dba.html": (["Contact", "Supported", "On call", "Lead"], "Open work"),
    "records/changes/2611/CHG-261121-V1EWD.html": (
        ["Planned", "Service", "Team", "Requested by"],
        "Why",
    ),
}


@pytest.mark.parametrize("width", [360, 768])
def test_what_people_come_for_stands_above_the_long_text_and_once(
    browser: Any, example: Path, width: int
) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900})
    late = {}
    for url, (names, text) in _ASKED.items():
        page.goto((example / url).as_uri())
        found = page.evaluate(_TOPS, [names, text])
        if found["again"] or not all(0 < top < min(found["text"], 900) for top in found["facts"]):
            late[url] = found
    page.close()
    assert late == {}


_FOCUS = """() => [...document.querySelectorAll("#it-main a[href]")].filter(e => e.checkVisibility() && !e.closest("svg, .it-records")).map(e => {
  const r = e.getClientRects()[0];
  return Math.round(r.top + scrollY);
})"""


def test_on_a_narrow_page_links_get_the_focus_from_top_to_bottom(browser: Any, example: Path) -> None:
    page = browser.new_page(viewport={"width": 360, "height": 800})
    for url in (*_ASKED, "cmdb/people/network-engineer.html"):
        page.goto((example / url).as_uri())
        tops = page.evaluate(_FOCUS)
        # Links of one line may differ by a few pixels.
        assert [(a, b) for a, b in pairwise(tops) if b < a - 12] == [], url
    page.close()


@pytest.mark.parametrize(("width", "screen"), [(360, 740), (1440, 900)])
def test_the_work_of_a_person_begins_on_the_first_screen_below_few_facts(
    browser: Any, example: Path, width: int, screen: int
) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.goto((example / "cmdb/people/network-engineer.html").as_uri())
    facts, work = (page.locator(css).bounding_box()["y"] for css in (".it-help", "#work"))
    page.close()
    assert facts < work < screen


def test_long_german_headings_fit_on_a_phone(browser: Any, example: Path) -> None:
    page = browser.new_page(viewport={"width": 320, "height": 700})
    page.goto((example / "cmdb/index.html").as_uri())
    lines = page.evaluate(
        """() => {
          const h1 = document.querySelector("#it-main h1");
          h1.textContent = "Konfigurationselemente";
          return Math.round(h1.getBoundingClientRect().height / parseFloat(getComputedStyle(h1).lineHeight));
        }"""
    )
    page.close()
    assert lines == 1
