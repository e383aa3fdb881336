"""Snapshots: the same files read from the working tree, from the index or from any commit.

The bytes are the same wherever they are read from, with one exception that Git itself makes:
with ``core.autocrlf`` or an ``eol`` attribute the working tree may hold CRLF where commits hold
LF. Nothing here converts.

Only the data roots are visible, and nothing whose name starts with a dot, but for drafts of a writer
that was killed: they are listed so that they can be removed, and never read. Names that are not
UTF-8 are text with surrogates (``os.fsencode`` gives the bytes back).
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Protocol

from itsm_gitops.documents.names import DRAFT_PREFIX
from itsm_gitops.git.client import BLOB_MAX
from itsm_gitops.git.modes import DRAFT, FOLDER, NAMES, REGULAR, SUBMODULE, SYMLINK, FileInfo, irregular
from itsm_gitops.model.errors import ItsmError, NotFound

CONFIG = "itsm.yaml"
SCHEMAS = "schemas"
RECORDS = "records"
CMDB = "cmdb"
ROOTS = (CMDB, CONFIG, RECORDS, SCHEMAS)

# NOFOLLOW: a link is never read through. NONBLOCK: a named pipe does not stop us.
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
_CHUNK = 1 << 16
_AHEAD = 16 << 20


class Snapshot(Protocol):
    """All files of one state of a repository."""

    @property
    def name(self) -> str:
        """What to call this snapshot in messages."""
        ...

    def files(self, *roots: str) -> list[FileInfo]:
        """Return the files under ``roots`` (default: all data roots), sorted by path."""
        ...

    def read(self, path: str) -> bytes:
        """Return the bytes of one file, cut at BLOB_MAX; raises NotFound or ItsmError."""
        ...

    def read_many(self, paths: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """Yield each file as ``(path, bytes)`` in the order given; unreadable files are left out."""
        ...


class WorkingTree:
    """The files on disk below ``root``."""

    name = "working tree"

    def __init__(self, root: Path) -> None:
        self.root = root
        self.progress: Callable[[int, int], None] | None = None  # told how far reading all documents is
        self._absent: tuple[str, ...] | None = None
        self._base = str(root)
        self._plain: set[str] = {""}  # folders known not to be reached through a link

    def files(self, *roots: str) -> list[FileInfo]:
        """Return the files under ``roots``; links are listed and never followed."""
        found: list[FileInfo] = []
        for root in roots or ROOTS:
            self._list(root, found)
        found.sort()
        return found

    @property
    def absent(self) -> tuple[str, ...]:
        """The tracked files of the data roots that Git was told to leave out of this working tree."""
        if self._absent is None:
            from itsm_gitops.git.absent import absent_files

            self._absent = tuple(absent_files(self.root, ROOTS))
        return self._absent

    @property
    def ignored(self) -> frozenset[str]:
        """The untracked files of the data roots that Git ignores: they are no part of the repository."""
        from itsm_gitops.git.ignored import ignored_files

        return ignored_files(self.root, ROOTS)

    def _list(self, root: str, found: list[FileInfo]) -> None:
        mode = _mode_of(self._base + "/" + root)
        if mode is not None:
            if mode:
                found.append(FileInfo(root, mode))
                return
            self._walk(root, found)

    def _walk(self, root: str, found: list[FileInfo]) -> None:
        pending = [root]
        while pending:
            folder = pending.pop()
            self._plain.add(folder)
            with os.scandir(f"{self._base}/{folder}") as listing:
                for item in listing:
                    name = item.name
                    path = f"{folder}/{name}"
                    if name[0] == ".":
                        if name.startswith(DRAFT_PREFIX):
                            found.append(FileInfo(path, DRAFT))
                        continue
                    if item.is_file(follow_symlinks=False):
                        found.append(FileInfo(path, REGULAR))
                    elif item.is_dir(follow_symlinks=False):
                        # A repository inside this one is what commits show as a submodule.
                        if os.path.lexists(f"{item.path}/.git"):
                            found.append(FileInfo(path, SUBMODULE))
                        else:
                            pending.append(path)
                            if name.endswith(NAMES):
                                found.append(FileInfo(path, FOLDER))
                    else:
                        found.append(FileInfo(path, irregular(item.stat(follow_symlinks=False).st_mode)))

    def read(self, path: str) -> bytes:
        """Return the bytes of one file; raises NotFound, or ItsmError for a link or no permission."""
        try:
            return self._read(path)
        except (FileNotFoundError, NotADirectoryError) as error:
            raise NotFound(f"there is no file {path}") from error
        except OSError as error:
            why = "it is a symbolic link" if error.errno == errno.ELOOP else str(error.strerror)
            raise ItsmError(f"{path} cannot be read: {why}") from error

    def read_many(self, paths: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """Yield ``(path, bytes)`` of each file that can be read."""
        for path in paths:
            try:
                raw = self._read(path)
            except OSError:
                continue
            yield path, raw

    def _read(self, path: str) -> bytes:
        folder = path.rpartition("/")[0]
        if folder not in self._plain:
            self._check_folder(folder)
        handle = os.open(f"{self._base}/{path}", _FLAGS)
        try:
            raw = os.read(handle, _CHUNK)
            if len(raw) < _CHUNK:
                return raw
            parts = [raw]
            left = BLOB_MAX - len(raw)
            while left > 0:
                more = os.read(handle, left)
                if not more:
                    break
                parts.append(more)
                left -= len(more)
            return b"".join(parts)
        finally:
            os.close(handle)

    def _check_folder(self, folder: str) -> None:
        """Raise OSError when a folder is outside the root or reached through a link."""
        so_far = ""
        for part in folder.split("/"):
            if part in ("", ".", ".."):
                raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), folder)
            so_far = f"{so_far}/{part}" if so_far else part
            if Path(self._base, so_far).is_symlink():
                raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), so_far)
        self._plain.add(folder)


def absent_of(snapshot: Snapshot) -> tuple[str, ...]:
    """Return the tracked files that are missing in a working tree for a technical reason; a commit has all."""
    found: tuple[str, ...] = getattr(snapshot, "absent", ())
    return found


def root_of(snapshot: Snapshot, path: str) -> str:
    """Return the name of the root that a file is from; empty where it is the repository's own."""
    asked: Callable[[str], str] | None = getattr(snapshot, "root_of", None)
    return asked(path) if asked else ""


def refuse_unread(snapshot: Snapshot, identifier: str) -> None:
    """Raise Incomplete where a name is one of a root that cannot be read: nobody knows whether it exists."""
    asked: Callable[[str], None] | None = getattr(snapshot, "refuse_unread", None)
    if asked:
        asked(identifier.strip())


def progress_of(snapshot: Snapshot) -> Callable[[int, int], None] | None:
    """Return the function that shows the progress of reading all documents; None where none is wanted."""
    told: Callable[[int, int], None] | None = getattr(snapshot, "progress", None)
    return told


def own_files(snapshot: Snapshot) -> list[FileInfo]:
    """Return the files of the data roots that belong to the repository, sorted by path."""
    ignored = ignored_of(snapshot)
    return [info for info in snapshot.files() if info.path not in ignored]


def ignored_of(snapshot: Snapshot) -> frozenset[str]:
    """Return the files of a working tree that are no part of the repository; a commit has none."""
    paths: frozenset[str] = getattr(snapshot, "ignored", frozenset())
    return paths


def _mode_of(path: str) -> str | None:
    """Return the mode of a root: None when it is absent, an empty string for a folder."""
    here = Path(path)
    if here.is_symlink():
        return SYMLINK
    if here.is_dir():
        return ""
    if here.is_file():
        return REGULAR
    return irregular(here.stat().st_mode) if here.exists() else None
