"""What the calendar shows: the schedule of some months, the changes that are done, and whom they hit."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

from itsm_gitops.graph.planned import Planned, planned_of
from itsm_gitops.graph.schedule import Schedule, plan
from itsm_gitops.model import facts, meaning
from itsm_gitops.model.windows import Window, moment_of
from itsm_gitops.publish.view import View

MONTHS_BEFORE, MONTHS_AFTER = 1, 5


class Month(NamedTuple):
    """One month in the site's time zone: its first day, its span of time, and whether it is now."""

    first: date
    start: datetime
    end: datetime
    current: bool


class Plan:
    """The months around the moment of a build, and everything planned in them."""

    def __init__(self, view: View) -> None:
        self._view = view
        self.months = _months(view)
        start, end = self.months[0].start, self.months[-1].end
        self.schedule: Schedule = plan(view.network, view.graph, start, end)

    @cached_property
    def carriers(self) -> dict[str, frozenset[str]]:
        """What each service needs or contains, itself included."""
        view = self._view
        return {e.id: view.graph.carriers([e.id]) for e in view.of_role(meaning.SERVICE)}

    @cached_property
    def done(self) -> list[Planned]:
        """The changes of these months on which the work is over, earliest first."""
        view, span = self._view, Window(self.schedule.start, self.schedule.end)
        shown = {c.id for c in self.schedule.changes}
        found = []
        for entry in view.of_role(meaning.CHANGE):
            # What was never agreed or was called off did not happen.
            if (
                entry.id in shown
                or facts.is_cancelled(view.book, entry)
                or "planned_start" not in entry.columns
            ):
                continue
            change = planned_of(view.book, entry, {})
            if change is not None and span.touches(change.start, change.end):
                found.append(change)
        return sorted(found, key=lambda c: (c.start, c.id))

    def services(self, items: frozenset[str]) -> list[str]:
        """Return the services that some items can hit."""
        return [s for s, near in self.carriers.items() if not near.isdisjoint(items)]


def _months(view: View) -> list[Month]:
    today = view.now.astimezone(view.zone).date()
    numbers = range(-MONTHS_BEFORE, MONTHS_AFTER + 2)
    firsts = [_first(today, n) for n in numbers]
    starts = [moment_of(d, "00:00", view.zone).astimezone(UTC) for d in firsts]
    spans = zip(firsts, pairwise(starts), strict=False)
    return [Month(first, start, end, start <= view.now < end) for first, (start, end) in spans]


def _first(day: date, months: int) -> date:
    """Return the first day of the month so many months after a day's own."""
    years, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(years, month + 1, 1)
