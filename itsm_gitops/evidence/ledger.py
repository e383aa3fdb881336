"""Reads the ledger: every statement and signature in order, and the findings about the ledger itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from itsm_gitops.evidence.reading import Statement, read
from itsm_gitops.evidence.statement import MERGE, RETROACTIVE, SIGNATURE, statement_path
from itsm_gitops.git import Git, ledger
from itsm_gitops.git.ledger import LedgerFile, LedgerFiles, Meddling
from itsm_gitops.model.findings import ERROR

UNREVIEWED = "UNREVIEWED"
BYPASSED = "BYPASSED"
COMPOSED = "COMPOSED"
OVERRIDDEN = "OVERRIDDEN"
OVERDUE = "OVERDUE"
TAMPERED = "TAMPERED"
MISMATCH = "MISMATCH"
UNVOUCHED = "UNVOUCHED"
BACKDATED = "BACKDATED"
# What each one means, in the order in which an auditor wants to hear of them.
MEANINGS = {
    TAMPERED: "evidence, its chain, a signature or the branch was changed afterwards",
    BACKDATED: "something claims a time that it cannot have",
    MISMATCH: "computed again, something else comes out",
    UNVOUCHED: "counts reviews that neither the approvers nor a recorder have signed for",
    UNREVIEWED: "merged, and there is no statement about it",
    BYPASSED: "merged without the approvals that were asked for",
    COMPOSED: "approved as proposed; the merge made something of it that nobody saw",
    OVERDUE: "let pass in an emergency, and not reviewed in time",
    OVERRIDDEN: "let pass in an emergency",
}

STATEMENT_MAX = 16 << 20
_DID = {"M": "was edited", "D": "was removed", "T": "was turned into something else", "A": "is no file"}
_HINT = "compare with an older clone; nobody but the recorder may write to itsm/evidence"


@dataclass(frozen=True, slots=True)
class AuditFinding:
    """One thing an auditor must know. ``code`` is one of MEANINGS.

    ``commit`` is the merge it is about, or the commit of the ledger that did it; ``path`` the file
    of the statement, empty where there is none. ``at`` is when it happened, as far as that is known.
    """

    code: str
    severity: str
    commit: str
    message: str
    hint: str = ""
    path: str = ""
    target: str = ""
    changes: tuple[str, ...] = ()
    at: datetime | None = None


class Ledger(NamedTuple):
    """The ledger as read: readable statements in order, detached signatures by the path of their statement.

    ``findings`` are about the ledger itself: files that are no statements, a broken chain.
    """

    tip: str
    statements: tuple[Statement, ...]
    signatures: Mapping[str, str]
    findings: tuple[AuditFinding, ...]

    def of_branch(self, target: str) -> list[Statement]:
        """Return the statements about merges into one branch."""
        return [s for s in self.statements if s.target == target]

    @property
    def targets(self) -> list[str]:
        """Return the branches it is about, in the order in which they first appear."""
        return list(dict.fromkeys(s.target for s in self.statements))


def read_ledger(git: Git, tip: str) -> Ledger:
    """Read the ledger as it was at ``tip`` (empty: there is none); raises GitError only for Git itself."""
    return _read(git, ledger.read_at(git, tip))


def _read(git: Git, files: LedgerFiles) -> Ledger:
    statements: list[Statement] = []
    signatures: dict[str, str] = {}
    findings = [_meddled(m) for m in files.meddling]
    blobs = git.blobs((p.oid for p in files.files), STATEMENT_MAX + 1)
    for place, blob in zip(files.files, blobs, strict=True):
        if place.path.endswith(SIGNATURE):
            signatures[place.path.removesuffix(SIGNATURE)] = blob.content.decode("utf-8", "replace")
            continue
        statement = read(place.path, blob.content) if blob.size <= STATEMENT_MAX else None
        if statement is None:
            findings.append(_unreadable(place))
        else:
            statements.append(statement)
    findings.extend(_chain(statements))
    paths = {s.path for s in statements}
    findings.extend(
        _tampered("", path, "is a signature of nothing") for path in signatures if path not in paths
    )
    return Ledger(files.tip, tuple(statements), signatures, tuple(findings))


def _meddled(meddling: Meddling) -> AuditFinding:
    return _tampered(meddling.commit, meddling.path, _DID.get(meddling.status, "was changed"))


def _unreadable(file: LedgerFile) -> AuditFinding:
    return _tampered(file.commit, file.path, "is not a statement that this program wrote")


def _tampered(commit: str, path: str, what: str) -> AuditFinding:
    return AuditFinding(TAMPERED, ERROR, commit, f"{path} {what}", _HINT, path)


def _chain(statements: list[Statement]) -> Iterator[AuditFinding]:
    """Yield where a statement does not name the one before, or is not where it says it is."""
    previous, sequence = "", 0
    for statement in statements:
        wrong = []
        if statement.previous != previous:
            before = f"statement {sequence}" if sequence else "nothing"
            wrong.append(f"it was written after something else than {before} as it is now")
        if statement.sequence <= sequence:
            wrong.append(f"its number {statement.sequence} was given out already")
        if statement.path != statement_path(statement.sequence, statement.kind, statement.merge):
            wrong.append("its file has the name of another one")
        if statement.kind == RETROACTIVE and not _original(statement, statements):
            wrong.append("the statement that it completes is not there")
        if wrong:
            message = f"statement {statement.sequence} does not fit into the chain: {'; '.join(wrong)}"
            yield _of(statement, message)
        previous, sequence = statement.name, max(sequence, statement.sequence)


def _original(statement: Statement, statements: list[Statement]) -> bool:
    return any(
        s.kind == MERGE
        and s.name == statement.original
        and (s.base, s.merge, s.sequence < statement.sequence) == (statement.base, statement.merge, True)
        for s in statements
    )


def _of(statement: Statement, message: str) -> AuditFinding:
    return finding(TAMPERED, ERROR, statement, message, _HINT)


def finding(code: str, severity: str, statement: Statement, message: str, hint: str = "") -> AuditFinding:
    """Return a finding about the merge that a statement is about."""
    return AuditFinding(
        code=code,
        severity=severity,
        commit=statement.merge,
        message=message,
        hint=hint,
        path=statement.path,
        target=statement.target,
        changes=statement.changes,
        at=statement.evaluated_at,
    )
