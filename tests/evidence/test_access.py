"""Access review and segregation of duties, as the auditor asks for them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.evidence.test_audit import Place
from tests.gate.world import World


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return Place.make(tmp_path_factory.mktemp("access") / "place")


def test_who_could_approve_what(place: Place) -> None:
    rows = place.itsm("audit", "access", "--json").json["rows"]
    by = {(r["person"], r["role"], r["how"]): r for r in rows}
    assert by["oscar", "on_call", "direct"]["items"] == "s1", "on call for the team that owns s1 only"
    assert by["mia", "owner", "direct"]["items"] == "s2"
    assert ("ann", "cab", "direct") not in by
    assert by["cab-one", "cab", "direct"]["accounts"] == "github:4"
    assert by["cab-one", "cab", "direct"]["keys"]


def test_a_day_before_the_rules_is_the_day_they_came(place: Place, tmp_path: Path) -> None:
    there = Place(place.folder, World.copy(place.world, tmp_path / "work"))
    before = there.itsm("audit", "access", "--on", "2026-11-21", "--json").json
    there.approved("a", "One.")
    there.record()
    assert there.itsm("audit", "access", "--on", "2026-11-21", "--json").json["commit"] == before["commit"]
    assert there.itsm("audit", "access", "--json").json["commit"] == there.world.head
    (row,) = there.itsm("audit", "duties", "--json").json
    assert (row["authors"], row["approved_by"], row["both"]) == ("ann", "bob", "")
