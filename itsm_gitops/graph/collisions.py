"""Which planned changes collide: a sweep over time, and over each change's neighbourhood in the CMDB.

Two changes collide when their half-open windows share time and they meet in one of these ways:

* ``same``: both name the same item,
* ``part``: one names an item that contains an item of the other,
* ``dependency``: one names an item that an item of the other needs,
* ``redundancy``: each takes members out of one redundancy group that can spare those, and not both,
* ``implementer``: one person carries out both.

Of the first four only the first that fits is reported for a pair. Changes linked by
``coordinated_with`` do not collide.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import Any

from itsm_gitops.graph.impact import ImpactGraph
from itsm_gitops.graph.planned import Planned
from itsm_gitops.model.findings import OFF, WARNING
from itsm_gitops.model.windows import Window
from itsm_gitops.model.wording import Phrase

SAME = "same"
PART = "part"
DEPENDENCY = "dependency"
REDUNDANCY = "redundancy"
IMPLEMENTER = "implementer"
KINDS = (SAME, PART, DEPENDENCY, REDUNDANCY, IMPLEMENTER)

GroupKey = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Collision:
    """Two changes that collide: ``second`` was opened later and is the one to move.

    ``first_items`` and ``second_items`` are where they meet (people for ``implementer``);
    ``subject`` is the CI whose redundancy is at stake, else empty.
    """

    kind: str
    first: Planned
    second: Planned
    overlap: Window
    first_items: tuple[str, ...]
    second_items: tuple[str, ...]
    subject: str = ""

    @property
    def reason(self) -> Phrase:
        """Where they meet, in words."""
        one, two = ", ".join(self.first_items), ", ".join(self.second_items)
        if self.kind == SAME:
            return Phrase("both change {item}", item=one)
        if self.kind == IMPLEMENTER:
            return Phrase("{person} carries out both", person=one)
        if self.kind == REDUNDANCY:
            return Phrase(
                "together they leave too few of what {item} needs ({one} and {two})",
                item=self.subject,
                one=one,
                two=two,
            )
        other = two if self.subject in self.first_items else one
        return Phrase(
            "{item} contains {other}" if self.kind == PART else "{item} needs {other}",
            item=self.subject,
            other=other,
        )


@dataclass(frozen=True)
class _Reach:
    """What one change comes near to."""

    items: frozenset[str]
    needs: frozenset[str]
    parts: frozenset[str]
    groups: Mapping[GroupKey, frozenset[str]]
    people: frozenset[str]

    def keys(self) -> Iterator[tuple[str, Any]]:
        """Yield the keys under which the change waits for others: kind of index and value."""
        yield from (("item", x) for x in self.items)
        yield from (("needs", x) for x in self.needs)
        yield from (("parts", x) for x in self.parts)
        yield from (("group", g) for g in self.groups)
        yield from (("person", p) for p in self.people)

    def meets(self) -> Iterator[tuple[str, Any]]:
        """Yield the keys of others that this change may collide with."""
        for x in self.items:
            yield from (("item", x), ("needs", x), ("parts", x))
        yield from (("item", x) for x in self.needs)
        yield from (("item", x) for x in self.parts)
        yield from (("group", g) for g in self.groups)
        yield from (("person", p) for p in self.people)


@dataclass
class Neighbourhood:
    """The neighbours of CIs up to ``depth`` steps away, and the redundancy groups they belong to."""

    graph: ImpactGraph
    depth: int = 1
    _walked: dict[tuple[str, str], frozenset[str]] = field(default_factory=dict)
    _groups: dict[GroupKey, tuple[frozenset[str], int]] = field(default_factory=dict)

    def needs(self, identifier: str) -> frozenset[str]:
        """Return what a CI depends or runs on, itself not included."""
        return self._walk("needs", identifier, self.graph.needs)

    def parts(self, identifier: str) -> frozenset[str]:
        """Return what a CI contains, itself not included."""
        return self._walk("parts", identifier, self.graph.parts)

    def _walk(self, name: str, start: str, side: Mapping[str, Mapping[str, str]]) -> frozenset[str]:
        known = self._walked.get((name, start))
        if known is not None:
            return known
        seen, level = {start}, [start]
        for _ in range(self.depth):
            level = [n for i in level for n in side.get(i, ()) if n not in seen]
            seen.update(level)
        self._walked[name, start] = found = frozenset(seen - {start})
        return found

    def group(self, key: GroupKey) -> tuple[frozenset[str], int]:
        """Return the members in production and the number needed of one group of a CI."""
        if key not in self._groups:
            found = self.graph.groups[key[0]][key[1]]
            members = frozenset(m for m in found.members if self.graph.in_production(m))
            self._groups[key] = (members, found.min_up)
        return self._groups[key]

    def _touched(self, item: str) -> Iterator[tuple[GroupKey, str]]:
        """Yield the groups of CIs in production that work on an item touches, with the member it takes."""
        near, level = {item}, [item]
        for _ in range(self.depth):
            level = [n for i in level for n in self._needing(i) if n not in near]
            near.update(level)
        for member in sorted(filter(self.graph.in_production, near)):
            owners = list(filter(self.graph.in_production, self._needing(member)))
            self.graph.groups.prepare(owners)
            for owner in owners:
                for number, found in enumerate(self.graph.groups.get(owner, ())):
                    if member in found.members:
                        yield (owner, number), member

    def _needing(self, item: str) -> list[str]:
        return [d for d in self.graph.dependents.get(item, ()) if item in self.graph.needs.get(d, ())]

    def members(self, items: Iterable[str]) -> dict[GroupKey, frozenset[str]]:
        """Return the members of each group that work on these items takes, directly or by what they need."""
        found: dict[GroupKey, set[str]] = {}
        for item in items:
            for key, member in self._touched(item):
                found.setdefault(key, set()).add(member)
        return {key: frozenset(members) for key, members in found.items()}

    def spared(self, key: GroupKey, taken: frozenset[str]) -> bool:
        """Whether enough members of a group are left without those taken."""
        members, least = self.group(key)
        return len(members - taken) >= least

    def reach(self, change: Planned) -> _Reach:
        """Return what a change comes near to."""
        items = frozenset(change.items)
        return _Reach(
            items,
            frozenset(n for i in items for n in self.needs(i)) - change.excluded,
            frozenset(n for i in items for n in self.parts(i)) - change.excluded,
            self.members(items),
            frozenset(change.implementers),
        )


def collisions(
    changes: Sequence[Planned], around: Neighbourhood, kinds: Iterable[str] = KINDS
) -> list[Collision]:
    """Return every collision among planned changes, earliest overlap first.

    One pass over the changes by start (a heap drops those that have ended), in which each looks up
    only those that wait at its own items, neighbours, groups and people.
    """
    wanted = [k for k in KINDS if k in set(kinds)]
    order = sorted(changes, key=lambda c: (c.start, c.end, c.id))
    reaches = [around.reach(c) for c in order]
    waiting: dict[tuple[str, Any], set[int]] = {}
    ends: list[tuple[Any, int]] = []
    found: list[Collision] = []
    for index, change in enumerate(order):
        while ends and ends[0][0] <= change.start:
            gone = heappop(ends)[1]
            for key in reaches[gone].keys():  # noqa: SIM118 - a method of our own
                waiting[key].discard(gone)
        near = {other for key in reaches[index].meets() for other in waiting.get(key, ())}
        for other in sorted(near):
            found += _collide(order[other], change, reaches[other], reaches[index], around, wanted)
        heappush(ends, (change.end, index))
        for key in reaches[index].keys():  # noqa: SIM118
            waiting.setdefault(key, set()).add(index)
    return sorted(found, key=lambda c: (c.overlap.start, c.first.id, c.second.id, KINDS.index(c.kind)))


def _collide(
    a: Planned, b: Planned, near_a: _Reach, near_b: _Reach, around: Neighbourhood, kinds: Sequence[str]
) -> Iterator[Collision]:
    """Yield the collisions of two changes whose windows share time."""
    if b.id in a.coordinated or a.id in b.coordinated:
        return
    if (b.opened, b.id) < (a.opened, a.id):
        a, b, near_a, near_b = b, a, near_b, near_a
    overlap = Window(max(a.start, b.start), min(a.end, b.end))
    shared = tuple(sorted(near_a.people & near_b.people))
    for kind in kinds:
        if kind != IMPLEMENTER:
            place = _place(kind, a, b, near_a, near_b, around)
            if place:
                yield Collision(kind, a, b, overlap, *place)
                break
    if shared and IMPLEMENTER in kinds:
        yield Collision(IMPLEMENTER, a, b, overlap, shared, shared)


_Place = tuple[tuple[str, ...], tuple[str, ...], str]


def _place(
    kind: str, a: Planned, b: Planned, near_a: _Reach, near_b: _Reach, around: Neighbourhood
) -> _Place | None:
    """Return where two changes meet in one way: items of the first, of the second, the CI at stake."""
    if kind == SAME:
        both = tuple(sorted(near_a.items & near_b.items))
        return (both, both, "") if both else None
    if kind == REDUNDANCY:
        return _shortage(near_a, near_b, around)
    walk = around.parts if kind == PART else around.needs
    for one, two, swapped in ((a, b, False), (b, a, True)):
        for item in sorted(one.items):
            if item in two.excluded:
                continue
            hit = tuple(sorted((walk(item) & frozenset(two.items)) - one.excluded))
            if hit:
                return (hit, (item,), item) if swapped else ((item,), hit, item)
    return None


def _shortage(near_a: _Reach, near_b: _Reach, around: Neighbourhood) -> _Place | None:
    for key in sorted(near_a.groups.keys() & near_b.groups.keys()):
        one, two = near_a.groups[key], near_b.groups[key]
        alone = around.spared(key, one) and around.spared(key, two)
        if alone and not around.spared(key, one | two):
            return tuple(sorted(one)), tuple(sorted(two)), key[0]
    return None


def severities(policy: Mapping[str, Any]) -> dict[str, str]:
    """Return how bad each kind of collision is by the policy, without those that are off."""
    said = policy.get("collisions")
    said = said if isinstance(said, Mapping) else {}
    known = {k: str(said.get(k, WARNING)) for k in KINDS}
    return {k: v for k, v in known.items() if v != OFF}


def depth(policy: Mapping[str, Any]) -> int:
    """Return how many steps from item to item count as meeting, by the policy."""
    value = policy.get("collision_depth", 1)
    return value if isinstance(value, int) else 1
