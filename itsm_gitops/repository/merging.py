"""Merges commits in memory: the tree of the merge, without touching a branch, the index or a file."""

from __future__ import annotations

from collections.abc import Sequence

from itsm_gitops.model.errors import GitError
from itsm_gitops.repository.git import Git

# Merging a third commit needs a commit of the first two. No reference holds it, and as nothing in it
# varies, a second run writes no second object.
_NOBODY = {
    f"GIT_{side}_{part}": value
    for side in ("AUTHOR", "COMMITTER")
    for part, value in (("NAME", "itsm"), ("EMAIL", "itsm@localhost"), ("DATE", "@0 +0000"))
}


def merged_tree(git: Git, ours: str, others: Sequence[str]) -> str:
    """Return the tree that merging ``others`` into ``ours``, in turn, would have.

    Raises GitError where two of them contradict each other or have no commit in common.
    """
    commit = git.resolve(ours)
    tree = git.run("rev-parse", "--verify", f"{commit}^{{tree}}").decode("ascii").strip()
    for number, other in enumerate(others, 1):
        theirs = git.resolve(other)
        git.merge_base(commit, theirs)
        try:
            out = git.run("merge-tree", "--write-tree", "--no-messages", commit, theirs)
        except GitError as error:
            others_text = " with ".join((ours, *others[: number - 1]))
            raise GitError(
                f"'{other}' cannot be merged into {others_text} without deciding something",
                f"git merge {other} shows where (Git 2.38 or newer is needed)",
            ) from error
        tree = out.decode("ascii").strip()
        if number < len(others):
            parents = ("-p", commit, "-p", theirs)
            output = git.having(_NOBODY).run("commit-tree", *parents, "-m", "merge", tree)
            commit = output.decode("ascii").strip()
    return tree
