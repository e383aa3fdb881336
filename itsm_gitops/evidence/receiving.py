"""Evidence on a plain Git server: its hook writes statements, and accepts pushed ones from named recorders only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from itsm_gitops import __version__
from itsm_gitops.evidence.ledger import Ledger, read_ledger
from itsm_gitops.evidence.recheck import Recheck
from itsm_gitops.evidence.statement import Inputs
from itsm_gitops.evidence.writing import Recorder, StatementDraft, additions, draft, fitting
from itsm_gitops.gate import signed
from itsm_gitops.gate.people import Directory
from itsm_gitops.git import Git, ledger, mainline
from itsm_gitops.model import clock
from itsm_gitops.model.decisions import POLICY
from itsm_gitops.model.errors import GitError
from itsm_gitops.model.roles import names
from itsm_gitops.repository import Repository
from itsm_gitops.snapshots import load_store
from itsm_gitops.snapshots.part import PartialSnapshot

RECORDERS = "recorders"
_USERS = ("REMOTE_USER", "GL_USERNAME", "USER")
_NOBODY = "the server writes the evidence itself; schemas/policies/approvals.yaml can name recorders"


def moved(
    repo: Repository, old: str, new: str, branch: str, main: str, pushed_by: tuple[str, ...] = ()
) -> StatementDraft | None:
    """Return the draft about a branch that went from ``old`` (empty: it is new) to ``new``.

    ``main`` is the tip of the main branch, ``pushed_by`` who pushed (see ``pushers``). None where the branch got nothing.
    """
    git = repo.history
    base = old or (git.merge_base(main, new) if main else "")
    if not base or base == new or not mainline.is_ancestor(git, base, new):
        return None
    inputs = Inputs(statements=signed.stored(git), pushed_by=pushed_by)
    return draft(repo, base, mainline.one(git, new), branch, inputs, clock.now())


def record(git: Git, drafts: Iterable[StatementDraft], env: Mapping[str, str]) -> list[str]:
    """Write down what was received; returns why each of the others cannot be. Raises GitError.

    The server signs where ``git config itsm.signer`` and ``itsm.signingKey`` say with whose key.
    """
    user = next((env[name] for name in _USERS if env.get(name)), "")
    signer, key = setting(git, "itsm.signer"), setting(git, "itsm.signingKey")
    run = {"hook": "post-receive", **({"user": user} if user else {})}
    by = Recorder(__version__, run, signer, Path(key) if signer and key else None)
    pending, refusals = fitting(drafts, by)
    if pending:
        ledger.append(git, lambda files: additions(git, files, pending, by))
    return refusals


def setting(git: Git, key: str) -> str:
    """Return one setting of the repository; empty where there is none."""
    try:
        return git.run("config", "--get", key).decode("utf-8", "replace").strip()
    except GitError:
        return ""


def refuse(repo: Repository, old: str, new: str, main: str) -> str:
    """Say why somebody may not push evidence; empty where they may.

    ``old`` and ``new`` are commits of the ledger, ``main`` the tip of the main branch, whose policy
    names the recorders. Every new statement must be signed by one of them, and its recomputed assessment must be the same.
    What was there must stay, in its order: a merge whose first parent is another history would hide it.
    """
    store = load_store(PartialSnapshot(repo.snapshot(main), ()))[0] if main else None
    recorder_names = names(store.book.policy(POLICY).get(RECORDERS)) if store else []
    if store is None or not recorder_names:
        return _NOBODY
    directory = Directory(store, clock.now())
    recorders = {p for p in directory.members(recorder_names) if directory.active(p)}
    git = repo.history
    before, after = read_ledger(git, old), read_ledger(git, new)
    return next(_hidden(before, after), "") or next(_wrong(repo, before, after, recorders), "")


def _hidden(before: Ledger, after: Ledger) -> Iterator[str]:
    """Yield where a new state of the ledger does not go on from the old one."""
    old = [(s.path, s.name) for s in before.statements]
    new = [(s.path, s.name) for s in after.statements]
    if new[: len(old)] != old or any(after.signatures.get(p) != s for p, s in before.signatures.items()):
        yield "it leaves out or changes statements that are there: git fetch, then record again"
    elif len(new) == len(old):
        yield "it brings no new statement"


def _wrong(repo: Repository, before: Ledger, after: Ledger, recorders: set[str]) -> Iterator[str]:
    paths = {s.path for s in before.statements}
    old = set(before.findings)
    yield from (f"{f.message}; {f.hint}" for f in after.findings if f not in old)
    check = Recheck(repo, after, clock.now())
    for statement in after.statements:
        if statement.path in paths:
            continue
        signer = statement.signer
        if signer not in recorders:
            whom = ", ".join(sorted(recorders)) or "nobody"
            yield f"statement {statement.sequence} is not signed by a recorder ({whom}): itsm audit record --sign"
        yield from (f"statement {statement.sequence}: {f.message}" for f in check.wrong(statement))
