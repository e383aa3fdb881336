"""A temporary file of parsed documents, so that a second pass over all of them parses nothing.

Parsing is most of the time it takes to read a document, and all of them do not fit into memory. The
files have no name, so nobody else can write into them, and they are gone with the process.
"""

from __future__ import annotations

import marshal
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from itsm_gitops.snapshots.workers import MAX_JOBS

_FLUSH = 1 << 20
_FILE_BITS = 8


@contextmanager
def spooled(folder: Path) -> Iterator[Spool | None]:
    """Yield a spool with its files in ``folder`` until the block ends; None where systems cannot have one.

    ``folder`` is made when it is not there.
    """
    if not hasattr(os, "pread"):
        yield None
        return
    folder.mkdir(parents=True, exist_ok=True)
    free, end = os.pipe()
    os.write(end, bytes(range(MAX_JOBS)))
    os.close(end)
    with ExitStack() as files:
        files.callback(os.close, free)
        opened = [files.enter_context(tempfile.TemporaryFile(dir=folder)) for _ in range(MAX_JOBS)]
        yield Spool([file.fileno() for file in opened], free)


class Spool:
    """One file for each process that parses; made before they are forked.

    ``places`` are the documents that can be had again, by path; what another process added is known
    here only once its places have been put into them.
    """

    def __init__(self, files: Sequence[int], free: int) -> None:
        """Take open files, and a pipe with the numbers of those that no process has taken yet, a byte each."""
        self._files = files
        self._free = free
        self._number = -1
        self._size = 0
        self._waiting = bytearray()
        self.places: dict[str, tuple[int, int]] = {}

    def add(self, path: str, data: dict[str, Any]) -> None:
        """Add a document; call ``flush`` after the last one."""
        if self._number < 0:
            self._number = os.read(self._free, 1)[0]  # a byte is read by one process only
        packed = marshal.dumps(data)
        self.places[path] = (self._size << _FILE_BITS | self._number, len(packed))
        self._size += len(packed)
        self._waiting += packed
        if len(self._waiting) >= _FLUSH:
            self.flush()

    def flush(self) -> None:
        """Write the buffered documents."""
        while self._waiting:
            del self._waiting[: os.write(self._files[self._number], self._waiting)]

    def get(self, path: str) -> dict[str, Any] | None:
        """Return a document; None where the spool does not have it."""
        place = self.places.get(path)
        if place is None:
            return None
        start, size = place
        file = self._files[start & (1 << _FILE_BITS) - 1]
        data: dict[str, Any] = marshal.loads(os.pread(file, size, start >> _FILE_BITS))  # noqa: S302 - ours
        return data
