"""What the calendar shows: the schedule of some months, the changes that are done, and whom they hit."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

from itsm_gitops.graph.planned import Planned, changes_over
from itsm_gitops.graph.schedule import Schedule, plan
from itsm_gitops.model import meaning
from itsm_gitops.model.windows import moment_of
from itsm_gitops.presentation.view import View

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
    def over(self) -> list[Planned]:
        """The finished and cancelled changes of these months, earliest first."""
        return changes_over(self._view.network, self.schedule.start, self.schedule.end)

    @property
    def done(self) -> list[Planned]:
        """The changes of these months whose work has ended, without the cancelled ones."""
        return [c for c in self.over if not c.cancelled]

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
