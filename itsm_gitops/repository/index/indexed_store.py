"""A loaded snapshot of the working tree on top of the index: the surface of ``Store``, read when asked for."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property, wraps
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

from itsm_gitops.documents import Problem
from itsm_gitops.model.entry import Edge, Entry
from itsm_gitops.model.lifetime import Wanted
from itsm_gitops.model.questions import Derivation
from itsm_gitops.model.rulebook import RuleBook
from itsm_gitops.model.timeline import Replay
from itsm_gitops.repository.index.database import DAMAGE, remove
from itsm_gitops.repository.index.derived import derived_values
from itsm_gitops.repository.index.finding import find_name
from itsm_gitops.repository.index.lives import count_open, first_opened, lives
from itsm_gitops.repository.index.rows import (
    ENTRY,
    StepRow,
    edge_of,
    entry_of,
    pointer_of,
    problems_of,
    timeline_of,
)
from itsm_gitops.snapshots.config import Config
from itsm_gitops.snapshots.snapshot import Snapshot, own_files
from itsm_gitops.snapshots.store import Store

_USABLE = f"SELECT {ENTRY} FROM document WHERE usable = 1"  # noqa: S608 - our own names
_SOURCES = "FROM edge JOIN document ON number = document"
_EDGE = "id, relation, target, pointer, edge.open"
_FEW = 500  # names in one question


class EntryTable(Mapping[str, Entry]):
    """Entries by a column of the index, read one by one, or all at once when somebody wants all.

    ``instead`` returns them where the index turns out to be damaged.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        key: str,
        every: Callable[[], Mapping[str, Entry]],
        instead: Callable[[], Mapping[str, Entry]],
    ) -> None:
        self._connection = connection
        self._key = key
        self._every = every
        self._instead = instead
        self._read: dict[str, Entry | None] = {}
        self._there: dict[str, bool] = {}
        self._all: Mapping[str, Entry] | None = None

    def _whole(self) -> Mapping[str, Entry]:
        if self._all is None:
            try:
                self._all = self._every()
            except DAMAGE:
                self._all = self._instead()
        return self._all

    def get(self, key: object, default: Any = None) -> Any:
        """Return the entry of a name, or the default."""
        if self._all is None and isinstance(key, str):
            if key not in self._read:
                try:
                    question = f"{_USABLE} AND {self._key} = ?"
                    row = self._connection.execute(question, (encodable(key),)).fetchone()
                    self._read[key] = entry_of(row) if row else None
                except DAMAGE:
                    self._all = self._instead()
                    return self._all.get(key, default)
            return self._read[key] or default
        return self._whole().get(key, default) if isinstance(key, str) else default

    def __getitem__(self, key: str) -> Entry:
        entry: Entry | None = self.get(key)
        if entry is None:
            raise KeyError(key)
        return entry

    def __contains__(self, key: object) -> bool:
        if self._all is not None or key in self._read or not isinstance(key, str):
            return self.get(key) is not None
        if key not in self._there:
            question = f"SELECT 1 FROM document WHERE usable = 1 AND {self._key} = ?"  # noqa: S608
            try:
                row = self._connection.execute(question, (encodable(key),)).fetchone()
            except DAMAGE:
                return self.get(key) is not None
            self._there[key] = row is not None
        return self._there[key]

    def __iter__(self) -> Iterator[str]:
        if self._all is None:
            order = f"SELECT {self._key} FROM document WHERE usable = 1 ORDER BY {self._key}"  # noqa: S608
            try:
                return iter([name for (name,) in self._connection.execute(order)])
            except DAMAGE:
                self._all = self._instead()
        return iter(self._all)

    def __len__(self) -> int:
        if self._all is None:
            return len(list(iter(self)))
        return len(self._all)

    def values(self) -> Any:
        """Return all entries; they are read in one go."""
        return self._whole().values()

    def items(self) -> Any:
        """Return all entries with their names; they are read in one go."""
        return self._whole().items()


def encodable(text: str) -> str:
    """Return text that SQLite can compare; what it cannot hold equals nothing in the index."""
    return text.encode("utf-8", "replace").decode("utf-8")


P = ParamSpec("P")
T = TypeVar("T")


def _or_whole(
    question: Callable[Concatenate[Any, P], T],
) -> Callable[Concatenate[Any, P], T]:
    """Let a question be answered by reading every document where the index turns out to be damaged."""

    @wraps(question)
    def asked(self: Any, *args: P.args, **kwargs: P.kwargs) -> T:
        if not self.is_damaged:
            try:
                return question(self, *args, **kwargs)
            except DAMAGE:
                pass
        answer: T = getattr(self.whole, question.__name__)(*args, **kwargs)
        return answer

    return cast(Callable[Concatenate[Any, P], T], asked)


class IndexedStore(Store):
    """A store whose entries, edges and aliases come from the index; documents are read from their files.

    It answers from one state of the index, whatever other processes do meanwhile. Where the file turns out to be
    damaged it is removed, and every document is read.
    """

    def __init__(
        self, snapshot: Snapshot, book: RuleBook, config: Config, connection: sqlite3.Connection
    ) -> None:
        super().__init__(snapshot, book, config)
        del self.files, self.aliases  # worked out when somebody asks
        self.connection = connection
        self._table = EntryTable(connection, "id", self._load_all, lambda: self.whole.entries)
        self._paths = EntryTable(
            connection,
            "path",
            lambda: {e.path: e for e in self._table.values()},
            lambda: self.whole.by_path,
        )
        rows = connection.execute(
            "SELECT path, id, kind, problems FROM document WHERE usable = 0 ORDER BY path"
        )
        for path, identifier, kind, problems in rows.fetchall():
            listed: tuple[Problem, ...] = problems_of(problems)
            if listed:
                self.problems[path] = listed
            if kind:
                self.broken.setdefault(identifier, path)
        self.note_gaps()

    @property
    def entries(self) -> Mapping[str, Entry]:
        """Every entry by identifier."""
        return self._table

    @property
    def by_path(self) -> Mapping[str, Entry]:
        """Every entry by path."""
        return self._paths

    def _load_all(self) -> Mapping[str, Entry]:
        rows = self.connection.execute(f"{_USABLE} ORDER BY id")
        return {row[0]: entry_of(row) for row in rows}

    @property
    def is_damaged(self) -> bool:
        """Whether the file of the index turned out to be damaged."""
        return "whole" in self.__dict__

    @cached_property
    def whole(self) -> Store:
        """The same snapshot, read from all documents; the damaged index is removed."""
        from itsm_gitops.snapshots.loading import load_store

        for _, _, place in self.connection.execute("PRAGMA database_list").fetchall():
            if place:
                remove(Path(place))
        return load_store(self.snapshot, book=self.book, config=self.config)[0]

    @cached_property
    def files(self) -> list[str]:  # type: ignore[override]
        """The paths of all files of the data roots."""
        return [info.path for info in own_files(self.snapshot)]

    @cached_property
    def aliases(self) -> dict[str, str]:  # type: ignore[override]
        """Identifiers by their old names; the first one by path wins."""
        question = "SELECT name, id FROM alias JOIN document ON number = document ORDER BY path DESC"
        try:
            return dict(self.connection.execute(question).fetchall())
        except DAMAGE:
            return self.whole.aliases

    def select(self, condition: str, values: Sequence[Any] = (), order: str = "id") -> list[Entry]:
        """Return the entries whose rows fulfil a condition in SQL, which our own code wrote; values stand for ``?``."""
        return [
            entry_of(row)
            for row in self.connection.execute(f"{_USABLE} AND ({condition}) ORDER BY {order}", values)
        ]

    @_or_whole
    def of_kinds(self, kinds: Collection[str], *, open_only: bool = False) -> list[Entry]:
        """Return the entries of some kinds, by identifier; with ``open_only`` those on which work is to be done."""
        marks = ", ".join("?" * len(kinds))
        condition = f"kind IN ({marks})" + (" AND open = 1" if open_only else "")
        return self.select(condition, sorted(kinds))

    @_or_whole
    def earliest(self) -> str:
        """Return the least text that says when a record was opened; empty where none says it."""
        question = "SELECT min(opened) FROM document WHERE usable = 1 AND record = 1 AND opened > ''"
        least: str | None = self.connection.execute(question).fetchone()[0]
        return least or ""

    @_or_whole
    def into(self, identifier: str) -> Sequence[tuple[str, Edge]]:
        """Return the edges that lead to an identifier, each with the document that stores it, by its identifier."""
        return self._edges("target = ?", identifier)

    @_or_whole
    def pairs(self, *relations: str) -> Sequence[tuple[str, Edge]]:
        """Return the stored edges of some relations, each with the document that stores it, as they stand there."""
        return self._edges(f"relation IN ({', '.join('?' * len(relations))})", *relations)

    def _edges(self, condition: str, *values: str) -> list[tuple[str, Edge]]:
        question = f"SELECT {_EDGE} {_SOURCES} WHERE {condition} ORDER BY id, place"
        rows = self.connection.execute(question, [encodable(v) for v in values])
        return [
            (source, edge_of(rel, target, pointer_of(at), is_open))
            for source, rel, target, at, is_open in rows
        ]

    @_or_whole
    def linked(self, relation: str, targets: Iterable[str], kinds: Collection[str]) -> list[Entry]:
        """Return the entries of some kinds that store a relation to one of the targets, by identifier."""
        sources = (
            "SELECT document FROM edge WHERE relation = ? AND target IN (SELECT value FROM json_each(?))"
        )
        condition = f"kind IN ({', '.join('?' * len(kinds))}) AND number IN ({sources})"
        names = json.dumps([encodable(t) for t in targets])
        return self.select(condition, (*sorted(kinds), relation, names))

    def derived(self, what: str, derive: Derivation, entries: Iterable[Entry]) -> dict[str, Any]:
        """Return what is derived of some documents: from the index, and what is not there from the documents."""
        if self.is_damaged:
            return self.whole.derived(what, derive, entries)
        return derived_values(self, what, derive, list(entries))

    def find(self, fragment: str) -> Entry:
        """Return the entry that an identifier, alias or unique fragment means, as ``Store.find`` does."""
        identifier = None if self.is_damaged else find_name(self.connection, fragment, self.broken)
        if identifier is None:
            return super().find(fragment)
        if identifier in self.entries:
            return self.entries[identifier]
        raise self.unusable(self.broken[identifier])

    @_or_whole
    def lives(self, wanted: Wanted) -> Iterable[tuple[Entry, Replay]]:
        """Return the records that are wanted, and perhaps others, by identifier, with what can be replayed of them."""
        return list(lives(self.connection, wanted))

    @_or_whole
    def first_opened(self, now: int, kinds: Collection[str]) -> int | None:
        """Return when the first record of some kinds was opened, None where none was by ``now``."""
        return first_opened(self.connection, now, kinds)

    @_or_whole
    def open_before(self, moments: Sequence[int], kinds: Collection[str]) -> list[int]:
        """Return how many records of some kinds were open just before each moment (seconds since 1970, UTC)."""
        return count_open(self.connection, self.book, moments, kinds)

    def timeline(self, identifier: str) -> list[StepRow]:
        """Return the timeline of a document in brief: time, state and person of each entry, as written."""
        row = self.connection.execute(
            "SELECT timeline FROM document WHERE usable = 1 AND id = ?", (encodable(identifier),)
        ).fetchone()
        return timeline_of(row[0]) if row else []
