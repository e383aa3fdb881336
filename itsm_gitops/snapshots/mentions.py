"""Which documents may link to one: those that the index names, or those that hold its identifier as text.

Without an index bytes are searched and nothing is parsed: 8,000 files take 60 ms. That runs in a forked process while
the caller does other things; with one, Git is what takes time, and works while the caller does.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, NamedTuple

from itsm_gitops.git.modes import REGULAR
from itsm_gitops.snapshots.snapshot import CMDB, RECORDS, Snapshot, WorkingTree
from itsm_gitops.snapshots.workers import can_fork

if TYPE_CHECKING:
    from itsm_gitops.snapshots.store import Store

# Folders of kinds with more documents are searched only when that is asked for.
SEARCHED_FOLDER_MAX = 2000


_LISTS = 3  # that a search sends


class Mentions(NamedTuple):
    """Where an identifier is mentioned: ``paths``, sorted.

    ``skipped`` are the folders of kinds that were too large to be searched. Where the index was asked, ``links`` says
    that each of ``paths`` links to it, and ``unreadable`` are the documents that mention it and cannot be read.
    """

    paths: list[str]
    skipped: list[str]
    unreadable: list[str]
    links: bool = False


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
    found = [path for path, raw in snapshot.read_many(paths) if needle in raw]
    ignored = snapshot.ignored if found and isinstance(snapshot, WorkingTree) else ()
    return Mentions([path for path in found if path not in ignored], skipped, [])


def linking(snapshot: Snapshot, identifier: str, store: Store) -> Mentions:
    """Find the documents that link to ``identifier`` in the index, which knows every folder."""
    sources = {source for source, _ in store.into(identifier)}
    found = {entry.path for source in sources if (entry := store.entries.get(source))}
    needle = identifier.encode()
    unreadable = [path for path, raw in snapshot.read_many(sorted(store.problems)) if needle in raw]
    return Mentions(sorted(found), [], unreadable, links=True)


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
    """A search in a forked process; ``result`` waits for its end.

    With an index (``indexed`` returns its documents) none is needed; ``store`` is what it returned, to be used for more.
    """

    def __init__(
        self,
        snapshot: Snapshot,
        identifier: str,
        most: int = 0,
        indexed: Callable[[], Store | None] | None = None,
    ) -> None:
        self._arguments = (snapshot, identifier, most)
        self._indexed = indexed
        self.store: Store | None = None
        self._pid = 0
        self._pipe = -1
        if indexed is None and can_fork():
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
            # No path holds a NUL, and none is empty: an empty name ends each list.
            *lists, _ = mentions(*self._arguments)
            sent = b"\0".join(os.fsencode(p) for some in lists for p in (*some, ""))
            while sent:
                sent = sent[os.write(write_end, sent) :]
            code = 0
        finally:
            os._exit(code)  # never back into the caller's code, whatever happened

    def result(self) -> Mentions:
        """Return the result of the search; to be called once."""
        self.store = self._indexed() if self._indexed else None
        if self.store is not None:
            return linking(*self._arguments[:2], self.store)
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
        lists: list[list[str]] = [[]]
        for name in b"".join(parts).split(b"\0"):
            if name:
                lists[-1].append(os.fsdecode(name))
            else:
                lists.append([])
        paths, skipped, unreadable = lists[:_LISTS]
        return Mentions(paths, skipped, unreadable)
