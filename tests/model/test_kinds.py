from __future__ import annotations

from typing import Any

import pytest

from itsm_gitops.model.errors import RuleBookError
from itsm_gitops.model.kinds import ITEM, RECORD, Kind, Reference, find_references, inline
from itsm_gitops.model.workflow import read_workflow

DEFINITIONS = {
    "name": {"type": "string", "maxLength": 9, "description": "A name."},
    "names": {"type": "array", "items": {"$ref": "#/definitions/name"}},
}


def make(family: str, **fields: Any) -> Kind:
    given: dict[str, Any] = {
        "name": "thing", "family": family, "title": "Thing", "plural": "things", "plural_title": "Things",
        "description": "", "prefix": "THG" if family == RECORD else "", "folder": "records/things",
        "operational": False, "schema": {"properties": {"id": {}, "title": {}}, "required": ["id"]},
        "schema_path": "schemas/records/thing.schema.json", "workflow": None, "references": (),
    }  # fmt: skip
    return Kind(**{**given, **fields})


def test_records_and_items_differ_in_their_keys() -> None:
    record, item = make(RECORD), make(ITEM)
    assert (record.is_record, record.tag, record.label) == (True, "kind", "title")
    assert (item.is_record, item.tag, item.label) == (False, "class", "name")
    assert record.keys == ("id", "title")
    assert record.required == ("id",)
    assert make(RECORD, schema={"properties": {}}).required == ()


def test_the_state_field_is_the_workflows() -> None:
    assert make(RECORD).state_field == "state"
    raw = {
        "workflow": "l",
        "title": "L",
        "state_field": "lifecycle",
        "initial": "a",
        "states": {},
        "transitions": [],
    }
    assert make(ITEM, workflow=read_workflow(raw)).state_field == "lifecycle"


def test_definitions_are_inlined_and_what_stands_beside_them_wins() -> None:
    raw = {
        "properties": {
            "owner": {"$ref": "../common.schema.json#/definitions/name", "description": "The owner."},
            "others": {"$ref": "../common.schema.json#/definitions/names", "maxItems": 3},
        },
        "allOf": [{"$ref": "#/definitions/name"}],
    }
    done = inline(raw, DEFINITIONS)
    assert done["properties"]["owner"] == {"type": "string", "maxLength": 9, "description": "The owner."}
    assert done["properties"]["others"] == {"type": "array", "items": DEFINITIONS["name"], "maxItems": 3}
    assert done["allOf"] == [DEFINITIONS["name"]]
    assert "$ref" in raw["properties"]["owner"]  # the original is untouched


def test_an_unknown_definition_is_named() -> None:
    with pytest.raises(RuleBookError, match="nmae"):
        inline({"$ref": "#/definitions/nmae"}, DEFINITIONS)


def test_a_field_may_be_called_ref() -> None:
    assert inline({"properties": {"$ref": {"type": "string"}}}, {}) == {
        "properties": {"$ref": {"type": "string"}}
    }


SCHEMA = {
    "properties": {
        "service": {"x-ref": {"to": ["service"], "relation": "affects"}},
        "cis": {"items": {"x-ref": {"to": ["ci"], "relation": "affects"}}},
        "major": {"properties": {"lead": {"x-ref": {"to": ["person"], "relation": "led_by", "open": True}}}},
        "plain": {"type": "string"},
        "steps": {
            "items": {"properties": {"by": {"items": {"x-ref": {"to": ["team"], "relation": "done_by"}}}}}
        },
        "anything": True,
    }
}


def test_references_are_found_at_every_depth_in_order() -> None:
    assert list(find_references(SCHEMA)) == [
        Reference(("service",), "affects", ("service",)),
        Reference(("cis", "*"), "affects", ("ci",)),
        Reference(("major", "lead"), "led_by", ("person",), open=True),
        Reference(("steps", "*", "by", "*"), "done_by", ("team",)),
    ]


def test_references_give_values_with_exact_pointers() -> None:
    service, cis, lead, steps = find_references(SCHEMA)
    data = {
        "service": "payments",
        "cis": ["db", 7, "web"],
        "major": {"lead": "anna"},
        "steps": [{"by": ["x"]}, "odd", {}, {"by": ["y", None, "z"]}],
    }
    assert list(service.values(data)) == [("payments", ("service",))]
    assert list(cis.values(data)) == [("db", ("cis", 0)), ("web", ("cis", 2))]
    assert list(lead.values(data)) == [("anna", ("major", "lead"))]
    assert list(steps.values(data)) == [
        ("x", ("steps", 0, "by", 0)), ("y", ("steps", 3, "by", 0)), ("z", ("steps", 3, "by", 2)),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "data", [{}, [], None, "text", {"cis": "db"}, {"cis": {"0": "db"}}, {"cis": [["db"]]}]
)
def test_references_into_misshapen_data_give_nothing(data: Any) -> None:
    assert list(Reference(("cis", "*"), "affects", ("ci",)).values(data)) == []
