"""Relations and impact of a snapshot that is not loaded: each answer asks for the documents that it needs.

The answers are those of `Network` and `ImpactGraph` over everything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from itsm_gitops.graph.impact import GroupTable, ImpactGraph
from itsm_gitops.graph.loaded import Loaded, present_edge
from itsm_gitops.graph.network import Network
from itsm_gitops.model.entry import Edge

T = TypeVar("T")
Related = Sequence[tuple[str, Edge]]


class Asked(Loaded, Protocol):
    """A snapshot that answers questions instead of showing all its entries."""

    def items_into(self, identifier: str) -> Related:
        """Those of `into` that items store."""
        ...


class _Answers(dict[str, T]):
    """A mapping whose values are worked out when they are asked for; it has no end, so nobody goes through it."""

    def __init__(self, answer: Callable[[str], T]) -> None:
        super().__init__()
        self._answer = answer

    def __missing__(self, key: str) -> T:
        found = self[key] = self._answer(key)
        return found

    def get(self, key: str, default: Any = None) -> Any:
        return self[key] or default

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and bool(self[key])

    def __iter__(self) -> Iterator[str]:
        raise TypeError("these answers are asked for one by one")

    items = keys = values = __iter__  # type: ignore[assignment]


class AskingNetwork(Network):
    """The relations of a snapshot that is asked; with ``items_only`` those that items store."""

    def __init__(self, loaded: Asked, *, items_only: bool = False) -> None:
        super().__init__(loaded)
        self.asked = loaded
        ask = loaded.items_into if items_only else loaded.into
        self._incoming: Mapping[str, list[tuple[str, Edge]]] = _Answers(
            lambda name: [pair for n in (name, *self.old_names(name)) for pair in ask(n)]
        )

    def incoming(self, identifier: str) -> Related:
        """Return the stored edges that lead to a document, with the documents that store them."""
        return self._incoming[identifier]

    def pairs(self, *relations: str) -> Related:
        """Nobody asks a snapshot that is not loaded for all its relations."""
        raise TypeError(f"a snapshot that is not loaded is not asked for every '{', '.join(relations)}'")

    def ends(self, relation: str) -> Mapping[str, list[str]]:
        """Return the other ends of one relation by document; to be asked one by one."""
        return _Answers(lambda name: self.others(name, relation))


class AskingGraph(ImpactGraph):
    """The impact of failures, asked item by item."""

    def __init__(self, network: AskingNetwork) -> None:
        self.network = AskingNetwork(network.asked, items_only=True)
        self._reach: dict[str, frozenset[str]] = {}
        self._in_use: dict[str, bool] = {}
        self.needs = _Answers(self._needs_of)
        self.parts = _Answers(self._parts_of)
        self.dependents = _Answers(self._dependents_of)
        self.groups = GroupTable(self.network, self.needs)

    def _way(self, edge: Edge) -> tuple[str, str, str]:
        """Return how failure travels along a relation, and both its names; nothing where it does not."""
        link = self.network.book.links.get(edge.relation)
        return (link.impact, link.name, link.inverse) if link else ("", "", "")

    def _own(self, identifier: str) -> Iterator[tuple[Edge, tuple[str, str, str]]]:
        entry = self.network.entries.get(identifier)
        for edge in (present_edge(self.network.loaded, e) for e in entry.edges) if entry else ():
            way = self._way(edge)
            if way[0] and edge.target in self.network.entries:
                yield edge, way

    def _others(self, identifier: str) -> Iterator[tuple[str, tuple[str, str, str]]]:
        if identifier in self.network.entries:
            for source, edge in self.network.incoming(identifier):
                yield source, self._way(edge)

    def _needs_of(self, identifier: str) -> dict[str, str]:
        found: dict[str, str] = {}
        for edge, (impact, name, _) in self._own(identifier):
            if impact == "from_target":
                found.setdefault(edge.target, name)
        return found

    def _parts_of(self, identifier: str) -> dict[str, str]:
        found: dict[str, str] = {}
        for source, (impact, _, inverse) in self._others(identifier):
            if impact and impact != "from_target":
                found.setdefault(source, inverse)
        return found

    def _dependents_of(self, identifier: str) -> dict[str, str]:
        found = {
            source: inverse
            for source, (impact, _, inverse) in self._others(identifier)
            if impact == "from_target"
        }
        for edge, (impact, name, _) in self._own(identifier):
            if impact != "from_target":
                found.setdefault(edge.target, name)
        return found


def network_of(loaded: Any) -> Network:
    """Return the relations of a snapshot, whether it is loaded or asked."""
    return AskingNetwork(loaded) if hasattr(loaded, "items_into") else Network(loaded)


def impact_graph(network: Network) -> ImpactGraph:
    """Return the impact graph of a network, whether it is loaded or asked."""
    return AskingGraph(network) if isinstance(network, AskingNetwork) else ImpactGraph(network)
