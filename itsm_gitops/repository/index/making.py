"""Makes an index while everything is read: rows are written as they come, and the file gets its name at the end.

What is noted before (`begin`) and looked at after the documents were read (`IndexDraft.finish`) makes sure that what
changes meanwhile does not go unnoticed.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

from itsm_gitops.git.client import Git
from itsm_gitops.model.clock import format_time, now
from itsm_gitops.model.timeline import replay_of
from itsm_gitops.repository.index import database, filling, freshness
from itsm_gitops.repository.index.freshness import SUFFIX, Tracked
from itsm_gitops.repository.index.rows import (
    INSERT,
    INSERT_ALIAS,
    INSERT_EDGE,
    broken_row,
    edge_rows,
    row_of,
    steps_of,
)
from itsm_gitops.snapshots.package_sign import package_sign
from itsm_gitops.snapshots.snapshot import WorkingTree
from itsm_gitops.snapshots.stamps import digest_of
from itsm_gitops.snapshots.store import Document, Store

_MANY = 200  # files that Git is not sure of


@contextmanager
def making(root: Path) -> Iterator[Path | None]:
    """Yield a path for a new index; None where another process makes one, or none can be made here."""
    folder = database.folder_of(root)
    lock = -1
    try:
        if folder is None or database.is_remote(folder):
            yield None
            return
        try:
            folder.mkdir(exist_ok=True)
            lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield None
            return
        for left in database.leftovers(folder):
            database.remove(left)
        draft = folder / f"making-{os.urandom(8).hex()}"
        try:
            yield draft
        finally:
            database.remove(draft)
    finally:
        if lock >= 0:
            os.close(lock)


class Beginning(NamedTuple):
    """What is noted before the documents are read: what changes meanwhile must not go unnoticed."""

    tracked: Tracked
    dirty: frozenset[str]
    folders: list[tuple[str, bytes]]
    files: frozenset[str]
    book: str
    young: bool  # Git's index was written a moment ago


def begin(git: Git, snapshot: WorkingTree) -> Beginning:
    """Look at Git's index and the folders; raises Unusual where an index would not follow them."""
    folders, files = [], []
    with freshness.ask_git(git) as answer:
        for place, mark, names in freshness.folders_below(str(git.root)):
            folders.append((place, mark))
            files += [n for n in names if n.endswith(SUFFIX)]
        dirty = freshness.names_of(answer.result())
    if len(dirty) > _MANY:
        # A copied folder, or one from a cache of CI: Git finds out that nothing differs, and remembers it.
        git.having({"GIT_OPTIONAL_LOCKS": "1"}).run("status", "--porcelain", "--untracked-files=no")
        dirty = _dirty(git)
    age = freshness.index_age(git)
    if age < freshness.RACY and len(files) > filling.MOST_AT_ONCE:
        # A fresh clone: waiting a moment is cheaper than reading all files again the next time.
        time.sleep((freshness.RACY - age) / 1e9)
        age = freshness.RACY
    young = age < freshness.RACY
    tracked = freshness.tracked_files(git)
    return Beginning(tracked, dirty, folders, frozenset(files), filling.book_sign(snapshot), young)


def _dirty(git: Git) -> frozenset[str]:
    with freshness.ask_git(git) as answer:
        return freshness.names_of(answer.result())


class IndexDraft:
    """An index in the making, to be filled by ``load_store`` (as its ``sink``)."""

    def __init__(self, path: Path, start: Beginning, git: Git) -> None:
        """``path`` is the file to write; ``start`` was noted before anything was read."""
        self._path = path
        self._start = start
        self._git = git
        self._connection: sqlite3.Connection | None = None
        self._failed = False

    def row_of(self, store: Store, document: Document) -> tuple[Any, ...]:
        """Return what a document brings: its digest, its row without origin, its relations and old numbers."""
        book, entry, data = store.book, document.entry, document.data
        if entry is None:
            row = broken_row(book, document.path, document.problems)
            return digest_of(document.raw), row, [], ()
        row = row_of(book, entry, steps_of(data), replay_of(data))
        return digest_of(document.raw), row, edge_rows(entry), entry.aliases

    def take(self, first: int, rows: Sequence[tuple[Any, ...]]) -> None:
        """Write the rows of some documents; numbers are in the order of paths."""
        names, documents, edges, aliases = self._start.tracked.names, [], [], []
        for number, (digest, row, links, others) in enumerate(rows, first + 1):
            documents.append((number, *row, names.get(row[0], ""), b"", digest, 1))
            edges += [(number, *edge) for edge in links]
            aliases += [(alias, number) for alias in others]
        if self._failed:
            return
        try:
            connection = self._opened()
            connection.executemany(_INSERT, documents)
            connection.executemany(INSERT_EDGE, edges)
            connection.executemany(INSERT_ALIAS, aliases)
        except (*database.DAMAGE, OSError):
            self._failed = True  # what is read is worth more than an index of it

    def _opened(self) -> sqlite3.Connection:
        """Open the file once no process is forked any more."""
        if self._connection is None:
            os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
            self._connection = connection = database.connect(self._path)
            connection.execute("PRAGMA journal_mode = OFF")
            connection.execute("PRAGMA synchronous = OFF")
            connection.execute("BEGIN")
            for table in database.TABLES:
                connection.execute(table)
        return self._connection

    def finish(self, store: Store) -> str:
        """Give the index its name when everything is loaded.

        Returns its identity; an empty text where making one is not safe. Raises what `indexed_store` bears.
        """
        start, git = self._start, self._git
        if self._failed or store.irregular or store.absent or store.duplicates:
            return ""
        tracked = start.tracked.names
        looked_at = start.files if start.young else start.files - tracked.keys()
        stamps = {p: freshness.file_stamp(str(git.root), p) for p in looked_at}
        after = _dirty(git) | {p for p, mark in stamps.items() if not mark}
        if freshness.index_sign(git) != start.tracked.sign:
            return ""  # somebody committed or staged while we read
        unsure = start.dirty | after
        with closing(self._opened()) as connection:
            count, names = connection.execute("SELECT count(*), count(DISTINCT id) FROM document").fetchone()
            if names < count:
                return ""
            doubted = unsure | {p for p in start.files if not tracked.get(p)}
            marks = ((stamps.get(p) or b"", p) for p in sorted(doubted))
            connection.executemany("UPDATE document SET oid = '', stamp = ? WHERE path = ?", marks)
            self._complete(connection, store)
        identity = database.identity(self._path)
        _publish(self._path, git.root)
        return identity

    def _complete(self, connection: sqlite3.Connection, store: Store) -> None:
        start = self._start
        for index in database.INDEXES:  # made of all rows at once: much faster than row by row
            connection.execute(index)
        ignored = start.files - set(store.files)
        connection.executemany("INSERT INTO ignored VALUES (?)", ((p,) for p in sorted(ignored)))
        connection.executemany("INSERT INTO folder VALUES (?, ?)", start.folders)
        made, sign = format_time(now()), start.tracked.sign
        filling.note(connection, generation="1", index=sign, book=start.book, made=made)
        filling.note(connection, format=database.FORMAT, code=package_sign())
        filling.note(connection, identity=database.identity(self._path), read="0", reading="0")
        connection.execute("COMMIT")
        connection.execute("PRAGMA journal_mode = WAL")

    def close(self) -> None:
        """Close the connection that is still open when the index was not finished."""
        if self._connection is not None:
            self._connection.close()


_INSERT = INSERT.replace("document (", "document (number, ", 1).replace("(?", "(?, ?", 1)


def _publish(draft: Path, root: Path) -> None:
    """Give a complete index its name, and remove the older ones."""
    before = database.files_of(root)
    for end in ("-wal", "-shm"):
        with suppress(OSError):
            Path(f"{draft}{end}").unlink()
    draft.rename(draft.with_name(database.new_name(root)))
    for path in before:
        database.remove(path)
