"""Reports that a repository describes itself, one file of ``schemas/reports`` each: tables of filters, no code.

A table lists what a filter finds, with columns as ``itsm list --columns`` names them, or counts it by the values of
one column (``group``). What a report is for, whom and how often stands in the same file, so that it is its
specification as well.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from itsm_gitops.commands.columns import Rows
from itsm_gitops.commands.listing import sorted_by
from itsm_gitops.commands.stored_filters import FilterAnswer, StoredFilters
from itsm_gitops.model import clock
from itsm_gitops.model.column_names import column_names, near_column
from itsm_gitops.model.errors import ItsmError, UsageError
from itsm_gitops.model.kinds import Kind
from itsm_gitops.model.report import (
    BESIDE,
    COUNT,
    ITEM,
    RECORD,
    TEXT,
    Bars,
    Cell,
    Column,
    Key,
    Measure,
    Report,
    Row,
    Table,
)
from itsm_gitops.model.rulebook import RuleBook
from itsm_gitops.model.wording import Figure, Phrase, Writer, field_name, full_day, listed, plural

if TYPE_CHECKING:
    from itsm_gitops.snapshots import Store

_FOLDER = "schemas/reports/"
_MOST = 100
_HOW_MANY = "count"
_OF_NAME = frozenset({"name", "unit"})  # the name of a figure says its unit


def own_reports(book: RuleBook) -> dict[str, Mapping[str, Any]]:
    """Return the data of each file of ``schemas/reports`` by the name of its report, in their order."""
    paths = sorted(p for p in book.files if p.startswith(_FOLDER) and p.endswith(".yaml"))
    return {PurePosixPath(p).stem: book.policy(p) for p in paths}


def own_titles(book: RuleBook) -> list[tuple[str, str]]:
    """Return name and title of each report of ``schemas/reports``."""
    return [(name, str(about.get("title", name))) for name, about in own_reports(book).items()]


def own_filters(book: RuleBook) -> list[str]:
    """Return the filters of all reports of ``schemas/reports``."""
    return [str(table["of"]) for about in own_reports(book).values() for table in about["tables"]]


def own_report(store: Store, name: str, now: datetime, filters: StoredFilters | None = None) -> Report:
    """Make one report of ``schemas/reports`` about a loaded snapshot at a moment.

    ``filters`` are asked instead of the store where they are given. Raises UsageError, with the file, for an invalid filter or column.
    """
    about = own_reports(store.book)[name]
    filters = filters or StoredFilters(store)
    try:
        tables = tuple(_table(store, filters, table) for table in about["tables"])
    except ItsmError as error:
        raise UsageError(f"{_FOLDER}{name}.yaml: {error.message}", error.hint) from error
    first = tables[0]
    return Report(
        name=name,
        title=about["title"],
        lead=about["lead"],
        headline=Phrase("{title} ({total})", title=Phrase(first.title), total=_total(first)),
        since=now,
        until=now,
        service="",
        team="",
        measures=tuple(_measure(name, table) for table in about["tables"]),
        tables=tables,
        main=Key(_total(first), first.title),
        keys=tuple(Key(len(table.rows), table.title) for table in tables if not _is_counted(table)),
    )


def _measure(name: str, table: Mapping[str, Any]) -> Measure:
    """Say what a table counts or lists; the file is the source."""
    if "group" in table:
        column = Figure(_column_name, table["group"])
        definition = Phrase(
            "What the filter '{filter}' finds, counted by {column}.",
            filter=table["of"],
            column=column,
        )
    else:
        definition = Phrase("One row for each that the filter '{filter}' finds.", filter=table["of"])
    return Measure(table["title"], definition, f"{_FOLDER}{name}.yaml.")


def _column_name(name: str, writer: Writer) -> str:
    return field_name(name.replace("_", " "), writer)


def _is_counted(table: Table) -> bool:
    """Whether a table counts records by a value, so that its rows are not records."""
    return table.columns[-1].name == _HOW_MANY


def _total(table: Table) -> int:
    if not _is_counted(table):
        return len(table.rows)
    return sum(int(row[-1] or 0) for row in table.rows)


def _table(store: Store, filters: StoredFilters, about: Mapping[str, Any]) -> Table:
    answer = filters.ask(about["of"])
    note: str = (
        plural(
            len(answer.gaps),
            "{count} file could not be read and may be missing here.",
            "{count} files could not be read and may be missing here.",
        )
        if answer.gaps
        else ""
    )
    if "group" in about:
        return _groups(store, answer, about, note)
    names: Sequence[str] = about["columns"]
    for name in names:
        _require_column(name, answer.kinds)
    make = Rows(store, names)
    order = about.get("sort", "")
    entries = sorted_by(answer.kinds, answer.entries, order, make) if order else answer.entries
    most = about.get("most", _MOST)
    rows: tuple[Row, ...] = tuple(tuple(_cell(make.value(e, n)) for n in names) for e in entries[:most])
    if len(entries) > most:
        first = Phrase("The first {most} of {all}.", most=most, all=len(entries))
        note = Phrase("{first} {note}", first=first, note=note) if note else first
    columns = tuple(_column(name, answer.kinds) for name in names)
    return Table(about["name"], about["title"], columns, rows, note=note)


def _groups(store: Store, answer: FilterAnswer, about: Mapping[str, Any], note: str) -> Table:
    name = about["group"]
    _require_column(name, answer.kinds)
    make = Rows(store, (name,))
    counts: Counter[str] = Counter()
    for entry in answer.entries:
        value = make.value(entry, name)
        counts.update([str(v) for v in value] if isinstance(value, list) else [_text(value)])
    ordered = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    rows: tuple[Row, ...] = tuple(ordered)
    columns = (_column(name, answer.kinds), Column(_HOW_MANY, "Count"))
    bars = Bars(BESIDE, (_HOW_MANY,), ("blue",)) if about.get("chart") else None
    return Table(about["name"], about["title"], columns, rows, bars, note)


def _require_column(name: str, kinds: Sequence[Kind]) -> None:
    if name not in column_names(kinds):
        raise UsageError(f"there is no column '{name}'", near_column(name, kinds))


def _column(name: str, kinds: Sequence[Kind]) -> Column:
    title = name.replace("_", " ").capitalize()
    records = all(k.is_record for k in kinds)
    if name == "id":
        return Column(name, "Record" if records else "Item", RECORD if records else ITEM)
    if any(r.pointer[:1] == (name,) for k in kinds for r in k.references):
        return Column(name, title, ITEM)
    numbers = {str(k.fields[name].get("type")) for k in kinds if name in k.fields}
    return Column(name, title, COUNT if numbers and numbers <= {"integer", "number"} else TEXT)


def _cell(value: Any) -> Cell:
    if value is None or (isinstance(value, str | int | float) and not isinstance(value, bool)):
        return value
    return _text(value)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return Phrase("yes" if value else "no")
    if isinstance(value, list):
        return listed(map(_text, value))
    if isinstance(value, Mapping):
        return _parts(value)
    return str(value)


def _parts(value: Mapping[str, Any]) -> Phrase:
    """Return the parts of a value; what has a name, like a figure with its goal, is called by it."""
    name = value.get("name")
    named = isinstance(name, str)
    said = listed(
        Phrase("{field} {value}", field=Figure(field_name, key), value=_part(part))
        for key, part in value.items()
        if not named or key not in _OF_NAME
    )
    return Phrase("{name}: {parts}", name=str(name), parts=said) if named else said


def _part(value: Any) -> str | Figure:
    day = clock.parse_day(value)
    return _text(value) if day is None else Figure(full_day, day)
