"""Makes an index from everything, and brings one up to date with what moved, in one transaction."""

from __future__ import annotations

import fcntl
import hashlib
import os
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

from itsm_gitops.git.client import Git
from itsm_gitops.model.clock import format_time, now
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.rulebook import RuleBook
from itsm_gitops.model.timeline import Replay, replay_of
from itsm_gitops.repository.index import database, freshness
from itsm_gitops.repository.index.freshness import SUFFIX, Moves, Tracked, Unusual
from itsm_gitops.repository.index.rows import (
    INSERT,
    RowOrigin,
    StepRow,
    broken_row,
    edge_rows,
    row_of,
    steps_of,
)
from itsm_gitops.repository.package_sign import package_sign
from itsm_gitops.repository.snapshot import SCHEMAS, WorkingTree
from itsm_gitops.repository.stamps import digest_of
from itsm_gitops.repository.store import Document, Store, identifier_of, parsed, unreadable

MOST_AT_ONCE = 5_000  # documents to read one after the other; more are read as if there were no index
_BATCH = 2_000
_MANY = 200  # files that Git is not sure of


class Brief(NamedTuple):
    """What one document brings beyond its entry."""

    path: str
    steps: list[StepRow]
    replay: Replay
    digest: bytes


def brief(document: Document) -> Brief:
    """Return the brief of a document; to be called for each when everything is loaded."""
    data = document.data
    if not isinstance(data, dict):
        return Brief(document.path, [], Replay(), digest_of(document.raw))
    return Brief(document.path, steps_of(data), replay_of(data), digest_of(document.raw))


def book_sign(snapshot: WorkingTree) -> str:
    """Return the digest of the rule book, on which every entry depends."""
    total = hashlib.sha256()
    infos = snapshot.files(SCHEMAS)
    for path, raw in snapshot.read_many(i.path for i in infos):
        total.update(f"{path}\0{len(raw)}\0".encode("utf-8", "surrogateescape"))
        total.update(raw)
    total.update(repr([(i.path, i.mode) for i in infos]).encode("utf-8", "surrogateescape"))
    return total.hexdigest()


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
    if age < freshness.RACY and len(files) > MOST_AT_ONCE:
        # A fresh clone: waiting a moment is cheaper than reading all files again the next time.
        time.sleep((freshness.RACY - age) / 1e9)
        age = freshness.RACY
    young = age < freshness.RACY
    tracked = freshness.tracked_files(git)
    return Beginning(tracked, dirty, folders, frozenset(files), book_sign(snapshot), young)


def _dirty(git: Git) -> frozenset[str]:
    with freshness.ask_git(git) as answer:
        return freshness.names_of(answer.result())


def create(draft: Path, store: Store, briefs: Iterable[Brief], start: Beginning, git: Git) -> str:
    """Write a whole index for a loaded store to ``draft`` and give it its name.

    Returns its identity; an empty text where making one is not safe.
    """
    briefs = sorted(briefs, key=lambda one: one.path)
    if store.irregular or store.absent or len({identifier_of(b.path) for b in briefs}) < len(briefs):
        return ""
    tracked = start.tracked.names.keys()
    looked_at = start.files if start.young else start.files - tracked
    stamps = {p: freshness.file_stamp(str(git.root), p) for p in looked_at}
    after = _dirty(git) | {p for p, mark in stamps.items() if not mark}
    if freshness.index_sign(git) != start.tracked.sign:
        return ""  # somebody committed or staged while we read
    unsure = start.dirty | after
    os.close(os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    with closing(database.connect(draft)) as connection:
        connection.execute("PRAGMA journal_mode = OFF")
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("BEGIN")
        for table in database.TABLES:
            connection.execute(table)

        def source(path: str, digest: bytes) -> RowOrigin:
            oid = "" if path in unsure else start.tracked.names.get(path, "")
            return RowOrigin(oid, b"" if oid else stamps.get(path) or b"", digest)

        _write_all(connection, store, briefs, source)
        ignored = start.files - set(store.files)
        connection.executemany("INSERT INTO ignored VALUES (?)", ((p,) for p in sorted(ignored)))
        connection.executemany("INSERT INTO folder VALUES (?, ?)", start.folders)
        _note(connection, generation="1", index=start.tracked.sign, book=start.book, made=format_time(now()))
        _note(connection, format=database.FORMAT, code=package_sign())
        _note(connection, identity=database.identity(draft), read="0", reading="0")
        connection.execute("COMMIT")
        connection.execute("PRAGMA journal_mode = WAL")
    identity = database.identity(draft)
    _publish(draft, git.root)
    return identity


def _publish(draft: Path, root: Path) -> None:
    """Give a complete index its name, and remove the older ones."""
    before = database.files_of(root)
    for end in ("-wal", "-shm"):
        with suppress(OSError):
            Path(f"{draft}{end}").unlink()
    draft.rename(draft.with_name(database.new_name(root)))
    for path in before:
        database.remove(path)


def _note(connection: sqlite3.Connection, **values: str) -> None:
    connection.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", values.items())


def _write_all(
    connection: sqlite3.Connection,
    store: Store,
    briefs: Iterable[Brief],
    source: Callable[[str, bytes], RowOrigin],
) -> None:
    book, rows = store.book, []
    for number, one in enumerate(briefs, 1):
        entry = store.by_path.get(one.path)
        if entry is not None:
            rows.append(row_of(book, entry, one.steps, one.replay, source(one.path, one.digest), 1))
            connection.executemany("INSERT INTO edge VALUES (?, ?, ?, ?, ?, ?)", edge_rows(number, entry))
            connection.executemany(
                "INSERT OR IGNORE INTO alias VALUES (?, ?)", ((a, number) for a in entry.aliases)
            )
        else:
            problems = store.problems.get(one.path, ())
            rows.append(broken_row(book, one.path, problems, source(one.path, one.digest), 1))
        if len(rows) >= _BATCH:
            connection.executemany(INSERT, rows)
            rows = []
    connection.executemany(INSERT, rows)


class Reading(NamedTuple):
    """What one document to be brought up to date says now; ``row`` is None where it is gone."""

    path: str
    row: tuple[Any, ...] | None
    entry: Entry | None


def read(book: RuleBook, snapshot: WorkingTree, change: Moves, names: Mapping[str, str]) -> list[Reading]:
    """Read the documents that may have moved; ``names`` is what Git's index names of them."""
    root, readings = str(snapshot.root), []
    for path in sorted(change.paths):
        mark = None if path in change.ignored else freshness.file_stamp(root, path)
        if mark is None:
            readings.append(Reading(path, None, None))
            continue
        # A young file may change again within the second, which is as finely as Git looks at times.
        oid = "" if path in change.dirty or not mark else names.get(path, "")
        readings.append(_reading(book, snapshot, path, RowOrigin(oid, b"" if oid else mark, b"")))
    return readings


def _reading(book: RuleBook, snapshot: WorkingTree, path: str, source: RowOrigin) -> Reading:
    raw = next((raw for _, raw in snapshot.read_many([path])), None)
    document = unreadable(book, snapshot, path) if raw is None else parsed(book, path, raw)
    entry, data = document.entry, document.data
    source = source if raw is None else source._replace(digest=digest_of(raw))
    if entry is None or document.problems:
        return Reading(path, broken_row(book, path, document.problems, source, 0), None)
    return Reading(path, row_of(book, entry, steps_of(data), replay_of(data), source, 0), entry)


def apply(connection: sqlite3.Connection, change: Moves, readings: Sequence[Reading]) -> None:
    """Bring the index up to date; the caller holds the lock for writing. Raises Unusual for a name used twice."""
    generation = int(_meta(connection, "generation")) + 1
    identifiers = set()
    for reading in readings:
        identifiers.add(_replace(connection, reading, generation))
    for identifier in identifiers:
        count = connection.execute("SELECT count(*) FROM document WHERE id = ?", (identifier,)).fetchone()[0]
        if count > 1:
            raise Unusual(f"two files are called {identifier}")
    for folder, mark in change.folders.items():
        if mark is None:
            connection.execute("DELETE FROM folder WHERE path = ?", (folder,))
        else:
            connection.execute("INSERT OR REPLACE INTO folder VALUES (?, ?)", (folder, mark))
    connection.execute("DELETE FROM ignored")
    connection.executemany("INSERT INTO ignored VALUES (?)", ((p,) for p in sorted(change.ignored)))
    if change.tracked:
        _note(connection, index=change.tracked.sign)
    _note(connection, generation=str(generation), reading=str(len(readings)))


def _replace(connection: sqlite3.Connection, reading: Reading, generation: int) -> str:
    """Write what one document says now in the place of what it said; return its identifier."""
    path = reading.path
    before = connection.execute("SELECT number, id, kind FROM document WHERE path = ?", (path,)).fetchone()
    name = path.rpartition("/")[2].removesuffix(SUFFIX)
    if before:
        number = before[0]
        for table in ("edge", "alias", "derived"):
            connection.execute(f"DELETE FROM {table} WHERE document = ?", (number,))  # noqa: S608 - our own names
        connection.execute("DELETE FROM document WHERE number = ?", (number,))
    if reading.row is None:
        if before:
            connection.execute(
                "INSERT OR REPLACE INTO gone VALUES (?, ?, ?, ?)", (path, *before[1:], generation)
            )
        return name
    connection.execute("DELETE FROM gone WHERE path = ?", (path,))
    number = connection.execute(INSERT, (*reading.row[:-1], generation)).lastrowid or 0
    if reading.entry:
        connection.executemany("INSERT INTO edge VALUES (?, ?, ?, ?, ?, ?)", edge_rows(number, reading.entry))
        aliases = ((a, number) for a in reading.entry.aliases)
        connection.executemany("INSERT OR IGNORE INTO alias VALUES (?, ?)", aliases)
    return name


def _meta(connection: sqlite3.Connection, name: str) -> str:
    row = connection.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
    return row[0] if row else ""


def meta(connection: sqlite3.Connection) -> dict[str, str]:
    """Return what is noted about an index: ``generation``, ``index``, ``book``, ``made``, ``reading``."""
    return dict(connection.execute("SELECT name, value FROM meta"))


def keep_answer(connection: sqlite3.Connection, name: str, sign: str, value: str) -> None:
    """Keep an answer that was worked out from the whole state of an index; raises sqlite3.Error."""
    connection.execute("ROLLBACK")
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("INSERT OR REPLACE INTO answer VALUES (?, ?, ?)", (name, sign, value))
    connection.execute("COMMIT")
    connection.execute("BEGIN")


def keep_beside(connection: sqlite3.Connection, name: str, sign: str, value: str) -> None:
    """Keep an answer for which ``sign`` says all it depends on; ``connection`` goes on reading the state it reads.

    Raises sqlite3.Error, at once where another process writes.
    """
    place = next(row[2] for row in connection.execute("PRAGMA database_list") if row[1] == "main")
    with closing(database.connect(Path(place))) as other:
        other.execute("PRAGMA busy_timeout = 0")
        other.execute("INSERT OR REPLACE INTO answer VALUES (?, ?, ?)", (name, sign, value))
