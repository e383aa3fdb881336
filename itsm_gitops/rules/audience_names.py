"""Names that schemas/policies/audiences.yaml and itsm.yaml use of the rule book; part of rule S022."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from itsm_gitops.model.audience import ALL, AUDIENCES, INTERNAL
from itsm_gitops.model.errors import did_you_mean
from itsm_gitops.model.findings import Pointer
from itsm_gitops.model.kinds import inline
from itsm_gitops.model.rulebook import COMMON
from itsm_gitops.rules.rule import Hit

if TYPE_CHECKING:
    from itsm_gitops.rules.book import BookContext

Schemas = Mapping[str, Mapping[str, Any]]


def audience_hits(ctx: BookContext) -> Iterator[Hit]:
    """Yield what the policy and itsm.yaml name and the rule book does not have."""
    if ctx.refusals(AUDIENCES):
        return  # its own shape comes first
    schemas = {}
    for folder in ("schemas/records/", "schemas/cmdb/"):
        for path, data in ctx.usable(folder, ".schema.json"):
            if not ctx.refusals(path):
                about = data["x-itsm"]
                schemas[about.get("kind") or about["class"]] = data
    definitions = (ctx.data(COMMON) or {}).get("definitions", {})
    yield from audience_names(ctx.data(AUDIENCES), schemas, definitions, ctx.config.audience)


def audience_names(
    policy: Any, schemas: Schemas, definitions: Mapping[str, Any], usual: str
) -> Iterator[Hit]:
    """Yield the kinds and fields of the policy that do not exist, and a usual audience that does not.

    ``schemas`` are those of the kinds as written, ``definitions`` what they share.
    """
    audiences = policy["audiences"] if policy else {}
    if usual not in (*audiences, INTERNAL):
        hint = did_you_mean(usual, [*audiences, INTERNAL])
        yield Hit(f"there is no audience '{usual}'", ("site", "audience"), hint, "itsm.yaml")
    whole: dict[str, Any] = {}
    for name, audience in audiences.items():
        known = audience.get("kinds", {})
        at: Pointer = ("audiences", name)
        for kind, shown in known.items():
            if kind not in schemas:
                yield _hit(
                    f"there is no kind or class '{kind}'", (*at, "kinds", kind), did_you_mean(kind, schemas)
                )
                continue
            if kind not in whole:
                whole[kind] = inline(schemas[kind], definitions)
            yield from _paths(whole[kind], shown, kind, (*at, "kinds", kind))
        yield from _everywhere(audience, [whole[k] for k in known if k in whole], at)


def _paths(schema: Mapping[str, Any], shown: Mapping[str, Any], kind: str, at: Pointer) -> Iterator[Hit]:
    for index, path in enumerate(shown["fields"]):
        if path == ALL:
            continue
        found = _at(schema, path.removesuffix(f".{ALL}").split("."))
        if found is None:
            yield _missing(path, f"the kind '{kind}' has no field", schema, (*at, "fields", index))
        elif _has_parts(found) and not path.endswith(f".{ALL}"):
            hint = f"write '{path}.{ALL}' for all of them, or name those that are shown"
            yield _hit(f"'{path}' has parts, and none of them is shown", (*at, "fields", index), hint)
    for index, path in enumerate(shown.get("withhold", ())):
        if _at(schema, path.split(".")) is None:
            yield _missing(path, f"the kind '{kind}' has no field", schema, (*at, "withhold", index))
    for key in ("only", "never"):
        for path in shown.get(key, {}):
            if _at(schema, path.split(".")) is None:
                yield _missing(path, f"the kind '{kind}' has no field", schema, (*at, key, path))


def _everywhere(audience: Mapping[str, Any], schemas: list[Mapping[str, Any]], at: Pointer) -> Iterator[Hit]:
    """Yield the fields for all kinds that none of the kinds has."""
    places = [(p, (*at, "withhold", i)) for i, p in enumerate(audience.get("withhold", ()))]
    places += [(p, (*at, "never", p)) for p in audience.get("never", {})]
    for path, place in places:
        if all(_at(s, path.split(".")) is None for s in schemas):
            fields: dict[str, Any] = {"properties": {f: {} for s in schemas for f in s["properties"]}}
            yield _missing(path, "no kind that is shown has a field", fields, place)


def _missing(path: str, what: str, schema: Mapping[str, Any], at: Pointer) -> Hit:
    return _hit(f"{what} '{path}'", at, did_you_mean(path.split(".", maxsplit=1)[0], schema["properties"]))


def _hit(message: str, at: Pointer, hint: str) -> Hit:
    return Hit(message, at, hint, AUDIENCES)


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
