"""Names that the policy of audiences uses of the rule book: kinds and paths of fields that must exist.

A misspelt path withholds nothing, so no site is built from a policy with one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from itsm_gitops.model.audience import ALL
from itsm_gitops.model.errors import did_you_mean
from itsm_gitops.model.findings import Pointer
from itsm_gitops.model.shape import Misfit

Schemas = Mapping[str, Mapping[str, Any]]


def name_misfits(policy: Mapping[str, Any], schemas: Schemas) -> Iterator[Misfit]:
    """Yield the kinds and fields of the policy's data that a rule book does not have.

    ``policy`` fits its schema already; ``schemas`` are those of the kinds, with definitions in their places.
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
        yield from _everywhere(audience, [schemas[k] for k in asked if k in schemas], at)


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
    for key in ("only", "never"):
        for path in shown.get(key, {}):
            if _at(schema, path.split(".")) is None:
                yield _missing(path, f"the kind '{kind}' has no field", schema, (*at, key, path))


def _everywhere(
    audience: Mapping[str, Any], schemas: list[Mapping[str, Any]], at: Pointer
) -> Iterator[Misfit]:
    """Yield the fields for all kinds that none of the kinds has."""
    places = [(p, (*at, "withhold", i)) for i, p in enumerate(audience.get("withhold", ()))]
    places += [(p, (*at, "never", p)) for p in audience.get("never", {})]
    for path, place in places:
        if all(_at(s, path.split(".")) is None for s in schemas):
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
