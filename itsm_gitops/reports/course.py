"""How the work on one record went: how long it took, which promises were kept, which run until when."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import lru_cache

from itsm_gitops.model.clock import parse_time
from itsm_gitops.model.escalation_steps import ASSIGNEE, ESCALATED_TO, steps_of
from itsm_gitops.model.standing import Course, Mark, Promise
from itsm_gitops.model.workflow import ACTIVE
from itsm_gitops.reports.log import Log
from itsm_gitops.service_levels.agreements import Clock
from itsm_gitops.service_levels.clocks import Levels
from itsm_gitops.service_levels.hours import Hours, RoundTheClock, hours_of
from itsm_gitops.service_levels.life import Case
from itsm_gitops.service_levels.measures import RUNNING, TEAM_FIELD, time_on_hold, time_to_resolve

_ZONES = int(timedelta(days=2).total_seconds())  # times are compared as text, whatever their offset
_MOST_KEPT = 4096  # lists order by clocks, count what is late and show them
# No promise looks further ahead.
_AHEAD = int(timedelta(days=400).total_seconds())


def course(log: Log) -> Callable[[str], Course]:
    """Return what says of one record how the work on it went."""
    return lru_cache(_MOST_KEPT)(_Courses(log).of)


def levels_of(log: Log) -> Levels:
    """Return the service levels in force, ready to judge the records of a log."""
    return Levels(log.network, log.first, log.until, str(log.zone))


def _oldest(log: Log) -> int | None:
    """Return a moment before which no record with its times in order was opened; None where that is not known.

    Business hours may be counted from any earlier moment, so one record does not ask for the lives of all.
    """
    moment = parse_time(log.store.earliest())
    return int(moment.timestamp()) - _ZONES if moment else None


class _Courses:
    def __init__(self, log: Log) -> None:
        self._log = log
        self._start = _oldest(log)
        self._levels = (
            levels_of(log)
            if self._start is None
            else Levels(log.network, self._start, log.until, str(log.zone))
        )
        self._ahead: dict[str, Hours | RoundTheClock] = {}

    def of(self, identifier: str) -> Course:
        """Return the course of a record, an empty one where there is no such record."""
        case = self._log.find(identifier)
        if case is None:
            return Course()
        if self._start is not None and case.opened < self._start:  # its times are out of order
            self._start, self._levels = None, levels_of(self._log)
        kept = tuple(self._promise(c) for c in self._levels.clocks(case))
        since, called = case.terms(TEAM_FIELD)[-1][0], case.terms(ESCALATED_TO)
        return Course(
            kept,
            time_to_resolve(case),
            time_on_hold(case) or 0,
            case.priority,
            since,
            _is_answered(case, since),
            called[-1][0] if called and called[-1][1] else None,
        )

    def _promise(self, clock: Clock) -> Promise:
        target = clock.target
        calendar = self._levels.calendar(target.level)
        due = self._due(clock, calendar) if clock.verdict == RUNNING else None
        running = clock.verdict == RUNNING
        return Promise(
            target.metric,
            clock.verdict,
            target.level,
            calendar,
            target.seconds,
            clock.used,
            due,
            self._levels.paused_by(target.level, clock.case) if running else (),
            self._levels.is_near(clock),
            tuple(self._marks(clock, calendar)) if self._levels.is_ticking(clock) else (),
        )

    def _marks(self, clock: Clock, calendar: str) -> Iterator[Mark]:
        """Yield who is called at which part of a promised time, as the service level says."""
        target, still = clock.target, self._levels.is_paused(clock.target.level, clock.case)
        for step in steps_of(self._levels.data[target.level]):
            fits = step.metric in ("", target.metric) and step.priority in ("", clock.case.priority)
            if not step.percent or not step.who or not fits:
                continue
            left = target.seconds * step.percent // 100 - clock.used
            at = None if left <= 0 or still else self._after(calendar, left)
            yield Mark(step.percent, step.who, left <= 0, at)

    def _due(self, clock: Clock, calendar: str) -> int | None:
        """Return when a running clock comes to its end; None while it is paused."""
        if self._levels.is_paused(clock.target.level, clock.case):
            return None
        return self._after(calendar, clock.target.seconds - clock.used)

    def _after(self, calendar: str, seconds: int) -> int | None:
        """Return when some more seconds of a calendar are over."""
        now = self._log.until
        if calendar not in self._ahead:
            self._ahead[calendar] = hours_of(self._levels.calendars.all.get(calendar), now, now + _AHEAD)
        return self._ahead[calendar].after(now, seconds)


def _is_answered(case: Case, since: int) -> bool:
    """Whether somebody has a record in hand since its team got it: it is done, has an assignee, or work on it began."""
    began = (s.start >= since for s in case.spans if s.category == ACTIVE)
    return not case.is_open or bool(case.text(ASSIGNEE)) or any(began)
