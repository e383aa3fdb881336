"""Finds commits that came to a branch as one signed request: a push of several, of which people approved the last.

Only the branch is known then, not when it moved. So its commits are taken for one request only where somebody
signed exactly what they bring together, having seen these very commits. An unsigned text joins nothing: otherwise an
edit and its revert could be declared a request that changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from itsm_gitops.evidence.moves import BranchMove
from itsm_gitops.gate import signed
from itsm_gitops.gate.digest import Ignore, content, nothing_ignored
from itsm_gitops.gate.people import Directory
from itsm_gitops.gate.policy import read_policy
from itsm_gitops.gate.signed import Claim
from itsm_gitops.git import Git, mainline
from itsm_gitops.git.changeset import exists
from itsm_gitops.git.refs import StoredText
from itsm_gitops.model import clock
from itsm_gitops.model.decisions import POLICY
from itsm_gitops.model.errors import GitError, RuleBookError
from itsm_gitops.repository import Repository
from itsm_gitops.snapshots import load_store, read_rulebook
from itsm_gitops.snapshots.part import PartialSnapshot


def joined(repo: Repository, run: Sequence[BranchMove], statements: Iterable[StoredText]) -> Iterator[int]:
    """Yield how many of the first moves of a run were signed as one request, the fewest first; nothing for one alone.

    Whether that request was approved has still to be judged.
    """
    by_digest: dict[str, list[Claim]] = {}
    for text in statements:
        claim = signed.claimed(text)
        if claim is not None and not claim.form and claim.review.digest:
            by_digest.setdefault(claim.review.digest, []).append(claim)
    if not by_digest or len(run) < 2:
        return
    git, base = repo.history, run[0].base
    ignores = _ignores(repo, base)
    directory: Directory | None = None
    for count in range(2, len(run) + 1):
        whole = content(git, base, run[count - 1].landed.commit, ignores)
        claims = by_digest.get(whole.digest, []) if whole.changes else []
        if not claims:
            continue
        directory = directory or _directory(repo, base)
        if any(_signed(c, directory) and _same_commits(git, run[:count], c, ignores) for c in claims):
            yield count


def _signed(claim: Claim, directory: Directory) -> bool:
    return bool(claim.fingerprint(directory, clock.now().date()))


def _same_commits(git: Git, run: Sequence[BranchMove], claim: Claim, ignores: Ignore) -> bool:
    """Whether who signed saw these commits, or those of which they are a rebase: as many, each with the same edits."""
    seen = str(claim.review.commit)
    if not exists(git, seen) or _landed_before(git, run, claim):
        return False
    if seen == run[-1].landed.commit:
        return True
    try:
        since = git.merge_base(run[0].base, seen)
    except GitError:  # a history of its own
        return False
    steps = mainline.landed(git, seen, most=len(run))[::-1]
    if len(steps) != len(run) or steps[0].parents[:1] != (since,):
        return False
    return all(
        content(git, ours.base, ours.landed.commit, ignores).digest
        == content(git, theirs.parents[0], theirs.commit, ignores).digest
        for ours, theirs in zip(run, steps, strict=True)
    )


def _landed_before(git: Git, run: Sequence[BranchMove], claim: Claim) -> bool:
    """Whether some of the commits were on the branch already when somebody signed: those were no part of that request."""
    base = str(claim.about.get("base") or "")
    return bool(base) and exists(git, base) and mainline.is_ancestor(git, run[0].landed.commit, base)


def _ignores(repo: Repository, commit: str) -> Ignore:
    try:
        return read_policy(read_rulebook(repo.snapshot(commit)).policy(POLICY)).ignores
    except RuleBookError:
        return nothing_ignored


def _directory(repo: Repository, commit: str) -> Directory:
    return Directory(load_store(PartialSnapshot(repo.snapshot(commit), ()))[0], clock.now())
