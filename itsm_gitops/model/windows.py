"""Spans of time: weekly hours in a time zone, single windows, whole days; merging and comparing them."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import cache
from typing import Any, NamedTuple

from itsm_gitops.model import clock
from itsm_gitops.model.errors import did_you_mean
from itsm_gitops.model.untyped import as_mappings

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY = timedelta(days=1)
_TIME = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]|24:00", re.ASCII)
# A window of centuries is a slip of the pen; it must not cost minutes, or leave the calendar.
_MOST_DAYS = 3660
_FIRST_YEAR, _LAST_YEAR = 1, 9999


class Window(NamedTuple):
    """A half-open span of time, from ``start`` up to and without ``end`` (aware moments in UTC)."""

    start: datetime
    end: datetime
    name: str = ""

    def touches(self, start: datetime, end: datetime) -> bool:
        """Whether it shares time with the half-open span from ``start`` to ``end``."""
        return self.start < end and start < self.end


def day_after(day: date) -> date:
    """Return the day after a day; the last day of the calendar, a usual "for ever", has none and stays."""
    return day + _DAY if day < date.max else day


@cache
def zone(name: str) -> tzinfo:
    """Return an IANA time zone; UTC where there is none of that name."""
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        return UTC


@cache
def is_zone(name: str) -> bool:
    """Whether the time zone database knows a name; cheaper than a list of all names."""
    if _is_file_of_zone(name):
        return True
    from zoneinfo import ZoneInfo

    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        return False
    return True


_ZONES = "/usr/share/zoneinfo"  # the first place where zoneinfo looks on nearly every system
_ZONE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(?:/[A-Za-z][A-Za-z0-9_+-]*)*", re.ASCII)


def _is_file_of_zone(name: str) -> bool:
    """Whether the system's database has a zone: zoneinfo takes longer to load than most commands need without it."""
    if "PYTHONTZPATH" in os.environ or not _ZONE_NAME.fullmatch(name):
        return False
    try:
        with open(f"{_ZONES}/{name}", "rb") as file:  # noqa: PTH123 - a plain look
            return file.read(4) == b"TZif"
    except OSError:
        return False


def near_zone(name: str) -> str:
    """Say which time zone may be meant."""
    from zoneinfo import available_timezones

    return did_you_mean(name, available_timezones()) or "an IANA name, for example Europe/Berlin"


def moment_of(day: date, text: str, where: tzinfo) -> datetime:
    """Return the moment of a local time of day (``HH:MM``; ``24:00`` is the next midnight) in UTC.

    As RFC 5545 section 3.3.5 has it: a time that occurs twice is the first of both, and one that
    the clocks skip is read with the offset from before the gap. The first and the last days of the
    calendar, which people write for "never", are moved inwards, so that each zone can tell them.
    """
    hour, minute = int(text[:2]), int(text[3:5])
    day = min(max(day, date.min + 2 * _DAY), date.max - 3 * _DAY)
    if hour == 24:
        day, hour = day + _DAY, 0
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=where).astimezone(UTC)


def weekly(
    hours: Iterable[Mapping[str, Any]],
    where: tzinfo,
    start: datetime,
    end: datetime,
    name: str = "",
    closed: frozenset[date] = frozenset(),
) -> Iterator[Window]:
    """Yield the weekly windows that touch the time from ``start`` to ``end``, day by day.

    ``hours`` are ``{days, from, to}`` of a calendar; ``to`` at or before ``from`` means the next
    day. Windows that begin on a day of ``closed`` are left out. At most ten years are looked at.
    """
    if not (_FIRST_YEAR < start.year <= end.year < _LAST_YEAR):
        return
    first, last = start.astimezone(where).date() - _DAY, end.astimezone(where).date() + _DAY
    for offset in range(min((last - first).days, _MOST_DAYS)):
        day = first + timedelta(days=offset)
        if day in closed:
            continue
        for rule in hours:
            if DAYS[day.weekday()] not in rule["days"]:
                continue
            opens, closes = str(rule["from"]), str(rule["to"])
            window = Window(
                moment_of(day, opens, where),
                moment_of(day if closes > opens else day + _DAY, closes, where),
                name,
            )
            if window.touches(start, end):
                yield window


def dated(calendar: Mapping[str, Any], where: tzinfo) -> Iterator[Window]:
    """Yield the single windows of a calendar, then its single days in a zone; malformed ones are left out."""
    title = str(calendar.get("name", ""))
    for raw in as_mappings(calendar.get("windows")):
        start, end = (clock.parse_time(str(raw.get(k))) for k in ("start", "end"))
        if start and end:
            yield Window(start.astimezone(UTC), end.astimezone(UTC), str(raw.get("name", title)))
    for raw in as_mappings(calendar.get("dates")):
        day = clock.parse_day(raw.get("date"))
        if day is None:
            continue
        try:
            start, end = (moment_of(day, text, where) for text in ("00:00", "24:00"))
        except (ValueError, OverflowError):
            continue
        yield Window(start, end, str(raw.get("name", title)))


def spans(
    calendar: Mapping[str, Any], start: datetime, end: datetime, closed: frozenset[date] = frozenset()
) -> list[Window]:
    """Return every window of a calendar that touches a time, weekly and single ones, earliest first."""
    where = zone(str(calendar.get("time_zone", "")))
    found = [w for w in dated(calendar, where) if w.touches(start, end)]
    hours = [h for h in as_mappings(calendar.get("hours")) if are_hours(h)]
    found += weekly(hours, where, start, end, str(calendar.get("name", "")), closed)
    return sorted(found)


def merged(windows: Iterable[Window]) -> list[Window]:
    """Return the same time as windows that neither overlap nor touch, earliest first."""
    found: list[Window] = []
    for window in sorted(windows):
        if window.end <= window.start:
            continue
        if found and window.start <= found[-1].end:
            if window.end > found[-1].end:
                found[-1] = found[-1]._replace(end=window.end)
        else:
            found.append(window)
    return found


def joined(windows: Iterable[Window]) -> list[Window]:
    """Return windows of one name that touch as one: a weekly one is often written as two around midnight."""
    named: dict[str, list[Window]] = {}
    for window in windows:
        named.setdefault(window.name, []).append(window)
    return [w for group in named.values() for w in merged(group)]


def within(start: datetime, end: datetime, windows: Iterable[Window]) -> bool:
    """Whether a span lies wholly inside the time that the windows cover together."""
    return any(w.start <= start and end <= w.end for w in merged(windows))


def closed_days(
    calendar: Mapping[str, Any], item: Callable[[str], Mapping[str, Any] | None]
) -> frozenset[date]:
    """Return the days of the holiday calendars that a calendar or a rota names; ``item`` gives their data."""
    names = calendar.get("holidays")
    return frozenset(
        day
        for name in (names if isinstance(names, list) else ())
        for raw in as_mappings((item(name) or {}).get("dates") if isinstance(name, str) else None)
        if (day := clock.parse_day(raw.get("date"))) is not None
    )


def is_time_of_day(value: object) -> bool:
    """Whether a value is a local time of day: ``HH:MM`` up to ``24:00``."""
    return isinstance(value, str) and _TIME.fullmatch(value) is not None


def are_hours(rule: Mapping[str, Any]) -> bool:
    """Whether hours are as the schema has them; others have a finding of their own."""
    times = (rule.get("from"), rule.get("to"))
    return isinstance(rule.get("days"), list) and all(map(is_time_of_day, times))
