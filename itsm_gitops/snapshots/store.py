"""One loaded snapshot: an entry of every document, and the documents themselves when asked for."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from itsm_gitops import documents
from itsm_gitops.documents import Problem
from itsm_gitops.model import ids
from itsm_gitops.model.archive import ArchivedRecord, ListFault
from itsm_gitops.model.entry import Entry, summarise
from itsm_gitops.model.errors import NotFound, Refused
from itsm_gitops.model.kinds import Kind
from itsm_gitops.model.lifetime import Wanted, lifetime_of, open_before, open_spans
from itsm_gitops.model.questions import EntryQuestions
from itsm_gitops.model.rulebook import RuleBook
from itsm_gitops.model.timeline import Replay, replay_of
from itsm_gitops.snapshots.archived import missing, read_archived
from itsm_gitops.snapshots.config import Config
from itsm_gitops.snapshots.gaps import (
    WITHHELD,
    Gap,
    absent_gaps,
    file_gap,
    in_root,
    irregular_gap,
    require,
    root_gaps,
    unread,
)
from itsm_gitops.snapshots.part import PartialSnapshot
from itsm_gitops.snapshots.snapshot import CMDB, RECORDS, Snapshot, refuse_unread, root_of

if TYPE_CHECKING:
    from itsm_gitops.snapshots.spool import Spool

SUFFIX = ".yaml"
FOLDERS = (f"{CMDB}/", f"{RECORDS}/")
_KEPT = 4096  # documents remembered by Store.data


class Document(NamedTuple):
    """One document just read. ``data`` is None when it cannot be used; ``problems`` say why.

    ``kind`` is the kind whose folder the file is in, None when no kind lives there; ``entry`` its summary, None where
    there is no kind or no data, or where nobody has asked for it.
    """

    path: str
    raw: bytes
    data: Any
    kind: Kind | None
    problems: tuple[Problem, ...]
    entry: Entry | None = None

    @property
    def id(self) -> str:
        """The identifier that the file's name states."""
        return identifier_of(self.path)


def parsed(book: RuleBook, path: str, raw: bytes) -> Document:
    """Return the document that a file holds, whatever is wrong with it."""
    data, problems = documents.load(raw)
    kind = book.kind_at(path)
    entry = summarise(kind, path, data) if kind is not None and isinstance(data, dict) else None
    return Document(path, raw, data, kind, problems, entry)


def unreadable(book: RuleBook, snapshot: Snapshot, path: str) -> Document:
    """Return the document of a file whose bytes are not to be had, with the reason that reading it gives."""
    return Document(path, b"", None, book.kind_at(path), (unread(snapshot, path),))


def identifier_of(path: str) -> str:
    """Return the identifier that a document's path states."""
    return path.rpartition("/")[2].removesuffix(SUFFIX)


def is_document(path: str) -> bool:
    """Whether ``path`` is where documents live and is named like one."""
    return path.startswith(FOLDERS) and path.endswith(SUFFIX)


class Store(EntryQuestions):
    """Everything known about one snapshot without keeping every document.

    ``entries`` are sorted by identifier, ``by_path`` has the same by path. ``problems`` maps the
    path of each document that is not perfect YAML to what is wrong. ``files`` are all paths of the
    data roots, whatever they are; ``irregular`` maps those of links, submodules and devices to
    their mode. ``broken`` maps identifiers whose file exists and cannot be used to its path: they
    have no entry, and a link to one is not a link to nothing. ``duplicates`` lists ``(identifier,
    path)`` of each file beyond the first (by path) with the same name. ``aliases`` maps old
    numbers to identifiers, the first one winning. ``pinned`` are the documents of the CMDB, which rules
    look at all the time, ``spool`` has parsed records where the loader was given one. ``absent`` are the
    paths that Git was told to leave out of the working tree. ``unreadable`` says of everything in the data
    roots that could not be read where it is and why, sorted by path.
    """

    def __init__(self, snapshot: Snapshot, book: RuleBook, config: Config) -> None:
        self.snapshot = snapshot
        self.book = book
        self.config = config
        self._entries: dict[str, Entry] = {}
        self._by_path: dict[str, Entry] = {}
        self.problems: dict[str, tuple[Problem, ...]] = {}
        self.files: list[str] = []
        self.irregular: dict[str, str] = {}
        self.absent: tuple[str, ...] = ()
        self.unreadable: tuple[Gap, ...] = ()
        self.duplicates: list[tuple[str, str]] = []
        self.aliases: dict[str, str] = {}
        self.broken: dict[str, str] = {}
        self._data: dict[str, dict[str, Any]] = {}
        self.pinned: dict[str, dict[str, Any]] = {}
        self.spool: Spool | None = None

    @property
    def entries(self) -> Mapping[str, Entry]:
        """Every entry by identifier."""
        return self._entries

    @property
    def by_path(self) -> Mapping[str, Entry]:
        """Every entry by path."""
        return self._by_path

    def find(self, fragment: str) -> Entry:
        """Return the entry that an identifier, alias or unique fragment means.

        Raises NotFound (with near names), Ambiguous (with the candidates), or Refused for a document that
        cannot be read.
        """
        try:
            identifier = ids.find(fragment, (*self.entries, *self.broken), self.aliases)
        except NotFound as error:
            refuse_unread(self.snapshot, fragment)
            raise missing(fragment, self.archived, error) from error
        if identifier in self.entries:
            return self.entries[identifier]
        raise self.unusable(self.broken[identifier])

    def data(self, identifier: str) -> dict[str, Any]:
        """Return a whole document by its exact identifier; remembered, so do not change it."""
        known = self.pinned.get(identifier) or self._data.get(identifier)
        if known is not None:
            return known
        entry = self.entries.get(identifier)
        if entry is None:
            if identifier in self.broken:
                raise self.unusable(self.broken[identifier])
            raise NotFound(f"nothing is called '{identifier}'")
        loaded = documents.load(self.snapshot.read(entry.path))
        if not isinstance(loaded.data, dict):
            raise Refused(f"{entry.path} changed while it was being read", "try again")
        if len(self._data) >= _KEPT:
            del self._data[next(iter(self._data))]
        self._data[identifier] = loaded.data
        return loaded.data

    def unusable(self, path: str) -> Refused:
        """Return the error that says why a document cannot be used."""
        gap = next((g for g in self.unreadable if g.holds(path)), None)
        if gap is None:
            gap = file_gap(self.book, path, (self.problems.get(path) or (unread(self.snapshot, path),))[0])
        return Refused(gap.text, gap.hint)

    def sort(self) -> None:
        """Bring the entries into the order of their identifiers; to be called when everything is loaded."""
        self._entries = dict(sorted(self._entries.items()))

    def note_gaps(self) -> None:
        """Work out ``unreadable`` and ``broken``; to be called when everything is loaded."""
        found = [
            file_gap(self.book, path, problems[0])
            for path, problems in self.problems.items()
            if problems[0].code != WITHHELD
        ]
        found += filter(None, (irregular_gap(self.book, p, mode) for p, mode in self.irregular.items()))
        found = [in_root(gap, self.root_of(gap.path)) for gap in found]
        found += absent_gaps(self.book, self.absent, self.files) if self.absent else ()
        found += root_gaps(self.book, self.snapshot)
        self.unreadable = tuple(sorted(found, key=lambda g: g.path))
        places = [(g.id, g.path) for g in self.unreadable if g.id and g.kinds]
        places += [(identifier_of(p), p) for p in self.absent if is_document(p)]
        for identifier, path in places:
            if identifier not in self.entries:
                self.broken.setdefault(identifier, path)

    def root_of(self, path: str) -> str:
        """Return the name of the root that a document is from; empty where it is the repository's own."""
        return root_of(self.snapshot, path) if self.config.roots else ""

    def may_exist(self, identifier: str) -> bool:
        """Whether a document that has no entry exists, or may exist: it is broken, or in a root."""
        in_a_root: Callable[[str], bool] | None = getattr(self.snapshot, "has", None)
        return identifier in self.broken or (in_a_root is not None and in_a_root(identifier))

    def gaps(self, kinds: Iterable[str] | None = None) -> tuple[Gap, ...]:
        """Return what could not be read and may hold a document (of one of these kinds)."""
        if kinds is None:
            return tuple(g for g in self.unreadable if g.kinds)
        wanted = frozenset(kinds)
        return tuple(g for g in self.unreadable if g.kinds & wanted)

    def require_complete(self, purpose: str, kinds: Iterable[str] | None = None) -> None:
        """Raise Incomplete where a document (of these kinds) could not be read.

        To be asked by everybody who decides, before anything is written. ``purpose`` begins the message.
        """
        require(self.gaps(kinds), purpose)

    @property
    def archived(self) -> Mapping[str, ArchivedRecord]:
        """The archived records: their files are not here, and links to them are right."""
        return self._archive[0]

    @property
    def archive_faults(self) -> Sequence[ListFault]:
        """What is wrong with the lists of archived records."""
        return self._archive[1]

    @cached_property
    def _archive(self) -> tuple[Mapping[str, ArchivedRecord], Sequence[ListFault]]:
        return read_archived(self.snapshot)

    def left_out(self, kinds: Iterable[str] | None = None) -> list[str]:
        """Return the identifiers of the files (of some kinds) that cannot be used (paths of folders), sorted."""
        return sorted(gap.id or gap.path for gap in self.gaps(kinds))

    def naming(self, identifier: str, folder: str) -> list[str]:
        """Return the documents of a folder that may name another one, whether they are loaded or not."""
        for part in (self.snapshot, getattr(self.snapshot, "below", None)):  # below: with roots around it
            if isinstance(part, PartialSnapshot):
                return part.naming(identifier, folder)
        sources = dict.fromkeys(source for source, _ in self.into(identifier))
        return [p for p in (self.entries[s].path for s in sources) if p.startswith(f"{folder}/")]

    def raw(self, path: str) -> bytes:
        """Return the bytes of one file of the snapshot."""
        return self.snapshot.read(path)

    def documents(self, kind: str | None = None) -> Iterator[tuple[Entry, dict[str, Any]]]:
        """Yield every document (of one kind) with its entry, in order of identifier, never all at once."""
        yield from self.read_documents(self.entries.values() if kind is None else self.of_kinds([kind]))

    def read_documents(self, entries: Iterable[Entry]) -> Iterator[tuple[Entry, dict[str, Any]]]:
        """Yield the documents of these entries in the order given, those not at hand read in one go."""
        wanted = list(entries)
        kept = self.spool.places if self.spool else {}
        unparsed = [e.path for e in wanted if e.id not in self.pinned and e.path not in kept]
        files = self.snapshot.read_many(unparsed)
        path, raw = next(files, ("", b""))
        for entry in wanted:
            data = self.pinned.get(entry.id) or (self.spool.get(entry.path) if self.spool else None)
            if data is None and path == entry.path:
                data = documents.load(raw).data
                path, raw = next(files, ("", b""))
            if isinstance(data, dict):
                yield self.by_path[entry.path], data

    def lives(self, wanted: Wanted) -> Iterable[tuple[Entry, Replay]]:
        """Return the records that are wanted, and perhaps others, by identifier, with what can be replayed of them."""
        named = (self.entries.get(i) for i in sorted(wanted.ids))
        entries = [e for e in named if e is not None] if wanted.ids else self.of_kinds(wanted.kinds)
        records = (e for e in entries if self.book.kinds[e.kind].is_record)
        return [(e, replay_of(data)) for e, data in self.read_documents(records)]

    def first_opened(self, now: int, kinds: Collection[str]) -> int | None:
        """Return when the first record of some kinds was opened, None where none was by ``now``."""
        found = self.lives(Wanted(now, tuple(kinds)))
        lives = (lifetime_of(self.book.kinds[e.kind].workflow, replay.steps) for e, replay in found)
        return min((life.first for life in lives if life and life.first <= now), default=None)

    def open_before(self, moments: Sequence[int], kinds: Collection[str]) -> list[int]:
        """Return how many records of some kinds were open just before each moment (seconds since 1970, UTC)."""
        found = self.lives(Wanted(max(moments, default=0), tuple(kinds)))
        spans = (s for e, replay in found for s in open_spans(self.book.kinds[e.kind].workflow, replay.steps))
        return open_before(spans, moments)

    def add(self, entry: Entry) -> None:
        """Take an entry; call in order of path."""
        if entry.id in self._entries or entry.id in self.broken:
            self.duplicates.append((entry.id, entry.path))
            return
        self._entries[entry.id] = entry
        self._by_path[entry.path] = entry
        for alias in entry.aliases:
            self.aliases.setdefault(alias, entry.id)
