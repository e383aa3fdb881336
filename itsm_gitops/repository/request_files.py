"""The files of a request: those of its base commit by name, what differs in its head, and both sides to read from.

Nothing here grows with the repository but one listing of names. What did not change is read from the working
tree where that is the head, else from Git's objects, and once for both sides.
"""

from __future__ import annotations

import os
import stat
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import IO, NamedTuple, cast

from itsm_gitops.documents.names import DRAFT_PREFIX
from itsm_gitops.git.client import BLOB_MAX, Git, decode
from itsm_gitops.git.modes import DRAFT, FOLDER, GIT_MODES, OTHER, REGULAR, FileInfo, irregular
from itsm_gitops.git.process import Blob, GitAnswer, blob_name, read_blob
from itsm_gitops.git.tree_names import TreeNames
from itsm_gitops.model.errors import GitError, ItsmError, MissingObject, NotFound
from itsm_gitops.model.words import counted
from itsm_gitops.repository.repository import INDEX, Repository
from itsm_gitops.snapshots.snapshot import ROOTS, Snapshot, WorkingTree, absent_of
from itsm_gitops.snapshots.trees import IndexTree

BASE, HEAD = "base", "head"
# Nothing of Git's own that runs another program, and both modes and blobs of each path.
_RAW = ("--raw", "--no-abbrev", "--no-renames", "--no-ext-diff", "--no-textconv", "--relative", "-z")


class Difference(NamedTuple):
    """One path that differs: what it is in base and in head, None where it is not there."""

    path: str
    old: FileInfo | None
    new: FileInfo | None

    @property
    def status(self) -> str:
        """A (added), D (deleted) or M (modified)."""
        return "A" if self.old is None else "D" if self.new is None else "M"


class BlobPipe:
    """One `git cat-file --batch` that answers as long as it is asked."""

    def __init__(self, git: Git) -> None:
        self._git = git
        self._process: subprocess.Popen[bytes] | None = None

    def read(self, oid: str) -> Blob:
        """Return one object; raises GitError where it is missing."""
        if self._process is None:
            self._process = self._git.start("cat-file", "--batch")
        into, out = cast(IO[bytes], self._process.stdin), cast(IO[bytes], self._process.stdout)
        into.write(oid.encode("ascii") + b"\n")
        into.flush()
        return read_blob(out, cast(IO[bytes], self._process.stderr), BLOB_MAX)

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None


_LACKING_MAX = 3


class RequestFiles:
    """The files of both sides of a request from ``commit`` to ``at`` (as `Repository.snapshot` takes it).

    Git lists the names and compares while the caller goes on; nobody waits before names are asked for.
    """

    def __init__(self, repo: Repository, commit: str, at: str | None) -> None:
        """Ask Git for the names of base, and for what differs; raises GitError."""
        self.repo = repo
        self.git = git = repo.history
        self.commit = commit
        self.tree = WorkingTree(repo.root) if at is None and not repo.bare else None
        self.revision = "" if self.tree or at == INDEX else git.resolve("HEAD" if at is None else at)
        self._asked: list[GitAnswer] = []
        self._listing = self._ask(*TreeNames.question(commit, ROOTS))
        index = IndexTree.named(git) if at == INDEX else None
        how = (
            ("diff-tree", "-r")
            if self.revision
            else ("diff-index",)
            if self.tree
            else ("diff-index", "--cached")
        )
        sides = (commit, self.revision) if self.revision else (commit,)
        self._compared = self._ask(*how, *_RAW, "--end-of-options", *sides, "--", *ROOTS, index=index)
        self._untracked = (
            self._ask("ls-files", "--others", "--exclude-standard", "-z", "--", *ROOTS) if self.tree else None
        )
        self._pipe = BlobPipe(git)
        self._lacking = 0  # how often an object was missing
        self.base = RequestSide(self, BASE, commit)
        self.head = RequestSide(self, HEAD, repo.snapshot(at).name)

    @classmethod
    def between(cls, repo: Repository, base: str, at: str | None) -> RequestFiles:
        """Return the files since ``at`` left ``base``; raises GitError for an unknown revision or no history."""
        head = "HEAD" if at in (None, INDEX) else str(at)
        return cls(repo, repo.history.merge_base(base, head), at)

    def _ask(self, *args: str, index: str | None = None) -> GitAnswer:
        answer = self.git.ask(*args, index=index)
        self._asked.append(answer)
        return answer

    def _result(self, answer: GitAnswer) -> bytes:
        self._asked.remove(answer)
        return answer.result()

    def close(self) -> None:
        """End what was started."""
        self._pipe.close()
        for answer in self._asked:
            answer.stop()
        self._asked = []

    @cached_property
    def names(self) -> TreeNames:
        """The files of base."""
        return TreeNames(self._result(self._listing))

    @cached_property
    def differences(self) -> Mapping[str, Difference]:
        """What differs, by path."""
        return {d.path: d for d in self._differences()}

    def read(self, info: FileInfo, changed: bool) -> bytes:
        """Return the bytes of a regular file; ``changed`` files of base are never in the working tree."""
        tree = self.tree
        if tree is not None and not (changed and info.oid) and info.path not in self.left_out:
            return tree.read(info.path)
        if not info.oid:
            return WorkingTree(self.repo.root).read(info.path)
        return self._blob(info.oid).content

    @cached_property
    def left_out(self) -> frozenset[str]:
        """The files that a sparse checkout leaves out of the working tree: they are read from Git's objects."""
        return frozenset(absent_of(self.tree) if self.tree is not None else ())

    def _blob(self, oid: str) -> Blob:
        """Read an object; what a partial clone lacks of all that differs is fetched at once.

        Raises MissingObject where more is missing than a few objects: reading everything asks for them together;
        GitError, which says how many are missing, where nothing may be fetched.
        """
        try:
            return self._pipe.read(oid)
        except MissingObject as error:
            self._lacking += 1
            sides = (side for d in self.differences.values() for side in (d.old, d.new))
            wanted = [oid, *(side.oid for side in sides if side is not None and side.oid)]
            supplier = self.git.supplier
            if self._lacking > _LACKING_MAX:
                raise
            if supplier is None or not supplier.objects(self.git, wanted):
                raise self._explained(error) from error
            self._pipe.close()
            return self._pipe.read(oid)

    def _explained(self, error: MissingObject) -> GitError:
        """Say how many of the objects that differ are missing in a partial clone, and how to get them in one go.

        Where none of those is missing it is the error itself, and reading everything may help.
        """
        sides = [i for d in self.differences.values() for i in (d.old, d.new) if i is not None and i.oid]
        # Asking for one object would let an older Git try to fetch it; what is there can be listed.
        listed = self.git.run("cat-file", "--batch-all-objects", "--unordered", "--batch-check=%(objectname)")
        count = len({i.oid for i in sides if i.mode == REGULAR} - set(listed.decode("ascii").split()))
        if not count:
            return error
        head = self.revision[:12] or "HEAD"
        return GitError(
            f"this partial clone lacks {counted(count, 'object')} of what changed",
            f"git diff --stat {self.commit[:12]} {head} gets them in one request",
        )

    @cached_property
    def changed_stems(self) -> frozenset[str]:
        """The names of the documents that differ."""
        return frozenset(p.rpartition("/")[2].removesuffix(".yaml") for p in self.differences)

    def unchanged(self, folder: str) -> Iterator[tuple[str, bytes]]:
        """Yield path and bytes of each document below a folder that does not differ, by path."""
        infos = [
            i
            for i in self.names.under(folder)
            if i.mode == REGULAR and i.path.endswith(".yaml") and i.path not in self.differences
        ]
        if self.tree is not None:
            yield from self.tree.read_many(i.path for i in infos if i.path not in self.left_out)
            infos = [i for i in infos if i.path in self.left_out]
        blobs = self.git.blobs(i.oid for i in infos)
        for info in infos:
            yield info.path, next(blobs).content

    def _differences(self) -> Iterator[Difference]:
        compared = self._raw(self._result(self._compared))
        if self._untracked is None:
            yield from compared
            return
        yield from filter(None, map(self._in_tree, compared))
        for name in map(decode, self._result(self._untracked).split(b"\0")[:-1]):
            info = self._on_disk(name.rstrip("/"))
            if info is not None and self.names.find(info.path) is None:
                yield Difference(info.path, None, info)

    def _raw(self, out: bytes) -> Iterator[Difference]:
        """Yield what `diff-tree` or `diff-index` printed, without what is hidden."""
        words = out.split(b"\0")[:-1]
        for header, name in zip(words[::2], words[1::2], strict=True):
            old_mode, new_mode, old, new, _ = header.lstrip(b":").decode("ascii").split(" ")
            path = decode(name)
            if "/." not in path:
                yield Difference(path, _info(path, old_mode, old), _info(path, new_mode, new))

    def _in_tree(self, found: Difference) -> Difference | None:
        """Look at the file itself where Git only knows that it may differ."""
        new = self._on_disk(found.path)
        if new is None and found.path in self.left_out:
            return found
        if new is not None and new.mode == REGULAR and found.old is not None and found.old.mode == REGULAR:
            try:
                raw = cast(WorkingTree, self.tree).read(found.path)
            except ItsmError:
                return found._replace(new=new)
            if blob_name(raw, len(found.old.oid)) == found.old.oid:
                return None
        elif found.old is not None and new is not None and found.old.mode == new.mode:
            return None
        return found._replace(new=new)

    def _on_disk(self, path: str) -> FileInfo | None:
        """Return what the working tree has at a path, without an object's name."""
        hidden = "/." in path
        if hidden and not path.rpartition("/")[2].startswith(DRAFT_PREFIX):
            return None
        try:
            mode = os.lstat(f"{self.repo.root}/{path}").st_mode
        except (FileNotFoundError, NotADirectoryError):
            return None
        if hidden:
            return FileInfo(path, DRAFT)
        if stat.S_ISREG(mode):
            return FileInfo(path, REGULAR)
        if stat.S_ISDIR(mode):
            inside = Path(self.repo.root, path, ".git")
            return FileInfo(path, GIT_MODES["160000"] if os.path.lexists(inside) else FOLDER)
        return FileInfo(path, irregular(mode))


class RequestSide:
    """The files of base or of head; a snapshot."""

    def __init__(self, files: RequestFiles, side: str, name: str) -> None:
        self.request = files
        self.side = side
        self.name = name

    @property
    def below(self) -> Snapshot:
        """The whole snapshot."""
        files = self.request
        if self.side == BASE:
            return files.repo.snapshot(files.commit)
        return files.repo.snapshot(None if files.tree else files.revision or INDEX)

    def changed(self, path: str) -> bool:
        """Whether a path differs between both sides."""
        return path in self.request.differences

    def _own(self, difference: Difference) -> FileInfo | None:
        return difference.old if self.side == BASE else difference.new

    def changes(self) -> list[str]:
        """Return the changed paths that this side has, sorted."""
        return sorted(p for p, d in self.request.differences.items() if self._own(d))

    def changed_below(self, folder: str) -> list[str]:
        """Return the changed documents below a folder that this side has, sorted."""
        return [p for p in self.changes() if p.startswith(f"{folder}/") and p.endswith(".yaml")]

    def info(self, path: str) -> FileInfo | None:
        """Return what is at a path; None for nothing."""
        difference = self.request.differences.get(path)
        return self._own(difference) if difference else self.request.names.find(path)

    def named(self, stem: str, likely: Iterable[str] = ()) -> list[str]:
        """Return the paths of all documents of a name, sorted."""
        changed = self.request.differences
        paths = {p for p in self.request.names.named(stem, likely) if p not in changed}
        ending = f"/{stem}.yaml"
        paths.update(p for p, d in changed.items() if p.endswith(ending) and self._own(d))
        return sorted(paths)

    def is_single(self, path: str) -> bool:
        """Whether a path did not change, and no other document of either side has its name."""
        if path in self.request.differences:
            return False
        stem = path.rpartition("/")[2].removesuffix(".yaml")
        return stem not in self.request.changed_stems and self.request.names.is_single(stem)

    def stems(self, beginning: str) -> set[str]:
        """Return the names of documents that begin with a text."""
        own = (p for p in self.changes() if p.endswith(".yaml"))
        found = {p.rpartition("/")[2].removesuffix(".yaml") for p in own}
        return {n for n in found if n.startswith(beginning)} | self.request.names.stems(beginning)

    def in_any_case(self, path: str) -> list[str]:
        """Return the paths that equal this one where letters count without their case, sorted."""
        changed, folded = self.request.differences, path.casefold()
        paths = {p for p in self.request.names.in_any_case(path) if p not in changed}
        paths.update(p for p, d in changed.items() if self._own(d) and p.casefold() == folded)
        return sorted(paths)

    def under(self, folder: str) -> list[FileInfo]:
        """Return the files below a folder, sorted by path."""
        changed, lead = self.request.differences, f"{folder}/"
        found = [i for i in self.request.names.under(folder) if i.path not in changed]
        own = (self._own(d) for p, d in changed.items() if p.startswith(lead))
        return sorted([*found, *filter(None, own)])

    def files(self, *roots: str) -> list[FileInfo]:
        """Return the files under ``roots`` (default: all data roots), sorted by path."""
        found: list[FileInfo] = []
        for root in roots or ROOTS:
            info = self.info(root)
            found += [info] if info else self.under(root)
        return sorted(found)

    def read(self, path: str) -> bytes:
        """Return the bytes of one file; raises NotFound, or ItsmError for what is not a regular file."""
        info = self.info(path)
        if info is None:
            raise NotFound(f"there is no file {path}" + ("" if self.request.tree else f" in {self.name}"))
        if info.mode != REGULAR and info.oid:
            raise ItsmError(f"{path} cannot be read: it is not a regular file in {self.name}")
        return self.request.read(info, self.changed(path))

    def read_many(self, paths: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """Yield ``(path, bytes)`` of each file that can be read."""
        tree, changed, out = self.request.tree, self.request.differences, self.request.left_out
        for path in paths:
            if tree is not None and path not in changed and path not in out:
                yield from tree.read_many([path])
                continue
            try:
                raw = self.read(path)
            except GitError:
                raise
            except ItsmError:
                continue
            yield path, raw


def _info(path: str, mode: str, oid: str) -> FileInfo | None:
    if mode == "000000":
        return None
    return FileInfo(path, GIT_MODES.get(mode, OTHER), "" if set(oid) == {"0"} else oid)
