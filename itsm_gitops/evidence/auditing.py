"""`itsm audit`: recompute all statements, show some of them, and find the population of a period."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any, NamedTuple

from itsm_gitops.evidence import audit, recording
from itsm_gitops.evidence import sources as evidencing
from itsm_gitops.evidence.access import Entitlement, access, on_day
from itsm_gitops.evidence.asking_forge import ask_again
from itsm_gitops.evidence.audit import AuditedBranch, AuditReport
from itsm_gitops.evidence.cells import contents_of
from itsm_gitops.evidence.ledger import TAMPERED, AuditFinding, Ledger, read_ledger
from itsm_gitops.evidence.period import EVERYTHING, Period
from itsm_gitops.evidence.population import Population
from itsm_gitops.evidence.reading import Statement
from itsm_gitops.evidence.recheck import Recheck
from itsm_gitops.evidence.vouching import Voucher, Vouchers
from itsm_gitops.git import Git, mainline, sharing
from itsm_gitops.model import clock
from itsm_gitops.model.errors import GitError, UsageError
from itsm_gitops.model.findings import ERROR
from itsm_gitops.model.words import fields_of
from itsm_gitops.repository import Repository
from itsm_gitops.snapshots.recall import RecallingGit

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
    with _recalling(repo):
        return _verify(repo, since, until, target, anchor)


def verify_with_forge(repo: Repository, report: AuditReport, forge: str, count: int) -> AuditReport:
    """Ask a forge again about some of the merges of an audit; returns the audit with what it says otherwise.

    Drawn are ``count`` merges that rest on that forge, by the newest commit of the evidence. Raises ForgeError.
    """
    from itsm_gitops.forges import connection as forging

    ledger = read_ledger(repo.history, report.ledger)
    statements = [s for s in ledger.statements if report.period.holds(s)]
    connected = forging.connect(repo, forging.forge_name(repo, forge))
    answer = ask_again(connected, statements, count, report.ledger)
    return replace(report, findings=(*report.findings, *answer.findings), asked=answer.asked)


@contextmanager
def _recalling(repo: Repository) -> Iterator[None]:
    """Let a repository remember what it reads, as long as many things are asked about."""
    plain = repo.history
    with RecallingGit.of(plain) as git:
        repo.git = git
        try:
            yield
        finally:
            repo.git = plain


def _verify(repo: Repository, since: str, until: str, target: str, anchor: str) -> AuditReport:
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
    """Yield name and newest commit of the branches to audit: ``target``, or the usual one and those of the ledger."""
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
        raise UsageError(f"'{until}' is not a date", "--until 2026-12-31 (that day included), or a time")
    if not since:
        return Period(until=end)
    moment = _moment(since)
    if moment is None:
        return Period(commit=_commit(git, since, "--since 2026-11-01, or a commit"), until=end)
    if end is not None and end <= moment:
        raise UsageError(f"the period ends before it begins: {since} to {until}", "--since DAY --until DAY")
    return Period(moment=moment, until=end)


def _commit(git: Git, text: str, hint: str) -> str:
    """Return the full hash of a revision; raises UsageError for a text that is neither a revision nor a day."""
    try:
        return git.resolve(text)
    except GitError as error:
        raise UsageError(f"'{text}' is neither a revision nor a date", error.hint or hint) from error


def _moment(text: str, *, last: bool = False) -> datetime | None:
    """Return a time, or the beginning of a day (UTC), with ``last`` its end; None for another text."""
    moment, day = clock.parse_time(text), clock.parse_day(text)
    if day is None:
        return moment
    try:
        return datetime.combine(day, time(0), UTC) + timedelta(days=last)
    except OverflowError:  # the end of the last day that there is
        return None


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
    """A statement, what is wrong with it, who vouches for it, and the digests of all merges on record."""

    statement: Statement
    findings: tuple[AuditFinding, ...]
    voucher: Voucher
    contents: frozenset[str]


def show(repo: Repository, what: str) -> list[CheckedStatement]:
    """Return the statements about a change or a merge, each computed again."""
    git = repo.history
    ledger = read_ledger(git, evidencing.ledger_tip(git))
    check, vouchers, contents = (
        Recheck(repo, ledger, clock.now()),
        Vouchers(repo, ledger),
        contents_of(ledger),
    )
    return [
        CheckedStatement(s, tuple(check.wrong(s)), vouchers.of(s), contents)
        for s in evidencing.find(ledger, what)
    ]


def population(repo: Repository, *, since: str = "", until: str = "", target: str = "") -> Population:
    """Return the merges and changes of a period; the words mean what they mean to `verify`."""
    git = repo.history
    git.require_history("what was merged when")
    ledger = read_ledger(git, evidencing.ledger_tip(git))
    tips = dict(tips_of(repo, ledger, target))
    return Population(repo, ledger, tips, period_of(git, since, until))


def report_json(report: AuditReport) -> dict[str, Any]:
    """Return a report as data, in a form that only grows (``version``)."""
    return {
        "version": VERSION,
        "clean": report.clean,
        "at": clock.format_time(report.at),
        "ledger": report.ledger,
        "last_statement": report.name,
        "statements": report.statements,
        "asked_again": report.asked,
        "branches": [_branch_json(b) for b in report.branches],
        "findings": [_finding_json(f) for f in report.findings],
    }


def _branch_json(branch: AuditedBranch) -> dict[str, Any]:
    return {**branch._asdict(), "results": dict(branch.results)}


def _finding_json(entry: AuditFinding) -> dict[str, Any]:
    at = clock.format_time(entry.at) if entry.at else None
    return {**fields_of(entry), "changes": list(entry.changes), "at": at}


class AccessReview(NamedTuple):
    """Who could approve what, by the files of a commit, at a moment."""

    commit: str
    moment: datetime
    entitlements: list[Entitlement]


def access_on(repo: Repository, when: str, target: str = "") -> AccessReview:
    """Return the access review of a day (its end, UTC), of a commit, or (empty) of now.

    Raises UsageError for what is none of these, RuleBookError where the policy of then cannot be read.
    """
    now, git = clock.now(), repo.history
    name, tip = recording.branch(repo, target)
    end = _moment(when, last=True) if when else None
    if end is None:
        commit = _commit(git, when, "--on 2026-11-01, or a commit") if when else tip
        return AccessReview(commit, now, access(repo, commit, now))
    ledger = read_ledger(git, evidencing.ledger_tip(git))
    moment = min(end - timedelta(seconds=1), now)
    commit = on_day(Population(repo, ledger, {name: tip}, EVERYTHING), moment)
    return AccessReview(commit, moment, access(repo, commit, moment))
