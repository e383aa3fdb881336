"""`itsm sync`: what this clone wrote goes to everybody, and what everybody wrote comes here.

It commits what the commands of this clone wrote (`git.journal`), as far as the policy lets it go to the main
branch at once, puts that on top of what the remote has by merging documents by meaning, judges what was merged, and
pushes. Somebody who was faster is no error: it begins again from what they pushed. Without a network the commit waits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from itsm_gitops.editing.own_edits import LeftFile, OwnEdits, own_edits
from itsm_gitops.git import Git, branches, committing, journal, porcelain, shared_branch
from itsm_gitops.git.actor import acting
from itsm_gitops.git.branches import ClonePlace, Upstream
from itsm_gitops.git.ledger import pause
from itsm_gitops.git.merge_driver import OURS, SETTINGS, is_installed
from itsm_gitops.git.shared_branch import PutOn
from itsm_gitops.model.errors import GitError, ItsmError, Refused
from itsm_gitops.model.findings import ERROR
from itsm_gitops.model.merge import ABSENT, Conflict
from itsm_gitops.model.sharing import SHARING, needs_request, waiting_branches
from itsm_gitops.repository import Repository

# Of twelve people who push all the time one wins each round: most wait for some rounds, somebody for a hundred.
_ATTEMPTS = 300
_REFUSALS_MAX = 3  # of a server that says no although nobody was faster: by then it means it
_OFFLINE = (
    "could not resolve", "connection", "network is unreachable", "timed out", "unable to access", "did not answer",
    "could not read from remote", "does not appear to be a git repository", "does not exist", "unable to look up",
)  # fmt: skip

_BY_HAND = "by hand"
# How it ended.
SHARED, QUEUED, LOCAL, WAITING, NOTHING = "shared", "queued", "committed", "waiting", "nothing"


@dataclass(slots=True)
class Synced:
    """What was done. ``outcome`` is one of the words above; ``why`` explains one that is not as wanted.

    ``pushed`` counts commits that went out, ``received`` those that came. ``merged`` are paths that both sides had
    changed, ``left`` what was not committed and why, ``behind`` says why the files here did not follow.
    """

    branch: str
    remote: str
    outcome: str = NOTHING
    why: str = ""
    commit: str = ""
    message: str = ""
    pushed: int = 0
    received: int = 0
    attempts: int = 0
    merged: tuple[str, ...] = ()
    left: tuple[LeftFile, ...] = ()
    behind: str = ""
    waiting: str = ""
    paths: tuple[str, ...] = field(default=())

    def as_json(self) -> dict[str, Any]:
        """Return the result as JSON data."""
        return {name: getattr(self, name) for name in ("branch", "remote", "outcome", "why", "commit", "message",
                "pushed", "received", "attempts", "merged", "behind", "waiting", "paths")} | {
                "left": [{"path": f.path, "reason": f.reason, "hint": f.hint} for f in self.left]}  # fmt: skip


class SyncConflict(Refused):
    """Both sides changed a key differently; ``conflicts`` maps paths to what is in conflict. Nothing was changed."""

    def __init__(self, conflicts: dict[str, tuple[Conflict, ...]], upstream: str) -> None:
        lines = [line for path, some in conflicts.items() for line in _in_words(path, some)]
        hint = (
            "the commit is kept here. itsm undo takes your side back, then say it again; or "
            f"git rebase --autostash {upstream}, edit the marked lines, itsm merge --continue"
        )
        super().__init__("\n".join(["you and somebody else changed the same:", *lines]), hint)
        self.conflicts = conflicts


def _in_words(path: str, conflicts: Sequence[Conflict]) -> list[str]:
    name = path.rpartition("/")[2].rpartition(".")[0]
    if not conflicts:
        return [f"  {name}: one side deleted the file or changed lines that cannot be merged"]
    return [
        f"  {name} {'.'.join(map(str, c.pointer))}: they say {_shown(c.ours)}, you say {_shown(c.theirs)}"
        for c in conflicts
    ]


def _shown(value: Any) -> str:
    return "nothing" if value is ABSENT else f"'{value}'"


def sync(repo: Repository, *, everything: bool = False, message: str = "") -> Synced:
    """Share what was written here and take what others wrote.

    ``everything`` commits documents edited by hand, too. Raises SyncConflict, Refused for a state that somebody has to
    settle first and for what the policy does not let through, GitError where the server refuses.
    """
    git = repo.history
    busy = shared_branch.under_way(git)
    if busy:
        raise Refused(
            f"{busy} is not finished here", "itsm merge --continue finishes it; git status says more"
        )
    with journal.sync_lock(git):
        if not is_installed(git):  # so that Git itself merges alike, where somebody pulls by hand
            porcelain.configure(repo.root, SETTINGS)
        stands = branches.standing(git)
        if not stands.head:  # documents alone are no repository: nobody could judge or list them
            raise Refused(
                "nothing has been committed here yet, not even the rule book",
                "git add -A && git commit -m 'Start the repository', then itsm sync",
            )
        place, main = stands.place, stands.place.branch == stands.own
        result = Synced(place.branch, place.remote)
        entries, known = _commit(
            repo, git, result, stands.head, main=main, everything=everything, text=message
        )
        if not place.remote:
            result.outcome = LOCAL if result.commit else NOTHING
            result.why = "this clone has no remote"
            return result
        try:
            _exchange(repo, git, stands, result, known, main=main)
        except SyncConflict:
            raise
        except GitError as error:
            if not _is_offline(error):
                raise
            result.outcome, result.why = QUEUED, error.message
            return result
        _settle(git, entries)
        return result


def _commit(
    repo: Repository, git: Git, result: Synced, head: str, *, main: bool, everything: bool, text: str
) -> tuple[list[journal.JournalEntry], list[bytes]]:
    """Commit what was written here on top of ``head``; returns the journal as it is then, and contents that were read."""
    known = journal.read(git)
    edits: OwnEdits = own_edits(repo, git, known, head, main=main, everything=everything)
    result.left = tuple(edits.left)
    if edits.done:  # committed by hand, or taken back by hand
        known = journal.committed(known, frozenset(edits.done), _BY_HAND)
    if not edits.paths:
        return known, []
    result.message, result.paths = text or edits.message, tuple(edits.paths)
    result.commit = committing.commit(repo.root, edits.paths, result.message, new=edits.new)
    now = journal.committed(known, frozenset([*edits.paths, *edits.done]), result.commit)
    journal.settle(git, known, now)
    return now, edits.contents


def _settle(git: Git, entries: list[journal.JournalEntry]) -> None:
    from dataclasses import replace

    if any(e.commit and not e.shared for e in entries):
        journal.settle(
            git, journal.read(git)[: len(entries)], [replace(e, shared=bool(e.commit)) for e in entries]
        )


def _exchange(
    repo: Repository, git: Git, stands: ClonePlace, result: Synced, known: Sequence[bytes], *, main: bool
) -> None:
    place, head = stands.place, result.commit or stands.head
    there = stands.there or shared_branch.tip_of(git, place.tracking)
    if not there or not shared_branch.unshared(git, there, head):
        there = shared_branch.fetch(git, place)
    sent = send(repo, git, place, there, head, main=main, known=known)
    result.attempts, result.outcome, result.merged = sent.attempts, sent.outcome, sent.put.merged
    result.pushed = sent.commits
    if sent.outcome == WAITING:
        result.waiting = _wait_for_merge(repo, git, place, sent.put.tip)
        result.why = f"{place.branch} takes no pushes: a workflow merges {result.waiting} after its check"
        return
    if sent.there and not shared_branch.is_part_of(git, sent.there, head):
        result.received = len(shared_branch.unshared(git, head, sent.there))
    result.behind = shared_branch.follow(git, place.branch, head, sent.put.tip)


class Sent(NamedTuple):
    """What became of commits: where they are, how many they are, and what the remote had before."""

    outcome: str
    put: PutOn
    there: str
    commits: int
    attempts: int


def send(
    repo: Repository,
    git: Git,
    place: Upstream,
    there: str,
    head: str,
    *,
    main: bool,
    known: Sequence[bytes] = (),
) -> Sent:
    """Put commits on top of what the remote has (``there``) and push them; begins again where somebody was faster.

    ``known`` are contents of files that were read already. WAITING says that the branch takes no pushes. Raises
    SyncConflict, Refused and GitError.
    """
    refusals, texts = 0, [*known]
    for attempt in range(1, _ATTEMPTS + 1):
        put = _put_on(repo, git, place, there, head, texts)
        out = shared_branch.unshared(git, there, put.tip) if put.tip else []
        if not out:
            return Sent(NOTHING, put, there, 0, attempt)
        if main and there:
            _refuse_unfit(repo, git, there, put.tip, texts)
        if put.merged:
            _judge(repo, there, put)
        try:
            shared_branch.push(git, place, put.tip)
        except GitError as error:
            before, there = there, _after_refusal(git, place, error, attempt)
            if there and not shared_branch.unshared(
                git, there, put.tip
            ):  # it arrived, and the answer was lost
                return Sent(SHARED, PutOn(there, put.merged), before, len(out), attempt)
            if there == before and shared_branch.is_protected(error):
                return Sent(WAITING, put, there, len(out), attempt)
            refusals += there == before and not shared_branch.was_faster(error)
            if refusals == _REFUSALS_MAX:
                raise
        else:
            return Sent(SHARED, put, there, len(out), attempt)
    raise GitError(f"others were faster {_ATTEMPTS} times", "the commit is kept here: itsm sync tries again")


def _after_refusal(git: Git, place: Upstream, error: GitError, attempt: int) -> str:
    """Wait a little and return where the branch is on the remote now; raises the error where there is no remote to ask."""
    if _is_offline(error):
        raise error
    pause(attempt)
    return shared_branch.fetch(git, place)


def _is_offline(error: GitError) -> bool:
    return any(sign in error.message.lower() for sign in _OFFLINE)


def _put_on(repo: Repository, git: Git, place: Upstream, there: str, head: str, texts: list[bytes]) -> PutOn:
    """Put what is here on top of what is there, and note the contents that were read and made; raises SyncConflict."""
    found: dict[str, tuple[Conflict, ...]] = {}

    def merge(path: str, base: bytes, ours: bytes, theirs: bytes) -> bytes | None:
        from itsm_gitops.editing.merge_documents import (  # slow to load, and rarely needed
            Sides,
            merge_documents,
        )

        inside = path.removeprefix(git.prefix)
        merged = merge_documents(Sides(base, ours, theirs), repo.book.kind_at(inside), published=lambda: OURS)
        if merged.clean:
            texts.extend((ours, merged.content))
            return merged.content
        found[path] = merged.conflicts
        return None

    put = shared_branch.put_on(git, there, head, merge)
    if put.conflicts:
        upstream = f"{place.remote}/{place.ref.removeprefix('refs/heads/')}"
        raise SyncConflict({p: found.get(p, ()) for p in put.conflicts}, upstream)
    return put


def _refuse_unfit(repo: Repository, git: Git, there: str, tip: str, known: Sequence[bytes]) -> None:
    """Raise Refused where commits that go to the main branch hold what takes a pull request."""
    from itsm_gitops.documents import load

    policy = repo.book.policy(SHARING)
    for whole, sides in shared_branch.changed_contents(git, there, tip, known).items():
        path = whole.removeprefix(git.prefix)
        before, after = (load(raw).data if raw is not None else None for raw in sides)
        reason = needs_request(policy, repo.book.kind_at(path), before, after)
        if reason:
            raise Refused(
                f"commits that are not shared yet hold {path}: {reason}",
                "git switch -c BRANCH takes them to a branch of their own; then itsm submit, or a pull request",
            )


def _judge(repo: Repository, there: str, put: PutOn) -> None:
    """Raise Refused where documents that were merged are not right, though each side was."""
    from itsm_gitops import rules
    from itsm_gitops.repository.request_files import RequestFiles

    repo.history.knows(there, put.tip)
    files = RequestFiles(repo, there, put.tip)  # the tip was put on top of it
    try:
        report = rules.check(repo, at=put.tip, base=there, files=files)
    finally:
        files.close()
    errors = [f for f in report.findings if f.severity == ERROR and f.path in put.merged]
    if errors:
        first = errors[0]
        raise Refused(
            f"merged with what others wrote, {first.path} would not be right: {first.message} ({first.code})",
            "nothing was shared, the commit is kept here. itsm undo takes it back; then look again and make the edit anew",
        )


def _wait_for_merge(repo: Repository, git: Git, place: Upstream, tip: str) -> str:
    """Push to a branch of its own, from which a workflow merges; returns its name."""
    try:
        person = acting(repo, None)
    except ItsmError:
        person = "somebody"
    name = f"{waiting_branches(repo.book.policy(SHARING))}/{person}/{tip[:12]}"
    shared_branch.push(git, place, tip, ref=f"refs/heads/{name}")
    return name
