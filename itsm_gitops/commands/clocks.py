"""The clocks of service levels for `itsm show`, `itsm list` and its filter words: which one matters, and in words.

The clocks themselves are those of the site and the reports (`reports/course.py`).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from itsm_gitops.model import clock
from itsm_gitops.model.report import business_time, duration
from itsm_gitops.model.standing import Promise

if TYPE_CHECKING:
    from collections.abc import Callable

    from itsm_gitops.model.standing import Course
    from itsm_gitops.reports.log import Log
    from itsm_gitops.repository import Store

MET, MISSED, RUNNING, SOON, PAUSED = STANDINGS = ("met", "missed", "running", "soon", "paused")
_LAST = 1 << 60


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

    def promises(self, identifier: str) -> tuple[Promise, ...]:
        """Return what became of each promise about a record, none for other documents."""
        return self._course(identifier).promises

    def matching(self, kinds: Iterable[str], standings: Iterable[str]) -> dict[str, bool]:
        """Return for each record of some kinds whether one of its clocks stands in one of some ways (`STANDINGS`)."""
        wanted = frozenset(standings)
        cases = self._log.of(*kinds)  # all at once: one question to the index
        return {c.entry.id: any(wanted & standings_of(p) for p in self.promises(c.entry.id)) for c in cases}


def standings_of(promise: Promise) -> frozenset[str]:
    """Return how a clock stands: met, missed, running, and while it runs soon or paused."""
    found = {promise.verdict}
    if promise.paused_by:
        found.add(PAUSED)
    if promise.near:
        found.add(SOON)
    return frozenset(found)


def pressing(promises: Iterable[Promise]) -> Promise | None:
    """Return the clock that matters most: the running one that ends first, then the worst that was missed, then any."""
    found = list(promises)
    running = [p for p in found if p.verdict == RUNNING]
    if running:
        return min(running, key=lambda p: (bool(p.paused_by), p.left))
    return min(found, key=lambda p: p.left, default=None)


def urgency_of(promise: Promise | None) -> tuple[int, int]:
    """Return the order of clocks: missed and running ones by the time that is left, then paused ones, then those met."""
    if promise is None:
        return 3, _LAST
    if promise.verdict == MET:
        return 2, promise.left
    return (1 if promise.paused_by else 0), promise.left


def in_words(promise: Promise) -> str:
    """Say how a clock stands: ``1 h 20 min left``, ``missed by 3 h``, ``paused, 2 h left``, ``met``."""
    if promise.verdict == MET:
        return "met"
    if promise.verdict == MISSED:
        return f"missed by {spoken(promise, -promise.left)}"
    left = f"{spoken(promise, promise.left)} left"
    return f"paused, {left}" if promise.paused_by else left


def spoken(promise: Promise, seconds: int) -> str:
    """Say a time of a promise: in the hours of a calendar never in days."""
    return business_time(seconds) if promise.calendar else duration(seconds)


def pause_in_words(promise: Promise) -> str:
    """Say by what a clock is paused: ``on hold (awaiting caller)``; empty where it is not."""
    if not promise.paused_by:
        return ""
    state, *reason = (word.replace("_", " ") for word in promise.paused_by)
    return f"{state} ({reason[0]})" if reason else state


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
