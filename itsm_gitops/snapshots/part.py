"""A part of a snapshot: the rule book, the settings, the whole CMDB, and only some records."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from itsm_gitops.git.modes import FileInfo
from itsm_gitops.model.archive import ARCHIVED, is_list
from itsm_gitops.snapshots.snapshot import RECORDS, ROOTS, Snapshot, absent_of, ignored_of


class PartialSnapshot:
    """A snapshot without the records that are not named, so that 100,000 of them are not read."""

    def __init__(self, snapshot: Snapshot, records: Iterable[str]) -> None:
        self._below = snapshot
        self._records = frozenset(records)
        self.name = snapshot.name

    @property
    def below(self) -> Snapshot:
        """The whole snapshot."""
        return self._below

    def files(self, *roots: str) -> list[FileInfo]:
        """Return the files under ``roots`` (default: all data roots), sorted by path."""
        asked = roots or ROOTS
        others = [root for root in asked if root != RECORDS]
        found = self._below.files(*others) if others else []
        if RECORDS not in asked:
            return [i for i in found if self._holds(i.path)]
        lead = f"{RECORDS}/"
        named = [p for p in self._records if p.startswith(lead)]
        look = getattr(self._below, "info", None)
        if look is not None:
            lists = (i for i in self._below.files(ARCHIVED) if is_list(i.path))
            return sorted({*found, *filter(None, map(look, named)), *lists})
        records = self._below.files(RECORDS)
        return sorted([*found, *(i for i in records if self._holds(i.path))])

    def _holds(self, path: str) -> bool:
        return path in self._records or not path.startswith(f"{RECORDS}/") or is_list(path)

    @property
    def absent(self) -> tuple[str, ...]:
        """The files of this part that are left out of the working tree."""
        found = absent_of(self._below)
        return tuple(filter(self._holds, found))

    @property
    def ignored(self) -> frozenset[str]:
        """The files of the working tree that are no part of the repository."""
        return ignored_of(self._below)

    def naming(self, text: str, folder: str) -> list[str]:
        """Return the files under a folder, named or not, that hold a text."""
        paths = [i.path for i in self._below.files(folder)]
        wanted = text.encode()
        return [path for path, raw in self._below.read_many(paths) if wanted in raw]

    def read(self, path: str) -> bytes:
        """Return the bytes of one file of the whole snapshot."""
        return self._below.read(path)

    def read_many(self, paths: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """Yield each file as ``(path, bytes)``."""
        return self._below.read_many(paths)
