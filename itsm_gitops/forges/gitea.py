"""Gitea and Forgejo: the adapter of GitHub with their differences, over ``https://HOST/api/v1``.

Their own opinion whether a review is stale or official is not used: the digest of what the
reviewer saw is stricter about edits and kinder about rebases.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from itsm_gitops.forges import answers as shape
from itsm_gitops.forges.github import GitHub
from itsm_gitops.forges.http import PAGES_MAX, Client, ForgeError
from itsm_gitops.forges.reviews import Push

# Gitea writes this where a time is not set.
_UNSET = "0001-01-01T00:00:00Z"
_PAGE = 50  # as many as it gives at once, unless it is set up otherwise


class Gitea(GitHub):
    """One repository on Gitea or Forgejo. ``name`` is the forge that identities are looked up under."""

    name = "gitea"

    def __init__(self, client: Client, owner: str, repository: str, name: str = "gitea") -> None:
        super().__init__(client, owner, repository)
        self.name = name

    @classmethod
    def at(cls, base: str, owner: str, repository: str, token: str, name: str = "gitea") -> Gitea:
        """Return the repository below an address, with a token (empty: anonymous)."""
        headers = {"Accept": "application/json", "User-Agent": "itsm-gitops"}
        client = Client(base, headers, secret=f"token {token}" if token else "")
        return cls(client, owner, repository, name)

    def merged_pull_request(self, commit: str, target: str) -> int | None:
        """Return the pull request that brought a commit into ``target``; None where there is none."""
        try:
            pull = self.client.get(f"{self.path}/commits/{commit}/pull")
        except ForgeError as error:
            if error.status == 404:
                return None
            raise
        return shape.number(pull, "number") if shape.dig(pull, "base.ref") == target else None

    def _sent_elsewhere(self, number: int) -> Iterator[datetime]:
        """Yield when the target branch of a pull request was changed."""
        for entry in self._timeline(f"{self.path}/issues/{int(number)}/timeline"):
            if shape.dig(entry, "type") == "change_target_branch":
                yield shape.moment(entry, "created_at")

    def pushes(self, number: int) -> list[Push]:
        """Return who pushed to a pull request since it was opened; raises ForgeError.

        Before that, the branch was whoever's who opened it.
        """
        timeline = self._timeline(f"{self.path}/issues/{int(number)}/timeline")
        pushed = [e for e in timeline if shape.dig(e, "type") == "pull_push"]
        return [Push(shape.identity(self.name, shape.dig(e, "user")), False) for e in pushed]

    def _timeline(self, path: str) -> Iterator[Any]:
        """Yield everything that happened to a pull request.

        Without a page the whole is answered. A server that answers a part of it names no next page,
        and leaves out what the token may not see: only an empty page is surely the last.
        """
        for page in range(1, PAGES_MAX + 1):
            entries = self.client.get(path, limit=_PAGE, **({"page": page} if page > 1 else {}))
            if not isinstance(entries, list):
                # Gitea writes an empty list as null.
                if entries is None:
                    return
                raise ForgeError(f"{path} did not answer with a list", "is the address right?")
            yield from entries
            if not entries or len(entries) > _PAGE:
                return
        raise ForgeError(f"{path} has more than {PAGES_MAX} pages", "this cannot be a real list")

    def _list(self, path: str, **query: object) -> Iterator[Any]:
        return self.client.pages(path, {"limit": _PAGE, **query})

    def _moment(self, data: Any) -> datetime:
        """Return when a review was last touched: a dismissal moves it."""
        path = "updated_at" if shape.dig(data, "submitted_at") in (None, _UNSET) else "submitted_at"
        return shape.moment(data, path)
