"""Family S: what a schema refuses, said in plain words at the exact place.

Each rule here explains one group of JSON Schema keywords; ``explain`` turns everything that is
wrong with a document into hits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from itsm_gitops.model.errors import did_you_mean
from itsm_gitops.model.findings import Pointer
from itsm_gitops.rules.rule import Hit, Rule
from itsm_gitops.schema.pattern_words import in_words
from itsm_gitops.schema.validate import unnamed

_TYPES = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
    "null": "null",
}
_SHOWN = 60


class Coded(NamedTuple):
    """A hit with the code of the rule it belongs to."""

    code: str
    hit: Hit


def show(value: Any) -> str:
    """Say a value briefly, as it would be written."""
    if isinstance(value, str):
        text = f"'{value}'"
    elif isinstance(value, dict):
        text = "a mapping"
    elif isinstance(value, list):
        text = "a list"
    elif value is None:
        text = "nothing"
    else:
        text = str(value).lower() if isinstance(value, bool) else str(value)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def _kind_of(value: Any) -> str:
    names = {
        bool: "true or false",
        str: "text",
        int: "a number",
        float: "a number",
        list: "a list",
        dict: "a mapping",
    }
    return names.get(type(value), "nothing")


def _place(pointer: Pointer) -> str:
    """Name the field a pointer means: its last key and, inside a list, the position from 1."""
    keys = [p for p in pointer if isinstance(p, str)]
    name = keys[-1] if keys else "the document"
    if pointer and isinstance(pointer[-1], int):
        return f"entry {pointer[-1] + 1} of {name}"
    return name


def _unknown_field(error: Any, at: Pointer) -> Iterator[Hit]:
    known = error.schema.get("properties", {})
    allowed = "only these fields exist here: " + ", ".join(list(known)[:12])
    for name in unnamed(error.schema, error.instance):
        hint = did_you_mean(name, known) or (allowed if known else "no field may stand here")
        yield Hit(f"there is no field '{name}'", (*at, name), hint, at_key=True)


def _missing_field(error: Any, at: Pointer) -> Iterator[Hit]:
    for name in error.validator_value:
        if name not in error.instance:
            about = error.schema.get("properties", {}).get(name, {}).get("description", "")
            owner = f" in {_place(at)}" if at else ""
            yield Hit(
                f"the field '{name}' is missing{owner}", at, f"{name}: {about}" if about else "", missing=name
            )


def _wrong_type(error: Any, at: Pointer) -> Iterator[Hit]:
    wanted = error.validator_value
    names = [_TYPES.get(t, t) for t in ([wanted] if isinstance(wanted, str) else wanted)]
    hint = "put it in quotes" if wanted == "string" and isinstance(error.instance, (int, float)) else ""
    found = _kind_of(error.instance)
    yield Hit(f"{_place(at)} must be {' or '.join(names)}, not {found}", at, hint)


def _not_allowed(error: Any, at: Pointer) -> Iterator[Hit]:
    choices = error.validator_value if error.validator == "enum" else [error.validator_value]
    words = [c if isinstance(c, str) else show(c) for c in choices]
    near = did_you_mean(str(error.instance), words) if len(words) > 1 else ""
    listed = "allowed: " + ", ".join(words[:12]) + (", …" if len(words) > 12 else "")
    hint = f"{near} ({listed})" if near else listed
    yield Hit(f"{_place(at)} cannot be {show(error.instance)}", at, hint)


def _wrong_shape(error: Any, at: Pointer) -> Iterator[Hit]:
    about = error.schema.get("description", "")
    message = f"{_place(at)} is not written as it must be: {show(error.instance)}"
    said = in_words(error.validator_value)
    wanted = f"write {said}" if said else "" if about else f"pattern: {error.validator_value}"
    yield Hit(
        message, at, f"{about} {wanted[0].upper()}{wanted[1:]}" if about and wanted else about or wanted
    )


def _wrong_format(error: Any, at: Pointer) -> Iterator[Hit]:
    names = {
        "date-time": ("a date and time with an offset", "it exists and looks like 2026-11-22T09:30:00Z"),
        "date": ("a date", "it exists and looks like 2026-11-22"),
        "uri": ("a web address", "for example https://example.com/page"),
    }
    what, hint = names[error.validator_value]
    yield Hit(f"{_place(at)} is not {what}: {show(error.instance)}", at, hint)


def _out_of_range(error: Any, at: Pointer) -> Iterator[Hit]:
    words = {
        "minimum": "at least",
        "maximum": "at most",
        "exclusiveMinimum": "more than",
        "exclusiveMaximum": "less than",
        "multipleOf": "a multiple of",
    }
    limit = f"{words[error.validator]} {error.validator_value}"
    yield Hit(f"{_place(at)} must be {limit}, not {show(error.instance)}", at)


def _wrong_size(error: Any, at: Pointer) -> Iterator[Hit]:
    size, limit = len(error.instance), error.validator_value
    unit = {"L": "characters", "I": "entries", "P": "fields"}[error.validator[3]]
    if limit == 1:
        unit = {"characters": "character", "entries": "entry", "fields": "field"}[unit]
    bound = "at least" if error.validator.startswith("min") else "at most"
    hint = "fill it in, or leave the whole field out" if bound == "at least" else ""
    yield Hit(f"{_place(at)} must have {bound} {limit} {unit}, not {size}", at, hint)


def _repeated(error: Any, at: Pointer) -> Iterator[Hit]:
    for index, value in enumerate(error.instance):
        if value in error.instance[:index]:
            yield Hit(f"{_place((*at, index))} repeats an earlier one: {show(value)}", (*at, index))


def _refused(error: Any, at: Pointer) -> Iterator[Hit]:
    about = error.schema.get("description", "") if isinstance(error.schema, dict) else ""
    yield Hit(f"{_place(at)} does not meet the condition '{error.validator}' of its schema", at, about)


Explainer = Callable[[Any, Pointer], Iterator[Hit]]

_EXPLAINED: dict[str, tuple[str, Explainer]] = {
    "additionalProperties": ("S001", _unknown_field),
    "required": ("S002", _missing_field),
    "type": ("S003", _wrong_type),
    "enum": ("S004", _not_allowed),
    "const": ("S004", _not_allowed),
    "pattern": ("S005", _wrong_shape),
    "format": ("S006", _wrong_format),
    **dict.fromkeys(
        ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"), ("S007", _out_of_range)
    ),
    **dict.fromkeys(
        ("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"),
        ("S008", _wrong_size),
    ),
    "uniqueItems": ("S009", _repeated),
}


def explain(validator: Any, data: Any) -> list[Coded]:
    """Return everything a schema refuses in ``data``, each place once, in document order."""
    found: dict[tuple[Pointer, bool, str], Coded] = {}
    for error in validator.iter_errors(data):
        code, explainer = _EXPLAINED.get(error.validator, ("S010", _refused))
        at: Pointer = tuple(error.absolute_path)
        if "propertyNames" in error.absolute_schema_path:
            key = str(error.instance)
            about = "short lower-case keys: letters, digits and _ . / -"
            message = f"'{_cut(key)}' cannot be a key of {_place(at)}"
            hits: Iterator[Hit] = iter([Hit(message, (*at, key), about, at_key=True)])
            code = "S005"
        else:
            hits = explainer(error, at)
        for hit in hits:
            place = (hit.pointer, hit.at_key, code if code == "S002" else "")
            found.setdefault((*place[:2], place[2] + (hit.message if place[2] else "")), Coded(code, hit))
    return sorted(found.values(), key=lambda c: ([str(p) for p in c.hit.pointer], c.code, c.hit.message))


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


RULES = (
    Rule(
        "S001",
        "Unknown field",
        why="A misspelt field would silently mean nothing: schemas name every field that exists.",
        hint="correct the name, or put your own data under labels or x",
        bad="titel: Mail is down",
        good="title: Mail is down",
    ),
    Rule(
        "S002",
        "Missing field",
        why="The schema of this kind demands the field in every document.",
        hint="add the field",
        bad="id: payments-db\nclass: database",
        good="id: payments-db\nclass: database\nname: Payments database\nowner: team-data",
    ),
    Rule(
        "S003",
        "Wrong type of value",
        why="A number where text belongs (or the reverse) breaks every reader of the field.",
        hint="write a value of the type the field has",
        bad="title: 404",
        good='title: "404"',
    ),
    Rule(
        "S004",
        "Value that is not allowed",
        why="The field takes one of a fixed list of words, so that it can be counted and searched.",
        hint="use one of the allowed words",
        bad="impact: hihg",
        good="impact: high",
    ),
    Rule(
        "S005",
        "Value of the wrong shape",
        why="The field has a fixed way of writing (an identifier, a single line) that tools rely on.",
        hint="write it as the field's description says",
        bad="assigned_team: Team Network",
        good="assigned_team: team-network",
    ),
    Rule(
        "S006",
        "Not a date, time or address",
        why="Clocks and reports are computed from times, so they must exist and carry an offset.",
        hint="times look like 2026-11-22T09:30:00Z, dates like 2026-11-22, addresses like https://example.com",
        bad="at: 2026-02-30T10:00:00Z",
        good="at: 2026-02-28T10:00:00Z",
    ),
    Rule(
        "S007",
        "Number out of range",
        why="The number cannot be true (a port of 70000, a share of 120 per cent).",
        hint="use a number within the bounds",
        bad="port: 70000",
        good="port: 5432",
    ),
    Rule(
        "S008",
        "Too long, too short, too many or too few",
        why="Bounds keep every document readable, on a screen and by a program.",
        hint="shorten it, or move detail into the timeline or a linked document",
        bad='title: ""',
        good="title: Mail is down",
    ),
    Rule(
        "S009",
        "Entry repeated in a list",
        why="The same entry twice means a mistake in one of them, and would be counted twice.",
        hint="remove one of the two (itsm check --fix does)",
        fixable=True,
        bad="cis: [payments-db, payments-db]",
        good="cis: [payments-db]",
    ),
    Rule(
        "S013",
        "Schema lets through what a rule cannot read",
        why="A rule relies on fields the shipped schemas demand; a loosened schema leaves it blind.",
        hint="compare the schema of this kind with the shipped one (itsm init writes it), or report a bug",
        bad="# a schema without `required` for the parts of priority_override\npriority_override: {reason: Urgent.}",
        good="priority_override: {priority: P1, by: anna, reason: Urgent.}",
    ),
    Rule(
        "S010",
        "Condition of the schema not met",
        why="The schema combines conditions (anyOf, not, if/then …) that this value does not meet.",
        hint="read the field's description in the schema of its kind",
        bad="window: {start: 2026-11-22}",
        good="window: {start: 2026-11-22, end: 2026-11-23}",
    ),
)
