"""Times for people: in the repository's time zone, to the minute."""

from __future__ import annotations

from itsm_gitops.model import clock
from itsm_gitops.model.local_time import is_utc, local_time
from itsm_gitops.model.text import safe_text


def local(text: str, zone: str) -> str:
    """Return an RFC 3339 time as ``2026-11-22 10:00`` in a zone (IANA name); other text as it is."""
    moment = clock.parse_time(text)
    return safe_text(text) if moment is None else local_time(moment, zone)


def zone_note(zone: str) -> str:
    """Return the zone in brackets, for a heading; UTC where the zone is unknown."""
    return f" ({'UTC' if is_utc(zone) else safe_text(zone)})"
