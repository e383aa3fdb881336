"""Layout and drawing of diagrams."""

from __future__ import annotations

import re
from itertools import pairwise
from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from itsm_gitops.presentation.diagram import MOST_COLUMNS, Arrow, Box, draw
from itsm_gitops.presentation.layout import place

NAMES = [f"n{i}" for i in range(12)]
EDGES = st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)), max_size=30)


def test_a_chain_runs_from_left_to_right() -> None:
    placed = place(["a", "b", "c"], [("a", "b"), ("b", "c"), ("a", "c"), ("a", "elsewhere"), ("a", "a")])
    assert [placed.position[n][0] for n in "abc"] == [0, 1, 2]
    assert set(placed.routes) == {("a", "b"), ("b", "c"), ("a", "c")}
    assert len(placed.routes["a", "c"]) == 3  # bends where it passes the middle


def test_sources_stand_next_to_what_they_point_to() -> None:
    placed = place(["a", "b", "c", "late"], [("a", "b"), ("b", "c"), ("late", "c")])
    assert placed.position["late"][0] == 1


@given(EDGES)
def test_any_graph_is_laid_out_without_overlap_and_always_the_same(edges: list[tuple[str, str]]) -> None:
    placed = place(NAMES, edges)
    assert placed == place(NAMES, list(reversed(edges)))
    for column in placed.layers:
        rows = sorted(placed.position[n][1] for n in column if "\0" not in n)
        assert all(b - a >= 0.999 for a, b in pairwise(rows))
    for (source, target), route in placed.routes.items():
        assert {route[0], route[-1]} == {source, target}
        steps = [placed.position[n][0] for n in route]
        assert all(abs(b - a) == 1 for a, b in pairwise(steps))


def boxes(*titles: str) -> list[Box]:
    return [Box(f"id{i}", t, "Server", f"cmdb/{i}.html", "outage", i == 0) for i, t in enumerate(titles)]


def test_a_drawing_is_well_formed_and_says_everything_in_words() -> None:
    html = draw(
        "What it needs", boxes("Shop <script>", 'A "quoted" name'), [Arrow("id0", "id1", "depends on")]
    )
    svg = html[html.index("<svg") : html.index("</svg></div>") + 6].replace("\x01", "")
    tree = ET.fromstring(svg)
    titles = [e.text for e in tree.iter() if e.tag.endswith("title")]
    assert titles == ["Shop <script> (Server)", 'A "quoted" name (Server)']
    assert "<script" not in html
    assert "<figcaption><span>What it needs</span></figcaption>" in html
    assert "<em>depends on</em>" in html


def rows_of(html: str) -> list[list[str]]:
    """The titles of the boxes that stand in rows, where a drawing has no room."""
    listed = html[html.index("<ol class=it-map__rows>") : html.index("</ol>")]
    return [re.findall(r"<b>(.*?)</b>", row) for row in listed.split("<li>")[1:]]


def test_where_there_is_no_room_the_boxes_stand_in_rows() -> None:
    arrows = [Arrow("id0", "id1", "needs"), Arrow("id0", "id2", "needs"), Arrow("id1", "id3", "needs")]
    html = draw("Left", boxes("Shop", "Front", "Queue", "Server"), arrows, 2, "Above")
    assert rows_of(html) == [["Shop"], ["Front", "Queue"], ["Server"]]
    assert html.count("it-map__box--focus") == 2  # once in each form, of which one is shown
    assert (
        "<figcaption><span class=it-map__wide>Left</span><span class=it-map__slim>Above</span>"
        "<span>2 more are not shown.</span></figcaption>" in html
    )


def test_a_chain_that_no_page_has_room_for_is_rows_only() -> None:
    names = [f"Box {i}" for i in range(MOST_COLUMNS + 1)]
    arrows = [Arrow(f"id{i}", f"id{i + 1}", "needs") for i in range(MOST_COLUMNS)]
    assert "it-map__view" not in draw("Left", boxes(*names), arrows)
    assert rows_of(draw("Left", boxes(*names), arrows)) == [[name] for name in names]
    assert "it-map__view" in draw("Left", boxes(*names[1:]), arrows[:-1])


def below(html: str, title: str) -> list[str]:
    """The lines below the title of a box."""
    inner = html[html.index(f"<title>{title} (") :]
    return re.findall(r'it-map__below" x="28" y="\d+">(.*?)</text>', inner[: inner.index("</svg>")])


def test_a_box_always_says_the_class_and_then_the_status() -> None:
    ill = Box("id0", "Shop", "Network device", "", "outage", said="degraded")
    chain = [Box(f"id{i}", f"Box {i}", "Server", "") for i in range(1, 5)]
    arrows = [Arrow(f"id{i}", f"id{i + 1}", "needs") for i in range(4)]
    wide = draw("Left", [ill, *chain[:1]], arrows[:1])
    assert below(wide, "Shop") == ["Network device ·", "degraded"]
    assert below(draw("Left", [ill, *chain], arrows), "Shop") == ["Network device", "degraded"]
    assert below(wide, "Box 1") == ["Server"]


def test_a_line_ends_with_a_head_at_what_is_needed_and_at_a_place_of_its_own() -> None:
    shapes = boxes("one", "two", "three")
    html = draw("Left", shapes, [Arrow("id0", "id1", "needs"), Arrow("id0", "id2", "needs")])
    paths = re.findall(r'class="it-map__line" d="M(\d+) (\d+)[^"]*M(\d+) \d+L(\d+) (\d+)L', html)
    assert len({(x, y) for x, y, *_ in paths}) == 2  # two lines leave the box apart
    assert all(int(x) < int(tail) < int(tip) for x, _, tail, tip, _ in paths)
    straight = draw("Left", shapes[:2], [Arrow("id0", "id1", "needs")])
    assert re.search(r'd="M192 (\d+)H256M251 \d+L256 \1L', straight)


def test_a_line_over_a_column_goes_round_the_box_in_its_way() -> None:
    arrows = [Arrow("id0", "id1", "a"), Arrow("id1", "id2", "a"), Arrow("id0", "id2", "a")]
    ways = re.findall(r'class="it-map__line" d="(M[^M]*)M', draw("x", boxes("one", "two", "three"), arrows))
    assert max(way.count("C") + way.count("H") for way in ways) == 3


def test_a_long_title_takes_three_lines_of_a_narrow_box_and_is_cut_only_beyond_them() -> None:
    chain = [Box(f"id{i}", f"Box {i}", "Server", "") for i in range(1, 5)]
    arrows = [Arrow(f"id{i}", f"id{i + 1}", "needs") for i in range(4)]

    def lines(title: str) -> list[str]:
        html = draw("Left", [Box("id0", title, "Database", ""), *chain], arrows)
        inner = html[html.index(f"<title>{title}") :]
        return re.findall(r'<text x="28" y="\d+">(.*?)</text>', inner[: inner.index("</svg>")])

    assert lines("Payments database") == ["Payments", "database"]
    assert lines("Warehouse management system") == ["Warehouse", "management", "system"]
    assert lines("Warehouse management system of the second hub") == [
        "Warehouse",
        "management",
        "system of t…",
    ]
    assert lines("Donaudampfschifffahrtsgesellschaft") == ["Donaudampfs", "chifffahrtsges", "ellschaft"]


def test_a_title_is_broken_by_its_width_and_not_by_its_letters() -> None:
    chain = [Box(f"id{i}", f"Box {i}", "Server", "") for i in range(1, 4)]
    arrows = [Arrow(f"id{i}", f"id{i + 1}", "needs") for i in range(3)]
    html = draw("Left", [Box("id0", "Container platform", "Service", ""), *chain], arrows)
    assert '">Container platform</text>' in html
    html = draw("Left", [Box("id0", "Server room Amsterdam, cage A", "Facility", ""), *chain], arrows)
    assert [f'">{line}</text>' in html for line in ("Server room", "Amsterdam,", "cage A")] == [True] * 3


def test_a_box_of_several_has_whole_names_and_says_how_many_more_there_are() -> None:
    names = ["Payments database", "Payments replica", "Event queue", "Report replica"]
    arrows = [Arrow(f"id{i}", f"id{i + 1}", "needs") for i in range(3)]
    chain = [Box(f"id{i}", f"Box {i}", "Server", "") for i in range(1, 4)]
    html = draw("Left", [Box("id0", "Databases (4)", "Databases", "", names=names), *chain], arrows)
    assert below(html, "Databases (4)") == ["Payments database;", "Payments replica", "and\u00a02\u00a0more"]
    assert "<small>Payments database; Payments replica; Event queue and\u00a01\u00a0more</small>" in html
    assert f"<title>Databases (4) ({'; '.join(names)})</title>" in html
    ill = Box("id0", "Databases (4)", "Databases", "", "degraded", said="degraded", names=names)
    drawn = draw("Left", [ill, *chain], arrows)
    assert below(drawn, "Databases (4)") == ["Payments database", "and\u00a03\u00a0more", "degraded"]
    vast = Box("id0", "Databases (2)", "Databases", "", names=["W" * 60, "b"])
    lines = below(draw("Left", [vast, *chain], arrows), "Databases (2)")
    assert lines[0].endswith("…")
    assert lines[1:] == ["and 1 more"]


def test_one_box_is_no_drawing() -> None:
    assert draw("x", boxes("alone"), []) == ""


def test_a_drawing_does_not_depend_on_the_order_of_arrows() -> None:
    arrows = [Arrow("id0", "id1", "a"), Arrow("id0", "id2", "b"), Arrow("id2", "id1", "c")]
    shapes = boxes("one", "two", "three")
    assert draw("x", shapes, arrows) == draw("x", shapes, reversed(arrows))
