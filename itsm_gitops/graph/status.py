"""Health of services at a moment: from open incidents, running changes, what is announced and the CMDB's dependencies."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from itsm_gitops.graph.announcements import disturbances, planned_work
from itsm_gitops.graph.declared import Declaration, declaration_of, felt
from itsm_gitops.graph.impact import Effect, Impacted, ImpactGraph
from itsm_gitops.graph.network import Network
from itsm_gitops.model import facts, meaning
from itsm_gitops.model.lifetime import reopenings
from itsm_gitops.model.timeline import replay_of
from itsm_gitops.model.workflow import Workflow

OPERATIONAL = "operational"
DEGRADED = "degraded"
OUTAGE = "outage"
MAINTENANCE = "maintenance"
UNKNOWN = "unknown"  # something that could say otherwise cannot be read (doubt.py)
STATUSES = (OUTAGE, DEGRADED, UNKNOWN, MAINTENANCE, OPERATIONAL)

_MITIGATED = "mitigated"
STATUS_OF = {Effect.OUTAGE: OUTAGE, Effect.DEGRADED: DEGRADED}


class Health(NamedTuple):
    """The status of one CI, the records that cause it and the reason in words."""

    id: str
    status: str
    causes: tuple[str, ...]
    reason: str


def health(network: Network, graph: ImpactGraph, now: datetime) -> dict[str, Health]:
    """Return the health of every operational CI in production, by identifier.

    What an open incident names is hit at least as the incident declares, until users could work again (mitigated_at):
    what is left then is work, and no outage. What an announcement calls disturbed is hit at least as that says, while it lasts.
    From there failure travels as impact.py says. A CI that is otherwise well and affected by running or announced work is
    in maintenance.
    """
    causes: dict[str, list[str]] = {}
    declared = {**_declared(network, graph), **disturbances(graph, now)}
    for identifier, declaration in declared.items():
        for target in declaration.items:
            causes.setdefault(target, []).append(identifier)
    hits = felt(graph, declared.values())
    working = _maintenance(network, now)
    return {
        entry.id: _health(graph, entry.id, hits, causes, working)
        for entry in network.loaded.of_kinds([k.name for k in network.book.kinds.values() if k.operational])
        if graph.in_production(entry.id)
    }


def _health(
    graph: ImpactGraph,
    identifier: str,
    hits: Mapping[str, Impacted],
    causes: dict[str, list[str]],
    working: dict[str, list[str]],
) -> Health:
    hit = hits.get(identifier)
    status = STATUS_OF.get(hit.effect) if hit else None
    if hit and status:
        reason = hit.reason if hit.via else graph.why(hit, hits)
        return Health(identifier, status, tuple(_roots(identifier, hits, causes)), reason)
    if identifier in working:
        return Health(identifier, MAINTENANCE, tuple(sorted(working[identifier])), "")
    if hit and hit.via:
        return Health(identifier, OPERATIONAL, tuple(_roots(identifier, hits, causes)), hit.reason)
    return Health(identifier, OPERATIONAL, (), "")


def _roots(identifier: str, hits: Mapping[str, Impacted], causes: dict[str, list[str]]) -> list[str]:
    """Return the incidents at the end of the chain that hits a CI."""
    seen: set[str] = set()
    while identifier and identifier not in seen:
        seen.add(identifier)
        if identifier in causes:
            return sorted(set(causes[identifier]))
        identifier = hits[identifier].via if identifier in hits else ""
    return []


def _declared(network: Network, graph: ImpactGraph) -> dict[str, Declaration]:
    """Return what each open incident declares of items that fail now."""
    entries = network.of_role(meaning.INCIDENT, open_only=True)
    found = {e.id: (e, declared) for e in entries if (declared := declaration_of(graph, e)) is not None}
    told = network.loaded.derived(_MITIGATED, _mitigated, [entry for entry, _ in found.values()])
    kinds = network.book.kinds
    return {
        identifier: declared
        for identifier, (entry, declared) in found.items()
        if not _works_again(kinds[entry.kind].workflow, told[identifier])
    }


def _mitigated(data: Mapping[str, Any]) -> Any:
    """Return when users could work again, and the steps of the incident; None where nobody says that they could."""
    replay = replay_of(data)
    return None if replay.mitigated is None else [replay.mitigated, [list(step) for step in replay.steps]]


def _works_again(workflow: Workflow | None, told: Any) -> bool:
    """Whether users could work again, and the incident was not reopened since."""
    if told is None or workflow is None:
        return False
    mitigated, steps = told
    reached = [(at, workflow.states[state].category) for at, state in steps if state in workflow.states]
    return all(at <= mitigated for at in reopenings(reached))


def _maintenance(network: Network, now: datetime) -> dict[str, list[str]]:
    """Return the work that is going on, by what it affects."""
    working = planned_work(network.loaded, now)
    for entry in network.of_role(meaning.CHANGE):
        if facts.is_running(network.book, entry):
            for target in network.affected(entry):
                working.setdefault(target, []).append(entry.id)
    return working
