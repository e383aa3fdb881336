"""A sealed note: a file that says something only this clone can have said.

A repository can hold a file of any name. So the note holds a seal of what it says, made with a key that is made at random
and lies in the ``.git`` folder, which is never part of what is cloned.
"""

from __future__ import annotations

import hmac
import os
from contextlib import suppress
from pathlib import Path

from itsm_gitops.documents import drafts
from itsm_gitops.git.client import Git
from itsm_gitops.model import clock

_KEY = "itsm-vault.key"
_SIZE = 64


class SealedNote:
    """One such file."""

    def __init__(self, git: Git, path: Path) -> None:
        self._path = path
        self._key = _key(git)

    def says(self, text: str) -> bool:
        """Whether the note is there, was written by this clone, and says this."""
        try:
            seal = self._path.read_bytes()
        except OSError:
            return False
        return bool(self._key) and hmac.compare_digest(seal, self._seal(text))

    def write(self, text: str) -> None:
        """Write the note; without a writable disk there is none."""
        if self._key:
            with suppress(OSError), drafts.replacing(self._path) as file:
                file.write(self._seal(text))

    def drop(self) -> None:
        """Remove the file."""
        with suppress(OSError):
            self._path.unlink()

    def _seal(self, text: str) -> bytes:
        return hmac.digest(self._key, text.encode(), "sha256")


def _key(git: Git) -> bytes:
    """Return this clone's key, made on first use; empty where it cannot be written."""
    path = git.directory / _KEY
    with suppress(OSError):
        return path.read_bytes()
    key = clock.random_suffix(_SIZE).encode()
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError:
        return b""
    with os.fdopen(handle, "wb") as file:
        file.write(key)
    return key
