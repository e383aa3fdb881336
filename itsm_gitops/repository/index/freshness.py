"""Freshness: which documents of a working tree may differ from what the index says of them.

Git knows which tracked files are as they were when it last looked (``diff-files``: size, times, inode of each, far
faster than we could ask), so the content of all others is what its index names. Where Git's index itself was
written since, its names are compared with those that our rows were made from. Files that appeared or vanished are
seen by the times of their folders. Files that Git does not track, and those that differ from what it tracks, are
looked at one by one: a row keeps the stamp of the file that it was made from.

Where a doubt cannot be settled so cheaply (a link or a nested repository among the documents, a sparse checkout,
files that Git was told to assume unchanged) ``Unusual`` is raised, and everything is read as if there were no index.
"""

from __future__ import annotations

import os
import sqlite3
import stat
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from itsm_gitops.documents.names import DRAFT_PREFIX
from itsm_gitops.git.absent import git_folder
from itsm_gitops.git.client import Git, decode
from itsm_gitops.git.process import GitAnswer
from itsm_gitops.snapshots.snapshot import CMDB, RECORDS
from itsm_gitops.snapshots.stamps import COARSE, settled_stamp, stamp_of

FAMILIES = (CMDB, RECORDS)
SUFFIX = ".yaml"
RACY = COARSE
_USUAL = frozenset((b"H", b"M", b"R", b"C"))  # tags of `ls-files -v` of files that Git looks at
_FEW = 500  # paths in one question


class Unusual(Exception):
    """Something among the files that the index does not follow; the text says what, for people."""


@dataclass(slots=True)
class Tracked:
    """What Git's index names: the content of each file below the data roots, by path; ``sign`` tells one state from another."""

    sign: str
    names: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Moves:
    """What may have moved: ``paths`` to read again, ``folders`` with new stamps (None: it is gone)."""

    paths: set[str] = field(default_factory=set)
    folders: dict[str, bytes | None] = field(default_factory=dict)
    ignored: set[str] = field(default_factory=set)
    tracked: Tracked | None = None  # where Git's index was written since
    dirty: frozenset[str] = frozenset()

    @property
    def any(self) -> bool:
        """Whether the index has to be written."""
        return bool(self.paths or self.folders or self.tracked)


def ask_git(git: Git) -> GitAnswer:
    """Start asking Git which tracked files are not as it remembers them."""
    return git.ask(
        "diff-files", "--name-only", "-z", "--ignore-submodules=all", "--relative", "--", *FAMILIES
    )


def names_of(printed: bytes) -> frozenset[str]:
    """Return the paths of a list that ends each with NUL."""
    return frozenset(map(decode, printed.split(b"\0")[:-1]))


def index_sign(git: Git) -> str:
    """Return what tells one state of Git's index from another."""
    folder = git_folder(git.root)
    try:
        status = Path(f"{folder}/index").stat()
    except OSError:
        return ""
    return stamp_of(status).hex()


def index_age(git: Git) -> int:
    """Return how many nanoseconds ago Git's index was written; a long time where there is none."""
    folder = git_folder(git.root)
    try:
        return time.time_ns() - Path(f"{folder}/index").stat().st_mtime_ns
    except OSError:
        return time.time_ns()


def tracked_files(git: Git) -> Tracked:
    """Read Git's index; raises Unusual where it has files that Git does not look at."""
    sign = index_sign(git)
    return Tracked(sign, contents_of(git, FAMILIES))


def contents_of(git: Git, paths: Sequence[str]) -> dict[str, str]:
    """Return what Git's index names of some paths (files or folders); raises Unusual as ``tracked_files``."""
    names: dict[str, str] = {}
    named = paths if len(paths) <= _FEW else FAMILIES
    for line in git.run("ls-files", "-s", "-v", "-z", "--", *named).split(b"\0")[:-1]:
        about, _, name = line.partition(b"\t")
        tag, mode, oid, stage = about.split()
        if tag not in _USUAL:
            raise Unusual("Git was told not to look at some files (sparse checkout or assume-unchanged)")
        if mode[:3] != b"100":
            raise Unusual(f"{decode(name)} is not a regular file")
        names[decode(name)] = oid.decode("ascii") if stage == b"0" else ""
    return names


def folders_below(root: str) -> Iterator[tuple[str, bytes, list[str]]]:
    """Yield each folder of the documents with its stamp and its files; raises Unusual for what is neither."""
    for family in FAMILIES:
        if os.path.lexists(f"{root}/{family}"):
            yield from _walk(root, family)


def _walk(root: str, folder: str) -> Iterator[tuple[str, bytes, list[str]]]:
    pending = [folder]
    while pending:
        place = pending.pop()
        mark = folder_stamp(root, place)
        files, folders = listing_of(root, place)
        pending += folders
        yield place, mark or b"", files


def folder_stamp(root: str, folder: str) -> bytes | None:
    """Return the stamp of a folder; empty where it is so young that a change could leave none, None where it is gone."""
    try:
        status = os.lstat(f"{root}/{folder}")
    except OSError:
        return None
    if not stat.S_ISDIR(status.st_mode):
        raise Unusual(f"{folder} is not a folder")
    return settled_stamp(status, time.time_ns() - RACY)


def file_stamp(root: str, path: str) -> bytes | None:
    """Return the stamp of a file; empty where it is too young, None where it is gone; raises Unusual for what is no file."""
    try:
        status = os.lstat(f"{root}/{path}")
    except OSError:
        return None
    if not stat.S_ISREG(status.st_mode):
        raise Unusual(f"{path} is not a regular file")
    return settled_stamp(status, time.time_ns() - RACY)


def listing_of(root: str, folder: str) -> tuple[list[str], list[str]]:
    """Return the files and folders of one folder, without hidden ones."""
    files, folders = [], []
    with os.scandir(f"{root}/{folder}") as listing:
        for item in listing:
            path = f"{folder}/{item.name}"
            if item.name[0] == ".":
                if item.name.startswith(DRAFT_PREFIX):
                    raise Unusual(f"{path} is a draft that a killed writer left")
            elif item.is_file(follow_symlinks=False):
                files.append(path)
            elif item.is_dir(follow_symlinks=False):
                if item.name.endswith((SUFFIX, ".yml", ".json")) or os.path.lexists(f"{item.path}/.git"):
                    raise Unusual(f"{path} is a folder with the name of a file, or another repository")
                folders.append(path)
            else:
                raise Unusual(f"{path} is not a regular file")
    return files, folders


def moves(git: Git, connection: sqlite3.Connection, answer: GitAnswer, sign: str) -> Moves:
    """Return what may have moved since the index was brought up to date.

    ``answer`` waits for what ``ask_git`` asked, ``sign`` is that of Git's index at the last time. Raises Unusual, GitError.
    """
    root, change = str(git.root), Moves()
    untracked = dict(connection.execute("SELECT path, stamp FROM document WHERE oid = ''"))
    appeared = _new_files(root, connection, change)
    for path, mark in untracked.items():
        present = file_stamp(root, path)
        if not present or present != mark:
            change.paths.add(path)
    change.dirty = names_of(answer.result())
    change.paths |= change.dirty - untracked.keys()
    change.paths |= {path for path in untracked if path not in change.dirty} & _tracked_now(git, untracked)
    lost: set[str] = set()
    if index_sign(git) != sign:
        change.tracked = tracked_files(git)
        lost = _compare(connection, change, change.tracked.names)
    _settle_ignored(git, connection, change, appeared, lost | untracked.keys())
    change.paths = {p for p in change.paths if _matters(root, connection, p)}
    return change


def _matters(root: str, connection: sqlite3.Connection, path: str) -> bool:
    """Whether a path can be that of a document, and is not that of one which is gone and has been for long."""
    if not path.endswith(SUFFIX) or path.startswith(".") or "/." in path:
        return False
    row = connection.execute("SELECT 1 FROM document WHERE path = ?", (path,)).fetchone()
    return row is not None or os.path.lexists(f"{root}/{path}")


def _tracked_now(git: Git, paths: Mapping[str, bytes]) -> set[str]:
    """Return those of some paths that Git tracks."""
    return set(_listed(git, list(paths))) & paths.keys() if paths else set()


def _listed(git: Git, paths: Sequence[str], *options: str) -> frozenset[str]:
    """Return what ``git ls-files`` says of some paths, perhaps of others, too."""
    named = paths if len(paths) <= _FEW else FAMILIES
    return names_of(git.run("ls-files", "-z", *options, "--", *named))


def _new_files(root: str, connection: sqlite3.Connection, change: Moves) -> set[str]:
    """Look into the folders whose times differ; note their stamps, the files that vanished; return those that appeared."""
    appeared: set[str] = set()
    folders = dict(connection.execute("SELECT path, stamp FROM folder"))
    pending = list(folders.items())
    pending += [(f, b"") for f in FAMILIES if f not in folders and os.path.lexists(f"{root}/{f}")]
    seen = set(folders)
    while pending:
        folder, mark = pending.pop()
        present = folder_stamp(root, folder)
        if present and present == mark:
            continue
        there: set[str] = set()
        if present is not None:
            files, below = listing_of(root, folder)
            there = set(files)
            for name in below:
                if name not in seen:
                    seen.add(name)
                    pending.append((name, b""))
        if present != mark or folder not in folders:
            change.folders[folder] = present
        known = _documents_in(connection, folder)
        change.paths |= known - there
        appeared |= {p for p in there - known if p.endswith(SUFFIX)}
        _refuse_odd(there)
    return appeared


def _refuse_odd(paths: Iterable[str]) -> None:
    for path in paths:
        name = path.rpartition("/")[2]
        if not path.endswith(SUFFIX) and ("." not in name or name.isdecimal()):
            raise Unusual(f"{path} may stand in the place of a folder")


def _documents_in(connection: sqlite3.Connection, folder: str) -> set[str]:
    rows = connection.execute(
        "SELECT path FROM document WHERE path > ? AND path < ?", (f"{folder}/", f"{folder}0")
    )
    start = len(folder) + 1
    return {path for (path,) in rows if path.find("/", start) < 0}


def _settle_ignored(
    git: Git,
    connection: sqlite3.Connection,
    change: Moves,
    appeared: set[str],
    untracked: set[str],
) -> None:
    """Decide which of the files that Git does not track are part of the repository."""
    before = {path for (path,) in connection.execute("SELECT path FROM ignored")}
    asked = sorted(appeared | before | untracked)
    if not asked:
        return
    hidden = set(_listed(git, asked, "--others", "--ignored", "--exclude-standard")) & set(asked)
    change.ignored = {p for p in hidden if os.path.lexists(f"{git.root}/{p}")}
    change.paths |= (appeared | before) - hidden
    change.paths |= hidden & untracked


def _compare(connection: sqlite3.Connection, change: Moves, names: Mapping[str, str]) -> set[str]:
    """Add the documents whose content Git's index names otherwise than the rows; return those that it no longer tracks."""
    rows = dict(connection.execute("SELECT path, oid FROM document"))
    for path, oid in names.items():
        if path.endswith(SUFFIX) and rows.get(path) != oid and path not in change.dirty:
            change.paths.add(path)
    lost = {path for path, oid in rows.items() if oid and path not in names}
    change.paths |= lost
    return lost
