"""The schedule as an iCalendar file (RFC 5545): events in UTC only, so that no zone must be explained.

The format is written by hand because the little that is needed is smaller than a dependency: text
is escaped (section 3.3.11) and lines are folded (3.1). A test reads the result with the
``icalendar`` library.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from itsm_gitops.graph.calendars import FREEZE, MAINTENANCE
from itsm_gitops.graph.planned import Planned
from itsm_gitops.graph.schedule import Around, Schedule
from itsm_gitops.model import clock

_LINE = 75  # octets, without the line break
_CONTROLS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_TITLES = {FREEZE: "Change freeze", MAINTENANCE: "Maintenance window", "holidays": "Holiday"}


def host_of(organisation: str) -> str:
    """Return what makes identifiers of an organisation's events unique in the world: its name in ASCII."""
    return re.sub(r"[^a-z0-9]+", "-", organisation.lower()).strip("-") or "itsm"


def calendar(
    schedule: Schedule,
    name: str,
    host: str,
    stamp: datetime,
    address: Callable[[str], str] = lambda _: "",
) -> str:
    """Return the iCalendar text. ``host`` makes the identifiers of the events unique in the world.

    ``stamp`` is when the calendars' windows (which carry no time of their own) count as written, and
    ``address`` the page of a document by its identifier, empty where there is none.
    """
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//itsm-gitops//Schedule of changes//EN",
        "CALSCALE:GREGORIAN",
        f"NAME:{_text(name)}",
        f"X-WR-CALNAME:{_text(name)}",
    ]
    for change in schedule.changes:
        lines += _change(schedule, change, host, stamp, address(change.id))
    for around in schedule.around:
        lines += _window(around, host, stamp, address(around.calendar.id))
    lines.append("END:VCALENDAR")
    return "".join(f"{part}\r\n" for line in lines for part in _fold(line))


def _change(schedule: Schedule, change: Planned, host: str, stamp: datetime, url: str) -> Iterator[str]:
    collisions = schedule.collisions_of(change.id)
    about = [
        f"{change.type.capitalize()} change, {change.state}, risk {change.risk or 'not assessed'}",
        f"Affects {', '.join(change.items)}" if change.items else "",
        f"Interrupts for {change.outage} min" if change.outage else "No interruption expected",
        *(f"Collides with {_other(c.first.id, c.second.id, change.id)}: {c.reason}" for c in collisions),
        *(f"Inside the freeze {h.calendar.id}" for h in schedule.holds.get(change.id, ()) if not h.exempt),
    ]
    yield from _event(
        uid=f"{change.id}@{host}",
        stamp=clock.parse_time(change.updated) or stamp,
        start=change.start,
        end=change.end,
        summary=f"{change.id} {change.title}",
        about="\n".join(line for line in about if line),
        url=url,
        extra=(
            f"STATUS:{'CONFIRMED' if change.firm else 'TENTATIVE'}",
            f"CATEGORIES:{_text('Change')},{_text(change.type.capitalize())}",
        ),
    )


def _other(first: str, second: str, own: str) -> str:
    return second if first == own else first


def _window(around: Around, host: str, stamp: datetime, url: str) -> Iterator[str]:
    one, window = around
    title = _TITLES.get(one.type, one.type)
    yield from _event(
        uid=f"{one.id}-{window.start:%Y%m%dT%H%M%SZ}@{host}",
        stamp=stamp,
        start=window.start,
        end=window.end,
        summary=f"{title}: {window.name or one.name}",
        about=f"Calendar {one.id}",
        url=url,
        extra=(f"CATEGORIES:{_text(title)}",),
    )


def _event(
    *,
    uid: str,
    stamp: datetime,
    start: datetime,
    end: datetime,
    summary: str,
    about: str,
    url: str,
    extra: tuple[str, ...],
) -> Iterator[str]:
    yield "BEGIN:VEVENT"
    yield f"UID:{_text(uid)}"
    yield f"DTSTAMP:{_moment(stamp)}"
    yield f"DTSTART:{_moment(start)}"
    yield f"DTEND:{_moment(end)}"
    yield f"SUMMARY:{_text(summary)}"
    yield f"DESCRIPTION:{_text(about)}"
    if url:
        yield f"URL:{_CONTROLS.sub('', url)}"
    yield from extra
    yield "TRANSP:TRANSPARENT"
    yield "END:VEVENT"


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _text(text: str) -> str:
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
