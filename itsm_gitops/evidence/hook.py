"""`itsm hook`: the gate of a plain Git server, before and after a push."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from itsm_gitops.evidence.approval_refs import ApprovalRefs, ours
from itsm_gitops.evidence.pushers import pushers
from itsm_gitops.forges import answers as shape
from itsm_gitops.gate import signed
from itsm_gitops.gate.assess import assess
from itsm_gitops.gate.guard import EVIDENCE, BranchGuard, full, policy_blob, read_guard, short
from itsm_gitops.gate.types import Assessment
from itsm_gitops.git import Git, mainline
from itsm_gitops.git.refs import StoredText
from itsm_gitops.model import clock
from itsm_gitops.model.errors import GitError, ItsmError, UsageError
from itsm_gitops.model.findings import Finding
from itsm_gitops.repository import Repository

if TYPE_CHECKING:
    from itsm_gitops.evidence.writing import StatementDraft

_IN_THE_WAY = ("itsm",)
_PUSHED_MAX = 1000


class Update(NamedTuple):
    """One line that Git gives the hook: what a reference was and shall be; empty for none."""

    old: str
    new: str
    ref: str


class Decision(NamedTuple):
    """Whether one reference may be updated, why (not), and the assessment and findings behind it."""

    update: Update
    allowed: bool
    reason: str
    assessment: Assessment | None = None
    findings: tuple[Finding, ...] = ()


def read_updates(lines: Iterable[str]) -> list[Update]:
    """Read the lines of a pre-receive hook; raises UsageError for anything else."""
    updates = []
    for line in lines:
        old, _, rest = line.rstrip("\n").partition(" ")
        new, _, ref = rest.partition(" ")
        names = [("" if set(c) == {"0"} else c) for c in (old, new)]
        if not ref.startswith("refs/") or not all(c == "" or shape.is_commit(c) for c in names):
            raise UsageError("this is not what Git tells a pre-receive hook", "lines of: OLD NEW REFERENCE")
        updates.append(Update(names[0], names[1], ref))
    if len(updates) > _PUSHED_MAX:
        raise UsageError(f"more than {_PUSHED_MAX} references at once", "push them in parts")
    return updates


def pre_receive(updates: Iterable[Update], env: Mapping[str, str], *, check: bool = True) -> list[Decision]:
    """Decide about every reference of a push; what raises is a refusal too.

    Guarded branches (`gate/guard.py` says which) only go forward, with their tip among the first parents, and only
    with the approvals that the
    policy of their present state asks for, given as signed statements. ``check`` also judges the
    documents. While none of them is there, no branch is taken but the first one. Evidence and statements are never
    taken back, and evidence is taken from nobody but the recorders that the policy names. Statements
    that hold count for the branches of the same push. Other branches are free.
    """
    repo = Repository.receiving(env)
    guard = read_guard(repo.history)
    pushed_by = pushers(repo.history, env)
    statements = ApprovalRefs(repo, lambda branch: _judging_tip(guard, branch), clock.now())
    decisions = {}
    updates = list(updates)
    for update in sorted(updates, key=lambda u: not ours(u.ref)):
        try:
            # Pushing to a reference that stands for another one moves that one.
            meant = update._replace(ref=guard.meant(update.ref))
            decision = _decide(repo, meant, guard, check, pushed_by, statements)
            decisions[update] = decision._replace(update=update)
        except ItsmError as error:
            text = f"{error.message}; {error.hint}" if error.hint else error.message
            decisions[update] = Decision(update, False, text)
    return [decisions[u] for u in updates]


def taken_back(decisions: Iterable[Decision]) -> list[str]:
    """Return the references of good statements that do not arrive: Git takes a push as a whole or not at all."""
    decisions = list(decisions)
    statements = [d.update.ref for d in decisions if d.allowed and ours(d.update.ref)]
    return [] if all(d.allowed for d in decisions) else statements


def _decide(
    repo: Repository,
    update: Update,
    guard: BranchGuard,
    check: bool,
    pushed_by: tuple[str, ...],
    statements: ApprovalRefs,
) -> Decision:
    if ours(update.ref):
        why = statements.refuse(update.ref, update.old, update.new)
        return Decision(update, not why, why or "a statement")
    branch = short(update.ref)
    if branch == EVIDENCE:
        return _forward(repo.history, update, "evidence") or _evidence(repo, update, guard)
    if branch in _IN_THE_WAY or branch.startswith(f"{EVIDENCE}/"):
        return Decision(update, False, f"a branch of that name would be in the way of {EVIDENCE}")
    if branch == update.ref and not guard.covers(update.ref):
        return Decision(update, True, "not a branch")
    rules = (
        not guard.ruled and bool(update.new) and bool(policy_blob(repo.history, f"{update.new}^{{commit}}"))
    )
    idle = guard.idle(update.ref, rules=rules)
    if idle:
        return Decision(update, False, idle)
    if not guard.covers(update.ref):
        return Decision(update, True, "not protected")
    return _forward(repo.history, update, f"'{branch}'") or _judge(
        repo, update, branch, guard, check, pushed_by, statements.accepted
    )


def _evidence(repo: Repository, update: Update, guard: BranchGuard) -> Decision:
    from itsm_gitops.evidence import receiving

    why = receiving.refuse(repo, update.old, update.new, _tip(guard))
    return Decision(update, not why, why or "evidence by a recorder")


def post_receive(updates: Iterable[Update], env: Mapping[str, str]) -> list[StatementDraft]:
    """Write down what guarded branches got; returns what was recorded.

    Raises ItsmError that names what could not be recorded, after everything else was.
    """
    from itsm_gitops.evidence import receiving

    repo = Repository.receiving(env)
    git = repo.history
    guard = read_guard(git)
    main = _tip(guard)
    pushed_by = pushers(git, env)
    drafts, refusals = [], []
    for update in updates:
        ref = guard.meant(update.ref)
        branch = short(ref)
        if branch in (ref, EVIDENCE) or not update.new or not guard.covers(ref):
            continue
        try:
            draft = receiving.moved(repo, update.old, update.new, branch, main, pushed_by)
        except ItsmError as error:  # the other branches must not wait for this one
            refusals.append(f"{branch}: {error.message}")
        else:
            drafts += [draft] if draft is not None else []
    refusals += receiving.record(git, drafts, env)
    if refusals:
        raise GitError("; ".join(refusals), "itsm audit record")
    return drafts


def _forward(git: Git, update: Update, what: str) -> Decision | None:
    """Refuse to delete and to rewrite."""
    if not update.new:
        return Decision(update, False, f"{what} cannot be deleted")
    if update.old and git.merge_base(update.old, update.new) != update.old:
        return Decision(update, False, f"{what} only goes forward: git pull --rebase, then push again")
    if update.old and not mainline.on_line(git, update.old, update.new):
        return Decision(update, False, _turned(update, what))
    return None


def _turned(update: Update, what: str) -> str:
    """Say what is wrong with a merge of the branch into other work, and the way out."""
    return (
        f"the present tip of {what}, {update.old[:12]}, is not among the first parents of what is pushed: a merge took "
        "the branch into other work instead of the work into the branch; "
        f"git rebase origin/{short(update.ref)}, then push again"
    )


def _judge(
    repo: Repository,
    update: Update,
    branch: str,
    guard: BranchGuard,
    check: bool,
    pushed_by: tuple[str, ...],
    pushed: Iterable[StoredText],
) -> Decision:
    base = update.old or _tip(guard)
    if not base:
        return Decision(update, True, "the first push: there are no rules yet that could judge it")
    if repo.history.merge_base(base, update.new) == update.new:
        return Decision(update, True, "nothing new")
    findings = _findings(repo, base, update.new) if check else ()
    if findings:
        text = f"{len(findings)} error{'s' if len(findings) > 1 else ''} in what is pushed: itsm check --base origin/{branch}"
        return Decision(update, False, text, None, findings)
    statements = {s.oid: s for s in (*signed.stored(repo.history), *pushed)}
    result = assess(
        repo, base=base, head=update.new, target=branch, now=clock.now(), pushed_by=pushed_by,
        statements=statements.values(),
    )  # fmt: skip
    reason = "approved" if result.passes else "approvals are missing"
    return Decision(update, result.passes, reason, result)


def _findings(repo: Repository, base: str, head: str) -> tuple[Finding, ...]:
    from itsm_gitops import rules
    from itsm_gitops.model.findings import ERROR

    return tuple(f for f in rules.check(repo, at=head, base=base).findings if f.severity == ERROR)


def _tip(guard: BranchGuard) -> str:
    """Return the commit of the branch whose rules count; empty while there is none."""
    return guard.tips.get(guard.main, "")


def _judging_tip(guard: BranchGuard, branch: str) -> str:
    """Return the commit whose people decide about a branch: its own where it is guarded, else the main one's."""
    ref = full(branch)
    return guard.tips.get(ref, "") if guard.covers(ref) and ref in guard.tips else _tip(guard)
