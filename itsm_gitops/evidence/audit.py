"""The audit: recomputes every statement, and compares the statements with the branch as it is.

The audit believes nothing that it can compute. Approvers are those whom the policy, the roles and the CMDB
of each merge's own base ask for; keys are those that stood there then. The one thing
that it has to believe is that a forge said what the recorder wrote down; a signed approval needs no such trust.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import NamedTuple

from itsm_gitops.evidence.beginning import before_evidence, setting_up
from itsm_gitops.evidence.ledger import (
    BYPASSED,
    COMPOSED,
    MEANINGS,
    OVERDUE,
    OVERRIDDEN,
    TAMPERED,
    UNREVIEWED,
    AuditFinding,
    Ledger,
    finding,
)
from itsm_gitops.evidence.moves import (
    BranchMove,
    ancestors,
    audited_since,
    first_parents,
    moves_of,
    off_line,
)
from itsm_gitops.evidence.period import EVERYTHING, Period, in_period
from itsm_gitops.evidence.reading import Statement
from itsm_gitops.evidence.recheck import Recheck
from itsm_gitops.evidence.statement import MERGE, RETROACTIVE
from itsm_gitops.evidence.vouching import Vouchers
from itsm_gitops.gate.types import NOT_APPLICABLE, NOT_REQUIRED, SATISFIED
from itsm_gitops.git import Git
from itsm_gitops.model import clock
from itsm_gitops.model.findings import ERROR, INFO
from itsm_gitops.repository import Repository

_REASONS = 3


class AuditedBranch(NamedTuple):
    """One audited branch: its tip, where the audit began, and its merges by result (UNREVIEWED too)."""

    target: str
    tip: str
    start: str
    results: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class AuditReport:
    """What an audit found. ``ledger`` is the newest commit of the evidence, ``name`` of its last statement.

    ``statements`` counts what was computed again, ``asked`` the merges about which a forge was asked again
    (None: none was). ``period`` is what was audited.
    """

    ledger: str
    name: str
    statements: int
    branches: tuple[AuditedBranch, ...]
    findings: tuple[AuditFinding, ...]
    at: datetime
    period: Period = EVERYTHING
    asked: int | None = None

    @property
    def clean(self) -> bool:
        """Whether nothing is wrong; an override that is reviewed in time is not."""
        return all(f.severity != ERROR for f in self.findings)


def verify(
    repo: Repository,
    ledger: Ledger,
    tips: Mapping[str, str],
    *,
    period: Period = EVERYTHING,
    now: datetime,
    everything: bool = True,
) -> AuditReport:
    """Audit branches (``tips``: name to commit) against the ledger, offline.

    With ``everything`` a statement about a branch that is not among them is a finding. Raises GitError where the history is missing, as in a shallow clone.
    """
    repo.history.require_history("what was merged when")
    recheck = Recheck(repo, ledger, now)
    vouchers = Vouchers(repo, ledger)
    findings = list(ledger.findings)
    branches = []
    for target, tip in tips.items():
        case = _BranchAudit(repo.history, ledger, target, tip, period, recheck)
        findings.extend(case.findings())
        findings.extend(vouchers.findings(case.statements))
        branches.append(case.branch)
    if everything:
        findings.extend(_elsewhere(ledger, tips))
    order = list(MEANINGS)
    findings.sort(
        key=lambda f: (order.index(f.code), clock.format_time(f.at) if f.at else "", f.commit, f.path)
    )
    last = ledger.statements[-1].name if ledger.statements else ""
    return AuditReport(ledger.tip, last, recheck.count, tuple(branches), tuple(findings), now, period)


def _elsewhere(ledger: Ledger, tips: Mapping[str, str]) -> Iterator[AuditFinding]:
    """Yield statements about branches that there are none of, so that nobody hides behind a name."""
    for target in ledger.targets:
        if target not in tips:
            first = ledger.of_branch(target)[0]
            yield finding(
                TAMPERED,
                ERROR,
                first,
                f"it is about the branch '{target}', which is not in this repository",
                "git fetch origin; or --target for the branches that still exist",
            )


class _BranchAudit:
    """The audit of one branch."""

    def __init__(
        self, git: Git, ledger: Ledger, target: str, tip: str, period: Period, recheck: Recheck
    ) -> None:
        self.git = git
        self.target = target
        self.recheck = recheck
        statements = ledger.of_branch(target)
        line = first_parents(git, tip)
        recheck.know(tip, line)
        start = period.commit or audited_since(git, tip, line, statements)
        whole = moves_of(git, tip, statements, start, line=line)
        self.off_line = {s.path for s in off_line(git, whole, statements)}
        self.setting_up = frozenset() if period.commit else setting_up(recheck.repo, whole)
        self.moves = in_period(whole, period)
        before = ancestors(git, period.commit) if period.commit else frozenset()
        self.statements = [s for s in statements if s.merge not in before and period.holds(s)]
        self.reached = ancestors(git, tip)

    @property
    def branch(self) -> AuditedBranch:
        results = Counter(
            m.statement.result if m.statement else UNREVIEWED
            for m in self.moves.moves
            if m.statement or self._changed(m)
        )
        return AuditedBranch(self.target, self.moves.tip, self.moves.start, dict(sorted(results.items())))

    def _changed(self, move: BranchMove) -> bool:
        return self.recheck.tree(move.base) != move.landed.tree

    def findings(self) -> Iterator[AuditFinding]:
        for move in self.moves.moves:
            if move.statement is None and self._changed(move):
                yield self._unreviewed(move)
        reviews = self._reviews()
        for statement in self.statements:
            if statement.merge not in self.reached:
                yield finding(
                    TAMPERED, ERROR, statement,
                    f"{self.target} no longer holds commit {statement.merge[:12]}: its history was rewritten",
                    "find out who pushed by force, and what was lost: git log, the server's log",
                )  # fmt: skip
            elif statement.path in self.off_line:
                yield finding(
                    TAMPERED, ERROR, statement,
                    f"commit {statement.merge[:12]} is no longer on the first-parent line of {self.target}: another "
                    "history was put in front of it",
                    "find out which merge did so: git log --first-parent, git log --graph",
                )  # fmt: skip
            yield from self.recheck.wrong(statement)
            if statement.kind == MERGE:
                yield from _consequences(statement, reviews.get(statement.name), self.recheck.now)

    def _unreviewed(self, move: BranchMove) -> AuditFinding:
        landed = move.landed
        who = f"{landed.committer} <{landed.committer_address}>"
        what = f"'{landed.subject[:80]}', committed by {who}"
        message, severity = f"{what}: no statement says who approved it", ERROR
        hint = "itsm audit record writes down what can still be found out about it"
        if landed.commit in self.setting_up:
            message, severity = f"{what}: set up rules and people before evidence began", INFO
            hint = "look at who may approve since then: itsm audit access"
        elif landed.commit in self.before_evidence:
            message += "; it came after the rules about approvals and before the first statement"
            hint = (
                f"itsm audit record --since {self.moves.start[:12]} writes down what can still be found out"
            )
        return AuditFinding(
            UNREVIEWED, severity, landed.commit, message, hint, target=self.target, at=landed.at
        )

    @cached_property
    def before_evidence(self) -> frozenset[str]:
        """The merges that are older than the first statement; none where there is no statement at all."""
        return frozenset(m.landed.commit for m in before_evidence(self.moves.moves))

    def _reviews(self) -> dict[str, Statement]:
        """Return the retrospective reviews that hold, by the name of the statement they complete."""
        return {
            s.original: s
            for s in reversed(self.statements)
            if s.kind == RETROACTIVE and s.result == SATISFIED and not list(self.recheck.wrong(s))
        }


def _consequences(statement: Statement, review: Statement | None, now: datetime) -> Iterator[AuditFinding]:
    """Yield what a merge that was not simply approved needs, or got since."""
    if statement.result not in (BYPASSED, COMPOSED, OVERRIDDEN):
        return
    why = reasons(statement)
    due = statement.retro_due
    if review is not None:
        late = ", late" if due and review.evaluated_at > due else ""
        outcome = (
            f"reviewed afterwards{late}, {clock.format_time(review.evaluated_at)}, by {_approvers(review)}"
        )
        yield finding(statement.result, INFO, statement, f"{why}; {outcome}")
    elif statement.result in (BYPASSED, COMPOSED):
        hint = f"itsm audit retro {_name_of(statement)} records that it was reviewed afterwards"
        yield finding(statement.result, ERROR, statement, why, hint)
    elif due and due < now:
        hint = f"itsm audit retro {_name_of(statement)} records the review"
        message = f"{why}; its review was due {clock.format_time(due)}, {clock.age(due, now)} ago; owed: {_owed(statement)}"
        yield finding(OVERDUE, ERROR, statement, message, hint)
    else:
        due_text = f", review due {clock.format_time(due)}" if due else ""
        yield finding(OVERRIDDEN, INFO, statement, f"{why}{due_text}; owed: {_owed(statement)}")


def _owed(statement: Statement) -> str:
    """Say which approvals were skipped and have to be made up for."""
    verdicts = statement.predicate["assessment"]["requirements"]
    skipped = [f"{v['name']} ({v['role'].replace('_', ' ')})" for v in verdicts if v["result"] == OVERRIDDEN]
    more = f" and {len(skipped) - _REASONS} more" if len(skipped) > _REASONS else ""
    return ", ".join(skipped[:_REASONS]) + more


def _name_of(statement: Statement) -> str:
    return next(iter(statement.changes), statement.merge[:12])


def _approvers(review: Statement) -> str:
    people = {
        str(r["person"]): None for v in review.predicate["assessment"]["requirements"] for r in v["counted"]
    }
    return ", ".join(people) or "nobody in particular"


def reasons(statement: Statement) -> str:
    """Say what was missing, or who let it pass, in the statement's own words."""
    assessment = statement.predicate["assessment"]
    passing = (SATISFIED, NOT_REQUIRED, NOT_APPLICABLE)
    open_ones = [v for v in assessment["requirements"] if v["result"] not in passing]
    told = [
        v["reason"].partition(";")[0] if v["result"] == OVERRIDDEN else f"{v['name']}: {v['reason']}"
        for v in open_ones
    ]
    told = list(dict.fromkeys(told)) or list(assessment["messages"])
    if statement.result == COMPOSED:
        told.insert(0, f"the branch was approved by itself, and the merge made of it: {assessment['unseen']}")
    more = f"; and {len(told) - _REASONS} more" if len(told) > _REASONS else ""
    return "; ".join(told[:_REASONS]) + more or f"the gate said {assessment['result']}"
