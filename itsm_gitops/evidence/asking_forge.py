"""Asks the forge again: whether it still says of a sample of merges what somebody wrote down that it said.

A statement that counts reviews of a forge is as true as its recorder. The forge can be asked again: which pull request
brought the commit, who merged it, and which reviews it has. What the forge has forgotten or changed since (an account that is
gone, a review that was dismissed after the merge) is told for information.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from itsm_gitops.evidence.ledger import MISMATCH, AuditFinding, finding
from itsm_gitops.evidence.reading import Statement
from itsm_gitops.evidence.statement import MERGE
from itsm_gitops.forges.forge import Forge
from itsm_gitops.forges.http import ForgeError
from itsm_gitops.forges.reviews import PullRequest, Review
from itsm_gitops.model import clock
from itsm_gitops.model.findings import ERROR, INFO

_HINT = "compare the pull request on the forge with: itsm audit show"


class ForgeAnswer(NamedTuple):
    """How many merges the forge was asked about, and what it says otherwise."""

    asked: int
    findings: tuple[AuditFinding, ...]


def ask_again(forge: Forge, statements: Iterable[Statement], count: int, seed: str) -> ForgeAnswer:
    """Ask a forge about ``count`` merges, drawn by the SHA-256 of ``seed`` and their commits.

    Only statements that rest on this forge are drawn from. Raises ForgeError where it does not answer at all.
    """
    resting = [s for s in statements if s.kind == MERGE and _rests_on(s, forge.name)]
    drawn = sorted(resting, key=lambda s: hashlib.sha256(f"{seed}\n{s.merge}".encode()).hexdigest())[:count]
    found = [f for s in sorted(drawn, key=lambda s: s.sequence) for f in _compare(forge, s)]
    return ForgeAnswer(len(drawn), tuple(found))


def _rests_on(statement: Statement, name: str) -> bool:
    return statement.predicate["request"].get("forge") == name or any(
        r.source == name for r in statement.inputs.reviews
    )


def _compare(forge: Forge, statement: Statement) -> Iterator[AuditFinding]:
    number = forge.merged_pull_request(statement.merge, statement.target)
    request = statement.predicate["request"]
    if number is None:
        yield _wrong(statement, f"{forge.name} knows of no pull request that brought this commit")
        return
    if number != request.get("number"):
        yield _wrong(
            statement,
            f"{forge.name} says that pull request {number} brought it, recorded is {request.get('number')}",
        )
        return
    try:
        pull_request, reviews = forge.pull_request(number), forge.reviews(number)
    except ForgeError as error:
        yield finding(
            MISMATCH,
            INFO,
            statement,
            f"{forge.name} was asked again and does not tell: {error.message}",
            error.hint,
        )
        return
    yield from _request(forge, statement, pull_request)
    yield from _reviews(forge, statement, reviews)


def _request(forge: Forge, statement: Statement, now: PullRequest) -> Iterator[AuditFinding]:
    """Yield what the forge says otherwise of the pull request itself."""
    request, merger = statement.predicate["request"], statement.predicate["merger"]
    pairs = [
        ("its head", request.get("head"), now.head),
        ("who opened it", request.get("author"), now.author),
        ("who merged it", merger.get("account"), now.merged_by),
    ]
    if now.merged_at is not None:
        recorded = clock.format_time(statement.evaluated_at)
        pairs.append(("when it was merged", recorded, clock.format_time(now.merged_at)))
    for what, recorded, said in pairs:
        if recorded != said:
            text = f"{forge.name} says of {what}: {said or 'nobody'}; recorded is: {recorded or 'nobody'}"
            yield _wrong(statement, text)


def _reviews(forge: Forge, statement: Statement, now: Iterable[Review]) -> Iterator[AuditFinding]:
    there = {_key(r): r for r in now}
    recorded = {_key(r): r for r in statement.inputs.reviews if r.source == forge.name}
    for key, review in recorded.items():
        said = there.get(key)
        who = review.login or review.identity
        if said is None:
            yield _wrong(
                statement,
                f"{forge.name} has no review {review.review_id or ''} of {who} any more, or never had",
            )
        elif (said.identity, said.commit) != (review.identity, review.commit):
            yield _wrong(statement, f"{forge.name} says that review {review.review_id} is of {said.login or said.identity}, "
                         f"about {str(said.commit)[:12]}; recorded is {who}, about {str(review.commit)[:12]}")  # fmt: skip
        elif said.state != review.state:
            text = f"the review of {who} was {review.state.replace('_', ' ')} when it was recorded, and is {said.state} now"
            yield finding(MISMATCH, INFO, statement, text, _HINT)
    for key, review in there.items():
        if key not in recorded and review.at <= statement.evaluated_at:
            text = f"{forge.name} has a review of {review.login or review.identity} ({review.state.replace('_', ' ')}) that was left out"
            yield _wrong(statement, text)


def _key(review: Review) -> tuple[str, ...]:
    """Return what identifies a review; GitLab numbers none, so there it is whose it is."""
    return (review.review_id,) if review.review_id else (review.identity, review.state)


def _wrong(statement: Statement, message: str) -> AuditFinding:
    return finding(MISMATCH, ERROR, statement, message, _HINT)
