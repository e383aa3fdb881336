"""Cells made into values of fields: one rule, one row, one value, and a note for everything lost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

from itsm_gitops.exchange.fitting import ABSENT, SCALARS, clean, fit, names_people, type_of
from itsm_gitops.exchange.identifiers import Identifiers
from itsm_gitops.exchange.mapping import TableMapping, ValueRule
from itsm_gitops.exchange.report import ADJUSTED, DEFAULTED, NOT_UNDERSTOOD, Tally
from itsm_gitops.exchange.tables import CsvRow, CsvTable
from itsm_gitops.exchange.times import LocalTimes
from itsm_gitops.model.errors import did_you_mean
from itsm_gitops.model.text import shorten

_MATCH_MAX = 2_000  # characters of a cell that a mapping's regex is tried on
_DOUBT_MAX = 60  # characters of a value that are enough to recognise it
_WORD_MAX, _WORDS_MAX = 60, 5_000  # characters and number of the texts whose fitting is remembered
_NAME_MAX = 100  # characters of an alias
_NO_TIME = "not a time in the format named"
_NO_DATE = "not a date in the format named"


class Named(NamedTuple):
    """A CMDB item that a value names, and the cell it was named by."""

    cls: str
    id: str
    text: str


class Converter:
    """Applies rules to rows of one table, noting in ``tally`` what is not taken over as it stands.

    ``repeatable`` are the columns of which several may have the same heading. Raises NotFound for a column
    that the table does not have, TableError for a heading that stands more than once where one is meant.
    ``old_names`` are texts that stand where identifiers belong and are none: old numbers of documents that
    may come later in the table.
    """

    def __init__(
        self,
        mapping: TableMapping,
        table: CsvTable,
        tally: Tally,
        identifiers: Identifiers,
        *,
        repeatable: frozenset[str] = frozenset(),
    ) -> None:
        self._mapping = mapping
        self._tally = tally
        self._missing = mapping.missing
        self._identifiers = identifiers
        self._places = {name: table.positions(name) for name in mapping.columns}
        for name in mapping.columns:
            if name not in repeatable:
                table.position(name)
        self.doubt = ""
        self._fits: dict[tuple[int, str], tuple[Any, str, list[str]]] = {}
        self.named: dict[Named, None] = {}
        self.old_names: set[str] = set()

    @contextmanager
    def quietly(self) -> Iterator[None]:
        """Read values of which nothing is counted and no item is made: another reading of the same row does both."""
        tally, named, old_names, doubt = self._tally, self.named, self.old_names, self.doubt
        self._tally, self.named, self.old_names = Tally(), {}, set()
        try:
            yield
        finally:
            self._tally, self.named, self.old_names, self.doubt = tally, named, old_names, doubt

    def take_named(self) -> tuple[Named, ...]:
        """Return the items that were named since this was asked last."""
        named = tuple(self.named)
        self.named.clear()
        return named

    def cell(self, row: CsvRow, column: str) -> str:
        """Return the text of a cell without blanks around it; empty where it is missing."""
        text = row.cells[self._places[column][0]].strip()
        return "" if text in self._missing else text

    def differs(self, before: CsvRow, row: CsvRow, column: str) -> bool:
        """Whether a column says something else in another row. Most cells of a log are as they were above."""
        place = self._places[column][0]
        return before.cells[place] != row.cells[place] and self.cell(before, column) != self.cell(row, column)

    def cells(self, row: CsvRow, column: str) -> list[str]:
        """Return the texts in all columns with this heading, without those that are missing."""
        texts = (row.cells[place].strip() for place in self._places[column])
        return [text for text in texts if text not in self._missing]

    def value(self, rule: ValueRule, row: CsvRow, schema: Mapping[str, Any] | None = None) -> Any:
        """Return what a rule makes of a row, fitted to the schema of its field; ABSENT for nothing."""
        self.doubt = ""
        if rule.value is not None:
            return rule.value
        column, texts = self._texts(rule, row)
        if not texts:
            return self._default(rule, column, "", row, "missing")
        if len(texts) > 1:
            values = [self._read(rule, column, text, row, schema) for text in texts]
            flat = [v for value in values if isinstance(value, list) for v in value]
            return list(dict.fromkeys(flat)) if flat else ABSENT
        return self._read(rule, column, texts[0], row, schema)

    def texts(self, rule: ValueRule, row: CsvRow) -> list[str]:
        """Return the texts that a rule gives without making values of them, all entries of a list."""
        if rule.value is not None:
            return [str(rule.value)]
        found: list[str] = []
        column, texts = self._texts(rule, row)
        for text in texts:
            for part in text.split(rule.separator) if rule.separator else [text]:
                value, problem = self._mapped(rule, part.strip())
                if problem:
                    self._tally.add(column, NOT_UNDERSTOOD, problem, part.strip(), row.number)
                elif value is not ABSENT and str(value):
                    found.append(str(value))
        if not found and rule.default is not None:
            found = [str(self._default(rule, column, "", row, "missing"))]
        return list(dict.fromkeys(found))

    def _texts(self, rule: ValueRule, row: CsvRow) -> tuple[str, list[str]]:
        """Return the column that a rule is reported under, and the texts it reads."""
        if not rule.template:
            return rule.column, self.cells(row, rule.column)
        parts, said = [], False
        for before, column, other in rule.template:
            text = self.cell(row, column)
            if not text and other is None:
                return column, []
            said = said or bool(text or other)
            parts.append(f"{before}{text or other}")
        return rule.template[0][1], ["".join(parts) + rule.tail] if said else []

    def when(self, column: str, row: CsvRow) -> str:
        """Return the time in a column as RFC 3339 text; empty where it is missing or no time."""
        text = self.cell(row, column)
        moment = self.moment(column, text, row) if text else ""
        if text and not moment:
            self._tally.add(column, NOT_UNDERSTOOD, _NO_TIME, text, row.number)
        return moment

    def time_of(self, column: str, text: str) -> str:
        """Return the time that a text in a column means, noting nothing; empty for none."""
        times = self._mapping.times_of(column)
        moment = times.read(text) if times and text else None
        return moment.text if moment else ""

    def moment(self, column: str, text: str, row: CsvRow, times: LocalTimes | None = None) -> str:
        """Return the time that a text means, empty for none; notes what the zone makes doubtful."""
        times = times or self._mapping.times_of(column)
        moment = times.read(text) if times else None
        if moment is None:
            return ""
        if moment.doubt:
            self._tally.add(column, ADJUSTED, moment.doubt, text, row.number)
        return moment.text

    def who(self, rule: ValueRule | None, row: CsvRow) -> str:
        """Return the handle a rule gives, or the mapping's actor."""
        value = self.value(rule, row) if rule else ABSENT
        return value if isinstance(value, str) else self._mapping.actor

    def handle(self, column: str, text: str, row: CsvRow) -> str:
        """Return the handle for a name that stands inside of a cell, or the mapping's actor."""
        return self._identifier("", column, text, row, people=True) if text else self._mapping.actor

    def _default(self, rule: ValueRule, column: str, text: str, row: CsvRow, why: str) -> Any:
        if rule.default is None:
            return ABSENT
        self._tally.add(column, DEFAULTED, f"{why}; '{rule.default}' is taken", text, row.number)
        return rule.default

    def _read(
        self, rule: ValueRule, column: str, text: str, row: CsvRow, schema: Mapping[str, Any] | None
    ) -> Any:
        value, problem = self._mapped(rule, text)
        if value is ABSENT and not problem:
            return ABSENT
        if not problem and isinstance(value, str):
            value, problem = self._typed(rule, column, value, row, schema)
        if not problem:
            return value
        self._tally.add(column, NOT_UNDERSTOOD, problem, text, row.number)
        if rule.default is None:
            self.doubt = f"'{column}' says '{shorten(text, _DOUBT_MAX)}', {problem}"
        return self._default(rule, column, text, row, problem)

    def _mapped(self, rule: ValueRule, text: str) -> tuple[Any, str]:
        """Return what ``regex`` and ``map`` make of a text, and what is wrong; ABSENT where nothing is meant."""
        value: Any = text
        if rule.regex:
            match = rule.regex.search(text[:_MATCH_MAX])
            if not match:
                return ABSENT, "does not match the pattern"
            value = match[1 if match.re.groups else 0] or ""
        if rule.map is None:
            return value, ""
        if value not in rule.map:
            alike = [word for word in rule.map if word.casefold() == value.casefold()]
            if len(alike) != 1:
                near = did_you_mean(value, rule.map)
                return ABSENT, "not in the map" + (f"; {near}" if near else "")
            value = alike[0]
        value = rule.map[value]
        return (ABSENT if value is None else value), ""

    def _typed(
        self, rule: ValueRule, column: str, text: str, row: CsvRow, schema: Mapping[str, Any] | None
    ) -> tuple[Any, str]:
        schema = schema or {}
        kind = rule.type or type_of(schema)
        if kind == "list":
            parts = [p.strip() for p in text.split(rule.separator)] if rule.separator else [text]
            inner = schema.get("items", {})
            pairs = [self._single(rule, column, p, row, inner, type_of(inner)) for p in parts if p]
            for part, (_, problem) in zip([p for p in parts if p], pairs, strict=True):
                if problem and len(pairs) > 1:
                    self._tally.add(column, NOT_UNDERSTOOD, problem, part, row.number)
            values = list(dict.fromkeys(v for v, problem in pairs if not problem))
            wrong = next((problem for _, problem in pairs if problem), "")
            return (values, "") if values or not wrong else (ABSENT, wrong)
        return self._single(rule, column, text, row, schema, kind)

    def _single(
        self, rule: ValueRule, column: str, text: str, row: CsvRow, schema: Mapping[str, Any], kind: str
    ) -> tuple[Any, str]:
        if kind == "time":
            moment = self.moment(column, text, row)
            return (moment, "") if moment else (ABSENT, _NO_TIME)
        if kind == "date":
            times = self._mapping.times_of(column)
            day = times.day(text) if times else None
            return (day, "") if day else (ABSENT, _NO_DATE)
        if kind in SCALARS:
            value = SCALARS[kind](text)
            return (value, "") if value is not ABSENT else (ABSENT, f"not of type {kind}")
        if kind in ("mapping", "list"):
            return ABSENT, f"the field is a {kind}, which no text can be; name its parts (field.part)"
        if rule.slug:
            return self._identifier(
                rule.ensure, column, text, row, people=names_people(schema, self._identifiers.handles)
            ), ""
        value, problem, changes = self._fit(text, schema)
        if (
            problem
            and "x-ref" in schema
            and rule.default is None
            and text == clean(text)
            and len(text) <= _NAME_MAX
        ):
            self.old_names.add(text)
            return text, ""
        for change in changes:
            self._tally.add(column, ADJUSTED, change, text[:200], row.number)
        if not problem and rule.ensure:
            self.named[Named(rule.ensure, value, text)] = None
        return value, problem

    def _fit(self, text: str, schema: Mapping[str, Any]) -> tuple[Any, str, list[str]]:
        """Fit a text as `fit` does. Columns with few words say the same thousands of times."""
        if not schema:
            return fit(text, schema)
        key = (id(schema), text)  # schemas are those of the rule book, which outlives this
        result = self._fits.get(key)
        if result is None:
            result = fit(text, schema)
            if len(text) <= _WORD_MAX and len(self._fits) < _WORDS_MAX:
                self._fits[key] = result
        return result

    def _identifier(self, ensure: str, column: str, text: str, row: CsvRow, *, people: bool) -> str:
        known = self._identifiers.person(text) if people else ""
        if known:
            return known
        name, remark = self._identifiers.of(text, ensure)
        if remark:
            self._tally.add(column, ADJUSTED, remark, text, row.number)
        if ensure:
            self.named[Named(ensure, name, text)] = None
        return name
