"""The tables that a query reads: those of the index, or the same ones in memory where there is no index."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator

from itsm_gitops.model.timeline import Replay
from itsm_gitops.repository.index.database import INDEXES, TABLES
from itsm_gitops.repository.index.indexed_store import IndexedStore
from itsm_gitops.repository.index.rows import (
    INSERT,
    INSERT_EDGE,
    RowOrigin,
    StepRow,
    edge_rows,
    row_of,
    steps_of,
    timeline_of,
)
from itsm_gitops.snapshots.store import Store

# What SQLite makes of a query that it cannot answer.
REFUSALS = (sqlite3.Error, sqlite3.Warning, OverflowError, UnicodeError)


def tables_of(store: Store) -> sqlite3.Connection:
    """Return the tables of a store; those in memory are without timelines (``add_timelines``)."""
    return store.connection if isinstance(store, IndexedStore) else in_memory(store)


def in_memory(store: Store) -> sqlite3.Connection:
    """Return tables like the index's with everything of a store but timelines."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.execute("BEGIN")
    for table in (*TABLES, *INDEXES):
        connection.execute(table)
    origin = RowOrigin("", b"", b"")
    for number, entry in enumerate(store.entries.values(), 1):
        connection.execute(INSERT, (*row_of(store.book, entry, (), Replay()), *origin, 0))
        connection.executemany(INSERT_EDGE, ((number, *edge) for edge in edge_rows(entry)))
    connection.execute("COMMIT")
    return connection


def add_timelines(store: Store, connection: sqlite3.Connection) -> None:
    """Put the timelines of all records into tables in memory."""
    rows = ((json.dumps(steps), identifier) for identifier, steps in timelines(store))
    connection.executemany("UPDATE document SET timeline = ? WHERE id = ?", rows)


def timelines(store: Store) -> Iterator[tuple[str, list[StepRow]]]:
    """Yield the timelines of all records in brief."""
    if isinstance(store, IndexedStore):
        rows = store.connection.execute(
            "SELECT id, timeline FROM document WHERE usable = 1 AND record = 1 ORDER BY id"
        )
        yield from ((identifier, timeline_of(text)) for identifier, text in rows)
        return
    records = store.of_kinds([k.name for k in store.book.kinds.values() if k.is_record])
    yield from ((entry.id, steps_of(data)) for entry, data in store.read_documents(records))
