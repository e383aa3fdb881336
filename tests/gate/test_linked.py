"""What the gate sees of a change does not depend on the file or the field that says it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.gate.world import CHANGE_PATH, CHG, INC, INCIDENT_PATH, World, change, review

EMERGENCY = {
    "type": "emergency",
    "risk": "{level: low, reason: Restart.}",
    "planned_start": "2026-11-22T13:00:00Z",
    "planned_end": "2026-11-22T14:00:00Z",
}


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World.make(tmp_path_factory.mktemp("linked") / "work")


@pytest.fixture
def world(template: World, tmp_path: Path) -> World:
    return World.copy(template, tmp_path / "work")


def incident(state: str, *links: tuple[str, str]) -> str:
    stored = "".join(f"- {{type: {name}, target: {target}}}\n" for name, target in links)
    text = f"id: {INC}\nkind: incident\ntitle: Down\ncis: [s1]\nstate: {state}\n"
    text += "timeline:\n  - {at: 2026-11-22T09:00:00Z, by: paul, state: new}\n"
    return text + (f"links:\n{stored}" if stored else "")


def results(world: World, *who: str) -> dict[str, str]:
    """Return how each requirement of a rule stands after approvals by some people."""
    found = world.assess([review(one, world.head) for one in who])
    return {v.requirement.rule: v.result for v in found.verdicts}


def asked(world: World, **fields: str) -> World:
    """Bring the emergency change in."""
    world.write(CHANGE_PATH, change(**{**EMERGENCY, **fields}))
    world.commit()
    return world


@pytest.mark.parametrize("where", ["change", "incident", "incident on main"])
def test_an_emergency_is_for_an_incident_whichever_file_stores_the_link(world: World, where: str) -> None:
    links = () if where == "change" else (("resolved_by", CHG),)
    world.write(INCIDENT_PATH, incident("in_progress", *(links if where == "incident on main" else ())))
    world.commit()
    world.git("checkout", "-q", "-b", "topic")
    if where == "incident":
        world.write(INCIDENT_PATH, incident("in_progress", *links))
    own = {"links": f"[{{type: relates_to, target: {INC}}}]"} if where == "change" else {}
    assert results(asked(world, **own), "oscar")["owner-of-each-item"] == "OVERRIDDEN"


@pytest.mark.parametrize(("state", "link"), [("closed", "resolved_by"), ("in_progress", "caused_by")])
def test_an_incident_that_is_over_or_that_the_change_caused_is_no_reason(
    world: World, state: str, link: str
) -> None:
    world.write(INCIDENT_PATH, incident(state, (link, CHG)))
    world.commit()
    world.git("checkout", "-q", "-b", "topic")
    assert results(asked(world), "oscar")["owner-of-each-item"] == "UNSATISFIED"


def test_the_owner_is_asked_for_what_any_field_affects(world: World) -> None:
    path = "schemas/records/change.schema.json"
    schema = json.loads((world.root / path).read_text(encoding="utf-8"))
    reference = {"to": ["ci"], "relation": "affects"}
    schema["properties"]["platform"] = {
        "type": "string",
        "maxLength": 63,
        "description": "P.",
        "x-ref": reference,
    }
    world.write(path, json.dumps(schema, indent=2))
    world.commit()
    world.git("checkout", "-q", "-b", "topic")
    asked(world, type="normal", platform="s2")
    subjects = {v.requirement.subject for v in world.assess([]).verdicts}
    assert {"s1", "s2"} <= subjects
