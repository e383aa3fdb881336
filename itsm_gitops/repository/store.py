"""One loaded snapshot: an entry of every document, and the documents themselves when asked for."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Generic, NamedTuple, TypeVar

from itsm_gitops import documents
from itsm_gitops.documents import Problem
from itsm_gitops.model import ids
from itsm_gitops.model.entry import Entry, summarise
from itsm_gitops.model.errors import NotFound, Refused
from itsm_gitops.model.kinds import Kind
from itsm_gitops.model.rulebook import RuleBook
from itsm_gitops.repository.config import Config, read_config, read_rulebook
from itsm_gitops.repository.memory import Memory, digest_of
from itsm_gitops.repository.packing import Entries
from itsm_gitops.repository.snapshot import CMDB, RECORDS, REGULAR, FileInfo, Snapshot
from itsm_gitops.repository.workers import share_out

T = TypeVar("T")

SUFFIX = ".yaml"
_FOLDERS = (f"{CMDB}/", f"{RECORDS}/")
_REPORT_EVERY = 500
_KEPT = 4096  # documents remembered by Store.data

_UNREADABLE = Problem("P014", "this file cannot be read", "check its permissions", 1, 1)


class Document(NamedTuple):
    """One document just read. ``data`` is None when it cannot be used; ``problems`` say why.

    ``kind`` is the kind whose folder the file is in, None when no kind lives there.
    """

    path: str
    raw: bytes
    data: Any
    kind: Kind | None
    problems: tuple[Problem, ...]

    @property
    def id(self) -> str:
        """The identifier that the file's name states."""
        return identifier_of(self.path)


Report = Callable[[int, int], None]
Visit = Callable[["Store", Document], list[T]]


def identifier_of(path: str) -> str:
    """Return the identifier that a document's path states."""
    return path.rpartition("/")[2].removesuffix(SUFFIX)


def is_document(path: str) -> bool:
    """Whether ``path`` is where documents live and is named like one."""
    return path.startswith(_FOLDERS) and path.endswith(SUFFIX)


class Store:
    """Everything known about one snapshot without keeping every document.

    ``entries`` are sorted by identifier, ``by_path`` has the same by path. ``problems`` maps the
    path of each document that is not perfect YAML to what is wrong. ``files`` are all paths of the
    data roots, whatever they are; ``irregular`` maps those of links, submodules and devices to
    their mode. ``broken`` maps identifiers whose file exists and cannot be used to its path: they
    have no entry, and a link to one is not a link to nothing. ``duplicates`` lists ``(identifier,
    path)`` of each file beyond the first (by path) with the same name. ``aliases`` maps old
    numbers to identifiers, the first one winning.
    """

    def __init__(self, snapshot: Snapshot, book: RuleBook, config: Config) -> None:
        self.snapshot = snapshot
        self.book = book
        self.config = config
        self.entries: dict[str, Entry] = {}
        self.by_path: dict[str, Entry] = {}
        self.problems: dict[str, tuple[Problem, ...]] = {}
        self.files: list[str] = []
        self.irregular: dict[str, str] = {}
        self.duplicates: list[tuple[str, str]] = []
        self.aliases: dict[str, str] = {}
        self.broken: dict[str, str] = {}
        self._data: dict[str, dict[str, Any]] = {}
        self._pinned: dict[str, dict[str, Any]] = {}  # the CMDB, which rules look at all the time

    def find(self, fragment: str) -> Entry:
        """Return the entry that an identifier, alias or unique fragment means.

        Raises NotFound (with near names) or Ambiguous (with the candidates).
        """
        try:
            return self.entries[ids.find(fragment, self.entries, self.aliases)]
        except NotFound:
            path = self.broken.get(fragment) or self.broken.get(fragment.upper())
            if path:
                raise self._unusable(path) from None
            raise

    def data(self, identifier: str) -> dict[str, Any]:
        """Return a whole document by its exact identifier; remembered, so do not change it."""
        known = self._pinned.get(identifier) or self._data.get(identifier)
        if known is not None:
            return known
        entry = self.entries.get(identifier)
        if entry is None:
            if identifier in self.broken:
                raise self._unusable(self.broken[identifier])
            raise NotFound(f"nothing is called '{identifier}'")
        loaded = documents.load(self.snapshot.read(entry.path))
        if not isinstance(loaded.data, dict):
            raise Refused(f"{entry.path} changed while it was being read", "try again")
        if len(self._data) >= _KEPT:
            del self._data[next(iter(self._data))]
        self._data[identifier] = loaded.data
        return loaded.data

    def _unusable(self, path: str) -> Refused:
        problems = self.problems.get(path) or (_UNREADABLE,)
        first = problems[0]
        return Refused(f"{path}:{first.line}:{first.column}: {first.message} ({first.code})", first.hint)

    def left_out(self, kinds: Iterable[str] | None = None) -> list[str]:
        """Return the identifiers of the files (of some kinds) that cannot be used, sorted."""
        wanted = None if kinds is None else set(kinds)
        found = []
        for identifier, path in self.broken.items():
            kind = self.book.kind_at(path)
            if wanted is None or (kind is not None and kind.name in wanted):
                found.append(identifier)
        return sorted(found)

    def raw(self, path: str) -> bytes:
        """Return the bytes of one file of the snapshot."""
        return self.snapshot.read(path)

    def documents(self, kind: str | None = None) -> Iterator[tuple[Entry, dict[str, Any]]]:
        """Yield every document (of one kind) with its entry, in order of identifier, never all at once."""
        wanted = [e for e in self.entries.values() if kind in (None, e.kind)]
        yield from self.read_documents(wanted)

    def read_documents(self, entries: Iterable[Entry]) -> Iterator[tuple[Entry, dict[str, Any]]]:
        """Yield the documents of these entries in the order given, read in one go."""
        for path, raw in self.snapshot.read_many(e.path for e in entries):
            data = documents.load(raw).data
            if isinstance(data, dict):
                yield self.by_path[path], data

    def _add(self, entry: Entry) -> None:
        """Take an entry; call in order of path."""
        if entry.id in self.entries or entry.id in self.broken:
            self.duplicates.append((entry.id, entry.path))
            return
        self.entries[entry.id] = entry
        self.by_path[entry.path] = entry
        for alias in entry.aliases:
            self.aliases.setdefault(alias, entry.id)


class _Share(NamedTuple, Generic[T]):
    entries: Entries
    broken: list[str]
    problems: list[tuple[str, tuple[Problem, ...]]]
    visited: list[T]
    learnt: list[tuple[str, bytes, list[T]]]  # path, digest and results of the records without a problem


def load_store(
    snapshot: Snapshot,
    *,
    jobs: int | None = None,
    visit: Visit[T] | None = None,
    book: RuleBook | None = None,
    config: Config | None = None,
    memory: Memory | None = None,
    progress: Report | None = None,
) -> tuple[Store, list[T]]:
    """Read and parse every document once and return the store and everything ``visit`` returned.

    ``visit(store, document)`` is called once for each document; its ``store`` already knows the
    whole CMDB (entries and data) and no record. It may run in a forked worker, so only what it
    returns survives, and that must pickle. The order of the results is that of the paths within
    each process. ``jobs=None`` uses one process below 500 documents, else up to four.

    What ``memory`` knows is not read again; it learns the rest. Its rows are
    right only for the same rule book and the same ``visit``. ``progress`` is told how many of the
    documents have been read, and how many there are to read.
    """
    book = book or read_rulebook(snapshot)
    tuple(book.kinds.values())  # a rule book that cannot be used is an error now, not in a worker
    store = Store(snapshot, book, config or read_config(snapshot)[0])
    infos = snapshot.files()
    store.files = [info.path for info in infos]
    store.irregular = {info.path: info.mode for info in infos if info.mode != REGULAR}
    kinds = _KindOf(book)
    collecting = gc.isenabled()
    gc.disable()  # parsed documents hold no cycles; looking for some doubles the time
    try:
        if memory:
            memory.begin(infos)
        items = list(_load_items(store, kinds, infos, memory))
        known = memory.rows if memory else {}
        records = [i.path for i in infos if i.mode == REGULAR and i.path.startswith(_FOLDERS[1])]
        records = [p for p in records if p.endswith(SUFFIX)]
        todo: list[Document | str] = [*items, *(p for p in records if p not in known)]
        work = _Work(store, kinds, visit, learn=memory is not None)
        work.report, work.total = progress, len(todo)
        shares = share_out(todo, work, jobs)
        if memory:
            shares.append(_remembered(memory, records))
        _merge(store, shares)
        if memory:
            _learn(memory, store, shares)
    finally:
        if collecting:
            gc.enable()
    return store, [result for share in shares for result in share.visited]


class _KindOf:
    """The kind of a path, remembered by folder."""

    def __init__(self, book: RuleBook) -> None:
        self._book = book
        self._known: dict[str, Kind | None] = {}

    def __call__(self, path: str) -> Kind | None:
        folder = path.rpartition("/")[0]
        try:
            return self._known[folder]
        except KeyError:
            kind = self._known[folder] = self._book.kind_at(path)
            return kind


def _read(snapshot: Snapshot, kinds: _KindOf, paths: Sequence[str]) -> Iterator[Document]:
    """Yield a document for each path, in order, whatever is wrong with it."""
    load = documents.load
    expected = iter(paths)
    for path, raw in snapshot.read_many(paths):
        for missed in expected:
            if missed == path:
                break
            yield Document(missed, b"", None, kinds(missed), (_UNREADABLE,))
        data, problems = load(raw)
        yield Document(path, raw, data, kinds(path), problems)
    for missed in expected:
        yield Document(missed, b"", None, kinds(missed), (_UNREADABLE,))


def _remembered(memory: Memory, records: Iterable[str]) -> _Share[Any]:
    """Return the records that were not read again, as one more share."""
    rows = [memory.rows[p] for p in records if p in memory.rows]
    return _Share(Entries(r.entry for r in rows), [], [], [v for r in rows for v in r.visited], [])


def _learn(memory: Memory, store: Store, shares: Iterable[_Share[Any]]) -> None:
    for share in shares:
        for path, digest, visited in share.learnt:
            if path in store.by_path:
                memory.learn(path, digest, store.by_path[path], visited)


def _items(store: Store, kinds: _KindOf, paths: Sequence[str], memory: Memory | None) -> Iterator[Document]:
    """Yield the documents of the CMDB in order of path, those that are remembered without reading them."""
    known = dict(memory.rows) if memory else {}
    fresh = iter(_read(store.snapshot, kinds, [p for p in paths if p not in known]))
    for path in paths:
        row = known.get(path)
        if row is not None:
            yield Document(path, b"", row.data, kinds(path), ())
            continue
        document = next(fresh)
        if memory and not document.problems and document.kind is not None and isinstance(document.data, dict):
            entry = summarise(document.kind, path, document.data)
            memory.learn(path, digest_of(document.raw), entry, [], document.data)
        yield document


def _load_items(
    store: Store, kinds: _KindOf, infos: Iterable[FileInfo], memory: Memory | None = None
) -> Iterator[Document]:
    """Load the CMDB into the store and yield its documents."""
    paths = [i.path for i in infos if i.mode == REGULAR and i.path.startswith(_FOLDERS[0])]
    for document in _items(store, kinds, [p for p in paths if p.endswith(SUFFIX)], memory):
        if document.problems:
            store.problems[document.path] = document.problems
        if document.kind is not None:
            if isinstance(document.data, dict):
                entry = summarise(document.kind, document.path, document.data)
                store._add(entry)
                store._pinned.setdefault(entry.id, document.data)
            elif document.id not in store.entries:
                store.broken.setdefault(document.id, document.path)
        yield document


class _Work(Generic[T]):
    """One worker's job: visit CMDB documents, load and visit records."""

    def __init__(self, store: Store, kinds: _KindOf, visit: Visit[T] | None, *, learn: bool = False) -> None:
        self._store = store
        self._kinds = kinds
        self._visit = visit
        self._learn = learn
        self.report: Report | None = None
        self.total = 0
        self._parent = os.getpid()

    def __call__(self, share: Sequence[Document | str]) -> _Share[T]:
        entries = Entries()
        broken: list[str] = []
        problems: list[tuple[str, tuple[Problem, ...]]] = []
        visited: list[T] = []
        learnt: list[tuple[str, bytes, list[T]]] = []
        store, visit = self._store, self._visit
        if visit:
            for item in share:
                if isinstance(item, Document):
                    visited.extend(visit(store, item))
        paths = [i for i in share if isinstance(i, str)]
        report = self.report if os.getpid() == self._parent else None
        for count, document in enumerate(_read(store.snapshot, self._kinds, paths)):
            if report and count % _REPORT_EVERY == 0:
                report(round(count * self.total / max(1, len(share))), self.total)
            path, raw, data, kind, found = document
            results = visit(store, document) if visit else []
            if found:
                problems.append((path, found))
            if kind is not None:
                if isinstance(data, dict):
                    entries.append(summarise(kind, path, data))
                    if self._learn and not found:
                        learnt.append((path, digest_of(raw), results))
                else:
                    broken.append(path)
            visited.extend(results)
        return _Share(entries, broken, problems, visited, learnt)


def _merge(store: Store, shares: Sequence[_Share[Any]]) -> None:
    for share in shares:
        store.problems.update(share.problems)
        for path in share.broken:
            store.broken.setdefault(identifier_of(path), path)
    for entry in sorted((e for share in shares for e in share.entries), key=lambda e: e.path):
        store._add(entry)
    store.entries = dict(sorted(store.entries.items()))
    store.problems = dict(sorted(store.problems.items()))
