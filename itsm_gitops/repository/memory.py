"""A cache of parsed documents from an earlier run, so that an unchanged file is not opened again.

A file of the working tree counts as unchanged when size, times and inode are those of the last reading and the
times lie clearly before that reading (a second change within one tick of the clock would leave no mark). A file
of a commit is identified by its hash. Only documents without a problem are cached.
"""

from __future__ import annotations

import os
import pickle
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from itsm_gitops.model.entry import Entry
from itsm_gitops.repository import packing
from itsm_gitops.repository.modes import REGULAR, FileInfo
from itsm_gitops.repository.snapshot import Snapshot, WorkingTree
from itsm_gitops.repository.stamps import COARSE, settled_stamp

_PART = 2_000
_FEW = 10  # rows are few when all are at least so many times as many
Plain = tuple[list[Sequence[Any]], bytes]  # rows, and what visits returned


class MemoryRow(NamedTuple):
    """One document: its file, the digest of its content, and the result of reading it.

    ``data`` is the document itself for what stays in memory anyway (the CMDB), else None; ``visited`` is
    what the visit returned.
    """

    stamp: bytes
    digest: bytes
    entry: Entry
    data: Any
    visited: Any


class Memory:
    """The rows of the last reading (``before``) and of this one (``rows``), by path."""

    def __init__(self, stamps: Mapping[str, bytes], earlier: Iterable[Plain] = ()) -> None:
        """Take what ``plain`` returned once, and the ``stamps`` of the files before they are read."""
        self._base: dict[str, MemoryRow] = dict(row for part in earlier for row in _rows(*part))
        self.before = self._base
        self.rows: dict[str, MemoryRow] = {}
        self._stamps = stamps

    def overlay(self, later: Iterable[Plain]) -> None:
        """Take what ``plain`` returned of the ``news`` of the last run."""
        rows = self._base | dict(row for part in later for row in _rows(*part))
        self.before = {path: row for path, row in rows.items() if row.digest}

    def begin(self, infos: Iterable[FileInfo]) -> None:
        """Take over the rows of unchanged files."""
        for info in infos:
            row = self.before.get(info.path)
            if row is not None and row.stamp and row.stamp == self._stamps.get(info.path):
                self.rows[info.path] = row

    def learn(self, path: str, digest: bytes, entry: Entry, visited: Any, data: Any = None) -> None:
        """Remember a document that was just read."""
        self.rows[path] = MemoryRow(self._stamps.get(path, b""), digest, entry, data, visited)

    def changes(self) -> tuple[dict[str, MemoryRow], dict[str, MemoryRow]]:
        """Return the old and new rows of the documents that are new, changed or gone, by identifier."""
        before, after = self.before, self.rows
        paths = [
            p
            for p in before.keys() | after.keys()
            if p not in before or p not in after or before[p].digest != after[p].digest
        ]
        gone = {before[p].entry.id: before[p] for p in paths if p in before}
        come = {after[p].entry.id: after[p] for p in paths if p in after}
        return gone, come

    def news(self) -> dict[str, MemoryRow]:
        """Return the rows that are other than when all of them were kept; one that is gone has no digest."""
        other = {p: row for p, row in self.rows.items() if self._base.get(p) is not row}
        gone = self._base.keys() - self.rows.keys()
        return other | {p: self._base[p]._replace(digest=b"", visited=[]) for p in sorted(gone)}

    def are_few(self, news: Mapping[str, MemoryRow]) -> bool:
        """Whether it pays to keep these rows beside all others."""
        return len(news) * _FEW <= len(self._base)

    def has_new_rows(self) -> bool:
        """Whether a row is new or gone since the last run, so that the cache file must be written."""
        before = self.before
        return len(before) != len(self.rows) or any(before.get(p) is not row for p, row in self.rows.items())

    def forget(self) -> None:
        """Free the memory: the documents' words are among the largest things of a build."""
        self.before, self.rows, self._stamps, self._base = {}, {}, {}, {}

    def plain(self, some: Mapping[str, MemoryRow] | None = None) -> Iterator[Plain]:
        """Yield some rows (default: all) as plain data for a cache file that only this clone can write."""
        rows = list((self.rows if some is None else some).items())
        for start in range(0, len(rows), _PART):
            part = rows[start : start + _PART]
            plain_rows: list[Sequence[Any]] = [
                (
                    path,
                    r.stamp,
                    r.digest,
                    packing.plain(r.entry),
                    r.data,
                )
                for path, r in part
            ]
            yield plain_rows, pickle.dumps([r.visited for _, r in part], pickle.HIGHEST_PROTOCOL)


def _rows(rows: list[Sequence[Any]], visited: bytes) -> Iterator[tuple[str, MemoryRow]]:
    for (path, stamp, digest, entry, data), own in zip(rows, pickle.loads(visited), strict=True):  # noqa: S301 - see Vault
        yield path, MemoryRow(stamp, digest, packing.entry_of(entry), data, own)


def stamps(snapshot: Snapshot, infos: Iterable[FileInfo], clock: Path) -> dict[str, bytes]:
    """Return a stamp of each regular file, by path, that any later version differs from; empty bytes where none is sure.

    ``clock`` is a file that may be touched, to learn the file system's time.
    """
    regular = [i for i in infos if i.mode == REGULAR]
    if not isinstance(snapshot, WorkingTree):
        return {i.path: i.oid.encode() for i in regular}
    newest = sure_before(clock)
    base = str(snapshot.root)
    return {i.path: _stamp(f"{base}/{i.path}", newest) for i in regular}


def sure_before(clock: Path) -> int:
    """Return the time (nanoseconds since 1970) before which the times of a file tell every later change of it.

    ``clock`` is a file that is touched, to learn the file system's time.
    """
    clock.parent.mkdir(parents=True, exist_ok=True)
    clock.touch()
    return clock.stat().st_mtime_ns - COARSE


def _stamp(path: str, newest: int) -> bytes:
    try:
        status = os.lstat(path)
    except OSError:
        return b""
    return settled_stamp(status, newest)
