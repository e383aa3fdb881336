"""Writes the files of a site: only changed ones, nothing is deleted first, stale files are removed at the end.

A repository can bring the folder of a site along, with links in it that lead elsewhere. So every folder on the way
to a file is opened in the one above it, never through a link, and a file that is a link or has a second name is
replaced, never written through. Two builds into one folder take turns.
"""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import stat
import threading
import time
from collections.abc import Callable, Container, Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Self

from itsm_gitops.documents.places import DIRECTORY, open_folder, refuse_sources
from itsm_gitops.model.audience import INTERNAL
from itsm_gitops.model.errors import ItsmError
from itsm_gitops.snapshots.stamps import stamp_of

MARKER = ".itsm-site"
_FOR = "Audience: "
_OURS = frozenset({MARKER, "digest.txt"})  # the second is what older versions left
_FILE = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_OPEN_FOLDERS = 128  # kept open at a time, so that a site of many months needs few handles
_PATIENCE = 600.0  # seconds that a build waits for another one
_POLL = 0.2  # seconds


class SiteFolder:
    """The folder of one site, opened; a context manager that closes it and lets the next build begin."""

    def __init__(self, root: Path, handle: int, lock: int) -> None:
        """Take the opened folder and its opened, locked marker."""
        self.root = root
        self._handle = handle
        self._lock = lock
        self._folders: dict[str, int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for handle in (*self._folders.values(), self._handle, self._lock):
            os.close(handle)
        self._folders.clear()

    def write(self, url: str, content: bytes) -> bool:
        """Write one file unless it already has this content; return whether it changed.

        A file that is there is overwritten in place: replacing thousands of files by new ones is many times slower.
        """
        folder, _, name = url.rpartition("/")
        place = self._folder(folder)
        handle = self._open(name, place)
        try:
            size = os.fstat(handle).st_size
            if size == len(content):
                if os.read(handle, len(content) + 1) == content:
                    return False
                os.lseek(handle, 0, os.SEEK_SET)
            with _uninterrupted() if size else nullcontext():
                _write_all(handle, content)
                # Cut afterwards, never first: a file that was emptied and filled again is flushed by the file system.
                if size > len(content):
                    os.ftruncate(handle, len(content))
        finally:
            os.close(handle)
        return True

    def _open(self, name: str, place: int) -> int:
        """Open a file of ours to be written; what only has its name is removed first."""
        for _ in range(2):
            try:
                handle = os.open(name, _FILE, 0o644, dir_fd=place)
            except OSError as error:
                if error.errno not in (errno.ELOOP, errno.ENXIO):
                    raise
            else:
                status = os.fstat(handle)
                if stat.S_ISREG(status.st_mode) and status.st_nlink == 1:
                    return handle
                os.close(handle)
            os.unlink(name, dir_fd=place)
        raise ItsmError(f"{self.root / name} is replaced while it is being written", "try again")

    def _folder(self, path: str) -> int:
        """Return the handle of a folder of the site, made where it is missing."""
        if not path:
            return self._handle
        if path not in self._folders:
            above, _, name = path.rpartition("/")
            handle = _enter(name, self._folder(above))
            if len(self._folders) >= _OPEN_FOLDERS:
                for other in self._folders.values():
                    os.close(other)
                self._folders.clear()
            self._folders[path] = handle
        return self._folders[path]

    def remove_stale(self, current: Container[str]) -> int:
        """Remove the files that this build did not write; return how many."""
        removed = 0
        for folder, folders, files, place in os.fwalk(".", topdown=False, dir_fd=self._handle):
            prefix = "" if folder == "." else f"{folder[2:]}/"
            for name in folders:
                try:
                    os.rmdir(name, dir_fd=place)  # only when nothing is left in it
                except NotADirectoryError:  # a link to a folder
                    files.append(name)
                except OSError:
                    pass
            for name in files:
                if prefix + name not in current and prefix + name != MARKER:
                    os.unlink(name, dir_fd=place)
                    removed += 1
        return removed


def _enter(name: str, place: int) -> int:
    """Open a folder in another one, making it; a link or a file of this name is removed first."""
    for _ in range(2):
        try:
            with suppress(FileExistsError):
                os.mkdir(name, dir_fd=place)
            return os.open(name, DIRECTORY, dir_fd=place)
        except OSError as error:
            if error.errno not in (errno.ELOOP, errno.ENOTDIR):
                raise
            os.unlink(name, dir_fd=place)
    raise ItsmError(f"the folder {name} of the site is replaced while it is being written", "try again")


def sign(root: str, url: str) -> bytes:
    """Return the stamp of a file (size, times, inode), which every later change alters; empty for no file."""
    try:
        return stamp_of(os.lstat(f"{root}/{url}"))
    except OSError:
        return b""


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Let Ctrl-C wait, so that no file is left with the beginning of one version and the end of another.

    Python acts on signals in the main thread only, so no other thread is interrupted; blocking the signal would not do,
    since the system may deliver it to any thread.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    pressed: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: pressed.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.SIG_DFL if before is None else before)
        if pressed:
            signal.raise_signal(signal.SIGINT)


def _write_all(handle: int, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(handle, view) :]


def claim(
    root: Path, audience: str, trusted: Path | None = None, waiting: Callable[[], object] = lambda: None
) -> SiteFolder:
    """Open ``root`` as the folder of a site for an audience, made where it is missing, for one build at a time.

    Stale pages are removed from it, so it must not be a folder with anybody's own files. Nor may it
    be another audience's: whoever serves that folder would serve what was not meant for them. Raises ItsmError
    for both, and where links lead to it from below ``trusted``. While another build writes into it this waits
    (``waiting`` is called then), at most ten minutes.
    """
    refuse_sources(root, trusted, "a site", "--out")
    handle = open_folder(root, trusted)
    try:
        lock = _marker(root, handle)
    except BaseException:
        os.close(handle)
        raise
    folder = SiteFolder(root, handle, lock)
    try:
        _take(lock, root, waiting)
        _sign_for(lock, root, audience)
    except BaseException:
        folder.__exit__()
        raise
    return folder


def _sign_for(lock: int, root: Path, audience: str) -> None:
    """Write the audience of the site into the marker; raises ItsmError where the folder is another audience's."""
    before = _audience_of(os.pread(lock, 4096, 0).decode("utf-8", "replace"), audience)
    if before != audience:
        raise ItsmError(
            f"{root} holds the site for another audience ({before})",
            "choose another --out, or remove it first",
        )
    text = f"Written by itsm site build; everything here may be overwritten.\n{_FOR}{audience}\n".encode()
    os.pwrite(lock, text, 0)
    os.ftruncate(lock, len(text))


def _marker(root: Path, handle: int) -> int:
    """Open the file that says whose folder this is; the folder must be empty where there is none."""
    with os.scandir(handle) as listing:
        names = {item.name for item in listing}
    if names and MARKER not in names:
        raise ItsmError(
            f"{root} has files that are not from a site build", "choose an empty folder or remove it yourself"
        )
    try:
        lock = os.open(MARKER, _FILE, 0o644, dir_fd=handle)
    except OSError as error:
        raise ItsmError(f"{root / MARKER} cannot be used: {error.strerror}", "remove it") from error
    status = os.fstat(lock)
    if not stat.S_ISREG(status.st_mode) or status.st_nlink != 1:
        os.close(lock)
        raise ItsmError(f"{root / MARKER} is not a file of ours alone", "remove it")
    return lock


def _take(lock: int, root: Path, waiting: Callable[[], object]) -> None:
    """Wait until no other build writes here. The system gives the lock back when a build ends, however it does."""
    end = time.monotonic() + _PATIENCE
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in (errno.EAGAIN, errno.EACCES):
                raise
        else:
            return
        waiting()
        if time.monotonic() > end:
            raise ItsmError(
                f"another build is writing into {root}", "wait until it has ended, or choose another --out"
            )
        time.sleep(_POLL)


def _audience_of(text: str, new: str) -> str:
    """Return whom a site is for by its marker, ``new`` for an empty one; those of older versions show everything."""
    names = [line for line in text.splitlines() if line.startswith(_FOR)]
    return names[0].removeprefix(_FOR) if names else (INTERNAL if text else new)


def work_folder(path: Path, trusted: Path | None = None) -> Path:
    """Make a folder for what only builds need, without anything in it that leads elsewhere; return its path.

    Raises ItsmError where links lead to it from below ``trusted``, and where it holds somebody's own files.
    """
    handle = open_folder(path, trusted)
    try:
        with os.scandir(handle) as listing:
            items = list(listing)
        if items and not _OURS.intersection(item.name for item in items):
            raise ItsmError(f"{path} has files that are not from a site build", "choose another --out")
        for item in items:
            status = item.stat(follow_symlinks=False)
            if not stat.S_ISDIR(status.st_mode) and not (
                stat.S_ISREG(status.st_mode) and status.st_nlink == 1
            ):
                os.unlink(item.name, dir_fd=handle)
        os.close(os.open(MARKER, _FILE, 0o644, dir_fd=handle))
    finally:
        os.close(handle)
    return path
