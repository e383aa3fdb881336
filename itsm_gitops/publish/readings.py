"""What builds gather of single documents, and remember of them from one build to the next.

Of a document that did not change, its summary is taken from the rows of the last build (see `index.site_rows`), and what
reports and search need of it only when they ask.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

from itsm_gitops.model.entry import Entry
from itsm_gitops.model.timeline import packed, unpacked
from itsm_gitops.presentation.extras import Extra
from itsm_gitops.repository.index.site_rows import DocumentRow, SiteRows
from itsm_gitops.service_levels.life import Life
from itsm_gitops.snapshots.memory import Memory, MemoryRow, Stamping
from itsm_gitops.snapshots.store import identifier_of


class DocumentFacts(NamedTuple):
    """Data of one document: the part that the audience may see, and (``told``) all of it.

    Where all of it may be seen, ``words`` are those that search finds it by, and ``marks`` say which filters of the rule
    book it fulfils (see `Reporter.marks`); ``seen`` says what is withheld.
    """

    path: str
    extras: list[Extra]
    lives: list[Life]
    told: list[Life]
    words: str = ""
    seen: Any = None
    marks: int = 0


class DocumentChange(NamedTuple):
    """A document that changed since the last build, as it was then or as it is now."""

    entry: Entry
    data: Any
    lives: list[Life]
    words: str
    extras: Sequence[Extra] = ()


class Readings:
    """The documents of the last build, and those of this one once they are read."""

    def __init__(self, rows: SiteRows, stamping: Stamping, facts: Mapping[str, Any]) -> None:
        """Take the rows of the last build, what it noted, and what returns the stamps of files."""
        self._rows = rows
        self.facts = facts
        self._extras: dict[str, list[Extra]] = {}
        self._marks: dict[str, int] = {}
        before: dict[str, MemoryRow] = {}
        for path, (stamp, digest, entry, data, extra, _, marks) in rows.documents():
            before[path] = MemoryRow(stamp, digest, entry, data)
            self._marks[path] = marks
            if extra:
                self._extras[path] = [Extra(*values) for values in extra]
        self.memory = Memory(stamping, before)

    def extras(self) -> Iterator[Extra]:
        """Yield what lists say of the documents that were not read this time."""
        rows = self.memory.rows
        for path, extras in self._extras.items():
            if path in rows and rows[path].visited is None:
                yield from extras

    def marks(self) -> dict[str, int]:
        """Return the marks of the documents that were not read this time, by path."""
        rows, marks = self.memory.rows, self._marks
        return {path: marks[path] for path, row in rows.items() if row.visited is None}

    @cached_property
    def changes(self) -> tuple[dict[str, DocumentChange], dict[str, DocumentChange]]:
        """The documents that are new, changed or gone, as they were and as they are, by identifier; once all are read."""
        before, after = self.memory.before, self.memory.rows
        paths = self.memory.moved()
        details = dict(self._rows.details(p for p in paths if p in before))
        gone = {
            before[p].entry.id: _before(before[p], self._extras.get(p, ()), *details.get(p, ((), "")))
            for p in paths
            if p in before
        }
        come = {}
        for path in paths:
            if path in after:
                row, some = after[path], _only(after[path])
                come[row.entry.id] = DocumentChange(row.entry, row.data, some.lives, some.words, some.extras)
        return gone, come

    def keep(self, purpose: str) -> None:
        """Save what was read this time; from here on no page of the last build is known to be current."""
        news = self.memory.news()
        gone = self.memory.before.keys() - self.memory.rows.keys()
        rows = {}
        for path, row in news.items():
            some = _only(row)
            detail = ([[life.id, packed(life.replay)] for life in some.lives], some.words)
            extra = [list(e) for e in some.extras] or None
            rows[path] = DocumentRow(row.stamp, row.digest, row.entry, row.data, extra, detail, some.marks)
        self._rows.keep_documents(gone, rows, purpose)
        self.memory.before, self.memory.rows = {}, {}
        self.__dict__.pop("changes", None)  # who needs them has them: at a first build they are all documents

    def words(self) -> dict[str, str]:
        """Return the words of every document, by identifier; for when what was read is saved."""
        return {identifier_of(path): words for path, (_, words) in self._rows.details()}

    def lives(self, paths: Iterable[str] | None = None) -> list[Life]:
        """Return the lives of some documents (default: all) as they were saved."""
        return [life for _, (lives, _) in self._rows.details(paths) for life in _lives(lives)]


class Lives:
    """The lives of all records: of the documents that were read this time, and on demand of all others."""

    def __init__(self, fresh: Iterable[Life], readings: Readings | None = None) -> None:
        self._fresh = list(fresh)
        self._by_id = {life.id: life for life in self._fresh}
        self._readings = readings
        self._rest: list[Life] | None = None

    def __iter__(self) -> Iterator[Life]:
        if self._rest is None:
            # What was read this time may be saved already; then it is among the others, too.
            rest = self._readings.lives() if self._readings else ()
            self._rest = [life for life in rest if life.id not in self._by_id]
            self._by_id.update((life.id, life) for life in self._rest)
            self._readings = None
        yield from self._fresh
        yield from self._rest

    def of(self, entry: Entry) -> Life | None:
        """Return the life of one record, None where it has none."""
        if entry.id in self._by_id or self._readings is None:
            return self._by_id.get(entry.id)
        return next(iter(self._readings.lives([entry.path])), None)


def _lives(plain: Iterable[Any]) -> list[Life]:
    return [Life(name, unpacked(values)) for name, values in plain]


def _only(row: MemoryRow) -> DocumentFacts:
    """Return what was gathered of a document that was read."""
    return row.visited[0] if row.visited else DocumentFacts("", [], [], [])


def _before(row: MemoryRow, extras: Sequence[Extra], lives: Iterable[Any], words: str) -> DocumentChange:
    return DocumentChange(row.entry, row.data, _lives(lives), words, extras)
