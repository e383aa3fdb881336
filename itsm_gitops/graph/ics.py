"""Calendar files (RFC 5545): events in UTC only, so that no zone must be explained; holidays and duties are whole days.

The identifier of an event (UID) is made of the identifier of its document, which never changes: not of the name of the
organisation, a title or a state. What is called off stays in the file as cancelled, and each version has a higher
number (SEQUENCE) than the one before, so that a calendar which has the event takes it over.

The format is written by hand because the little that is needed is smaller than a dependency: text
is escaped (section 3.3.11) and lines are folded (3.1). A test reads the result with the
``icalendar`` library.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime

from itsm_gitops.graph.calendars import FREEZE, MAINTENANCE
from itsm_gitops.graph.planned import Planned
from itsm_gitops.graph.schedule import HOLIDAYS, Around, Schedule
from itsm_gitops.model import clock
from itsm_gitops.model.local_time import in_zone
from itsm_gitops.model.windows import moment_of, zone
from itsm_gitops.model.wording import ENGLISH, Figure, Phrase, Writer, field_name, in_minutes, listed

_LINE = 75  # octets, without the line break
_CONTROLS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_TITLES = {FREEZE: "Change freeze", MAINTENANCE: "Maintenance window", HOLIDAYS: "Holiday"}


def domain(identity: str) -> str:
    """Return what makes identifiers of events unique in the world: it follows from the identity of the repository.

    Its name and address may change; without a pinned identity all repositories share one domain.
    """
    return f"{hashlib.sha256(identity.encode()).hexdigest()[:12]}.{_TOOL}" if identity else _TOOL


_TOOL = "itsm-gitops"


def calendar(
    schedule: Schedule,
    name: str,
    host: str,
    stamp: datetime,
    address: Callable[[str], str] = lambda _: "",
    over: Iterable[Planned] = (),
    writer: Writer = ENGLISH,
) -> str:
    """Return the iCalendar text of a schedule, in the language of a ``writer``.

    ``host`` makes the identifiers of the events unique (`domain`). ``stamp`` is when the calendars' windows (which carry no time of their own) count as written, ``address`` the page
    of a document by its identifier (empty where there is none), and ``over`` the finished and cancelled changes of
    that time: a cancelled one stays in the file, marked as cancelled.
    """
    events: list[str] = []
    for change in sorted((*schedule.changes, *over), key=lambda c: (c.start, c.id)):
        events += _change(schedule, change, host, stamp, address(change.id), writer)
    for around in schedule.around:
        events += _window(around, host, stamp, address(around.calendar.id), writer)
    return as_file(name, "Schedule of changes", events)


def as_file(name: str, what: str, events: Iterable[str]) -> str:
    """Return a calendar file: its head, the lines of its events, folded."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        f"PRODID:-//itsm-gitops//{what}//EN",
        "CALSCALE:GREGORIAN",
        f"NAME:{text_value(name)}",
        f"X-WR-CALNAME:{text_value(name)}",
        *events,
        "END:VCALENDAR",
    ]
    return "".join(f"{part}\r\n" for line in lines for part in _fold(line))


def _change(
    schedule: Schedule, change: Planned, host: str, stamp: datetime, url: str, writer: Writer
) -> Iterator[str]:
    updated = clock.parse_time(change.updated)
    # Every step and every note is a new version: a calendar takes the one with the higher number.
    versions = (
        f"SEQUENCE:{max(0, change.steps - 1)}",
        f"LAST-MODIFIED:{moment_value(updated)}" if updated else "",
    )
    yield from event(
        uid=f"{change.id}@{host}",
        stamp=updated or stamp,
        start=change.start,
        end=change.end,
        summary=f"{change.id} {change.title}",
        about=listed(_about(schedule, change), "\n").said(writer),
        url=url,
        extra=(
            *(v for v in versions if v),
            f"STATUS:{_status(change)}",
            f"CATEGORIES:{text_value('Change')},{text_value(change.type.capitalize())}",
        ),
    )


def _about(schedule: Schedule, change: Planned) -> Iterator[Phrase]:
    """Yield the lines about a change: what it is, whom it interrupts, what it collides with."""
    yield Phrase(
        "{type} change, {state}, risk {risk}",
        type=Phrase(change.type.capitalize()),
        state=Figure(field_name, change.state),
        risk=Phrase(change.risk or "not assessed"),
    )
    if change.items:
        yield Phrase("Affects {services}", services=", ".join(change.items))
    if change.outage:
        yield Phrase("Interrupts for {time}", time=Figure(in_minutes, f"{change.outage}"))
    else:
        yield Phrase("No interruption expected")
    for collision in schedule.collisions_of(change.id):
        other = _other(collision.first.id, collision.second.id, change.id)
        yield Phrase("Collides with {record}: {reason}", record=other, reason=collision.reason)
    for hold in schedule.holds.get(change.id, ()):
        if not hold.exempt:
            yield Phrase("Inside the freeze {calendar}", calendar=hold.calendar.id)


def _status(change: Planned) -> str:
    if change.cancelled:
        return "CANCELLED"
    return "CONFIRMED" if change.firm or change.over else "TENTATIVE"


def _other(first: str, second: str, own: str) -> str:
    return second if first == own else first


def _window(around: Around, host: str, stamp: datetime, url: str, writer: Writer) -> Iterator[str]:
    one, window = around
    title = writer.text(_TITLES.get(one.type, one.type))
    days = _days(around)
    start, end = days or (window.start, window.end)
    yield from event(
        uid=f"{one.id}-{start:%Y%m%d}@{host}" if days else f"{one.id}-{start:%Y%m%dT%H%M%SZ}@{host}",
        stamp=stamp,
        start=start,
        end=end,
        summary=f"{title}: {window.name or one.name}",
        about=Phrase("Calendar {calendar}", calendar=one.id).said(writer),
        url=url,
        extra=(f"CATEGORIES:{text_value(title)}",),
    )


def _days(around: Around) -> tuple[date, date] | None:
    """Return a holiday as its first day and the day after its last: it is a day wherever one is, not 24 hours somewhere."""
    if around.calendar.type != HOLIDAYS:
        return None
    where = zone(str(around.calendar.data.get("time_zone", "")))
    start, end = in_zone(around.window.start, where), in_zone(around.window.end, where)
    whole = moment_of(start.date(), "00:00", where) == start and moment_of(end.date(), "00:00", where) == end
    return (start.date(), end.date()) if whole else None


def event(
    *,
    uid: str,
    stamp: datetime,
    start: date,
    end: date,
    summary: str,
    about: str,
    url: str,
    extra: tuple[str, ...],
) -> Iterator[str]:
    """Yield the lines of one event; ``start`` and ``end`` (exclusive) are moments, or days where it lasts whole days.

    ``extra`` are finished lines.
    """
    yield "BEGIN:VEVENT"
    yield f"UID:{text_value(uid)}"
    yield f"DTSTAMP:{moment_value(stamp)}"
    yield f"DTSTART{_when(start)}"
    if end != start:  # an end must be after the start; without one the event is that moment
        yield f"DTEND{_when(end)}"
    yield f"SUMMARY:{text_value(summary)}"
    yield f"DESCRIPTION:{text_value(about)}"
    if url:
        yield f"URL:{_CONTROLS.sub('', url)}"
    yield from extra
    yield "TRANSP:TRANSPARENT"
    yield "END:VEVENT"


def _when(when: date) -> str:
    return f":{moment_value(when)}" if isinstance(when, datetime) else f";VALUE=DATE:{when:%Y%m%d}"


def moment_value(moment: datetime) -> str:
    """Return a moment as the value of a property, in UTC."""
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def text_value(text: str) -> str:
    """Escape text so that it stays one value: no record can begin a property or an event of its own."""
    plain = _CONTROLS.sub(" ", text.replace("\r\n", "\n"))
    for sign, escaped in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\n", "\\n")):
        plain = plain.replace(sign, escaped)
    return plain


def _fold(line: str) -> Iterator[str]:
    """Break a line into parts of at most 75 octets, never inside a character."""
    if len(line) <= _LINE and line.isascii():
        yield line
        return
    lead, kept, used = "", "", 0
    for character in line:
        size = len(character.encode())
        if used + size > _LINE:
            yield lead + kept
            lead, kept, used = " ", "", 1
        kept += character
        used += size
    yield lead + kept
