"""Checks data against the few words of JSON Schema that the mapping file's schema uses.

The schema is the only description of a mapping: editors read it and so does this module. (The full
validators belong to the room of the rules, which an importer does not know.) A test holds every
word that the schema uses against this list and compares the verdicts with jsonschema's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from itsm_gitops.model.errors import did_you_mean
from itsm_gitops.model.findings import Pointer
from itsm_gitops.model.text import safe_text

# Every word the schema may use; those without meaning for validity among them.
WORDS = frozenset(
    {"$schema", "title", "description", "definitions", "$ref", "type", "properties", "additionalProperties"}
    | {"required", "items", "enum", "pattern"}
    | {"minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"}
)
_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
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
    if isinstance(value, str):
        yield from _text(value, schema, at)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from misfits(item, schema.get("items", {}), root, (*at, index))
    elif isinstance(value, dict):
        yield from _mapping(value, schema, root, at)


_WORD = {"object": "mapping", "array": "list", "string": "text", "boolean": "truth value (true or false)"}


def _is(value: Any, name: str) -> bool:
    return isinstance(value, _TYPES[name])


def _sizes(value: Any, schema: Mapping[str, Any], at: Pointer) -> Iterator[Misfit]:
    for of, least, most, unit in _SIZES:
        if isinstance(value, of):
            if len(value) < schema.get(least, 0):
                yield Misfit(at, f"needs at least {schema[least]} {unit}")
            if len(value) > schema.get(most, len(value)):
                yield Misfit(at, f"has more than {schema[most]} {unit}")


def _text(value: str, schema: Mapping[str, Any], at: Pointer) -> Iterator[Misfit]:
    if "enum" in schema and value not in schema["enum"]:
        known = schema["enum"]
        hint = did_you_mean(value, known) or f"one of: {', '.join(known)}"
        yield Misfit(at, f"'{safe_text(value)}' is not allowed here", hint)
    if "pattern" in schema and not re.search(schema["pattern"], value):
        yield Misfit(at, f"'{safe_text(value)}' does not match {schema['pattern']}")


def _mapping(
    value: dict[str, Any], schema: Mapping[str, Any], root: Mapping[str, Any], at: Pointer
) -> Iterator[Misfit]:
    known = schema.get("properties", {})
    rest = schema.get("additionalProperties", True)
    for name in schema.get("required", ()):
        if name not in value:
            yield Misfit(at, f"'{name}' is missing", str(known.get(name, {}).get("description", "")))
    for name, child in value.items():
        if name in known:
            yield from misfits(child, known[name], root, (*at, name))
        elif rest is False:
            hint = did_you_mean(name, known) or f"known here: {', '.join(known)}"
            yield Misfit((*at, name), f"there is no '{safe_text(name)}' here", hint, at_key=True)
        elif isinstance(rest, Mapping):
            yield from misfits(child, rest, root, (*at, name))
