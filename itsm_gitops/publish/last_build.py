"""Skips a build that has nothing to do: neither the sources nor the output changed since the last build.

Git says whether the sources did: the commit, every reference, and one ``git status``, with the times of what that
lists. The output is compared by its footprint (see ``footprint``), a sum over the times, sizes and inodes of all
its files and folders. Neither opens a document. What a build leaves for this lies in Git's own folder
(``itsm/site-….json``), where no clone brings anything.

A doubt costs time, never a stale page: the site is built where a source was written so shortly before the last
build that a later version could have the same times, and where Git was told not to look at some files. Where
somebody else wrote into the output while it was made, every file of it is looked at again.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path
from threading import Thread
from typing import Any, NamedTuple

from itsm_gitops.git import Git
from itsm_gitops.git.absent import git_folder
from itsm_gitops.git.client import decode
from itsm_gitops.model.errors import GitError
from itsm_gitops.publish.footprint import footprint, footprint_of, settle
from itsm_gitops.publish.output import MARKER, SiteFolder
from itsm_gitops.repository.repository import INDEX
from itsm_gitops.snapshots.memory import sure_before
from itsm_gitops.snapshots.snapshot import CMDB, RECORDS, ROOTS, SCHEMAS
from itsm_gitops.snapshots.stamps import settled_stamp

_VERSION = 3
_FOLDER = "itsm"
_STATUS = ("status", "--porcelain", "-z", "--untracked-files=all", "--no-renames", "--", *ROOTS)
_CODE = 3  # what comes before the path in a line of `git status`: two letters and a blank
_SKIPPED = b"S"  # and lower-case letters: files that Git was told not to look at


class Figures(NamedTuple):
    """What a build counted: pages of the site, records and items; ``unread`` is what it could not read, as plain data."""

    pages: int
    records: int
    items: int
    unread: tuple[tuple[Any, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class _Record:
    """What one build leaves for the next.

    ``facts`` and ``sources`` are digests of what the site was made of (the second is empty for a doubt), ``folders``
    the stamps of the folders of the sources, ``index`` is the stamp of Git's index in which no file was marked to be
    passed over, ``output`` the footprint of the site, ``cache`` tells which cache of pages was written with it.
    ``version`` is that of this list: what another version of the tool left is not read.
    """

    version: int
    facts: str
    sources: str
    folders: dict[str, str]
    index: str
    output: list[int]
    cache: str
    figures: list[Any]


class LastBuild:
    """The last build of the working tree, or of a commit, into a folder."""

    def __init__(self, git: Git | None, at: str | None, target: Path, facts: Iterable[str]) -> None:
        """Take the ``facts`` that decide what the site is, beyond the repository; without Git nothing is remembered.

        ``at`` is what is built, ``target`` the folder of the site.
        """
        folder = git_folder(git.root) if git else None
        self._path = record_of(folder, target) if folder else None
        self.rows = self._path.with_suffix(".db") if self._path else None  # what the build knew of all pages
        self._target = str(target)
        total = hashlib.sha256(repr((_VERSION, at)).encode())
        for text in facts:
            total.update(f"{len(text)} {text}".encode("utf-8", "surrogateescape"))
        self._facts = total.hexdigest()
        self._sources = _Sources(git, folder, at) if git and folder else None
        self._digest = ""
        self._last: _Record | None = None
        self._present: list[int] | None = None

    def figures(self) -> Figures | None:
        """Return the figures of the last build where it is up to date, else None."""
        if self._sources is None or self._path is None:
            return None
        self._last = last = _read(self._path)
        if last and last.facts == self._facts:
            asked = _Asked(self._sources, last)
            asked.start()  # Git looks at the sources while this looks at the output
            self._present = self._output()
            same = self._present == last.output
            asked.join()
            if same and asked.digest and asked.digest == last.sources:
                return Figures(*last.figures)
            self._digest = asked.digest
        else:
            self._digest = self._sources.digest(last)
        return None

    def untouched(self, cache: str) -> bool:
        """Whether the output is as the last build left it, which wrote this ``cache`` of its pages."""
        if self._last is None or not cache or self._last.cache != cache:
            return False
        return (self._present or self._output()) == self._last.output

    def _output(self) -> list[int]:
        try:
            return list(footprint(self._target, MARKER))
        except OSError:  # somebody is removing it
            return []

    def _output_of(self, signs: Mapping[str, bytes]) -> list[int]:
        """Return the footprint of the output with just these files as they were written, nothing where it has others."""
        with suppress(OSError):
            return list(footprint_of(signs, self._target, MARKER) or ())
        return []

    def tidy(self, folder: SiteFolder, signs: Mapping[str, bytes]) -> int:
        """Remove the files of the site that are not among ``signs`` (the stamps of all that it has); return how many.

        Call when the site is complete.
        """
        self._present = None
        if self._path is None:
            return folder.remove_stale(signs)
        with suppress(OSError):
            self._path.unlink(missing_ok=True)
        removed = 0
        for _ in range(2):
            output = self._output_of(signs) if settle(Path(self._target, MARKER)) else []
            if output:
                self._present = output
                break
            removed += folder.remove_stale(signs)
        return removed

    def keep(self, cache: str, figures: Figures) -> None:
        """Save what the next build compares; ``cache`` tells which cache of pages was written with the site."""
        sources = self._sources
        if self._path and sources and self._present:  # else somebody wrote into the site meanwhile
            known = (_VERSION, self._facts, self._digest, sources.folders, sources.index)
            _write(self._path, _Record(*known, self._present, cache, list(figures)))


def record_of(git: Path, target: Path) -> Path:
    """Return where the record of the last build into a folder lies, below Git's own folder."""
    return git / _FOLDER / f"site-{hashlib.sha256(os.fsencode(target)).hexdigest()[:16]}.json"


def _read(path: Path) -> _Record | None:
    try:
        found = _Record(**json.loads(path.read_bytes()))
    except (OSError, ValueError, TypeError):
        return None
    sound = isinstance(found.folders, dict) and isinstance(found.output, list)
    return found if found.version == _VERSION and sound else None


def _write(path: Path, record: _Record) -> None:
    """Write the record; where the disk refuses, the next build only takes longer."""
    from itsm_gitops.documents import drafts

    with suppress(OSError):
        path.parent.mkdir(exist_ok=True)
        with drafts.replacing(path) as file:
            file.write(json.dumps(asdict(record)).encode())


class _Asked(Thread):
    """Asks for the digest of the sources beside us; it is empty where an error came up."""

    def __init__(self, sources: _Sources, last: _Record) -> None:
        super().__init__(daemon=True)
        self._sources = sources
        self._last = last
        self.digest = ""

    def run(self) -> None:
        """Ask."""
        with suppress(OSError, ValueError):
            self.digest = self._sources.digest(self._last)


class _Sources:
    """The sources of a site as Git sees them. ``folders`` and ``index`` are for the record of a build."""

    def __init__(self, git: Git, folder: Path, at: str | None) -> None:
        self._git = git
        self._index = folder / "index"
        self._at = at
        self._clock = folder / _FOLDER / "clock"
        self.folders: dict[str, str] = {}
        self.index = ""

    def digest(self, last: _Record | None) -> str:
        """Return the digest of all sources; empty where one could change unnoticed."""
        total = hashlib.sha256()
        with suppress(GitError, OSError):
            newest = sure_before(self._clock)
            for part in chain(self._history(), self._tree(newest, last) if self._at is None else ()):
                if part is None:
                    break
                total.update(b"%d " % len(part) + part)
            else:
                return total.hexdigest()
        self.folders, self.index = {}, ""  # they are not all
        return ""

    def _history(self) -> Sequence[bytes | None]:
        """Return what pages say of the history: the commit, whether it was cut off, what else refers to commits."""
        git = self._git
        if self._at == INDEX:
            return (None,)
        try:
            commit = git.resolve("HEAD" if self._at is None else self._at)
        except GitError:  # before the first commit
            commit = ""
        references = git.run("for-each-ref", "--format=%(objectname) %(refname)")
        return commit.encode(), str(git.shallow).encode(), references

    def _tree(self, newest: int, last: _Record | None) -> Iterable[bytes | None]:
        """Yield what decides what is in the working tree; None for a doubt."""
        yield self._all_are_looked_at(newest, last)
        top = str(self._git.root).removesuffix("/" + self._git.prefix.rstrip("/"))
        for line in self._git.run(*_STATUS).split(b"\0")[:-1]:
            yield line
            yield _stamp(f"{top}/{decode(line[_CODE:])}", newest)
        yield from self._folders(newest, last.folders if last else {})

    def _folders(self, newest: int, last: Mapping[str, str]) -> Iterator[bytes | None]:
        """Yield the path and stamp of each folder of the sources: Git does not tell of one that is empty.

        What is in a folder is looked up only where its stamp is not the ``last`` one.
        """
        inside: dict[str, list[str]] = {}
        for folder in last:
            inside.setdefault(folder.rpartition("/")[0], []).append(folder)
        pending = [SCHEMAS, RECORDS, CMDB]
        while pending:
            folder = pending.pop()
            stamp = _stamp(f"{self._git.root}/{folder}", newest)
            self.folders[folder] = stamp.hex() if stamp else ""
            yield folder.encode("utf-8", "surrogateescape")
            yield stamp
            if stamp and self.folders[folder] == last.get(folder):
                pending += sorted(inside.get(folder, ()))
                continue
            with suppress(OSError), os.scandir(f"{self._git.root}/{folder}") as listing:
                found = [f"{folder}/{i.name}" for i in listing if i.is_dir(follow_symlinks=False)]
                pending += sorted(found)

    def _all_are_looked_at(self, newest: int, last: _Record | None) -> bytes | None:
        """Return nothing where Git looks at every file, as it does unless it was told not to; else None.

        The marks are in the index: where that is the one of the last build, there are none.
        """
        stamp = _stamp(str(self._index), newest)
        self.index = stamp.hex() if stamp else ""
        if last and self.index and self.index == last.index:
            return b""
        listed = self._git.run("ls-files", "-v", "-z", "--", *ROOTS).split(b"\0")[:-1]
        return None if any(line[:1].islower() or line[:1] == _SKIPPED for line in listed) else b""


def _stamp(path: str, newest: int) -> bytes | None:
    """Return the stamp of a file or folder, empty where it is gone, None where it may change without changing it."""
    try:
        status = os.lstat(path)
    except OSError:
        return b""
    return settled_stamp(status, newest) or None
