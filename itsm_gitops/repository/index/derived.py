"""What other rooms derive of single documents: made when first asked for, then kept in the index.

A value may depend on nothing but its document and the rule book (both are in what the index is checked by); never
on the clock, on settings or on other documents. Its row goes when its document is read again. A value is kept only
where the file still is what the entry was made from, and the index still stands as it did when it was opened.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from itsm_gitops import documents
from itsm_gitops.model.questions import Derivation
from itsm_gitops.repository.index import database
from itsm_gitops.snapshots.stamps import digest_of

if TYPE_CHECKING:
    from itsm_gitops.model.entry import Entry
    from itsm_gitops.repository.index.indexed_store import IndexedStore

_GENERATION = "SELECT value FROM meta WHERE name = 'generation'"
_STORED = (
    "SELECT id, value FROM derived JOIN document ON number = document"
    " WHERE what = ? AND id IN (SELECT value FROM json_each(?))"
)
_SOURCES = (
    "SELECT id, number, digest FROM document WHERE usable = 1 AND id IN (SELECT value FROM json_each(?))"
)


class _Made(NamedTuple):
    number: int
    value: str


def derived_values(
    store: IndexedStore, what: str, derive: Derivation, entries: Sequence[Entry]
) -> dict[str, Any]:
    """Return by identifier what ``derive`` makes of some documents, and keep what was not there yet."""
    if not entries:
        return {}
    stored: dict[str, Any] = {}
    with suppress(*database.DAMAGE):
        names = json.dumps([e.id for e in entries])
        stored.update((i, json.loads(v)) for i, v in store.connection.execute(_STORED, (what, names)))
    missing = [e for e in entries if e.id not in stored]
    if missing:
        made: list[_Made] = []
        stored.update(_derive(store, derive, missing, made))
        _keep(store, what, made)
    return {e.id: stored[e.id] for e in entries}


def _derive(
    store: IndexedStore, derive: Derivation, entries: Sequence[Entry], made: list[_Made]
) -> Mapping[str, Any]:
    """Read documents and derive; ``made`` gets what may be kept."""
    sources: dict[str, tuple[int, bytes]] = {}
    with suppress(*database.DAMAGE):
        names = json.dumps([e.id for e in entries])
        sources.update((i, (n, digest)) for i, n, digest in store.connection.execute(_SOURCES, (names,)))
    values = {}
    files = dict(store.snapshot.read_many([e.path for e in entries]))
    for entry in entries:
        raw = files.get(entry.path)
        data = documents.load(raw).data if raw is not None else None
        if raw is None or not isinstance(data, dict):
            values[entry.id] = derive(store.data(entry.id))  # which says what is wrong
            continue
        text = json.dumps(derive(data), separators=(",", ":"))
        values[entry.id] = json.loads(text)
        number, digest = sources.get(entry.id, (0, b""))
        if digest == digest_of(raw):
            made.append(_Made(number, text))
    return values


def _keep(store: IndexedStore, what: str, made: Sequence[_Made]) -> None:
    """Write values into the index, over a connection of its own; where that cannot be done they are made again."""
    with suppress(sqlite3.Error, OSError):
        _, _, path = store.connection.execute("PRAGMA database_list").fetchone()
        generation = store.connection.execute(_GENERATION).fetchone()
        _write(Path(path), generation, what, made)


def _write(path: Path, generation: object, what: str, made: Sequence[_Made]) -> None:
    with closing(database.connect(path)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        if connection.execute(_GENERATION).fetchone() == generation:
            rows = ((number, what, value) for number, value in made)
            connection.executemany("INSERT OR REPLACE INTO derived VALUES (?, ?, ?)", rows)
        connection.execute("COMMIT")
