"""What a request would make of its target branch: the content that is judged, with what its branch shows beside it.

A branch that is behind is not what lands: where others merge it, the merge is. So what is judged is the difference
between the present tip and the merge result, which is the difference that the branch shows as long as both sides
touched other files.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from itsm_gitops.gate.digest import Content, Ignore, content, difference
from itsm_gitops.git import Git
from itsm_gitops.git.merging import merge_result, with_results
from itsm_gitops.model.errors import GitError
from itsm_gitops.snapshots import CommitTree, Snapshot
from itsm_gitops.snapshots.trees import LandedTree

LANDING, PROPOSAL = "landing", "proposal"
_NAMED = 3
_MEETINGS = 5


@dataclass(frozen=True)
class MergePreview:
    """What comes of merging ``head`` into ``base``.

    ``old`` and ``new`` are the trees (or commits) whose difference is judged, ``git`` has the objects of both.
    ``conflicts`` are paths that somebody has to decide about; ``fault`` says why there is no result at all. With
    either of them the branch is judged as it shows itself.
    """

    git: Git
    merge_base: str
    base: str
    head: str
    old: str
    new: str
    conflicts: tuple[str, ...] = ()
    fault: str = ""

    @property
    def behind(self) -> bool:
        """Whether the target branch went on without this request."""
        return self.merge_base not in (self.base, self.head)

    @property
    def snapshot(self) -> Snapshot:
        """The files that would be there after the merge."""
        if self.old == self.base and self.behind:
            return LandedTree(self.git, self.new, self.head)
        return CommitTree(self.git, self.head)


def preview(git: Git, merge_base: str, base: str, head: str, *, judged: str = LANDING) -> MergePreview:
    """Return what lands (or, judged as a PROPOSAL, what the branch shows) of full hashes."""
    shows = MergePreview(git, merge_base, base, head, merge_base, head)
    if judged == PROPOSAL or not shows.behind:
        return shows
    try:
        result = merge_result(git, base, head)
    except GitError as error:
        why = f"what the merge would make of it is not known: {error.message}"
        return MergePreview(git, merge_base, base, head, merge_base, head, (), f"{why}; {error.hint}")
    if result.conflicts:
        return MergePreview(git, merge_base, base, head, merge_base, head, result.conflicts)
    return MergePreview(with_results(git), merge_base, base, head, base, result.tree)


def unseen(git: Git, merge: MergePreview, lands: Content, ignores: Ignore) -> str:
    """Say what the merge makes that the branch by itself does not show; empty where that is nothing."""
    if not merge.behind or merge.old == merge.merge_base:
        return ""
    shows = content(git, merge.merge_base, merge.head, ignores)
    if shows.digest == lands.digest:
        return ""
    paths = sorted(
        p for p in shows.changes.keys() | lands.changes.keys() if shows.changes.get(p) != lands.changes.get(p)
    )
    texts = [difference(merge.git, p, shows.changes.get(p), lands.changes.get(p)) for p in paths[:_NAMED]]
    more = [f"and {len(paths) - _NAMED} more paths"] if len(paths) > _NAMED else []
    return "; ".join([*texts, *more])


def conflict(merge: MergePreview, target: str) -> str:
    """Say why nothing can land as it is, and what to do; empty where it can."""
    if merge.fault:
        return merge.fault
    if not merge.conflicts:
        return ""
    named = ", ".join(merge.conflicts[:_NAMED])
    more = f" and {len(merge.conflicts) - _NAMED} more" if len(merge.conflicts) > _NAMED else ""
    where = target or "the target branch"
    return f"it conflicts with {where} in {named}{more}; rebase it on {where} (or merge {where} into it), then ask again"


def behind(difference_text: str, target: str) -> str:
    """Say that a branch is behind, in what that matters (of ``unseen``), and what to do."""
    where = target or "the target branch"
    return (
        f"it is behind: {where} went on, and merging it would make something that the branch does not show "
        f"({difference_text}); rebase it on {where} (or merge {where} into it), so that reviewers see what lands"
    )


def crossed(meeting: Sequence[str], target: str) -> str:
    """Say why nothing is judged that meets its target branch in several commits, and what to do."""
    named = ", ".join(c[:12] for c in meeting[:_MEETINGS])
    return (
        f"it meets the target branch in {len(meeting)} commits ({named}), so no difference shows what a merge "
        f"would take back; merge {target or 'the target branch'} into it once more, or rebase it"
    )
