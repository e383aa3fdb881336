"""The situations that the oracle turned up, and what must be true of the names of their requirements."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.gate.situations import Situation
from tests.gate.table_oracle import CROSSED, ORACLE, OTHER
from tests.gate.test_situations import organisation, play, told
from tests.gate.world import CHG, World

__all__ = ["organisation"]


@pytest.mark.parametrize("situation", ORACLE, ids=lambda s: s.name.replace(" ", "-"))
def test_situation(situation: Situation, organisation: World, tmp_path: Path) -> None:
    found = play(situation, World.copy(organisation, tmp_path / "repo"))
    assert found.result == situation.result, told(found)
    assert any(situation.says in text for text in told(found)), told(found)


def test_what_is_asked_for_two_changes_names_the_change(organisation: World, tmp_path: Path) -> None:
    found = play(Situation("two", "", "", request=CROSSED), World.copy(organisation, tmp_path / "repo"))
    names = {v.requirement.name for v in found.verdicts if v.requirement.rule == "owner-of-each-item"}
    assert names == {f"owner-of-each-item: s1, for {CHG}", f"owner-of-each-item: s1, for {OTHER}"}
