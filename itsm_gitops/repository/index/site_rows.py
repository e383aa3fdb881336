"""What the last build of one site knew: a SQLite file in Git's own folder, one for each folder a site is built into.

It lies beside the index (``.git/itsm/site-….db``), where no clone brings anything, and is believed by the same signs: our
tables, and the very file that was made. Values are JSON, plain text or bytes, so a hostile file can say wrong things at
most. Builds into one folder take turns, so it has one user at a time. It can be deleted at any time.

Many records name the same items and people in the same places, so edges have numbers, and are read once. One that no
document has any more stays until everything is forgotten.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

from itsm_gitops.model.entry import Edge, Entry
from itsm_gitops.model.errors import ItsmError
from itsm_gitops.repository.index import database
from itsm_gitops.repository.index.database import DAMAGE
from itsm_gitops.snapshots.packing import values_of

_TABLES = (
    "CREATE TABLE note (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID",
    "CREATE TABLE document (path BLOB PRIMARY KEY, stamp BLOB, digest BLOB, entry TEXT, data TEXT, extra TEXT, marks INTEGER)",
    "CREATE TABLE edge (number INTEGER PRIMARY KEY, value TEXT)",
    "CREATE TABLE detail (path BLOB PRIMARY KEY, value TEXT)",
    "CREATE TABLE page (id BLOB PRIMARY KEY, keys BLOB, signs BLOB, shape TEXT, about TEXT)",
)
_IDENTITY, _PURPOSE = "identity", "purpose"
_NOTE = "INSERT OR REPLACE INTO note VALUES (?, ?)"
_AT_ONCE = 1_000  # rows whose JSON is parsed in one go
_json = json.JSONEncoder(separators=(",", ":"), ensure_ascii=True).encode


PageRow = tuple[str, bytes, bytes, str, str]  # name, keys, stamps, shape, what others need to know of it


class DamagedRows(ItsmError):
    """The rows cannot be read or written; they have been removed, and a build begins without them."""


class DocumentRow(NamedTuple):
    """One document: its file, the digest of its content, its entry, and ``data`` of what stays in memory anyway.

    ``extra`` is what every build needs of it beyond that, as plain data; None for nothing. ``detail`` is what
    is seldom needed, and is only there when the row is written.
    """

    stamp: bytes
    digest: bytes
    entry: Entry
    data: Any = None
    extra: Any = None
    detail: Any = None
    marks: int = 0


class SiteRows:
    """The rows of one site."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._own = connection
        self._process = os.getpid()
        self._path = path
        self._numbers: dict[Edge, int] | None = None  # of the edges that are there, once somebody asked

    @property
    def _connection(self) -> sqlite3.Connection:
        """The connection of this process: a fork must not use that of another one."""
        if os.getpid() != self._process:
            self._inherited, self._process = self._own, os.getpid()  # closing it here would be to use it
            self._own = database.connect(self._path)
        return self._own

    def notes(self) -> dict[str, Any]:
        """Return what was noted about the build, by name."""
        with self._guarded():
            return {name: json.loads(value) for name, value in self._connection.execute("SELECT * FROM note")}

    def documents(self) -> Iterator[tuple[str, DocumentRow]]:
        """Yield every document by its path, without the details."""
        with self._guarded():
            edge_of = {number: edge for edge, number in self._edges().items()}.__getitem__
            cursor = self._connection.execute(
                "SELECT path, stamp, digest, entry, data, extra, marks FROM document"
            )
            while rows := cursor.fetchmany(_AT_ONCE):
                values = json.loads(f"[{','.join(f'[{r[3]},{r[4]},{r[5]}]' for r in rows)}]")
                for row, (entry, data, extra) in zip(rows, values, strict=True):
                    entry[_EDGES], entry[_ALIASES] = (
                        tuple(map(edge_of, entry[_EDGES])),
                        tuple(entry[_ALIASES]),
                    )
                    yield _text(row[0]), DocumentRow(row[1], row[2], Entry(*entry), data, extra, None, row[6])

    def _edges(self) -> dict[Edge, int]:
        if self._numbers is None:
            rows = self._connection.execute("SELECT number, value FROM edge").fetchall()
            values = json.loads(f"[{','.join(value for _, value in rows)}]")
            edges = [Edge(relation, target, tuple(place), still) for relation, target, place, still in values]
            self._numbers = {edge: number for edge, (number, _) in zip(edges, rows, strict=True)}
        return self._numbers

    def details(self, paths: Iterable[str] | None = None) -> Iterator[tuple[str, Any]]:
        """Yield the details of some documents (default: all) by path."""
        with self._guarded():
            ask = self._connection.execute
            if paths is None:
                found: Iterable[tuple[bytes, str]] = ask("SELECT path, value FROM detail")
            else:
                asked = (ask("SELECT path, value FROM detail WHERE path = ?", (_raw(p),)) for p in paths)
                found = (row for cursor in asked for row in cursor)
            for path, value in found:
                yield _text(path), json.loads(value)

    def pages(self) -> Iterator[PageRow]:
        """Yield every page: its name, keys, stamps, shape, and what others need to know of it."""
        with self._guarded():
            for name, keys, signs, shape, about in self._connection.execute("SELECT * FROM page"):
                yield _text(name), keys, signs, shape, about

    def keep_documents(self, gone: Iterable[str], come: Mapping[str, DocumentRow], purpose: str) -> None:
        """Write documents that are new or changed, and remove those that are gone. Of the notes only ``purpose`` is left."""
        with self._guarded():
            numbers = self._edges()
        unknown = dict.fromkeys(e for r in come.values() for e in r.entry.edges if e not in numbers)
        fresh = dict(zip(unknown, count(max(numbers.values(), default=0) + 1), strict=False))
        numbers |= fresh
        documents = (
            (
                _raw(p),
                r.stamp,
                r.digest,
                _json(values_of(r.entry, [numbers[edge] for edge in r.entry.edges])),
                _json(r.data),
                _json(r.extra),
                r.marks,
            )
            for p, r in come.items()
        )
        details = ((_raw(p), _json(r.detail)) for p, r in come.items())
        removed = [(_raw(p),) for p in gone]
        with self._transaction() as connection:
            connection.execute("DELETE FROM note")
            connection.executemany("DELETE FROM document WHERE path = ?", removed)
            connection.executemany("DELETE FROM detail WHERE path = ?", removed)
            connection.executemany(
                "INSERT INTO edge VALUES (?, ?)", ((n, _json(edge)) for edge, n in fresh.items())
            )
            connection.executemany("INSERT OR REPLACE INTO document VALUES (?, ?, ?, ?, ?, ?, ?)", documents)
            connection.executemany("INSERT OR REPLACE INTO detail VALUES (?, ?)", details)
            connection.execute(_NOTE, (_PURPOSE, _json(purpose)))

    def keep_pages(self, gone: Iterable[str], come: Iterable[PageRow], notes: Mapping[str, Any]) -> None:
        """Write pages that are new or changed, remove those that are gone, and note what the next build compares."""
        with self._transaction() as connection:
            connection.executemany("DELETE FROM page WHERE id = ?", ((_raw(p),) for p in gone))
            rows = ((_raw(name), *rest) for name, *rest in come)
            connection.executemany("INSERT OR REPLACE INTO page VALUES (?, ?, ?, ?, ?)", rows)
            connection.executemany(_NOTE, ((name, _json(value)) for name, value in notes.items()))

    def clear(self) -> None:
        """Forget everything: what is noted is of another tool, rule book or settings."""
        self._numbers = {}
        with self._transaction() as connection:
            for table in ("note", "document", "edge", "detail", "page"):
                connection.execute(f"DELETE FROM {table}")  # noqa: S608 - our own names

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._guarded():
            connection = self._connection
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute(_NOTE, (_IDENTITY, _json(database.identity(self._path))))
            connection.execute("COMMIT")

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except (*DAMAGE, OSError) as error:
            self.close()
            database.remove(self._path)
            raise DamagedRows("what the last build left cannot be used", "build again") from error

    def close(self) -> None:
        """Close the file."""
        self._own.close()


_FIELDS = tuple(Entry.__dataclass_fields__)
_EDGES, _ALIASES = _FIELDS.index("edges"), _FIELDS.index("aliases")


def _raw(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogatepass")


def open_rows(path: Path) -> SiteRows | None:
    """Open the rows of a site, a file below Git's folder; one that is not ours is replaced. None where there can be none."""
    folder = path.parent
    if database.is_remote(folder.parent):
        return None
    for _ in range(2):
        with suppress(*DAMAGE, OSError):
            if not os.path.lexists(path):
                folder.mkdir(exist_ok=True)
                os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
            rows = _opened(path)
            if rows is not None:
                return rows
        database.remove(path)
    return None


def _opened(path: Path) -> SiteRows | None:
    connection = database.connect(path)
    try:
        ask = connection.execute
        tables = ask("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid").fetchall()
        if not tables:
            ask("BEGIN IMMEDIATE")
            for table in _TABLES:
                ask(table)
            ask(_NOTE, (_IDENTITY, _json(database.identity(path))))
            ask("COMMIT")
            return SiteRows(connection, path)
        if tuple(row[0] for row in tables) == _TABLES:
            made = ask("SELECT value FROM note WHERE name = ?", (_IDENTITY,)).fetchone()
            if made and json.loads(made[0]) == database.identity(path):
                return SiteRows(connection, path)
    except BaseException:
        connection.close()
        raise
    connection.close()
    return None
