"""What a rule of each scope may look at."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property, partial
from typing import Any, NamedTuple

from itsm_gitops.git.modes import REGULAR
from itsm_gitops.graph.asking import AskingNetwork
from itsm_gitops.graph.network import Network, of_role
from itsm_gitops.model import clock, facts
from itsm_gitops.model.archive import ArchivedRecord
from itsm_gitops.model.entry import Edge, Entry
from itsm_gitops.model.kinds import Kind
from itsm_gitops.model.questions import EntryQuestions
from itsm_gitops.model.rulebook import RuleBook
from itsm_gitops.model.subjects import DocumentSubject
from itsm_gitops.model.timeline import said_in, tells_values
from itsm_gitops.model.workflow import Workflow
from itsm_gitops.repository.lazy_store import LazyStore
from itsm_gitops.snapshots import Config, Document, Store
from itsm_gitops.snapshots.migrated import MigrationFault

Data = Mapping[str, Any]


@dataclass(frozen=True)
class Accepted(EntryQuestions):
    """A loaded snapshot of which only the fields show that the schemas accept: what graphs are made of."""

    entries: Mapping[str, Entry]
    book: RuleBook
    read: Callable[[str], Data | None]
    aliases: Mapping[str, str]

    def data(self, identifier: str) -> Data:
        """Return the accepted fields of one document."""
        return self.read(identifier) or {}


@dataclass(frozen=True)
class AcceptedPart(Accepted):
    """The same of a snapshot that is not loaded: it is asked."""

    store: LazyStore

    def of_kinds(self, kinds: Collection[str], *, open_only: bool = False) -> list[Entry]:
        """Return the entries of some kinds; with ``open_only`` those on which work is to be done."""
        return self.store.of_kinds(kinds, open_only=open_only)

    def into(self, identifier: str) -> list[tuple[str, Edge]]:
        """Return every relation that a document stores to this one."""
        return self.store.into(identifier)

    def items_into(self, identifier: str) -> list[tuple[str, Edge]]:
        """Return those of `into` that items store."""
        return self.store.items_into(identifier)


def accepted(store: Store, book: RuleBook, read: Callable[[str], Data | None]) -> Accepted:
    """Return a store as far as its schemas accept it."""
    if isinstance(store, LazyStore):
        return AcceptedPart(store.entries, book, read, store.aliases, store)
    return Accepted(store.entries, book, read, store.aliases)


class Move(NamedTuple):
    """A timeline entry that names a state; ``place`` counts timeline entries from 0."""

    place: int
    state: str
    entry: Data


_NO_FLOW = Workflow("", "", "state", "", {}, ())


def _is_usual(kind: Kind, flow: Workflow, data: Data, moves: Sequence[Move], said: frozenset[str]) -> bool:
    if not moves or moves[0].place or moves[-1].state != data.get(flow.state_field):
        return False
    if kind.inner and (tells_values(said) or any(f.state_field.split(".")[0] in data for f in kind.inner)):
        return False
    states = tuple([m.state for m in moves])
    return all(state.__class__ is str for state in states) and flow.is_usual(states)


@dataclass(frozen=True, slots=True)
class DocumentContext:
    """One document that could be read.

    ``data`` holds only the top-level fields that the schema accepts: what it refuses
    (``refused``) has its own findings, so rules need not doubt types, only presence. ``store``
    knows the whole CMDB and no record, ``read`` gives the accepted fields of an item of it.
    ``flow`` is the kind's life cycle, an empty one where it has none; ``moves`` are the entries of
    ``timeline`` that name a state, ``said`` the keys that some entry has. ``usual`` says that the timeline tells a
    way through the life cycle about which there is nothing to ask (`Workflow.is_usual`), from its first entry to the
    state of the document, and that no life cycle within it has begun. ``subject`` is the document
    as conditions ask about it: what its fields name is followed, its links are not.
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
    said: frozenset[str]
    usual: bool
    subject: DocumentSubject

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
        said = frozenset(said_in(timeline))
        usual = _is_usual(kind, flow, data, moves, said)
        subject = DocumentSubject(data, partial(_item, store, read), now=now)
        return cls(
            document, kind, data, refused, store, now, read, flow, timeline, moves, said, usual, subject
        )

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
        return accepted(self.store, self.book, self.item)

    def item(self, identifier: object) -> Data | None:
        """Return the accepted fields of a CMDB item, None where there is no usable one of that name."""
        return _item(self.store, self.read, identifier)

    def inactive(self, identifier: object) -> str:
        """Return the stage of an item that does not exist yet or is out of use; empty for all others."""
        entry, data = self.store.entries.get(str(identifier)), self.item(identifier)
        if entry is None or data is None:
            return ""
        kind = self.book.kinds[entry.kind]
        return facts.stage_of(kind, data) if facts.is_inactive(kind, data) else ""


def _item(store: Store, read: Callable[[Store, str], Data | None], identifier: object) -> Data | None:
    return read(store, identifier) if isinstance(identifier, str) else None


@dataclass(frozen=True)
class NetworkContext:
    """One snapshot. ``refused`` maps a path to the fields that its schema refuses.

    A rule reports what is wrong with the ``subjects``: all documents where that is None, and those that a request
    can have altered where a part is judged. ``places`` are the files of such a part. What a subject is compared
    with is looked up in ``entries``, or asked for by kind (``of_role``) or by what leads to it (``into``).
    """

    store: Store
    now: datetime
    refused: Mapping[str, frozenset[str]] = field(default_factory=dict)
    subjects: frozenset[str] | None = None
    places: frozenset[str] = frozenset()
    _seen: dict[str, Data] = field(default_factory=dict)

    @property
    def entries(self) -> Mapping[str, Entry]:
        """Every entry by identifier."""
        return self.store.entries

    def find(self, name: str) -> Entry | None:
        """Return the entry of an identifier, or of an old name that no document has as its identifier."""
        return self.entries.get(name) or self.entries.get(self.store.aliases.get(name, ""))

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
        seen = accepted(self.store, self.book, lambda i: self.data(self.entries[i]))
        return AskingNetwork(seen) if isinstance(seen, AcceptedPart) else Network(seen)

    @cached_property
    def judged(self) -> list[Entry]:
        """The entries of the subjects, by identifier."""
        if self.subjects is None:
            return list(self.entries.values())
        found = (self.entries.get(name) for name in sorted(self.subjects))
        return [entry for entry in found if entry is not None]

    @cached_property
    def files(self) -> list[str]:
        """The files to be judged, sorted by path."""
        if self.subjects is None:
            return self.store.files
        return sorted(p for p in self.places if self.mode(p))

    def mode(self, path: str) -> str:
        """Return what is at a path, as `git.modes` names it; empty for nothing."""
        if isinstance(self.store, LazyStore):
            return self.store.mode(path)
        return self.store.irregular.get(path, REGULAR)

    @cached_property
    def duplicates(self) -> Sequence[tuple[str, str]]:
        """The files beyond the first with one name, by that name: of all documents, or of the subjects."""
        if isinstance(self.store, LazyStore) and self.subjects is not None:
            names = sorted(self.subjects)
            return [(name, path) for name in names for path in self.store.holder(name).more]
        return self.store.duplicates

    @cached_property
    def _folded(self) -> Mapping[str, str]:
        found: dict[str, str] = {}
        for path in sorted(self.store.files):
            found.setdefault(path.casefold(), path)
        return found

    def first_in_any_case(self, path: str) -> str:
        """Return the first file whose path is this one where letters count without their case."""
        if isinstance(self.store, LazyStore):
            return self.store.side.in_any_case(path)[0]
        return self._folded[path.casefold()]

    def having_alias(self, alias: str) -> list[Entry]:
        """Return the entries with an alias, in any case of its letters; for those who judge a part."""
        if isinstance(self.store, LazyStore):
            return self.store.having_alias(alias)
        wanted = alias.lower()
        return [e for e in self.entries.values() if wanted in {a.lower() for a in e.aliases}]

    def edges_of(self, entry: Entry) -> list[Edge]:
        """Return the relations of a document whose field the schema accepts."""
        hidden = self.refused.get(entry.path)
        return [e for e in entry.edges if not hidden or e.pointer[0] not in hidden]

    @property
    def edges(self) -> Iterator[tuple[Entry, Edge]]:
        """Every relation whose field the schema accepts, with the entry of the document that stores it.

        They are not kept: of 100,000 documents they would be 30 MB.
        """
        for entry in self.judged:
            hidden = self.refused.get(entry.path)
            for edge in entry.edges:
                if not hidden or edge.pointer[0] not in hidden:
                    yield entry, edge

    @cached_property
    def links(self) -> list[tuple[Entry, Edge]]:
        """Those of `edges` that stand in ``links``."""
        return [(entry, edge) for entry, edge in self.edges if edge.pointer[0] == "links"]

    @cached_property
    def by_kind(self) -> Mapping[str, list[Entry]]:
        """The subjects of each kind, by identifier."""
        found: dict[str, list[Entry]] = {}
        for entry in self.judged:
            found.setdefault(entry.kind, []).append(entry)
        return found

    def into(self, identifier: str) -> list[tuple[Entry, Edge]]:
        """Return every relation that a document stores to this one, with its entry, by identifier."""
        return [(self.entries[source], edge) for source, edge in self.store.into(identifier)]

    def items_into(self, identifier: str) -> list[tuple[Entry, Edge]]:
        """Return those of `into` that items store."""
        if isinstance(self.store, LazyStore):
            return [(self.entries[source], edge) for source, edge in self.store.items_into(identifier)]
        kinds = self.book.kinds
        return [(entry, edge) for entry, edge in self.into(identifier) if not kinds[entry.kind].is_record]

    @cached_property
    def items_are_whole(self) -> bool:
        """Whether every document of the CMDB can be used."""
        if isinstance(self.store, LazyStore):
            return not self.store.items_broken()
        return not any(path.startswith("cmdb/") for path in self.store.broken.values())

    @cached_property
    def item_ids(self) -> list[str]:
        """The identifiers of all CMDB items."""
        return self.like("")

    @cached_property
    def operational(self) -> frozenset[str]:
        """The classes that can fail."""
        return self.book.members(["ci"])

    def of_role(self, *roles: str) -> list[Entry]:
        """Return all entries whose kind plays one of some roles, by identifier, be they subjects or not."""
        return of_role(self.store, *roles)

    def like(self, beginning: str) -> list[str]:
        """Return the identifiers that begin with a text; those of all items for none."""
        if isinstance(self.store, LazyStore):
            return self.store.like(beginning)
        if beginning:
            return [i for i in self.entries if i.startswith(beginning)]
        return [i for i, entry in self.entries.items() if not self.book.kinds[entry.kind].is_record]

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
    identifier to the commit that once deleted it. ``archived`` are the archived records of base
    (None where no list of such records changed), ``foreign``
    the commits named in head's lists that base does not contain. Base is read through the migrations that head
    brings; ``disbelieved`` says why it is not.
    """

    base_book: RuleBook
    head: NetworkContext
    pairs: list[Pair]
    changed: frozenset[str]
    removed: frozenset[str]
    reused: Mapping[str, str] = field(default_factory=dict)
    archived: Mapping[str, ArchivedRecord] | None = None
    foreign: frozenset[str] = frozenset()
    disbelieved: Sequence[MigrationFault] = ()

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
