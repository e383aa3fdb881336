"""How a service fared, as people see it: the worst of each day, what incidents did to it, how long it was available."""

from __future__ import annotations

from typing import NamedTuple

UNKNOWN = "unknown"  # before the first record


class Day(NamedTuple):
    """A day (``2026-11-22``, in the repository's time zone).

    ``status`` is ``operational``, ``degraded``, ``outage`` or ``unknown``; ``causes`` are the incidents
    behind it.
    """

    day: str
    status: str
    causes: tuple[str, ...] = ()


class ServiceIncident(NamedTuple):
    """What one incident did to a service: the worst effect, and the seconds in which it was felt.

    ``start`` and ``end`` (None: it goes on) are seconds since 1970, UTC. ``status`` is ``degraded`` or ``outage``.
    """

    id: str
    status: str
    start: int
    end: int | None
    seconds: int


class Available(NamedTuple):
    """The share of the last ``days`` days (today is the last) in which a service had no outage.

    ``since`` is the day from which there are records (``2026-11-22``), empty where they cover all of the time. ``agreed`` is the share
    of agreed time, ``always`` that of all hours (None where there were none), ``down`` the minutes without it.
    """

    days: int
    since: str
    agreed: float | None
    always: float | None
    down: int


class ServiceHistory(NamedTuple):
    """What incidents did to a service in the last 365 days, the newest first; since when (seconds) it is not well now."""

    since: int | None
    incidents: tuple[ServiceIncident, ...] = ()
    available: tuple[Available, ...] = ()
