"""What fails when something fails: failure walks the CMDB, and redundancy holds it back.

The walk follows ITSM practice (iTop's "at least N of M up", Znuny's three-value incident state):

* a CI that depends on, or runs on, a failed CI fails as badly as that CI,
* unless a redundancy group covers the dependency: while ``min_up`` members are up the CI is only
  at risk; below that it fails, and with too few well ones among them it is degraded,
* a CI that contains a failed part is degraded,
* only CIs in production take part.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from typing import Any, NamedTuple

from itsm_gitops.graph.network import Network
from itsm_gitops.model import facts
from itsm_gitops.model.errors import UsageError
from itsm_gitops.model.untyped import as_list

DOWN = "down"
UP = "up"
_ALTERNATIVE = "alternative_to"


class Effect(IntEnum):
    """How badly a CI is hit; the higher wins."""

    NONE = 0
    AT_RISK = 1
    DEGRADED = 2
    OUTAGE = 3

    @property
    def label(self) -> str:
        """The effect in words."""
        return self.name.lower().replace("_", " ")


class Impacted(NamedTuple):
    """A CI that is hit, how badly, and the neighbour that passes the failure on."""

    id: str
    effect: Effect
    via: str
    reason: str


class Group(NamedTuple):
    """A redundancy group: the dependent is well while ``min_up`` of ``members`` are up."""

    name: str
    members: tuple[str, ...]
    min_up: int


@dataclass(frozen=True)
class Branch:
    """A node of the impact tree. ``repeated`` nodes were expanded elsewhere in the tree."""

    id: str
    relation: str
    effect: Effect
    children: tuple[Branch, ...] = ()
    repeated: bool = False


class GroupTable(Mapping[str, tuple[Group, ...]]):
    """The redundancy groups of every CI that needs something; read when asked for, in one go where many are."""

    def __init__(self, network: Network, needs: Mapping[str, Mapping[str, str]]) -> None:
        self._network = network
        self._needs = needs
        self._groups: dict[str, tuple[Group, ...]] = {}

    def prepare(self, identifiers: Iterable[str]) -> None:
        """Read the groups of some CIs that somebody will ask for."""
        missing = [i for i in identifiers if i in self._needs and i not in self._groups]
        entries = [self._network.entries[i] for i in missing]
        for identifier, written in self._network.loaded.derived("redundancy", _redundancy, entries).items():
            self._groups[identifier] = self._made(identifier, written)

    def __getitem__(self, identifier: str) -> tuple[Group, ...]:
        if identifier not in self._groups:
            self.prepare([identifier])
        return self._groups[identifier]

    def __contains__(self, identifier: object) -> bool:
        return identifier in self._needs

    def __iter__(self) -> Iterator[str]:
        self.prepare(self._needs)
        return iter(self._needs)

    def __len__(self) -> int:
        return len(self._needs)

    def _made(self, identifier: str, raw_groups: Any) -> tuple[Group, ...]:
        needs = self._needs[identifier]
        written = []
        for raw in as_list(raw_groups):
            if isinstance(raw, dict):
                named = (self._network.present(m) for m in as_list(raw.get("members")) if isinstance(m, str))
                members = tuple(m for m in named if m in needs)
                least = raw.get("min_up")
                if members and isinstance(least, int):
                    written.append(Group(str(raw.get("name", "")), members, least))
        covered = {m for group in written for m in group.members}
        rest = [n for n in needs if n not in covered]
        return (*written, *self._replaceable(rest))

    def _replaceable(self, rest: list[str]) -> list[Group]:
        found: list[Group] = []
        seen: set[str] = set()
        for first in rest:
            if first in seen:
                continue
            members = [first]
            for member in members:
                others = self._alternatives.get(member, ())
                members += [o for o in others if o in rest and o not in members]
            seen.update(members)
            if len(members) > 1:
                found.append(Group("alternatives", tuple(sorted(members)), 1))
        return found

    @cached_property
    def _alternatives(self) -> Mapping[str, list[str]]:
        """What stands in for what, from both ends."""
        return self._network.ends(_ALTERNATIVE)


class ImpactGraph:
    """The part of a network along which failure travels."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.needs: dict[str, dict[str, str]] = {}
        self.parts: dict[str, dict[str, str]] = {}
        self.dependents: dict[str, dict[str, str]] = {}
        self._reach: dict[str, frozenset[str]] = {}
        self._in_use: dict[str, bool] = {}
        # The redundancy groups of each CI: first the written ones, then those that follow from
        # ``alternative_to`` between two dependencies that no written group covers.
        self.groups = GroupTable(network, self.needs)
        links = {link.name: link for link in network.book.links.values() if link.impact}
        for identifier, edge in network.pairs(*links):
            if edge.target not in network.entries:
                continue
            link = links[edge.relation]
            if link.impact == "from_target":
                self._add(self.needs, identifier, edge.target, link.name, link.inverse)
            else:
                self._add(self.parts, edge.target, identifier, link.inverse, link.name)

    def _add(self, side: dict[str, dict[str, str]], hit: str, cause: str, name: str, inverse: str) -> None:
        side.setdefault(hit, {}).setdefault(cause, name)
        self.dependents.setdefault(cause, {}).setdefault(hit, inverse)

    def carriers(self, items: Iterable[str]) -> frozenset[str]:
        """Return items with everything that they need or contain, at any distance."""
        queue = list(dict.fromkeys(items))
        seen = set(queue)
        for identifier in queue:
            for other in (*self.needs.get(identifier, ()), *self.parts.get(identifier, ())):
                if other not in seen:
                    seen.add(other)
                    queue.append(other)
        return frozenset(seen)

    def in_production(self, identifier: str) -> bool:
        """Whether the CI is in production; CIs of classes without a life cycle always are."""
        known = self._in_use.get(identifier)
        if known is None:
            entry = self.network.entries.get(identifier)
            known = entry is not None and facts.in_production(self.network.book, entry)
            self._in_use[identifier] = known
        return known

    def propagate(
        self, failed: Mapping[str, Effect], held: Mapping[str, Impacted | None] | None = None
    ) -> dict[str, Impacted]:
        """Return every CI that is hit when the given ones fail as badly as given.

        The result holds the failed ones too. ``held`` are CIs whose fate is known already: hit as
        given (None: not at all), whatever fails. Effects only ever grow, so the walk ends even where
        dependencies run in a circle.
        """
        fixed = dict(held or {})
        hits = {
            i: Impacted(i, effect, "", "failed") for i, effect in sorted(failed.items()) if i not in fixed
        }
        hits.update((i, hit) for i, hit in fixed.items() if hit is not None)
        queue = sorted(hits)
        while queue:
            waiting: set[str] = set()
            for cause in queue:
                waiting.update(self.dependents.get(cause, ()))
            queue = []
            waiting -= fixed.keys()
            self.groups.prepare(waiting)
            for identifier in sorted(waiting):
                hit = self._assess(identifier, hits) if self.in_production(identifier) else None
                known = hits.get(identifier)
                if hit and (known is None or hit.effect > known.effect):
                    hits[identifier] = hit
                    queue.append(identifier)
        return hits

    def reach(self, identifier: str) -> frozenset[str]:
        """Return every CI that an outage of this one hits, itself included; remembered."""
        if identifier not in self._reach:
            self._reach[identifier] = frozenset(self.propagate({identifier: Effect.OUTAGE}))
        return self._reach[identifier]

    def why(self, hit: Impacted, hits: Mapping[str, Impacted]) -> str:
        """Return why a CI is hit as badly as it is: by what it needs or contains; empty where only by itself."""
        other = self._assess(hit.id, hits)
        return other.reason if other is not None and other.effect >= hit.effect else ""

    def _assess(self, identifier: str, hits: Mapping[str, Impacted]) -> Impacted | None:
        """Return how badly the CI is hit by what it needs and contains."""
        worst: Impacted | None = None
        grouped: set[str] = set()
        for group in self.groups.get(identifier, ()):
            grouped.update(group.members)
            worst = _worse(worst, self._assess_group(identifier, group, hits))
        for cause, relation in self.needs.get(identifier, {}).items():
            hit = hits.get(cause)
            if hit and cause not in grouped and hit.effect > Effect.AT_RISK:
                title = relation.replace("_", " ")
                worst = _worse(worst, Impacted(identifier, hit.effect, cause, f"{title} {cause}"))
        for part in self.parts.get(identifier, {}):
            hit = hits.get(part)
            if hit and hit.effect > Effect.AT_RISK:
                worst = _worse(worst, Impacted(identifier, Effect.DEGRADED, part, f"contains {part}"))
        return worst

    def _assess_group(self, identifier: str, group: Group, hits: Mapping[str, Impacted]) -> Impacted | None:
        down = [m for m in group.members if m in hits and hits[m].effect == Effect.OUTAGE]
        worn = [m for m in group.members if m in hits and hits[m].effect == Effect.DEGRADED]
        if not down and not worn:
            return None
        up = sum(m not in down and self.in_production(m) for m in group.members)
        first = (down or worn)[0]
        count = f"{up} of {len(group.members)} up, {group.min_up} needed"
        if up < group.min_up:
            return Impacted(identifier, Effect.OUTAGE, first, count)
        if up - len(worn) < group.min_up:
            return Impacted(identifier, Effect.DEGRADED, worn[0], f"{count}, {len(worn)} degraded")
        return Impacted(identifier, Effect.AT_RISK, first, count)

    def tree(self, root: str, direction: str, depth: int = 0) -> Branch:
        """Return what would be hit by a failure of ``root`` (down) or what it needs (up).

        ``depth`` bounds the levels below the root; 0 is no bound. Each CI is expanded once,
        nearest to the root. Raises UsageError for another direction.
        """
        if direction not in (DOWN, UP):
            raise UsageError(f"'{direction}' is not a direction", "use down or up")
        effects: Mapping[str, Impacted] = self.propagate({root: Effect.OUTAGE}) if direction == DOWN else {}
        levels = self._levels(root, direction, depth, effects)
        return self._branch(root, "", direction, levels, effects)

    def _next(self, identifier: str, direction: str) -> dict[str, str]:
        if direction == DOWN:
            return self.dependents.get(identifier, {})
        return {**self.needs.get(identifier, {}), **self.parts.get(identifier, {})}

    def _levels(
        self, root: str, direction: str, depth: int, effects: Mapping[str, Impacted]
    ) -> dict[str, tuple[int, str]]:
        """Return for each reachable CI its level and the CI under which it is expanded."""
        levels = {root: (0, "")}
        queue = [root]
        for identifier in queue:
            level = levels[identifier][0]
            if depth and level >= depth:
                continue
            for child in sorted(self._next(identifier, direction)):
                if child not in levels and (direction == UP or child in effects):
                    levels[child] = (level + 1, identifier)
                    queue.append(child)
        return levels

    def _branch(
        self,
        identifier: str,
        relation: str,
        direction: str,
        levels: Mapping[str, tuple[int, str]],
        effects: Mapping[str, Impacted],
    ) -> Branch:
        effect = effects[identifier].effect if identifier in effects else Effect.NONE
        children = []
        for child, name in sorted(self._next(identifier, direction).items()):
            if child not in levels:
                continue
            if levels[child][1] == identifier:
                children.append(self._branch(child, name, direction, levels, effects))
            elif levels[child][0] > levels[identifier][0]:
                hit = effects[child].effect if child in effects else Effect.NONE
                children.append(Branch(child, name, hit, repeated=True))
        return Branch(identifier, relation, effect, tuple(children))


def _worse(one: Impacted | None, other: Impacted | None) -> Impacted | None:
    if one is None or other is None:
        return one or other
    return other if other.effect > one.effect else one


def _redundancy(data: Mapping[str, Any]) -> Any:
    """Return the redundancy groups of a CI as written."""
    return as_list(data.get("redundancy"))


def edges_between(graph: ImpactGraph, members: Iterable[str]) -> list[tuple[str, str, str]]:
    """Return (dependent, relation, what it needs or contains) inside a set of CIs, sorted."""
    inside = set(members)
    found = {
        (identifier, name, cause)
        for identifier in inside
        for side in (graph.needs, graph.parts)
        for cause, name in side.get(identifier, {}).items()
        if cause in inside
    }
    return sorted(found)
