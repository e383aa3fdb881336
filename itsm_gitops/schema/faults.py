"""What is wrong with a schema of the rule book itself: found before any document is judged by it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple

from itsm_gitops.model.errors import did_you_mean
from itsm_gitops.model.findings import Pointer
from itsm_gitops.schema.ambiguity import is_ambiguous
from itsm_gitops.schema.patterns import BadPattern
from itsm_gitops.schema.validate import NAMED, PATTERN_PROPERTIES, VALUES

DRAFT = "http://json-schema.org/draft-07/schema#"
_LOCAL = "#/definitions/"
_SHARED = "../common.schema.json#/definitions/"
_ENDLESS = "some texts can be read by this pattern in ever more ways, which can take for ever (CWE-1333)"
_REPEAT = "repeat a part only where each turn begins with a sign that the part itself cannot have"


class Fault(NamedTuple):
    """One thing that is wrong with a schema, and where in it."""

    message: str
    pointer: Pointer
    hint: str = ""


def subschemas(schema: Any, at: Pointer = ()) -> Iterator[tuple[Mapping[str, Any], Pointer]]:
    """Yield a schema and every schema in it, with their pointers; values and names are none."""
    if isinstance(schema, list):
        for index, child in enumerate(schema):
            yield from subschemas(child, (*at, index))
    if not isinstance(schema, dict):
        return
    yield schema, at
    for key, child in schema.items():
        if key in NAMED and isinstance(child, dict):
            for name, named in child.items():
                yield from subschemas(named, (*at, key, name))
        elif key not in VALUES and not key.startswith("x-"):
            yield from subschemas(child, (*at, key))


def faults(schema: Any) -> list[Fault]:
    """Return what makes a schema unusable: it is no valid draft-07, or has patterns that none may have."""
    found = [] if _surely_valid(schema) else list(_invalid(schema))
    for node, at in subschemas(schema):
        if "$schema" in node and node["$schema"] != DRAFT:
            found.append(Fault("the rule book is written in JSON Schema draft-07", (*at, "$schema"), DRAFT))
        named = node.get(PATTERN_PROPERTIES)
        for name in named if isinstance(named, dict) else ():
            place = (*at, PATTERN_PROPERTIES, name)
            found += [Fault(why, place, hint) for why, hint in pattern_fault(name)]
        pattern = node.get("pattern")
        if isinstance(pattern, str):
            found += [Fault(why, (*at, "pattern"), hint) for why, hint in pattern_fault(pattern)]
    return found


def pattern_fault(pattern: str) -> Iterator[tuple[str, str]]:
    """Yield why a pattern may not be used, and what to do; nothing for a good one."""
    try:
        if is_ambiguous(pattern):
            yield _ENDLESS, _REPEAT
    except BadPattern as error:
        yield f"the pattern cannot be read: {error}", ""


def _surely_valid(schema: Any) -> bool:
    try:
        import jsonschema_rs
    except ImportError:
        return False
    return isinstance(schema, dict) and bool(jsonschema_rs.meta.is_valid({**schema, "$schema": DRAFT}))


def _invalid(schema: Any) -> Iterator[Fault]:
    """Yield the innermost violation of draft-07's own schema."""
    from jsonschema import Draft7Validator

    worst = min(
        Draft7Validator(Draft7Validator.META_SCHEMA).iter_errors(schema),
        key=lambda e: (-len(e.absolute_path), str(e.absolute_path)),
        default=None,
    )
    if worst is not None:
        yield Fault(worst.message, tuple(worst.absolute_path))


def reference_faults(schema: Any, shared: Mapping[str, Any] | None = None) -> Iterator[Fault]:
    """Yield the references of a schema that lead nowhere, elsewhere or in a circle.

    ``shared`` are the definitions of ``schemas/common.schema.json`` for a schema that uses those;
    None for one that stands alone and may refer to itself.
    """
    own = schema.get("definitions") if isinstance(schema, dict) else None
    definitions = own if shared is None else shared
    names: Collection[str] = definitions if isinstance(definitions, dict) else ()
    for node, at in subschemas(schema):
        reference = node.get("$ref")
        if not isinstance(reference, str):
            continue
        name = _name(reference, shared=shared is not None)
        if name is None:
            hint = f"write {_SHARED if shared is not None else _LOCAL}NAME"
            yield Fault(f"the reference '{reference}' leads out of the rule book", (*at, "$ref"), hint)
        elif name not in names:
            yield Fault(f"'{reference}' does not exist", (*at, "$ref"), did_you_mean(name, names))


def _name(reference: str, *, shared: bool) -> str | None:
    found = re.fullmatch(rf"(?:{re.escape(_SHARED)}|{_LOCAL})([^/#%~]+)", reference)
    return found[1] if found and (shared or reference.startswith(_LOCAL)) else None


def circle_faults(schema: Any, *, inlined: bool) -> Iterator[Fault]:
    """Yield definitions that refer to themselves.

    Shared definitions are put in the place of each reference (``inlined``), so none may be inside
    itself. Elsewhere only a reference to nothing but itself has no end.
    """
    definitions = schema.get("definitions") if isinstance(schema, dict) else None
    if not isinstance(definitions, dict):
        return
    uses = {name: set(_used(body, inlined=inlined)) for name, body in definitions.items()}
    for name in definitions:
        reached: set[str] = set()
        waiting = list(uses[name])
        while waiting:
            other = waiting.pop()
            if other not in reached:
                reached.add(other)
                waiting += uses.get(other, ())
        if name in reached:
            yield Fault(f"the definition '{name}' contains itself", ("definitions", name))


def _used(body: Any, *, inlined: bool) -> Iterator[str]:
    """Yield the definitions that a schema needs before it can be read at all."""
    for node, at in subschemas(body):
        reference = node.get("$ref")
        applies_here = inlined or not any(step in _DEEPER for step in at)
        name = _name(reference, shared=True) if isinstance(reference, str) and applies_here else None
        if name is not None:
            yield name


# Keywords that apply their schema to a part of the value: there a reference to itself ends with the value.
_DEEPER = ("properties", "items", "additionalProperties", "propertyNames", "contains", "additionalItems")
