"""Skips a build that has nothing to do: neither the sources nor the output changed since the last build.

The digest of all sources and the digest of all files of the site (by times, sizes and inodes) are kept beside the
site, signed (see ``Vault``). The site is built when one of them differs, when a source was written so shortly before
the last build that a later version could have the same times, or when the signature is not this clone's. So a doubt
costs time, never a stale page.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from itsm_gitops.model.errors import GitError
from itsm_gitops.publish import output
from itsm_gitops.repository import Git
from itsm_gitops.repository.memory import stamps
from itsm_gitops.repository.modes import FileInfo
from itsm_gitops.repository.repository import INDEX
from itsm_gitops.repository.snapshot import Snapshot
from itsm_gitops.repository.vault import Vault

_NAME = "last.bin"


class Figures(NamedTuple):
    """What a build counted: pages of the site, records and items; ``unread`` is what it could not read, as plain data."""

    pages: int
    records: int
    items: int
    unread: tuple[tuple[Any, ...], ...] = ()


def background(git: Git, at: str | None, facts: Sequence[str]) -> tuple[str, ...]:
    """Return the inputs of a site beyond the files of the snapshot ``at``.

    These are ``facts`` (tool, rule book, settings, frame, moment), the commit, and every reference of Git.
    """
    try:
        commit = git.resolve("HEAD" if at in (None, INDEX) else str(at))
    except GitError:  # before the first commit
        commit = ""
    references = git.run("for-each-ref", "--format=%(objectname) %(refname)").decode("utf-8", "replace")
    return (*facts, commit, str(git.shallow), references)


class LastBuild:
    """The last build into a folder. ``stamps`` are those of the snapshot's files before they are read."""

    def __init__(
        self, git: Git | None, work: Path, target: str, snapshot: Snapshot, settings: Sequence[str]
    ) -> None:
        """Open the record of the last build in ``work`` for the same ``settings``; without Git there is none."""
        files = snapshot.files() if git else []
        self.stamps = stamps(snapshot, files, work / "clock") if git else {}
        digest = _digest_of_sources(files, self.stamps, settings)
        self._vault = Vault(git, work / _NAME, digest) if git and digest else None
        self._target = target

    def figures(self) -> Figures | None:
        """Return the figures of the last build where it is up to date, else None."""
        for digest, figures in self._vault.load() if self._vault else ():
            if digest == _digest_of(output.stamps_below(self._target)):
                return Figures(*figures)
        return None

    def keep(self, signs: Mapping[str, bytes], figures: Figures) -> None:
        """Save the stamps of all files for the next build; call when the site is complete."""
        if self._vault:
            folders = {f"{p}/" for url in signs for p in PurePosixPath(url).parents if p.name}
            listed = (*signs.items(), *((folder, b"") for folder in folders))
            self._vault.keep([(_digest_of(listed), tuple(figures))])


def _digest_of_sources(
    files: Iterable[FileInfo], stamps: Mapping[str, bytes], settings: Iterable[str]
) -> str:
    """Return the digest of all sources of a site; empty where a file could change unnoticed."""
    total = hashlib.sha256()
    for text in settings:
        total.update(f"{len(text)} {text}".encode("utf-8", "surrogateescape"))
    for path, mode, _ in files:
        stamp = stamps.get(path)  # what is no regular file is never read
        if stamp == b"":
            return ""
        total.update(b"\0%b\0%b%b" % (os.fsencode(path), mode.encode(), stamp or b""))
    return total.hexdigest()


def _digest_of(files: Iterable[tuple[str, bytes]]) -> bytes:
    total = hashlib.sha256()
    for path, sign in sorted(files):
        total.update(b"%b\0%b" % (os.fsencode(path), sign))
    return total.digest()
