"""Turns on call from the calendar files of other tools: events whose attendee or title names somebody of the directory.

The file is read by the ``icalendar`` library; recurring events are followed for a year. Nothing is guessed: an event
that names nobody, or two people, refuses the whole file with the place of each.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from pathlib import Path
from typing import Any

from itsm_gitops.graph.recurrence import occurrences
from itsm_gitops.model.errors import ItsmError, Refused, UsageError, did_you_mean
from itsm_gitops.model.local_time import in_zone
from itsm_gitops.model.roles import names
from itsm_gitops.model.rotas import Turn
from itsm_gitops.model.text import without_accents
from itsm_gitops.model.windows import moment_of, zone

_YEAR = timedelta(days=366)
_BYTES_MAX = 10_000_000
_NAMED = 5
_WORD = re.compile(r"[a-z0-9][a-z0-9.@_+-]*[a-z0-9]|[a-z0-9]")

Person = Mapping[str, Any]


def read_turns(path: Path, people: Mapping[str, Person], time_zone: str, now: datetime) -> list[Turn]:
    """Return the turns of a calendar file that are not over, the earliest first, one person each.

    Times without a zone, and whole days, are those of ``time_zone`` (an IANA name). Raises UsageError for a file
    that cannot be read, Refused where an event names nobody of ``people``.
    """
    where = zone(time_zone)
    found: list[Turn] = []
    strangers: list[str] = []
    for event in _events(path):
        title = str(event.get("SUMMARY", ""))
        spans = [s for s in _spans(event, where, now) if s[1] > now]
        if not spans or str(event.get("STATUS", "")).upper() == "CANCELLED":
            continue
        person = _person(event, title, people)
        if person is None:
            strangers.append(f"'{title}' on {spans[0][0]:%Y-%m-%d}{_near(title, people)}")
        else:
            found += [Turn(start, end, (person,)) for start, end in spans]
    if strangers:
        more = f" and {len(strangers) - _NAMED} more" if len(strangers) > _NAMED else ""
        raise Refused(
            f"{len(strangers)} events do not name one person of the directory; nothing was written",
            "\n".join([*strangers[:_NAMED], *([more.strip()] if more else [])])
            + "\nan event names somebody by handle, name, alias or address",
        )
    return sorted(set(found))


def _events(path: Path) -> list[Any]:
    import icalendar

    try:
        if path.stat().st_size > _BYTES_MAX:
            raise UsageError(f"{path} is larger than {_BYTES_MAX // 1_000_000} MB")
        calendar = icalendar.Calendar.from_ical(path.read_bytes())
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, IndexError, KeyError) as error:
        raise UsageError(
            f"{path} is not a calendar file: {error}", "an .ics file begins with BEGIN:VCALENDAR"
        ) from error
    return list(calendar.walk("VEVENT"))


def _spans(event: Any, where: tzinfo, now: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Yield the times of an event: itself, or what its rule makes of it within a year."""
    if "DTSTART" not in event:
        return
    try:
        start, end = _moment(event.start, where), _moment(event.end, where)
    except (ItsmError, ValueError, TypeError):
        return
    if "RRULE" not in event:
        yield start, end
        return
    rule = event["RRULE"].to_ical().decode()
    local = in_zone(start, _own_zone(event.start) or where)
    left_out = {_moment(d.dt, where) for d in _dates(event.get("EXDATE"))}
    some = occurrences(
        re.sub(r"(UNTIL=\d{8}T\d{6})Z", r"\1", rule), local.date(), time(local.hour, local.minute),
        local.tzinfo or UTC, now - (end - start), now + _YEAR,
    )  # fmt: skip
    yield from ((begin, begin + (end - start)) for begin in some if begin not in left_out)


def _dates(value: Any) -> list[Any]:
    lists = value if isinstance(value, list) else [value] if value is not None else []
    return [d for some in lists for d in some.dts]


def _own_zone(when: date) -> tzinfo | None:
    return when.tzinfo if isinstance(when, datetime) else None


def _moment(when: date, where: tzinfo) -> datetime:
    if isinstance(when, datetime):
        return (when if when.tzinfo else when.replace(tzinfo=where)).astimezone(UTC)
    return moment_of(when, "00:00", where)


def _person(event: Any, title: str, people: Mapping[str, Person]) -> str | None:
    """Return the one person whom an event names; its attendees count before its title."""
    attendees = event.get("ATTENDEE", [])
    listed = attendees if isinstance(attendees, list) else [attendees]
    for texts in ([str(a).lower().removeprefix("mailto:") for a in listed], [_folded(title)]):
        meant = {p for text in texts for p, data in people.items() if _names(p, data, text)}
        if len(meant) == 1:
            return meant.pop()
        if meant:
            return None
    return None


def _names(handle: str, data: Person, text: str) -> bool:
    """Whether a text names somebody: a word of it is their handle, alias or address, or it holds their name."""
    marks = {
        handle,
        *map(str.lower, names(data.get("aliases"))),
        *map(str.lower, names(data.get("commit_addresses"))),
    }
    contacts = data.get("contacts")
    marks |= {str(c.get("value", "")).lower() for c in contacts or () if isinstance(c, Mapping)}
    name = _folded(str(data.get("name", "")))
    return not marks.isdisjoint(_WORD.findall(text)) or bool(
        name and re.search(rf"\b{re.escape(name)}\b", text)
    )


def _folded(text: str) -> str:
    return without_accents(text.lower())


def _near(title: str, people: Mapping[str, Person]) -> str:
    hints = (did_you_mean(word, people) for word in _WORD.findall(_folded(title)))
    hint = next((h for h in hints if h), "")
    return f" ({hint})" if hint else ""
