"""How services fared: day by day for a while, and how much of a time they were available."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import NamedTuple

from itsm_gitops.graph.impact import Effect, ImpactGraph
from itsm_gitops.graph.past import Fault, Spell, faults_of, spells
from itsm_gitops.graph.status import DEGRADED, OPERATIONAL, OUTAGE
from itsm_gitops.model.history import UNKNOWN, Day
from itsm_gitops.model.windows import moment_of
from itsm_gitops.reports.life import OPEN
from itsm_gitops.reports.log import Log

_WORD = {Effect.DEGRADED: DEGRADED, Effect.OUTAGE: OUTAGE}
_MOST_CAUSES = 8


def services_of(log: Log, graph: ImpactGraph) -> list[str]:
    """Return the services in production, by identifier."""
    entries = log.network.entries.values()
    return sorted(e.id for e in entries if e.kind == "service" and graph.in_production(e.id))


def _faults(log: Log, graph: ImpactGraph, since: int) -> Iterator[Fault]:
    """Yield the faults that lasted into the time from ``since`` to now, cut to it."""
    for case in log.every("incident"):
        if case.ended is not None and case.ended <= since:
            continue
        spans = [
            (max(s.start, since), log.until if s.end is None else min(s.end, log.until))
            for s in case.spans
            if s.category in OPEN
        ]
        yield from faults_of(graph, case.entry, spans)


def history(log: Log, days: int) -> dict[str, list[Day]]:
    """Return each of the last ``days`` days (today is the last) of every service in production.

    Days before the first record of the repository are unknown: nothing tells how they were.
    """
    graph = ImpactGraph(log.network)
    today = log.now.astimezone(log.zone).date()
    dates = [today - timedelta(days=n) for n in range(days)][::-1]
    starts = [int(moment_of(d, "00:00", log.zone).timestamp()) for d in dates]
    services = services_of(log, graph)
    worst: dict[tuple[str, int], _Worst] = {}
    for spell in spells(graph, services, _faults(log, graph, starts[0])):
        for index in _touched(spell, starts):
            worst.setdefault((spell.service, index), _Worst()).add(spell)
    known = days if log.first is None else max(0, bisect_right(starts, log.first) - 1)
    return {s: list(_days(s, dates, worst, known)) for s in services}


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
    index = bisect_right(starts, spell.start) - 1
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
    """How long a service was watched, and how long of that it was down (seconds)."""

    watched: int
    down: int


def uptimes(log: Log) -> dict[str, Uptime]:
    """Return the uptime of every service in production within the time of the report."""
    graph = ImpactGraph(log.network)
    since = max(log.since, log.until if log.first is None else log.first)
    services = services_of(log, graph)
    down: dict[str, list[tuple[int, int]]] = {s: [] for s in services}
    for spell in spells(graph, services, _faults(log, graph, since)):
        if spell.effect == Effect.OUTAGE:
            down[spell.service].append((spell.start, spell.end))
    return {s: Uptime(log.until - since, _union(found)) for s, found in down.items()}


def _union(spans: Iterable[tuple[int, int]]) -> int:
    """Return how many seconds the spans cover together."""
    total, reached = 0, 0
    for start, end in sorted(spans):
        total += max(0, end - max(start, reached))
        reached = max(reached, end)
    return total
