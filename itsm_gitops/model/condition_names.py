"""Words of conditions that do not exist: fields, values, link types, kinds and states that a rule book does not have.

A misspelt field has no value, so a guard with one would never hold or never stop anything. Each misfit has
its place in the file, with the nearest existing word.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from itsm_gitops.model.categories import NO_CATEGORIES, CategoryTree, has_categories
from itsm_gitops.model.condition_reader import (
    ALL,
    AND,
    BESIDES,
    CATEGORY,
    FIELD,
    FORMS,
    HAVE,
    IN,
    LINKED,
    NOT,
    OR,
    PRESENT,
    ROLE,
    STATE,
    TESTS,
    TO,
    form_of,
    values_of,
)
from itsm_gitops.model.conditions import NOW, TIMES
from itsm_gitops.model.errors import did_you_mean
from itsm_gitops.model.findings import Pointer
from itsm_gitops.model.meaning import STATE_ROLES
from itsm_gitops.model.shape import Misfit
from itsm_gitops.model.workflow import CATEGORIES

Schema = Mapping[str, Any]
_ONLY_IN = frozenset((IN, HAVE, TO, BESIDES))
_ON_STATES = frozenset((STATE, CATEGORY, ROLE))
TIMELINE = "timeline"
_LISTED = 12  # values that a hint names


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What a rule book defines.

    ``schemas`` are those of the kinds with definitions in their places, ``members`` what the groups stand for,
    ``ends`` the kinds at both ends of each type of link, ``inverses`` the type behind each inverse name, ``states``
    the states of each kind.
    """

    schemas: Mapping[str, Schema]
    members: Mapping[str, frozenset[str]]
    ends: Mapping[str, tuple[frozenset[str], frozenset[str]]]
    inverses: Mapping[str, str]
    states: Mapping[str, frozenset[str]]
    categories: CategoryTree = NO_CATEGORIES

    def expand(self, names: Iterable[str]) -> frozenset[str]:
        """Return the kinds that names of kinds and groups stand for."""
        return frozenset().union(*(self.members.get(n, frozenset((n,))) for n in names))

    def others(self, relation: str, kinds: Iterable[str]) -> frozenset[str]:
        """Return the kinds at the other end of a link, seen from some kinds."""
        del kinds
        if relation in self.ends:
            return self.ends[relation][1]
        return self.ends[self.inverses[relation]][0]


def condition_misfits(
    raw: Any, kinds: Collection[str], words: Vocabulary, at: Pointer = ()
) -> Iterator[Misfit]:
    """Yield what is wrong with a condition on documents of some kinds; ``at`` is its place in its file."""
    yield from condition_misfits_in(
        raw, [words.schemas[k] for k in sorted(kinds) if k in words.schemas], words, at
    )


def condition_misfits_in(
    raw: Any, schemas: Sequence[Schema], words: Vocabulary, at: Pointer
) -> Iterator[Misfit]:
    """Yield what is wrong with a condition on objects with one of some schemas."""
    if not isinstance(raw, Mapping):
        yield Misfit(at, "a condition is a mapping: fields with the values that they must have")
        return
    form = form_of(raw)
    if form:
        yield from _form(form, raw, schemas, words, at)
        return
    for key, value in raw.items():
        here = (*at, key)
        if key in (AND, OR):
            for index, part in enumerate(value if isinstance(value, list) else ()):
                yield from condition_misfits_in(part, schemas, words, (*here, index))
            if not isinstance(value, list) or not value:
                yield Misfit(here, f"'{key}' takes a list of conditions")
        elif key == NOT:
            yield from condition_misfits_in(value, schemas, words, here)
        elif key in FORMS:
            yield Misfit(here, f"'{key}' takes the name of a {'list' if key in (ALL, 'any') else 'link'}")
        elif key in _ONLY_IN:
            yield Misfit(here, f"'{key}' stands beside {', '.join(FORMS)} only", at_key=True)
        else:
            yield from _line(str(key), value, schemas, words, here)


def _line(
    path: str, value: Any, schemas: Sequence[Schema], words: Vocabulary, at: Pointer
) -> Iterator[Misfit]:
    """Yield what is wrong with a field and what it must be."""
    found = fields_at(path, schemas, words)
    if not found:
        yield _unknown(path, schemas, words, at)
        return
    if not isinstance(value, Mapping):
        yield from value_misfits(value, found, words.categories, at)
        return
    for key, wanted in value.items():
        here = (*at, key)
        if key not in TESTS:
            hint = did_you_mean(str(key), TESTS) or f"tests: {', '.join(sorted(TESTS))}"
            yield Misfit(here, f"there is no test '{key}'", hint, at_key=True)
        elif key in (IN, NOT):
            yield from value_misfits(wanted, found, words.categories, here)
        elif key == PRESENT:
            if not isinstance(wanted, bool):
                yield Misfit(here, "'present' is true or false")
        elif isinstance(wanted, Mapping):
            name = wanted.get(FIELD)
            if not isinstance(name, str) or len(wanted) > 1:
                yield Misfit(here, "write {field: NAME} to compare with another field")
            elif not fields_at(name, schemas, words):
                yield _unknown(name, schemas, words, (*here, FIELD))._replace(at_key=False)
        else:
            yield from _operand(str(key), wanted, found, here)


def _operand(sign: str, wanted: Any, fields: Sequence[Schema], at: Pointer) -> Iterator[Misfit]:
    if sign in TIMES:
        if not isinstance(wanted, str) or (wanted != NOW and not wanted[:4].isdigit()):
            yield Misfit(at, f"'{sign}' takes a date, a date-time, now, or {{field: NAME}}")
        elif all(_types(f) and "string" not in _types(f) for f in fields):
            yield Misfit(
                at, f"'{sign}' compares dates, but this field is not a date", "numbers: above, below"
            )
    elif isinstance(wanted, bool) or not isinstance(wanted, int | float):
        yield Misfit(at, f"'{sign}' takes a number or {{field: NAME}}", "dates: after, before")
    elif all(_types(f) and not _types(f) & {"integer", "number"} for f in fields):
        yield Misfit(at, f"'{sign}' compares numbers, but this field is not a number", "dates: after, before")


def with_states(schema: Schema, states: Collection[str]) -> Schema:
    """Return the schema of a kind, with the states of its life cycle as the values of its state, in its timeline too."""
    properties = schema.get("properties", {})
    if not states or STATE not in properties:
        return schema
    known = sorted(states)
    made = {**properties, STATE: {**properties[STATE], "enum": known}}
    timeline = properties.get(TIMELINE)
    entry = timeline.get("items") if isinstance(timeline, Mapping) else None
    reached = entry.get("properties", {}).get(STATE) if isinstance(entry, Mapping) else None
    if timeline and entry and isinstance(reached, Mapping):
        steps = {**entry, "properties": {**entry["properties"], STATE: {**reached, "enum": known}}}
        made[TIMELINE] = {**timeline, "items": steps}
    return {**schema, "properties": made}


def value_misfits(
    wanted: Any, fields: Sequence[Schema], categories: CategoryTree, at: Pointer, *, loose: bool = False
) -> Iterator[Misfit]:
    """Yield the values that none of some fields can have; ``loose`` values are meant however they are written."""
    several = isinstance(wanted, list | tuple)
    for index, value in enumerate(values_of(wanted)):
        place = (*at, index) if several else at
        if isinstance(value, dict | list) or value is None:
            yield Misfit(place, "a value is text, a number, true or false")
        elif not any(_can_be(value, field, categories, loose=loose) for field in fields):
            known = [str(v) for f in fields for v in f.get("enum", ())]
            known += categories.names if any(map(has_categories, fields)) else ()
            types = sorted({t for f in fields for t in _types(f)})
            near = did_you_mean(str(value), known)
            hint = near or (f"values: {', '.join(known[:_LISTED])}" if known else f"it is {_or(types)}")
            yield Misfit(place, f"this field is never {_shown(value)}", hint)


def _shown(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else f"'{value}'"


def _or(words: Sequence[str]) -> str:
    return " or ".join(words) if words else "something else"


def _can_be(value: Any, field: Schema, categories: CategoryTree, *, loose: bool) -> bool:
    if has_categories(field) and categories.names and isinstance(value, str):
        return categories.has(value)
    sort = "boolean" if isinstance(value, bool) else "string" if isinstance(value, str) else "number"
    if "enum" in field:
        if loose and sort == "string":
            return value.casefold() in {str(v).casefold() for v in field["enum"]}
        return any(value == v and isinstance(value, bool) == isinstance(v, bool) for v in field["enum"])
    types = _types(field)
    return not types or sort in types or (sort == "number" and "integer" in types)


def _types(field: Schema) -> frozenset[str]:
    types = field.get("type", ())
    return frozenset((types,) if isinstance(types, str) else types)


def _form(
    form: str, raw: Mapping[str, Any], schemas: Sequence[Schema], words: Vocabulary, at: Pointer
) -> Iterator[Misfit]:
    """Yield what is wrong with a condition on a list or on links."""
    for key in raw:
        if key != form and key not in FORMS[form]:
            hint = did_you_mean(str(key), FORMS[form]) or f"put both under '{AND}'"
            yield Misfit((*at, key), f"'{key}' cannot stand beside '{form}'", hint, at_key=True)
    if TO in FORMS[form]:
        yield from _link(form, raw, schemas, words, at)
        return
    path = raw[form]
    found = fields_at(path, schemas, words)
    if not found:
        yield _unknown(path, schemas, words, (*at, form))._replace(at_key=False)
        return
    if IN not in raw and HAVE not in raw:
        yield Misfit((*at, form), f"'{form}' needs '{IN}' (values) or '{HAVE}' (a condition)")
    if IN in raw:
        yield from value_misfits(raw[IN], found, words.categories, (*at, IN))
    if HAVE in raw:
        base = path.rpartition(".")[0] if IN in raw else path
        yield from condition_misfits_in(raw[HAVE], fields_at(base, schemas, words), words, (*at, HAVE))


def _link(
    form: str, raw: Mapping[str, Any], schemas: Sequence[Schema], words: Vocabulary, at: Pointer
) -> Iterator[Misfit]:
    relation = raw[form]
    if relation not in words.ends and relation not in words.inverses:
        names = [*words.ends, *words.inverses]
        yield Misfit((*at, form), f"there is no link type '{relation}'", did_you_mean(relation, names))
        return
    others = words.others(relation, ())
    asked: list[str] = []
    for index, name in enumerate(values_of(raw.get(TO, ()))):
        place = (*at, TO, index) if isinstance(raw[TO], list) else (*at, TO)
        if name not in words.schemas and name not in words.members:
            hint = did_you_mean(str(name), [*words.schemas, *words.members])
            yield Misfit(place, f"there is no kind or class '{name}'", hint)
        elif not words.expand([name]) & others and others <= words.schemas.keys():
            hint = f"kinds there: {', '.join(sorted(others)[:_LISTED])}"
            yield Misfit(place, f"'{relation}' never leads to '{name}'", hint)
        else:
            asked.append(name)
    kinds = words.expand(asked) & others if asked else others
    states = sorted({s for k in kinds for s in words.states.get(k, ())})
    yield from _words(raw, STATE, states, "state", at)
    yield from _words(raw, CATEGORY, CATEGORIES, "category of states", at)
    yield from _words(raw, ROLE, STATE_ROLES, "role of states", at)
    if HAVE in raw and _follows_links(raw[HAVE]):
        yield Misfit((*at, HAVE), "links are followed once, and not on from what is linked")
    elif HAVE in raw:
        ends = [words.schemas[k] for k in sorted(kinds) if k in words.schemas]
        yield from condition_misfits_in(raw[HAVE], ends, words, (*at, HAVE))
    elif form == LINKED and not _ON_STATES & raw.keys():
        wanted = f"{STATE}, {CATEGORY}, {ROLE} or {HAVE}"
        yield Misfit((*at, form), f"'{LINKED}' needs a condition on the documents: {wanted}")
    if BESIDES in raw and not fields_at(str(raw[BESIDES]), schemas, words):
        yield _unknown(str(raw[BESIDES]), schemas, words, (*at, BESIDES))._replace(at_key=False)


def _follows_links(raw: Any) -> bool:
    """Whether a condition looks along links."""
    if isinstance(raw, list):
        return any(map(_follows_links, raw))
    if not isinstance(raw, Mapping):
        return False
    return any(TO in FORMS.get(key, ()) or _follows_links(value) for key, value in raw.items())


def _words(
    raw: Mapping[str, Any], key: str, known: Collection[str], what: str, at: Pointer
) -> Iterator[Misfit]:
    for index, name in enumerate(values_of(raw.get(key, ()))):
        if name not in known:
            place = (*at, key, index) if isinstance(raw[key], list) else (*at, key)
            hint = did_you_mean(str(name), known) or f"there are: {', '.join(known)}"
            yield Misfit(place, f"there is no {what} '{name}'", hint)


def _unknown(path: str, schemas: Sequence[Schema], words: Vocabulary, at: Pointer) -> Misfit:
    """Say which part of a path does not exist."""
    steps = path.split(".")
    for length in range(1, len(steps) + 1):
        if not fields_at(".".join(steps[:length]), schemas, words):
            before = fields_at(".".join(steps[: length - 1]), schemas, words) if length > 1 else schemas
            names = sorted({n for s in _opened(before, words, refer=True) for n in s.get("properties", ())})
            inside = f" in '{'.'.join(steps[: length - 1])}'" if length > 1 else ""
            hint = did_you_mean(steps[length - 1], names)
            return Misfit(at, f"there is no field '{steps[length - 1]}'{inside}", hint, at_key=True)
    return Misfit(at, f"there is no field '{path}'", at_key=True)


def fields_at(path: str, schemas: Sequence[Schema], words: Vocabulary) -> list[Schema]:
    """Return the schemas of what a path leads to in documents with some schemas; lists count as what they hold.

    An open area has anything: the empty schema. Nothing is returned where no document can have it.
    """
    found = list(schemas)
    steps = path.split(".") if path else []
    for number, step in enumerate(steps):
        below: list[Schema] = []
        for schema in _opened(found, words, refer=number > 0):
            properties = schema.get("properties")
            more = schema.get("additionalProperties", True)
            if isinstance(properties, Mapping) and step in properties:
                below.append(properties[step])
            elif isinstance(more, Mapping):
                below.append(more)
            elif properties is None and more and schema.get("type", "object") == "object":
                below.append({})
        found = below
    return [_held(s) for s in found]


def _opened(schemas: Iterable[Schema], words: Vocabulary, *, refer: bool) -> Iterator[Schema]:
    """Yield what a path goes on in: the entries of lists, and the documents that a field names."""
    for schema in map(_held, schemas):
        about = schema.get("x-ref")
        if refer and isinstance(about, Mapping):
            named = sorted(words.expand(about.get("to", ())))
            yield from (words.schemas[k] for k in named if k in words.schemas)
        else:
            yield schema


def _held(schema: Schema) -> Schema:
    while isinstance(schema.get("items"), Mapping):
        schema = schema["items"]
    return schema
