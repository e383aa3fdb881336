"""Checks data against the few words of JSON Schema that the files of the tool itself use.

Mappings of an import, itsm.yaml and the policy of audiences are read before a rule book can be
trusted, by rooms below the full validators. Their schemas are their only description: editors read
them, and so does this module. Tests hold every word those schemas use against this list and compare
the verdicts with jsonschema's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from itsm_gitops.model.errors import did_you_mean
from itsm_gitops.model.findings import Pointer
from itsm_gitops.model.text import safe_text

# Every word such a schema may use; those without meaning for validity among them.
WORDS = frozenset(
    {"$schema", "title", "description", "definitions", "$ref", "type", "properties", "additionalProperties"}
    | {"required", "items", "enum", "const", "pattern", "propertyNames", "uniqueItems", "oneOf"}
    | {"minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"}
    | {"format"}  # only beside a pattern or for a date that its reader checks
)
_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "integer": int,
    "number": (int, float),
}
_SIZES = (
    (dict, "minProperties", "maxProperties", "entries"),
    (list, "minItems", "maxItems", "entries"),
    (str, "minLength", "maxLength", "characters"),
)


class Misfit(NamedTuple):
    """One thing that does not fit; ``at_key`` says that the key at the pointer is meant."""

    pointer: Pointer
    message: str
    hint: str = ""
    at_key: bool = False


def misfits(
    value: Any, schema: Mapping[str, Any], root: Mapping[str, Any], at: Pointer = ()
) -> Iterator[Misfit]:
    """Yield everything about ``value`` that does not fit ``schema``; ``root`` holds its definitions."""
    if "$ref" in schema:
        schema = root["definitions"][schema["$ref"].rpartition("/")[2]]
    allowed = schema.get("type")
    names = [allowed] if isinstance(allowed, str) else allowed or []
    if names and not any(_is(value, name) for name in names):
        yield Misfit(at, f"must be a {' or a '.join(_WORD[n] for n in names)}")
        return
    yield from _sizes(value, schema, at)
    yield from _choice(value, schema, at)
    if isinstance(value, str):
        yield from _text(value, schema, at)
    elif isinstance(value, list):
        if schema.get("uniqueItems") and any(item in value[:n] for n, item in enumerate(value)):
            yield Misfit(at, "has an entry twice")
        for index, item in enumerate(value):
            yield from misfits(item, schema.get("items", {}), root, (*at, index))
    elif isinstance(value, dict):
        yield from _mapping(value, schema, root, at)
    if "oneOf" in schema:
        yield from _one_of(value, schema["oneOf"], root, at)


_WORD = {
    "object": "mapping",
    "array": "list",
    "string": "text",
    "boolean": "truth value (true or false)",
    "integer": "whole number",
    "number": "number",
}


def _is(value: Any, name: str) -> bool:
    return isinstance(value, _TYPES[name]) and (name == "boolean" or not isinstance(value, bool))


def _sizes(value: Any, schema: Mapping[str, Any], at: Pointer) -> Iterator[Misfit]:
    for of, least, most, unit in _SIZES:
        if isinstance(value, of):
            if len(value) < schema.get(least, 0):
                yield Misfit(at, f"needs at least {schema[least]} {unit}")
            if len(value) > schema.get(most, len(value)):
                yield Misfit(at, f"has more than {schema[most]} {unit}")


def _choice(value: Any, schema: Mapping[str, Any], at: Pointer) -> Iterator[Misfit]:
    if "const" in schema and not (value == schema["const"] and type(value) is type(schema["const"])):
        yield Misfit(at, f"'{safe_text(str(value))}' is not allowed here", f"it is {schema['const']}")
    if "enum" in schema and value not in schema["enum"]:
        known = schema["enum"]
        hint = did_you_mean(str(value), known) or f"one of: {', '.join(known)}"
        yield Misfit(at, f"'{safe_text(str(value))}' is not allowed here", hint)


def _text(value: str, schema: Mapping[str, Any], at: Pointer) -> Iterator[Misfit]:
    pattern = schema.get("pattern", "")
    # JSON Schema's $ is the very end; Python's allows a line break behind it.
    meant = f"{pattern[:-1]}\\Z" if pattern.endswith("$") else pattern
    if pattern and not re.search(meant, value, re.ASCII):
        yield Misfit(at, f"'{safe_text(value)}' does not match {pattern}")


def _mapping(
    value: dict[str, Any], schema: Mapping[str, Any], root: Mapping[str, Any], at: Pointer
) -> Iterator[Misfit]:
    known = schema.get("properties", {})
    rest = schema.get("additionalProperties", True)
    for name in schema.get("required", ()):
        if name not in value:
            yield Misfit(at, f"'{name}' is missing", str(known.get(name, {}).get("description", "")))
    for name, child in value.items():
        for misfit in misfits(name, schema.get("propertyNames", {}), root, (*at, name)):
            yield misfit._replace(at_key=True)
        if name in known:
            yield from misfits(child, known[name], root, (*at, name))
        elif rest is False:
            hint = did_you_mean(name, known) or f"known here: {', '.join(known)}"
            yield Misfit((*at, name), f"there is no '{safe_text(name)}' here", hint, at_key=True)
        elif isinstance(rest, Mapping):
            yield from misfits(child, rest, root, (*at, name))


def _one_of(
    value: Any, ways: list[Mapping[str, Any]], root: Mapping[str, Any], at: Pointer
) -> Iterator[Misfit]:
    """Yield what is wrong with the nearest of several ways to write a value, unless exactly one fits."""
    wrong = [list(misfits(value, way, root, at)) for way in ways]
    fitting = wrong.count([])
    if fitting > 1:
        yield Misfit(at, "mixes two ways of writing this")
    elif not fitting:
        # The way that goes wrong furthest inside is the one that was meant.
        yield max(wrong, key=lambda found: max(len(m.pointer) for m in found))[0]
