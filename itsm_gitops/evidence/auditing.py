"""`itsm audit verify`, `show` and `export`: recompute all statements, show some of them, list the merges."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple

from itsm_gitops.evidence import audit, recording
from itsm_gitops.evidence import sources as evidencing
from itsm_gitops.evidence.audit import AuditedBranch, AuditReport, Period
from itsm_gitops.evidence.ledger import TAMPERED, AuditFinding, Ledger, read_ledger
from itsm_gitops.evidence.reading import Statement
from itsm_gitops.evidence.recheck import Recheck
from itsm_gitops.evidence.statement import MERGE
from itsm_gitops.model import clock
from itsm_gitops.model.errors import GitError, UsageError
from itsm_gitops.model.findings import ERROR
from itsm_gitops.model.words import fields_of
from itsm_gitops.repository import Git, Repository, mainline, sharing

VERSION = 1


def verify(
    repo: Repository, *, since: str = "", until: str = "", target: str = "", anchor: str = ""
) -> AuditReport:
    """Compute all evidence again, offline.

    ``since`` is a revision or a date; by default the audit begins where the rules about approvals
    came. ``until`` is a date (that day included) or a time. ``target`` is
    one branch; by default all that evidence is about are audited, and the usual one. ``anchor`` is
    a commit of the ledger that an earlier audit ended with. Raises UsageError for what is none of
    these, GitError where history is missing.
    """
    git = repo.history
    newest = sharing.newest(git)
    ledger = read_ledger(git, newest.tip)
    more = [*_parted(newest), *_anchored(git, newest.tip, anchor)]
    ledger = ledger._replace(findings=(*more, *ledger.findings))
    tips = dict(tips_of(repo, ledger, target))
    now = clock.now()
    period = period_of(git, since, until)
    return audit.verify(repo, ledger, tips, period=period, now=now, everything=not target)


def tips_of(repo: Repository, ledger: Ledger, target: str) -> Iterator[tuple[str, str]]:
    usual = recording.branch(repo, target)
    yield usual
    for name in () if target else ledger.targets:
        if name != usual[0]:
            try:
                yield recording.branch(repo, name)
            except UsageError:
                continue  # the audit says that it is missing


def period_of(git: Git, since: str, until: str) -> Period:
    """Return the period that two texts name; raises UsageError for what is no revision, day or time."""
    end = _moment(until, last=True) if until else None
    if until and end is None:
        raise UsageError(f"'{until}' is no date", "--until 2026-12-31 (that day included), or a time")
    if not since:
        return Period(until=end)
    moment = _moment(since)
    if moment is None:
        try:
            return Period(commit=git.resolve(since), until=end)
        except GitError as error:
            hint = error.hint or "--since 2026-11-01, or a commit"
            raise UsageError(f"'{since}' is no revision and no date", hint) from error
    if end is not None and end <= moment:
        raise UsageError(f"the period ends before it begins: {since} to {until}", "--since DAY --until DAY")
    return Period(moment=moment, until=end)


def _moment(text: str, *, last: bool = False) -> datetime | None:
    """Return a time, or the beginning of a day (UTC), with ``last`` its end; None for another text."""
    moment = clock.parse_time(text)
    if moment is None:
        try:
            moment = datetime.combine(date.fromisoformat(text), time(0), UTC) + timedelta(days=last)
        except ValueError:
            return None
    return moment


def _parted(newest: sharing.Newest) -> Iterator[AuditFinding]:
    if newest.parted:
        yield AuditFinding(
            TAMPERED,
            ERROR,
            newest.tip,
            "the evidence here and on the remote have parted: one of them was rewritten",
            "git log --graph itsm/evidence origin/itsm/evidence; only the remote's is audited",
        )


def _anchored(git: Git, tip: str, anchor: str) -> Iterator[AuditFinding]:
    if anchor and not (tip and mainline.is_ancestor(git, anchor, tip)):
        yield AuditFinding(
            TAMPERED,
            ERROR,
            tip,
            f"the evidence no longer holds {anchor[:12]}, with which an earlier audit ended",
            "somebody has rewritten the branch itsm/evidence; compare with an older clone",
        )


class CheckedStatement(NamedTuple):
    """A statement, and what is wrong with it."""

    statement: Statement
    findings: tuple[AuditFinding, ...]


def show(repo: Repository, what: str) -> list[CheckedStatement]:
    """Return the statements about a change or a merge, each computed again."""
    git = repo.history
    ledger = read_ledger(git, evidencing.ledger_tip(git))
    check = Recheck(repo, ledger, clock.now())
    return [CheckedStatement(s, tuple(check.wrong(s))) for s in evidencing.find(ledger, what)]


def report_json(report: AuditReport) -> dict[str, Any]:
    """Return a report as data, in a form that only grows (``version``)."""
    return {
        "version": VERSION,
        "clean": report.clean,
        "at": clock.format_time(report.at),
        "ledger": report.ledger,
        "last_statement": report.name,
        "statements": report.statements,
        "branches": [_branch_json(b) for b in report.branches],
        "findings": [_finding_json(f) for f in report.findings],
    }


def _branch_json(branch: AuditedBranch) -> dict[str, Any]:
    return {**branch._asdict(), "results": dict(branch.results)}


def _finding_json(entry: AuditFinding) -> dict[str, Any]:
    at = clock.format_time(entry.at) if entry.at else None
    return {**fields_of(entry), "changes": list(entry.changes), "at": at}


COLUMNS = (
    "changes", "target", "merge", "merged_at", "result", "required", "approved_by", "not_counted", "authors",
    "committer", "merged_by", "request", "reviewed_afterwards", "review_due", "recorded_at", "signed_by", "policy",
    "statement",
)  # fmt: skip


def rows(repo: Repository) -> list[dict[str, str]]:
    """Return one row for each recorded merge, oldest first: the table that auditors ask for."""
    git = repo.history
    ledger = read_ledger(git, evidencing.ledger_tip(git))
    reviews = {str(s.predicate["original"]): s for s in ledger.statements if s.kind != MERGE}
    return [_row(s, reviews.get(s.name)) for s in ledger.statements if s.kind == MERGE]


def _row(statement: Statement, review: Statement | None) -> dict[str, str]:
    predicate, assessment = statement.predicate, statement.predicate["assessment"]
    requirements = [v for v in assessment["requirements"] if v["result"] != "NOT_APPLICABLE"]
    due = statement.retro_due
    cells = (
        " ".join(statement.changes),
        assessment["target"],
        statement.merge,
        clock.format_time(statement.evaluated_at),
        statement.result,
        "; ".join(f"{v['name']} ({v['count']} {v['role']})".replace(" (0 )", "") for v in requirements),
        approvers(statement),
        "; ".join(f"{_who(r['review'])}: {r['code']}" for r in assessment["rejected"]),
        ", ".join(assessment["authors"]),
        predicate["merger"].get("committer", ""),
        predicate["merger"].get("account", ""),
        predicate["request"].get("url", ""),
        f"{clock.format_time(review.evaluated_at)} {approvers(review)}" if review else "",
        clock.format_time(due) if due else "",
        clock.format_time(statement.recorded_at),
        predicate["signer"],
        str(assessment["sources"].get("schemas/policies/approvals.yaml", "")),
        statement.path,
    )
    return dict(zip(COLUMNS, map(str, cells), strict=True))


def approvers(statement: Statement) -> str:
    """Return who approved, each once, with how."""
    return ", ".join(f"{person} ({how})" for person, how in approvals_of(statement).items())


def approvals_of(statement: Statement) -> dict[str, str]:
    """Return how each person approved: signed, or on which forge."""
    people: dict[str, str] = {}
    for verdict in statement.predicate["assessment"]["requirements"]:
        for review in verdict["counted"]:
            people.setdefault(_who(review), "signed" if review["signed"] else str(review["source"]))
    return people


def _who(review: dict[str, Any]) -> str:
    return str(review["person"] or review["login"] or review["identity"] or "a deleted account")


def as_csv(table: list[dict[str, str]], *, raw: bool = False) -> str:
    """Return the table as CSV (RFC 4180), harmless to spreadsheets unless ``raw``."""
    import csv
    import io

    from itsm_gitops.model.formulas import neutralise

    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for row in table:
        writer.writerow([row[c] if raw else neutralise(row[c]) for c in COLUMNS])
    return out.getvalue()
