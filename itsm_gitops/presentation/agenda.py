"""What is planned: changes with a window, freezes and maintenance windows, as spans of time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from itsm_gitops.graph.calendars import FREEZE, MAINTENANCE, Calendar
from itsm_gitops.model import clock, facts, meaning
from itsm_gitops.presentation.view import View

LOOKS = {FREEZE: "freeze", MAINTENANCE: "maintenance", "holidays": "holiday"}

# The start and the end of one day, as moments in UTC.
Day = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Span:
    """Something that lasts from ``start`` to ``end`` (aware moments); ``look`` names what it is.

    ``weekly`` says that it comes back, so that a day with nothing else on it need not be shown.
    """

    start: datetime
    end: datetime
    id: str
    title: str
    look: str
    weekly: bool = False

    def touches(self, start: datetime, end: datetime) -> bool:
        """Whether it overlaps the half-open time from ``start`` to ``end``."""
        return self.start < end and (self.end > start or self.start >= start)


def changes(view: View) -> list[Span]:
    """Return every change that is still to be done and has a planned start, earliest first."""
    found = []
    for entry in view.of_role(meaning.CHANGE):
        start = clock.parse_time(str(entry.columns.get("planned_start", "")))
        if start is not None and facts.is_to_be_done(view.book, entry):
            end = clock.parse_time(str(entry.columns.get("planned_end", ""))) or start
            found.append(Span(start, max(start, end), entry.id, entry.title, "change"))
    return sorted(found, key=lambda s: (s.start, s.id))


def is_running(view: View, change: Span) -> bool:
    """Whether a change is being carried out now."""
    return facts.is_running(view.book, view.entries[change.id])


def calendar_spans(view: View, start: datetime, end: datetime) -> list[Span]:
    """Return the freezes, maintenance windows and holidays that touch a time, earliest first."""
    found = [s for c in view.calendars.all.values() for s in _spans(view, c, start, end)]
    return sorted(found, key=lambda s: (s.start, s.id, s.title))


def frozen(view: View) -> frozenset[str]:
    """Return the upcoming changes that a freeze in force forbids at the time they are planned for."""
    freezes = [c for c in view.calendars.of_type(FREEZE) if c.in_force]
    return frozenset(s.id for s in changes(view) if any(_forbids(view, c, s) for c in freezes))


def _forbids(view: View, freeze: Calendar, change: Span) -> bool:
    entry = view.entries[change.id]
    if entry.columns.get("type") in freeze.exempt_types or not freeze.covers(facts.affected(entry)):
        return False
    return bool(freeze.spans(change.start, change.end))


def _spans(view: View, calendar: Calendar, start: datetime, end: datetime) -> Iterator[Span]:
    look = LOOKS.get(calendar.type)
    if look is None or not calendar.in_force or not view.url(calendar.id):
        return
    weekly = bool(calendar.data.get("hours"))
    for window in calendar.spans(start, end):
        yield Span(window.start, window.end, calendar.id, window.name or calendar.name, look, weekly)


def days(view: View, count: int) -> list[Day]:
    """Return the next days from today in the site's time zone, each as its start and end."""
    today = view.now.astimezone(view.zone).replace(hour=0, minute=0, second=0, microsecond=0)
    starts = [(today + timedelta(days=n)) for n in range(count + 1)]
    return [(a.astimezone(UTC), b.astimezone(UTC)) for a, b in pairwise(starts)]
