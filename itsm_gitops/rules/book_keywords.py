"""Part of rule S022: keywords of schemas (``x-ref``, ``x-due``, ``x-time``) use kinds, link types and fields that there are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from itsm_gitops.model import dated_fields, duties
from itsm_gitops.model.condition_names import Schema, Vocabulary, condition_misfits_in
from itsm_gitops.model.errors import did_you_mean
from itsm_gitops.model.findings import Pointer
from itsm_gitops.model.shape import Misfit
from itsm_gitops.rules.rule import Hit

_CONDITIONS: tuple[Pointer, ...] = (("unless",), ("when",), ("renews", "when"), ("missing", "when"))
_NUMBERS: tuple[Pointer, ...] = (("before",), ("after",), ("renews", "months"))


def date_names(path: str, schema: Schema, words: Vocabulary) -> Iterator[Hit]:
    """Yield what is wrong with the names that the dates of one schema (definitions in their places) use."""
    for misfit in _walk(schema, {}, words, ()):
        yield Hit(misfit.message, misfit.pointer, misfit.hint, path, misfit.at_key)


def reference_names(path: str, data: Any, words: Vocabulary) -> Iterator[Hit]:
    """Yield the kinds and link types of the references in one schema, as written, that do not exist.

    A link type that nobody has is followed by nothing: not by impact, and not by the gate that asks owners.
    """
    for at, about in _references(data, ()):
        named = about.get("to")
        for index, name in enumerate(named if isinstance(named, list) else ()):
            if name not in words.schemas and name not in words.members:
                hint = did_you_mean(str(name), [*words.schemas, *words.members])
                yield Hit(f"there is no kind or class '{name}'", (*at, "to", index), hint, path)
        relation = about.get("relation")
        if relation is not None and relation not in words.ends:
            hint = did_you_mean(str(relation), words.ends)
            yield Hit(f"there is no link type '{relation}'", (*at, "relation"), hint, path)


def _references(node: Any, at: Pointer) -> Iterator[tuple[Pointer, Schema]]:
    if isinstance(node, Mapping):
        for key, value in node.items():
            if key == "x-ref" and isinstance(value, Mapping):
                yield (*at, key), value
            else:
                yield from _references(value, (*at, key))
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from _references(value, (*at, index))


def _walk(schema: Any, around: Schema, words: Vocabulary, at: Pointer) -> Iterator[Misfit]:
    """Walk a schema; ``around`` are the fields of all objects on the way, the inner ones first."""
    if not isinstance(schema, Mapping):
        return
    fields = schema.get("properties", {})
    beside = {**around, **fields}
    yield from _terms(schema, around, words, at)
    for name, child in fields.items():
        yield from _walk(child, beside, words, (*at, "properties", name))
    if "items" in schema:
        yield from _walk(schema["items"], beside, words, (*at, "items"))


def _terms(schema: Schema, around: Schema, words: Vocabulary, at: Pointer) -> Iterator[Misfit]:
    due = schema.get(duties.KEYWORD, ())
    for index, terms in enumerate(due if isinstance(due, list) else [due] if due else ()):
        here = (*at, duties.KEYWORD, index) if isinstance(due, list) else (*at, duties.KEYWORD)
        for place in _NUMBERS:
            yield from _field(
                _at(terms, place), around, (*here, *place), "number of days or months", "integer"
            )
        named = _at(terms, ("latest_of",))
        for number, name in enumerate(named if isinstance(named, list) else ()):
            yield from _field(name, around, (*here, "latest_of", number), "text or name", "string")
        for place in _CONDITIONS:
            condition = _at(terms, place)
            if condition is not None:
                yield from condition_misfits_in(condition, [{"properties": around}], words, (*here, *place))
    after = schema.get(dated_fields.KEYWORD, {}).get("after", ())
    for index, name in enumerate([after] if isinstance(after, str) else after):
        place = (*at, dated_fields.KEYWORD, "after", *(() if isinstance(after, str) else (index,)))
        yield from _field(name, around, place, "date", "string")


def _at(terms: Any, place: Pointer) -> Any:
    for step in place:
        terms = terms.get(step) if isinstance(terms, Mapping) else None
    return terms


def _field(name: Any, around: Schema, at: Pointer, what: str, kind: str) -> Iterator[Misfit]:
    """Look up one field beside a date or around it; a number in its place is itself."""
    if not isinstance(name, str):
        return
    if name not in around:
        yield Misfit(at, f"there is no field '{name}' beside this date", did_you_mean(name, around))
    elif around[name].get("type", kind) != kind:
        yield Misfit(at, f"'{name}' is no {what}")
