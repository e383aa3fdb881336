"""Recurrence: rules of RFC 5545 (RRULE) in the hours of the repository, read by python-dateutil."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, tzinfo
from typing import Any

from itsm_gitops.model.errors import UsageError


def occurrences(
    rule: str, start: date, at: time, zone: tzinfo, begin: datetime, end: datetime
) -> Iterator[datetime]:
    """Yield the moments (UTC) of a rule from ``begin`` to ``end``, both included, the earliest first.

    ``rule`` is an RRULE without DTSTART; it counts from the day ``start``, and each occurrence is at the time ``at``
    of the clocks of ``zone`` (over the change of the clocks, too). Raises UsageError for an invalid rule.
    """
    made = _read(rule, datetime.combine(start, at))
    for naive in made:
        moment = naive.replace(tzinfo=zone).astimezone(UTC)
        if moment > end:
            return
        if moment >= begin:
            yield moment


def _read(rule: str, first: datetime) -> Any:
    from dateutil.rrule import rrulestr  # type: ignore[import-untyped,unused-ignore]

    try:
        return rrulestr(rule, dtstart=first, cache=False)
    except (ValueError, TypeError, KeyError, IndexError) as error:
        raise UsageError(
            f"'{rule}' is no rule of recurrence: {error}",
            "for example FREQ=MONTHLY;BYDAY=2TU, the second Tuesday of each month (RFC 5545)",
        ) from error


def rule_fault(rule: str) -> str:
    """Say what is wrong with a rule, empty where nothing is."""
    try:
        _read(rule, datetime.combine(date(2026, 1, 1), time(9)))
    except UsageError as error:
        return error.message
    return ""
