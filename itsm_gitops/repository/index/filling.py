"""Brings an index up to date with what moved, in one transaction, and keeps answers in it."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from itsm_gitops.model.digests import blake2b
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.rulebook import RuleBook
from itsm_gitops.model.timeline import replay_of
from itsm_gitops.repository.index import database, freshness
from itsm_gitops.repository.index.freshness import SUFFIX, Moves, Unusual
from itsm_gitops.repository.index.rows import (
    INSERT,
    INSERT_ALIAS,
    INSERT_EDGE,
    RowOrigin,
    broken_row,
    edge_rows,
    row_of,
    steps_of,
)
from itsm_gitops.snapshots.snapshot import SCHEMAS, WorkingTree
from itsm_gitops.snapshots.stamps import digest_of
from itsm_gitops.snapshots.store import parsed, unreadable

MOST_AT_ONCE = 5_000  # documents to read one after the other; more are read as if there were no index


def book_sign(snapshot: WorkingTree) -> str:
    """Return the digest of the rule book, on which every entry depends."""
    total = blake2b()
    infos = snapshot.files(SCHEMAS)
    for path, raw in snapshot.read_many(i.path for i in infos):
        total.update(f"{path}\0{len(raw)}\0".encode("utf-8", "surrogateescape"))
        total.update(raw)
    total.update(repr([(i.path, i.mode) for i in infos]).encode("utf-8", "surrogateescape"))
    return total.hexdigest()


def note(connection: sqlite3.Connection, **values: str) -> None:
    """Note something about an index."""
    connection.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", values.items())


class Reading(NamedTuple):
    """What one document to be brought up to date says now; ``row`` (without its generation) is None where it is gone."""

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
        return Reading(path, (*broken_row(book, path, document.problems), *source), None)
    return Reading(path, (*row_of(book, entry, steps_of(data), replay_of(data)), *source), entry)


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
        note(connection, index=change.tracked.sign)
    note(connection, generation=str(generation), reading=str(len(readings)))


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
    number = connection.execute(INSERT, (*reading.row, generation)).lastrowid or 0
    if reading.entry:
        connection.executemany(INSERT_EDGE, ((number, *edge) for edge in edge_rows(reading.entry)))
        aliases = ((a, number) for a in reading.entry.aliases)
        connection.executemany(INSERT_ALIAS, aliases)
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
