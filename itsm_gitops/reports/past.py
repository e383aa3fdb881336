"""How services fared: day by day for a while, and how much of a time they were available."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import NamedTuple

from itsm_gitops.graph.impact import Effect
from itsm_gitops.graph.past import Spell
from itsm_gitops.graph.status import DEGRADED, OPERATIONAL, OUTAGE
from itsm_gitops.model.field_history import UNKNOWN, Day
from itsm_gitops.model.windows import moment_of
from itsm_gitops.reports.log import Log
from itsm_gitops.service_levels.clocks import Levels
from itsm_gitops.service_levels.hours import RoundTheClock

_WORD = {Effect.DEGRADED: DEGRADED, Effect.OUTAGE: OUTAGE}
_MOST_CAUSES = 8


def history(log: Log, days: int) -> dict[str, list[Day]]:
    """Return each of the last ``days`` days (today is the last) of every service in production.

    The time of the log must hold them. Days before the first record of the repository are unknown:
    nothing tells how they were.
    """
    today = log.now.astimezone(log.zone).date()
    dates = [today - timedelta(days=n) for n in range(days)][::-1]
    starts = [int(moment_of(d, "00:00", log.zone).timestamp()) for d in dates]
    worst: dict[tuple[str, int], _Worst] = {}
    for spell in log.spells:
        for index in _touched(spell, starts):
            worst.setdefault((spell.service, index), _Worst()).add(spell)
    known = days if log.first is None else max(0, bisect_right(starts, log.first) - 1)
    return {s: list(_days(s, dates, worst, known)) for s in log.services}


class _Worst:
    """The worst of a day and what was behind it."""

    def __init__(self) -> None:
        self.effect = Effect.NONE
        self.causes: set[str] = set()

    def add(self, spell: Spell) -> None:
        if spell.effect > self.effect:
            self.effect, self.causes = spell.effect, set()
        if spell.effect == self.effect:
            self.causes.update(spell.causes)


def _touched(spell: Spell, starts: list[int]) -> Iterator[int]:
    """Yield the indexes of the days that a spell has a part of."""
    index = max(0, bisect_right(starts, spell.start) - 1)
    while index < len(starts) and starts[index] < spell.end:
        yield index
        index += 1


def _days(service: str, dates: list[date], worst: dict[tuple[str, int], _Worst], known: int) -> Iterator[Day]:
    for index, day in enumerate(dates):
        found = worst.get((service, index))
        if found is not None:
            causes = tuple(sorted(found.causes, reverse=True)[:_MOST_CAUSES])
            yield Day(day.isoformat(), _WORD[found.effect], causes)
        else:
            yield Day(day.isoformat(), OPERATIONAL if index >= known else UNKNOWN)


class Uptime(NamedTuple):
    """How long a service was watched and how long of that it was down (seconds): around the clock, in agreed time."""

    watched: int
    down: int
    agreed: int
    agreed_down: int


def uptimes(log: Log, levels: Levels) -> dict[str, Uptime]:
    """Return the uptime of every service in production within the time of the report."""
    since = max(log.since, log.until if log.first is None else log.first)
    down: dict[str, list[tuple[int, int]]] = {s: [] for s in log.services}
    for spell in log.spells:
        if spell.effect == Effect.OUTAGE:
            down[spell.service].append((spell.start, spell.end))
    found = {}
    for service, spans in down.items():
        level = levels.of_item(service)
        hours = levels.hours(levels.calendar(level)) if level else RoundTheClock()
        outages = [(max(a, since), b) for a, b in _union(spans) if b > since]
        found[service] = Uptime(
            log.until - since,
            sum(b - a for a, b in outages),
            hours.between(since, log.until),
            sum(hours.between(a, b) for a, b in outages),
        )
    return found


def _union(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the spans joined where they overlap, in order of time."""
    found: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found
