"""Temporary files ("drafts") for atomic writes: one writer at a time, and nothing left behind by a killed one.

A draft lies in Git's own folder (``.git``), which nobody commits, or beside its target where that is another
file system. Its name is random and it is created exclusively, so it is never another writer's. Writers of one
repository take turns by an advisory lock (``flock``) on its root folder: the kernel releases it when a process
ends, however it ends, and it holds between containers whose process numbers are the same. Whoever has the lock
therefore knows that every draft that lies there belongs to a dead process, and removes it.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from itsm_gitops.documents.names import DRAFT_PREFIX
from itsm_gitops.model import clock
from itsm_gitops.model.errors import ItsmError, Refused

_SUFFIX_LENGTH = 26  # 130 bits
_OURS = re.compile(re.escape(DRAFT_PREFIX) + f"[0-9A-Z]{{{_SUFFIX_LENGTH}}}")
_OLD_AGE = 3600  # seconds after which a draft of an older version, which took no lock, is a dead writer's
_PATIENCE = 30.0  # seconds to wait for another writer
_PAUSE = 0.005
_NO_LOCKS = (errno.EBADF, errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS)
FOLDER = os.O_RDONLY | os.O_CLOEXEC | os.O_DIRECTORY
FOLDER_ITSELF = FOLDER | os.O_NOFOLLOW
CREATE = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_MARKS = (".git", "itsm.yaml")

_swept: set[tuple[int, int]] = set()  # folders that this process has cleaned already: device and inode


def new_name() -> str:
    """Return a name for a draft that nobody else has."""
    return DRAFT_PREFIX + clock.random_suffix(_SUFFIX_LENGTH)


def root_of(path: Path) -> Path | None:
    """Return the repository that a file is in: the nearest folder above with ``.git``, else ``itsm.yaml``.

    A folder that is reached through a link only is no root, as what is below it lies elsewhere.
    """
    for mark in _MARKS:
        for folder in path.parents:
            if os.path.lexists(folder / mark) and not folder.is_symlink():
                return folder
    return None


@contextlib.contextmanager
def opened(path: str | Path, *, at: int | None = None, flags: int = FOLDER) -> Iterator[int]:
    """Open a folder and close it again."""
    handle = os.open(path, flags, dir_fd=at)
    try:
        yield handle
    finally:
        os.close(handle)


def open_parent(path: Path, root: Path | None) -> int:
    """Open the folder of a file, making it where it is missing, through no symbolic link below ``root``.

    Raises Refused for a link on the way: what is written through it lands outside of the repository.
    """
    if root is None:
        path.parent.mkdir(parents=True, exist_ok=True)
        return _step(None, str(path.parent), path.parent)
    handle = os.open(root, FOLDER)
    so_far = root
    for part in path.parent.relative_to(root).parts:
        so_far = so_far / part
        try:
            below = _step(handle, part, so_far)
        finally:
            os.close(handle)
        handle = below
    return handle


def _step(at: int | None, name: str, path: Path) -> int:
    try:
        if at is not None:
            with contextlib.suppress(FileExistsError):
                os.mkdir(name, dir_fd=at)
        return os.open(name, FOLDER_ITSELF, dir_fd=at)
    except OSError as error:
        if error.errno == errno.ELOOP or (error.errno == errno.ENOTDIR and path.is_symlink()):
            raise Refused(
                f"{path} is a symbolic link", "records live in real folders of the repository"
            ) from None
        error.filename = str(path)
        raise


@contextlib.contextmanager
def locked(root: Path | None, folder: int) -> Iterator[None]:
    """Hold the lock of a repository, or of the open ``folder`` where there is none.

    Waits for up to half a minute; raises ItsmError when another writer does not finish.
    """
    handle = os.open(root, FOLDER) if root else os.dup(folder)
    try:
        if not _lock(handle, root or Path()):
            inside = git_folder(root) if root else None
            if inside:  # a network file system that locks only what can be written
                os.close(handle)
                handle = os.open(inside / "itsm-write.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
                _lock(handle, root or Path())
        yield
    finally:
        os.close(handle)


def _lock(handle: int, root: Path) -> bool:
    """Take the lock; False where the file system has none."""
    end = time.monotonic() + _PATIENCE
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > end:
                raise ItsmError(
                    f"another process has been writing to {root} for {_PATIENCE:.0f} s",
                    "nothing was written; end the other itsm, or try again",
                ) from None
            time.sleep(_PAUSE)
        except OSError as error:
            if error.errno in _NO_LOCKS:
                return False
            raise
        else:
            return True


def git_folder(root: Path) -> Path | None:
    """Return Git's own folder of a work tree, also where ``.git`` is a file that names it; None without Git."""
    here = root / ".git"
    if here.is_dir():
        return here
    try:
        with here.open("rb") as file:
            label, _, name = file.read(4096).partition(b":")
    except OSError:
        return None
    target = root / os.fsdecode(name.strip())
    return target if label == b"gitdir" and target.is_dir() else None


def places(root: Path | None, folder: int) -> Iterator[int]:
    """Yield open folders to write a draft in, the best first; the last one is the target's own.

    The caller holds the lock.
    """
    inside = git_folder(root) if root else None
    if inside is not None and inside.stat().st_dev == os.fstat(folder).st_dev:
        with opened(inside) as handle:
            sweep(handle)
            yield handle
    yield folder


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Yield a file that takes the place of ``path`` when all of it has been written: for files beside a site.

    Writers into one folder take turns. Raises OSError, and ItsmError when another writer does not finish.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with opened(path.parent, flags=FOLDER_ITSELF) as folder, locked(None, folder):
        sweep(folder)
        name = new_name()
        try:
            with os.fdopen(os.open(name, CREATE, 0o666, dir_fd=folder), "w+b") as file:
                yield file
            os.rename(name, path.name, src_dir_fd=folder, dst_dir_fd=folder)
        finally:
            with contextlib.suppress(OSError):
                os.unlink(name, dir_fd=folder)


def sweep(folder: int, *, once: bool = False) -> None:
    """Remove the drafts of dead processes from a folder; the caller holds the lock.

    ``once`` looks into a folder once in a process: one with thousands of documents takes time.
    """
    if once:
        status = os.fstat(folder)
        key = (status.st_dev, status.st_ino)
        if key in _swept:
            return
        _swept.add(key)
    with contextlib.suppress(OSError), os.scandir(folder) as listing:
        for name in [item.name for item in listing if item.name.startswith(DRAFT_PREFIX)]:
            with contextlib.suppress(OSError):
                if _OURS.fullmatch(name) or _age(name, folder) > _OLD_AGE:
                    os.unlink(name, dir_fd=folder)


def _age(name: str, folder: int) -> float:
    return time.time() - os.stat(name, dir_fd=folder, follow_symlinks=False).st_mtime
