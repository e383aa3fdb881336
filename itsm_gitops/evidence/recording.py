"""`itsm audit record` and `itsm audit retro`: collect the reviews of merges, and add statements to the ledger."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from itsm_gitops import __version__
from itsm_gitops.evidence import merging
from itsm_gitops.evidence.ledger import read_ledger
from itsm_gitops.evidence.moves import BranchMove, BranchMoves, moves_of
from itsm_gitops.evidence.reading import Statement
from itsm_gitops.evidence.sources import Source, find, ledger_tip, source_of
from itsm_gitops.evidence.statement import MERGE, RETROACTIVE
from itsm_gitops.evidence.together import joined
from itsm_gitops.evidence.writing import Recorder, StatementDraft, additions, draft, fitting, judge
from itsm_gitops.forges.reviews import Review
from itsm_gitops.gate import approvals as approving
from itsm_gitops.gate import signed
from itsm_gitops.gate.people import Directory
from itsm_gitops.gate.types import BYPASSED, COMPOSED, OVERRIDDEN
from itsm_gitops.git import Git, ledger, mainline, refs, sharing
from itsm_gitops.model import clock
from itsm_gitops.model.errors import GitError, ItsmError, Refused, UsageError
from itsm_gitops.repository import Repository
from itsm_gitops.snapshots import load_store
from itsm_gitops.snapshots.identity import identity
from itsm_gitops.snapshots.part import PartialSnapshot

# A push of more commits than this, of which only the last was approved, is not recognised as one.
_TOGETHER_MAX = 30


@dataclass(frozen=True)
class RecordingOptions:
    """What the command line says. ``request`` is a pull request's number, 0: ask the forge for it."""

    target: str = ""
    since: str = ""
    forge: str = ""
    request: int = 0
    reviews: str = ""
    push: bool = False
    sign: bool = False
    key: str = ""
    by: str | None = None


class Recorded(NamedTuple):
    """What was written: the ledger's new commit (empty: nothing) and the draft about each merge.

    ``refusals`` say which merges could not be recorded, and why; the others were.
    """

    commit: str
    target: str
    drafts: tuple[StatementDraft, ...]
    pushed: bool
    refusals: tuple[str, ...] = ()


def record(repo: Repository, options: RecordingOptions) -> Recorded:
    """Write a statement about every merge into a branch that has none yet.

    Where there is none at all, evidence begins with the rules about approvals, or behind ``since``. A merge
    that cannot be recorded does not keep the others from it.
    Raises ItsmError where a file or the ledger cannot be read or written.
    """
    git = repo.history
    git.require_history("what was merged")
    source = _source(repo, options)
    target, tip = branch(repo, options.target)
    evidence_ledger = read_ledger(git, sharing.catch_up(git))
    start = git.resolve(options.since) if options.since else None
    moves = moves_of(git, tip, evidence_ledger.of_branch(target), start)
    refusals: list[str] = []
    drafts, too_large = fitting(_drafts(repo, target, moves, source, refusals), _recorder(repo, options))
    commit = _write(repo, options, drafts)
    return Recorded(commit, target, tuple(drafts), options.push, (*refusals, *too_large))


def _source(repo: Repository, options: RecordingOptions) -> Source:
    if options.push:
        sharing.fetch(repo.history, token=_token(repo, options))
    return source_of(repo, reviews=options.reviews, forge=options.forge, number=options.request)


def branch(repo: Repository, name: str = "") -> tuple[str, str]:
    """Return a branch's name and newest commit: ``name`` or the usual one, on the remote before here."""
    git = repo.history
    if not name:
        revision = _head_branch(git) if repo.bare else ""
        revision = revision or approving.default_base(git)
        return approving.branch_name(revision), git.resolve(revision)
    references = [r for r in (f"refs/remotes/origin/{name}", f"refs/heads/{name}") if ledger.tip(git, r)]
    if not references:
        raise UsageError(f"there is no branch '{name}' here", "git fetch origin")
    return name, git.resolve(references[0])


def _head_branch(git: Git) -> str:
    """Return the branch that HEAD of a repository without files names; empty where it is not there."""
    try:
        name = git.run("symbolic-ref", "HEAD").decode("utf-8", "replace").strip()
    except GitError:
        return ""
    return name if ledger.tip(git, name) else ""


def run_of(env: Mapping[str, str]) -> dict[str, str]:
    """Return what a CI says about the run that records: enough to find its log."""
    if env.get("GITHUB_RUN_ID"):
        where = "/".join([env.get("GITHUB_SERVER_URL", ""), env.get("GITHUB_REPOSITORY", "")])
        url = f"{where}/actions/runs/{env['GITHUB_RUN_ID']}"
        return {"url": url, "attempt": env.get("GITHUB_RUN_ATTEMPT", ""), "job": env.get("GITHUB_JOB", "")}
    return {"url": env["CI_JOB_URL"]} if env.get("CI_JOB_URL") else {}


def _write(repo: Repository, options: RecordingOptions, drafts: Sequence[StatementDraft]) -> str:
    git, by = repo.history, _recorder(repo, options)
    if by.key:
        _require_key(repo, by.signer, by.key, drafts)

    def make(files: ledger.LedgerFiles) -> ledger.Addition | None:
        return additions(git, files, drafts, by)

    if options.push:
        return sharing.append(git, make, token=_token(repo, options))
    return ledger.append(git, make)


def _recorder(repo: Repository, options: RecordingOptions) -> Recorder:
    run = run_of(os.environ)
    if not options.sign and not options.key:
        return Recorder(__version__, run)
    from itsm_gitops.git.actor import acting

    return Recorder(__version__, run, acting(repo, options.by), approving.signing_key(repo, options.key))


def _require_key(repo: Repository, signer: str, key: Path, drafts: Iterable[StatementDraft]) -> None:
    """Refuse a signature that could not be checked later: keys are those of the base of each merge."""
    for base in dict.fromkeys(d.assessment.base for d in drafts):
        directory = _directory(repo, base)
        if not directory.active(signer):
            raise Refused(f"there is no active '{signer}' in cmdb/people at {base[:12]}", "--by HANDLE")
        signed.require_key(directory, signer, key, clock.now().date())


def _directory(repo: Repository, commit: str) -> Directory:
    return Directory(load_store(PartialSnapshot(repo.snapshot(commit), ()))[0], clock.now())


def _token(repo: Repository, options: RecordingOptions) -> str:
    if not options.forge:
        return ""
    from itsm_gitops.forges import connection as forging

    return forging.token(forging.forge_name(repo, options.forge))


def _drafts(
    repo: Repository, target: str, moves: BranchMoves, source: Source, refusals: list[str]
) -> Iterator[StatementDraft]:
    """Yield a draft about each move that nobody has recorded, oldest first; ``refusals`` gets what has none."""
    runs: list[list[BranchMove]] = []
    for move in reversed(moves.moves):
        if move.statement is None:
            if not runs or runs[-1][-1].landed.commit != move.base:
                runs.append([])
            runs[-1].append(move)
    for run in runs:
        begin = 0
        while begin < len(run):
            try:
                draft_, count = _next(repo, target, run[begin:], source)
                yield draft_
                begin += count
            except ItsmError as error:
                reason = f"{error.message}; {error.hint}" if error.hint else error.message
                refusals.append(f"{run[begin].landed.commit[:12]}: {reason}")
                begin += 1
                if source.forge is not None:  # where it does not answer, it does not answer about the others
                    return


def _next(
    repo: Repository, target: str, run: Sequence[BranchMove], source: Source
) -> tuple[StatementDraft, int]:
    """Return the draft about the first request of a run, and how many moves came with it, by the forge or what was signed."""
    base, first = run[0].base, run[0]
    pull_request = source.pull_request(first.landed.commit, target)
    if pull_request is not None:
        count = 1
        while count < len(run) and source.pull_request(run[count].landed.commit, target) == pull_request:
            count += 1
        return _draft(repo, target, base, run[count - 1], source), count
    for count in joined(repo, run[:_TOGETHER_MAX], source.statements):
        draft_ = _draft(repo, target, base, run[count - 1], source)
        if draft_.assessment.passes and any(r.signed for r in draft_.assessment.counted):
            return draft_, count
    return _draft(repo, target, base, first, source), 1


def _draft(repo: Repository, target: str, base: str, move: BranchMove, source: Source) -> StatementDraft:
    landed = move.landed
    pull_request = source.pull_request(landed.commit, target)
    inputs = source.inputs(pull_request)
    first_draft = draft(repo, base, landed, target, inputs, source.merged_at(pull_request))
    if pull_request is None or pull_request.merged_at is None:
        then = merging.moment(first_draft.assessment, landed)
        earlier = draft(repo, base, landed, target, inputs, then) if then else first_draft
        first_draft = earlier if earlier.assessment.passes else first_draft
    return replace(
        first_draft,
        pull_request=source.describe(pull_request),
        account=pull_request.merged_by if pull_request else source.account,
    )


def retro(repo: Repository, what: str, options: RecordingOptions) -> Recorded:
    """Judge reviews that were given after a merge, and record that as a second statement.

    ``what`` is a change or a merge that was overridden or bypassed. Everybody who would have had
    to approve is asked, as if there had been no override. Raises Refused where approvals are still
    missing (``assessment`` in its arguments says which), or where there is nothing to make up for.
    """
    source = _source(repo, options)
    evidence_ledger = read_ledger(repo.history, ledger_tip(repo.history))
    original = _to_review(find(evidence_ledger, what), what)
    draft_ = afterwards(repo, original, source)
    if not draft_.assessment.passes:
        return Recorded("", draft_.assessment.target, (draft_,), False)
    sharing.catch_up(repo.history)
    return Recorded(_write(repo, options, [draft_]), draft_.assessment.target, (draft_,), options.push)


def _to_review(statements: Sequence[Statement], what: str) -> Statement:
    merged = [s for s in statements if s.kind == MERGE]
    waiting = [s for s in merged if s.result in (OVERRIDDEN, BYPASSED, COMPOSED)]
    reviewed = {s.original for s in statements if s.kind == RETROACTIVE}
    open_statements = [s for s in waiting if s.name not in reviewed]
    if len(open_statements) > 1:
        commits = ", ".join(s.merge[:12] for s in open_statements)
        raise UsageError(
            f"{len(open_statements)} merges of '{what}' wait for a review", f"name one of: {commits}"
        )
    if not open_statements:
        reason = "it was reviewed afterwards already" if waiting else "it was approved when it was merged"
        raise Refused(f"there is nothing to review afterwards about '{what}': {reason}", "itsm audit show")
    return open_statements[0]


def afterwards(repo: Repository, original: Statement, source: Source) -> StatementDraft:
    """Return how a merge stands by what reviewers said since, without any override."""
    git, target = repo.history, original.target
    landed = mainline.one(git, original.merge)
    pull_request = source.pull_request(landed.commit, target)
    inputs = source.inputs(pull_request)
    since = original.evaluated_at
    later = inputs._replace(
        reviews=tuple(r for r in inputs.reviews if r.at > since),
        statements=tuple(_valid_today(repo, original, inputs.statements)),
        opened_by=inputs.opened_by or original.inputs.opened_by,
        pushed_by=inputs.pushed_by or original.inputs.pushed_by,
    )
    assessment, later = judge(
        repo, original.base, landed, target=target, inputs=later, at=clock.now(), overrides=False
    )
    return StatementDraft(
        kind=RETROACTIVE,
        landed=landed,
        assessment=assessment,
        inputs=later,
        changed=True,
        pull_request=source.describe(pull_request),
        original=original.name,
    )


def _valid_today(
    repo: Repository, original: Statement, statements: Sequence[refs.StoredText]
) -> Iterator[refs.StoredText]:
    """Yield the statements by people and keys that the branch knows now: who has left reviews nothing."""
    assessment, since = original.predicate["assessment"], original.evaluated_at

    def later(review: Review) -> bool:
        about = review.digest == assessment["digest"] or set(original.changes).intersection(review.changes)
        return review.at > since and bool(about)

    if not statements:
        return
    tip = branch(repo, str(assessment["target"]))[1]
    directory, origin = _directory(repo, tip), identity(repo.history, tip)
    good = signed.read(statements, directory, clock.now(), origin, later)
    valid = {r.review_id for r in good.reviews if directory.active(str(r.person))}
    yield from (s for s in statements if s.oid in valid)
