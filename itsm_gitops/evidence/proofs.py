"""Summarises every statement of the ledger for the pages and commands that show it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from itsm_gitops.evidence.cells import approvals_of
from itsm_gitops.evidence.ledger import read_ledger
from itsm_gitops.evidence.reading import Statement, todays_verdicts
from itsm_gitops.evidence.sources import ledger_tip
from itsm_gitops.gate.types import NOT_APPLICABLE
from itsm_gitops.model import clock
from itsm_gitops.model.standing import Proof

if TYPE_CHECKING:
    from itsm_gitops.repository import Repository


def proofs(repo: Repository) -> list[Proof]:
    """Return every readable statement, oldest first; none outside Git and where nothing is recorded.

    Nothing is computed again: `itsm audit verify` does that.
    """
    if repo.git is None:
        return []
    return [_proof(s) for s in read_ledger(repo.git, ledger_tip(repo.git)).statements]


def _proof(statement: Statement) -> Proof:
    assessment, due = statement.predicate["assessment"], statement.retro_due
    requirements = [
        (v["name"], result)
        for v, result in zip(assessment["requirements"], todays_verdicts(assessment), strict=True)
        if result != NOT_APPLICABLE
    ]
    return Proof(
        file=statement.path.rpartition("/")[2],
        content=statement.raw,
        sha256=statement.name,
        sequence=statement.sequence,
        kind=statement.kind,
        changes=statement.changes,
        result=statement.result,
        target=assessment["target"],
        commit=statement.merge,
        digest=str(assessment["digest"]),
        judged_at=clock.format_time(statement.evaluated_at),
        approvers=tuple(approvals_of(statement).items()),
        asked=tuple(requirements),
        review_due=clock.format_time(due) if due else "",
    )
