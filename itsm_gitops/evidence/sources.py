"""What the commands about evidence share: finding statements, and where reviews come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from itsm_gitops.evidence.ledger import Ledger
from itsm_gitops.evidence.reading import Statement
from itsm_gitops.evidence.statement import Inputs
from itsm_gitops.forges.forge import Forge
from itsm_gitops.forges.reviews import PullRequest, Review
from itsm_gitops.gate import approvals as approving
from itsm_gitops.gate import signed
from itsm_gitops.model import clock
from itsm_gitops.model.errors import Ambiguous, NotFound
from itsm_gitops.repository import Git, Repository, refs, sharing

_HASH_LEAST = 7


def ledger_tip(git: Git) -> str:
    """Return the newest state of the evidence that is known here; empty where there is none."""
    return sharing.newest(git).tip


def find(book: Ledger, what: str) -> list[Statement]:
    """Return the statements about one change, merge or number; raises NotFound or Ambiguous.

    ``what`` is a change or a part of its identifier, the beginning of a commit's hash, or the
    number of a statement.
    """
    text = what.strip().lower()
    if text.isdecimal() and len(text) < _HASH_LEAST:
        numbered = [s for s in book.statements if s.sequence == int(text)]
        merge = numbered[0].merge if numbered else ""
        return _require([s for s in book.statements if s.merge == merge], what)
    by_commit = [s for s in book.statements if len(text) >= _HASH_LEAST and s.merge.startswith(text)]
    if by_commit:
        return by_commit
    changes = sorted({c for s in book.statements for c in s.changes if text and text in c.lower()})
    exact = [c for c in changes if c.lower() == text]
    if len(changes) > 1 and not exact:
        raise Ambiguous(what, changes)
    change = (exact or changes or [""])[0]
    return _require([s for s in book.statements if change and change in s.changes], what)


def _require(statements: list[Statement], what: str) -> list[Statement]:
    if not statements:
        raise NotFound(f"there is no evidence about '{what}'", "itsm audit export lists all there is")
    return statements


@dataclass
class Source:
    """Where reviews come from: signed statements, a file, and (asked once for each commit) a forge."""

    repo: Repository
    statements: tuple[refs.StoredText, ...] = ()
    reviews: tuple[Review, ...] = ()
    opened_by: str = ""
    account: str = ""
    forge: Forge | None = None
    number: int = 0
    _requests: dict[str, PullRequest | None] = field(default_factory=dict)
    _asked: dict[int, tuple[Review, ...]] = field(default_factory=dict)
    _known: dict[int, PullRequest] = field(default_factory=dict)

    def request(self, commit: str, target: str) -> PullRequest | None:
        """Return the forge's request that brought a commit; None where there is no forge, or none."""
        if self.forge is None:
            return None
        if commit not in self._requests:
            number = self.number or self.forge.merged_request(commit, target)
            self._requests[commit] = self._request(number) if number else None
        return self._requests[commit]

    def _request(self, number: int) -> PullRequest:
        if number not in self._known and self.forge is not None:
            self._known[number] = self.forge.pull_request(number)
        return self._known[number]

    def inputs(self, request: PullRequest | None) -> Inputs:
        """Return what reviewers said about a request, with the commits they saw fetched."""
        reviews = self._reviews(request) if request else ()
        opened_by = request.author if request else self.opened_by
        return Inputs((*self.reviews, *reviews), self.statements, opened_by)

    def _reviews(self, request: PullRequest) -> tuple[Review, ...]:
        if request.number not in self._asked and self.forge is not None:
            from itsm_gitops.forges import connection as forging

            reviews = tuple(self.forge.reviews(request.number))
            commits = [r.commit for r in reviews if r.commit]
            name = self.forge.name
            forging.fetch_request(
                self.repo.history, name, request, request.head, commits, forging.token(name)
            )  # fmt: skip
            self._asked[request.number] = reviews
        return self._asked[request.number]

    def merged_at(self, request: PullRequest | None) -> datetime:
        """Return as of when a merge is judged: when the forge says it was made, else now."""
        return (request.merged_at if request else None) or clock.now()

    def describe(self, request: PullRequest | None) -> Mapping[str, Any]:
        """Return what a statement says about the request on the forge."""
        if request is None or self.forge is None:
            return {}
        return {
            "forge": self.forge.name,
            "number": request.number,
            "url": request.url,
            "title": request.title,
            "author": request.author,
            "head": request.head,
        }


def given(repo: Repository, *, reviews: str = "", forge: str = "", number: int = 0) -> Source:
    """Return where reviews come from, as the command line says; raises ItsmError.

    ``reviews`` is a file, ``forge`` one to be asked, ``number`` the request to be asked for.
    """
    source = Source(repo, tuple(_statements(repo.history)), number=number)
    if reviews:
        source.reviews, source.opened_by = approving.reviews_of(reviews)
    if forge or number:
        from itsm_gitops.forges import connection as forging

        source.forge = forging.connect(repo, forging.forge_name(repo, forge))
    return source


def _statements(git: Git) -> list[refs.StoredText]:
    """Return the signed statements that are kept here or were fetched, each once."""
    texts = {s.oid: s for prefix in (sharing.FETCHED, signed.PREFIX) for s in refs.kept(git, prefix)}
    return list(texts.values())
