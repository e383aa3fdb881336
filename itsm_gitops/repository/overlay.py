"""A small snapshot around one document that is not written yet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from itsm_gitops.repository.modes import REGULAR, FileInfo
from itsm_gitops.repository.snapshot import CMDB, SCHEMAS, Snapshot, absent_of


class Overlay:
    """What a snapshot would be with one file replaced, limited to what that file needs.

    It holds the whole CMDB, the document itself and the documents in ``also``; other records are
    left out, so that judging one document does not read 100,000 others.
    """

    def __init__(self, snapshot: Snapshot, path: str, raw: bytes, also: Sequence[str] = ()) -> None:
        self._below = snapshot
        self._path = path
        self._raw = raw
        self._also = [p for p in also if p != path]
        self.name = snapshot.name

    def files(self, *roots: str) -> list[FileInfo]:
        """Return the files of the CMDB, the document and the others, sorted by path."""
        found = {info.path: info for info in self._below.files(*(roots or (CMDB,)))}
        for path in (self._path, *self._also):
            if not roots or path.startswith(tuple(f"{r}/" for r in roots)):
                found[path] = FileInfo(path, REGULAR)
        return [found[path] for path in sorted(found)]

    @property
    def absent(self) -> tuple[str, ...]:
        """The files of the CMDB that are left out of the working tree."""
        return tuple(p for p in absent_of(self._below) if p.startswith((f"{CMDB}/", f"{SCHEMAS}/")))

    def read(self, path: str) -> bytes:
        """Return the bytes of one file; the document's are the new ones."""
        return self._raw if path == self._path else self._below.read(path)

    def read_many(self, paths: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """Yield each file as ``(path, bytes)``, the document with its new bytes."""
        run: list[str] = []
        for path in paths:
            if path != self._path:
                run.append(path)
                continue
            yield from self._below.read_many(run)
            run = []
            yield path, self._raw
        yield from self._below.read_many(run)
