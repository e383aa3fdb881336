"""Times for people: in the repository's time zone, to the minute."""

from __future__ import annotations

from functools import cache
from typing import Any

from itsm_gitops.model import clock
from itsm_gitops.model.text import safe_text

_UTC = ("UTC", "Etc/UTC", "Z", "")


@cache
def _zone(name: str) -> Any:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return None


def local(text: str, zone: str) -> str:
    """Return an RFC 3339 time as ``2026-11-22 10:00`` in a zone (IANA name); other text as it is."""
    moment = clock.parse_time(text)
    if moment is None:
        return safe_text(text)
    place = None if zone in _UTC else _zone(zone)
    if place is None:
        from datetime import UTC

        place = UTC
    return moment.astimezone(place).strftime("%Y-%m-%d %H:%M")


def zone_note(zone: str) -> str:
    """Return the zone in brackets, for a heading; UTC where the zone is unknown."""
    return f" ({'UTC' if zone in _UTC or _zone(zone) is None else safe_text(zone)})"
