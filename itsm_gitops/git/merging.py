"""Merges commits in memory: the tree of the merge, without touching a branch, the index or a file.

What comes out depends on the commits alone. Git is asked in an empty repository that borrows the objects of
the real one, so that neither attributes (``merge=union``), nor settings, nor programs that some clone happens to
know have a say: the gate, the audit and every reviewer get the same answer wherever they stand. Results are kept
there, too: whoever only judges writes nothing into a repository, which may be a read-only copy.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple
from weakref import WeakKeyDictionary, finalize

from itsm_gitops.git.client import Git, decode
from itsm_gitops.model.errors import GitError

# Merging a third commit needs a commit of the first two. No reference holds it, and as nothing in it
# varies, a second run writes no second object.
_NOBODY = {
    f"GIT_{side}_{part}": value
    for side in ("AUTHOR", "COMMITTER")
    for part, value in (("NAME", "itsm"), ("EMAIL", "itsm@localhost"), ("DATE", "@0 +0000"))
}
# Git's defaults, so that nobody's own settings count.
_SETTINGS = """\
[core]
\trepositoryFormatVersion = 1
\tbare = true
\tattributesFile = /dev/null
[extensions]
\tobjectFormat = {format}
[merge]
\trenames = true
\tdirectoryRenames = conflict
\trenormalize = false
[diff]
\trenames = true
"""
_PLAIN = {b: bytes([b]) for b in range(32, 127) if b not in b'"\\'}
_CONFLICT = 1  # what merge-tree exits with
_REMEMBERED = 512


class MergeResult(NamedTuple):
    """What merging two commits gives: the tree; ``conflicts`` are paths that somebody has to decide about.

    With conflicts the tree is what Git leaves to be edited, and nobody's result.
    """

    tree: str
    conflicts: tuple[str, ...] = ()


class _Workshop:
    """An empty repository that borrows the objects of another one, and what was merged in it so far."""

    def __init__(self, git: Git) -> None:
        import shutil
        import tempfile

        folder = tempfile.mkdtemp(prefix="itsm-merge-")
        finalize(self, shutil.rmtree, folder, ignore_errors=True)
        home = Path(folder)
        for name in ("refs", "objects/info"):
            (home / name).mkdir(parents=True)
        (home / "HEAD").write_text("ref: refs/heads/none\n", encoding="ascii")
        named = git.run("rev-parse", "--show-object-format", "--git-path", "objects").splitlines()
        (home / "config").write_text(_SETTINGS.format(format=decode(named[0])), encoding="ascii")
        borrowed = os.path.abspath(os.path.join(os.fsencode(git.root), named[1]))  # noqa: PTH100, PTH118
        (home / "objects/info/alternates").write_bytes(_quoted(borrowed) + b"\n")
        self.git = git.having(
            {
                "GIT_DIR": folder,
                "GIT_OBJECT_DIRECTORY": os.fspath(home / "objects"),
                "GIT_CONFIG_GLOBAL": os.devnull,
                "GIT_ATTR_NOSYSTEM": "1",
            }
        )
        vars(self.git)["prefix"] = git.prefix  # where the ITSM repository is below the top is the same
        self.results: dict[tuple[str, str], MergeResult] = {}


def _quoted(path: bytes) -> bytes:
    """Return a path as Git quotes one, whatever is in it."""
    return b'"' + b"".join(_PLAIN.get(b, b"\\%03o" % b) for b in path) + b'"'


_WORKSHOPS: WeakKeyDictionary[Git, _Workshop] = WeakKeyDictionary()


def _workshop(git: Git) -> _Workshop:
    shop = _WORKSHOPS.get(git)
    if shop is None:
        shop = _WORKSHOPS[git] = _Workshop(git)
    return shop


def with_results(git: Git) -> Git:
    """Return the same objects, and those of every merge result beside them; paths count from the top."""
    return _workshop(git).git


def merge_result(git: Git, ours: str, theirs: str) -> MergeResult:
    """Return what merging ``theirs`` into ``ours`` (full hashes) gives; raises GitError where Git cannot say.

    That is so for histories without a common commit, and for a Git older than 2.38.
    """
    shop = _workshop(git)
    result = shop.results.get((ours, theirs))
    if result is None:
        if len(shop.results) >= _REMEMBERED:
            shop.results.clear()
        result = shop.results[ours, theirs] = _merge(shop.git, ours, theirs)
    return result


def _merge(git: Git, ours: str, theirs: str) -> MergeResult:
    words = ("merge-tree", "--write-tree", "--no-messages", "--name-only", "-z", ours, theirs)
    tree, *paths = git.run(*words, accept=frozenset([_CONFLICT])).split(b"\0")
    if not tree:
        raise GitError("Git did not merge two commits", "git version: 2.38 or newer is needed")
    return MergeResult(tree.decode("ascii"), tuple(dict.fromkeys(decode(p) for p in paths if p)))


def merged_tree(git: Git, ours: str, others: Sequence[str]) -> str:
    """Return the tree that merging ``others`` into ``ours``, in turn, would have.

    It is among the objects of ``with_results``. Raises GitError where two of them contradict each other or
    have no commit in common.
    """
    shop, commit = with_results(git), git.resolve(ours)
    tree = git.run("rev-parse", "--verify", f"{commit}^{{tree}}").decode("ascii").strip()
    for number, other in enumerate(others, 1):
        theirs = git.resolve(other)
        shop.run("merge-base", "--end-of-options", commit, theirs) if number > 1 else git.merge_base(
            commit, theirs
        )
        result = merge_result(git, commit, theirs)
        if result.conflicts:
            others_text = " with ".join((ours, *others[: number - 1]))
            raise GitError(
                f"'{other}' cannot be merged into {others_text} without deciding something",
                f"git merge {other} shows where: {', '.join(result.conflicts[:3])}",
            )
        tree = result.tree
        if number < len(others):
            parents = ("-p", commit, "-p", theirs)
            output = shop.having(_NOBODY).run("commit-tree", *parents, "-m", "merge", tree)
            commit = output.decode("ascii").strip()
    return tree
