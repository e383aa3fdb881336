"""Business hours: how many seconds of a span of time lie within the hours of a calendar."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import accumulate

from itsm_gitops.graph.calendars import Calendar
from itsm_gitops.model.windows import Window, merged


class Hours:
    """The hours of a calendar within one span of time, ready to be asked about many others.

    Everything is in seconds since 1970, UTC. What lies outside the span it was made for counts as closed.
    """

    def __init__(self, windows: Iterable[Window]) -> None:
        """Take the windows in which time counts; they may overlap."""
        joined = [(int(w.start.timestamp()), int(w.end.timestamp())) for w in merged(windows)]
        self._starts = [start for start, _ in joined]
        self._ends = [end for _, end in joined]
        self._before = [0, *accumulate(end - start for start, end in joined)]

    def between(self, start: int, end: int) -> int:
        """Return how many seconds from ``start`` to ``end`` count; 0 where ``end`` is not later."""
        return max(0, self._until(end) - self._until(start))

    def _until(self, moment: int) -> int:
        """Return how many seconds count before a moment."""
        index = bisect_right(self._starts, moment) - 1
        if index < 0:
            return 0
        return self._before[index] + min(moment, self._ends[index]) - self._starts[index]

    def after(self, start: int, seconds: int) -> int | None:
        """Return the moment at which so many seconds have counted since ``start``; None beyond the span."""
        counted = self._until(start) + seconds
        index = bisect_left(self._before, counted) - 1
        if index >= len(self._starts):
            return None
        return start if seconds <= 0 else self._starts[index] + counted - self._before[index]


class RoundTheClock:
    """Around the clock: every second counts, as where no calendar is named."""

    def between(self, start: int, end: int) -> int:
        """Return the seconds from ``start`` to ``end``; 0 where ``end`` is not later."""
        return max(0, end - start)

    def after(self, start: int, seconds: int) -> int:
        """Return the moment so many seconds after ``start``."""
        return start + max(0, seconds)


def hours_of(calendar: Calendar | None, start: int, end: int) -> Hours | RoundTheClock:
    """Return the hours of a calendar from ``start`` to ``end``; around the clock where there is none."""
    if calendar is None:
        return RoundTheClock()
    first, last = (datetime.fromtimestamp(moment, UTC) for moment in (start, end))
    return Hours(calendar.spans(first, last))
