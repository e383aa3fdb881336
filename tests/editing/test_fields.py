"""Values given as text: what they become, and what is said where they do not fit."""

from __future__ import annotations

from typing import Any

import pytest

from itsm_gitops.editing.fields import (
    APPEND,
    SET,
    TAKE,
    UNSET,
    Assignment,
    Reader,
    expected,
    read_assignment,
    schema_at,
)
from itsm_gitops.model.errors import NotFound, UsageError
from itsm_gitops.model.rulebook import RuleBook

READER = Reader("Europe/Berlin", lambda reference, text: f"{reference['to'][0]}:{text}")


@pytest.fixture(autouse=True)
def _noon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ITSM_NOW", "2026-11-22T12:00:00Z")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("impact=high", Assignment(("impact",), SET, "high")),
        ("assigned-team=it", Assignment(("assigned_team",), SET, "it")),
        ("cis+=a,b", Assignment(("cis",), APPEND, "a,b")),
        ("cis-=a", Assignment(("cis",), TAKE, "a")),
        ("note=", Assignment(("note",), UNSET, "")),
        ("risk.level=low", Assignment(("risk", "level"), SET, "low")),
        ("labels.cost-centre=7", Assignment(("labels", "cost-centre"), SET, "7")),
        ("title=a=b\nc", Assignment(("title",), SET, "a=b\nc")),
        ("title==1+1", Assignment(("title",), SET, "=1+1")),
    ],
)
def test_assignments(text: str, found: Assignment) -> None:
    assert read_assignment(text) == found


@pytest.mark.parametrize("text", ["", "impact", "=x", "a b=c", ".=x", "a..b=c", "1=2"])
def test_what_is_no_assignment(text: str) -> None:
    with pytest.raises(UsageError, match="is not an assignment"):
        read_assignment(text)


DATE_TIME = {"type": "string", "format": "date-time"}


@pytest.mark.parametrize(
    ("schema", "text", "value"),
    [
        ({"type": "string"}, " as it is ", " as it is "),
        ({"type": "string"}, "012", "012"),
        ({"enum": ["high", "very_low"]}, "HIGH", "high"),
        ({"enum": ["high", "very_low"]}, "very-low", "very_low"),
        ({"enum": ["high", "very_low"]}, "v", "very_low"),
        ({"type": "integer"}, "-3", -3),
        ({"type": "number"}, "3", 3),
        ({"type": "number"}, "2.5", 2.5),
        ({"type": "boolean"}, "Yes", True),
        ({"type": "boolean"}, "false", False),
        ({"type": ["null", "integer"]}, "1", 1),
        ({"type": ["null", "integer"]}, "null", None),
        ({"type": "string"}, "null", "null"),
        ({"enum": [1, "a", None, True]}, "1", 1),
        ({"enum": [1, "a", None, True]}, "null", None),
        ({"enum": [1, "a", None, True]}, "true", True),
        ({"type": "string", "format": "date"}, "today", "2026-11-22"),
        ({"type": "string", "format": "date"}, "2026-02-28", "2026-02-28"),
        (DATE_TIME, "now", "2026-11-22T12:00:00Z"),
        (DATE_TIME, "+2h", "2026-11-22T14:00:00Z"),
        (DATE_TIME, "-30min", "2026-11-22T11:30:00Z"),
        (DATE_TIME, "+1 w", "2026-11-29T12:00:00Z"),
        (DATE_TIME, "2026-11-22T20:00:00+09:00", "2026-11-22T20:00:00+09:00"),
        (DATE_TIME, "2026-11-22 20:00", "2026-11-22T20:00:00+01:00"),
        (DATE_TIME, "2026-07-01T20:00:30", "2026-07-01T20:00:30+02:00"),
        (DATE_TIME, "2026-07-01", "2026-07-01T00:00:00+02:00"),
        ({"type": "string", "x-ref": {"to": ["service"]}}, "mail", "service:mail"),
        ({"type": "array", "items": {"type": "integer"}}, "1, 2,,3", [1, 2, 3]),
        ({"type": "array"}, '["a,b"]', ["a,b"]),
        ({"type": "object"}, '{"a": 1}', {"a": 1}),
        ({}, "plain", "plain"),
        ({}, "[1]", [1]),
    ],
)
def test_values(schema: dict[str, Any], text: str, value: Any) -> None:
    found = READER.value(schema, text, "field")
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("schema", "text", "said"),
    [
        ({"enum": ["high", "huge", "low"]}, "hi gh er", "is not one of the values"),
        ({"enum": ["high", "huge", "low"]}, "h", "is not one of the values"),
        ({"type": "integer"}, "3.5", "is not a whole number"),
        ({"type": "number"}, "x", "is not a number"),
        ({"type": "boolean"}, "maybe", "neither true nor false"),
        ({"type": "object"}, "{a}", "this is not JSON"),
        (DATE_TIME, "tomorrow", "is not a date and time"),
        (DATE_TIME, "2026-02-30 10:00", "is not a date and time"),
        ({"type": "string", "format": "date"}, "22.11.2026", "is not a date"),
    ],
)
def test_values_that_do_not_fit(schema: dict[str, Any], text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        READER.value(schema, text, "field")
    assert caught.value.hint


def test_fields_are_found_however_deep_and_nearest_names_suggested(book: RuleBook) -> None:
    change = book.kinds["change"]
    assert schema_at(change, ("risk", "level"))["enum"] == ["low", "medium", "high"]
    assert schema_at(change, ("labels", "anything"))["type"] == "string"
    assert schema_at(change, ("x", "any", "thing")) == {}
    for path, near in ((("risc",), "risk"), (("risk", "levle"), "level"), (("tite",), "title")):
        with pytest.raises(NotFound) as caught:
            schema_at(change, path)
        assert near in caught.value.hint
        assert "a change has no field" in caught.value.message


def test_what_a_field_takes_in_words(book: RuleBook) -> None:
    change = book.kinds["change"].fields
    assert expected(change["type"]) == "standard | normal | emergency"
    assert expected(change["service"]) == "SERVICE ID"
    assert expected(change["planned_start"]) == "YYYY-MM-DD HH:MM"
    assert expected(change["cis"]) == "CI ID,…"
    assert expected({"type": "boolean"}) == "true | false"
