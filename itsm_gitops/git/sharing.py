"""Keeps the ledger here and on the remote the same: picks the newer one, and pushes additions or drops them.

Nothing is ever pushed by force. Whoever comes second fetches what the first has written and adds on
top of that, so writers in different clones lose nothing of each other's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from itsm_gitops.git import ledger, transfer
from itsm_gitops.git.client import Git
from itsm_gitops.git.ledger import ATTEMPTS, EVIDENCE, REFERENCE, Addition, LedgerFiles
from itsm_gitops.git.mainline import is_ancestor
from itsm_gitops.model.errors import GitError

REMOTE = f"refs/remotes/origin/{EVIDENCE}"
# Statements of approvers, as the remote has them; ours below refs/itsm/approvals stay as they are.
FETCHED = "refs/itsm/fetched/approvals"
APPROVALS = f"+refs/itsm/approvals/*:{FETCHED}/*"
_FETCH = (f"+refs/heads/{EVIDENCE}*:{REMOTE}*", APPROVALS)
_REFUSALS_MAX = 5


class Newest(NamedTuple):
    """The newest state of the ledger; ``parted`` where the branch here is not part of the remote's."""

    tip: str
    parted: bool = False


def newest(git: Git) -> Newest:
    """Return the newest commit of the ledger: here, or on the remote as last fetched."""
    here, there = ledger.tip(git), ledger.tip(git, REMOTE)
    if not there or here == there or (here and is_ancestor(git, there, here)):
        return Newest(here)
    return Newest(there, bool(here) and not is_ancestor(git, here, there))


def catch_up(git: Git) -> str:
    """Bring the branch here to its newest state; raises GitError where the two have parted."""
    for attempt in range(_REFUSALS_MAX):
        here, remote = ledger.tip(git), newest(git)
        if remote.parted:
            raise GitError(
                f"the branch {EVIDENCE} here is not part of the remote's: both hold statements that the other lacks",
                f"git branch -m {EVIDENCE} {EVIDENCE}-local keeps it aside; then record again",
            )
        try:
            if remote.tip != here:
                ledger.move(git, remote.tip, here)
        except GitError:  # another process of this clone has moved it: look again
            ledger.pause(attempt)
        else:
            return remote.tip
    raise GitError(f"the branch {EVIDENCE} is moved by others all the time", "try again")


def fetch(git: Git, *, token: str = "") -> None:
    """Fetch the ledger and the statements of approvers; raises GitError."""
    for attempt in range(_REFUSALS_MAX):
        try:
            transfer.fetch(git, _FETCH, token=token)
        except GitError as error:  # another process of this clone is at the same reference
            if "lock" not in error.message or attempt == _REFUSALS_MAX - 1:
                raise
            ledger.pause(attempt)
        else:
            return


def append(git: Git, make: Callable[[LedgerFiles], Addition | None], *, token: str = "") -> str:
    """Add to the ledger, on the remote and here; empty where there was nothing to add or to push.

    ``make`` is asked again each time another writer was faster. Raises GitError where the remote
    refuses for another reason.
    """
    refusals = 0
    for attempt in range(ATTEMPTS):
        fetch(git, token=token)
        base, there = catch_up(git), ledger.tip(git, REMOTE)
        addition = make(ledger.read_at(git, base))
        commit = base if addition is None else ledger.build(git, base, addition)
        if commit == there:
            return ""
        try:
            transfer.push(git, [f"{commit}:{REFERENCE}"], token=token)
        except GitError:
            fetch(git, token=token)
            refusals = refusals + 1 if ledger.tip(git, REMOTE) == there else 0
            if refusals == _REFUSALS_MAX:
                raise
            ledger.pause(attempt)
            continue
        fetch(git, token=token)
        catch_up(git)
        return commit
    raise GitError("other writers were always faster", "try again")
