"""What may pass of a value, by the words of its schema."""

from __future__ import annotations

from typing import Any

import pytest

from itsm_gitops.model.audience import Audience, KindVisibility
from itsm_gitops.model.kinds import Kind
from itsm_gitops.model.screen import NOT_SHOWN, Names, screen, tree

NAMES = Names(frozenset({"seen"}), frozenset({"seen", "kept"}), {}, outside=False)
TEXT = {"type": "string"}
OPEN = {"type": "object", "additionalProperties": TEXT}


def kind(**properties: Any) -> Kind:
    schema = {"properties": {"id": TEXT, "class": TEXT, **properties}}
    return Kind(
        "thing", "item", "Thing", "things", "Things", "", "", "cmdb/things", False, schema, "", None, ()
    )


def passes(data: dict[str, Any], fields: set[str], *, internal: bool = False, **properties: Any) -> Any:
    audience = Audience(
        everything=False, internal=internal, kinds={"thing": KindVisibility(frozenset(fields))}
    )
    return screen(tree(kind(**properties), audience), {"id": "a", "class": "thing", **data}, NAMES)


HEAD = {"id": "a", "class": "thing"}


def test_a_kind_that_is_not_listed_is_nothing() -> None:
    part = tree(kind(name=TEXT), Audience(everything=False))
    assert screen(part, {"id": "a", "name": "x"}, NAMES) is NOT_SHOWN


def test_an_open_area_passes_only_when_all_of_it_is_listed() -> None:
    data = {"area": {"key": "value", "deep": [{"INC-261120-AAAAA": 1}]}}
    assert passes(data, {"area"}, area=OPEN) == HEAD
    shown = {"key": "value", "deep": [{"(withheld)": 1}]}
    assert passes(data, {"area.*"}, area=OPEN) == {**HEAD, "area": shown}


@pytest.mark.parametrize("inner", [{**TEXT, "x-internal": True}, {"oneOf": [TEXT, {"x-internal": True}]}])
def test_an_open_area_with_an_internal_part_is_internal(inner: dict[str, Any]) -> None:
    area = {"type": "object", "additionalProperties": inner}
    assert passes({"area": {"key": "value"}}, {"*"}, area=area) == HEAD
    assert passes({"area": {"key": "value"}}, {"*"}, internal=True, area=area)["area"] == {"key": "value"}


def test_an_identifier_passes_only_where_what_it_names_does() -> None:
    name = {"type": "string", "pattern": "^[a-z][a-z0-9-]{0,62}$"}
    for value, shown in (("seen", {"ref": "seen"}), ("kept", {}), ("stranger", {})):
        assert passes({"ref": value}, {"ref"}, ref=name) == {**HEAD, **shown}


def test_an_object_in_a_list_goes_with_what_it_must_name() -> None:
    item = {
        "type": "object",
        "required": ["ref"],
        "properties": {"ref": {**TEXT, "x-ref": {"to": ["item"]}}, "note": TEXT},
    }
    data = {"list": [{"ref": "seen", "note": "1"}, {"ref": "kept", "note": "2"}]}
    assert passes(data, {"list.*"}, list={"type": "array", "items": item})["list"] == [
        {"ref": "seen", "note": "1"}
    ]
    assert passes({"list": "no list"}, {"list.*"}, list={"type": "array", "items": item}) == HEAD
