"""Signed cache files: only files that this clone wrote are loaded, checked by a key that no clone brings along.

A repository can hold a file of any name, and loading a cache file runs a decoder that is not safe for
hostile input. So each file carries a signature; its key is made at random and lies in the ``.git`` folder,
which is never part of what is cloned.
"""

from __future__ import annotations

import hmac
import marshal
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from itsm_gitops.documents import drafts
from itsm_gitops.model import clock
from itsm_gitops.repository.git import Git

_KEY = "itsm-vault.key"
_SIZE, _LENGTH = 32, 8  # bytes of the signature, and of a part's length


class Vault:
    """One such file; ``purpose`` names what it is for, so that it is only read back for the same purpose.

    ``signature`` is that of the content last read back or written, by which other files can name it; empty
    where there was none, and where it could not be written.
    """

    def __init__(self, git: Git, path: Path, purpose: str) -> None:
        self._path = path
        self._purpose = purpose.encode()
        self._key = _key(git)
        self.signature = b""

    def load(self) -> Iterator[Any]:
        """Yield the stored parts; none where the file is missing, not signed by this clone, or for another purpose."""
        try:
            content = memoryview(self._path.read_bytes())
        except OSError:
            return
        signature, payload = content[:_SIZE], content[_SIZE:]
        maker = self._maker()
        maker.update(payload)
        if not self._key or not hmac.compare_digest(signature, maker.digest()):
            return
        self.signature = bytes(signature)
        at = 0
        while at < len(payload):
            end = at + _LENGTH + int.from_bytes(payload[at : at + _LENGTH])
            yield marshal.loads(payload[at + _LENGTH : end])  # noqa: S302 - signed by ourselves
            at = end

    def keep(self, parts: Iterable[Any]) -> None:
        """Write parts that marshal can encode; where the disk refuses, the next build only takes longer."""
        self.signature = b""
        if not self._key:
            return
        maker, any_part = self._maker(), False
        with suppress(OSError), drafts.replacing(self._path) as file:
            file.write(bytes(_SIZE))
            for part in parts:
                content = marshal.dumps(part)
                framed = len(content).to_bytes(_LENGTH) + content
                maker.update(framed)
                file.write(framed)
            file.seek(0)
            file.write(maker.digest())
            any_part = True
        if any_part:
            self.signature = maker.digest()

    def drop(self) -> None:
        """Remove the file."""
        with suppress(OSError):
            self._path.unlink()

    def _maker(self) -> hmac.HMAC:
        return hmac.new(self._key, self._purpose + b"\0", "sha256")


def _key(git: Git) -> bytes:
    """Return this clone's key, making it at first; empty where there can be none."""
    path = git.directory / _KEY
    try:
        return path.read_bytes()
    except OSError:
        pass
    key = clock.random_suffix(2 * _SIZE).encode()
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError:
        return b""
    with os.fdopen(handle, "wb") as file:
        file.write(key)
    return key
