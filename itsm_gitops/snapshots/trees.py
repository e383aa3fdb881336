"""Snapshots of what Git has: the index, a commit, and what a merge would make; listed by path, read by hash."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path

from itsm_gitops.documents.names import DRAFT_PREFIX
from itsm_gitops.git.client import Git, decode
from itsm_gitops.git.merging import merged_tree, with_results
from itsm_gitops.git.modes import DRAFT, GIT_MODES, OTHER, REGULAR, FileInfo
from itsm_gitops.git.tree_names import TreeNames
from itsm_gitops.model.errors import GitError, ItsmError, MissingObject, NotFound
from itsm_gitops.snapshots.snapshot import CONFIG, ROOTS, SCHEMAS

_AHEAD = 16 << 20


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
        """Return one file; None where the path does not exist."""
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


class _Tree(_Listed):
    """The files of one tree of Git; ``prefix`` is where ours are below its top, where Git cannot tell."""

    def __init__(self, git: Git, top: str, name: str, prefix: str = "") -> None:
        super().__init__(git)
        self._top = top
        self.name = name
        self._prefix = prefix

    @cached_property
    def _tree_names(self) -> TreeNames:
        return _names_in(self.git, self._top, self._prefix)

    def _load(self) -> dict[str, FileInfo]:
        return _all_of(self._tree_names)


class CommitTree(_Tree):
    """The files of one commit; ``commit`` is its full hash."""

    def __init__(self, git: Git, revision: str) -> None:
        self.commit = git.resolve(revision)
        super().__init__(git, self.commit, revision)


class MergedTree(_Tree):
    """What Git makes of merging commits, one after the other, without merging them anywhere."""

    def __init__(self, git: Git, ours: str, others: Sequence[str]) -> None:
        """Merge; raises GitError where the sides contradict each other or have nothing in common."""
        self.tree = merged_tree(git, ours, others)
        super().__init__(with_results(git), self.tree, " with ".join((ours, *others)), git.prefix)


class LandedTree(_Tree):
    """What a branch would hold after a merge: a result of ``merging``; ``git`` is one that has it."""

    def __init__(self, git: Git, tree: str, name: str) -> None:
        super().__init__(git, tree, name, git.prefix)
        self.tree = tree


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
