"""Snapshots: the same files read from the working tree, from the index or from any commit.

The bytes are the same wherever they are read from, with one exception that Git itself makes:
with ``core.autocrlf`` or an ``eol`` attribute the working tree may hold CRLF where commits hold
LF. Nothing here converts.

Only the data roots are visible, and nothing whose name starts with a dot, but for drafts of a writer
that was killed: they are listed so that they can be removed, and never read. Names that are not
UTF-8 are text with surrogates (``os.fsencode`` gives the bytes back).
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Protocol

from itsm_gitops.documents.names import DRAFT_PREFIX
from itsm_gitops.model.errors import GitError, ItsmError, MissingObject, NotFound
from itsm_gitops.repository.git import BLOB_MAX, Git, decode
from itsm_gitops.repository.merging import merged_tree, with_results
from itsm_gitops.repository.modes import (
    DRAFT,
    FOLDER,
    GIT_MODES,
    NAMES,
    OTHER,
    REGULAR,
    SUBMODULE,
    SYMLINK,
    FileInfo,
    irregular,
)
from itsm_gitops.repository.tree_names import TreeNames

CONFIG = "itsm.yaml"
SCHEMAS = "schemas"
RECORDS = "records"
CMDB = "cmdb"
ROOTS = (CMDB, CONFIG, RECORDS, SCHEMAS)

# NOFOLLOW: a link is never read through. NONBLOCK: a named pipe does not stop us.
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
_CHUNK = 1 << 16
_AHEAD = 16 << 20


class Snapshot(Protocol):
    """All files of one state of a repository."""

    @property
    def name(self) -> str:
        """What to call this snapshot in messages."""
        ...

    def files(self, *roots: str) -> list[FileInfo]:
        """Return the files under ``roots`` (default: all data roots), sorted by path."""
        ...

    def read(self, path: str) -> bytes:
        """Return the bytes of one file, cut at BLOB_MAX; raises NotFound or ItsmError."""
        ...

    def read_many(self, paths: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """Yield each file as ``(path, bytes)`` in the order given; unreadable files are left out."""
        ...


class WorkingTree:
    """The files on disk below ``root``."""

    name = "working tree"

    def __init__(self, root: Path) -> None:
        self.root = root
        self.progress: Callable[[int, int], None] | None = None  # told how far reading all documents is
        self._absent: tuple[str, ...] | None = None
        self._base = str(root)
        self._plain: set[str] = {""}  # folders known not to be reached through a link

    def files(self, *roots: str) -> list[FileInfo]:
        """Return the files under ``roots``; links are listed and never followed."""
        found: list[FileInfo] = []
        for root in roots or ROOTS:
            self._list(root, found)
        found.sort()
        return found

    @property
    def absent(self) -> tuple[str, ...]:
        """The tracked files of the data roots that Git was told to leave out of this working tree."""
        if self._absent is None:
            from itsm_gitops.repository.absent import absent_files

            self._absent = tuple(absent_files(self.root, ROOTS))
        return self._absent

    @property
    def ignored(self) -> frozenset[str]:
        """The untracked files of the data roots that Git ignores: they are no part of the repository."""
        from itsm_gitops.repository.ignored import ignored_files

        return ignored_files(self.root, ROOTS)

    def _list(self, root: str, found: list[FileInfo]) -> None:
        mode = _mode_of(self._base + "/" + root)
        if mode is not None:
            if mode:
                found.append(FileInfo(root, mode))
                return
            self._walk(root, found)

    def _walk(self, root: str, found: list[FileInfo]) -> None:
        pending = [root]
        while pending:
            folder = pending.pop()
            self._plain.add(folder)
            with os.scandir(f"{self._base}/{folder}") as listing:
                for item in listing:
                    name = item.name
                    path = f"{folder}/{name}"
                    if name[0] == ".":
                        if name.startswith(DRAFT_PREFIX):
                            found.append(FileInfo(path, DRAFT))
                        continue
                    if item.is_file(follow_symlinks=False):
                        found.append(FileInfo(path, REGULAR))
                    elif item.is_dir(follow_symlinks=False):
                        # A repository inside this one is what commits show as a submodule.
                        if os.path.lexists(f"{item.path}/.git"):
                            found.append(FileInfo(path, SUBMODULE))
                        else:
                            pending.append(path)
                            if name.endswith(NAMES):
                                found.append(FileInfo(path, FOLDER))
                    else:
                        found.append(FileInfo(path, irregular(item.stat(follow_symlinks=False).st_mode)))

    def read(self, path: str) -> bytes:
        """Return the bytes of one file; raises NotFound, or ItsmError for a link or no permission."""
        try:
            return self._read(path)
        except (FileNotFoundError, NotADirectoryError) as error:
            raise NotFound(f"there is no file {path}") from error
        except OSError as error:
            why = "it is a symbolic link" if error.errno == errno.ELOOP else str(error.strerror)
            raise ItsmError(f"{path} cannot be read: {why}") from error

    def read_many(self, paths: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """Yield ``(path, bytes)`` of each file that can be read."""
        for path in paths:
            try:
                raw = self._read(path)
            except OSError:
                continue
            yield path, raw

    def _read(self, path: str) -> bytes:
        folder = path.rpartition("/")[0]
        if folder not in self._plain:
            self._check_folder(folder)
        handle = os.open(f"{self._base}/{path}", _FLAGS)
        try:
            raw = os.read(handle, _CHUNK)
            if len(raw) < _CHUNK:
                return raw
            parts = [raw]
            left = BLOB_MAX - len(raw)
            while left > 0:
                more = os.read(handle, left)
                if not more:
                    break
                parts.append(more)
                left -= len(more)
            return b"".join(parts)
        finally:
            os.close(handle)

    def _check_folder(self, folder: str) -> None:
        """Raise OSError when a folder is outside the root or reached through a link."""
        so_far = ""
        for part in folder.split("/"):
            if part in ("", ".", ".."):
                raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), folder)
            so_far = f"{so_far}/{part}" if so_far else part
            if Path(self._base, so_far).is_symlink():
                raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), so_far)
        self._plain.add(folder)


def absent_of(snapshot: Snapshot) -> tuple[str, ...]:
    """Return the tracked files that are missing in a working tree for a technical reason; a commit has all."""
    found: tuple[str, ...] = getattr(snapshot, "absent", ())
    return found


def root_of(snapshot: Snapshot, path: str) -> str:
    """Return the name of the root that a file is from; empty where it is the repository's own."""
    asked: Callable[[str], str] | None = getattr(snapshot, "root_of", None)
    return asked(path) if asked else ""


def refuse_unread(snapshot: Snapshot, identifier: str) -> None:
    """Raise Incomplete where a name is one of a root that cannot be read: nobody knows whether it exists."""
    asked: Callable[[str], None] | None = getattr(snapshot, "refuse_unread", None)
    if asked:
        asked(identifier.strip())


def progress_of(snapshot: Snapshot) -> Callable[[int, int], None] | None:
    """Return who is told how far reading all documents is; None where nobody asked."""
    told: Callable[[int, int], None] | None = getattr(snapshot, "progress", None)
    return told


def own_files(snapshot: Snapshot) -> list[FileInfo]:
    """Return the files of the data roots that belong to the repository, sorted by path."""
    ignored = ignored_of(snapshot)
    return [info for info in snapshot.files() if info.path not in ignored]


def ignored_of(snapshot: Snapshot) -> frozenset[str]:
    """Return the files of a working tree that are no part of the repository; a commit has none."""
    paths: frozenset[str] = getattr(snapshot, "ignored", frozenset())
    return paths


def _mode_of(path: str) -> str | None:
    """Return the mode of a root: None when it is absent, an empty string for a folder."""
    here = Path(path)
    if here.is_symlink():
        return SYMLINK
    if here.is_dir():
        return ""
    if here.is_file():
        return REGULAR
    return irregular(here.stat().st_mode) if here.exists() else None


class _Listed:
    """What the index and a commit have in common: a listing by path, and blobs by hash.

    Of a commit single files and folders are looked up in Git's own listing; all of it becomes objects where somebody
    wants all.
    """

    name: str

    def __init__(self, git: Git) -> None:
        self.git = git
        self._listing: dict[str, FileInfo] | None = None
        self._ahead: dict[str, bytes] | None = None

    def _load(self) -> dict[str, FileInfo]:
        raise NotImplementedError

    @property
    def _files(self) -> dict[str, FileInfo]:
        if self._listing is None:
            self._listing = self._load()
        return self._listing

    @property
    def _tree_names(self) -> TreeNames | None:
        """The listing of a commit as Git printed it."""
        return None

    def info(self, path: str) -> FileInfo | None:
        """Return one file; None where there is none of that path."""
        names = self._tree_names if self._listing is None else None
        return names.find(path) if names else self._files.get(path)

    def files(self, *roots: str) -> list[FileInfo]:
        """Return the files under ``roots`` (default: all data roots), sorted by path."""
        if not roots:
            return list(self._files.values())
        names = self._tree_names if self._listing is None else None
        if names is not None:
            return sorted({i for r in roots for i in (names.find(r), *names.under(r)) if i is not None})
        folders = tuple(f"{r}/" for r in roots)
        return [i for p, i in self._files.items() if p.startswith(folders) or p in roots]

    def read(self, path: str) -> bytes:
        """Return the bytes of one file; raises NotFound, or ItsmError for a link or submodule."""
        info = self.info(path)
        if info is None:
            raise NotFound(f"there is no file {path} in {self.name}")
        if info.mode != REGULAR:
            raise ItsmError(f"{path} cannot be read: it is not a regular file in {self.name}")
        if path == CONFIG or path.startswith(f"{SCHEMAS}/"):
            if self._ahead is None:
                self._ahead = self._read_ahead()
            if path in self._ahead:
                return self._ahead[path]
        return next(self.git.blobs([info.oid])).content

    def _read_ahead(self) -> dict[str, bytes]:
        """Return the settings and the rule book: who reads one of its files soon reads most of them.

        They come from one process. What goes beyond _AHEAD bytes is left to be read when it is needed.
        """
        found: dict[str, bytes] = {}
        left = _AHEAD
        for path, raw in self.read_many(i.path for i in self.files(SCHEMAS, CONFIG)):
            left -= len(raw)
            if left < 0:
                break
            found[path] = raw
        return found

    def read_many(self, paths: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """Yield ``(path, bytes)`` of each regular file, from one process."""
        known = (self.info(path) for path in paths)
        wanted = [i for i in known if i is not None and i.mode == REGULAR]
        blobs = self.git.blobs(i.oid for i in wanted)
        for info in wanted:
            try:
                content = next(blobs).content
            except GitError as error:  # a partial clone, a damaged repository
                raise type(error)(
                    f"{info.path} cannot be read in {self.name}: {error.message}", error.hint
                ) from error
            yield info.path, content


class IndexTree(_Listed):
    """What the next commit would hold (``git add`` puts it there)."""

    name = "index"

    @staticmethod
    def named(git: Git) -> str | None:
        """Return the index that the environment names: a hook of `git commit FILE` sees a temporary one."""
        named = os.environ.get("GIT_INDEX_FILE", "")
        own = git.directory
        return str(own / Path(named).name) if named and Path(named).parent in (own, Path(".git")) else None

    def _load(self) -> dict[str, FileInfo]:
        listed = self.git.run("ls-files", "-s", "-z", "--", *ROOTS, index=self.named(self.git))
        found: dict[str, FileInfo] = {}
        for line in listed.split(b"\0")[:-1]:
            about, _, name = line.partition(b"\t")
            mode, oid, stage = about.decode("ascii").split()
            if stage != "0":
                raise GitError(
                    f"{decode(name)} is unmerged in the index", "finish the merge, then git add it"
                )
            _keep(found, decode(name), mode, oid)
        return dict(sorted(found.items()))


class CommitTree(_Listed):
    """The files of one commit; ``commit`` is its full hash."""

    def __init__(self, git: Git, revision: str) -> None:
        super().__init__(git)
        self.commit = git.resolve(revision)
        self.name = revision

    @cached_property
    def _tree_names(self) -> TreeNames:
        return _names_in(self.git, self.commit)

    def _load(self) -> dict[str, FileInfo]:
        return _all_of(self._tree_names)


class MergedTree(_Listed):
    """What Git makes of merging commits, one after the other, without merging them anywhere."""

    def __init__(self, git: Git, ours: str, others: Sequence[str]) -> None:
        """Merge; raises GitError where the sides contradict each other or have nothing in common."""
        super().__init__(with_results(git))
        self.name = " with ".join((ours, *others))
        self.tree = merged_tree(git, ours, others)
        self._prefix = git.prefix

    @cached_property
    def _tree_names(self) -> TreeNames:
        return _names_in(self.git, self.tree, self._prefix)

    def _load(self) -> dict[str, FileInfo]:
        return _all_of(self._tree_names)


class LandedTree(_Listed):
    """What a branch would hold after a merge: a result of ``merging``; ``git`` is one that has it."""

    def __init__(self, git: Git, tree: str, name: str) -> None:
        super().__init__(git)
        self.tree = tree
        self.name = name
        self._prefix = git.prefix

    @cached_property
    def _tree_names(self) -> TreeNames:
        return _names_in(self.git, self.tree, self._prefix)

    def _load(self) -> dict[str, FileInfo]:
        return _all_of(self._tree_names)


def _names_in(git: Git, tree: str, prefix: str = "") -> TreeNames:
    """List the data roots of a tree; ``prefix`` is where they are below its top, where Git cannot tell.

    Folders that a partial clone lacks are fetched first, in one request, where there is a supplier.
    """
    question = TreeNames.question(tree, ROOTS, prefix)
    try:
        return TreeNames(git.run(*question), prefix)
    except MissingObject:
        if git.supplier is None or not git.supplier.trees(git, tree):
            raise
        return TreeNames(git.run(*question), prefix)


def _all_of(names: TreeNames) -> dict[str, FileInfo]:
    """Return all files of a listing by path, sorted."""
    return {info.path: info for info in sorted(names.all())}


def _keep(found: dict[str, FileInfo], path: str, mode: str, oid: str) -> None:
    if not path.startswith(".") and "/." not in path:
        found[path] = FileInfo(path, GIT_MODES.get(mode, OTHER), oid)
    elif path.rpartition("/")[2].startswith(DRAFT_PREFIX):
        found[path] = FileInfo(path, DRAFT, oid)
