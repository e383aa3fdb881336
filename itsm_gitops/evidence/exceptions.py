"""Exceptions: where the control did not work as it is described, whether or not somebody looked at it later.

A review afterwards closes a debt and does not undo a deviation, so a bypass stays in this list, with the review
beside it. Everything comes from the population (what Git says was merged), the statements about it, and the audit of
those statements.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from itsm_gitops.evidence.audit import AuditReport, reasons
from itsm_gitops.evidence.cells import approvers, who
from itsm_gitops.evidence.ledger import (
    BACKDATED,
    BYPASSED,
    COMPOSED,
    MISMATCH,
    OVERRIDDEN,
    TAMPERED,
    UNREVIEWED,
    UNVOUCHED,
    AuditFinding,
)
from itsm_gitops.evidence.population import Population, PopulationMerge
from itsm_gitops.evidence.reading import Statement
from itsm_gitops.evidence.statement import MERGE
from itsm_gitops.gate.landing import LANDING
from itsm_gitops.git.changeset import changeset
from itsm_gitops.model import clock
from itsm_gitops.model.findings import ERROR

EMERGENCY = "EMERGENCY"
NO_CHANGE = "NO_CHANGE"
NO_EVIDENCE = "NO_EVIDENCE"
LATE = "LATE"
# What each one means, in the order in which they are listed.
MEANINGS = {
    TAMPERED: "evidence was changed after it was written",
    BACKDATED: "something claims a time that it cannot have",
    MISMATCH: "computed again, something else comes out than was recorded",
    UNVOUCHED: "approvals that neither the approvers nor a recorder have signed for",
    UNREVIEWED: "merged, and nothing was recorded about it",
    BYPASSED: "merged without the approvals that the policy asks for",
    COMPOSED: "what landed is a combination that no approver saw",
    OVERRIDDEN: "let pass by the one on call in the place of those who were asked",
    EMERGENCY: "an emergency change, approved as any other",
    NO_EVIDENCE: "a change that was authorised or carried out, and no statement is about it",
    NO_CHANGE: "configuration items were edited without a change",
    LATE: "approved after the work began, or after the merge",
}
_INTEGRITY = (TAMPERED, BACKDATED, MISMATCH, UNVOUCHED)
_CLOCKS = timedelta(minutes=5)
_MACHINES = timedelta(days=1)  # clocks of people's machines, which date commits
_EMERGENCY_TYPE = "emergency"
_LISTED = 3


@dataclass(frozen=True, slots=True)
class Deviation:
    """One exception. ``code`` is one of MEANINGS, ``merge`` the commit (empty: it is about a change only).

    ``review`` says who looked at it afterwards, and when; empty where nobody did.
    """

    code: str
    merge: str
    changes: tuple[str, ...]
    target: str
    at: datetime | None
    message: str
    review: str = ""


def exceptions(population: Population, report: AuditReport) -> list[Deviation]:
    """Return every exception of a period: the gravest kind first, each kind by time.

    ``report`` is the audit of the same period.
    """
    found = [
        *(_of_finding(f) for f in report.findings if f.code in _INTEGRITY and f.severity == ERROR),
        *(_set_up(f) for f in report.findings if f.code == UNREVIEWED and f.severity != ERROR),
    ]
    told = {d.merge for d in found if d.code == UNREVIEWED}
    for merge in population.merges:
        found += [d for d in _of_merge(population, merge) if d.code != UNREVIEWED or d.merge not in told]
    found += _of_changes(population)
    order = list(MEANINGS)
    return sorted(
        found,
        key=lambda d: (order.index(d.code), clock.format_time(d.at) if d.at else "", d.merge, d.changes),
    )


CELLS = ("code", "merge", "at", "target", "changes", "message", "review")


def cells(deviation: Deviation) -> dict[str, str]:
    """Return a deviation as a row of text."""
    return {
        "code": deviation.code,
        "merge": deviation.merge,
        "at": clock.format_time(deviation.at) if deviation.at else "",
        "target": deviation.target,
        "changes": " ".join(deviation.changes),
        "message": deviation.message,
        "review": deviation.review,
    }


def codes(deviations: Iterable[Deviation]) -> dict[str, list[str]]:
    """Return the codes by merge and by change, for the rows of a population."""
    found: dict[str, dict[str, None]] = {}
    for deviation in deviations:
        for key in (deviation.merge, *deviation.changes):
            if key:
                found.setdefault(key, {})[deviation.code] = None
    return {key: list(several) for key, several in found.items()}


def _of_finding(entry: AuditFinding) -> Deviation:
    return Deviation(entry.code, entry.commit, entry.changes, entry.target, entry.at, entry.message)


def _set_up(entry: AuditFinding) -> Deviation:
    return Deviation(UNREVIEWED, entry.commit, (), entry.target, entry.at, entry.message)


def _of_merge(population: Population, merge: PopulationMerge) -> Iterator[Deviation]:
    statement = merge.move.statement
    review = (
        f"{clock.format_time(merge.review.evaluated_at)} by {approvers(merge.review)}" if merge.review else ""
    )

    def deviation(code: str, message: str) -> Deviation:
        return Deviation(code, merge.commit, merge.changes, merge.target, merge.at, message, review)

    if statement is None:
        landed = merge.move.landed
        by = f"{landed.committer} <{landed.committer_address}>"
        yield deviation(UNREVIEWED, f"'{landed.subject[:80]}', committed by {by}: no statement is about it")
    else:
        if statement.result in (BYPASSED, COMPOSED, OVERRIDDEN):
            yield deviation(statement.result, reasons(statement))
        elif _is_emergency(population, merge):
            yield deviation(EMERGENCY, "an emergency change, approved before it was merged")
        late = _late(statement, merge)
        if late:
            yield deviation(LATE, late)
        unseen = "" if statement.result == COMPOSED else _unseen(population, statement)
        if unseen:
            yield deviation(COMPOSED, unseen)
    items = [] if merge.changes else _items(population, merge.paths)
    if items:
        yield deviation(NO_CHANGE, f"edits {_listed(items)}, and no change is in it")


def _is_emergency(population: Population, merge: PopulationMerge) -> bool:
    return any(population.records.get(c, {}).get("type") == _EMERGENCY_TYPE for c in merge.changes)


def _late(statement: Statement, merge: PopulationMerge) -> str:
    """Say which approval came after the merge that it is about; empty where none did.

    A merge commit bears the time of the merge; another commit may have been made long before it was merged.
    """
    landed = merge.move.landed
    merged, slack = statement.evaluated_at, _CLOCKS
    if len(landed.parents) > 1 and landed.at + _MACHINES < merged:
        merged, slack = landed.at, _MACHINES
    for review in _counted(statement):
        at = clock.parse_time(review["at"])
        if at is not None and at > merged + slack:
            return f"{who(review)} approved {review['at']}, and it was merged {clock.format_time(merged)}"
    return ""


def _counted(statement: Statement) -> Iterator[Mapping[str, Any]]:
    for verdict in statement.predicate["assessment"]["requirements"]:
        yield from verdict["counted"]


def _unseen(population: Population, statement: Statement) -> str:
    """Say which files are neither what the approvers saw nor what the branch had; empty where there are none.

    That is asked of statements of older programs only: since then the result says so.
    """
    assessment = statement.predicate["assessment"]
    if assessment.get("judged") == LANDING:
        return ""
    head, base, merge = assessment["head"], statement.base, statement.merge
    if head == merge or assessment["merge_base"] == base or not any(_counted(statement)):
        return ""
    git = population.repo.history
    since_head = {c.path for c in changeset(git, head, merge)}
    both = sorted(c.path for c in changeset(git, base, merge) if c.path in since_head)
    return (
        f"{_listed(both)}: edited on both sides, so the text that landed is one that nobody approved"
        if both
        else ""
    )


def _items(population: Population, paths: Iterable[str]) -> list[str]:
    """Return the configuration items among some paths: what a change should say of."""
    kinds = ((p, population.book.kind_at(p)) for p in paths if p.endswith(".yaml"))
    return [p.rpartition("/")[2].removesuffix(".yaml") for p, kind in kinds if kind and kind.operational]


def _of_changes(population: Population) -> Iterator[Deviation]:
    recorded = {c for s in population.ledger.statements for c in s.changes}
    for change in population.changes:
        data = population.records.get(change)
        if data is None:
            continue
        state = str(data.get("state", ""))
        if population.firm(data) and change not in recorded and not population.came_with_the_rules(change):
            message = f"'{data.get('title', change)}' is in the state {state}, and no statement is about it"
            yield Deviation(NO_EVIDENCE, "", (change,), "", None, message)
        early = _early(population, change, data)
        if early is not None:
            yield early


def _early(population: Population, change: str, data: Mapping[str, Any]) -> Deviation | None:
    """Return the deviation of a change whose work began before its first approval was merged."""
    began = clock.parse_time(str(data.get("actual_start", "")))
    statements = [s for s in population.ledger.statements if s.kind == MERGE and change in s.changes]
    approved = [s for s in statements if any(_counted(s))]
    if began is None or not approved or began >= approved[0].evaluated_at:
        return None
    at = approved[0].evaluated_at
    message = (
        f"the work began {clock.format_time(began)}, and it was approved and merged {clock.format_time(at)}"
    )
    target = approved[0].target
    return Deviation(LATE, approved[0].merge, (change,), target, began, message)


def _listed(texts: list[str]) -> str:
    more = f" and {len(texts) - _LISTED} more" if len(texts) > _LISTED else ""
    return ", ".join(texts[:_LISTED]) + more
