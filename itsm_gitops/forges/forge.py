"""Forges: what they say about requests and reviews, and the one comment that is written there."""

from __future__ import annotations

from typing import Protocol

from itsm_gitops.forges.reviews import PullRequest, Review


class Forge(Protocol):
    """One repository (or project) on a forge. Every method raises ForgeError."""

    name: str

    def pull_request(self, number: int) -> PullRequest:
        """Return what the forge says about a request."""
        ...

    def reviews(self, number: int) -> list[Review]:
        """Return every submitted review, oldest first."""
        ...

    def merged_request(self, commit: str, target: str) -> int | None:
        """Return the request that brought a commit into a branch; None where there is none."""
        ...

    def upsert_comment(self, number: int, body: str, marker: str, login: str = ...) -> str:
        """Create or replace the comment that begins with ``marker``; returns its address."""
        ...


FORGES = ("github", "gitlab", "gitea", "forgejo")
