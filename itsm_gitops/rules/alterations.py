"""What a request changes: each identifier with its entry on both sides, and what is different about it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from itsm_gitops.graph.asking import AskingNetwork
from itsm_gitops.model import facts
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.rulebook import RuleBook
from itsm_gitops.repository.lazy_store import LazyStore
from itsm_gitops.rules.context import AcceptedPart
from itsm_gitops.snapshots.store import identifier_of, is_document

Ids = frozenset[str]


@dataclass(frozen=True, slots=True)
class Alteration:
    """One identifier before and after: its entry on both sides (None for none), and the fields that differ."""

    id: str
    before: Entry | None
    after: Entry | None
    fields: Ids
    broken: tuple[bool, bool]

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The entries that there are."""
        return tuple(e for e in (self.before, self.after) if e is not None)

    @property
    def exists(self) -> bool:
        """Whether it came, went, became another kind, or became readable or unreadable."""
        kinds = {e.kind if e else "" for e in (self.before, self.after)}
        return len(kinds) > 1 or self.broken[0] != self.broken[1]

    def edges(self, *relations: str) -> set[tuple[str, str]]:
        """Return relation and target of what it links to on one side and not, or otherwise, on the other."""
        sides = [
            {(e.relation, e.target) for e in entry.edges if not relations or e.relation in relations}
            if entry
            else set()
            for entry in (self.before, self.after)
        ]
        return sides[0] ^ sides[1]


class Alterations:
    """All identifiers that a request changes; ``base`` and ``head`` are its sides."""

    def __init__(self, base: LazyStore, head: LazyStore) -> None:
        self.base = base
        self.head = head
        self.sides = (base, head)
        self.book: RuleBook = head.book
        paths = [p for p in head.side.request.differences if is_document(p) and head.pool.book.kind_at(p)]
        self.changed: Ids = frozenset(map(identifier_of, paths))
        self._all = [self._alteration(i) for i in sorted(self.changed)]

    def __iter__(self) -> Iterator[Alteration]:
        """Yield them by identifier."""
        return iter(self._all)

    def _alteration(self, identifier: str) -> Alteration:
        holders = [store.holder(identifier) for store in self.sides]
        before, after = (h.entry for h in holders)
        old = self.base.data(identifier) if before else {}
        new = self.head.data(identifier) if after else {}
        fields = frozenset(str(k) for k in old.keys() | new.keys() if old.get(k) != new.get(k))
        return Alteration(
            identifier, before, after, fields, (bool(holders[0].broken), bool(holders[1].broken))
        )

    def is_item(self, a: Alteration) -> bool:
        """Whether it is an item of the CMDB on either side."""
        return any(not self.book.kinds[e.kind].is_record for e in a.entries)

    def plays(self, a: Alteration, *roles: str) -> bool:
        """Whether it plays one of some roles on either side."""
        return any(facts.is_a(self.book, e, role) for e in a.entries for role in roles)

    def seen_from_sources(self, a: Alteration) -> bool:
        """Whether those who link to it see a difference: it came or went, its kind, its stage, that it was given up."""
        if a.exists or a.before is None or a.after is None:
            return a.exists
        if self.book.kinds[a.after.kind].is_record:
            return facts.is_cancelled(self.book, a.before) != facts.is_cancelled(self.book, a.after)
        return facts.stage(self.book, a.before) != facts.stage(self.book, a.after)

    def network(self, store: LazyStore) -> AskingNetwork:
        """Return the network of one of the sides."""
        return AskingNetwork(AcceptedPart(store.entries, self.book, store.data, store.aliases, store))

    def of_kinds(self, kinds: Iterable[str]) -> set[str]:
        """Return all documents of some kinds that there are afterwards."""
        return {e.id for e in self.head.of_kinds(list(kinds))}
