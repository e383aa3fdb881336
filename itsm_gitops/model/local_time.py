"""Times as people of one place read them."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from functools import cache
from typing import Any

_UTC = ("UTC", "Etc/UTC", "Z", "")


@cache
def _zone(name: str) -> Any:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return None


def is_utc(zone: str) -> bool:
    """Whether times of a zone (IANA name) are shown in UTC: it is that, or nobody knows it."""
    return zone in _UTC or _zone(zone) is None


def local_time(moment: datetime, zone: str) -> str:
    """Return a moment as ``2026-11-22 10:00`` in a zone (IANA name), in UTC where the zone is unknown."""
    return in_zone(moment, UTC if is_utc(zone) else _zone(zone)).strftime("%Y-%m-%d %H:%M")


def in_zone(moment: datetime, zone: tzinfo) -> datetime:
    """Return a moment in a zone; in UTC where that would be before or after all calendars."""
    try:
        return moment.astimezone(zone)
    except OverflowError:
        return moment.astimezone(UTC)
