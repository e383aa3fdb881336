"""What came to a branch after the rules about approvals and before its first statement.

Evidence should begin with the rules: `itsm audit` counts from the commit that brought the policy, wherever the first
writer of evidence began. A repository is set up before anybody can approve anything, though: the commits right
behind the policy that touch nothing but rules, people and the gate's own files are told for information, since
nobody could have approved them. Everything else without a statement is UNREVIEWED.
"""

from __future__ import annotations

from collections.abc import Sequence

from itsm_gitops.evidence.moves import BranchMove, BranchMoves
from itsm_gitops.gate.policy import Policy, read_policy
from itsm_gitops.git.changeset import changeset
from itsm_gitops.model.decisions import POLICY
from itsm_gitops.model.errors import ItsmError
from itsm_gitops.repository import Repository
from itsm_gitops.snapshots import read_rulebook


def before_evidence(moves: Sequence[BranchMove]) -> list[BranchMove]:
    """Return the moves (newest first) that are older than the oldest one with a statement, oldest first.

    Where there is no statement at all, nothing is before it.
    """
    if not any(m.statement for m in moves):
        return []
    older: list[BranchMove] = []
    for move in reversed(moves):
        if move.statement is not None:
            break
        older.append(move)
    return older


def setting_up(repo: Repository, moves: BranchMoves) -> frozenset[str]:
    """Return the commits before the first statement that only set up rules, people and the gate, from the policy on."""
    found: list[str] = []
    policy = None
    for move in before_evidence(moves.moves):
        try:
            policy = policy or read_policy(read_rulebook(repo.snapshot(move.base)).policy(POLICY))
            if not _protected_only(repo, policy, move):
                break
        except ItsmError:  # what cannot be judged is no setting up
            break
        found.append(move.landed.commit)
    return frozenset(found)


def _protected_only(repo: Repository, policy: Policy, move: BranchMove) -> bool:
    paths = [c.path for c in changeset(repo.history, move.base, move.landed.commit)]
    return all(any(rule.covers(path) for rule in policy.protected) for path in paths)
