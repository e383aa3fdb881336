"""Every row about who is who comes out as it says, in the words that the reviewer reads."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from itsm_gitops.gate.assess import assess
from itsm_gitops.gate.types import NOT_APPLICABLE, SATISFIED
from tests.gate.situations import REQUEST
from tests.gate.table_people import ROWS, PeopleRow
from tests.gate.test_situations import told
from tests.gate.world import NOW, World, review


@pytest.fixture(scope="module")
def organisation(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World.make(tmp_path_factory.mktemp("people") / "repo")


@pytest.mark.parametrize("row", ROWS, ids=lambda r: r.name.replace(" ", "-"))
def test_row(row: PeopleRow, organisation: World, tmp_path: Path) -> None:
    world = World.copy(organisation, tmp_path / "repo")
    for step in row.base:
        step(world)
    if row.base:
        world.commit("How things are here", by="cab-one")
    world.git("checkout", "-q", "-b", "topic")
    for step in row.request or REQUEST:
        step(world)
    seen = world.head
    reviews = [replace(review(g.who, seen, g.state, hours=g.hours), **g.about) for g in row.reviews]
    for step in row.after:
        step(world)
    pushed_by = row.pushed_by() if callable(row.pushed_by) else row.pushed_by
    found = assess(
        world.repo, base="main", head="topic", target=row.target, reviews=reviews, now=NOW,
        opened_by=row.opened_by, pushed_by=pushed_by,
    )  # fmt: skip
    assert found.result == row.result, told(found)
    assert any(row.says in text for text in told(found)), told(found)
    assert not row.code or row.code in {r.code for r in found.rejected}, found.rejected


def test_the_table_has_honest_flows_and_no_row_twice() -> None:
    honest = [row for row in ROWS if row.name.startswith("passes: ")]
    assert len({row.name for row in ROWS}) == len(ROWS) >= 60
    assert len(honest) >= 15
    assert all(row.result in (SATISFIED, NOT_APPLICABLE) for row in honest)
