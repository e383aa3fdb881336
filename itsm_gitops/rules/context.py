"""What a rule of each scope may look at."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Any, NamedTuple

from itsm_gitops.graph.network import Network
from itsm_gitops.model import clock, facts
from itsm_gitops.model.entry import Edge, Entry
from itsm_gitops.model.kinds import Kind
from itsm_gitops.model.questions import EntryQuestions
from itsm_gitops.model.rulebook import RuleBook
from itsm_gitops.model.workflow import Workflow
from itsm_gitops.repository import Config, Document, Store

Data = Mapping[str, Any]


@dataclass(frozen=True)
class Accepted(EntryQuestions):
    """A loaded snapshot of which only the fields show that the schemas accept: what graphs are made of."""

    entries: Mapping[str, Entry]
    book: RuleBook
    read: Callable[[str], Data | None]

    def data(self, identifier: str) -> Data:
        """Return the accepted fields of one document."""
        return self.read(identifier) or {}


class Move(NamedTuple):
    """A timeline entry that names a state; ``place`` counts timeline entries from 0."""

    place: int
    state: str
    entry: Data


_NO_FLOW = Workflow("", "", "state", "", {}, ())


@dataclass(frozen=True, slots=True)
class DocumentContext:
    """One document that could be read.

    ``data`` holds only the top-level fields that the schema accepts: what it refuses
    (``refused``) has its own findings, so rules need not doubt types, only presence. ``store``
    knows the whole CMDB and no record, ``read`` gives the accepted fields of an item of it.
    ``flow`` is the kind's life cycle, an empty one where it has none; ``moves`` are the entries of
    ``timeline`` that name a state.
    """

    document: Document
    kind: Kind
    data: Data
    refused: frozenset[str]
    store: Store
    now: datetime
    read: Callable[[Store, str], Data | None]
    flow: Workflow
    timeline: Sequence[Data]
    moves: Sequence[Move]

    @classmethod
    def of(
        cls,
        document: Document,
        kind: Kind,
        data: Data,
        refused: frozenset[str],
        store: Store,
        now: datetime,
        read: Callable[[Store, str], Data | None],
    ) -> DocumentContext:
        """Put the context of one document together."""
        timeline: Sequence[Data] = data.get("timeline") or ()
        moves = [Move(i, e["state"], e) for i, e in enumerate(timeline) if "state" in e]
        flow = kind.workflow or _NO_FLOW
        return cls(document, kind, data, refused, store, now, read, flow, timeline, moves)

    @property
    def path(self) -> str:
        """Where the document stands, from the root of the repository."""
        return self.document.path

    @property
    def book(self) -> RuleBook:
        """The snapshot's rule book."""
        return self.store.book

    @property
    def cmdb(self) -> Accepted:
        """The CMDB as far as it can be relied on."""
        return Accepted(self.store.entries, self.book, self.item)

    def item(self, identifier: object) -> Data | None:
        """Return the accepted fields of a CMDB item, None where there is no usable one of that name."""
        return self.read(self.store, identifier) if isinstance(identifier, str) else None

    def inactive(self, identifier: object) -> str:
        """Return the stage of an item that does not exist yet or is out of use; empty for all others."""
        entry, data = self.store.entries.get(str(identifier)), self.item(identifier)
        if entry is None or data is None:
            return ""
        kind = self.book.kinds[entry.kind]
        return facts.stage_of(kind, data) if facts.is_inactive(kind, data) else ""


@dataclass(frozen=True)
class NetworkContext:
    """One loaded snapshot. ``refused`` maps a path to the fields that its schema refuses."""

    store: Store
    now: datetime
    refused: Mapping[str, frozenset[str]] = field(default_factory=dict)
    _seen: dict[str, Data] = field(default_factory=dict)

    @property
    def entries(self) -> Mapping[str, Entry]:
        """Every entry by identifier."""
        return self.store.entries

    @property
    def book(self) -> RuleBook:
        """The snapshot's rule book."""
        return self.store.book

    @property
    def config(self) -> Config:
        """The snapshot's configuration."""
        return self.store.config

    @property
    def today(self) -> date:
        """The current day in UTC."""
        return self.now.date()

    @cached_property
    def network(self) -> Network:
        """All relations both ways."""
        return Network(Accepted(self.entries, self.book, lambda i: self.data(self.entries[i])))

    @cached_property
    def edges(self) -> list[tuple[Entry, Edge]]:
        """Every relation whose field the schema accepts, with the entry of the document that stores it."""
        found: list[tuple[Entry, Edge]] = []
        for entry in self.entries.values():
            hidden = self.refused.get(entry.path)
            found += [(entry, e) for e in entry.edges if not hidden or e.pointer[0] not in hidden]
        return found

    @cached_property
    def links(self) -> list[tuple[Entry, Edge]]:
        """Those of `edges` that stand in ``links``."""
        return [(entry, edge) for entry, edge in self.edges if edge.pointer[0] == "links"]

    @cached_property
    def by_kind(self) -> Mapping[str, list[Entry]]:
        """The entries of each kind, by identifier."""
        found: dict[str, list[Entry]] = {}
        for entry in self.entries.values():
            found.setdefault(entry.kind, []).append(entry)
        return found

    @cached_property
    def item_ids(self) -> list[str]:
        """The identifiers of all CMDB items."""
        return [i for i, entry in self.entries.items() if not self.book.kinds[entry.kind].is_record]

    @cached_property
    def operational(self) -> frozenset[str]:
        """The classes that can fail."""
        return self.book.members(["ci"])

    def of_role(self, *roles: str) -> list[Entry]:
        """Return the entries whose kind plays one of some roles, by identifier."""
        return list(facts.of_role(self.book, self.entries.values(), *roles))

    def data(self, entry: Entry) -> Data:
        """Return the top-level fields of a document that its schema accepts."""
        known = self._seen.get(entry.id)
        if known is None:
            refused = self.refused.get(entry.path)
            whole = self.store.data(entry.id)
            known = {k: v for k, v in whole.items() if k not in refused} if refused else whole
            self._seen[entry.id] = known
        return known


class Pair(NamedTuple):
    """One document before and after; ``base`` is None where it is new, ``head`` where it is gone.

    ``path`` is where the reader should look: the path in head, or the last one it had.
    """

    id: str
    path: str
    kind: Kind
    base: Data | None
    head: Data | None


@dataclass(frozen=True)
class ChangeContext:
    """What happened between two snapshots. ``book`` and ``policy`` are those of base.

    ``changed`` holds every path that was added, removed or modified. ``reused`` maps an added
    identifier to the commit that once deleted it.
    """

    base_book: RuleBook
    head: NetworkContext
    pairs: list[Pair]
    changed: frozenset[str]
    removed: frozenset[str]
    reused: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def both(self) -> list[Pair]:
        """The documents that exist before and after."""
        return [p for p in self.pairs if p.base is not None and p.head is not None]


def moment(text: object) -> datetime | None:
    """Return an accepted date-time as a moment; None for anything else."""
    return clock.parse_time(text) if isinstance(text, str) else None


def day(text: object) -> date | None:
    """Return an accepted date; None for anything else."""
    try:
        return date.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
