"""Questions about the entries of one snapshot, answered from a mapping that holds them all.

The same questions have an answer from the index (``repository.index.indexed_store``), which reads only the rows
that are asked for. Whoever asks need not know which it is.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import cached_property
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from itsm_gitops.model import facts
from itsm_gitops.model.entry import Edge, Entry

if TYPE_CHECKING:
    from itsm_gitops.model.rulebook import RuleBook

# What is derived of one document. It may depend on the document and the rule book, on nothing else.
Derivation = Callable[[Mapping[str, Any]], Any]


class EntryQuestions:
    """A base for loaded snapshots: they have ``entries`` by identifier in that order, ``book`` and ``data``.

    The answers are remembered, so the entries must not change once somebody has asked.
    """

    book: RuleBook

    if TYPE_CHECKING:

        @property
        def entries(self) -> Mapping[str, Entry]:
            """Every entry by identifier."""

        def data(self, identifier: str) -> Mapping[str, Any]:
            """Return the whole document of one entry."""

    def of_kinds(self, kinds: Collection[str], *, open_only: bool = False) -> list[Entry]:
        """Return the entries of some kinds, by identifier; with ``open_only`` those on which work is to be done."""
        listed = sorted((e for kind in kinds for e in self._by_kind.get(kind, ())), key=attrgetter("id"))
        return [e for e in listed if facts.is_open(self.book, e)] if open_only else listed

    def earliest(self) -> str:
        """Return the least text that says when a record was opened; empty where none says it."""
        records = [kind.name for kind in self.book.kinds.values() if kind.is_record]
        return min((e.opened for e in self.of_kinds(records) if e.opened), default="")

    @cached_property
    def _by_kind(self) -> Mapping[str, list[Entry]]:
        kinds: dict[str, list[Entry]] = {}
        for entry in self.entries.values():
            kinds.setdefault(entry.kind, []).append(entry)
        return kinds

    def into(self, identifier: str) -> Sequence[tuple[str, Edge]]:
        """Return the edges that lead to an identifier, each with the document that stores it, by its identifier."""
        return self._incoming.get(identifier, ())

    @cached_property
    def _incoming(self) -> Mapping[str, list[tuple[str, Edge]]]:
        incoming: dict[str, list[tuple[str, Edge]]] = {}
        for identifier, entry in self.entries.items():
            for edge in entry.edges:
                incoming.setdefault(edge.target, []).append((identifier, edge))
        return incoming

    def pairs(self, *relations: str) -> Sequence[tuple[str, Edge]]:
        """Return the stored edges of some relations, each with the document that stores it.

        In order of the identifiers of those documents, and in each as they stand there.
        """
        if len(relations) == 1:
            return self._by_relation.get(relations[0], ())
        sources = {source for relation in relations for source, _ in self._by_relation.get(relation, ())}
        return [(s, e) for s in sorted(sources) for e in self.entries[s].edges if e.relation in relations]

    @cached_property
    def _by_relation(self) -> Mapping[str, list[tuple[str, Edge]]]:
        relations: dict[str, list[tuple[str, Edge]]] = {}
        for identifier, entry in self.entries.items():
            for edge in entry.edges:
                relations.setdefault(edge.relation, []).append((identifier, edge))
        return relations

    def linked(self, relation: str, targets: Iterable[str], kinds: Collection[str]) -> list[Entry]:
        """Return the entries of some kinds that store a relation to one of the targets, by identifier."""
        sources = {s for target in targets for s, edge in self.into(target) if edge.relation == relation}
        return [e for s in sorted(sources) if (e := self.entries[s]).kind in kinds]

    def derived(self, what: str, derive: Derivation, entries: Iterable[Entry]) -> dict[str, Any]:
        """Return by identifier what ``derive`` makes of the documents of some entries: plain data, as in JSON.

        ``what`` names the derivation: under this name the index keeps the values.
        """
        del what  # nothing is kept here
        return {entry.id: derive(self.data(entry.id)) for entry in entries}
