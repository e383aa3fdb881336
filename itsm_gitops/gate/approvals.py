"""`itsm approvals`, `itsm gate` and `itsm approve`: find the request that is meant, and assess it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from itsm_gitops.model import clock, ids
from itsm_gitops.model.errors import GitError, NotFound, Refused, UsageError

if TYPE_CHECKING:
    from itsm_gitops.forges.reviews import Review
    from itsm_gitops.gate.people import Directory
    from itsm_gitops.gate.types import Assessment
    from itsm_gitops.git import Git
    from itsm_gitops.git.refs import StoredText
    from itsm_gitops.repository import Repository

# Where a request usually goes, the most certain first.
_TARGETS = ("refs/remotes/origin/HEAD", "refs/remotes/origin/main", "refs/remotes/origin/master",
            "refs/heads/main", "refs/heads/master")  # fmt: skip
_BRANCHES_MAX = 200
_CI = ("GITHUB_EVENT_PATH", "CI_MERGE_REQUEST_IID")


@dataclass(frozen=True)
class ApprovalQuery:
    """What the command line says about the request. ``what`` is a number, a change or a revision."""

    what: str = ""
    base: str = ""
    head: str = ""
    target: str = ""
    reviews: str = ""
    forge: str = ""


class Meant(NamedTuple):
    """The request that is meant, ready to be assessed."""

    base: str
    head: str
    target: str
    reviews: tuple[Review, ...] = ()
    opened_by: str = ""
    pushed_by: tuple[str, ...] = ()
    statements: tuple[StoredText, ...] | None = None


def approvals(
    repo: Repository, asked: ApprovalQuery, *, add: Sequence[str] = (), remove: Sequence[str] = ()
) -> Assessment:
    """Return how a request stands; ``add`` and ``remove`` try out reviews (``PERSON[:STATE]``)."""
    from itsm_gitops.gate.assess import assess
    from itsm_gitops.gate.simulate import simulate

    now = clock.now()
    meant = find(repo, asked)
    reviews = list(meant.reviews)
    if add or remove:
        reviews = simulate(
            reviews, add=add, remove=remove, accounts=dict(_directory(repo, meant.base).accounts),
            head=repo.history.resolve(meant.head), target=meant.target, now=now,
        )  # fmt: skip
    return assess(
        repo, base=meant.base, head=meant.head, target=meant.target, reviews=reviews, now=now,
        opened_by=meant.opened_by, pushed_by=meant.pushed_by, statements=meant.statements,
    )  # fmt: skip


def find(repo: Repository, asked: ApprovalQuery) -> Meant:
    """Return the request that is meant: of a forge, of a change, or the checked-out branch.

    Raises UsageError where nothing tells which one is meant, ForgeError or GitError where something is missing.
    """
    number = asked.what.lstrip("#!")
    local = asked.base or asked.head or asked.reviews
    in_ci = not asked.what and any(os.environ.get(name) for name in _CI)
    if (number.isdecimal() or in_ci) and not local:
        return _of_forge(repo, asked.forge, int(number) if number else None)
    git = repo.history
    base = asked.base or default_base(git)
    head = asked.head or _head(git, base, asked.what)
    reviews, opened_by = reviews_of(asked.reviews) if asked.reviews else ((), "")
    return Meant(base, head, asked.target or branch_name(base), reviews, opened_by)


def _of_forge(repo: Repository, forge: str, number: int | None) -> Meant:
    from itsm_gitops.forges.connection import gather

    found = gather(repo, forge=forge, number=number)
    author, kept = found.pull_request.author, statements_of_forge(repo)
    return Meant(found.base, found.head, found.target, found.reviews, author, found.pushed_by, kept)


def statements_of_forge(repo: Repository) -> tuple[StoredText, ...]:
    """Return the signed approvals that were fetched with a pull request, and those that are kept here."""
    from itsm_gitops.gate import signed
    from itsm_gitops.git import sharing

    return signed.stored(repo.history, sharing.FETCHED, signed.PREFIX)


def reviews_of(path: str) -> tuple[tuple[Review, ...], str]:
    """Return the reviews in a file, and the account that opened the request; raises ItsmError."""
    from itsm_gitops.gate.review_file import read_reviews

    file = read_reviews(_bytes(path), path)
    return tuple(file.reviews), file.opened_by


def _bytes(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error


def default_base(git: Git) -> str:
    """Return the branch that requests usually enter; raises UsageError where there is no such one."""
    for name in _TARGETS:
        try:
            git.resolve(name)
        except GitError:
            continue
        return name
    raise UsageError("it is not clear which branch the request is to be merged into", "--base BRANCH")


def branch_name(revision: str) -> str:
    """Return the name a forge knows a branch by."""
    name = revision.removeprefix("refs/heads/").removeprefix("refs/remotes/").removeprefix("origin/")
    return "main" if name == "HEAD" else name


def _head(git: Git, base: str, what: str) -> str:
    """Return the commit that a word means: a change (the branch that carries it), or a revision."""
    if not what:
        return "HEAD"
    if not _may_be_change(what):
        return what
    found = sorted(set(_carriers(git, base, what.upper())))
    if len(found) == 1:
        return found[0]
    if found:
        raise UsageError(
            f"{len(found)} branches carry a change like '{what}'", f"--head with one of: {', '.join(found)}"
        )
    try:
        git.resolve(what)
    except GitError:
        raise NotFound(
            f"no branch carries a change like '{what}' that {branch_name(base)} does not have",
            "git fetch; or name a branch, a pull request's number, or --head",
        ) from None
    return what


def _may_be_change(what: str) -> bool:
    return ids.parse_record_id(what.upper()) is not None or (
        what.isalnum() and len(what) <= 6 and not what.islower()
    )


def _carriers(git: Git, base: str, fragment: str) -> Iterator[str]:
    """Yield the branches whose request touches a change record of that name."""
    from itsm_gitops.git.changeset import changeset

    names = git.run(
        "for-each-ref",
        "--format=%(refname)",
        f"--no-merged={git.resolve(base)}",
        "refs/heads",
        "refs/remotes",
    )
    heads: dict[str, str] = {}
    for name in names.decode("utf-8", "surrogateescape").splitlines()[:_BRANCHES_MAX]:
        if not name.endswith("/HEAD"):
            heads.setdefault(git.resolve(name), name)
    for commit, name in heads.items():
        try:
            paths = [c.path for c in changeset(git, git.merge_base(base, commit), commit)]
        except GitError:  # a history of its own
            continue
        if any(p.startswith("records/changes/") and fragment in p.rpartition("/")[2].upper() for p in paths):
            yield name


def _directory(repo: Repository, base: str) -> Directory:
    from itsm_gitops.gate.people import Directory
    from itsm_gitops.snapshots import load_store
    from itsm_gitops.snapshots.part import PartialSnapshot

    return Directory(load_store(PartialSnapshot(repo.snapshot(base), ()))[0], clock.now())


class Approved(NamedTuple):
    """What was signed: the reference that keeps it, the statement, and how the request stands now."""

    reference: str
    statement: str
    assessment: Assessment


def approve(
    repo: Repository,
    asked: ApprovalQuery,
    *,
    person: str,
    key: str = "",
    state: str = "approved",
    note: str = "",
) -> Approved:
    """Sign a statement about a request as it stands, and keep it in the repository.

    Raises Refused where the signature could never count (no such person, a key the target branch
    does not know, a part in the request).
    """
    from itsm_gitops.gate import signed
    from itsm_gitops.snapshots.identity import identity

    before = approvals(repo, asked)
    if not before.digest:
        raise Refused("there is nothing to approve", "; ".join(before.messages))
    directory = _directory(repo, before.base)
    if not directory.active(person):
        raise Refused(f"there is no active '{person}' in cmdb/people on the target branch", "--by HANDLE")
    if person in before.separated and not _may_override(repo, asked, person):
        raise Refused(f"this approval would not count: {before.separated[person]}")
    file = signing_key(repo, key)
    signed.require_key(directory, person, file, before.at.date())
    text = signed.statement(before, identity(repo.history, before.base), person, state, note)
    name = signed.sign(repo.history, text, file)
    return Approved(name, text.decode(), approvals(repo, asked))


def _may_override(repo: Repository, asked: ApprovalQuery, person: str) -> bool:
    """Whether the policy lets somebody override for their own work, as the one on call does at night."""
    tried = approvals(repo, asked, add=[person])
    return any(v.retro_review and any(r.person == person for r in v.counted) for v in tried.verdicts)


def signing_key(repo: Repository, key: str = "") -> Path:
    """Return the file of the key to sign with: as told, else the usual one (`actor.usual_key`)."""
    from itsm_gitops.git.actor import setting, usual_key

    named = key or setting(repo, "user.signingKey")
    file = Path(key).expanduser() if key else usual_key(repo)
    if file is None or not file.is_file():
        raise UsageError(
            f"there is no key file {named}" if named else "it is not clear which key to sign with",
            "--key FILE, or git config user.signingKey ~/.ssh/id_ed25519",
        )
    return file
