"""Snapshots in which some files have other contents: those of documents that are not written yet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from itsm_gitops.git.modes import REGULAR, FileInfo
from itsm_gitops.snapshots.snapshot import CMDB, SCHEMAS, Snapshot, absent_of, ignored_of


class WithContents:
    """A snapshot in which some files have other bytes; None stands for the bytes that they have."""

    def __init__(self, snapshot: Snapshot, contents: Mapping[str, bytes | None]) -> None:
        self._below = snapshot
        self._contents = contents
        self.name = snapshot.name

    def read(self, path: str) -> bytes:
        """Return the bytes of one file."""
        raw = self._contents.get(path)
        return self._below.read(path) if raw is None else raw

    def read_many(self, paths: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """Yield each file as ``(path, bytes)``."""
        run: list[str] = []
        for path in paths:
            raw = self._contents.get(path)
            if raw is None:
                run.append(path)
                continue
            yield from self._below.read_many(run)
            run = []
            yield path, raw
        yield from self._below.read_many(run)


class Overlay(WithContents):
    """What a snapshot would be with some files replaced or added, limited to what those files need.

    It holds the whole CMDB, the documents themselves and the documents in ``also``; other records are
    left out, so that judging one document does not read 100,000 others.
    """

    def __init__(self, snapshot: Snapshot, contents: Mapping[str, bytes], also: Iterable[str] = ()) -> None:
        super().__init__(snapshot, contents)
        self._also = [p for p in also if p not in contents]

    @property
    def below(self) -> Snapshot:
        """The snapshot as it is."""
        return self._below

    def files(self, *roots: str) -> list[FileInfo]:
        """Return the files of the CMDB, the documents and the others, sorted by path."""
        found = {info.path: info for info in self._below.files(*(roots or (CMDB,)))}
        for path in (*self._contents, *self._also):
            if not roots or path.startswith(tuple(f"{r}/" for r in roots)):
                found[path] = FileInfo(path, REGULAR)
        return [found[path] for path in sorted(found)]

    @property
    def absent(self) -> tuple[str, ...]:
        """The files of the CMDB that are left out of the working tree."""
        return tuple(p for p in absent_of(self._below) if p.startswith((f"{CMDB}/", f"{SCHEMAS}/")))

    @property
    def ignored(self) -> frozenset[str]:
        """The files of the working tree that are no part of the repository."""
        return ignored_of(self._below) - self._contents.keys()
