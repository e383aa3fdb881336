"""Meetings as a calendar file; the entry of a board that decides on changes has its agenda."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime

from itsm_gitops.graph.boards import BoardAgenda, BoardMeeting
from itsm_gitops.graph.ics import as_file, event, moment_value, text_value
from itsm_gitops.model import clock
from itsm_gitops.model.windows import day_after


def meetings_calendar(
    meetings: Iterable[BoardMeeting],
    agendas: Mapping[str, BoardAgenda],
    organisation: str,
    host: str,
    stamp: datetime,
    address: Callable[[str], str] = lambda _: "",
) -> str:
    """Return the calendar file of meetings; a cancelled one stays in it, marked as cancelled.

    ``agendas`` are those that are known, by meeting; ``host`` makes the identifiers unique (`ics.domain`); ``stamp`` is
    when a meeting counts as written whose record has no time; ``address`` is the page of a document.
    """
    events = [line for m in meetings for line in _meeting(m, agendas.get(m.id), host, stamp, address(m.id))]
    return as_file(f"{organisation}: meetings", "Meetings", events)


def agenda_calendar(
    agenda: BoardAgenda, meeting: BoardMeeting | None, organisation: str, host: str, stamp: datetime
) -> str:
    """Return the calendar file of one agenda: its meeting, or the whole day where none is recorded."""
    if meeting is not None:
        return meetings_calendar([meeting], {meeting.id: agenda}, organisation, host, stamp)
    events = event(
        uid=f"{agenda.board or 'board'}-{agenda.day:%Y%m%d}@{host}",
        stamp=stamp,
        start=agenda.day,
        end=day_after(agenda.day),
        summary=f"Agenda of {agenda.day}",
        about=agenda.as_text(),
        url="",
        extra=(),
    )
    return as_file(f"{organisation}: meetings", "Meetings", events)


def _meeting(
    meeting: BoardMeeting, agenda: BoardAgenda | None, host: str, stamp: datetime, url: str
) -> Iterator[str]:
    updated = clock.parse_time(meeting.entry.updated)
    status = "CANCELLED" if meeting.cancelled else "CONFIRMED"
    lines = (
        f"SEQUENCE:{max(0, meeting.steps - 1)}",
        f"LAST-MODIFIED:{moment_value(updated)}" if updated else "",
        f"LOCATION:{text_value(meeting.place)}" if meeting.place else "",
        f"STATUS:{status}",
    )
    yield from event(
        uid=f"{meeting.id}@{host}",
        stamp=updated or stamp,
        start=meeting.starts,
        end=meeting.ends,
        summary=meeting.entry.title,
        about=f"{meeting.id}\n\n{agenda.as_text()}" if agenda else meeting.id,
        url=url,
        extra=tuple(line for line in lines if line),
    )
