"""Part of rule S022: policies and templates use fields, values and roles that there are.

``_PLACES`` says which words of which file are names of fields, ``_VALUES`` which are values; a pattern has the keys from the root of the file, with
``*`` for any one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from itsm_gitops.model.condition_names import Schema, Vocabulary, condition_misfits, fields_at, value_misfits
from itsm_gitops.model.decisions import POLICY, is_reference
from itsm_gitops.model.errors import did_you_mean
from itsm_gitops.model.findings import WARNING, Pointer
from itsm_gitops.model.rulebook import CHANGE_CONTROL, PRIORITY, RECURRING, RISK, ROLES
from itsm_gitops.model.shape import Misfit
from itsm_gitops.model.sharing import NOTES, SHARING
from itsm_gitops.rules.book import BookContext
from itsm_gitops.rules.rule import Hit

_PLACES: Mapping[str, tuple[str, ...]] = {
    ROLES: ("roles/*/fields/*", "roles/*/owners/*", "roles/*/on_call/*", "roles/*/manager_of/*"),
    CHANGE_CONTROL: ("free_fields/*",),
}
# Words that are values of a field: file, pattern, field.
_VALUES: tuple[tuple[str, str, str], ...] = (
    (POLICY, "dependents/criticality/*", "criticality"),
    (RISK, "failed_outcomes/*", "outcome"),
    (RISK, "facts/*/steps/*/is", "criticality"),
)
_TEMPLATES = "schemas/templates/"
_LEVELS = ("impact", "urgency")


def policy_names(ctx: BookContext, words: Vocabulary) -> Iterator[Hit]:
    """Yield what policies and templates name and the rule book does not have."""
    for path, patterns in _PLACES.items():
        if not ctx.refusals(path):
            yield from _fields(path, ctx.data(path) or {}, patterns, words)
    for path, pattern, field in _VALUES:
        if not ctx.refusals(path):
            yield from _values(path, ctx.data(path) or {}, pattern, field, words)
    if not ctx.refusals(ROLES):
        yield from _fallbacks((ctx.data(ROLES) or {}).get("roles", {}))
    if not ctx.refusals(PRIORITY):
        yield from _matrix(ctx.data(PRIORITY) or {}, words)
    for path, data in ctx.usable(_TEMPLATES, ".yaml"):
        if not ctx.refusals(path):
            yield from _template(path, data, words)
    if not ctx.refusals(RECURRING):
        yield from _recurring(ctx.data(RECURRING) or {}, words)
    if not ctx.refusals(SHARING):
        yield from _shared(ctx.data(SHARING) or {}, words)
    if not ctx.refusals(POLICY):
        yield from _followed(ctx.data(POLICY) or {}, words)


def _fields(path: str, data: Any, patterns: Sequence[str], words: Vocabulary) -> Iterator[Hit]:
    schemas = list(words.schemas.values())
    names = {n for s in schemas for n in s.get("properties", ())}
    for pattern in patterns:
        for at, name in places(data, pattern.split("/"), ()):
            if not fields_at(name, schemas, words):
                yield Hit(f"no kind has a field '{name}'", at, did_you_mean(name, names), path)


def _values(path: str, data: Any, pattern: str, field: str, words: Vocabulary) -> Iterator[Hit]:
    """Yield the words at the places of a pattern that are no value of a field in any kind."""
    fields = [found for schema in words.schemas.values() for found in fields_at(field, [schema], words)]
    for at, word in places(data, pattern.split("/"), ()) if fields else ():
        for misfit in value_misfits(word, fields, words.categories, at):
            yield Hit(misfit.message, misfit.pointer, misfit.hint, path)


def places(node: Any, pattern: Sequence[str], at: Pointer) -> Iterator[tuple[Pointer, str]]:
    """Yield the words at the places of a pattern."""
    if not pattern:
        if isinstance(node, str):
            yield at, node
        return
    head, rest = pattern[0], pattern[1:]
    if isinstance(node, Mapping):
        for key in node if head == "*" else (head,):
            yield from places(node.get(key), rest, (*at, key))
    elif isinstance(node, list) and head == "*":
        for index, value in enumerate(node):
            yield from places(value, rest, (*at, index))


def _fallbacks(roles: Mapping[str, Any]) -> Iterator[Hit]:
    """Look up the roles that stand in for others."""
    for name, about in roles.items():
        other = about.get("otherwise")
        if other is not None and other not in roles:
            place = ("roles", name, "otherwise")
            yield Hit(f"there is no role '{other}'", place, did_you_mean(other, roles), ROLES)


def _matrix(policy: Mapping[str, Any], words: Vocabulary) -> Iterator[Hit]:
    """Compare the levels of the policy with those of the fields, and with the matrix: each pair has a priority."""
    for field in _LEVELS:
        for at, message, hint in _levels(policy, field, words):
            yield Hit(message, at, hint, PRIORITY)
    matrix, rows, columns = policy.get("matrix", {}), policy.get("impact", ()), policy.get("urgency", ())
    cells = [((str(row),), matrix.get(row)) for row in {**dict.fromkeys(rows), **matrix}]
    for (row,), line in cells:
        if row not in rows:
            yield Hit(
                f"there is no impact '{row}'", ("matrix", row), did_you_mean(row, rows), PRIORITY, at_key=True
            )
        elif line is None:
            yield Hit(f"no priority is given for impact '{row}'", ("matrix",), "", PRIORITY, at_key=True)
        else:
            yield from _line(row, line, columns)


def _line(row: str, line: Mapping[str, Any], columns: Sequence[str]) -> Iterator[Hit]:
    for name in line:
        if name not in columns:
            hint = did_you_mean(name, columns)
            yield Hit(f"there is no urgency '{name}'", ("matrix", row, name), hint, PRIORITY, at_key=True)
    for name in columns:
        if name not in line:
            message = f"no priority is given for impact '{row}' with urgency '{name}'"
            yield Hit(message, ("matrix", row), "", PRIORITY, at_key=True)


def _levels(policy: Mapping[str, Any], field: str, words: Vocabulary) -> Iterator[tuple[Pointer, str, str]]:
    """Yield the levels that no kind with both fields has, and those of such kinds that the policy leaves out."""
    schemas = [s for s in words.schemas.values() if set(_LEVELS) <= s.get("properties", {}).keys()]
    known = [v for s in schemas for v in s["properties"][field].get("enum", ())]
    listed = policy.get(field, ())
    for index, level in enumerate(listed if known else ()):
        if level not in known:
            yield (field, index), f"no kind has the {field} '{level}'", did_you_mean(level, known)
    for level in dict.fromkeys(known):
        if level not in listed:
            yield (field,), f"the {field} '{level}' is missing: it would give no priority", ""


def _template(path: str, data: Mapping[str, Any], words: Vocabulary) -> Iterator[Hit]:
    """Look up the kind of a template, and the fields and values that it fills in."""
    name = data.get("kind", data.get("class"))
    tag = "kind" if "kind" in data else "class"
    schema = words.schemas.get(str(name))
    if schema is None:
        yield Hit(f"there is no {tag} '{name}'", (tag,), did_you_mean(str(name), words.schemas), path)
        return
    for misfit in _filled(data.get("values", {}), schema, words, ("values",)):
        # It controls nothing: the document that it fills in is judged when it is made.
        yield Hit(misfit.message, misfit.pointer, misfit.hint, path, misfit.at_key, severity=WARNING)


def _recurring(policy: Mapping[str, Any], words: Vocabulary) -> Iterator[Hit]:
    """Look up the values that recurring work fills in; what names no field or kind is another rule's (S040)."""
    for number, rule in enumerate(policy.get("rules", ())):
        schema, values = words.schemas.get(rule["kind"], {}), rule.get("values", {})
        known = {name: value for name, value in values.items() if name in schema.get("properties", {})}
        for misfit in _filled(known, schema, words, ("rules", number, "values")):
            yield Hit(misfit.message, misfit.pointer, misfit.hint, RECURRING, misfit.at_key, severity=WARNING)


def _shared(policy: Mapping[str, Any], words: Vocabulary) -> Iterator[Hit]:
    """Look up the kinds and fields that may go to the main branch at once."""
    for number, about in enumerate(policy.get("direct", ())):
        at: Pointer = ("direct", number)
        schemas = {kind: words.schemas.get(kind) for kind in about["kinds"]}
        for index, kind in enumerate(about["kinds"]):
            if schemas[kind] is None:
                hint = did_you_mean(kind, words.schemas)
                yield Hit(
                    f"there is no kind or class '{kind}'",
                    (*at, "kinds", index),
                    hint,
                    SHARING,
                    severity=WARNING,
                )
        fields = {NOTES, *(n for s in schemas.values() if s is not None for n in s.get("properties", ()))}
        for index, field in enumerate(about.get("fields", ()) if all(schemas.values()) else ()):
            if field not in fields:
                hint = did_you_mean(field, fields)
                yield Hit(
                    f"no such kind has a field '{field}'",
                    (*at, "fields", index),
                    hint,
                    SHARING,
                    severity=WARNING,
                )


def _followed(policy: Mapping[str, Any], words: Vocabulary) -> Iterator[Hit]:
    """Look up the conditions of approvals that follow what a field names, where they say of which kinds of record."""
    for number, rule in enumerate(policy.get("rules", ())):
        for part in ((), ("override",)):
            when = (rule.get(part[0], {}) if part else rule).get("when", {})
            kinds = [kind for kind in when.get("kind", rule["when"].get("kind", ())) if kind in words.schemas]
            for condition in filter(is_reference, when if kinds else ()):
                at = ("rules", number, *part, "when")
                for misfit in condition_misfits({condition: when[condition]}, kinds, words, at):
                    yield Hit(misfit.message, misfit.pointer, misfit.hint, POLICY, misfit.at_key)


def _filled(values: Any, schema: Schema, words: Vocabulary, at: Pointer) -> Iterator[Misfit]:
    """Compare what a template fills in with a schema; nothing needs to be complete."""
    if isinstance(values, Mapping):
        fields = schema.get("properties")
        for name, value in values.items():
            if fields is None or name in fields:
                yield from _filled(value, (fields or {}).get(name, {}), words, (*at, name))
            elif schema.get("additionalProperties") is False:
                yield Misfit(
                    (*at, name), f"there is no field '{name}'", did_you_mean(name, fields), at_key=True
                )
    elif isinstance(values, list):
        items = schema.get("items")
        for index, value in enumerate(values):
            yield from _filled(value, items if isinstance(items, Mapping) else {}, words, (*at, index))
    elif values is not None:
        yield from value_misfits(values, [schema], words.categories, at)
