"""What may be asked of a loaded snapshot, and what the items that its documents name are called now.

An item that got another name keeps the old one among its aliases, and documents may name it by either: by the new
one because they were corrected, by the old one because they are closed, or because nobody has looked at them yet.
Whoever follows a relation asks here, so that the answer is the same for both.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from typing import Any, Protocol

from itsm_gitops.model import facts
from itsm_gitops.model.entry import Edge, Entry
from itsm_gitops.model.questions import Derivation
from itsm_gitops.model.rulebook import RuleBook

MEMBER_OF = "member_of"  # the relation by which a person names its teams


class Loaded(Protocol):
    """The questions that may be asked of a loaded snapshot; a store is one.

    Nobody but those who answer goes through all ``entries``: with an index, most are not read.
    """

    @property
    def entries(self) -> Mapping[str, Entry]:
        """Every entry by identifier: to ask for one, and whether there is one."""
        ...

    @property
    def aliases(self) -> Mapping[str, str]:
        """Identifiers by the former names and numbers of their documents."""
        ...

    @property
    def book(self) -> RuleBook:
        """The snapshot's rule book."""
        ...

    def data(self, identifier: str) -> Mapping[str, Any]:
        """The whole document of one entry."""
        ...

    def of_kinds(self, kinds: Collection[str], *, open_only: bool = False) -> list[Entry]:
        """The entries of some kinds by identifier; with ``open_only`` those on which work is to be done."""
        ...

    def into(self, identifier: str) -> Sequence[tuple[str, Edge]]:
        """The edges that lead to an identifier, each with the identifier of the document that stores it."""
        ...

    def pairs(self, *relations: str) -> Sequence[tuple[str, Edge]]:
        """The stored edges of some relations, in order of the documents that store them, and in each as they stand."""
        ...

    def linked(self, relation: str, targets: Iterable[str], kinds: Collection[str]) -> list[Entry]:
        """The entries of some kinds that store a relation to one of the targets, by identifier."""
        ...

    def derived(self, what: str, derive: Derivation, entries: Iterable[Entry]) -> dict[str, Any]:
        """What ``derive`` makes of the documents of some entries, by identifier; see ``EntryQuestions``."""
        ...


def old_names(loaded: Loaded, identifier: str) -> list[str]:
    """Return the names that an item had before, as far as no other document has one of them now."""
    entry = loaded.entries.get(identifier)
    if entry is None or not entry.aliases or loaded.book.kinds[entry.kind].is_record:
        return []
    return [name for name in entry.aliases if name not in loaded.entries]


def present_name(loaded: Loaded, name: str) -> str:
    """Return what an item is called now: it may have had ``name`` before. Any other name stays as it is."""
    if name in loaded.entries:
        return name
    entry = loaded.entries.get(loaded.aliases.get(name) or "")
    return name if entry is None or loaded.book.kinds[entry.kind].is_record else entry.id


def present_edge(loaded: Loaded, edge: Edge) -> Edge:
    """Return an edge that names an item by its present name."""
    name = present_name(loaded, edge.target)
    return edge if name == edge.target else edge._replace(target=name)


def present_entry(loaded: Loaded, entry: Entry) -> Entry:
    """Return an entry that names items by their present names."""
    edges = tuple(present_edge(loaded, edge) for edge in entry.edges)
    if edges == entry.edges:
        return entry
    named = {str(e.pointer[0]): e.target for e in edges if len(e.pointer) == 1}
    return replace(entry, edges=edges, columns={**entry.columns, **named})


def memberships(loaded: Loaded, person: str) -> list[str]:
    """Return the present names of the teams that a person is a member of, each once; ``person`` may be a former name."""
    entry = loaded.entries.get(present_name(loaded, person))
    return list(dict.fromkeys(facts.targets(present_entry(loaded, entry), MEMBER_OF))) if entry else []


def present_data(loaded: Loaded, entry: Entry) -> Mapping[str, Any]:
    """Return the document of an entry with the items that it names by their present names."""
    data = loaded.data(entry.id)
    old = [e for e in entry.edges if present_name(loaded, e.target) != e.target]
    if not old:
        return data
    data = deepcopy(dict(data))
    for edge in old:
        place: Any = data
        for step in edge.pointer[:-1]:
            place = _at(place, step)
        if _at(place, edge.pointer[-1]) == edge.target:  # what a schema refuses may be missing here
            place[edge.pointer[-1]] = present_name(loaded, edge.target)
    return data


def _at(node: Any, step: str | int) -> Any:
    if isinstance(node, dict):
        return node.get(step)
    return node[step] if isinstance(node, list) and isinstance(step, int) and step < len(node) else None
