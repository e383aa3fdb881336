"""`itsm hook rerun`: the gate of a pull request on GitHub runs again when a review or time has changed its answer.

A required check only turns green by its own new run, and GitHub repeats no run more than 50 times. So nothing is started
that would say what it said before: the gate is judged here first. What only changes the words of the comment (one of two
approvals came in) is repeated while enough repetitions are left for what changes the answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from itsm_gitops.forges import connection as forging
from itsm_gitops.forges.github import GitHub, OpenPullRequest, Run
from itsm_gitops.forges.reviews import DECISIVE
from itsm_gitops.gate.approvals import ApprovalQuery, approvals
from itsm_gitops.model.errors import ItsmError, UsageError
from itsm_gitops.repository import Repository

WORKFLOW = ".github/workflows/itsm-gate.yml"
CHECK = "gate"
_FOR_WORDS = 25  # of the 50 times that GitHub repeats a run


class Rerun(NamedTuple):
    """Whether the gate of a pull request was started again, and why not."""

    number: int
    started: bool
    reason: str = ""
    failed: bool = False


def rerun(
    repo: Repository, *, every: bool, check: str = CHECK, workflow: str = WORKFLOW, forge: str = ""
) -> Iterator[Rerun]:
    """Run the gate again: of the pull requests that the event is about, or of ``every`` open one.

    Only those are started whose gate no longer says what a new run would say, and after a review those whose comment
    would say something else. ``check`` is the job and ``workflow`` the path of the file that it has to be of: a job of
    the same name in any other workflow is not ours. Raises ForgeError where GitHub cannot be asked.
    GitHub only: the job itself is the required check, so only its own new run can turn it green.
    """
    name = forging.forge_name(repo, forge)
    server = forging.connect(repo, name)
    if not isinstance(server, GitHub) or name != "github":
        raise UsageError(
            f"{name} runs its gate again by itself or by schedule", "see the workflow of that forge"
        )
    head = "" if every else forging.read_event(name).head
    for pull_request in server.open_pull_requests():
        if pull_request.head == head or (every and not pull_request.draft):
            yield _rerun(
                repo, server, pull_request, server.last_run(pull_request.head, check, workflow), every
            )


def _rerun(
    repo: Repository, server: GitHub, pull_request: OpenPullRequest, run: Run | None, every: bool
) -> Rerun:
    number = pull_request.number
    if run is None or not run.ended:
        return Rerun(number, False, "has no finished run")
    if run.passed == _passes(repo, number):
        if every or not _reviewed(server, number, run.begun):
            return Rerun(number, False, "stands as it was")
        if run.attempt >= _FOR_WORDS:
            text = f"stands as it was; of its {run.attempt} runs the rest is kept for what changes that"
            return Rerun(number, False, text)
    try:
        server.run_again(run)
    except ItsmError as error:
        # The others must not wait for one that GitHub refuses.
        return Rerun(number, False, f"cannot be started again: {error.message}", failed=True)
    return Rerun(number, True)


def _reviewed(server: GitHub, number: int, since: datetime) -> bool:
    """Whether somebody decided something since a moment; what was only remarked changes nothing."""
    return any(review.state in DECISIVE and review.at >= since for review in server.reviews(number))


def _passes(repo: Repository, number: int) -> bool:
    try:
        return approvals(repo, ApprovalQuery(what=str(number), forge="github")).passes
    except ItsmError:
        return False  # what cannot be judged is red, as the gate itself would be
