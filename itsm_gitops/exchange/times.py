"""Local times in a named format and a named zone, made into moments; nothing about them is guessed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from itsm_gitops.model.clock import format_time, parse_time
from itsm_gitops.model.errors import UsageError, did_you_mean

ISO = "iso"


class Moment(NamedTuple):
    """A local time understood: RFC 3339 text in UTC and, where the zone makes it doubtful, why."""

    text: str
    doubt: str = ""


AMBIGUOUS = "the clock showed this time twice; the first is taken"
NONEXISTENT = "the clock skipped this time; it is moved on by the length of the gap"


class LocalTimes:
    """Reads times that people or tools wrote without an offset.

    ``pattern`` is a strptime format (``%d/%m/%Y %H:%M``) or ``iso``; ``zone`` an IANA name. A format
    with ``%z`` and ISO texts with an offset carry their own offset. Raises UsageError for an
    unknown zone or a format without a day.
    """

    def __init__(self, pattern: str, zone: str) -> None:
        from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

        try:
            self._zone = ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            hint = did_you_mean(zone, available_timezones()) or "an IANA name, for example Europe/Lisbon"
            raise UsageError(f"there is no time zone '{zone}'", hint) from None
        self.pattern = pattern
        self.read = lru_cache(maxsize=65_536)(self._read)

    def _read(self, text: str) -> Moment | None:
        """Return the moment that ``text`` means; None when it is not in the format."""
        local = self.parse(text)
        if local is None:
            return None
        try:
            if local.tzinfo is not None:
                return Moment(format_time(local))
            return self._place(local)
        except (OverflowError, ValueError):
            return None

    def day(self, text: str) -> str | None:
        """Return the calendar day of ``text`` as ``YYYY-MM-DD``; None when it is not in the format."""
        local = self.parse(text)
        return date(local.year, local.month, local.day).isoformat() if local else None

    def parse(self, text: str) -> datetime | None:
        """Return the time as it is written, with an offset only where the text has one; None for no time."""
        if self.pattern == ISO and parse_time(text) is None and not _plain_iso(text):
            return None
        try:
            if self.pattern == ISO:
                return datetime.fromisoformat(text)
            return datetime.strptime(text, self.pattern)  # noqa: DTZ007 - the zone follows
        except ValueError:
            return None

    def _place(self, local: datetime) -> Moment:
        """Give a wall-clock time its offset, noticing where the zone's clock was set."""
        first = local.replace(tzinfo=self._zone, fold=0)
        second = local.replace(tzinfo=self._zone, fold=1)
        text = format_time(first)
        if first.utcoffset() == second.utcoffset():
            return Moment(text)
        there_and_back = first.astimezone(UTC).astimezone(self._zone).replace(tzinfo=None)
        same = abs(there_and_back - local) < timedelta(seconds=1)
        return Moment(text, AMBIGUOUS if same else NONEXISTENT)


def _plain_iso(text: str) -> bool:
    """Whether ``text`` is a calendar date, with or without a time of day (not a week date)."""
    return len(text) >= 10 and text[4:5] == text[7:8] == "-" and "W" not in text


_DAYS = (
    *(
        "%Y-%m-%d",
        "%d/%m/%Y",
        "%m/%d/%Y",
        "%d.%m.%Y",
        "%d-%m-%Y",
        "%m-%d-%Y",
        "%Y/%m/%d",
        "%d/%m/%y",
        "%m/%d/%y",
    ),
    *(
        "%d.%m.%y",
        "%d %b %Y",
        "%d-%b-%Y",
        "%d/%b/%Y",
        "%d/%b/%y",
        "%b %d, %Y",
        "%d %B %Y",
        "%B %d, %Y",
        "%Y%m%d",
    ),
)
_CLOCKS = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p", ", %H:%M", ", %I:%M %p", "T%H:%M:%S%z")


def other_format(pattern: str, texts: Iterable[str]) -> str:
    """Return a format that every text is written in although ``pattern`` does not fit all; empty for none."""
    written = list(texts)
    for other in (ISO, *(day + clock for day in _DAYS for clock in _CLOCKS)):
        if other != pattern and written:
            read = LocalTimes(other, "UTC").parse
            if all(read(text) is not None for text in written):
                return other
    return ""
