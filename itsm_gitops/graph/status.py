"""Health of services now: from open incidents, running changes and the CMDB's dependencies."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from itsm_gitops.graph.impact import Effect, Hit, ImpactGraph
from itsm_gitops.graph.network import Network
from itsm_gitops.model.entry import Entry

OPERATIONAL = "operational"
DEGRADED = "degraded"
OUTAGE = "outage"
MAINTENANCE = "maintenance"
UNKNOWN = "unknown"  # something that could say otherwise cannot be read (doubt.py)
STATUSES = (OUTAGE, DEGRADED, UNKNOWN, MAINTENANCE, OPERATIONAL)

# How an open incident's impact reads as an effect on what it affects. Low impact (one person)
# says nothing about the service.
EFFECTS = {"high": Effect.OUTAGE, "medium": Effect.DEGRADED}
_STATUS = {Effect.OUTAGE: OUTAGE, Effect.DEGRADED: DEGRADED}


class Health(NamedTuple):
    """The status of one CI, the records that cause it and the reason in words."""

    id: str
    status: str
    causes: tuple[str, ...]
    reason: str


def health(network: Network, graph: ImpactGraph) -> dict[str, Health]:
    """Return the health of every operational CI in production, by identifier.

    Open incidents give the CIs they affect an effect, which travels as impact.py says. A CI that
    is otherwise well and affected by a change in implementation is in maintenance.
    """
    causes: dict[str, list[str]] = {}
    failed: dict[str, Effect] = {}
    for entry, target, effect in _incidents(network, graph):
        causes.setdefault(target, []).append(entry.id)
        failed[target] = max(effect, failed.get(target, Effect.NONE))
    hits = graph.propagate(failed)
    working = _maintenance(network)
    found = {}
    for identifier, entry in network.entries.items():
        kind = network.book.kinds[entry.kind]
        if kind.operational and graph.in_production(identifier):
            found[identifier] = _health(identifier, hits, causes, working)
    return found


def _health(
    identifier: str, hits: dict[str, Hit], causes: dict[str, list[str]], working: dict[str, list[str]]
) -> Health:
    hit = hits.get(identifier)
    status = _STATUS.get(hit.effect) if hit else None
    if hit and status:
        reason = hit.reason if hit.via else ""
        return Health(identifier, status, tuple(_roots(identifier, hits, causes)), reason)
    if identifier in working:
        return Health(identifier, MAINTENANCE, tuple(sorted(working[identifier])), "")
    if hit and hit.via:
        return Health(identifier, OPERATIONAL, tuple(_roots(identifier, hits, causes)), hit.reason)
    return Health(identifier, OPERATIONAL, (), "")


def _roots(identifier: str, hits: dict[str, Hit], causes: dict[str, list[str]]) -> list[str]:
    """Return the incidents at the end of the chain that hits a CI."""
    seen: set[str] = set()
    while identifier and identifier not in seen:
        seen.add(identifier)
        if identifier in causes:
            return sorted(set(causes[identifier]))
        identifier = hits[identifier].via
    return []


def _incidents(network: Network, graph: ImpactGraph) -> Iterator[tuple[Entry, str, Effect]]:
    for entry in network.entries.values():
        if entry.kind != "incident" or not is_open(network, entry):
            continue
        effect = EFFECTS.get(str(entry.columns.get("impact")))
        if effect is not None:
            for target in hit_directly(graph, affected(entry)):
                yield entry, target, effect


def hit_directly(graph: ImpactGraph, targets: list[str]) -> list[str]:
    """Return the items a record hits itself, without those that the others reach.

    How badly those are hit is for redundancy to decide. Items that do not exist are left out.
    """
    known = [t for t in targets if t in graph.network.entries]
    if len(known) < 2:
        return known
    reached = {i for target in known for i in graph.reach(target) if i != target}
    return [t for t in known if t not in reached] or known


def _maintenance(network: Network) -> dict[str, list[str]]:
    working: dict[str, list[str]] = {}
    for entry in network.entries.values():
        if entry.kind == "change" and entry.state == "implement":
            for target in affected(entry):
                working.setdefault(target, []).append(entry.id)
    return working


def affected(entry: Entry) -> list[str]:
    """Return the services and CIs that a record says it affects, in document order, each once."""
    return list(dict.fromkeys([e.target for e in entry.edges if e.relation == "affects"]))


def is_open(network: Network, entry: Entry) -> bool:
    """Whether work on a record is still to be done, by its life cycle."""
    workflow = network.book.kinds[entry.kind].workflow
    return workflow is not None and workflow.is_open(entry.state)


def known_errors_for(network: Network, identifier: str) -> list[str]:
    """Return the known errors that share an affected CI or service with a record, not retired."""
    entry = network.entries[identifier]
    shared: set[str] = set()
    for edge in entry.edges:
        if edge.relation == "affects":
            shared.update(network.others(edge.target, "affected_by"))
    return sorted(i for i in shared if i != identifier and _is_known_error(network.entries.get(i)))


def _is_known_error(entry: Any) -> bool:
    return entry is not None and entry.kind == "known-error" and entry.state != "retired"
