"""The folder of an export for analytics: whole files only, never through a link, nothing that is not ours.

New files are written under ``.staging`` in the folder. When all are there, each takes its place in one step. The
list of files, ``_export.json``, says ``"complete": false`` while that happens: an export that was killed before has
changed nothing, one that was killed in the middle is put right by the next. Engines pass over both names.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import stat
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, NamedTuple, Self

from itsm_gitops.documents.places import DIRECTORY, open_folder, refuse_sources
from itsm_gitops.model.errors import Refused

MANIFEST = "_export.json"
FORMAT, VERSION = "itsm-gitops/analytics", 1
_STAGING = ".staging"
_PASSED_OVER = (".", "_")  # engines read no file whose name begins so
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NEW = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_MOST_MANIFEST = 64 << 20
_CHUNK = 1 << 20
_HINT = "choose another --to, or remove it first"


class ExportedFile(NamedTuple):
    """A file of an export: its path in the folder, how many rows it has, its size and its SHA-256."""

    path: str
    rows: int
    size: int
    sha256: str


class ExportFolder:
    """The opened folder of one export; a context manager that closes it and lets the next export begin."""

    def __init__(self, root: Path, handle: int) -> None:
        """Take the folder's handle, which is locked."""
        self.root = root
        self._handle = handle
        self._staging = -1
        self.manifest = self._read_manifest()

    @classmethod
    def claim(cls, root: Path, audience: str, trusted: Path) -> Self:
        """Open a folder for an export, made where it is missing.

        Raises Refused where it holds something that no export wrote or what another audience may see, where a
        link leads to it, and while another export writes into it.
        """
        refuse_sources(root, trusted, "an export", "--to")
        handle = open_folder(root, trusted)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(handle)
            raise Refused(f"another export is writing into {root}", "try again when it is done") from error
        try:
            made = cls(root, handle)
            made._refuse_others(audience)
            made._clear_staging()
        except BaseException:
            os.close(handle)
            raise
        return made

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            self._clear_staging()
        os.close(self._handle)

    def _read_manifest(self) -> Mapping[str, Any]:
        try:
            with os.fdopen(os.open(MANIFEST, _READ, dir_fd=self._handle), "rb") as file:
                data = json.loads(file.read(_MOST_MANIFEST)) if _is_regular(file.fileno()) else None
        except FileNotFoundError:
            return {}
        except (OSError, ValueError):
            data = None
        if not isinstance(data, dict) or (data.get("format"), data.get("version")) != (FORMAT, VERSION):
            raise Refused(f"{self.root / MANIFEST} is not the list of an export of this version", _HINT)
        return data

    @property
    def files(self) -> Mapping[str, str]:
        """The digests of the files that the last export says it left, by path."""
        listed = self.manifest.get("files")
        found = listed if isinstance(listed, dict) else {}
        return {str(p): str(f.get("sha256")) for p, f in found.items() if isinstance(f, dict)}

    def _refuse_others(self, audience: str) -> None:
        own = self.files
        before = self.manifest.get("audience", audience)
        if before != audience:
            raise Refused(f"{self.root} holds an export for another audience ({before})", _HINT)
        for path in self._walk():
            if path not in own and not path.rpartition("/")[2].startswith(_PASSED_OVER):
                raise Refused(f"{self.root / path} was not written by an export", _HINT)

    def _walk(self) -> Iterator[str]:
        """Yield every file below the folder, and every link, without following any."""
        for folder, folders, files, place in os.fwalk(".", dir_fd=self._handle, follow_symlinks=False):
            prefix = "" if folder == "." else f"{folder[2:]}/"
            links = [
                n for n in folders if stat.S_ISLNK(os.stat(n, dir_fd=place, follow_symlinks=False).st_mode)
            ]
            folders[:] = sorted(n for n in folders if not n.startswith(_PASSED_OVER))
            yield from sorted(prefix + name for name in (*files, *links))

    def holds(self, path: str, sha256: str) -> bool:
        """Whether a file is there with this content."""
        try:
            place = self._folder(path.rpartition("/")[0], make=False)
        except OSError:
            return False
        try:
            handle = os.open(path.rpartition("/")[2], _READ, dir_fd=place)
        except OSError:
            return False
        finally:
            os.close(place)
        with os.fdopen(handle, "rb") as file:
            return _is_regular(handle) and digest_of(file) == sha256

    def stage(self, path: str) -> IO[bytes]:
        """Open a new file that will take this path; also in a forked process."""
        if self._staging < 0:
            with suppress(FileExistsError):
                os.mkdir(_STAGING, 0o700, dir_fd=self._handle)
            self._staging = os.open(_STAGING, DIRECTORY, dir_fd=self._handle)
        return os.fdopen(os.open(_staged(path), _NEW, 0o644, dir_fd=self._staging), "w+b")

    def unstage(self, path: str) -> None:
        """Remove a staged file that is not needed."""
        os.unlink(_staged(path), dir_fd=self._staging)

    def commit(self, manifest: Mapping[str, Any], changed: Collection[str]) -> int:
        """Put the staged files in their places, remove those of the last export that are no more; return how many.

        ``manifest`` describes all files of the export. Nothing is written where nothing changed.
        """
        files: Mapping[str, Any] = manifest["files"]
        stale = sorted(set(self.files) - set(files))
        head = {"format": FORMAT, "version": VERSION, "complete": True}
        whole = {**head, **manifest}
        if not changed and not stale and whole == self.manifest:
            return 0
        begun = {**whole, "complete": False, "files": {**dict(self.manifest.get("files", {})), **files}}
        self._write_manifest(begun)
        for path in sorted(changed):
            self._place(path)
        for path in stale:
            self._remove(path)
        self._write_manifest(whole)
        os.fsync(self._handle)
        return len(stale)

    def _place(self, path: str) -> None:
        folder, _, name = path.rpartition("/")
        place = self._folder(folder, make=True)
        try:
            source = self._staging_handle()
            os.rename(_staged(path), name, src_dir_fd=source, dst_dir_fd=place)
        finally:
            os.close(place)

    def _staging_handle(self) -> int:
        if self._staging < 0:  # everything was staged in other processes
            self._staging = os.open(_STAGING, DIRECTORY, dir_fd=self._handle)
        return self._staging

    def _remove(self, path: str) -> None:
        """Remove a file of an earlier export, and the folders that are empty then."""
        parts = path.split("/")
        try:
            for depth in range(len(parts), 0, -1):
                place = self._folder("/".join(parts[: depth - 1]), make=False)
                try:
                    (os.unlink if depth == len(parts) else os.rmdir)(parts[depth - 1], dir_fd=place)
                finally:
                    os.close(place)
        except OSError as error:
            if error.errno not in (errno.ENOENT, errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR, errno.ELOOP):
                raise

    def _folder(self, path: str, *, make: bool) -> int:
        """Open a folder below this one, step by step and never through a link."""
        handle = os.dup(self._handle)
        for name in path.split("/") if path else ():
            try:
                if make:
                    with suppress(FileExistsError):
                        os.mkdir(name, dir_fd=handle)
                below = os.open(name, DIRECTORY, dir_fd=handle)
            finally:
                os.close(handle)
            handle = below
        return handle

    def _write_manifest(self, content: Mapping[str, Any]) -> None:
        name = f"{_STAGING}-{MANIFEST}"
        with suppress(FileNotFoundError):
            os.unlink(name, dir_fd=self._handle)
        with os.fdopen(os.open(name, _NEW, 0o644, dir_fd=self._handle), "wb") as file:
            file.write(json.dumps(content, indent=1, ensure_ascii=False).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        os.rename(name, MANIFEST, src_dir_fd=self._handle, dst_dir_fd=self._handle)

    def _clear_staging(self) -> None:
        """Remove what an export left that did not come to its end."""
        if self._staging >= 0:
            os.close(self._staging)
            self._staging = -1
        try:
            handle = os.open(_STAGING, DIRECTORY, dir_fd=self._handle)
        except FileNotFoundError:
            return
        try:
            for name in os.listdir(handle):  # noqa: PTH208 - a handle, no path
                os.unlink(name, dir_fd=handle)
        finally:
            os.close(handle)
        os.rmdir(_STAGING, dir_fd=self._handle)


def digest_of(file: IO[bytes]) -> str:
    """Return the SHA-256 of a file from where it stands to its end, in hexadecimal digits."""
    found = hashlib.sha256()
    for chunk in iter(lambda: file.read(_CHUNK), b""):
        found.update(chunk)
    return found.hexdigest()


def _staged(path: str) -> str:
    return path.replace("/", "+")


def _is_regular(handle: int) -> bool:
    return stat.S_ISREG(os.fstat(handle).st_mode)
