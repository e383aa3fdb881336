"""Git for who asks about thousands of commits: one reading of the history, one process for objects, and memory.

`Git` starts a process for each question, which is right for a few. An audit asks twenty about each of thousands of merges,
and all of them are about objects that can never change. So this one reads all commits once, keeps one
`git cat-file --batch` open, and answers from both what the rest of the package asks most: the difference of two
commits, the files of a commit, where two commits meet, which commits one has and another has not, and whether a merge is
what Git itself would make of it. Everything else, and every case that is not plain, goes to the git command, as before:
the answers are the same bytes.
"""

from __future__ import annotations

import hashlib
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import IO, Self, cast

from itsm_gitops.git.ancestry import NotPlain, meetings, only_in
from itsm_gitops.git.client import BLOB_MAX, TIMEOUT, Git
from itsm_gitops.git.process import Blob, environment, read_blob
from itsm_gitops.model.errors import GitError
from itsm_gitops.snapshots.shelf import Entry, Shelf, Tree

_TREE = b"40000"
_SMALL = 1 << 16  # larger blobs are read again
_BLOBS_MAX = 16 << 20  # bytes of small blobs in memory
_TREES_MAX = 50_000  # entries of trees in memory
_ZERO = "0"
_PLACES = frozenset(["GIT_DIR", "GIT_OBJECT_DIRECTORY"])


class RecallingGit(Git):
    """A Git that remembers. ``close`` ends its process; so does the end of a ``with``."""

    def __init__(
        self, root: Path, extra: Mapping[str, str] | None = None, shelf: Shelf | None = None
    ) -> None:
        super().__init__(root, extra)
        self._shelf = shelf or Shelf(Git(root, extra))
        self._answers: Mapping[str, Callable[[tuple[str, ...]], bytes]] = {
            "diff-tree": self._diff,
            "ls-tree": self._list,
            "merge-base": self._meet,
            "log": self._log,
            "rev-list": self._root,
        }

    @classmethod
    def of(cls, git: Git) -> RecallingGit:
        """Return one for the repository of another Git."""
        made = cls(git.root, git.extra)
        made.supplier = git.supplier
        return made

    @property
    def shelf(self) -> Shelf:
        """What is remembered."""
        return self._shelf

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._shelf.close()

    def having(self, extra: Mapping[str, str]) -> Git:
        """Return the same repository, and memory, with more variables in the environment of its commands.

        Where these name another place of objects, those are read from there by a process of its own.
        """
        whole = {**self._extra, **extra}
        shelf = self._shelf.beside(Git(self.root, whole)) if _PLACES & extra.keys() else self._shelf
        made = RecallingGit(self.root, whole, shelf)
        made.supplier = self.supplier
        return made

    def run(
        self,
        *args: str,
        timeout: float = TIMEOUT,
        index: str | None = None,
        stdin: bytes = b"",
        accept: frozenset[int] = frozenset(),
    ) -> bytes:
        """Answer a question from memory where that is possible, else as Git does."""
        if index is None and not stdin and args:
            answer = self._answers.get(args[0])
            if answer is not None:
                try:
                    return answer(args)
                except NotPlain:
                    pass
            elif args[0] == "config" or "--is-shallow-repository" in args:
                return self._once(args, accept)
        return super().run(*args, timeout=timeout, index=index, stdin=stdin, accept=accept)

    def _once(self, args: tuple[str, ...], accept: frozenset[int]) -> bytes:
        """Ask about settings once; that there are none is an answer, too."""
        answers = self._shelf.answers
        if args not in answers:
            try:
                answers[args] = super().run(*args, accept=accept)
            except GitError as error:
                answers[args] = error
        answer = answers[args]
        if isinstance(answer, GitError):
            raise answer
        return answer

    def resolve(self, revision: str) -> str:
        """Return the full commit hash that ``revision`` means; whole hashes of known commits mean themselves."""
        return revision if revision in self._shelf.commits else super().resolve(revision)

    # -- objects ------------------------------------------------------------------------------------

    def blobs(self, oids: Iterable[str], most: int = BLOB_MAX) -> Iterator[Blob]:
        """Yield the content of each object, in order; small ones are remembered."""
        for oid in oids:
            known = self._shelf.blobs.get(oid)
            if known is None:
                known = self._object(oid, most)
                if known.size <= _SMALL:
                    self._keep(known)
            yield known if known.size <= most else Blob(known.oid, known.content[:most], known.size)

    def _keep(self, blob: Blob) -> None:
        shelf = self._shelf
        if shelf.held > _BLOBS_MAX:
            shelf.blobs, shelf.held = {}, 0
        shelf.blobs[blob.oid] = blob
        shelf.held += blob.size

    def _object(self, oid: str, most: int) -> Blob:
        shelf = self._shelf
        if not oid.isalnum():
            raise GitError(f"'{oid}' is not the name of an object")
        if shelf.process is None or shelf.process.poll() is not None:
            shelf.close()
            shelf.errors = tempfile.TemporaryFile()  # noqa: SIM115 - as long as the process
            shelf.process = subprocess.Popen(
                self._command(("cat-file", "--batch")), cwd=self.root, env={**environment(), **self._extra},
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=shelf.errors, bufsize=1 << 16,
            )  # fmt: skip
        asking, out = cast(IO[bytes], shelf.process.stdin), cast(IO[bytes], shelf.process.stdout)
        asking.write(oid.encode("ascii") + b"\n")
        asking.flush()
        return read_blob(out, cast(IO[bytes], shelf.errors), most)

    def _tree(self, oid: str) -> Tree:
        shelf = self._shelf
        known = shelf.trees.get(oid)
        if known is not None:
            return known
        raw = self._object(oid, 1 << 30).content
        size, found, at = len(oid) // 2, {}, 0
        while at < len(raw):
            blank = raw.index(b" ", at)
            end = raw.index(b"\0", blank)
            found[raw[blank + 1 : end]] = (raw[at:blank], raw[end + 1 : end + 1 + size].hex())
            at = end + 1 + size
        if shelf.entries > _TREES_MAX:
            shelf.trees, shelf.entries = {}, 0
        shelf.trees[oid] = found
        shelf.entries += len(found)
        return found

    def _tree_of(self, name: str) -> str:
        commit = self._shelf.commits.get(name)
        if commit is None:
            raise NotPlain
        return commit.tree

    # -- questions ----------------------------------------------------------------------------------

    def _diff(self, args: tuple[str, ...]) -> bytes:
        """Answer ``diff-tree -r --raw -z`` of two commits."""
        if args[1:3] != ("-r", "--raw") or "-z" not in args or args[-3] != "--end-of-options":
            raise NotPlain
        out: list[bytes] = []
        for path, old, new in self._differences(self._tree_of(args[-2]), self._tree_of(args[-1]), b""):
            zero = _ZERO * len(args[-1])
            status = b"A" if old is None else b"D" if new is None else b"M"
            if old and new and _kind(old[0]) != _kind(new[0]):
                status = b"T"
            sides = [(m.rjust(6, b"0"), o) for m, o in (old or (b"000000", zero), new or (b"000000", zero))]
            (old_mode, old_oid), (new_mode, new_oid) = sides
            out.append(b":%s %s %s %s %s\0%s\0" % (
                old_mode, new_mode, old_oid.encode(), new_oid.encode(), status, path
            ))  # fmt: skip
        return b"".join(out)

    def _differences(
        self, old: str, new: str, lead: bytes
    ) -> Iterator[tuple[bytes, Entry | None, Entry | None]]:
        """Yield each file that differs between two trees (empty: none), in the order of their names."""
        if old == new:
            return
        before, after = self._tree(old) if old else {}, self._tree(new) if new else {}
        names = [n for n in before.keys() | after.keys() if before.get(n) != after.get(n)]
        for name in sorted(names):
            was, is_ = before.get(name), after.get(name)
            folders = [e is not None and e[0] == _TREE for e in (was, is_)]
            old_file, new_file = (None if f else e for e, f in zip((was, is_), folders, strict=True))
            if old_file or new_file:
                yield lead + name, old_file, new_file
            if any(folders):
                trees = [e[1] if e and f else "" for e, f in zip((was, is_), folders, strict=True)]
                yield from self._differences(trees[0], trees[1], lead + name + b"/")

    def _list(self, args: tuple[str, ...]) -> bytes:
        """Answer ``ls-tree -r -z`` of some roots of a commit."""
        if args[1:4] != ("-r", "-z", "--end-of-options") or args[5] != "--" or self.prefix:
            raise NotPlain
        top = self._tree(self._tree_of(args[4]))
        out: list[bytes] = []
        for root in sorted(args[6:]):
            entry = top.get(root.encode())
            if entry is None:
                continue
            out.extend(self._files(entry, root.encode()))
        return b"".join(out)

    def _files(self, entry: Entry, path: bytes) -> Iterator[bytes]:
        mode, oid = entry
        if mode == _TREE:
            for name, below in self._tree(oid).items():
                yield from self._files(below, path + b"/" + name)
        else:
            kind = b"commit" if mode == b"160000" else b"blob"
            yield b"%s %s %s\t%s\0" % (mode, kind, oid.encode(), path)

    def _meet(self, args: tuple[str, ...]) -> bytes:
        """Answer ``merge-base`` of two commits, of all places or the best."""
        every = "--all" in args
        if args[-3] != "--end-of-options" or len(args) != 4 + every:
            raise NotPlain
        found = meetings(self._shelf.commits, args[-2], args[-1])
        if len(found) != 1:
            raise NotPlain  # the order of several, and which is best, is Git's own
        return (found[0] + "\n").encode()

    def _log(self, args: tuple[str, ...]) -> bytes:
        """Answer ``log -z --format=%H… base..head`` where that is one commit: of more, the order is Git's own."""
        base, dots, head = args[-1].partition("..")
        form = next((a for a in args if a.startswith("--format=%H%x00")), "")
        if not dots or not form or args[:3] != ("log", "--no-mailmap", "-z") or len(args) != 6:
            raise NotPlain
        only = only_in(self._shelf.commits, head, base)
        if not only:
            return b""
        if len(only) > 1:
            raise NotPlain
        return self._messages(form)[only[0]]

    def _messages(self, form: str) -> dict[str, bytes]:
        """Return what a format says of every commit, by hash, as `git log -z` writes one of them."""
        shelf = self._shelf
        if form not in shelf.logs:
            out = Git(self.root, self._extra).run(
                "log", "--no-mailmap", "-z", form, "--all", timeout=10 * TIMEOUT
            )
            words = out.split(b"\0")
            count = form.count("%x00") + 1
            shelf.logs[form] = {
                words[at].decode("ascii"): b"\0".join(words[at : at + count]) + b"\0"
                for at in range(0, len(words) - count + 1, count)
            }
        return shelf.logs[form]

    def _root(self, args: tuple[str, ...]) -> bytes:
        """Answer which commit a first-parent line begins with."""
        if args[1:3] != ("--first-parent", "--max-parents=0") or args[3] != "--end-of-options":
            raise NotPlain
        commits, commit = self._shelf.commits, args[4]
        roots: dict[str, str] = self._roots
        line: list[str] = []
        while commit not in roots:
            known = commits.get(commit)
            if known is None:
                raise NotPlain
            line.append(commit)
            if not known.parents:
                roots[commit] = commit
                break
            commit = known.parents[0]
        for below in line:
            roots[below] = roots[commit]
        return (roots[commit] + "\n").encode()

    @cached_property
    def _roots(self) -> dict[str, str]:
        return {}

    # -- merges -------------------------------------------------------------------------------------

    def plain_merge(self, ours: str, theirs: str) -> str:
        """Return the tree of merging two commits that changed different files, without renames; else nothing.

        The tree need not be anywhere: it is to be compared.
        """
        try:
            met = meetings(self._shelf.commits, ours, theirs)
            if len(met) != 1:
                return ""
            base, one, two = (self._tree_of(c) for c in (met[0], ours, theirs))
            sides = [list(self._differences(base, side, b"")) for side in (one, two)]
            # Where one side both adds and removes, Git looks for renames.
            if any(
                {o is None for _, o, n in side if o is None or n is None} == {True, False} for side in sides
            ):
                return ""
            return self._merged(base, one, two)
        except NotPlain:
            return ""

    def _merged(self, base: str, ours: str, theirs: str) -> str:
        if ours == theirs or base == theirs:
            return ours
        if base == ours:
            return theirs
        old, one, two = self._tree(base), self._tree(ours), self._tree(theirs)
        made: Tree = {}
        for name in old.keys() | one.keys() | two.keys():
            was, mine, other = old.get(name), one.get(name), two.get(name)
            taken = mine if other == was else other if mine in (was, other) else None
            if taken is None and not (other == was or mine in (was, other)):
                if not (was and mine and other and was[0] == mine[0] == other[0] == _TREE):
                    raise NotPlain
                taken = (_TREE, self._merged(was[1], mine[1], other[1]))
            if taken is not None:
                made[name] = taken
        if not made:
            raise NotPlain
        return _name_of(made, len(ours))


def _kind(mode: bytes) -> bytes:
    return mode[:2]


def _name_of(tree: Tree, length: int) -> str:
    """Return the name that Git gives a tree: SHA-1, or SHA-256 where names are that long."""
    rows = sorted(tree.items(), key=lambda row: row[0] + (b"/" if row[1][0] == _TREE else b""))
    body = b"".join(b"%s %s\0%s" % (mode, name, bytes.fromhex(oid)) for name, (mode, oid) in rows)
    made = hashlib.sha1 if length == 40 else hashlib.sha256
    return made(b"tree %d\0" % len(body) + body).hexdigest()
