"""Recurrence: rules of RFC 5545 (RRULE) in the hours of the repository, read by python-dateutil."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, tzinfo
from functools import partial
from typing import Any

from itsm_gitops.model.errors import UsageError

_STANDS_STILL = re.compile(r"INTERVAL=[+-]?0+(?![0-9])", re.ASCII)
_END = re.compile(r"UNTIL=(\d{8}T\d{6})Z", re.ASCII)


def occurrences(
    rule: str, start: date, at: time, zone: tzinfo, begin: datetime, end: datetime
) -> Iterator[datetime]:
    """Yield the moments (UTC) of a rule from ``begin`` to ``end``, both included, the earliest first.

    ``rule`` is an RRULE without DTSTART; it counts from the day ``start``, and each occurrence is at the time ``at``
    of the clocks of ``zone`` (over the change of the clocks, too). Raises UsageError for an invalid rule.
    """
    made = _read(rule, datetime.combine(start, at), zone)
    for naive in made:
        try:
            moment = naive.replace(tzinfo=zone).astimezone(UTC)
        except OverflowError:  # an end of the calendar
            continue
        if moment > end:
            return
        if moment >= begin:
            yield moment


def _read(rule: str, first: datetime, zone: tzinfo = UTC) -> Any:
    from dateutil.rrule import rrulestr  # type: ignore[import-untyped,unused-ignore]

    try:
        if _STANDS_STILL.search(rule):
            raise ValueError("INTERVAL is 1 or more")  # noqa: TRY301 - the reader would come back to one day for ever
        # The standard wants an end with a time in UTC, and the reader wants it as the first day is: in local time.
        return rrulestr(_END.sub(partial(_local_end, zone=zone), rule), dtstart=first, cache=False)
    except (ValueError, TypeError, KeyError, IndexError, OverflowError) as error:
        raise UsageError(
            f"'{rule}' is not a rule of recurrence: {error}",
            "for example FREQ=MONTHLY;BYDAY=2TU, the second Tuesday of each month (RFC 5545)",
        ) from error


def _local_end(match: re.Match[str], zone: tzinfo) -> str:
    moment = datetime.strptime(match[1], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
    return f"UNTIL={moment.astimezone(zone):%Y%m%dT%H%M%S}"


def rule_fault(rule: str, start: date = date(2026, 1, 1)) -> str:
    """Say what is wrong with a rule that counts from a day, empty where nothing is."""
    try:
        made = _read(rule, datetime.combine(start, time(9)))
    except UsageError as error:
        return error.message
    return "" if next(iter(made), None) else f"'{rule}' from {start} on never comes"
