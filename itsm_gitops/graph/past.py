"""What incidents did to services in the past: when each service was down or degraded.

The effect of an incident travels as `impact.py` says. An incident alone is asked once for all that
affect the same items. Where redundancy plays a part, incidents at the same time add up: two nodes that
fail together can take down what each alone would not. Only those are followed through time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from typing import NamedTuple

from itsm_gitops.graph.impact import Effect, ImpactGraph
from itsm_gitops.graph.status import EFFECTS, affected, hit_directly
from itsm_gitops.model.entry import Entry

_FELT = (Effect.DEGRADED, Effect.OUTAGE)


class Fault(NamedTuple):
    """A time in which an incident was open: its items, how badly they were hit, in seconds since 1970."""

    id: str
    items: tuple[str, ...]
    effect: Effect
    start: int
    end: int


class Spell(NamedTuple):
    """A time in which a service was hit, how badly, and the incidents behind it. Spells may overlap."""

    service: str
    start: int
    end: int
    effect: Effect
    causes: tuple[str, ...]


def faults_of(graph: ImpactGraph, entry: Entry, spans: Iterable[tuple[int, int]]) -> Iterator[Fault]:
    """Yield the faults of an incident for the times in which it was open, none where it hits nothing.

    Its impact is the one it has now: timelines do not tell when it changed.
    """
    effect = EFFECTS.get(str(entry.columns.get("impact")))
    items = tuple(hit_directly(graph, affected(entry))) if effect is not None else ()
    if effect is not None and items:
        yield from (Fault(entry.id, items, effect, start, end) for start, end in spans if start < end)


def spells(graph: ImpactGraph, services: Iterable[str], faults: Iterable[Fault]) -> Iterator[Spell]:
    """Yield when each of the services was hit, in no particular order."""
    wanted = frozenset(services)
    known: dict[tuple[tuple[str, ...], Effect], tuple[dict[str, Effect], bool]] = {}
    joint = []
    for fault in faults:
        key = (fault.items, fault.effect)
        if key not in known:
            hits = graph.propagate(dict.fromkeys(fault.items, fault.effect))
            felt = {i: h.effect for i, h in hits.items() if i in wanted and h.effect in _FELT}
            known[key] = felt, _meets_redundancy(graph, hits)
        felt, together = known[key]
        for service, effect in felt.items():
            yield Spell(service, fault.start, fault.end, effect, (fault.id,))
        if together:
            joint.append(fault)
    yield from _joint(graph, wanted, joint)


def _meets_redundancy(graph: ImpactGraph, hits: Iterable[str]) -> bool:
    """Whether one of the items hit is a member of a redundancy group of another item."""
    return any(
        hit in group.members
        for hit in hits
        for dependent in graph.dependents.get(hit, ())
        for group in graph.groups.get(dependent, ())
    )


def _joint(graph: ImpactGraph, wanted: frozenset[str], faults: list[Fault]) -> Iterator[Spell]:
    """Yield what faults at the same time do together, moment by moment."""
    begins = sorted(faults, key=lambda f: (f.start, f.id))
    ends = sorted(faults, key=lambda f: (f.end, f.id))
    moments = sorted({f.start for f in faults} | {f.end for f in faults})
    active: dict[Fault, None] = {}
    failed: Counter[tuple[str, Effect]] = Counter()
    known: dict[frozenset[tuple[str, Effect]], Mapping[str, Effect]] = {}
    first, last = 0, 0
    for moment, after in pairwise(moments):
        while last < len(ends) and ends[last].end <= moment:
            active.pop(ends[last])
            failed.subtract((item, ends[last].effect) for item in ends[last].items)
            last += 1
        while first < len(begins) and begins[first].start <= moment:
            active[begins[first]] = None
            failed.update((item, begins[first].effect) for item in begins[first].items)
            first += 1
        key = frozenset(pair for pair, count in failed.items() if count > 0)
        if len({item for item, _ in key}) < 2:
            continue
        if key not in known:
            known[key] = _felt(graph, wanted, key)
        for service, effect in known[key].items():
            yield Spell(service, moment, after, effect, tuple(sorted({f.id for f in active})))


def _felt(graph: ImpactGraph, wanted: frozenset[str], key: Iterable[tuple[str, Effect]]) -> dict[str, Effect]:
    failed: dict[str, Effect] = {}
    for item, effect in key:
        failed[item] = max(effect, failed.get(item, Effect.NONE))
    hits = graph.propagate(failed)
    return {i: h.effect for i, h in hits.items() if i in wanted and h.effect in _FELT}
