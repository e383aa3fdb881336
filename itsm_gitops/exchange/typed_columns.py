"""The tables of an export for analytics: their columns, and the types that the rule book gives them.

A kind or field that a repository adds to its rule book becomes a column without a line of code. Fields of one
name share a column in all kinds; where kinds disagree about its type, and where a type has no counterpart in a
table (an object), the column holds JSON text. What does not fit its column is in the column ``other``, so that
no value is lost and no file is refused because one document is wrong.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import UTC, date, datetime
from enum import Enum
from typing import Any, NamedTuple

from itsm_gitops.model import clock

TEXT, TEXTS, TIME, DATE = "text", "texts", "time", "date"
INTEGER, NUMBER, TRUTH, JSON = "integer", "number", "truth", "json"

OTHER = "other"
# In front of a field whose name is that of a derived column.
_FIELD = "field_"
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_FORMATS = {"date-time": TIME, "date": DATE}
_SIMPLE = {"integer": INTEGER, "number": NUMBER, "boolean": TRUTH}


class Unfit(Enum):
    """What a conversion returns for a value that its column cannot hold."""

    UNFIT = 0


class TypedColumn(NamedTuple):
    """A column. ``field`` is the key of a document that it shows, '' for one that is derived."""

    name: str
    type: str
    description: str
    field: str = ""


OTHER_COLUMN = TypedColumn(
    OTHER, JSON, "Fields that the rule book does not declare, and values that do not have the declared type."
)


def type_of(schema: Mapping[str, Any]) -> str:
    """Return the type of the column for a field with this JSON Schema."""
    declared = schema.get("type")
    names = [n for n in declared if n != "null"] if isinstance(declared, list) else [declared]
    name = names[0] if len(names) == 1 else None
    if name == "string":
        return _FORMATS.get(str(schema.get("format")), TEXT)
    if name == "array":
        items = schema.get("items")
        return TEXTS if isinstance(items, Mapping) and type_of(items) in (TEXT, TIME, DATE) else JSON
    if name is None and declared is None:
        values = schema.get("enum", [schema["const"]] if "const" in schema else [])
        return TEXT if values and all(isinstance(v, str) for v in values) else JSON
    return _SIMPLE.get(str(name), JSON)


def field_columns(
    kinds: Iterable[Mapping[str, Any]], taken: Iterable[str], skipped: Collection[str] = ()
) -> tuple[TypedColumn, ...]:
    """Return a column for every field of some kinds, in the order in which they declare them.

    ``kinds`` are the schemas of fields by name, ``taken`` the names of other columns of the table. Engines do
    not tell capitals from small letters in names of columns, so neither does this.
    """
    types: dict[str, str] = {}
    said: dict[str, str] = {}
    for fields in kinds:
        for name, schema in fields.items():
            if name not in skipped:
                types[name] = type_of(schema) if types.get(name, type_of(schema)) == type_of(schema) else JSON
                said.setdefault(name, str(schema.get("description", "")))
    names = {t.lower() for t in taken}
    found = []
    for name, kind in types.items():
        column = name
        while column.lower() in names:
            column = _FIELD + column
        names.add(column.lower())
        found.append(TypedColumn(column, kind, said[name], name))
    return tuple(found)


def as_json(value: Any) -> str:
    """Return a value of a document as JSON text."""
    return json.dumps(value, ensure_ascii=False)


def _text(value: Any) -> Any:
    return value if isinstance(value, str) else Unfit.UNFIT


def _texts(value: Any) -> Any:
    fits = isinstance(value, list) and all(isinstance(v, str) for v in value)
    return value if fits else Unfit.UNFIT


def _time(value: Any) -> Any:
    moment = value if isinstance(value, datetime) else clock.parse_time(value)
    return moment.astimezone(UTC) if moment else Unfit.UNFIT


def _date(value: Any) -> Any:
    if isinstance(value, str) and _DATE.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    return Unfit.UNFIT


def _integer(value: Any) -> Any:
    return value if isinstance(value, int) and not isinstance(value, bool) else Unfit.UNFIT


def _number(value: Any) -> Any:
    fits = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if fits else Unfit.UNFIT


def _truth(value: Any) -> Any:
    return value if isinstance(value, bool) else Unfit.UNFIT


_CONVERTERS: Mapping[str, Callable[[Any], Any]] = {
    TEXT: _text,
    TEXTS: _texts,
    TIME: _time,
    DATE: _date,
    INTEGER: _integer,
    NUMBER: _number,
    TRUTH: _truth,
    JSON: as_json,
}


def cells(
    columns: Iterable[TypedColumn],
    data: Mapping[str, Any],
    derived: Mapping[str, Any],
    rest: Mapping[str, Any],
) -> tuple[Any, ...]:
    """Return the cells of one row, whose last column is ``other``.

    ``data`` has the values of fields, ``derived`` those of the other columns, ``rest`` are the fields that have
    no column; what does not fit a column joins them.
    """
    misfits = dict(rest)
    row = []
    for name, kind, _, field in columns:
        raw = data.get(field) if field else derived.get(name)
        cell = None if raw is None else _CONVERTERS[kind](raw)
        if cell is Unfit.UNFIT:
            misfits[field or name] = raw
            cell = None
        row.append(cell)
    row[-1] = as_json(misfits) if misfits else None
    return tuple(row)
