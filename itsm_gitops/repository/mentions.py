"""Full-text search for an identifier in all files: searches bytes, parses nothing and needs no index.

8,000 files take 60 ms. The search runs in a forked process while the caller does other things.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable
from typing import NamedTuple

from itsm_gitops.git.modes import REGULAR
from itsm_gitops.repository.snapshot import CMDB, RECORDS, Snapshot
from itsm_gitops.repository.workers import can_fork

# Folders of kinds with more documents are searched only when that is asked for.
SEARCHED_FOLDER_MAX = 2000


class Mentions(NamedTuple):
    """Where an identifier is mentioned: ``paths``, sorted.

    ``skipped`` are the folders of kinds that were too large to be searched.
    """

    paths: list[str]
    skipped: list[str]


def mentions(snapshot: Snapshot, identifier: str, most: int = 0) -> Mentions:
    """Find all documents that hold the text of ``identifier``.

    Folders of kinds (``records/incidents``) with more than ``most`` documents are left out; 0
    searches all.
    """
    folders: dict[str, list[str]] = {}
    for info in snapshot.files(CMDB, RECORDS):
        if info.mode == REGULAR and info.path.endswith(".yaml"):
            family, _, rest = info.path.partition("/")
            folders.setdefault(f"{family}/{rest.partition('/')[0]}", []).append(info.path)
    skipped = [folder for folder, paths in folders.items() if most and len(paths) > most]
    needle = identifier.encode()
    paths = [path for folder, inside in folders.items() if folder not in skipped for path in inside]
    return Mentions([path for path, raw in snapshot.read_many(paths) if needle in raw], skipped)


def mentioning(snapshot: Snapshot, words: Iterable[str]) -> list[str]:
    """Return the paths of the records and items that hold one of some words, in any case of its letters."""
    paths = [
        info.path
        for info in snapshot.files(CMDB, RECORDS)
        if info.mode == REGULAR and info.path.endswith(".yaml")
    ]
    wanted = [word.lower().encode() for word in words]
    return [p for p, raw in snapshot.read_many(paths) if any(w in raw.lower() for w in wanted)]


class Search:
    """A search in a forked process; ``result`` waits for its end."""

    def __init__(self, snapshot: Snapshot, identifier: str, most: int = 0) -> None:
        self._arguments = (snapshot, identifier, most)
        self._pid = 0
        self._pipe = -1
        if can_fork():
            self._start()

    def _start(self) -> None:
        read_end, write_end = os.pipe()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            self._pid = os.fork()
        if self._pid:
            os.close(write_end)
            self._pipe = read_end
            return
        code = 1
        try:
            os.close(read_end)
            # No path holds a NUL, and none is empty: an empty name stands between the two lists.
            result = mentions(*self._arguments)
            sent = b"\0".join(os.fsencode(p) for p in [*result.paths, "", *result.skipped, ""])
            while sent:
                sent = sent[os.write(write_end, sent) :]
            code = 0
        finally:
            os._exit(code)  # never back into the caller's code, whatever happened

    def result(self) -> Mentions:
        """Return the result of the search; to be called once."""
        if not self._pid:
            return mentions(*self._arguments)
        parts = []
        while part := os.read(self._pipe, 1 << 16):
            parts.append(part)
        os.close(self._pipe)
        _, status = os.waitpid(self._pid, 0)
        self._pid = 0
        if status:  # it died: do its work here, where an error can be reported
            return mentions(*self._arguments)
        names = [os.fsdecode(p) for p in b"".join(parts).split(b"\0")]
        middle = names.index("")
        return Mentions(names[:middle], names[middle + 1 : -1])
