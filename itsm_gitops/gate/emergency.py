"""`itsm submit --emergency`: the one on call brings an emergency change in alone, signed, on a plain Git server.

Nothing is passed by: the server's hook judges the push as any other, and lets it pass only where the policy has an
override that somebody may give for their own work. What was skipped is owed, and `itsm audit verify` lists it.
"""

from __future__ import annotations

from typing import NamedTuple

from itsm_gitops.gate.approvals import ApprovalQuery, Approved, approve
from itsm_gitops.gate.submit import Submitted, submit
from itsm_gitops.git import transfer
from itsm_gitops.model.errors import GitError
from itsm_gitops.repository import Repository


class SubmittedEmergency(NamedTuple):
    """What was committed, and the statement by which it was let in."""

    submitted: Submitted
    approved: Approved


def land(
    repo: Repository,
    fragment: str,
    *,
    person: str,
    key: str = "",
    everything: bool = True,
    target: str = "",
    message: str = "",
) -> SubmittedEmergency:
    """Commit an emergency change, sign it as the one on call and push it to the branch that it wants to enter.

    Raises Refused where no override would count for ``person``, GitError with the server's words where it refuses;
    the commit and the statement are kept then.
    """
    done = submit(repo, fragment, everything=everything, push=False, target=target, message=message)
    git = repo.history
    tracking = f"refs/remotes/origin/{done.target}"
    transfer.fetch(git, [f"+refs/heads/{done.target}:{tracking}"])
    asked = ApprovalQuery(base=tracking, head="HEAD", target=done.target)
    approved = approve(repo, asked, person=person, key=key, note="Emergency")
    try:
        transfer.push(git, [approved.reference])
        transfer.push(git, [f"HEAD:refs/heads/{done.target}"])
    except GitError as error:
        raise GitError(
            error.message, f"the commit is kept on {done.branch}; {error.hint}".rstrip("; ")
        ) from error
    return SubmittedEmergency(done, approved)
