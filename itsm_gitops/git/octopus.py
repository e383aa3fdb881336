"""Merges of more than two branches: whether one is just what Git makes by itself."""

from __future__ import annotations

from collections.abc import Sequence

from itsm_gitops.git.client import Git
from itsm_gitops.model.errors import GitError

PARENTS_MAX = 64  # Git itself takes no more than 16 without being told to

# The commits in between belong to no branch, and are the same wherever they are made.
_NOBODY = {
    f"GIT_{side}_{what}": value
    for side in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "itsm"), ("EMAIL", "itsm@localhost"), ("DATE", "2000-01-01T00:00:00Z"))
}
# `git merge` of several branches looks for no renames; the merge of two does.
_WAYS: tuple[tuple[str, ...], ...] = ((), ("-c", "merge.renames=false"))


def clean_octopus(git: Git, parents: Sequence[str], tree: str) -> bool:
    """Whether ``tree`` is what merging the other parents into the first one, one by one, gives without an edit.

    False where two of them conflict, or Git is older than 2.38: then somebody is behind it.
    """
    if not 2 < len(parents) <= PARENTS_MAX:
        return False
    return any(_merged(git, parents, way) == tree for way in _WAYS)


def _merged(git: Git, parents: Sequence[str], way: Sequence[str]) -> str:
    """Return the tree of the merges one after the other; empty where one of them does not go by itself."""
    tip, tree = parents[0], ""
    made = git.having(_NOBODY)
    try:
        for parent in parents[1:]:
            out = made.run(*way, "merge-tree", "--write-tree", "--no-messages", tip, parent)
            tree = out.decode("ascii").strip()
            out = made.run("commit-tree", "-m", "octopus", "-p", tip, "-p", parent, tree)
            tip = out.decode("ascii").strip()
    except GitError:
        return ""
    return tree
