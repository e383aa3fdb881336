"""`itsm submit`: a change's branch, commit and push, and the page on which its request is opened."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from itsm_gitops.forges import connection as forging
from itsm_gitops.forges import remotes
from itsm_gitops.git import Git, committing, porcelain, transfer
from itsm_gitops.model.errors import GitError, Refused, UsageError
from itsm_gitops.model.findings import ERROR
from itsm_gitops.model.meaning import CHANGE
from itsm_gitops.repository import Repository
from itsm_gitops.snapshots import load_store
from itsm_gitops.snapshots.gaps import file_gap, require
from itsm_gitops.snapshots.part import PartialSnapshot

_TITLE_MAX = 72


@dataclass(frozen=True, slots=True)
class Submitted:
    """What was done: the branch, the new commit (empty: nothing was left to commit), the paths in it.

    ``page`` is where the request is opened; empty where the remote is on no known forge.
    """

    id: str
    branch: str
    target: str
    commit: str
    paths: tuple[str, ...]
    pushed: bool
    page: str


def submit(
    repo: Repository,
    fragment: str,
    *,
    everything: bool = False,
    push: bool = True,
    target: str = "",
    message: str = "",
    forge: str = "",
) -> Submitted:
    """Put a change and the work that goes with it on a branch of its own, and push it.

    What is committed: the change itself and what is staged; with ``everything`` all edited
    documents too. On the target branch a new branch ``change/ID`` is begun; on any other branch
    the commit is made there. Refused while the change has errors, so that reviewers need not find
    them, and while it or a file of the CMDB cannot be read. Raises GitError where Git refuses, UsageError for anything that is no change.
    """
    path = repo.locate(fragment)
    document = repo.document(path)
    require([file_gap(repo.book, path, p) for p in document.problems[:1]], "what is submitted")
    if document.kind is None or CHANGE not in document.kind.plays or not isinstance(document.data, dict):
        raise UsageError(f"'{fragment}' is not a change", "itsm list changes")
    identifier = str(document.data.get("id", ""))
    load_store(PartialSnapshot(repo.snapshot(), [path]))[0].require_complete("whether it is right")
    git = repo.history
    aim = target or _default_branch(git)
    paths = _paths(git, path, everything)
    _refuse_errors(repo, [path, *paths], identifier)
    if not paths:
        _refuse_nothing(git, aim, identifier)
    branch = _branch(repo, git, aim, identifier)
    commit = ""
    if paths:
        title = (
            message or f"{identifier}: {' '.join(str(document.data.get('title', '')).split())}"[:_TITLE_MAX]
        )
        commit = committing.commit(repo.root, paths, title)
    if push:
        try:
            porcelain.push(repo.root, branch)
        except GitError as error:
            hint = error.hint or f"the commit is kept on {branch}: itsm submit {identifier} tries again"
            raise GitError(error.message, hint) from error
    return Submitted(identifier, branch, aim, commit, tuple(paths), push, _page(repo, forge, branch, aim))


def _refuse_errors(repo: Repository, paths: Iterable[str], identifier: str) -> None:
    """Raise Refused where the change, what goes with it, or the rule book that judges them has errors."""
    from itsm_gitops import rules

    report = rules.check(repo, paths=[repo.root / path for path in dict.fromkeys(paths)])
    errors = [f for f in report.findings if f.severity == ERROR]
    if errors:
        first, count = errors[0], f"{len(errors)} error{'s' if len(errors) > 1 else ''}"
        raise Refused(
            f"{identifier} cannot be submitted with {count}: {first.path}: {first.message} ({first.code})",
            f"itsm check {first.path}",
        )


def _refuse_nothing(git: Git, target: str, identifier: str) -> None:
    """Refuse a request that would bring nothing; where the target is not known here, the forge will."""
    for name in (f"refs/remotes/origin/{target}", f"refs/heads/{target}"):
        try:
            base = git.resolve(name)
        except GitError:
            continue
        if git.merge_base(base, git.resolve("HEAD")) == git.resolve("HEAD"):
            raise Refused(f"{identifier} is in {target} as it is: there is nothing to submit", "git status")
        return


def _default_branch(git: Git) -> str:
    """Return the branch that the remote calls its own, else ``main``."""
    try:
        name = git.run("symbolic-ref", "--short", "refs/remotes/origin/HEAD").decode().strip()
    except GitError:
        return "main"
    return name.removeprefix("origin/")


def _branch(repo: Repository, git: Git, target: str, identifier: str) -> str:
    current = git.run("branch", "--show-current").decode("utf-8", "replace").strip()
    if not current:
        raise Refused("no branch is checked out", f"git switch {target}")
    if current != target:
        return current
    name = f"change/{identifier}"
    try:
        porcelain.switch(repo.root, name)
    except GitError as error:
        hint = f"git stash; git switch {name}; git stash pop"
        raise Refused(f"{name} exists, and what was edited here does not fit on it", hint) from error
    return name


def _paths(git: Git, path: str, everything: bool) -> list[str]:
    """Return what is to be committed, as paths below the root: only what differs from HEAD."""
    out = git.run("status", "--porcelain=v1", "-z", "--no-renames", "--untracked-files=all", "--", ".")
    found = []
    for entry in out.decode("utf-8", "surrogateescape").split("\0")[:-1]:
        state, name = entry[:2], entry[3:].removeprefix(git.prefix)
        staged = state[0] not in " ?!"
        document = name.startswith(("records/", "cmdb/"))
        if name == path or staged or (everything and document):
            found.append(name)
    return sorted(found)


def _page(repo: Repository, forge: str, branch: str, target: str) -> str:
    url = transfer.remote_url(repo.history)
    remote = remotes.parse(url) if url else None
    if remote is None:
        return ""
    name = forge or remotes.kind(remote, forging.shipped_files(repo))
    return remotes.pull_request_page(remote, name, branch, target)
