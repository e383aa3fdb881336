"""Reading every document of a snapshot once, in several processes when there are many."""

from __future__ import annotations

import marshal
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, Protocol, TypeVar

from itsm_gitops.documents import Problem
from itsm_gitops.git.modes import FILE, REGULAR, FileInfo
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.rulebook import RuleBook
from itsm_gitops.snapshots.config import Config, read_config, read_rulebook
from itsm_gitops.snapshots.gaps import in_place_of_folders
from itsm_gitops.snapshots.packing import packed, unpacked
from itsm_gitops.snapshots.root_shelf import git_of
from itsm_gitops.snapshots.rooted import rooted
from itsm_gitops.snapshots.snapshot import Snapshot, absent_of, own_files, progress_of, root_of
from itsm_gitops.snapshots.stamps import digest_of
from itsm_gitops.snapshots.store import FOLDERS, SUFFIX, Document, Store, identifier_of, parsed, unreadable
from itsm_gitops.snapshots.workers import collector_paused, share_as_they_come

if TYPE_CHECKING:
    from itsm_gitops.snapshots.memory import Memory
    from itsm_gitops.snapshots.spool import Spool

T = TypeVar("T")
Report = Callable[[int, int], None]
Visit = Callable[[Store, Document], list[T]]

_REPORT_EVERY = 500


class RowSink(Protocol):
    """Takes one row of every document, while others are still being read."""

    def row_of(self, store: Store, document: Document) -> tuple[Any, ...]:
        """Return the row of a document, of plain values; called in the process that reads it."""
        ...

    def take(self, first: int, rows: Sequence[tuple[Any, ...]]) -> None:
        """Take the rows of some documents, of which ``first`` come before; called in the caller's process, in any order."""
        ...


class _Share(NamedTuple, Generic[T]):
    entries: list[Entry]
    rows: list[tuple[Any, ...]]  # for the sink
    broken: list[str]
    problems: list[tuple[str, tuple[Problem, ...]]]
    visited: list[T]
    learnt: list[
        tuple[str, bytes, list[T]]
    ]  # path, digest and results of items, and of records without a problem
    places: dict[str, tuple[int, int]]  # of parsed records in the spool
    sent: tuple[bytes, bytes] = (b"", b"")  # the entries and rows of a worker, packed

    def packed(self) -> _Share[T]:
        """Return the share as a worker sends it."""
        return self._replace(entries=[], rows=[], sent=(packed(self.entries), marshal.dumps(self.rows)))

    def unpacked(self) -> _Share[T]:
        """Return the share as it was made."""
        entries, rows = self.sent
        if not entries:
            return self
        loaded = marshal.loads(rows)  # noqa: S302 - written by our own fork
        return self._replace(entries=unpacked(entries), rows=loaded, sent=(b"", b""))


def load_store(
    snapshot: Snapshot,
    *,
    jobs: int | None = None,
    visit: Visit[T] | None = None,
    book: RuleBook | None = None,
    config: Config | None = None,
    memory: Memory | None = None,
    spool: Spool | None = None,
    sink: RowSink | None = None,
    progress: Report | None = None,
) -> tuple[Store, list[T]]:
    """Read and parse every document once and return the store and everything ``visit`` returned.

    ``visit(store, document)`` is called once for each document; its ``store`` already knows the
    whole CMDB (entries and data) and no record. It may run in a forked worker, so only what it
    returns survives, and that must pickle. The order of the results is that of the paths within
    each process. ``jobs=None`` uses one process below 500 documents, else up to four.

    ``config`` are the settings to use; the snapshot's own must have no fault (raises SettingsError). The roots
    that they name are part of what is loaded (see ``snapshots.rooted``).

    What ``memory`` knows is not read again; it learns the rest. Its rows are
    right only for the same rule book and the same ``visit``, which is not called for these documents. ``spool`` gets
    the records that are parsed, for ``Store.read_documents``, ``sink`` a row of each document. ``progress`` receives the number of documents read so far, and how
    many there are to read.
    """
    book = book or read_rulebook(snapshot)
    tuple(book.kinds.values())  # a rule book that cannot be used is an error now, not in a worker
    config = config or read_config(snapshot).require(snapshot.name)
    snapshot = rooted(snapshot, config)
    store = Store(snapshot, book, config)
    infos = own_files(snapshot)
    store.files = [info.path for info in infos if not (config.roots and root_of(snapshot, info.path))]
    store.irregular = {info.path: info.mode for info in infos if info.mode != REGULAR}
    store.irregular |= dict.fromkeys(in_place_of_folders(book, store.files), FILE)
    store.absent = absent_of(snapshot)
    _prepare(snapshot, infos)
    with collector_paused():  # parsed documents hold no cycles; looking for some doubles the time
        if memory:
            memory.begin(infos)
        known = frozenset(memory.rows) if memory else frozenset()
        items = list(_load_items(store, infos, memory))
        records = [i.path for i in infos if i.mode == REGULAR and i.path.startswith(FOLDERS[1])]
        records = [p for p in records if p.endswith(SUFFIX)]
        todo: list[Document | str] = [d for d in items if d.path not in known]
        todo += [p for p in records if p not in known]
        store.spool = spool
        work = _Work(store, visit, sink, learn=memory is not None)
        work.report, work.total = progress or progress_of(snapshot), len(todo)
        received: dict[int, _Share[T]] = {}
        share_as_they_come(todo, work, partial(_receive, received, sink), jobs=jobs)
        shares = [received.pop(first) for first in sorted(received)]
        if work.report:
            work.report(len(todo), len(todo))
        if memory:
            shares.append(
                _Share([memory.rows[p].entry for p in records if p in known], [], [], [], [], [], {})
            )
        _merge(store, shares)
        if memory:
            _learn(memory, store, shares)
    return store, [result for share in shares for result in share.visited]


def _receive(received: dict[int, _Share[T]], sink: RowSink | None, first: int, share: _Share[T]) -> None:
    """Take what a process read; the rows go on at once, so that not all of them are held."""
    share = share.unpacked()
    if sink:
        sink.take(first, share.rows)
    received[first] = share._replace(rows=[])


def _prepare(snapshot: Snapshot, infos: Iterable[FileInfo]) -> None:
    """Let what a partial clone lacks of a commit be fetched at once."""
    wanted = [i.oid for i in infos if i.oid and i.mode == REGULAR and not root_of(snapshot, i.path)]
    git = git_of(snapshot) if wanted else None
    if git is not None and git.supplier is not None:
        git.supplier.prepare(git, wanted)


def _read(snapshot: Snapshot, book: RuleBook, paths: Sequence[str]) -> Iterator[Document]:
    """Yield a document for each path, in order, whatever is wrong with it."""
    expected = iter(paths)
    for path, raw in snapshot.read_many(paths):
        for missed in expected:
            if missed == path:
                break
            yield unreadable(book, snapshot, missed)
        yield parsed(book, path, raw)
    for missed in expected:
        yield unreadable(book, snapshot, missed)


def _learn(memory: Memory, store: Store, shares: Iterable[_Share[Any]]) -> None:
    for share in shares:
        for path, digest, visited in share.learnt:
            if path in memory.rows:  # an item, which was read before the others
                memory.rows[path] = memory.rows[path]._replace(visited=visited)
            elif digest and path in store.by_path:
                memory.learn(path, digest, store.by_path[path], visited)


def _items(store: Store, paths: Sequence[str], memory: Memory | None) -> Iterator[Document]:
    """Yield the documents of the CMDB in order of path, those that are remembered without reading them."""
    known = dict(memory.rows) if memory else {}
    fresh = iter(_read(store.snapshot, store.book, [p for p in paths if p not in known]))
    for path in paths:
        row = known.get(path)
        if row is not None:
            yield Document(path, b"", row.data, store.book.kind_at(path), (), row.entry)
            continue
        document = next(fresh)
        if memory and not document.problems and document.entry:
            memory.learn(path, digest_of(document.raw), document.entry, [], document.data)
        yield document


def _load_items(store: Store, infos: Iterable[FileInfo], memory: Memory | None = None) -> Iterator[Document]:
    """Load the CMDB into the store and yield its documents."""
    paths = [i.path for i in infos if i.mode == REGULAR and i.path.startswith(FOLDERS[0])]
    for document in _items(store, [p for p in paths if p.endswith(SUFFIX)], memory):
        if document.problems:
            store.problems[document.path] = document.problems
        if document.entry:
            store.add(document.entry)
            store.pinned.setdefault(document.entry.id, document.data)
        elif document.kind is not None and document.id not in store.entries:
            store.broken.setdefault(document.id, document.path)
        yield document


class _Work(Generic[T]):
    """One worker's job: visit CMDB documents, load and visit records."""

    def __init__(
        self, store: Store, visit: Visit[T] | None, sink: RowSink | None, *, learn: bool = False
    ) -> None:
        self._store = store
        self._visit = visit
        self._row_of = sink.row_of if sink else None
        self._learn = learn
        self.report: Report | None = None
        self.total = 0
        self._parent = os.getpid()

    def __call__(self, first: int, share: Sequence[Document | str]) -> _Share[T]:
        """Do one part. What a worker sends is packed: marshal is faster than pickle."""
        done: _Share[T] = _Share([], [], [], [], [], [], {})
        for item in share:
            if isinstance(item, Document):
                done.learnt.append((item.path, b"", self._look_at(item, done)))
        paths = [i for i in share if isinstance(i, str)]
        own = os.getpid() == self._parent
        report = self.report if own else None
        store, spool = self._store, self._store.spool
        for count, document in enumerate(_read(store.snapshot, store.book, paths)):
            if report and count % _REPORT_EVERY == 0:
                report(first + count, self.total)  # the parts before this one are done or being done
            path, raw, data, kind, found, entry = document
            results = self._look_at(document, done)
            if found:
                done.problems.append((path, found))
            if entry:
                done.entries.append(entry)
                if spool:
                    spool.add(path, data)
                if self._learn and not found:
                    done.learnt.append((path, digest_of(raw), results))
            elif kind is not None:
                done.broken.append(path)
        if spool:
            spool.flush()
            done.places.update((p, spool.places[p]) for p in paths if p in spool.places)
        return done if own else done.packed()

    def _look_at(self, document: Document, done: _Share[T]) -> list[T]:
        """Show a document to the sink and to the visit; return what the latter says."""
        if self._row_of:
            done.rows.append(self._row_of(self._store, document))
        results = self._visit(self._store, document) if self._visit else []
        done.visited.extend(results)
        return results


def _merge(store: Store, shares: Sequence[_Share[Any]]) -> None:
    for share in shares:
        if store.spool:
            store.spool.places.update(share.places)
        store.problems.update(share.problems)
        for path in share.broken:
            store.broken.setdefault(identifier_of(path), path)
    entries: list[Entry] = []
    for share in shares:
        entries += share.entries
    entries.sort(key=attrgetter("path"))
    for entry in entries:
        store.add(entry)
    store.note_gaps()
    store.sort()
    store.problems = dict(sorted(store.problems.items()))
