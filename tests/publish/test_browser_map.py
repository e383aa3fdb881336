"""The map of dependencies in a real browser: keyboard, filters, the address, the list, thousands of items."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from browsing import PHONE, Guard, axe_source, see_heading, serious_faults, switch_to_dark

from itsm_gitops.presentation.layout import place
from itsm_gitops.publish.serving import listening

pytestmark = pytest.mark.browser

MAP = "cmdb/map.html"
FOCUSED = "() => (document.activeElement.getAttribute('aria-label') || document.activeElement.textContent).split(',')[0]"
NAMES = "boxes => boxes.map(b => b.getAttribute('aria-label').split(',')[0]).sort()"


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    with listening(site) as found:
        yield found


@pytest.fixture
def open_map(guard: Guard, address: str) -> Callable[..., Any]:
    """Open the map with what its address asks for."""

    def opened(query: str = "", **more: Any) -> Any:
        page = guard.open(address, MAP + query, **more)
        page.locator(".it-net__view > svg").wait_for()
        return page

    return opened


def shown(page: Any) -> list[str]:
    return list(page.locator("g[role=button]").evaluate_all(NAMES))


def query(page: Any) -> str:
    """What the address asks for now; the browser tells us of a new address a little later."""
    return str(page.evaluate("location.search"))


def test_every_item_leads_to_the_map_around_it(guard: Guard, address: str) -> None:
    page = guard.open(address, "services/shop.html")
    page.get_by_role("link", name="Open in the map").click()
    page.locator(".it-net__view > svg").wait_for()
    assert page.locator("input[name=start]").input_value() == "Online shop (shop)"
    assert shown(page) == ["Online shop", "Shop database 1", "Shop database 2", "Shop front"]
    assert (
        page.locator("[role=status].it-net__status").inner_text()
        == "Online shop: 4 items and 3 relations shown."
    )


def test_arrow_keys_walk_the_relations_and_enter_opens_the_details(open_map: Callable[..., Any]) -> None:
    page = open_map("?item=shop")
    page.locator("[data-zoom=fit]").focus()
    page.keyboard.press("Tab")
    walked = [page.evaluate(FOCUSED)]
    for key in ("ArrowRight", "ArrowRight", "ArrowDown", "ArrowDown", "ArrowLeft", "Home", "ArrowLeft"):
        page.keyboard.press(key)
        walked.append(page.evaluate(FOCUSED))
    assert walked == [
        "Online shop", "Shop front", "Shop database 1", "Shop database 2", "Shop database 2",
        "Shop front", "Online shop", "Online shop",
    ]  # fmt: skip
    assert page.locator("g[role=button][tabindex='0']").count() == 1
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    panel = page.get_by_role("region", name="Details")
    assert page.evaluate(FOCUSED) == "Shop front"
    text = panel.inner_text()
    for expected in ("Outage", "Application", "In production", "databases: 1 of 2 must be up, 2 are"):
        assert expected in text
    assert panel.get_by_role("link", name="Shop front shows an error").get_attribute("href") == (
        "../records/incidents/2611/INC-261120-AAAAA.html"
    )
    page.keyboard.press("Escape")
    assert not panel.is_visible()
    assert page.evaluate(FOCUSED) == "Shop front"


def test_keys_show_more_where_there_is_more(open_map: Callable[..., Any]) -> None:
    page = open_map("?item=shop&depth=0")
    assert shown(page) == ["Online shop"]
    assert page.locator(".it-net__more title").text_content() == "1 more it needs"
    page.locator("g[role=button]").focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate(FOCUSED) == "Shop front"
    assert "more=shop.needs.8" in query(page)
    page.keyboard.press("Shift+ArrowRight")
    assert len(shown(page)) == 4
    page.reload()
    page.locator("g[role=button]").nth(3).wait_for()
    assert len(shown(page)) == 4


def test_the_mouse_opens_details_shows_more_and_starts_elsewhere(open_map: Callable[..., Any]) -> None:
    page = open_map("?item=shop-db-1&depth=1")
    assert shown(page) == ["Shop database 1", "Shop front"]
    page.locator("g[role=button]", has_text="Shop front").click()
    assert "at=shop-web" in query(page)
    page.get_by_role("button", name="Show 1 more it needs").click()
    assert len(shown(page)) == 3
    page.get_by_role("button", name="Start here").click()
    assert page.locator("input[name=start]").input_value() == "Shop front (shop-web)"
    page.go_back()
    page.locator(".it-net__status", has_text="Shop database 1:").wait_for()
    page.locator(".it-net__more").first.click()
    page.mouse.move(700, 500)
    width = page.locator(".it-net__view > svg").get_attribute("width")
    page.get_by_role("button", name="Larger").click()
    assert page.locator(".it-net__view > svg").get_attribute("width") != width


def test_dragging_pans_and_takes_no_other_click(open_map: Callable[..., Any]) -> None:
    page = open_map("?item=shop", viewport=PHONE)
    view = page.locator(".it-net__view")
    for _ in range(2):
        page.get_by_role("button", name="Larger").click()
    view.scroll_into_view_if_needed()
    scrolled = view.evaluate("view => (view.scrollLeft = 100)")
    box = view.bounding_box()
    page.mouse.move(box["x"] + 200, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + 160, box["y"] + box["height"] / 2, steps=4)
    page.mouse.up()
    assert view.evaluate("view => view.scrollLeft") == scrolled + 40
    assert "at=" not in query(page)
    width = page.locator(".it-net__view > svg").get_attribute("width")
    page.get_by_role("button", name="Larger").press("Enter")
    assert page.locator(".it-net__view > svg").get_attribute("width") != width


def test_the_list_shows_more_and_the_focus_goes_on(open_map: Callable[..., Any]) -> None:
    page = open_map("?item=shop&depth=0")
    page.locator(".it-net__list").get_by_role("button", name="1 more it needs").press("Enter")
    assert page.evaluate(FOCUSED) == "Shop front"
    assert page.locator(".it-net__list a").count() == 2


def test_what_is_typed_finds_by_name_and_identifier(open_map: Callable[..., Any]) -> None:
    page = open_map()
    start = page.locator("input[name=start]")
    assert "Services: 2 items" in page.locator(".it-net__status").inner_text()
    start.fill("database")
    assert page.locator("datalist option").evaluate_all("all => all.map(o => o.value)") == [
        "Shop database 1 (shop-db-1)",
        "Shop database 2 (shop-db-2)",
    ]
    start.fill("Shop database 2 (shop-db-2)")  # as a browser does it when one of these is chosen
    assert "item=shop-db-2" in query(page)
    start.fill("shop-w")
    page.keyboard.press("Enter")
    assert "item=shop-web" in query(page)
    start.fill("nothing like it")
    page.keyboard.press("Enter")
    assert page.locator(".it-net__status").inner_text() == "No item on the map is called “nothing like it”."
    assert page.locator("g[role=button]").count() == 0


def test_filters_and_direction_are_kept_in_the_address(open_map: Callable[..., Any]) -> None:
    page = open_map("?item=shop-web")
    page.locator("select[name=dir]").select_option("needs")
    assert shown(page) == ["Shop database 1", "Shop database 2", "Shop front"]
    page.locator("select[name=dir]").select_option("both")
    page.locator(".it-net__filters summary").click()
    page.get_by_role("checkbox", name="Databases").uncheck()
    assert shown(page) == ["Online shop", "Shop front"]
    page.reload()
    page.locator("g[role=button]").first.wait_for()
    assert shown(page) == ["Online shop", "Shop front"]
    page.locator(".it-net__filters summary").click()
    page.get_by_role("checkbox", name="Databases").check()
    page.get_by_role("checkbox", name="Depends on").uncheck()
    assert shown(page) == ["Shop front"]
    page.goto(page.url.split("?")[0] + "?class=database&depth=1&dir=users")
    page.locator("g[role=button]").first.wait_for()
    assert shown(page) == ["Shop database 1", "Shop database 2", "Shop front"]


def test_an_address_that_says_nonsense_is_no_fault(open_map: Callable[..., Any]) -> None:
    asked = "?item=shop&depth=99&dir=up&more=x.needs.1,shop.needs.9999,<b>,shop-web.all.3&at=__proto__&ways=&without=a,,b"
    page = open_map(asked)
    assert shown(page) == ["Online shop"]  # no relation was asked for
    assert page.locator("select[name=depth]").input_value() == "2"


def test_the_list_says_the_same_as_the_drawing(open_map: Callable[..., Any]) -> None:
    page = open_map("?item=shop")
    listed = page.locator(".it-net__list")
    links = listed.get_by_role("link").evaluate_all(
        "all => all.map(a => [a.textContent, a.getAttribute('href')])"
    )
    assert links == [
        ["Online shop", "../services/shop.html"],
        ["Shop front", "../cmdb/applications/shop-web.html"],
        ["Shop database 1", "../cmdb/databases/shop-db-1.html"],
        ["Shop database 2", "../cmdb/databases/shop-db-2.html"],
    ]
    assert listed.locator("li li li").count() == 2
    assert "Depends on: Shop database 1 Database Operational" in listed.inner_text()


def test_it_works_from_a_disk(browser: Any, site: Path) -> None:
    page = browser.new_page()
    page.goto(f"{(site / MAP).as_uri()}?item=shop")
    page.locator("g[role=button]").first.wait_for()
    assert len(shown(page)) == 4
    page.close()


def test_without_a_script_there_is_a_way_on_and_a_list_on_each_page(guard: Guard, address: str) -> None:
    page = guard.open(address, MAP, javascript=False)
    assert not page.locator(".it-net").is_visible()
    page.get_by_role("link", name="Applications").last.click()
    page.locator("#it-main").get_by_role("link", name="Shop front").click()
    page.get_by_text("As a list").click()
    page.locator(".it-more").get_by_role("link", name="Shop database 1").click()
    see_heading(page, "Shop database 1")


def test_a_phone_has_all_of_it_and_nothing_is_wider(open_map: Callable[..., Any]) -> None:
    page = open_map("?item=shop&at=shop-web", viewport=PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    page.get_by_role("region", name="Details").wait_for(timeout=10_000)
    assert page.locator(".it-net__list a").count() == 4


@pytest.mark.parametrize("query", ["?class=database&depth=1", "?item=shop"])
def test_a_phone_sees_two_and_three_columns_whole_with_words_that_can_be_read(
    open_map: Callable[..., Any], query: str
) -> None:
    page = open_map(query, viewport=PHONE)
    view = page.locator(".it-net__view")
    assert view.evaluate("view => view.scrollWidth <= view.clientWidth")
    letters = page.locator("g[role=button] text").evaluate_all(
        "all => all.map(t => 12 * t.getBoundingClientRect().width / t.getComputedTextLength())"
    )
    assert min(letters) >= 10
    # What is shown is said below the drawing, so that nothing moves when the script knows.
    assert page.locator(".it-net__status").bounding_box()["y"] > view.bounding_box()["y"]


@pytest.mark.parametrize("query", ["?item=shop-web&depth=1&at=shop-web", "?class=service"])
def test_no_accessibility_fault(open_map: Callable[..., Any], query: str) -> None:
    source = axe_source()
    page = open_map(query)
    page.locator(".it-net__filters summary").click()
    page.evaluate(source)
    assert serious_faults(page) == []
    switch_to_dark(page)
    assert serious_faults(page) == []


# ---- The parts by themselves ----

# Thousands of items: a hub that everything needs, chains below it, one of them down.
LARGE = """count => {
    const items = [], edges = [];
    for (let i = 0; i < count; i++) items.push([`n${i}`, `Item ${i}`, 0, i === count - 1 ? 0 : 4, 0, -1]);
    for (let i = 1; i < count; i++) edges.push(i, 0, 0, i, Math.floor(i / 2), 0);
    const looks = [["outage"], ["degraded"], ["risk"], ["maintenance"], ["operational"], [""]];
    const data = { items, edges, groups: [], looks, classes: [["server"]], ways: [["depends_on", "", "", true]] };
    const net = itsm.neighbourhood.network(data);
    const asked = (more) => ({ item: "n0", class: "", dir: "both", depth: 3, hidden: new Set(), ways: new Set([0]), more });
    const once = itsm.neighbourhood.around(net, asked(new Map()));
    const twice = itsm.neighbourhood.around(net, asked(new Map([["0.users", 8]])));
    const endless = itsm.neighbourhood.around(net, asked(new Map([["0.users", 999]])));
    const first = once.shown.get(0);
    return [once.shown.size, first.children.length, first.children[0], first.hidden.users + first.near.users.length,
            twice.shown.get(0).children.length, endless.shown.size];
}"""


def test_of_thousands_a_bounded_part_is_shown_the_worst_first(open_map: Callable[..., Any]) -> None:
    page = open_map()
    total, children, first, known, after_more, most = page.evaluate(LARGE, 5000)
    assert total <= 60
    assert (children, after_more) == (8, 16)
    assert first == 4999  # what is down
    assert known == 4999  # all of them are counted
    assert most == 240


def test_the_layout_is_the_one_of_the_drawn_diagrams(open_map: Callable[..., Any]) -> None:
    page = open_map()
    random_of = random.Random(7)
    graphs = []
    for size in (1, 2, 5, 12, 30):
        nodes = [f"n{i}" for i in range(size)]
        graphs += [(nodes, [tuple(random_of.choices(nodes, k=2)) for _ in range(size * 2)]) for _ in range(4)]
    script = "([nodes, edges]) => { const p = itsm.layout(nodes, edges); return [[...p.position], p.routes.map(r => r.path)]; }"
    for nodes, edges in graphs:
        positions, routes = page.evaluate(script, [nodes, edges])
        expected = place(nodes, edges)
        assert {n: (layer, round(y, 6)) for n, (layer, y) in positions} == {
            n: (layer, round(y, 6)) for n, (layer, y) in expected.position.items()
        }
        assert sorted(map(tuple, routes)) == sorted(
            r if expected.position[r[0]][0] <= expected.position[r[-1]][0] else tuple(reversed(r))
            for r in expected.routes.values()
        )
