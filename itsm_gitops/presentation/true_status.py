"""What an audience is told of how services are and were: true for everybody, with causes only where those are shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from itsm_gitops.graph.doubt import doubted, status_kinds
from itsm_gitops.graph.impact import ImpactGraph
from itsm_gitops.graph.network import Network
from itsm_gitops.graph.status import Health, health
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.field_history import Day, ServiceHistory
from itsm_gitops.presentation.view import View

if TYPE_CHECKING:
    from itsm_gitops.repository import Store


def true_health(full: Store, visible: Mapping[str, Entry]) -> dict[str, Health]:
    """Return the health of what is shown, computed from everything: a status must be true for everybody.

    What causes it is named only where that is shown too. What cannot be read makes it unknown for everybody.
    """
    network = Network(full)
    shown = {}
    for identifier, found in health(network, ImpactGraph(network)).items():
        if identifier in visible:
            causes = tuple(c for c in found.causes if c in visible)
            named = found.reason.rpartition(" ")[2] in visible
            shown[identifier] = found._replace(causes=causes, reason=found.reason if named else "")
    return doubted(shown, full.gaps(status_kinds(full.book)))


def true_past(days: Mapping[str, Sequence[Day]], visible: Mapping[str, Entry]) -> dict[str, Sequence[Day]]:
    """Return the last days of the services that are shown, as true as their health is."""
    return {
        service: [d._replace(causes=tuple(c for c in d.causes if c in visible)) for d in some]
        for service, some in days.items()
        if service in visible
    }


def true_histories(found: Mapping[str, ServiceHistory], view: View) -> dict[str, ServiceHistory]:
    """Return what happened to the services that are shown, by the incidents that are shown.

    Nobody can say how long a service was available while something cannot be read.
    """
    return {
        service: ServiceHistory(
            one.since,
            tuple(i for i in one.incidents if i.id in view.entries),
            () if view.gaps else one.available,
        )
        for service, one in found.items()
        if service in view.entries
    }
