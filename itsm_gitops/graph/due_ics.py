"""Duties as a calendar file: each is a whole day, or a moment where the date has a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, timedelta

from itsm_gitops.graph.due import DueEntry
from itsm_gitops.graph.ics import as_file, event, text_value
from itsm_gitops.model import clock

_DAY = timedelta(days=1)


def due_calendar(
    rows: Iterable[DueEntry],
    organisation: str,
    host: str,
    stamp: datetime,
    address: Callable[[str], str] = lambda _: "",
) -> str:
    """Return the calendar file of duties.

    ``host`` makes the identifiers unique (`ics.domain`), ``stamp`` is when they count as written where their document has no time.
    """
    events = [line for row in rows for line in _event(row, host, stamp, address(row.entry.id))]
    return as_file(f"{organisation}: what is due", "What is due", events)


def _event(row: DueEntry, host: str, stamp: datetime, url: str) -> Iterator[str]:
    moment = clock.parse_time(row.day.day)
    start: date = moment or date.fromisoformat(row.day.day)
    place = ".".join(map(str, row.day.due.pointer))
    # Which of several duties of one date: its place in the schema does not change with the document.
    sort = "" if row.day.due.terms.sign == 1 else "-before"
    yield from event(
        uid=f"{row.entry.id}-{place}{sort}@{host}",
        stamp=clock.parse_time(row.entry.updated) or stamp,
        start=start,
        end=start if moment else start + _DAY,
        summary=f"{row.day.text}: {row.entry.title}",
        about=f"{row.entry.id}\n{'Answered for by ' + row.who if row.who else 'Nobody is named'}",
        url=url,
        extra=(f"CATEGORIES:{text_value('Due')}",),
    )
