"""GitLab: merge requests and their approvals, over ``https://HOST/api/v4``.

GitLab does not say which commit an approval saw. It is inferred: the newest version of the merge
request when the approval was given, or the one before where that was pushed within MARGIN of it. Without the
time of the approval (older servers) it is known only while there is a single version; otherwise the approval has
no commit and counts for nothing, and the approver can sign a statement (``itsm approve --sign``) or approve again.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import quote

from itsm_gitops.forges import answers as shape
from itsm_gitops.forges.http import Client, ForgeError
from itsm_gitops.forges.reviews import APPROVED, CHANGES_REQUESTED, PullRequest, Push, Review

# Nobody reads a push in less, and the page that was open showed what was there before.
MARGIN = timedelta(seconds=15)
_PROJECT = re.compile(r"[1-9]\d{0,15}|[A-Za-z0-9_][\w.-]*(?:/[\w.-]+)+", re.ASCII)
# Tokens of projects and groups act through accounts named like this.
_ADDED = re.compile(r"added \d{1,6} commits?\b", re.ASCII)
_BOT = re.compile(r"(?:project|group)_\d+_bot\w*|service_account_\w+|ghost\d*", re.ASCII)


class MergeRequestVersion(NamedTuple):
    """One state of a merge request: since when its head was this commit."""

    since: datetime
    commit: str


class GitLab:
    """One project on GitLab; ``project`` is its number or its path."""

    name = "gitlab"

    def __init__(self, client: Client, project: str) -> None:
        if not _PROJECT.fullmatch(project) or ".." in project:
            raise ForgeError(f"'{project}' is not a project", "GROUP/PROJECT or its number")
        self.client = client
        self.path = f"/projects/{quote(project, safe='')}"

    @classmethod
    def at(cls, base: str, project: str, token: str) -> GitLab:
        """Return the project below an address, with a token (empty: anonymous)."""
        headers = {"Accept": "application/json", "User-Agent": "itsm-gitops"}
        return cls(Client(base, headers, secret_header="PRIVATE-TOKEN", secret=token), project)  # noqa: S106

    def _merge_request(self, number: int) -> str:
        return f"{self.path}/merge_requests/{int(number)}"

    def pull_request(self, number: int) -> PullRequest:
        """Return what GitLab says about a merge request; raises ForgeError."""
        data = self.client.get(self._merge_request(number))
        merger = shape.dig(data, "merge_user") or shape.dig(data, "merged_by")
        return PullRequest(
            number=shape.number(data, "iid"),
            url=shape.text(data, "web_url"),
            author=shape.identity(self.name, shape.dig(data, "author")),
            head=shape.commit(data, "sha"),
            base=shape.commit(data, "diff_refs.base_sha"),
            target=shape.branch(data, "target_branch"),
            draft=shape.dig(data, "draft") is True,
            merged_by=shape.identity(self.name, merger),
            title=shape.text(data, "title"),
            merged_at=shape.merged(data),
        )

    def versions(self, number: int) -> list[MergeRequestVersion]:
        """Return the versions of a merge request, oldest first; raises ForgeError."""
        answers = self.client.pages(f"{self._merge_request(number)}/versions")
        return sorted(
            MergeRequestVersion(shape.moment(v, "created_at"), shape.commit(v, "head_commit_sha"))
            for v in answers
        )

    def reviews(self, number: int) -> list[Review]:
        """Return the approvals and the requests for changes, oldest first; raises ForgeError.

        Who asks for changes does not approve, whatever they clicked before.
        """
        versions = self.versions(number)
        against = self._against(number)
        approvals = shape.dig(self.client.get(f"{self._merge_request(number)}/approvals"), "approved_by")
        if not isinstance(approvals, list):
            raise ForgeError("GitLab's 'approved_by' is not a list", "is this the address of GitLab?")
        approving = [_approval(a, versions) for a in approvals]
        refusing = {r.identity for r in against}
        return sorted(
            [*against, *(r for r in approving if r.identity not in refusing)],
            key=lambda r: (r.at, r.identity),
        )

    def pushes(self, number: int) -> list[Push]:
        """Return who pushed to a merge request since it was opened, by the notes that GitLab makes; raises ForgeError."""
        notes = self.client.pages(f"{self._merge_request(number)}/notes")
        return [_push(shape.dig(n, "author")) for n in notes if _is_push(n)]

    def _against(self, number: int) -> list[Review]:
        return [
            _review(shape.dig(r, "user"), CHANGES_REQUESTED, None, shape.moment(r, "created_at"))
            for r in self.client.pages(f"{self._merge_request(number)}/reviewers")
            if shape.dig(r, "state") == "requested_changes"
        ]

    def merged_pull_request(self, commit: str, target: str) -> int | None:
        """Return the merge request that brought a commit into ``target``; None where there is none."""
        for merge_request in self.client.pages(f"{self.path}/repository/commits/{commit}/merge_requests"):
            if (
                shape.dig(merge_request, "state") == "merged"
                and shape.dig(merge_request, "target_branch") == target
            ):
                return shape.number(merge_request, "iid")
        return None

    def upsert_comment(self, number: int, body: str, marker: str, login: str = "") -> str:
        """Create or replace our note and return its address; raises ForgeError.

        ``login`` is the account that writes (asked for when empty). See ``GitHub.upsert_comment``.
        """
        author = login or shape.text(self.client.get("/user"), "username")
        page = f"{self._merge_request(number)}/notes"
        address = shape.text(self.client.get(self._merge_request(number)), "web_url")
        for note in self.client.pages(page, {"order_by": "created_at", "sort": "asc"}):
            text = shape.dig(note, "body")
            ours = shape.dig(note, "author.username") == author and shape.dig(note, "system") is not True
            if ours and isinstance(text, str) and text.startswith(marker):
                note_number = shape.number(note, "id")
                if text != body:
                    self.client.send("PUT", f"{page}/{note_number}", {"body": body})
                return f"{address}#note_{note_number}"
        posted = self.client.send("POST", page, {"body": body})
        return f"{address}#note_{shape.number(posted, 'id')}"

    def protected_branch(self, branch: str) -> Any:
        """Return the protection of a branch; None where it is not protected. Raises ForgeError."""
        try:
            return self.client.get(f"{self.path}/protected_branches/{quote(branch, safe='')}")
        except ForgeError as error:
            if error.status == 404:
                return None
            raise

    def settings(self) -> Any:
        """Return the project's settings; raises ForgeError."""
        return self.client.get(self.path)


def _is_push(note: Any) -> bool:
    """Whether a note is GitLab's own about commits; ``system`` cannot be set by who writes a note."""
    text = shape.dig(note, "body")
    return shape.dig(note, "system") is True and isinstance(text, str) and _ADDED.match(text) is not None


def _push(account: Any) -> Push:
    login = shape.dig(account, "username")
    bot = isinstance(login, str) and _BOT.fullmatch(login) is not None
    return Push(shape.identity("gitlab", account), bot)


def _approval(data: Any, versions: Sequence[MergeRequestVersion]) -> Review:
    account = shape.dig(data, "user")
    if not versions:
        raise ForgeError("GitLab tells no version of this merge request", "try again in a moment")
    if shape.dig(data, "approved_at") is not None:
        at = shape.moment(data, "approved_at")
        # What there was from the beginning is all that there was to be seen.
        earlier = [v for v in versions if v.since <= at - MARGIN] or [
            v for v in versions[:1] if v.since <= at
        ]
        review = _review(account, APPROVED, earlier[-1].commit if earlier else None, at)
        return replace(review, target="") if _sent_elsewhere(earlier, versions) else review
    # The oldest moment it can have been given: an age limit must not be stretched by not knowing.
    only = versions[0].commit if len(versions) == 1 else None
    return _review(account, APPROVED, only, versions[0].since)


def _sent_elsewhere(earlier: Sequence[MergeRequestVersion], versions: Sequence[MergeRequestVersion]) -> bool:
    """Whether the target branch was changed after the newest of the ``earlier`` versions.

    The next version has the same head then: nothing was pushed, yet what would be merged changed.
    """
    later = versions[len(earlier) :]
    return bool(earlier and later) and later[0].commit == earlier[-1].commit


def _review(account: Any, state: str, commit: str | None, at: datetime) -> Review:
    login = shape.dig(account, "username")
    name = login if isinstance(login, str) else ""
    identity = shape.identity("gitlab", account)
    note = "" if commit else "GitLab does not tell which commit this saw"
    return Review(
        person=None,
        identity=identity,
        source="gitlab",
        state=state,
        commit=commit,
        at=at,
        review_id=f"{state}:{identity}",
        bot=_BOT.fullmatch(name) is not None,
        note=note if state == APPROVED else "",
        login=name,
    )
