"""Names that the policy of audiences uses of the rule book: kinds, paths of fields and their values must exist.

A misspelt path or value withholds nothing, so no site is built from a policy with one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from itsm_gitops.model.audience import ALL
from itsm_gitops.model.categories import NO_CATEGORIES, CategoryTree
from itsm_gitops.model.condition_names import value_misfits
from itsm_gitops.model.errors import did_you_mean
from itsm_gitops.model.findings import Pointer
from itsm_gitops.model.shape import Misfit

ONLY, NEVER = "only", "never"
Schemas = Mapping[str, Mapping[str, Any]]


def name_misfits(
    policy: Mapping[str, Any], schemas: Schemas, categories: CategoryTree = NO_CATEGORIES
) -> Iterator[Misfit]:
    """Yield the kinds, fields and values of the policy's data that a rule book does not have.

    ``policy`` fits its schema already; ``schemas`` are those of the kinds, with definitions in their places and the
    states as values of the state.
    """
    for name, audience in policy["audiences"].items():
        at: Pointer = ("audiences", name)
        asked = audience.get("kinds", {})
        for kind, shown in asked.items():
            here = (*at, "kinds", kind)
            if kind not in schemas:
                hint = did_you_mean(kind, schemas)
                yield Misfit(here, f"there is no kind or class '{kind}'", hint, at_key=True)
                continue
            yield from _paths(schemas[kind], shown, kind, here)
            yield from _chosen(schemas[kind], shown, kind, categories, here)
        yield from _everywhere(audience, [schemas[k] for k in asked if k in schemas], categories, at)


def _paths(schema: Mapping[str, Any], shown: Mapping[str, Any], kind: str, at: Pointer) -> Iterator[Misfit]:
    for index, path in enumerate(shown["fields"]):
        if path == ALL:
            continue
        field = _at(schema, path.removesuffix(f".{ALL}").split("."))
        if field is None:
            yield _missing(path, f"the kind '{kind}' has no field", schema, (*at, "fields", index))
        elif _has_parts(field) and not path.endswith(f".{ALL}"):
            hint = f"write '{path}.{ALL}' for all of them, or name those that are shown"
            yield Misfit((*at, "fields", index), f"'{path}' has parts, and none of them is shown", hint)
    for index, path in enumerate(shown.get("withhold", ())):
        if _at(schema, path.split(".")) is None:
            yield _missing(path, f"the kind '{kind}' has no field", schema, (*at, "withhold", index))


def _chosen(
    schema: Mapping[str, Any], shown: Mapping[str, Any], kind: str, categories: CategoryTree, at: Pointer
) -> Iterator[Misfit]:
    """Yield the fields by which documents of one kind are chosen, and their values, that there are not."""
    for key in (ONLY, NEVER):
        for path, values in shown.get(key, {}).items():
            field, place = _at(schema, path.split(".")), (*at, key, path)
            if field is None:
                yield _missing(path, f"the kind '{kind}' has no field", schema, place)
            else:
                yield from value_misfits(values, [_held(field)], categories, place, loose=key == NEVER)


def _everywhere(
    audience: Mapping[str, Any], schemas: list[Mapping[str, Any]], categories: CategoryTree, at: Pointer
) -> Iterator[Misfit]:
    """Yield the fields for all kinds that none of the kinds has, and values that they never have."""
    places = [(p, (), (*at, "withhold", i)) for i, p in enumerate(audience.get("withhold", ()))]
    places += [(p, values, (*at, NEVER, p)) for p, values in audience.get(NEVER, {}).items()]
    for path, values, place in places:
        found = [_held(f) for s in schemas if (f := _at(s, path.split("."))) is not None]
        if found:
            yield from value_misfits(values, found, categories, place, loose=True)
        else:
            fields: dict[str, Any] = {"properties": {f: {} for s in schemas for f in s["properties"]}}
            yield _missing(path, "no kind that is shown has a field", fields, place)


def _missing(path: str, what: str, schema: Mapping[str, Any], at: Pointer) -> Misfit:
    return Misfit(at, f"{what} '{path}'", did_you_mean(path.split(".", maxsplit=1)[0], schema["properties"]))


def _at(schema: Any, steps: Iterable[str]) -> Any:
    """Return the schema of what a path leads to, None where there is nothing; below an open area is anything."""
    for step in steps:
        schema = _held(schema)
        properties = schema.get("properties")
        if properties is None:
            return {} if schema.get("type") == "object" else None
        if step not in properties:
            return None
        schema = properties[step]
    return schema


def _held(schema: Any) -> Any:
    while isinstance(schema.get("items"), dict):
        schema = schema["items"]
    return schema


def _has_parts(schema: Any) -> bool:
    return bool(_held(schema).get("type") == "object")
