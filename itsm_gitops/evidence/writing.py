"""Turns drafts into signed statements: files to add to the ledger, each with the SHA-256 of the one before."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from itsm_gitops.evidence import statement as evidence
from itsm_gitops.evidence.ledger import STATEMENT_MAX
from itsm_gitops.evidence.reading import Statement, read
from itsm_gitops.evidence.statement import MERGE, NAMESPACE, SIGNATURE, Inputs, StatementContext
from itsm_gitops.gate.signed import BAD_SIGNATURE
from itsm_gitops.gate.types import Assessment
from itsm_gitops.git import Git, mainline, sshsig
from itsm_gitops.git.changeset import exists
from itsm_gitops.git.ledger import Addition, LedgerFile, LedgerFiles
from itsm_gitops.git.mainline import Landed
from itsm_gitops.model import clock
from itsm_gitops.repository import Repository

# Bytes that a statement's number and the name of the one before may add.
_SPARE = 1 << 10


@dataclass(frozen=True, slots=True)
class StatementDraft:
    """The content of a statement about one merge, before its place in the ledger is known.

    ``pull_request`` is what a forge says about it, ``account`` who merged it there.
    ``original`` is the SHA-256 of the statement that this one completes.
    """

    kind: str
    landed: Landed
    assessment: Assessment
    inputs: Inputs
    changed: bool
    pull_request: Mapping[str, Any] = field(default_factory=dict)
    account: str = ""
    original: str = ""

    @property
    def result(self) -> str:
        """Return the result of the assessment."""
        return evidence.outcome(self.assessment, changed=self.changed)


class Recorder(NamedTuple):
    """Who writes: the program's version, the run of a CI or hook, and who signs with which key."""

    version: str
    run: Mapping[str, str] = field(default_factory=dict)
    signer: str = ""
    key: Path | None = None


def draft(
    repo: Repository, base: str, landed: Landed, target: str, inputs: Inputs, at: datetime
) -> StatementDraft:
    """Return the draft about a branch that went from ``base`` to ``landed``, judged as of ``at``."""
    assessment, inputs = judge(repo, base, landed, target=target, inputs=inputs, at=at)
    changed = mainline.one(repo.history, base).tree != landed.tree
    return StatementDraft(MERGE, landed, assessment, inputs, changed)


def judge(
    repo: Repository,
    base: str,
    landed: Landed,
    *,
    target: str,
    inputs: Inputs,
    at: datetime,
    overrides: bool = True,
) -> tuple[Assessment, Inputs]:
    """Return an assessment, and no more than the inputs from which it will come out again."""

    def judged(given: Inputs) -> Assessment:
        return evidence.judge(repo, base, landed, target=target, inputs=given, at=at, overrides=overrides)

    first = judged(inputs)
    less = evidence.lean(inputs, first)
    left_out = less.reviews != inputs.reviews or less != evidence.used(inputs, first)
    unsigned = any(r.code == BAD_SIGNATURE for r in first.rejected)
    return (judged(less) if left_out or unsigned else first), less


def fitting(drafts: Iterable[StatementDraft], recorder: Recorder) -> tuple[list[StatementDraft], list[str]]:
    """Return the drafts whose statements can be written, and what is wrong with each other one."""
    fit, refusals = [], []
    for draft in drafts:
        raw = evidence.statement(draft.assessment, draft.inputs, _context(draft, recorder, 1, ""))
        if len(raw) <= STATEMENT_MAX - _SPARE:
            fit.append(draft)
        else:
            commit = draft.landed.commit[:12]
            refusals.append(
                f"the statement about {commit} would be {len(raw) >> 20} MiB long, more than anybody reads"
            )
    return fit, refusals


def additions(
    git: Git, ledger: LedgerFiles, drafts: Iterable[StatementDraft], recorder: Recorder
) -> Addition | None:
    """Return the files to add to a ledger for these (fitting) drafts; None where it has a statement about each merge."""
    sequence, previous = _last(git, ledger)
    paths = {p.path for p in ledger.files} | {m.path for m in ledger.meddling}
    files: dict[str, bytes] = {}
    new_drafts: list[StatementDraft] = []
    for draft in drafts:
        if draft.kind == MERGE and _recorded(git, ledger, draft):
            continue
        sequence += 1
        while evidence.statement_path(sequence, draft.kind, draft.landed.commit) in paths:
            sequence += 1  # somebody put a file there who should not have
        raw = evidence.statement(
            draft.assessment, draft.inputs, _context(draft, recorder, sequence, previous)
        )  # fmt: skip
        path = evidence.statement_path(sequence, draft.kind, draft.landed.commit)
        files[path] = raw
        if recorder.signer and recorder.key:
            files[path + SIGNATURE] = sshsig.sign(raw, recorder.key, NAMESPACE).encode()
        previous = evidence.sha256(raw)
        new_drafts.append(draft)
    if not files:
        return None
    commits = dict.fromkeys(commit for draft in new_drafts for commit in _keeps(git, draft))
    return Addition(files, _message(new_drafts), tuple(commits))


def _context(draft: StatementDraft, recorder: Recorder, sequence: int, previous: str) -> StatementContext:
    return StatementContext(
        kind=draft.kind,
        landed=draft.landed,
        sequence=sequence,
        previous=previous,
        recorded_at=clock.now(),
        version=recorder.version,
        changed=draft.changed,
        signer=recorder.signer if recorder.key else "",
        account=draft.account,
        pull_request=draft.pull_request,
        run=recorder.run,
        original=draft.original,
    )


def _last(git: Git, ledger: LedgerFiles) -> tuple[int, str]:
    """Return number and name of the newest readable statement; 0 and an empty name where there is none."""
    for place in reversed(ledger.files):
        statement = None if place.path.endswith(SIGNATURE) else _read(git, place)
        if statement is not None:
            return statement.sequence, statement.name
    return 0, ""


def _read(git: Git, place: LedgerFile) -> Statement | None:
    blob = next(git.blobs([place.oid], STATEMENT_MAX + 1))
    return read(place.path, blob.content) if blob.size <= STATEMENT_MAX else None


def _recorded(git: Git, ledger: LedgerFiles, draft: StatementDraft) -> bool:
    """Whether there is a statement about this merge: another writer was faster."""
    ending = f"-{draft.kind}-{draft.landed.commit}.json"
    statements = [_read(git, p) for p in ledger.files if p.path.endswith(ending)]
    target = draft.assessment.target
    return any(s is not None and s.target == target for s in statements)


def _keeps(git: Git, draft: StatementDraft) -> Iterator[str]:
    """Yield the commits that reviewers saw and that only a deleted branch would still hold."""
    reviews = (*draft.assessment.counted, *(r.review for r in draft.assessment.rejected))
    for commit in dict.fromkeys([draft.assessment.head, *(r.commit for r in reviews if r.commit)]):
        if exists(git, commit) and not mainline.is_ancestor(git, commit, draft.landed.commit):
            yield commit


def _message(drafts: Sequence[StatementDraft]) -> str:
    if len(drafts) > 1:
        return f"Evidence of {len(drafts)} merges into {drafts[0].assessment.target}"
    (draft,) = drafts
    subject = ", ".join(draft.assessment.changes[:3]) or draft.landed.commit[:12]
    return f"{subject}: {draft.result.lower()}{'' if draft.kind == MERGE else ', reviewed afterwards'}"
