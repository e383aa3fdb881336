"""Projected service availability: how long planned changes will interrupt each service.

While a change with a planned interruption works, the services that it names for it are down, or
else the items that it changes. Failure travels as graph/impact.py says, so redundancy holds it back.
Interruptions of two changes whose windows overlap are also taken together: what neither of them
alone would interrupt may go down when both do.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import combinations
from typing import NamedTuple

from itsm_gitops.graph.impact import Effect, ImpactGraph
from itsm_gitops.graph.planned import Planned
from itsm_gitops.model.meaning import SERVICE

_MINUTE = timedelta(minutes=1)
# Bounds of a schedule that is already beyond hope: sets of at most four, among the last twelve begun.
_MOST_TOGETHER = 4
_MOST_AT_ONCE = 12


class Interruption(NamedTuple):
    """What one change, or several together, costs a service: minutes of outage or degradation."""

    changes: tuple[str, ...]
    effect: Effect
    minutes: int


class Availability(NamedTuple):
    """Planned outage of one service over a horizon of so many minutes."""

    service: str
    outage: int
    degraded: int
    horizon: int
    causes: tuple[Interruption, ...]

    @property
    def percent(self) -> float:
        """Projected availability in per cent: the share of the horizon without planned outage."""
        return 100.0 * (1 - self.outage / self.horizon)


def project(
    graph: ImpactGraph,
    changes: Sequence[Planned],
    start: datetime,
    end: datetime,
    services: Iterable[str] | None = None,
) -> list[Availability]:
    """Return the services (of those given, or all) that planned changes interrupt, the worst first.

    A change whose window lies only partly between ``start`` and ``end`` counts with what can fall
    into that time. Minutes of different changes add up, to the horizon at most.
    """
    horizon = max(1, int((end - start) / _MINUTE))
    working = [c for c in changes if c.outage and _common([c], start, end)]
    causes: dict[str, list[Interruption]] = {}
    known: dict[frozenset[str], dict[str, Effect]] = {}
    for together in _together(working, start, end):
        names = frozenset(c.id for c in together)
        known[names] = _effects(graph, together)
        fewer = [known[names - {n}] for n in names if len(names) > 1]
        for service, effect in known[names].items():
            # More than some of them do without the others; what those do is counted already.
            if all(effect > part.get(service, Effect.NONE) for part in fewer):
                minutes = min(_common(together, start, end), *(c.outage for c in together))
                found = Interruption(tuple(sorted(names)), effect, minutes)
                causes.setdefault(service, []).append(found)
    wanted = None if services is None else set(services)
    services_hit = [_availability(s, c, horizon) for s, c in causes.items() if wanted is None or s in wanted]
    return sorted(services_hit, key=lambda a: (-a.outage, -a.degraded, a.service))


def _effects(graph: ImpactGraph, changes: Iterable[Planned]) -> dict[str, Effect]:
    """Return how badly each service is hit while these changes interrupt."""
    known = graph.network.entries
    failed = {i: Effect.OUTAGE for c in changes for i in (c.interrupted or c.items) if i in known}
    hits = graph.propagate(failed)
    services = graph.network.book.playing(SERVICE)
    return {i: h.effect for i, h in hits.items() if known[i].kind in services and h.effect > Effect.AT_RISK}


def _common(changes: Sequence[Planned], start: datetime, end: datetime) -> int:
    """Return the minutes that all windows share inside the horizon."""
    first, last = max(start, *(c.start for c in changes)), min(end, *(c.end for c in changes))
    return max(0, int((last - first) / _MINUTE))


def _together(changes: Sequence[Planned], start: datetime, end: datetime) -> Iterator[list[Planned]]:
    """Yield each change, and each set of up to four that can interrupt at once, after all its parts."""
    order = sorted(changes, key=lambda c: (c.start, c.id))
    for index, change in enumerate(order):
        active = [c for c in order[:index] if c.end > change.start][-_MOST_AT_ONCE:]
        for size in range(_MOST_TOGETHER):
            sets = ([*others, change] for others in combinations(active, size))
            yield from (s for s in sets if _common(s, start, end))


def _availability(service: str, causes: Sequence[Interruption], horizon: int) -> Availability:
    def total(effect: Effect) -> int:
        return min(horizon, sum(c.minutes for c in causes if c.effect == effect))

    return Availability(service, total(Effect.OUTAGE), total(Effect.DEGRADED), horizon, tuple(causes))
