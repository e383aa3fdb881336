"""Writes files of a repository: a reader sees the old content or the new, never a mixture, and never elsewhere.

Every write of the package into somebody's repository goes through here: compare and swap. The caller says what
the file held when it was read; under the lock of `drafts` the file is compared, the draft takes its place in one
step, and what then stands there is read back.
"""

from __future__ import annotations

import contextlib
import errno
import io
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, TextIO

from itsm_gitops.documents import drafts
from itsm_gitops.documents.places import unlinked
from itsm_gitops.model import recording
from itsm_gitops.model.errors import ChangedMeanwhile, ItsmError, Refused, UsageError

_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
_NO_HARD_LINKS = (errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK)
_BARRED = (errno.EXDEV, errno.EACCES, errno.EPERM, errno.EROFS)  # another place for the draft may do
_MODE, _PROGRAM = 0o666, 0o777  # of new files, less the umask


def write_atomic(
    path: Path, content: bytes, *, expected: bytes | None, durable: bool = True, executable: bool = False
) -> None:
    """Replace the file at ``path`` by ``content`` in one step, or create it.

    ``expected`` is what the file must hold now; None means that it must not exist. Missing folders are
    made. The mode is kept (new files follow the umask). Raises ChangedMeanwhile when the file is not as
    expected and Refused when it, or a folder between the repository and it, is a symbolic link; nothing is
    written then. ``durable=False`` does not wait for the disk: for thousands of files that can be made again.
    """
    path = path.absolute()
    root = drafts.root_of(path)
    with _parent(path, root) as folder, drafts.locked(root, folder):
        mode = None if expected is None else _unchanged(folder, path, expected)
        draft = _Draft(content, mode, _PROGRAM if executable else _MODE, durable)
        _swap(path, root, folder, draft, expected)
    recording.note(path, expected, content)


def delete_atomic(path: Path, *, expected: bytes, durable: bool = True) -> None:
    """Delete the file at ``path`` if it holds ``expected``; ``durable`` and what is raised are as in `write_atomic`."""
    path = path.absolute()
    root = drafts.root_of(path)
    with _parent(path, root) as folder, drafts.locked(root, folder):
        _unchanged(folder, path, expected)
        os.unlink(path.name, dir_fd=folder)
        if durable:
            _sync(folder)
    recording.note(path, expected, None)


@contextlib.contextmanager
def output_file(path: Path, trusted: Path | None = None) -> Iterator[TextIO]:
    """Yield a text file that becomes the file a user named for output, when all of it has been written.

    A link that the user made is followed, but none below the repository ``trusted``, which may have brought it
    along: that raises ItsmError. A device or a pipe is written to as it is. An exception leaves what
    was there as it was. Raises UsageError where the file cannot be written, as far as possible before anything is.
    """
    with _as_usage_error(path):
        path = unlinked(path, trusted)
        device = (
            path.open("w", encoding="utf-8", newline="") if path.exists() and not path.is_file() else None
        )
        path = path.resolve()
        if device is None and not path.parent.is_dir():
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path.parent))
    if device is not None:
        with device:
            yield device
        return
    import tempfile

    with tempfile.TemporaryFile() as spool:  # has no name: nothing is left
        file = io.TextIOWrapper(spool, encoding="utf-8", newline="", write_through=True)
        yield file
        file.detach()
        spool.seek(0)
        content = spool.read()
    _write_output(path, content)


def write_output(path: Path, content: bytes, trusted: Path | None = None) -> None:
    """Write the whole file that a user named for output; links and errors are treated as by `output_file`."""
    with _as_usage_error(path):
        path = unlinked(path, trusted).resolve()
        if not path.parent.is_dir():
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path.parent))
    _write_output(path, content)


def _write_output(path: Path, content: bytes) -> None:
    root = drafts.root_of(path)
    with _as_usage_error(path), _parent(path, root) as folder, drafts.locked(root, folder):
        current = _content_of(folder, path)
        mode = None if current is None else stat.S_IMODE(path.stat().st_mode)
        _swap(path, root, folder, _Draft(content, mode, _MODE, durable=False), current)


@contextlib.contextmanager
def _as_usage_error(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}", "choose another file") from error


@contextlib.contextmanager
def _parent(path: Path, root: Path | None) -> Iterator[int]:
    handle = drafts.open_parent(path, root)
    try:
        yield handle
    finally:
        os.close(handle)


class _Draft(NamedTuple):
    """What to write: ``mode`` are exact permission bits, None those of ``fresh`` less the umask."""

    content: bytes
    mode: int | None
    fresh: int
    durable: bool


def _swap(path: Path, root: Path | None, folder: int, draft: _Draft, expected: bytes | None) -> None:
    """Write a draft and let it take the place of the file; the caller holds the lock and has compared."""
    try:
        drafts.sweep(folder, once=True)
        for place in drafts.places(root, folder):
            identity = _replaced(path, place, folder, draft, expected)
            if identity:
                break
        _verify(folder, path, draft.content, identity)
    except OSError as error:
        error.filename, error.filename2 = str(path), None  # the name of a draft would tell nobody anything
        raise
    if draft.durable:
        _sync(folder)


def _replaced(
    path: Path, place: int, folder: int, draft: _Draft, expected: bytes | None
) -> tuple[int, int] | None:
    """Write the file by way of one folder; return its device and inode, None where this way is barred."""
    name = drafts.new_name()
    try:
        identity = _write_draft(place, name, draft)
        if expected is None:
            _claim(place, name, folder, path)
        else:
            _unchanged(folder, path, expected)
            os.rename(name, path.name, src_dir_fd=place, dst_dir_fd=folder)
    except OSError as error:
        if place != folder and error.errno in _BARRED:
            return None
        raise
    finally:
        with contextlib.suppress(OSError):
            os.unlink(name, dir_fd=place)
    return identity


def _write_draft(place: int, name: str, draft: _Draft) -> tuple[int, int]:
    """Write a new file that no other process has open; return its device and inode."""
    with os.fdopen(os.open(name, drafts.CREATE, draft.fresh, dir_fd=place), "wb") as file:
        file.write(draft.content)
        file.flush()
        if draft.mode is not None:
            os.fchmod(file.fileno(), draft.mode)
        if draft.durable:
            os.fsync(file.fileno())
        status = os.fstat(file.fileno())
    return status.st_dev, status.st_ino


def _claim(place: int, name: str, folder: int, path: Path) -> None:
    """Give the finished draft its name, which nobody else may have taken."""
    refusal = ChangedMeanwhile(f"{path} exists already", "nothing was written")
    try:
        os.link(name, path.name, src_dir_fd=place, dst_dir_fd=folder, follow_symlinks=False)
    except FileExistsError:
        raise refusal from None
    except OSError as error:
        if error.errno not in _NO_HARD_LINKS:
            raise
        try:
            os.stat(path.name, dir_fd=folder, follow_symlinks=False)
        except FileNotFoundError:
            os.rename(name, path.name, src_dir_fd=place, dst_dir_fd=folder)
        else:
            raise refusal from None


def _verify(folder: int, path: Path, content: bytes, identity: tuple[int, int] | None) -> None:
    """Make sure that the file which now has the name is the one that was written, byte by byte."""
    try:
        with os.fdopen(os.open(path.name, _READ, dir_fd=folder), "rb") as file:
            status = os.fstat(file.fileno())
            intact = file.read(len(content) + 1) == content
    except OSError as error:
        raise ChangedMeanwhile(
            f"{path} was written and cannot be read back: {error.strerror}", "look at it and try again"
        ) from error
    if (status.st_dev, status.st_ino) != identity:
        raise ChangedMeanwhile(
            f"another program replaced {path} at the same moment", "look at it and try again"
        )
    if not intact:
        raise ItsmError(f"{path} does not hold what was written to it", "is the disk sound? look at the file")


def _unchanged(folder: int, path: Path, expected: bytes) -> int:
    """Return the permission bits of the file after making sure that it holds ``expected``."""
    current, mode = _content_of(folder, path, limit=len(expected) + 1), 0
    try:
        mode = os.stat(path.name, dir_fd=folder, follow_symlinks=False).st_mode
    except FileNotFoundError:
        current = None
    if current is None:
        raise ChangedMeanwhile(f"{path} was deleted meanwhile", "nothing was written")
    if current != expected:
        raise ChangedMeanwhile(f"{path} was changed meanwhile", "nothing was written; try again")
    return stat.S_IMODE(mode)


def _content_of(folder: int, path: Path, *, limit: int = -1) -> bytes | None:
    """Return what a regular file holds, None when there is none; raises Refused for anything else."""
    try:
        handle = os.open(path.name, _READ, dir_fd=folder)
    except FileNotFoundError:
        return None
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise Refused(
                f"{path} is not a regular file", "replace the link by the file it points to"
            ) from None
        error.filename = str(path)
        raise
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise Refused(f"{path} is not a regular file", "documents are regular files")
        return file.read(limit)


def _sync(folder: int) -> None:
    """Make the new name itself survive a crash, where the system can."""
    with contextlib.suppress(OSError):
        os.fsync(folder)
