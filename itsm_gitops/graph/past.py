"""What incidents did to services in the past: when each service was down or degraded.

The effect of an incident travels as `impact.py` says. An incident alone is asked once for all that
affect the same items. Where redundancy plays a part, incidents at the same time add up: two nodes that
fail together can take down what each alone would not. Only those are followed through time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from typing import NamedTuple

from itsm_gitops.graph.declared import Declaration, declaration_of, felt
from itsm_gitops.graph.impact import Effect, ImpactGraph
from itsm_gitops.model.entry import Entry

_FELT = (Effect.DEGRADED, Effect.OUTAGE)


class IncidentSpan(NamedTuple):
    """A time in which an incident was open, in seconds since 1970, and what it declared."""

    id: str
    declared: Declaration
    start: int
    end: int


class Spell(NamedTuple):
    """A time in which a service was hit, how badly, and the incidents behind it. Spells may overlap."""

    service: str
    start: int
    end: int
    effect: Effect
    causes: tuple[str, ...]


def faults_of(graph: ImpactGraph, entry: Entry, spans: Iterable[tuple[int, int]]) -> Iterator[IncidentSpan]:
    """Yield the faults of an incident for the times in which it was open, none where it hits nothing.

    Its impact is the one it has now: timelines do not tell when it changed.
    """
    declared = declaration_of(graph, entry)
    if declared is not None:
        yield from (IncidentSpan(entry.id, declared, start, end) for start, end in spans if start < end)


def spells(graph: ImpactGraph, services: Iterable[str], faults: Iterable[IncidentSpan]) -> Iterator[Spell]:
    """Yield when each of the services was hit, in no particular order."""
    alone = _Alone(graph, frozenset(services))
    joint = []
    for fault in faults:
        hit = alone.of(frozenset([fault.declared]))
        for service, effect in hit.felt.items():
            yield Spell(service, fault.start, fault.end, effect, (fault.id,))
        if hit.members:
            joint.append(fault)
    yield from _joint(alone, joint)


# What is declared at the same time.
_Failed = frozenset[Declaration]
# A redundancy group: the item that has it, and its place among the item's groups.
_Group = tuple[str, int]


class _Hit(NamedTuple):
    """What failures do: the services that feel it, and the members of redundancy groups that are hit."""

    felt: Mapping[str, Effect]
    members: tuple[str, ...]


class _Alone:
    """What failures do, each asked once."""

    def __init__(self, graph: ImpactGraph, services: frozenset[str]) -> None:
        self._graph = graph
        self._services = services
        self._known: dict[_Failed, _Hit] = {}
        self.groups: dict[str, list[_Group]] = {}
        for owner, groups in graph.groups.items():
            for number, group in enumerate(groups):
                for member in group.members:
                    self.groups.setdefault(member, []).append((owner, number))

    def of(self, failed: _Failed) -> _Hit:
        """Return what some failures at the same time do."""
        if failed not in self._known:
            hits = [(h.id, h.effect) for h in felt(self._graph, failed).values() if h.effect in _FELT]
            self._known[failed] = _Hit(
                {i: effect for i, effect in hits if i in self._services},
                tuple(sorted(i for i, _ in hits if i in self.groups)),
            )
        return self._known[failed]


def _joint(alone: _Alone, faults: list[IncidentSpan]) -> Iterator[Spell]:
    """Yield what faults at the same time do together and none of them does alone, moment by moment."""
    begins = sorted(faults, key=lambda f: (f.start, f.id))
    ends = sorted(faults, key=lambda f: (f.end, f.id))
    moments = sorted({f.start for f in faults} | {f.end for f in faults})
    now = _Together(alone)
    first, last = 0, 0
    for moment, after in pairwise(moments):
        while last < len(ends) and ends[last].end <= moment:
            now.change(ends[last], -1)
            last += 1
        while first < len(begins) and begins[first].start <= moment:
            now.change(begins[first], 1)
            first += 1
        more, causes = now.more()
        yield from (Spell(service, moment, after, effect, causes) for service, effect in more.items())


class _Together:
    """The faults of one moment, by the redundancy groups of which they hit a member."""

    def __init__(self, alone: _Alone) -> None:
        self._alone = alone
        # For each group the members that are hit, and by which faults.
        self._hit: dict[_Group, dict[str, dict[IncidentSpan, None]]] = {}
        self._hot: dict[_Group, None] = {}
        self._known: dict[_Failed, Mapping[str, Effect]] = {}

    def change(self, fault: IncidentSpan, by: int) -> None:
        """Let a fault begin (1) or end (-1)."""
        for member in self._members(fault):
            for group in self._alone.groups[member]:
                hit = self._hit.setdefault(group, {})
                if by > 0:
                    hit.setdefault(member, {})[fault] = None
                elif len(hit[member]) > 1:
                    del hit[member][fault]
                else:
                    del hit[member]
                if len(hit) > 1:
                    self._hot[group] = None
                else:
                    self._hot.pop(group, None)

    def _members(self, fault: IncidentSpan) -> tuple[str, ...]:
        return self._alone.of(frozenset([fault.declared])).members

    def more(self) -> tuple[Mapping[str, Effect], tuple[str, ...]]:
        """Return the services hit worse than by any fault alone, and the faults behind that."""
        if not self._hot:
            return {}, ()
        found = dict.fromkeys(f for group in self._hot for some in self._hit[group].values() for f in some)
        failed = self._failed(found)
        # What fails through redundancy that is gone may take more of it away elsewhere.
        while wider := self._reached(failed, found):
            found.update(wider)
            failed = self._failed(found)
        if failed not in self._known:
            single: dict[str, Effect] = {}
            for fault in found:
                for service, effect in self._alone.of(self._failed([fault])).felt.items():
                    single[service] = max(effect, single.get(service, Effect.NONE))
            felt = self._alone.of(failed).felt
            self._known[failed] = {s: e for s, e in felt.items() if e > single.get(s, Effect.NONE)}
        return self._known[failed], tuple(sorted({f.id for f in found}))

    def _failed(self, faults: Iterable[IncidentSpan]) -> _Failed:
        return frozenset(fault.declared for fault in faults)

    def _reached(self, failed: _Failed, found: Mapping[IncidentSpan, None]) -> dict[IncidentSpan, None]:
        """Return the further faults that hit a group of which ``failed`` hits another member."""
        groups = {g for member in self._alone.of(failed).members for g in self._alone.groups[member]}
        return {
            fault: None
            for group in groups
            for some in self._hit.get(group, {}).values()
            for fault in some
            if fault not in found
        }
