"""What is planned: changes with a window, freezes and maintenance windows, as spans of time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from itsm_gitops.graph.calendars import FREEZE, MAINTENANCE, Hold
from itsm_gitops.graph.planned import Planned
from itsm_gitops.graph.schedule import HOLIDAYS, Around, around
from itsm_gitops.model import clock, facts, meaning
from itsm_gitops.presentation.view import View

LOOKS = {FREEZE: "freeze", MAINTENANCE: "maintenance", HOLIDAYS: "holiday"}

# The start and the end of one day, as moments in UTC.
Day = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Span:
    """Something that lasts from ``start`` to ``end`` (aware moments); ``look`` names what it is.

    ``weekly`` says that it comes back, so that a day with nothing else on it need not be shown, ``proposed`` that it is a
    draft and not in force.
    """

    start: datetime
    end: datetime
    id: str
    title: str
    look: str
    weekly: bool = False
    proposed: bool = False

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


# Before and after the days of a page, so that windows over its edges keep their own ends.
BEYOND = timedelta(days=7)


def calendar_spans(view: View, start: datetime, end: datetime) -> list[Span]:
    """Return the freezes, also proposed ones, maintenance windows and holidays that touch a time, earliest first."""
    found = around(view.calendars, start, end, proposed=True)
    return [span_of(one) for one in found if view.url(one.calendar.id)]


def span_of(one: Around) -> Span:
    """Return a window of a calendar as a span."""
    calendar, window = one
    weekly = bool(calendar.data.get("hours"))
    title = window.name or calendar.name or calendar.id
    return Span(window.start, window.end, calendar.id, title, LOOKS[calendar.type], weekly, calendar.proposed)


def frozen(view: View) -> dict[str, list[Hold]]:
    """Return the upcoming changes that a freeze, also a proposed one, forbids at their time, with these freezes."""
    found = {s.id: view.calendars.held(_planned(view, s)) for s in changes(view)}
    return {identifier: holds for identifier, holds in found.items() if holds}


def _planned(view: View, change: Span) -> Planned:
    entry = view.entries[change.id]
    kind, items = str(entry.columns.get("type", "")), tuple(facts.affected(entry))
    return Planned(change.id, change.title, kind, entry.state, "", change.start, change.end, items)


def days(view: View, count: int) -> list[Day]:
    """Return the next days from today in the site's time zone, each as its start and end."""
    today = view.now.astimezone(view.zone).replace(hour=0, minute=0, second=0, microsecond=0)
    starts = [(today + timedelta(days=n)) for n in range(count + 1)]
    return [(a.astimezone(UTC), b.astimezone(UTC)) for a, b in pairwise(starts)]
