"""Times as people write them: ``-30d``, ``2026-11``, ``2026-11-22 20:00``, ``today``. Each is a span with two ends.

A day, a month and a year are those of the repository's time zone. The first end belongs to a span, the second does
not; where both are the same, it is a moment (``now``, ``-30d``).
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import NamedTuple

from itsm_gitops.model import clock
from itsm_gitops.model.errors import UsageError
from itsm_gitops.model.windows import day_after

FORMS = "-30d, +12h, today, 2026-11-22, 2026-11 or 2026-11-22T20:00"

_RELATIVE = re.compile(r"([+-]\d{1,6})\s*(min|m|h|d|w)", re.ASCII)
_UNITS = {"min": "minutes", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_DAY = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?", re.ASCII)
_MINUTE = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d)?)", re.ASCII)
_DAYS = {"today": 0, "yesterday": -1, "tomorrow": 1}
_TICK = timedelta(microseconds=1)

_YEARS = range(1900, 3000)  # weeks before and after them are still times

FIRST = datetime.min.replace(tzinfo=UTC)
LAST = datetime.max.replace(tzinfo=UTC)


class TimeRange(NamedTuple):
    """From one moment (inclusive) to another (exclusive), both aware of their zone; ``LAST`` is no end."""

    start: datetime
    end: datetime

    def holds(self, moment: datetime) -> bool:
        """Whether a moment lies between."""
        return self.start <= moment and (moment < self.end or self.end == LAST)


def relative(text: str, since: datetime | None = None) -> datetime | None:
    """Read how long before or after a moment (now, or ``since``) ``-7d`` or ``+2h`` is, UTC; None where it is something else."""
    match = _RELATIVE.fullmatch(text.strip())
    if not match:
        return None
    try:
        return (since or clock.now()) + timedelta(**{_UNITS[match[2]]: int(match[1])})
    except OverflowError:
        return None


def read_time(text: str, zone: str) -> TimeRange | None:
    """Read a time as the span it means in a zone (its IANA name); None where it is no time."""
    text = text.strip()
    word = text.lower()
    if word == "now" or relative(text):
        moment = relative(text) or clock.now()
        return TimeRange(moment, moment)
    exact = clock.parse_time(text)
    try:
        if exact:
            return TimeRange(exact, exact + (_TICK if exact.microsecond else timedelta(seconds=1)))
        return _local(word, text, zone)
    except (ValueError, OverflowError):
        return None


def _local(word: str, text: str, zone: str) -> TimeRange | None:
    """Read a day, month, year or minute of a time zone; raises ValueError for a 30 February."""
    day, minute = _DAY.fullmatch(text), _MINUTE.fullmatch(text)
    if day is None and minute is None and word not in _DAYS:
        return None
    from zoneinfo import ZoneInfo

    own = ZoneInfo(zone)
    if minute:
        start = datetime.fromisoformat(f"{minute[1]}T{minute[2]}").replace(tzinfo=own)
        step = timedelta(seconds=1) if minute[2].count(":") > 1 else timedelta(minutes=1)
        return TimeRange(start.astimezone(UTC), start.astimezone(UTC) + step)
    if day is None:
        first = clock.now().astimezone(own).date() + timedelta(days=_DAYS[word])
        return TimeRange(_midnight(first, own), _midnight(first + timedelta(days=1), own))
    year, month, number = (int(part) if part else 0 for part in day.groups())
    first = date(year, month or 1, number or 1)
    begins = year + (month in (0, 12)), month % 12 + 1 if month else 1  # year and month of what follows
    after = day_after(first) if number else date(*begins, 1) if begins[0] <= date.max.year else first
    return TimeRange(_midnight(first, own), _midnight(after, own) if after > first else LAST)


def _midnight(day: date, zone: tzinfo) -> datetime:
    try:
        return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
    except OverflowError:
        return FIRST if day.year == date.min.year else LAST


def not_far(asked: date, text: str, option: str = "") -> None:
    """Raise UsageError for a time that somebody asks for and around which nothing can be counted (``9999-12-31``)."""
    if asked.year not in _YEARS:
        raise UsageError(
            f"{option}{': ' if option else ''}'{text}' is too far away", "write a day of 1900 to 2999"
        )


def compared(span: TimeRange, operator: str) -> TimeRange:
    """Return the range of what lies after (``>``), before (``<``), in (empty) a span, or not outside of it on a side."""
    start, end = span
    if operator == ">":
        return TimeRange(end if end > start else end + _TICK, LAST)
    if operator == ">=":
        return TimeRange(start, LAST)
    if operator == "<":
        return TimeRange(FIRST, start)
    if operator == "<=":
        return TimeRange(FIRST, end if end > start else end + _TICK)
    return span


def moment_of(value: object, zone: str) -> datetime | None:
    """Read what a field holds: a date-time, or a date as the midnight with which it begins in a zone."""
    if not isinstance(value, str):
        return None
    moment = clock.parse_time(value)
    if moment is None and len(value) == len("2026-11-22") and value[:1].isdigit():
        span = read_time(value, zone)
        return span.start if span else None
    return moment


def local_doubt(text: str, zone: str) -> str:
    """Say why a local date and time does not name one moment in a zone (its IANA name); empty where it does.

    When clocks go forward an hour does not exist, when they go back one exists twice. Times with an offset and
    times without an hour are never in doubt.
    """
    match = _MINUTE.fullmatch(text.strip())
    if match is None or clock.parse_time(text.strip()):
        return ""
    from zoneinfo import ZoneInfo

    try:
        local = datetime.fromisoformat(f"{match[1]}T{match[2]}")
    except ValueError:
        return ""
    early = local.replace(tzinfo=ZoneInfo(zone))
    late = early.replace(fold=1)
    if early.utcoffset() == late.utcoffset():
        return ""
    moments = [m.astimezone(UTC) for m in (early, late)]
    if moments[0] > moments[1]:
        return f"'{text.strip()}' does not exist in {zone}: clocks go forward over it"
    first, second = (m.astimezone(UTC).strftime("%H:%M") for m in moments)
    return f"'{text.strip()}' exists twice in {zone}, as clocks go back: at {first} and at {second} UTC"
