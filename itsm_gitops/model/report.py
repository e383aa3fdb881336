"""What a report is: measures with their definitions, and tables, some of which are also drawn as charts.

A chart has no data of its own. It names columns of its table, so that both always say the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from itsm_gitops.model import clock, filter_words
from itsm_gitops.model.formulas import neutralise
from itsm_gitops.model.wording import (
    ENGLISH,
    Phrase,
    Writer,
    business_time,
    day_and_month,
    duration,
    exact_percent,
    floored_percent,
    month_and_year,
    percent,
)

if TYPE_CHECKING:
    from itsm_gitops.model.trend import Trend

# What a column holds, and so how its values are shown.
TEXT = "text"
RECORD = "record"  # identifier of a record
ITEM = "item"  # identifier of a CMDB item
COUNT = "count"
SHARE = "share"  # 0 to 1
FLOORED_SHARE = "floored share"  # 0 to 1, rounded down: it must not reach what it misses
EXACT_SHARE = "exact share"  # 0 to 1, where hundredths of a percent matter
DURATION = "duration"  # seconds
BUSINESS = "business time"  # seconds in the hours of an agreement
WEEK = "week"  # its Monday, 2026-11-16
MONTH = "month"  # 2026-11
MONEY = "money"  # an amount; its currency and period stand in columns beside it, of the same form
RULE = "rule"  # the code of a rule that has a finding there, empty where it has none
STANDING = "standing"  # met, partly or missing
EVIDENCE = (
    "evidence"  # lines that begin with + or -; what leads somewhere stands in braces: {INC-…}, {rule:K001}
)

# How a chart is drawn.
STACKED = "stacked"  # one bar for each row, its parts one after the other
BESIDE = "beside"  # one bar for each row and column
RANGE = "range"  # the first column as a mark, and from it a bar to the second, on a logarithmic scale
OVER_TIME = "over time"  # upright bars, a group for each row

ALL = "All"  # the row that is the sum of the others
FEW = 5  # a share of fewer than these says little: it is written as "1 of 3"

Cell = str | int | float | None
Row = tuple[Cell, ...]
Facets = Mapping[str, str]


class Measure(NamedTuple):
    """A figure that a report states: its definition, and whose word it follows."""

    name: str
    definition: str
    source: str


class Column(NamedTuple):
    """A column of a table. ``name`` is for programs, ``title`` for people, ``form`` one of the words above.

    ``goal`` is the name of the column with the least that was promised, empty where nothing was.
    """

    name: str
    title: str
    form: str = COUNT
    goal: str = ""


def _less(value: Cell, goal: Cell) -> bool:
    return isinstance(value, int | float) and isinstance(goal, int | float) and value < goal


class Bars(NamedTuple):
    """How a table is drawn: the columns that become bars, and the look of each.

    A look is ``step1`` to ``step5`` for the steps of an ordered scale (one hue, the last the strongest), ``green``,
    ``amber`` and ``red`` for what went well or badly, ``blue`` and ``grey`` for what is neither.
    """

    form: str
    columns: tuple[str, ...]
    looks: tuple[str, ...]


class TablePlace(NamedTuple):
    """Where a table stands on a page: the section that it shares with the tables beside it, and what it is called there."""

    section: str
    title: str


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under columns; the first column names the row. ``note`` says what to know when reading it.

    ``shows`` names the records that a figure of a row counts, by the facets of the explorer: for a column, its facets row
    by row, empty where no facets say it. ``wholes`` says, row by row, of how many a share is a part. A ``quiet`` one counts too
    few to be read: it is data only.
    """

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    chart: Bars | None = None
    note: str = ""
    shows: Mapping[str, Sequence[Facets]] = field(default_factory=dict)
    wholes: Mapping[str, Sequence[int]] = field(default_factory=dict)
    place: TablePlace | None = None
    quiet: bool = False

    def said(self, number: int, column: str, writer: Writer = ENGLISH) -> str:
        """Return the cell of a row as readers of a language write it, a share of few as so many of how many."""
        return self.part(number, column, writer) or self._share(number, column, writer)

    def part(self, number: int, column: str, writer: Writer = ENGLISH, fewer: int = FEW) -> str:
        """Return a share of ``fewer`` than so many as so many of how many; empty for another cell."""
        value, wholes = self.values(column)[number], self.wholes.get(column, ())
        if isinstance(value, int | float) and number < len(wholes) and 0 < wholes[number] < fewer:
            part, whole = round(value * wholes[number]), wholes[number]
            return Phrase("{part} of {whole}", part=part, whole=whole).said(writer)
        return ""

    def _share(self, number: int, name: str, writer: Writer) -> str:
        """Return a cell; a share that misses its goal is never rounded up to it."""
        column, value = self.column(name), self.values(name)[number]
        if column.form == SHARE and column.goal and _less(value, self.values(column.goal)[number]):
            column = column._replace(form=FLOORED_SHARE)
        return shown(column, value, writer)

    def column(self, name: str) -> Column:
        """Return the column of this name."""
        return self.columns[self._index(name)]

    def values(self, name: str) -> list[Cell]:
        """Return the cells of one column, in order of the rows."""
        index = self._index(name)
        return [row[index] for row in self.rows]

    def falls_short(self, row: Row) -> list[bool]:
        """Return for each cell of a row whether it is less than was promised."""
        return [
            bool(c.goal) and _less(value, row[self._index(c.goal)])
            for c, value in zip(self.columns, row, strict=True)
        ]

    def _index(self, name: str) -> int:
        return [c.name for c in self.columns].index(name)


class Key(NamedTuple):
    """A key figure of a report: its value, the form of a column, and what it is; ``whole`` as in a table."""

    value: Cell
    label: str
    form: str = COUNT
    whole: int = FEW

    def said(self, writer: Writer = ENGLISH) -> str:
        """Return the value as readers of a language write it."""
        column = Column("key", "Key", self.form)
        return Table("", "", (column,), ((self.value,),), wholes={"key": [self.whole]}).said(0, "key", writer)


@dataclass(frozen=True, slots=True)
class Report:
    """One report about a time, made at ``until``.

    ``since`` and ``until`` are moments in UTC; ``service``, ``team`` and ``customer`` are what it is limited to,
    empty where it is not. ``headline`` is its result in one line, ``trend`` how a figure of it went, None where nothing
    can be compared. A table without rows says so. ``main`` is the figure by which a report is known among others, ``keys``
    are those at its head, ``note`` says how its figures are taken.
    """

    name: str
    title: str
    lead: str
    headline: str
    since: datetime
    until: datetime
    service: str
    team: str
    measures: tuple[Measure, ...]
    tables: tuple[Table, ...]
    customer: str = ""
    trend: Trend | None = None
    main: Key | None = None
    keys: tuple[Key, ...] = ()
    note: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return the report as JSON data: durations in seconds, shares from 0 to 1."""
        return {
            "report": self.name,
            "title": self.title,
            "headline": self.headline,
            "trend": self.trend.as_json() if self.trend else None,
            "since": clock.format_time(self.since),
            "until": clock.format_time(self.until),
            "service": self.service or None,
            "team": self.team or None,
            "customer": self.customer or None,
            "measures": [m._asdict() for m in self.measures],
            "tables": [_table_json(t) for t in self.tables],
        }


def _table_json(table: Table) -> dict[str, Any]:
    names = [c.name for c in table.columns]
    return {
        "table": table.name,
        "title": table.title,
        "note": table.note,
        "columns": [c._asdict() for c in table.columns],
        "rows": [dict(zip(names, row, strict=True)) for row in table.rows],
    }


def as_csv(table: Table) -> str:
    """Return a table as CSV under the names of its columns: durations in seconds, shares from 0 to 1.

    Texts that a spreadsheet would run as formulas get an apostrophe in front.
    """
    import csv
    import io

    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([c.name for c in table.columns])
    for row in table.rows:
        writer.writerow([neutralise(v) if isinstance(v, str) else "" if v is None else v for v in row])
    return out.getvalue()


# The label of records that name no team or service.
_WITHOUT = {filter_words.TEAM: "No team", filter_words.SERVICE: "No service"}


def shown(column: Column, value: Cell, writer: Writer = ENGLISH) -> str:
    """Return a cell as readers of a language write it; a dash where there is nothing to say."""
    if value is None or value == "":
        return (
            writer.text(_WITHOUT.get(column.name, "none"))
            if column.form in (TEXT, ITEM)
            else "–"
            if column.title
            else ""
        )
    if isinstance(value, str):
        return _shown_text(column, value, writer)
    write = _FIGURES.get(column.form)
    if not value and column.form in (DURATION, BUSINESS):
        return writer.number("0")
    if write:
        return write(value, writer)
    if column.form == MONEY:
        return writer.number(f"{value:,.0f}" if value == int(value) else f"{value:,.2f}")
    if column.form != COUNT:
        return writer.number(str(value))
    # Figures of one column have the same decimals, and nought is nought.
    return writer.number(f"{value:,.2f}" if isinstance(value, float) and value else f"{int(value):,}")


_FIGURES: Mapping[str, Callable[[float, Writer], str]] = {
    DURATION: duration,
    BUSINESS: business_time,
    SHARE: percent,
    FLOORED_SHARE: floored_percent,
    EXACT_SHARE: exact_percent,
}


def _shown_text(column: Column, value: str, writer: Writer) -> str:
    if isinstance(value, Phrase):
        value = value.said(writer)
    elif column.form in (TEXT, MONEY):
        value = writer.text(value)
    if column.form == EVIDENCE:
        return value.replace("{", "").replace("}", "").replace("\n", "; ")
    if column.form == WEEK:
        return day_and_month(date.fromisoformat(value), writer)
    if column.form == MONTH:
        return month_and_year(value, writer)
    return value
