"""Duties as a calendar file: each is a whole day, or a moment where the date has a time."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime

from itsm_gitops.graph.due import DueEntry
from itsm_gitops.graph.ics import as_file, event, text_value
from itsm_gitops.model import clock
from itsm_gitops.model.windows import day_after
from itsm_gitops.model.wording import ENGLISH, Phrase, Writer


def due_calendar(
    rows: Iterable[DueEntry],
    organisation: str,
    host: str,
    stamp: datetime,
    address: Callable[[str], str] = lambda _: "",
    writer: Writer = ENGLISH,
) -> str:
    """Return the calendar file of duties.

    ``host`` makes the identifiers unique (`ics.domain`), ``stamp`` is when they count as written where their document has no time.
    """
    taken: Counter[str] = Counter()
    events = [
        line
        for row in rows
        for line in _event(row, _name(row, taken), host, stamp, address(row.entry.id), writer)
    ]
    name = Phrase("{organisation}: what is due", organisation=organisation).said(writer)
    return as_file(name, "What is due", events)


def _name(row: DueEntry, taken: Counter[str]) -> str:
    """Return a name that a duty keeps: an entry of a list goes by what it is about, as its position changes.

    ``taken`` counts the names that were given, so that two duties of one name are told apart.
    """
    due = row.day.due
    about = hashlib.sha256(due.what.encode()).hexdigest()[:8] if due.what else ""
    place = ".".join(about if about and isinstance(step, int) else str(step) for step in due.pointer)
    # Which of several duties of one date: its place in the schema does not change with the document.
    name = f"{row.entry.id}-{place}{'' if due.terms.sign == 1 else '-before'}"
    taken[name] += 1
    return name if taken[name] == 1 else f"{name}-{taken[name]}"


def _event(row: DueEntry, name: str, host: str, stamp: datetime, url: str, writer: Writer) -> Iterator[str]:
    moment = clock.parse_time(row.day.day)
    who = Phrase("Answered for by {person}", person=row.who) if row.who else Phrase("Nobody is named")
    what = row.day.due.what
    text = writer.text(row.day.due.terms.message) + (f" ({what})" if what else "")
    start: date = moment or date.fromisoformat(row.day.day)
    yield from event(
        uid=f"{name}@{host}",
        stamp=clock.parse_time(row.entry.updated) or stamp,
        start=start,
        end=start if moment else day_after(start),
        summary=f"{text}: {row.entry.title}",
        about=f"{row.entry.id}\n{who.said(writer)}",
        url=url,
        extra=(f"CATEGORIES:{text_value('Due')}",),
    )
