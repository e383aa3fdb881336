"""What a report is: measures with their definitions, and tables, some of which are also drawn as charts.

A chart has no data of its own. It names columns of its table, so that both always say the same.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from itsm_gitops.model import clock
from itsm_gitops.model.formulas import neutralise

# What a column holds, and so how its values are shown.
TEXT = "text"
RECORD = "record"  # identifier of a record
ITEM = "item"  # identifier of a CMDB item
COUNT = "count"
SHARE = "share"  # 0 to 1
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
OVER_TIME = "over time"  # upright bars, a group for each row

Cell = str | int | float | None
Row = tuple[Cell, ...]

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_LONG = 100 * 86400
_UNITS = ((86400, "d"), (3600, "h"), (60, "min"))


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
    """How a table is drawn: the columns that become bars, and the look of each (a word for a colour)."""

    form: str
    columns: tuple[str, ...]
    looks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under columns; the first column names the row. ``note`` says what to know when reading it."""

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    chart: Bars | None = None
    note: str = ""

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


@dataclass(frozen=True, slots=True)
class Report:
    """One report about a time, made at ``until``.

    ``since`` and ``until`` are moments in UTC; ``service``, ``team`` and ``customer`` are what it is limited to,
    empty where it is not. ``headline`` is its result in one line. A table without rows says so.
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

    def as_json(self) -> dict[str, Any]:
        """Return the report as JSON data: durations in seconds, shares from 0 to 1."""
        return {
            "report": self.name,
            "title": self.title,
            "headline": self.headline,
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


def shown(column: Column, value: Cell) -> str:
    """Return a cell as people read it; a dash where there is nothing to say."""
    if value is None or value == "":
        return "none" if column.form in (TEXT, ITEM) else "–" if column.title else ""
    if column.form == DURATION and not isinstance(value, str):
        return duration(value)
    if column.form == BUSINESS and not isinstance(value, str):
        return business_time(value)
    if column.form == SHARE and not isinstance(value, str):
        return f"{value * 100:.0f} %"
    if column.form == EXACT_SHARE and not isinstance(value, str):
        # Rounded down, so that only what never failed shows 100 %.
        return f"{math.floor(value * 10_000 + 1e-6) / 100:g} %"
    if column.form == EVIDENCE:
        return str(value).replace("{", "").replace("}", "").replace("\n", "; ")
    if column.form == WEEK:
        return day_and_month(str(value))
    if column.form == MONTH:
        year, month = str(value).split("-")
        return f"{MONTHS[int(month) - 1]} {year}"
    if column.form == MONEY and not isinstance(value, str):
        return f"{value:,.0f}" if value == int(value) else f"{value:,.2f}"
    return f"{value:,}" if column.form == COUNT and not isinstance(value, str) else str(value)


def day_and_month(day: str) -> str:
    """Say a day (``2026-11-22``) without its year: ``22 Nov``."""
    found = date.fromisoformat(day)
    return f"{found.day} {MONTHS[found.month - 1]}"


def duration(seconds: float) -> str:
    """Say a duration in its two largest units: ``3 d 4 h``, ``5 h 20 min``, ``12 min``, ``40 s``.

    From a hundred days on, hours say nothing.
    """
    rest = round(seconds)
    if rest < 60:
        return f"{rest} s"
    parts = list(_split((rest + 30) // 60 * 60 if rest < 86400 else (rest + 1800) // 3600 * 3600))
    return " ".join(parts[: 1 if rest >= _LONG else 2])


def business_time(seconds: float) -> str:
    """Say a time in the hours of an agreement in hours and minutes: ``132 h``, ``1 h 30 min``, ``12 min``, ``40 s``.

    Never in days: the length of an agreed day differs.
    """
    rest = round(seconds)
    if rest < 60:
        return f"{rest} s"
    hours, minutes = divmod((rest + 30) // 60, 60)
    parts = [f"{hours:,} h"] * bool(hours) + [f"{minutes} min"] * bool(minutes)
    return " ".join(parts)


def _split(rest: int) -> Iterator[str]:
    for size, unit in _UNITS:
        count, rest = divmod(rest, size)
        if count:
            yield f"{count} {unit}"
