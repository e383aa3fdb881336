"""What is announced for a time: planned work, disturbances, news. An announcement lives by its dates alone."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from itsm_gitops.model import clock, facts, meaning
from itsm_gitops.model.entry import Entry
from itsm_gitops.presentation.view import View

# Pages hold what will be shown in the next weeks, too: a script shows it when its time has come.
_AHEAD = timedelta(days=62)
# What an announcement is about, in the order in which they stand.
DISTURBANCE, MAINTENANCE, NEWS = TYPES = ("disturbance", "maintenance", "news")
TITLES = {MAINTENANCE: "Planned work", DISTURBANCE: "Disturbance", NEWS: "News"}
APPLIES = "applies_to"


class Announcement(NamedTuple):
    """One announcement: what it is about lasts from ``start`` to ``end``, and it is shown from ``shown_from`` to ``end``."""

    entry: Entry
    type: str
    text: str
    start: datetime
    end: datetime
    shown_from: datetime

    def is_shown(self, now: datetime) -> bool:
        """Whether it is to be seen at a moment."""
        return self.shown_from <= now < self.end


def announcements(view: View, now: datetime, service: str = "") -> list[Announcement]:
    """Return what is shown at a moment or will be soon: disturbances first, then planned work, then news, by time."""
    found = []
    for entry in view.of_role(meaning.ANNOUNCEMENT):
        one = read(entry, view)
        if one is None or one.end <= now or one.shown_from > now + _AHEAD:
            continue
        if not service or service in facts.targets(entry, APPLIES):
            found.append(one)
    return sorted(found, key=_rank)


def _rank(one: Announcement) -> tuple[int, datetime, str]:
    return TYPES.index(one.type), one.start, one.entry.id


def read(entry: Entry, view: View) -> Announcement | None:
    """Return what an entry announces; None where it has no time, or one that is the wrong way round (rule D050)."""
    data = view.store.data(entry.id)
    start, end = (clock.parse_time(str(data.get(name, ""))) for name in ("start", "end"))
    if start is None or end is None or end <= start:
        return None
    shown = clock.parse_time(str(data.get("shown_from", "")))
    text = data.get("description")
    return Announcement(
        entry,
        str(data.get("type")) if data.get("type") in TYPES else NEWS,
        text if isinstance(text, str) else "",
        start,
        end,
        min(shown, start) if shown else start,
    )
