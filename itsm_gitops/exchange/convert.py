"""Cells made into values of fields: one rule, one row, one value, and a note for everything lost."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from itsm_gitops.documents import chars
from itsm_gitops.exchange.mapping import CsvMapping, Rule
from itsm_gitops.exchange.report import ADJUSTED, DEFAULTED, NOT_UNDERSTOOD, Tally
from itsm_gitops.exchange.tables import Row, Table
from itsm_gitops.model import ids

_MATCH_MAX = 2_000  # characters of a cell that a mapping's regex is tried on
_TRUE = frozenset({"true", "yes", "y", "1", "on"})
_FALSE = frozenset({"false", "no", "n", "0", "off"})
_NO_TIME = "not a time in the format named"
_NO_DATE = "not a date in the format named"
_BLANKS = re.compile(r"\s*[\r\n]+\s*")


class _Absent:
    """The value of a field that is not there (None would be a value)."""

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Any = _Absent()


class Named(NamedTuple):
    """A CMDB item that a value names, and the cell it was named by."""

    cls: str
    id: str
    text: str


class Converter:
    """Applies rules to rows of one table, noting in ``tally`` what is not taken over as it stands."""

    def __init__(self, mapping: CsvMapping, table: Table, tally: Tally) -> None:
        self._mapping = mapping
        self._tally = tally
        self._missing = mapping.missing
        self._positions = {name: table.position(name) for name in mapping.columns}
        self._identifiers: dict[str, str] = {}
        self.named: dict[Named, None] = {}

    def cell(self, row: Row, column: str) -> str:
        """Return the text of a cell without blanks around it; empty where it is missing."""
        text = row.cells[self._positions[column]].strip()
        return "" if text in self._missing else text

    def value(self, rule: Rule, row: Row, schema: Mapping[str, Any] | None = None) -> Any:
        """Return what a rule makes of a row, fitted to the schema of its field; ABSENT for nothing."""
        if rule.value is not None:
            return rule.value
        if rule.template:
            text = (
                "".join(f"{before}{self.cell(row, c) or other}" for before, c, other in rule.template)
                + rule.tail
            )
            column = rule.template[0][1]
        else:
            column = rule.column
            text = self.cell(row, column)
            if not text:
                return self._default(rule, column, "", row, "missing")
        return self._read(rule, column, text, row, schema)

    def when(self, column: str, row: Row) -> str:
        """Return the time in a column as RFC 3339 text; empty where it is missing or no time."""
        text = self.cell(row, column)
        moment = self._moment(column, text, row) if text else ""
        if text and not moment:
            self._tally.add(column, NOT_UNDERSTOOD, _NO_TIME, text, row.number)
        return moment

    def _moment(self, column: str, text: str, row: Row) -> str:
        """Return the time that a text means, empty for none; notes what the zone makes doubtful."""
        moment = self._mapping.times.read(text) if self._mapping.times else None
        if moment is None:
            return ""
        if moment.doubt:
            self._tally.add(column, ADJUSTED, moment.doubt, text, row.number)
        return moment.text

    def who(self, rule: Rule | None, row: Row) -> str:
        """Return the handle a rule gives, or the mapping's actor."""
        value = self.value(rule, row) if rule else ABSENT
        return value if isinstance(value, str) else self._mapping.actor

    def _default(self, rule: Rule, column: str, text: str, row: Row, why: str) -> Any:
        if rule.default is None:
            return ABSENT
        self._tally.add(column, DEFAULTED, f"{why}; '{rule.default}' is taken", text, row.number)
        return rule.default

    def _read(self, rule: Rule, column: str, text: str, row: Row, schema: Mapping[str, Any] | None) -> Any:
        value: Any = text
        problem = ""
        if rule.regex:
            match = rule.regex.search(text[:_MATCH_MAX])
            value = match[1 if match.re.groups else 0] if match else ABSENT
            problem = "" if match else "does not match the pattern"
        if not problem and rule.map is not None:
            if value not in rule.map:
                problem = "not in the map"
            elif (value := rule.map[value]) is None:
                return ABSENT
        if not problem and isinstance(value, str):
            value, problem = self._typed(rule, column, value, row, schema)
        if not problem:
            return value
        self._tally.add(column, NOT_UNDERSTOOD, problem, text, row.number)
        return self._default(rule, column, text, row, problem)

    def _typed(
        self, rule: Rule, column: str, text: str, row: Row, schema: Mapping[str, Any] | None
    ) -> tuple[Any, str]:
        schema = schema or {}
        kind = rule.type or _type_of(schema)
        if kind == "list":
            parts = [p.strip() for p in text.split(rule.separator)] if rule.separator else [text]
            inner = schema.get("items", {})
            pairs = [self._single(rule, column, p, row, inner, _type_of(inner)) for p in parts if p]
            wrong = next((problem for _, problem in pairs if problem), "")
            return list(dict.fromkeys(value for value, _ in pairs)), wrong
        return self._single(rule, column, text, row, schema, kind)

    def _single(
        self, rule: Rule, column: str, text: str, row: Row, schema: Mapping[str, Any], kind: str
    ) -> tuple[Any, str]:
        if kind == "time":
            moment = self._moment(column, text, row)
            return (moment, "") if moment else (ABSENT, _NO_TIME)
        if kind == "date":
            day = self._mapping.times.day(text) if self._mapping.times else None
            return (day, "") if day else (ABSENT, _NO_DATE)
        if kind in _SCALARS:
            value = _SCALARS[kind](text)
            return (value, "") if value is not ABSENT else (ABSENT, f"not of type {kind}")
        if rule.slug:
            return self._slug(rule, column, text, row), ""
        value, problem, changes = fit(text, schema)
        for change in changes:
            self._tally.add(column, ADJUSTED, change, text[:200], row.number)
        if not problem and rule.ensure:
            self.named.setdefault(Named(rule.ensure, value, text))
        return value, problem

    def _slug(self, rule: Rule, column: str, text: str, row: Row) -> str:
        name = ids.slug(text)
        first = self._identifiers.setdefault(name, text)
        if " ".join(first.split()) != " ".join(text.split()):
            self._tally.add(column, ADJUSTED, f"the same identifier as '{first}': {name}", text, row.number)
        if rule.ensure:
            self.named.setdefault(Named(rule.ensure, name, first))
        return name


def _integer(text: str) -> Any:
    try:
        return int(text) if len(text) <= 18 else ABSENT
    except ValueError:
        return ABSENT


def _number(text: str) -> Any:
    try:
        value = float(text)
    except ValueError:
        return ABSENT
    return value if math.isfinite(value) else ABSENT


def _boolean(text: str) -> Any:
    lowered = text.lower()
    return True if lowered in _TRUE else False if lowered in _FALSE else ABSENT


_SCALARS: Mapping[str, Callable[[str], Any]] = {"integer": _integer, "number": _number, "boolean": _boolean}
_BY_SCHEMA = {"array": "list", "integer": "integer", "number": "number", "boolean": "boolean"}


def _type_of(schema: Mapping[str, Any]) -> str:
    if schema.get("format") == "date-time":
        return "time"
    if schema.get("format") == "date":
        return "date"
    return _BY_SCHEMA.get(str(schema.get("type")), "text")


def schema_at(fields: Mapping[str, Any], path: Sequence[str]) -> Mapping[str, Any]:
    """Return the schema of a nested field; empty where the schema leaves it open."""
    node: Mapping[str, Any] = {"properties": fields}
    for name in path:
        inner = node.get("properties", {}).get(name) or node.get("additionalProperties")
        if not isinstance(inner, dict):
            return {}
        node = inner
    return node


def fit(text: str, schema: Mapping[str, Any]) -> tuple[Any, str, list[str]]:
    """Make a text fit for a document and for the schema of its field.

    Returns the text, what is wrong with it (empty when nothing is) and what had to be changed:
    characters that documents do not allow, line breaks where one line is wanted, its length.
    """
    changes = []
    value = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    clean = chars.forbidden().sub(" ", value).strip()
    if clean != value:
        changes.append("characters that documents do not allow became blanks")
        value = clean
    pattern = schema.get("pattern")
    if pattern and "\n" in value and not re.search(pattern, value):
        changes.append("line breaks became blanks")
        value = _BLANKS.sub(" ", value)
    most = schema.get("maxLength")
    if most and len(value) > most:
        changes.append(f"shortened to {most} characters")
        value = value[: most - 1].rstrip() + "…"
    if "enum" in schema and value not in schema["enum"]:
        return ABSENT, f"not one of {', '.join(map(str, schema['enum']))}", []
    if not value or len(value) < schema.get("minLength", 0) or (pattern and not re.search(pattern, value)):
        return ABSENT, "does not fit the field", []
    return value, "", changes
