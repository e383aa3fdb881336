"""Notes which files of a repository a command writes, with what was in them before and after."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path


class FileWrite(NamedTuple):
    """One write: an absolute path, the content before (None: there was no file) and after (None: deleted)."""

    path: Path
    before: bytes | None
    after: bytes | None


_WRITES: ContextVar[list[FileWrite] | None] = ContextVar("writes", default=None)


@contextmanager
def recording() -> Iterator[list[FileWrite]]:
    """Collect the writes that `write_atomic` and `delete_atomic` make meanwhile."""
    found: list[FileWrite] = []
    token = _WRITES.set(found)
    try:
        yield found
    finally:
        _WRITES.reset(token)


def note(path: Path, before: bytes | None, after: bytes | None) -> None:
    """Note one write, where somebody collects them."""
    found = _WRITES.get()
    if found is not None:
        found.append(FileWrite(path, before, after))
