"""How a service fared on a day, as people see it: the worst that happened to it."""

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
