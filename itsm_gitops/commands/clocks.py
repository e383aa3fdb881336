"""The clocks of service levels for `itsm show`, `itsm list` and its filter words, and as JSON.

The clocks themselves are those of the site and the reports (`reports/course.py`).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from itsm_gitops.model import clock, meaning
from itsm_gitops.model.promises import standings_of
from itsm_gitops.model.standing import Promise

if TYPE_CHECKING:
    from collections.abc import Callable

    from itsm_gitops.graph.escalation import CallStep
    from itsm_gitops.model.rulebook import RuleBook
    from itsm_gitops.model.standing import Course
    from itsm_gitops.reports.log import Log
    from itsm_gitops.snapshots import Store


def promising(book: RuleBook) -> frozenset[str]:
    """Return the kinds whose documents say what is promised: one that cannot be read promises nothing, and nobody knows."""
    roles = (meaning.SERVICE, meaning.OFFERING, meaning.SERVICE_LEVEL, meaning.CALENDAR)
    return frozenset(kind for role in roles for kind in book.playing(role))


class RecordClocks:
    """The clocks of the records of one snapshot, read when first asked for."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @cached_property
    def _log(self) -> Log:
        from itsm_gitops.reports.log import Log, Scope

        return Log(self._store, None, clock.now(), Scope())

    @cached_property
    def _course(self) -> Callable[[str], Course]:
        from itsm_gitops.reports.course import course

        return course(self._log)

    def course(self, identifier: str) -> Course:
        """Return how the work on a record went, an empty course for other documents."""
        return self._course(identifier)

    def promises(self, identifier: str) -> tuple[Promise, ...]:
        """Return what became of each promise about a record, none for other documents."""
        return self._course(identifier).promises

    def matching(self, kinds: Iterable[str], standings: Iterable[str]) -> dict[str, bool]:
        """Return for each record of some kinds whether one of its clocks has one of some standings (`STANDINGS`)."""
        wanted = frozenset(standings)
        cases = self._log.of(*kinds)  # all at once: one question to the index
        return {c.entry.id: any(wanted & standings_of(p) for p in self.promises(c.entry.id)) for c in cases}


def clock_json(promise: Promise) -> dict[str, Any]:
    """Return a clock as JSON data: times in seconds of the hours of its calendar, ``due`` RFC 3339, UTC."""
    due = promise.due
    return {
        "metric": promise.metric,
        "level": promise.level,
        "calendar": promise.calendar or None,
        "verdict": promise.verdict,
        "target_seconds": promise.promised,
        "used_seconds": promise.used,
        "left_seconds": promise.left,
        "due": None if due is None else clock.format_time(datetime.fromtimestamp(due, UTC)),
        "paused_by": " ".join(promise.paused_by) or None,
        "soon": promise.near,
    }


def step_json(step: CallStep) -> dict[str, Any]:
    """Return one step as JSON data; times are RFC 3339 in UTC."""
    return {
        "people": list(step.people),
        meaning.TEAM: step.team or None,
        "at": clock.format_time(step.at) if step.at else None,
        "reached": step.reached,
        "why": step.why.format(**step.about),
    }
