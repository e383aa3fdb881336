"""Documents from an earlier reading, so that an unchanged file is not opened again.

A file of the working tree counts as unchanged when size, times and inode are those of the last reading and the
times lie clearly before that reading (a second change within one tick of the clock would leave no mark). A file
of a commit is identified by its hash. Only documents without a problem are remembered.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from itsm_gitops.git.modes import REGULAR, FileInfo
from itsm_gitops.model.entry import Entry
from itsm_gitops.snapshots.snapshot import Snapshot, WorkingTree
from itsm_gitops.snapshots.stamps import COARSE, settled_stamp


class MemoryRow(NamedTuple):
    """One document: its file, the digest of its content, and the result of reading it.

    ``data`` is the document itself for what stays in memory anyway (the CMDB), else None; ``visited`` is
    what the visit returned, None where it was not visited this time.
    """

    stamp: bytes
    digest: bytes
    entry: Entry
    data: Any = None
    visited: Sequence[Any] | None = None


class Memory:
    """The rows of the last reading (``before``) and of this one (``rows``), by path."""

    def __init__(self, stamping: Stamping, before: Mapping[str, MemoryRow] | None = None) -> None:
        """Take the rows of the last reading, and what returns the stamps of files; it is asked before these are read."""
        self.before: Mapping[str, MemoryRow] = before or {}
        self.rows: dict[str, MemoryRow] = {}
        self._stamping = stamping
        self._stamps: Mapping[str, bytes] = {}

    def begin(self, infos: Sequence[FileInfo]) -> None:
        """Take over the rows of unchanged files."""
        self._stamps, before, rows = self._stamping(infos), self.before, self.rows
        for path, stamp in self._stamps.items():
            row = before.get(path)
            if row is not None and stamp and row.stamp == stamp:
                rows[path] = row

    def learn(self, path: str, digest: bytes, entry: Entry, visited: Sequence[Any], data: Any = None) -> None:
        """Remember a document that was just read."""
        self.rows[path] = MemoryRow(self._stamps.get(path, b""), digest, entry, data, visited)

    def moved(self) -> list[str]:
        """Return the paths of the documents that are new, changed or gone."""
        before, after = self.before, self.rows
        return [
            p
            for p in before.keys() | after.keys()
            if p not in before or p not in after or before[p].digest != after[p].digest
        ]

    def news(self) -> dict[str, MemoryRow]:
        """Return the rows of the files that were read this time."""
        return {path: row for path, row in self.rows.items() if self.before.get(path) is not row}


# Returns the stamp of each file, by path (see `stamps`).
Stamping = Callable[[Sequence[FileInfo]], Mapping[str, bytes]]


def stamps(snapshot: Snapshot, clock: Path, infos: Iterable[FileInfo]) -> dict[str, bytes]:
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
