"""Looks up statements by change or commit, and collects reviews from a forge, a file or signed statements."""

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
from itsm_gitops.git import Git, refs, sharing
from itsm_gitops.model import clock
from itsm_gitops.model.errors import Ambiguous, NotFound
from itsm_gitops.repository import Repository

_HASH_LEAST = 7


def ledger_tip(git: Git) -> str:
    """Return the newest state of the evidence that is known here; empty where there is none."""
    return sharing.newest(git).tip


def find(ledger: Ledger, what: str) -> list[Statement]:
    """Return the statements about one change, merge or number; raises NotFound or Ambiguous.

    ``what`` is a change or a part of its identifier, the beginning of a commit's hash, or the
    number of a statement.
    """
    text = what.strip().lower()
    if text.isdecimal() and len(text) < _HASH_LEAST:
        numbered = [s for s in ledger.statements if s.sequence == int(text)]
        merge = numbered[0].merge if numbered else ""
        return _require([s for s in ledger.statements if s.merge == merge], what)
    by_commit = [s for s in ledger.statements if len(text) >= _HASH_LEAST and s.merge.startswith(text)]
    if by_commit:
        return by_commit
    changes = sorted({c for s in ledger.statements for c in s.changes if text and text in c.lower()})
    exact = [c for c in changes if c.lower() == text]
    if len(changes) > 1 and not exact:
        raise Ambiguous(what, changes)
    change = (exact or changes or [""])[0]
    return _require([s for s in ledger.statements if change and change in s.changes], what)


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
    _of_commit: dict[str, PullRequest | None] = field(default_factory=dict)
    _reviews_by_number: dict[int, tuple[Review, ...]] = field(default_factory=dict)
    _pull_requests: dict[int, PullRequest] = field(default_factory=dict)
    _pushed_by_number: dict[int, tuple[str, ...]] = field(default_factory=dict)

    def pull_request(self, commit: str, target: str) -> PullRequest | None:
        """Return the pull request that brought a commit; None where there is no forge, or none."""
        if self.forge is None:
            return None
        if commit not in self._of_commit:
            number = self.number or self.forge.merged_pull_request(commit, target)
            self._of_commit[commit] = self._by_number(number) if number else None
        return self._of_commit[commit]

    def _by_number(self, number: int) -> PullRequest:
        if number not in self._pull_requests and self.forge is not None:
            self._pull_requests[number] = self.forge.pull_request(number)
        return self._pull_requests[number]

    def inputs(self, pull_request: PullRequest | None) -> Inputs:
        """Return the reviews of a pull request; the commits that reviewers saw are fetched."""
        reviews = self._reviews(pull_request) if pull_request else ()
        opened_by = pull_request.author if pull_request else self.opened_by
        pushed_by = self._pushed_by_number.get(pull_request.number, ()) if pull_request else ()
        return Inputs((*self.reviews, *reviews), self.statements, opened_by, pushed_by)

    def _reviews(self, pull_request: PullRequest) -> tuple[Review, ...]:
        if pull_request.number not in self._reviews_by_number and self.forge is not None:
            from itsm_gitops.forges import connection as forging

            reviews = tuple(self.forge.reviews(pull_request.number))
            commits = [r.commit for r in reviews if r.commit]
            name = self.forge.name
            forging.fetch_pull_request(
                self.repo.history, name, pull_request, pull_request.head, commits, forging.token(name)
            )  # fmt: skip
            self._reviews_by_number[pull_request.number] = reviews
            self._pushed_by_number[pull_request.number] = forging.pushed_by(
                self.repo.history, self.forge, pull_request, pull_request.base, pull_request.head, reviews
            )
        return self._reviews_by_number[pull_request.number]

    def merged_at(self, pull_request: PullRequest | None) -> datetime:
        """Return as of when a merge is judged: when the forge says it was made, else now."""
        return (pull_request.merged_at if pull_request else None) or clock.now()

    def describe(self, pull_request: PullRequest | None) -> Mapping[str, Any]:
        """Return what a statement says about the pull request."""
        if pull_request is None or self.forge is None:
            return {}
        return {
            "forge": self.forge.name,
            "number": pull_request.number,
            "url": pull_request.url,
            "title": pull_request.title,
            "author": pull_request.author,
            "head": pull_request.head,
        }


def source_of(repo: Repository, *, reviews: str = "", forge: str = "", number: int = 0) -> Source:
    """Return the source of reviews that the command line names; raises ItsmError.

    ``reviews`` is a file, ``forge`` one to be asked, ``number`` the pull request to ask about.
    """
    # What is kept here, and what was fetched.
    source = Source(repo, signed.stored(repo.history, sharing.FETCHED, signed.PREFIX), number=number)
    if reviews:
        source.reviews, source.opened_by = approving.reviews_of(reviews)
    if forge or number:
        from itsm_gitops.forges import connection as forging

        source.forge = forging.connect(repo, forging.forge_name(repo, forge))
    return source
