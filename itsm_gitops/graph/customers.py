"""Who is provided with what: organisations, the services they receive, and the people who work for them.

A service names its customers, or an organisation the services it uses; both say the same. What a part of an
organisation receives counts for the whole as well.
"""

from __future__ import annotations

from collections.abc import Iterable

from itsm_gitops.graph.network import Network
from itsm_gitops.model import facts, meaning
from itsm_gitops.model.entry import Entry

_RECEIVES = ("uses", "provided_with")
_AGREED = "agreed_with"
_PARTS = "has_part"
_PEOPLE = "has_people"


def organisations(network: Network) -> list[Entry]:
    """Return the organisations that are neither gone nor only planned, by identifier."""
    kinds = network.book.kinds
    found = network.of_role(meaning.ORGANISATION)
    return [e for e in found if not facts.is_inactive(kinds[e.kind], e.columns)]


def whole(network: Network, organisation: str) -> list[str]:
    """Return an organisation and its parts, however deep, each once."""
    found = {organisation: None}
    queue = [organisation]
    for name in queue:
        for part in network.others(name, _PARTS):
            if part not in found:
                found[part] = None
                queue.append(part)
    return list(found)


def services_of(network: Network, members: Iterable[str]) -> frozenset[str]:
    """Return the services that some organisations receive; of those that name none, what stands under their agreements."""
    found: set[str] = set()
    for name in members:
        own = network.others(name, *_RECEIVES)
        if not own:
            levels = set(network.others(name, _AGREED))
            own = [
                e.id
                for e in network.of_role(meaning.SERVICE)
                if levels and e.columns.get("service_level") in levels
            ]
        found.update(own)
    return frozenset(found)


def people_of(network: Network, members: Iterable[str]) -> frozenset[str]:
    """Return the people who work for some organisations."""
    return frozenset(person for name in members for person in network.others(name, _PEOPLE))
