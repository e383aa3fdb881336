"""Writes files so that a reader sees the old content or the new, never a mixture, and never elsewhere."""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
import stat
from pathlib import Path

from itsm_gitops.model.errors import ChangedMeanwhile, Refused

_TEMPORARY = ".itsm-write-"  # hidden and without a suffix: never taken for a document
_READ = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)


_counter = itertools.count()


def write_atomic(path: Path, content: bytes, *, expected: bytes | None, durable: bool = True) -> None:
    """Replace the file at ``path`` by ``content`` in one step, or create it.

    ``expected`` is what the file must hold now; None means that it must not exist. Missing folders are
    made. The mode is kept (new files follow the umask). Raises ChangedMeanwhile when the file is not as
    expected and Refused when it, or the folder it is in, is a symbolic link; nothing is written then.
    ``durable=False`` does not wait for the disk: for thousands of files that can be made again.
    """
    _refuse_linked_folder(path)
    if expected is None:
        path.parent.mkdir(parents=True, exist_ok=True)
        mode = None
    else:
        mode = _check_unchanged(path, expected)
    temporary = path.parent / f"{_TEMPORARY}{os.getpid()}-{next(_counter)}"
    with contextlib.suppress(FileNotFoundError):
        temporary.unlink()  # left by a crashed process that had the same number
    try:
        _write_new(temporary, content, mode, durable)
        if expected is None:
            _claim(temporary, path)
        else:
            _check_unchanged(path, expected)
            temporary.replace(path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            temporary.unlink()
    if durable:
        _sync_folder(path.parent)


def delete_atomic(path: Path, *, expected: bytes) -> None:
    """Delete the file at ``path`` if it holds ``expected``; raises as `write_atomic` does."""
    _refuse_linked_folder(path)
    _check_unchanged(path, expected)
    path.unlink()
    _sync_folder(path.parent)


def _refuse_linked_folder(path: Path) -> None:
    """Refuse a folder that is a link, or that one leads to on the way from the root of the repository."""
    above = list(itertools.takewhile(lambda f: not os.path.lexists(f / "itsm.yaml"), path.parents))
    inside = len(above) < len(path.parents)
    for folder in above if inside else (path.parent,):
        if folder.is_symlink():
            raise Refused(f"{folder} is a symbolic link", "records live in real folders of the repository")


def _check_unchanged(path: Path, expected: bytes) -> int:
    """Return the permission bits of the file after making sure that it holds ``expected``."""
    try:
        status = path.lstat()
        if not stat.S_ISREG(status.st_mode):
            raise Refused(f"{path} is not a regular file", "replace the link by the file it points to")
        with os.fdopen(os.open(path, _READ), "rb") as file:
            current = file.read(len(expected) + 1)
    except FileNotFoundError:
        raise ChangedMeanwhile(f"{path} was deleted meanwhile", "nothing was written") from None
    if current != expected:
        raise ChangedMeanwhile(f"{path} was changed meanwhile", "nothing was written; try again")
    return stat.S_IMODE(status.st_mode)


def _write_new(path: Path, content: bytes, mode: int | None, durable: bool) -> None:
    with os.fdopen(os.open(path, _CREATE, 0o666), "wb") as file:
        file.write(content)
        file.flush()
        if mode is not None:
            os.fchmod(file.fileno(), mode)
        if durable:
            os.fsync(file.fileno())


def _claim(temporary: Path, path: Path) -> None:
    """Give the finished file its name, which nobody else may have taken."""
    try:
        os.link(temporary, path, follow_symlinks=False)
    except FileExistsError:
        raise ChangedMeanwhile(f"{path} exists already", "nothing was written") from None
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.ENOSYS):
            raise
        if os.path.lexists(path):  # a file system without hard links
            raise ChangedMeanwhile(f"{path} exists already", "nothing was written") from None
        temporary.replace(path)


def _sync_folder(folder: Path) -> None:
    """Make the new name itself survive a crash, where the system can."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
