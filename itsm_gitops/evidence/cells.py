"""What a statement says in the cells of a table: who had to approve, who did, when and how, what did not count."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from typing import Any

from itsm_gitops.evidence.ledger import Ledger
from itsm_gitops.evidence.reading import Statement, todays_verdicts
from itsm_gitops.gate.types import NOT_APPLICABLE, NOT_REQUIRED
from itsm_gitops.model import clock
from itsm_gitops.model.decisions import POLICY

Data = Mapping[str, Any]


def statement_cells(statements: Sequence[Statement], contents: Container[str]) -> dict[str, str]:
    """Return what statements say, together: of a change there are several."""
    several = [_cells(s, contents) for s in statements]
    return {
        name: "; ".join(dict.fromkeys(cells[name] for cells in several if cells[name]))
        for name in (several[0] if several else ())
    }


def _cells(statement: Statement, contents: Container[str]) -> dict[str, str]:
    predicate, assessment = statement.predicate, statement.predicate["assessment"]
    due = statement.retro_due
    return {
        "required": "; ".join(_required(assessment)),
        "approved_by": approvers(statement),
        "approvals": "; ".join(_approvals(assessment)),
        "not_counted": "; ".join(
            f"{who(r['review'])}: {r['code']}" for r in not_counted(statement, contents)
        ),
        "authors": ", ".join(assessment["authors"]),
        "kept_apart": ", ".join(_apart(assessment)),
        "committer": str(predicate["merger"].get("committer", "")),
        "merged_by": str(predicate["merger"].get("account", "")),
        "request": str(predicate["request"].get("url", "")),
        "review_due": clock.format_time(due) if due else "",
        "recorded_at": clock.format_time(statement.recorded_at),
        "signed_by": predicate["signer"],
        "policy": str(assessment["sources"].get(POLICY, "")),
        "statement": statement.path,
    }


def _required(assessment: Data) -> Iterator[str]:
    verdicts = zip(assessment["requirements"], todays_verdicts(assessment), strict=True)
    for verdict, result in verdicts:
        if result == NOT_REQUIRED:
            yield f"{verdict['name']} (nobody)"
        elif result != NOT_APPLICABLE:
            yield f"{verdict['name']} ({verdict['count']} {verdict['role']})".replace(" (0 )", "")


def _approvals(assessment: Data) -> list[str]:
    """Return each approval that counted, once: who, when, in which way, what they saw."""
    reviews = [r for v in assessment["requirements"] for r in v["counted"]]
    told = [
        f"{who(r)} {r['at']} {'signed' if r['signed'] else r['source']} {str(r['commit'] or '')[:12]}".strip()
        for r in sorted(reviews, key=lambda r: str(r["at"]))
    ]
    return list(dict.fromkeys(told))


def not_counted(statement: Statement, contents: Container[str]) -> list[Data]:
    """Return the reviews that did not count, without those that were given for another merge.

    ``contents`` are the digests of all merges on record: a report of progress is not what the approvers of the plan
    looked at, so their approval is none that was refused here.
    """
    assessment = statement.predicate["assessment"]
    own = str(assessment["digest"])
    return [
        r
        for r in assessment["rejected"]
        if r["review"]["digest"] == own or r["review"]["digest"] not in contents
    ]


def contents_of(ledger: Ledger) -> frozenset[str]:
    """Return the digests of everything whose merge is on record."""
    return frozenset(s.digest for s in ledger.statements)


def _apart(assessment: Data) -> list[str]:
    """Return who was kept from approving, because they wrote, committed, asked for or carry out."""
    apart = assessment.get("separated")
    return sorted(apart) if isinstance(apart, dict) else []


def review_cell(review: Statement) -> str:
    """Say when a merge was reviewed afterwards, and by whom."""
    return f"{clock.format_time(review.evaluated_at)} {approvers(review)}"


def approvers(statement: Statement) -> str:
    """Return who approved, each once, with how."""
    return ", ".join(f"{person} ({how})" for person, how in approvals_of(statement).items())


def approvals_of(statement: Statement) -> dict[str, str]:
    """Return how each person approved: signed, or on which forge."""
    people: dict[str, str] = {}
    for verdict in statement.predicate["assessment"]["requirements"]:
        for review in verdict["counted"]:
            people.setdefault(who(review), "signed" if review["signed"] else str(review["source"]))
    return people


def who(review: Data) -> str:
    """Return the person of a review, else the account."""
    return str(review["person"] or review["login"] or review["identity"] or "a deleted account")
