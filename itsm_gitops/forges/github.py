"""GitHub: facts, reviews, rules and the sticky comment, over its REST interface (version 2022-11-28).

Each review is passed on as it was given; nothing is decided here. Teams are not asked for: the
token of a workflow may not read them, and nobody audits their changes. They are files.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import quote

from itsm_gitops.forges import answers as shape
from itsm_gitops.forges.http import Client, ForgeError
from itsm_gitops.forges.reviews import (
    APPROVED,
    CHANGES_REQUESTED,
    COMMENTED,
    DISMISSED,
    PullRequest,
    Push,
    Review,
)

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,100}", re.ASCII)
_STATES = {
    "APPROVED": APPROVED,
    "CHANGES_REQUESTED": CHANGES_REQUESTED,
    "REQUEST_CHANGES": CHANGES_REQUESTED,  # as Gitea says it
    "COMMENTED": COMMENTED,
    "COMMENT": COMMENTED,
    "DISMISSED": DISMISSED,
}
# Not reviews yet: drafts that only their author sees, and Gitea's wish for a review.
_UNSUBMITTED = ("PENDING", "REQUEST_REVIEW")
# The events of a pull request whose target branch was changed, by hand or because that branch was deleted.
_SENT_ELSEWHERE = ("base_ref_changed", "automatic_base_change_succeeded")
# No permission, not to be seen, switched off: asking again would not help.
_REFUSALS = (403, 404, 410)
# What of a branch's activity brings commits to it.
_PUSHES = ("push", "force_push", "branch_creation")
ACTIONS_BOT = "github-actions[bot]"
ACTIONS_APP = 15368  # the number of GitHub Actions among GitHub's apps: no other may say "gate"
# The events whose workflow is that of the target branch, and not of the pull request.
_FROM_TARGET = ("pull_request_target", "merge_group")
_JOBS_MAX = 30  # jobs of one name on one commit that are looked at


class OpenPullRequest(NamedTuple):
    """An open pull request: its number, the commit of its head, whether it is a draft."""

    number: int
    head: str
    draft: bool


@dataclass(frozen=True, slots=True)
class Run:
    """A run of a job of Actions.

    ``job`` and ``run`` (of the whole workflow) are numbers, ``attempt`` counts the repetitions of the run from 1,
    ``begun`` is in UTC. ``ended`` says that it is over, and ``passed`` that it ended well.
    """

    job: int
    run: int
    attempt: int
    begun: datetime
    ended: bool
    passed: bool


def check_name(owner: str, repository: str) -> str:
    """Return ``owner/repository`` where both can stand in a path; raises ForgeError."""
    for name in (owner, repository):
        if not _NAME.fullmatch(name) or set(name) == {"."}:
            raise ForgeError(f"'{owner}/{repository}' is not a repository's name", "OWNER/REPOSITORY")
    return f"{owner}/{repository}"


class GitHub:
    """One repository on GitHub (or GitHub Enterprise, below ``https://HOST/api/v3``)."""

    name = "github"

    def __init__(self, client: Client, owner: str, repository: str) -> None:
        self.client = client
        self.path = f"/repos/{check_name(owner, repository)}"

    @classmethod
    def at(cls, base: str, owner: str, repository: str, token: str) -> GitHub:
        """Return the repository below an address, with a token (empty: anonymous)."""
        headers = {
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": "2022-11-28",
            "User-Agent": "itsm-gitops",
        }
        return cls(Client(base, headers, secret=f"Bearer {token}" if token else ""), owner, repository)

    def pull_request(self, number: int) -> PullRequest:
        """Return what GitHub says about a pull request; raises ForgeError."""
        data = self.client.get(f"{self.path}/pulls/{int(number)}")
        return PullRequest(
            number=shape.number(data, "number"),
            url=shape.text(data, "html_url"),
            author=shape.identity(self.name, shape.dig(data, "user")),
            head=shape.commit(data, "head.sha"),
            base=shape.commit(data, "base.sha"),
            target=shape.branch(data, "base.ref"),
            draft=shape.dig(data, "draft") is True,
            merged_by=shape.identity(self.name, shape.dig(data, "merged_by")),
            title=shape.text(data, "title"),
            merged_at=shape.merged(data),
        )

    def reviews(self, number: int) -> list[Review]:
        """Return every submitted review, oldest first; raises ForgeError.

        A review by a deleted account has no identity, one without commit saw nothing we know. An
        approval from before the target branch was changed was given for another branch.
        """
        submitted = (self._review(r) for r in self._list(f"{self.path}/pulls/{int(number)}/reviews"))
        reviews = sorted((r for r in submitted if r is not None), key=lambda r: (r.at, r.review_id))
        if not any(r.state == APPROVED for r in reviews):
            return reviews
        try:
            last = max(self._sent_elsewhere(number), default=None)
        except ForgeError as error:
            if error.status not in _REFUSALS:
                raise
            note = f"{self.name} does not let this token read the events of the pull request ({error.status})"
            return [_elsewhere(r, note) for r in reviews]
        # In the same second the move is the later one: who is in doubt asks again.
        return [_elsewhere(r) if last is not None and r.at <= last else r for r in reviews]

    def pushes(self, number: int) -> list[Push]:
        """Return who pushed to the branch of a pull request, in this repository or a fork; raises ForgeError.

        The branch may have been used before: each push says what the branch was then. Empty where the token may not
        read the activity.
        """
        head = shape.dig(self.client.get(f"{self.path}/pulls/{int(number)}"), "head")
        source, branch = shape.dig(head, "repo.full_name"), shape.dig(head, "ref")
        if not isinstance(source, str) or not isinstance(branch, str):
            return []  # the fork was deleted
        path = f"/repos/{check_name(*source.partition('/')[::2])}/activity"
        try:
            entries = list(self._list(path, ref=f"refs/heads/{branch}"))
        except ForgeError as error:
            if error.status not in _REFUSALS:
                raise
            return []
        return [self._push(e) for e in entries if shape.dig(e, "activity_type") in _PUSHES]

    def _push(self, entry: Any) -> Push:
        account, after = shape.dig(entry, "actor"), shape.dig(entry, "after")
        login = shape.dig(account, "login")
        bot = shape.dig(account, "type") == "Bot" or (isinstance(login, str) and login.endswith("[bot]"))
        return Push(shape.identity(self.name, account), bot, after if shape.is_commit(after) else None)

    def _sent_elsewhere(self, number: int) -> Iterator[datetime]:
        """Yield when the target branch of a pull request was changed."""
        for event in self._list(f"{self.path}/issues/{int(number)}/events"):
            if shape.dig(event, "event") in _SENT_ELSEWHERE:
                yield shape.moment(event, "created_at")

    def _list(self, path: str, **query: object) -> Iterator[Any]:
        return self.client.pages(path, query)

    def _review(self, data: Any) -> Review | None:
        state = shape.text(data, "state").upper()
        if state in _UNSUBMITTED:
            return None
        if state not in _STATES:
            # It might be a refusal under a new name: guessing could open the gate.
            raise ForgeError(f"{self.name} says a review is '{state}'", "a newer itsm may know what that is")
        account = shape.dig(data, "user")
        login = shape.dig(account, "login")
        commit = shape.dig(data, "commit_id")
        return Review(
            person=None,
            identity=shape.identity(self.name, account),
            source=self.name,
            state=DISMISSED if shape.dig(data, "dismissed") is True else _STATES[state],
            commit=commit if shape.is_commit(commit) else None,
            at=self._moment(data),
            review_id=str(shape.number(data, "id")),
            bot=shape.dig(account, "type") == "Bot" or (isinstance(login, str) and login.endswith("[bot]")),
            login=login if isinstance(login, str) else "",
        )

    def _moment(self, data: Any) -> datetime:
        return shape.moment(data, "submitted_at")

    def upsert_comment(self, number: int, body: str, marker: str, login: str = ACTIONS_BOT) -> str:
        """Create or replace our comment and return its address; raises ForgeError.

        Ours is the first comment that begins with ``marker`` and was written by ``login``: anybody
        can write the marker, so the author is compared too, over all pages.
        """
        path = f"{self.path}/issues/{int(number)}/comments"
        for comment in self._list(path):
            text = shape.dig(comment, "body")
            ours = shape.dig(comment, "user.login") == login
            if ours and isinstance(text, str) and text.startswith(marker):
                if text == body:
                    return shape.text(comment, "html_url")
                where = f"{self.path}/issues/comments/{shape.number(comment, 'id')}"
                return shape.text(self.client.send("PATCH", where, {"body": body}), "html_url")
        return shape.text(self.client.send("POST", path, {"body": body}), "html_url")

    def merged_pull_request(self, commit: str, target: str) -> int | None:
        """Return the pull request that brought a commit into ``target``; None where there is none.

        Every commit of a rebased pull request leads to it, not only the last.
        """
        merged = [
            p
            for p in self._list(f"{self.path}/commits/{commit}/pulls")
            if shape.dig(p, "merged_at") is not None and shape.dig(p, "base.ref") == target
        ]
        merged.sort(key=lambda p: shape.dig(p, "merge_commit_sha") != commit)
        return shape.number(merged[0], "number") if merged else None

    def open_pull_requests(self) -> list[OpenPullRequest]:
        """Return every open pull request; raises ForgeError.

        The pull requests of a commit are looked for here too: GitHub's own list of them leaves out those
        that come from forks.
        """
        return [
            OpenPullRequest(
                shape.number(p, "number"), shape.commit(p, "head.sha"), shape.dig(p, "draft") is True
            )
            for p in self._list(f"{self.path}/pulls", state="open")
        ]

    def branch_rules(self, branch: str) -> list[Any]:
        """Return the active rules of a branch (rulesets; classic protection is not among them)."""
        return list(self._list(f"{self.path}/rules/branches/{quote(branch, safe='')}"))

    def codeowners_errors(self, ref: str) -> list[Any] | None:
        """Return what GitHub finds wrong with CODEOWNERS at ``ref``; None where there is no such file.

        Raises ForgeError.
        """
        try:
            data = self.client.get(f"{self.path}/codeowners/errors", ref=ref)
        except ForgeError as error:
            if error.status == 404:
                return None
            raise
        errors = shape.dig(data, "errors")
        return errors if isinstance(errors, list) else []

    def last_run(self, commit: str, check: str, workflow: str) -> Run | None:
        """Return the newest run of a job of one workflow on this commit; None where it never ran. Raises ForgeError.

        Anybody who may open a pull request can have a job of any name run on its commits. Ours is by GitHub Actions, of
        the workflow's own path, and was started by an event that takes the workflow from the target branch.
        """
        runs = self.client.pages(
            f"{self.path}/commits/{commit}/check-runs",
            {"check_name": check, "filter": "latest"},
            key="check_runs",
        )
        jobs = [r for r in runs if shape.dig(r, "app.id") == ACTIONS_APP and shape.dig(r, "name") == check]
        # A check run of Actions has the number of its job; the newest has the highest.
        jobs.sort(key=lambda r: shape.number(r, "id"), reverse=True)
        for job in jobs[:_JOBS_MAX]:
            number = shape.number(job, "id")
            run = shape.number(self.client.get(f"{self.path}/actions/jobs/{number}"), "run_id")
            about = self.client.get(f"{self.path}/actions/runs/{run}")
            path = shape.text(about, "path").partition("@")[0]
            if path == workflow and shape.dig(about, "event") in _FROM_TARGET:
                ended = shape.dig(job, "status") == "completed"
                return Run(
                    job=number,
                    run=run,
                    attempt=shape.number(about, "run_attempt"),
                    begun=shape.moment(about, "run_started_at"),
                    ended=ended,
                    passed=shape.dig(job, "conclusion") == "success",
                )
        return None

    def run_again(self, run: Run) -> None:
        """Run the workflow that a job is of again, all of it; raises ForgeError.

        The job that is the required check must itself turn green: a check of another run does not
        count for the pull request. While one job of a workflow runs again GitHub refuses another, so
        they are not started one by one. It also refuses after 50 times and after 30 days.
        """
        self.client.send("POST", f"{self.path}/actions/runs/{run.run}/rerun")


def _elsewhere(review: Review, note: str = "") -> Review:
    """Return a review as one for some other branch, where it is an approval."""
    return replace(review, target="", note=note) if review.state == APPROVED else review
