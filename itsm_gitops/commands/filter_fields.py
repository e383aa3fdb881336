"""Conditions on any field of a kind, at any depth: what ``category:mail`` or ``risk.level=high`` compares.

The schema of the field says how: choices, names and numbers are equal or not, times lie in a span, a text contains
what is asked for. Lists match by member. With ``=`` the whole value is meant, whatever the schema says.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from itsm_gitops.commands.columns import Rows
from itsm_gitops.commands.filter_conditions import (
    Clause,
    FilterCondition,
    ReadDocument,
    either,
    in_fields,
    pieces,
    plain_text_has,
)
from itsm_gitops.commands.filter_names import all_names
from itsm_gitops.model import moments
from itsm_gitops.model.column_names import DERIVED, explains_fields
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.errors import NotFound, UsageError, did_you_mean
from itsm_gitops.model.filter_language import FilterTerm, FilterValue
from itsm_gitops.model.filter_values import (
    TIMES,
    category_fault,
    choices_of,
    no_time,
    schemas_of,
    time_fault,
    value_fault,
)
from itsm_gitops.model.filter_words import ANY, NONE
from itsm_gitops.model.kinds import Kind
from itsm_gitops.model.tokens import fold

if TYPE_CHECKING:
    from itsm_gitops.snapshots import Store

Match = Callable[[Any], bool]
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_YES, _NO = ("true", "yes"), ("false", "no")


def field_condition(store: Store, kinds: Sequence[Kind], term: FilterTerm) -> FilterCondition:
    """Return the condition that a field has one of the values of a term; raises UsageError and NotFound."""
    first, *rest = term.word.split(".")
    schemas = schemas_of(kinds, term.word)
    if any("x-ref" in s for s in schemas.values()):
        term = _with_old_names(store, term)
    tests = [_Values(store, kinds, term, value, schemas) for value in term.values]
    rows = Rows(store, ())
    named = [piece for name in (first, *rest) for piece in pieces(name)]

    def decide(entry: Entry) -> bool | None:
        value = rows.at_hand(entry, first)
        if value is None and first in store.book.kinds[entry.kind].fields:
            return None
        return any(test.holds(entry.kind, list(_reached(value, rest))) for test in tests)

    def look(entry: Entry, document: ReadDocument) -> bool:
        value = document.data.get(first) if document.may_hold(named) else None
        return any(test.holds(entry.kind, list(_reached(value, rest))) for test in tests)

    return FilterCondition(decide, look, None if rest else _clause(kinds, term, first))


def _with_old_names(store: Store, term: FilterTerm) -> FilterTerm:
    """Return a term that asks for an item by all names it has and had, as records of different times know it."""
    named = [v for v in term.values if not v.operator and v.text and (v.quoted or v.text not in (NONE, ANY))]
    other = [replace(v, text=name) for v in named for name in all_names(store, v.text)[1:]]
    return replace(term, values=(*term.values, *other)) if other else term


def _clause(kinds: Sequence[Kind], term: FilterTerm, name: str) -> Clause | None:
    """Return the clause that a short text of a row may be what is asked for; other rows are left to be looked at."""
    if not _NAME.fullmatch(name) or name in (*DERIVED, *(k.label for k in kinds)):
        return None
    if not term.exact and any(k.fields.get(name, {}).get("format") in TIMES for k in kinds):
        return None
    if any(v.operator or not v.text or (v.text in (NONE, ANY) and not v.quoted) for v in term.values):
        return None
    held = plain_text_has(in_fields(name), [fold(v.text) for v in term.values])
    other = Clause(f"json_type(fields, '$.{name}') IS NOT 'text'")
    return either([other, held])._replace(exact=False) if held else None


def asks_the_document_alone(kinds: Sequence[Kind], term: FilterTerm) -> bool:
    """Whether a condition on a field says the same of a document whatever the time is and whatever else there is."""
    if term.word.split(".")[0] in DERIVED:
        return False
    if all(v.text in (NONE, ANY) and not v.quoted and not v.operator for v in term.values):
        return True
    return not any("x-ref" in s or s.get("format") in TIMES for s in schemas_of(kinds, term.word).values())


def _reached(value: Any, rest: Sequence[str]) -> Iterator[Any]:
    """Yield the single values at a place below a value: through objects by name, through lists by every member."""
    if isinstance(value, list):
        for member in value:
            yield from _reached(member, rest)
    elif not rest:
        if value is not None:
            yield value
    elif isinstance(value, Mapping):
        yield from _reached(value.get(rest[0]), rest[1:])


class _Values:
    """One value of a term, compared with what documents of each kind hold."""

    def __init__(
        self,
        store: Store,
        kinds: Sequence[Kind],
        term: FilterTerm,
        value: FilterValue,
        schemas: Mapping[str, Mapping[str, Any]],
    ) -> None:
        self._absent = self._any = False
        self._matches: dict[str, Match] = {}
        self._else: Match = same(value.text)
        options = choices_of(schemas.values())
        if not value.quoted and not value.operator:
            self._absent = value.text == "" if term.exact else value.text == NONE and NONE not in options
            self._any = value.text == ANY
        elif value.quoted and not value.text:
            self._absent = True
        if not self._absent and not self._any:
            self._read(store, kinds, term, value, schemas)

    def _read(
        self,
        store: Store,
        kinds: Sequence[Kind],
        term: FilterTerm,
        value: FilterValue,
        schemas: Mapping[str, Mapping[str, Any]],
    ) -> None:
        errors: list[UsageError] = []
        zone = store.config.timezone
        for kind, schema in schemas.items():
            try:
                self._matches[kind] = matching(schema, term, value, zone)
            except UsageError as error:
                errors.append(error)
                self._matches[kind] = lambda _: False
        if errors and len(errors) == len(schemas):
            raise errors[0]
        if value.operator:
            self._else = lambda _: False
        _refuse_unknown(store, kinds, term, value, schemas)

    def holds(self, kind: str, held: Sequence[Any]) -> bool:
        """Whether one of the single values that a document of a kind holds is this one."""
        filled = [v for v in held if v != ""]
        if self._absent or self._any:
            return bool(filled) == self._any
        match = self._matches.get(kind, self._else)
        return any(match(v) for v in filled)


def _refuse_unknown(
    store: Store,
    kinds: Sequence[Kind],
    term: FilterTerm,
    value: FilterValue,
    schemas: Mapping[str, Mapping[str, Any]],
) -> None:
    """Raise where no document can have a value: it is none of the field's values, or the name of nothing."""
    if not schemas or value.operator:
        return
    every = schemas.values()
    fault = value_fault(every, term, value)
    if fault:
        raise fault
    slip = category_fault(store.book, every, term, value) or time_fault(every, term, value)
    if slip and not _is_held(store, kinds, term, value):
        raise slip
    if all("x-ref" in s for s in schemas.values()):
        names = {*store.entries, *store.aliases, *store.broken}
        if value.text not in names and not store.into(value.text):
            raise NotFound(
                term.error(f"{term.word}: there is nothing called '{value.text}'", "", value.column).message,
                did_you_mean(value.text, names) or explains_fields(kinds),
            )


def _is_held(store: Store, kinds: Sequence[Kind], term: FilterTerm, value: FilterValue) -> bool:
    """Whether a listed document has a text in a short field of its own: records of earlier years have other categories."""
    wanted = fold(value.text)
    columns = (e.columns.get(term.word) for e in store.of_kinds([k.name for k in kinds]))
    held = {fold(v) for v in columns if isinstance(v, str)}
    return wanted in held if term.exact else any(wanted in v for v in held)


def matching(schema: Mapping[str, Any], term: FilterTerm, value: FilterValue, zone: str) -> Match:
    """Return the comparison that a schema asks for; raises UsageError for a value that can be none of its values."""
    if schema.get("format") in TIMES and (value.operator or not term.exact):
        span = time_range(term, value, zone)
        return lambda held: (at := moments.moment_of(held, zone)) is not None and span.holds(at)
    if schema.get("type") in ("integer", "number"):
        return _numeric(term, value)
    if value.operator:
        raise no_order(term, value, f"{term.word} is neither a time nor a number")
    if schema.get("type") == "boolean":
        word = value.text.lower()
        if word not in (*_YES, *_NO):
            raise term.error(f"{term.word}: '{value.text}' is neither true nor false", "", value.column)
        return lambda held: held is (word in _YES)
    if not term.exact and _is_prose(schema):
        wanted = contained(term, value)
        return lambda held: wanted in fold(plain(held))
    return same(value.text)


def no_order(term: FilterTerm, value: FilterValue, why: str) -> UsageError:
    """Return the error about a comparison of what cannot be compared."""
    return term.error(
        f"{why}: '{value.operator}' cannot compare it",
        f'several values are {term.word}:A,B; a text with dots or signs needs quotes: {term.word}:"…"',
        value.column,
    )


def contained(term: FilterTerm, value: FilterValue) -> str:
    """Return what a text has to contain, folded: ``*`` alone is any; raises UsageError for a star beside other letters."""
    bare = value.text.strip("*")
    if not bare and not value.quoted:
        return ""
    if bare != value.text and not value.quoted:
        hint = f'{term.word}:{bare} finds it anywhere in the text; a star itself needs quotes: {term.word}:"{value.text}"'
        raise term.error(
            f"{term.word} finds any text that contains the value, without '*'", hint, value.column
        )
    return fold(value.text)


def same(text: str) -> Match:
    """Return the comparison with a whole value, in any case and with any accents."""
    wanted = fold(text)
    return lambda held: fold(plain(held)) == wanted


def plain(value: Any) -> str:
    """Return a single value as text, as YAML writes it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _is_prose(schema: Mapping[str, Any]) -> bool:
    """Whether a field takes any text: its schema allows one of several words."""
    if schema.get("type") != "string" or {"enum", "const", "x-ref", "format"} & schema.keys():
        return False
    try:
        return re.search(schema.get("pattern", ""), "Two words") is not None
    except re.error:
        return True


def _numeric(term: FilterTerm, value: FilterValue) -> Match:
    """Return the comparison of numbers."""
    low = _number(term, value, value.text)
    high = _number(term, value, value.upper) if value.operator == ".." else None
    if low is not None and high is not None and low > high:
        raise _upside_down(term, value)

    def test(held: Any) -> bool:
        if isinstance(held, bool) or not isinstance(held, int | float):
            return False
        if value.operator == "..":
            return (low is None or held >= low) and (high is None or held <= high)
        if low is None:  # only ranges have an open end
            return False
        return {
            ">": held > low, ">=": held >= low, "<": held < low, "<=": held <= low, "": held == low
        }[value.operator]  # fmt: skip

    return test


def _number(term: FilterTerm, value: FilterValue, text: str) -> int | float | None:
    if not text and value.operator == "..":
        return None
    try:
        number = float(text)
        if number - number == 0:  # neither infinite nor no number
            return int(text) if re.fullmatch(r"[+-]?\d{1,400}", text, re.ASCII) else number
    except ValueError:
        pass
    raise term.error(f"{term.word}: '{text}' is not a number", f"for example {term.word}:>3", value.column)


def time_range(term: FilterTerm, value: FilterValue, zone: str) -> moments.TimeRange:
    """Return the span of time that a value means; raises UsageError."""
    if value.operator == "..":
        low, high = _time(term, value, value.text, zone), _time(term, value, value.upper, zone)
        start = low.start if low else moments.FIRST
        end = moments.compared(high, "<=").end if high else moments.LAST
        if start >= end:
            raise _upside_down(term, value)
        return moments.TimeRange(start, end)
    span = _time(term, value, value.text, zone)
    if span is None or (span.start == span.end and not value.operator):
        hint = f"{term.word}:>{value.text or '-7d'} is since then, {term.word}:<{value.text or '-7d'} before"
        raise term.error(
            f"{term.word}: '{value.text}' is a single moment, which no document has exactly",
            hint,
            value.column,
        )
    return moments.compared(span, value.operator)


def _upside_down(term: FilterTerm, value: FilterValue) -> UsageError:
    return term.error(
        f"{term.word}: '{value.text}..{value.upper}' ends before it begins",
        f"{term.word}:{value.upper}..{value.text}",
        value.column,
    )


def _time(term: FilterTerm, value: FilterValue, text: str, zone: str) -> moments.TimeRange | None:
    """Read one end of a range; None for one left open."""
    if not text:
        return None
    span = moments.read_time(text, zone)
    if span is None:
        raise no_time(term, value, text)
    return span
