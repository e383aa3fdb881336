"""What authors type about a request is recomputed, shown or refused: every row of the table comes out as it says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.gate.situations import Situation
from tests.gate.table_facts import FACTS
from tests.gate.test_situations import organisation, play, told
from tests.gate.world import World

__all__ = ["organisation"]


@pytest.mark.parametrize("situation", FACTS, ids=lambda s: s.name.replace(" ", "-"))
def test_fact(situation: Situation, organisation: World, tmp_path: Path) -> None:
    found = play(situation, World.copy(organisation, tmp_path / "repo"))
    words = [*told(found), *found.notes]
    assert found.result == situation.result, words
    assert any(situation.says in text for text in words), words
    assert not situation.code or situation.code in {r.code for r in found.rejected}, found.rejected


def test_no_row_stands_twice() -> None:
    names = [s.name for s in FACTS]
    assert len(names) == len(set(names)) >= 60
