"""Layout and drawing of diagrams."""

from __future__ import annotations

from itertools import pairwise
from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from itsm_gitops.presentation.diagram import Arrow, Box, draw
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
    svg = html[html.index("<svg") : html.rindex("</svg>") + 6].replace("\x01", "")
    tree = ET.fromstring(svg)
    titles = [e.text for e in tree.iter() if e.tag.endswith("title")]
    assert titles == ["Shop <script> (Server)", 'A "quoted" name (Server)']
    assert "<script" not in html
    assert 'aria-label="What it needs"' in html
    assert "<em>depends on</em>" in html


def test_one_box_is_no_drawing() -> None:
    assert draw("x", boxes("alone"), []) == ""


def test_a_drawing_does_not_depend_on_the_order_of_arrows() -> None:
    arrows = [Arrow("id0", "id1", "a"), Arrow("id0", "id2", "b"), Arrow("id2", "id1", "c")]
    shapes = boxes("one", "two", "three")
    assert draw("x", shapes, arrows) == draw("x", shapes, reversed(arrows))
