"""The items of the target branch that a change affects, those that it leaves out, and those at risk with them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property

from itsm_gitops.gate.conditions import Touched
from itsm_gitops.gate.policy import Policy
from itsm_gitops.graph.impact import ImpactGraph
from itsm_gitops.model.facts import affected_places
from itsm_gitops.snapshots import Store


class AffectedItems:
    """Which items a change affects, by the policy and the CMDB of the target branch.

    ``graph`` returns how failure travels there; it is called when it is needed first.
    """

    def __init__(self, policy: Policy, base: Store, graph: Callable[[], ImpactGraph]) -> None:
        self._policy = policy
        self._base = base
        self._graph = graph

    def of(self, change: Touched, beside: Iterable[str]) -> list[str]:
        """Return the items that a change names, those ``beside`` it, and the important ones that depend on them."""
        found = dict.fromkeys([*affected_places(change.kind, change.data), *beside])
        excluded = exclusions(change).keys()
        edge = list(found)
        for _ in range(self._policy.hops):
            edge = [d for i in edge for d in self._dependents.get(i, ()) if d not in found]
            important = [d for d in edge if self._is_important(d)]
            found.update(dict.fromkeys(sorted(set(important) - excluded)))
        return list(found)

    def excluded(self, change: Touched, affected: Iterable[str]) -> list[str]:
        """Return the important items that a change says it does not touch, without those that it affects all the same.

        They are important by the target branch: their criticality cannot be lowered in the same request.
        """
        all_the_same = set(affected)
        return [i for i in exclusions(change) if i not in all_the_same and self._is_important(i)]

    def at_risk(self, items: Iterable[str]) -> frozenset[str]:
        """Return items and everything that depends on them, however far."""
        found = set(items)
        edge = list(found)
        while edge:
            edge = [d for i in edge for d in self._graph().dependents.get(i, ()) if d not in found]
            found.update(edge)
        return frozenset(found)

    @cached_property
    def _dependents(self) -> Mapping[str, Mapping[str, str]]:
        return self._graph().dependents if self._policy.hops else {}

    def _is_important(self, identifier: str) -> bool:
        entry = self._base.entries.get(identifier)
        criticality = entry.columns.get("criticality") if entry else None
        return criticality in self._policy.hop_criticality


def exclusions(change: Touched) -> dict[str, str]:
    """Return the items that a change says it does not touch, with the reason that it gives."""
    found: dict[str, str] = {}
    listed = change.data.get("excluded_cis")
    for line in listed if isinstance(listed, list) else ():
        if isinstance(line, dict) and isinstance(line.get("ci"), str):
            found.setdefault(line["ci"], str(line.get("reason", "")))
    return found
