"""Every situation of the auditor's table comes out as it says, in the words it says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.evidence.table_auditor import EXCEPTIONS, TABLE, Audited
from tests.evidence.test_audit import Place
from tests.gate.world import World


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return Place.make(tmp_path_factory.mktemp("auditor") / "place")


@pytest.mark.parametrize("row", TABLE, ids=lambda r: r.name.replace(" ", "-"))
def test_situation(row: Audited, ground: Place, tmp_path: Path) -> None:
    place = Place(ground.folder, World.copy(ground.world, tmp_path / "work"))
    place.git = place.world.git
    for step in row.steps:
        step(place)
    ran = place.itsm("audit", row.ask, "--json", *row.words, now=row.now, code=None)
    found = ran.json if row.ask == EXCEPTIONS else ran.json["findings"]
    assert tuple(f["code"] for f in found) == row.codes, found
    told = [f"{f['message']} {f.get('hint', '')} {f.get('review', '')}" for f in found]
    assert not row.says or any(row.says in t for t in told), told
    assert row.clean is None or (ran.code, ran.json["clean"]) == (int(not row.clean), row.clean), found


def test_the_table_is_long_enough_and_has_no_row_twice() -> None:
    names = [r.name for r in TABLE]
    assert len(names) == len(set(names)) >= 40
    assert sum(r.honest for r in TABLE) >= 12
