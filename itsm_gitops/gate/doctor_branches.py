"""`itsm doctor` about the branches of a plain server: which it guards, and which it leaves open though people use them."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

from itsm_gitops.gate.doctor_people import FAILED, OK, WARNING, Check
from itsm_gitops.gate.guard import (
    BRANCHES,
    SETTING,
    BranchGuard,
    folder_of,
    full,
    policy_blob,
    read_guard,
    short,
)
from itsm_gitops.git import Git
from itsm_gitops.git.client import decode
from itsm_gitops.model.decisions import POLICY
from itsm_gitops.model.errors import GitError, ItsmError
from itsm_gitops.repository import Repository

_LISTED = 8
_REMOTE = "refs/remotes/origin/"
_LONG = 10  # commits beyond the main branch, by several people: no longer a branch of one request


def branch_checks(folder: Path, target: str) -> Iterator[Check]:
    """Say what the server in a folder guards; ``target`` is the branch that this clone brings its work to."""
    git = folder_of(folder)
    try:
        guard = read_guard(git)
    except ItsmError as error:
        yield Check("guarded branches", FAILED, error.message, error.hint)
        return
    yield _guarded(guard)
    if guard.broken:
        yield Check(
            "list of branches", FAILED, guard.broken, "itsm check says where; correct it on that branch"
        )
    if guard.head not in guard.tips:
        names = f"'{short(guard.head)}', which is not there" if guard.head else "no branch"
        hint = f"git symbolic-ref HEAD {guard.main} on the server: clones begin there"
        yield Check("HEAD of the server", WARNING, f"names {names}", hint)
    open_branches = dict(_open(git, guard))
    ref = f"refs/heads/{target}"
    if ref in guard.tips and not guard.covers(ref):
        open_branches.setdefault(
            ref, (WARNING, "work is brought to it from here, which is right for one request only")
        )
    for name, (result, why) in sorted(open_branches.items()):
        hint = (
            f"git config --add {SETTING} {short(name)} on the server, or name it under branches in {POLICY}"
        )
        yield Check(f"branch {short(name)}", result, f"is not guarded: {why}", hint)


def rehearsed(folder: Path, target: str) -> str:
    """Return the branch to rehearse pushes on: ``target`` where the server guards it, else its main branch."""
    try:
        guard = read_guard(folder_of(folder))
    except ItsmError:
        return target
    return target if guard.covers(f"refs/heads/{target}") or not guard.ruled else short(guard.main)


def listed_branches(repo: Repository, target: str) -> list[str]:
    """Return the branches of ``origin`` that the policy lists as guarded, without ``target``; the first by name."""
    listed = repo.book.policy(POLICY).get(BRANCHES)
    patterns = [full(name) for name in listed if isinstance(name, str)] if isinstance(listed, list) else []
    rows = decode(repo.history.run("for-each-ref", "--format=%(refname:lstrip=3)", _REMOTE)).splitlines()
    there = [name for name in rows if name not in (target, "HEAD")]
    return [name for name in sorted(there) if any(fnmatchcase(full(name), p) for p in patterns)][:_LISTED]


def _guarded(guard: BranchGuard) -> Check:
    there = [short(ref) for ref in guard.guarded]
    if not there:
        named = ", ".join(map(short, guard.patterns))
        hint = f"git config --add {SETTING} BRANCH on the server, with the branch that people push to"
        return Check("guarded branches", FAILED, f"none of these is there: {named}", hint)
    if not guard.ruled:
        text = f"{', '.join(there)}, without {POLICY}: nothing can be judged"
        hint = f"git config --add {SETTING} BRANCH on the server, with the branch that holds the rule book"
        return Check("guarded branches", FAILED, text, hint)
    more = f" and {len(there) - _LISTED} more" if len(there) > _LISTED else ""
    return Check("guarded branches", OK, ", ".join(there[:_LISTED]) + more)


def _open(git: Git, guard: BranchGuard) -> Iterator[tuple[str, tuple[str, str]]]:
    """Yield the branches that hold a rule book and are not guarded though it seems that people work there.

    A branch that is being prepared has begun at a guarded one, and comes back to it soon.
    """
    for ref, tip in sorted(guard.tips.items()):
        if guard.covers(ref) or not policy_blob(git, tip):
            continue
        if not guard.ruled:
            yield ref, (FAILED, "it holds the rule book, and no guarded branch does")
            continue
        meeting = [m for m in (_meeting(git, guard.tips[r], tip) for r in sorted(guard.ruled)) if m]
        if not meeting:
            yield ref, (FAILED, "it has a history of its own")
        elif guard.tips[guard.main] in meeting:
            beyond, people = _beyond(git, guard.tips[guard.main], tip)
            if beyond >= _LONG and people > 1:
                text = f"{people} people brought {beyond} commits to it while {short(guard.main)} stood still"
                yield ref, (WARNING, text)


def _meeting(git: Git, one: str, other: str) -> str:
    try:
        return git.merge_base(one, other)
    except GitError:
        return ""


def _beyond(git: Git, base: str, tip: str) -> tuple[int, int]:
    """Return how many commits a branch has beyond another, and of how many authors."""
    out = decode(git.run("log", "--format=%ae", "--end-of-options", f"{base}..{tip}"))
    authors = [line.lower() for line in out.splitlines()]
    return len(authors), len(set(authors))
