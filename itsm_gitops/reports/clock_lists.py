"""The promises that were missed last, and those that will be soon, record by record."""

from __future__ import annotations

from itsm_gitops.model.report import BUSINESS, ITEM, RECORD, TEXT, Column, Table
from itsm_gitops.reports.tables import MOST_ROWS
from itsm_gitops.service_levels.agreements import Clock
from itsm_gitops.service_levels.clocks import Levels
from itsm_gitops.service_levels.measures import MISSED

HOURS = "Times are hours of the calendar of the service level."

_CLOCK_COLUMNS = (
    Column("record", "Record", RECORD),
    Column("title", "Title", TEXT),
    Column("service", "Service", ITEM),
    Column("metric", "Promise", TEXT),
    Column("within_s", "Within", BUSINESS),
)


def missed(clocks: list[Clock]) -> Table:
    """Return the latest promises that were missed."""
    late = [c for c in clocks if c.verdict == MISSED]
    late.sort(key=lambda c: (-c.case.opened, c.case.entry.id, c.target.metric))
    columns = (*_CLOCK_COLUMNS, Column("over_s", "Over by", BUSINESS))
    rows = tuple((*_cells(c), c.over) for c in late[:MOST_ROWS])
    return Table("missed", "The latest that were missed", columns, rows, note=HOURS if rows else "")


def running(known: Levels, clocks: list[Clock]) -> Table:
    """Return the open records whose clock has passed the warning of their service level."""
    near = [c for c in clocks if known.is_near(c)]
    near.sort(key=lambda c: (c.target.seconds - c.used, c.case.entry.id, c.target.metric))
    columns = (*_CLOCK_COLUMNS, Column("left_s", "Left", BUSINESS))
    rows = tuple((*_cells(c), c.target.seconds - c.used) for c in near[:MOST_ROWS])
    return Table("running", "Soon to be missed", columns, rows, note=HOURS if rows else "")


def _cells(clock: Clock) -> tuple[str, str, str, str, int]:
    entry = clock.case.entry
    return entry.id, entry.title, clock.service, clock.target.metric.capitalize(), clock.target.seconds
