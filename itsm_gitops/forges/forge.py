"""The interface of a forge: pull requests, their reviews, and the one comment that we write on each."""

from __future__ import annotations

from typing import Protocol

from itsm_gitops.forges.reviews import PullRequest, Push, Review


class Forge(Protocol):
    """One repository (or project) on a forge. Every method raises ForgeError."""

    name: str

    def pull_request(self, number: int) -> PullRequest:
        """Return what the forge says about a pull request."""
        ...

    def reviews(self, number: int) -> list[Review]:
        """Return every submitted review, oldest first."""
        ...

    def pushes(self, number: int) -> list[Push]:
        """Return who pushed to a pull request; empty where the forge does not tell this token."""
        ...

    def merged_pull_request(self, commit: str, target: str) -> int | None:
        """Return the pull request that brought a commit into a branch; None where there is none."""
        ...

    def upsert_comment(self, number: int, body: str, marker: str, login: str = ...) -> str:
        """Create or replace the comment that begins with ``marker``; returns its address."""
        ...


FORGES = ("github", "gitlab", "gitea", "forgejo")
