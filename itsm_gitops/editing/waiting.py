"""`itsm sync --waiting`: what a workflow does with the branches on which records wait for a protected main branch.

Each of them is put on top of the main branch by meaning, judged, and pushed there with the right that the workflow has;
then the branch goes. What takes a pull request by the policy, or is not right, stays where it is and is named.
"""

from __future__ import annotations

from typing import NamedTuple

from itsm_gitops.editing.sync import NOTHING, SHARED, send
from itsm_gitops.git import Git, branches, journal, shared_branch, transfer
from itsm_gitops.git.branches import Upstream
from itsm_gitops.git.client import decode
from itsm_gitops.model.errors import GitError, ItsmError, Refused
from itsm_gitops.model.findings import ERROR
from itsm_gitops.model.sharing import SHARING, waiting_branches
from itsm_gitops.repository import Repository


class Landing(NamedTuple):
    """One branch: how many commits went to the main branch, or why it waits on."""

    branch: str
    commits: int
    why: str = ""


def land_waiting(repo: Repository) -> list[Landing]:
    """Merge every branch that waits, in the order of their names; raises Refused where no branch is checked out."""
    git = repo.history
    with journal.sync_lock(git):
        place = branches.current(git)
        if not place.remote:
            raise Refused("this clone has no remote, so nothing waits", "git remote add origin ADDRESS")
        return [_land(repo, git, place, name) for name in _waiting(repo, git, place)]


def _waiting(repo: Repository, git: Git, place: Upstream) -> list[str]:
    prefix = waiting_branches(repo.book.policy(SHARING))
    mirror = f"refs/remotes/{place.remote}/{prefix}"
    transfer.fetch(git, [f"+refs/heads/{prefix}/*:{mirror}/*"], remote=place.remote, options=["--prune"])
    names = decode(git.run("for-each-ref", "--format=%(refname)", f"{mirror}/")).split()
    return [name.removeprefix(f"refs/remotes/{place.remote}/") for name in names]


def _land(repo: Repository, git: Git, place: Upstream, name: str) -> Landing:
    try:
        there = shared_branch.fetch(git, place)
        tip = shared_branch.tip_of(git, f"refs/remotes/{place.remote}/{name}")
        _judge(repo, git, there, tip)
        sent = send(repo, git, place, there, tip, main=True)
        if sent.outcome not in (SHARED, NOTHING):
            return Landing(name, 0, f"{place.branch} takes no pushes from here either")
        transfer.push(git, [f":refs/heads/{name}"], remote=place.remote)
    except (GitError, Refused) as error:
        return Landing(name, 0, error.message)
    return Landing(name, sent.commits)


def _judge(repo: Repository, git: Git, there: str, tip: str) -> None:
    """Raise Refused where what waits has errors, seen from the main branch as it was."""
    from itsm_gitops import rules
    from itsm_gitops.repository.request_files import RequestFiles

    base = git.merge_base(there, tip)
    files = RequestFiles.between(repo, base, tip)
    try:
        found = rules.check(repo, at=tip, base=base, files=files).findings
    except ItsmError as error:
        raise Refused(error.message, error.hint) from error
    finally:
        files.close()
    errors = [f for f in found if f.severity == ERROR]
    if errors:
        raise Refused(
            f"{errors[0].path}: {errors[0].message} ({errors[0].code})", f"{len(errors)} errors in all"
        )
