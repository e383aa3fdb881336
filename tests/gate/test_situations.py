"""Every situation of the table comes out as it says, in the words it says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from itsm_gitops.gate.types import Assessment, Verdict
from tests.gate.attacks import ATTACKS
from tests.gate.limits import LIMITS
from tests.gate.other_kinds import OTHER_KINDS
from tests.gate.situations import REQUEST, SITUATIONS, Situation
from tests.gate.table_door import DOOR_ROWS, FREEZE_ROWS, WEAKENED_ROWS
from tests.gate.world import CHG, World, review


@pytest.fixture(scope="session")
def organisation(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World.make(tmp_path_factory.mktemp("organisation") / "repo")


def told(found: Assessment) -> list[str]:
    """Everything an assessment says in words."""
    verdicts: list[Verdict] = list(found.verdicts)
    return [*found.messages, *(v.reason for v in verdicts), *(r.reason for r in found.rejected)]


def play(situation: Situation, world: World) -> Assessment:
    """Let the situation happen and return how the request stands."""
    for step in situation.base:
        step(world)
    if situation.base:
        world.commit("How things are here", by="cab-one")
    world.git("checkout", "-q", "-b", "topic")
    for step in situation.request or REQUEST:
        step(world)
    seen = world.head
    reviews = [replace(review(g.who, seen, g.state, hours=g.hours), **g.about) for g in situation.reviews]
    for step in situation.after:
        step(world)
    return world.assess(reviews, opened_by=situation.opened_by, target=situation.target)


@pytest.mark.parametrize(
    "situation",
    [*SITUATIONS, *ATTACKS, *LIMITS, *OTHER_KINDS, *DOOR_ROWS, *FREEZE_ROWS, *WEAKENED_ROWS],
    ids=lambda s: s.name.replace(" ", "-"),
)
def test_situation(situation: Situation, organisation: World, tmp_path: Path) -> None:
    found = play(situation, World.copy(organisation, tmp_path / "repo"))
    assert found.result == situation.result, told(found)
    assert any(situation.says in text for text in told(found)), told(found)
    assert not situation.code or situation.code in {r.code for r in found.rejected}, found.rejected


def test_what_departs_from_a_template_is_named(organisation: World, tmp_path: Path) -> None:
    """An author has to know which file or item it is."""
    rows = {s.name.partition(": ")[2]: s for s in LIMITS}
    for name, said in (
        ("one file of two", "template departed (deploy/b/c.tf)"),
        ("an item of another class", "template departed (database d1)"),
    ):
        found = play(rows[name], World.copy(organisation, tmp_path / name))
        assert said in found.facts[CHG]


def test_the_table_is_long_enough_and_has_no_row_twice() -> None:
    names = [
        s.name
        for s in (*SITUATIONS, *ATTACKS, *LIMITS, *OTHER_KINDS, *DOOR_ROWS, *FREEZE_ROWS, *WEAKENED_ROWS)
    ]
    assert len(names) == len(set(names)) >= 60
