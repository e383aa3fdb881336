"""What is announced on pages and to programs, now and in the next weeks, in the order in which it stands."""

from __future__ import annotations

from datetime import datetime, timedelta

from itsm_gitops.graph.announcements import (
    DISTURBANCE,
    MAINTENANCE,
    NEWS,
    TYPES,
    Announcement,
    announced,
)
from itsm_gitops.presentation.view import View

# Pages hold what will be shown in the next weeks, too: a script shows it when its time has come.
_AHEAD = timedelta(days=62)
TITLES = {MAINTENANCE: "Planned work", DISTURBANCE: "Disturbance", NEWS: "News"}


def announcements(view: View, now: datetime, service: str = "") -> list[Announcement]:
    """Return what is shown at a moment or will be soon: disturbances first, then planned work, then news, by time."""
    found = []
    for one in announced(view.store):
        if one.end <= now or one.shown_from > now + _AHEAD:
            continue
        if not service or service in one.services:
            found.append(one)
    return sorted(found, key=_rank)


def _rank(one: Announcement) -> tuple[int, datetime, str]:
    return TYPES.index(one.type), one.start, one.entry.id
