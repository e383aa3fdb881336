"""`itsm hook`: the gate of a plain Git server, and running a forge's gate again after a review."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, NamedTuple

from itsm_gitops.forges import answers as shape
from itsm_gitops.gate import signed
from itsm_gitops.gate.assess import assess
from itsm_gitops.gate.types import Assessment
from itsm_gitops.model import clock
from itsm_gitops.model.errors import GitError, ItsmError, UsageError
from itsm_gitops.model.findings import Finding
from itsm_gitops.repository import Git, Repository, mainline

if TYPE_CHECKING:
    from itsm_gitops.evidence.writing import StatementDraft

if TYPE_CHECKING:
    from itsm_gitops.forges.github import GitHub, OpenPullRequest

HEADS = "refs/heads/"
EVIDENCE = "itsm/evidence"
_IN_THE_WAY = ("itsm",)
_PUSHED_MAX = 1000
_PROTECTED = "itsm.protected"


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

    Protected are the branch that HEAD names and those that ``git config itsm.protected`` lists
    (patterns such as ``release/*``): they only go forward, with their tip among the first parents, and only with the approvals that the
    policy of their present state asks for, given as signed statements. ``check`` also judges the
    documents. While none of them is there, no branch is taken but the first one. Evidence and statements are never taken back, and evidence is taken from nobody but
    the recorders that the policy names. Other branches are free.
    """
    repo = Repository.receiving(env)
    guard = _guard(repo.history)
    decisions = []
    for update in updates:
        try:
            decisions.append(_decide(repo, update, guard, check))
        except ItsmError as error:
            text = f"{error.message}; {error.hint}" if error.hint else error.message
            decisions.append(Decision(update, False, text))
    return decisions


class Guard(NamedTuple):
    """What a server guards: patterns of branches, and the branches that it has. ``main`` holds rules and evidence."""

    patterns: tuple[str, ...]
    branches: frozenset[str]

    def covers(self, branch: str) -> bool:
        """Whether a branch takes only what was approved."""
        return any(fnmatchcase(branch, pattern) for pattern in self.patterns)

    @property
    def main(self) -> str:
        """The branch that HEAD names; where it is not there, the first guarded one that is."""
        there = sorted(b for b in self.branches if self.covers(b))
        return self.patterns[0] if self.patterns[0] in self.branches or not there else there[0]

    def idle(self, branch: str) -> str:
        """Say why a branch cannot be taken while nothing that is guarded is there; empty where it can.

        A server whose HEAD names another branch than the one that people push to would guard nothing.
        """
        if any(map(self.covers, self.branches)) or (self.covers(branch) and not self.branches):
            return ""
        way = f"git symbolic-ref HEAD refs/heads/{branch}, or git config --add itsm.protected {branch}"
        return f"this server guards '{self.patterns[0]}', which is not there, so it would guard nothing; on the server: {way}"


def _guard(git: Git) -> Guard:
    """Read what a server guards; raises GitError where HEAD names no branch."""
    try:
        head = git.run("symbolic-ref", "HEAD").decode("utf-8", "replace").strip().removeprefix(HEADS)
    except GitError as error:
        raise GitError(
            "HEAD of this server names no branch", "git symbolic-ref HEAD refs/heads/main"
        ) from error
    try:
        more = git.run("config", "--get-all", _PROTECTED).decode("utf-8", "replace").split()
    except GitError:
        more = []
    out = git.run("for-each-ref", "--format=%(refname)", HEADS).decode("utf-8", "replace")
    branches = {line.removeprefix(HEADS) for line in out.splitlines()} - {EVIDENCE}
    return Guard((head, *more), frozenset(branches))


def _decide(repo: Repository, update: Update, guard: Guard, check: bool) -> Decision:
    if update.ref.startswith(f"{signed.PREFIX}/"):
        return _statement(repo.history, update)
    branch = update.ref.removeprefix(HEADS)
    if branch == update.ref:
        return Decision(update, True, "not a branch")
    if branch == EVIDENCE:
        return _forward(repo.history, update, "evidence") or _evidence(repo, update, guard.main)
    if branch in _IN_THE_WAY or branch.startswith(f"{EVIDENCE}/"):
        return Decision(update, False, f"a branch of that name would be in the way of {EVIDENCE}")
    idle = guard.idle(branch)
    if idle:
        return Decision(update, False, idle)
    if not guard.covers(branch):
        return Decision(update, True, "not protected")
    return _forward(repo.history, update, f"'{branch}'") or _judge(repo, update, branch, guard.main, check)


def _evidence(repo: Repository, update: Update, main: str) -> Decision:
    from itsm_gitops.evidence import receiving

    why = receiving.refuse(repo, update.old, update.new, _tip(repo.history, main))
    return Decision(update, not why, why or "evidence by a recorder")


def post_receive(updates: Iterable[Update], env: Mapping[str, str]) -> list[StatementDraft]:
    """Write down what protected branches got; returns what was recorded. Raises ItsmError."""
    from itsm_gitops.evidence import receiving

    repo = Repository.receiving(env)
    git = repo.history
    guard = _guard(git)
    main = _tip(git, guard.main)
    drafts_by_update = []
    for update in updates:
        branch = update.ref.removeprefix(HEADS)
        ours = branch != update.ref and branch != EVIDENCE and update.new
        if ours and guard.covers(branch):
            drafts_by_update.append(receiving.moved(repo, update.old, update.new, branch, main))
    drafts = [d for d in drafts_by_update if d is not None]
    receiving.record(git, drafts, env)
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
        f"git rebase origin/{update.ref.removeprefix(HEADS)}, then push again"
    )


def _judge(repo: Repository, update: Update, branch: str, main: str, check: bool) -> Decision:
    base = update.old or _tip(repo.history, main)
    if not base:
        return Decision(update, True, "the first push: there are no rules yet that could judge it")
    if repo.history.merge_base(base, update.new) == update.new:
        return Decision(update, True, "nothing new")
    findings = _findings(repo, base, update.new) if check else ()
    if findings:
        text = f"{len(findings)} error{'s' if len(findings) > 1 else ''} in what is pushed: itsm check --base origin/{branch}"
        return Decision(update, False, text, None, findings)
    result = assess(repo, base=base, head=update.new, target=branch, now=clock.now())
    reason = "approved" if result.passes else "approvals are missing"
    return Decision(update, result.passes, reason, result)


def _findings(repo: Repository, base: str, head: str) -> tuple[Finding, ...]:
    from itsm_gitops import rules
    from itsm_gitops.model.findings import ERROR

    return tuple(f for f in rules.check(repo, at=head, base=base).findings if f.severity == ERROR)


def _tip(git: Git, branch: str) -> str:
    out = git.run("for-each-ref", "--format=%(objectname)", "--end-of-options", f"{HEADS}{branch}")
    return out.decode("ascii").strip()


def _statement(git: Git, update: Update) -> Decision:
    """Let statements come and be renewed; an older one never replaces a newer one (a replay)."""
    if not update.new:
        return Decision(update, False, "a statement cannot be deleted: sign another one")
    moments = [_signed_at(git, oid) for oid in (update.old, update.new) if oid]
    if not moments[-1]:
        return Decision(update, False, "this is no signed statement: itsm approve --sign writes one")
    if len(moments) == 2 and moments[1] <= moments[0]:
        return Decision(update, False, "an older statement cannot replace a newer one")
    return Decision(update, True, "a statement")


def _signed_at(git: Git, oid: str) -> str:
    """Return when a statement says that it was made, in UTC; empty where it is none."""
    try:
        content = json.loads(json.loads(next(git.blobs([oid])).content)["statement"])
        at = clock.parse_time(content["at"])
    except (ValueError, TypeError, KeyError, RecursionError):
        return ""
    return clock.format_time(at) if at else ""


class Rerun(NamedTuple):
    """Whether the gate of a pull request was started again, and why not."""

    number: int
    started: bool
    reason: str = ""
    failed: bool = False


def rerun(repo: Repository, *, check: str, every: bool, forge: str = "") -> Iterator[Rerun]:
    """Run the gate again: of the pull requests that the event is about, or of ``every`` open one.

    With ``every`` only those are started whose gate no longer says what a new run would say: GitHub
    lets no run be repeated more than 50 times. Raises ForgeError where GitHub cannot be asked.
    GitHub only: the job itself is the required check, so only its own new run can turn it green.
    """
    from itsm_gitops.forges import connection as forging
    from itsm_gitops.forges.github import GitHub

    name = forging.forge_name(repo, forge)
    server = forging.connect(repo, name)
    if not isinstance(server, GitHub) or name != "github":
        raise UsageError(
            f"{name} runs its gate again by itself or by schedule", "see the workflow of that forge"
        )
    head = "" if every else forging.read_event(name).head
    for pull_request in server.open_pull_requests():
        if pull_request.head == head or (every and not pull_request.draft):
            yield _rerun(repo, server, pull_request, check, every)


def _rerun(
    repo: Repository, server: GitHub, pull_request: OpenPullRequest, check: str, compare: bool
) -> Rerun:
    run = server.last_run(pull_request.head, check)
    if run is None or not run.ended:
        return Rerun(pull_request.number, False, "has no finished run")
    if compare and run.passed == _passes(repo, pull_request.number):
        return Rerun(pull_request.number, False, "stands as it was")
    try:
        server.run_again(run.job)
    except ItsmError as error:
        # The others must not wait for one that GitHub refuses.
        return Rerun(pull_request.number, False, f"cannot be started again: {error.message}", failed=True)
    return Rerun(pull_request.number, True)


def _passes(repo: Repository, number: int) -> bool:
    from itsm_gitops.gate.approvals import ApprovalQuery, approvals

    try:
        return approvals(repo, ApprovalQuery(what=str(number), forge="github")).passes
    except ItsmError:
        return False  # what cannot be judged is red, as the gate itself would be
