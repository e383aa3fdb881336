"""Which reviews count: the latest decisive one of each person, if it may and still can."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
from itertools import takewhile

from itsm_gitops.forges.reviews import APPROVED, CHANGES_REQUESTED, DECISIVE, DISMISSED, Review
from itsm_gitops.gate.digest import ReviewedContent
from itsm_gitops.gate.people import Directory
from itsm_gitops.gate.policy import Policy
from itsm_gitops.gate.separation import Parts
from itsm_gitops.gate.spent import ApprovalUse
from itsm_gitops.gate.types import RejectedReview
from itsm_gitops.model import clock

# Why a review does not count, for programs.
NO_ACCOUNT = "NO_ACCOUNT"
BOT = "BOT"
UNKNOWN_PERSON = "UNKNOWN_PERSON"
INACTIVE = "INACTIVE"
SEPARATION = "SEPARATION"
SUPERSEDED = "SUPERSEDED"
WAS_DISMISSED = "DISMISSED"
OTHER_TARGET = "OTHER_TARGET"
NO_COMMIT = "NO_COMMIT"
STALE = "STALE"
EXPIRED = "EXPIRED"
FROM_THE_FUTURE = "FROM_THE_FUTURE"
NO_ROLE = "NO_ROLE"
NOT_SIGNED = "NOT_SIGNED"
NOT_NEEDED = "NOT_NEEDED"
SAME_PERSON = "SAME_PERSON"

CLOCK_ERROR = timedelta(minutes=5)
NOBODY = Parts({}, {}, (), (), (), ())


@dataclass(frozen=True)
class Standing:
    """What all reviews come to.

    ``approvals`` maps people to their usable approvals, the latest first (a second one only where
    it is signed and the latest is not), ``vetoes`` to their latest request for changes. ``own`` are those of
    people with a part in it, good in all else: they count for an override that one may give alone.
    """

    approvals: dict[str, list[Review]] = field(default_factory=dict)
    own: dict[str, list[Review]] = field(default_factory=dict)
    vetoes: dict[str, Review] = field(default_factory=dict)
    rejected: list[RejectedReview] = field(default_factory=list)


@dataclass(frozen=True)
class Judge:
    """What decides whether one approval can count. ``parts`` says who may not, and why.

    ``use`` knows which approvals are used up; None where nobody asks.
    """

    policy: Policy
    directory: Directory
    parts: Parts
    seen: ReviewedContent
    digest: str
    target: str
    now: datetime
    use: ApprovalUse | None = None

    @cached_property
    def separated(self) -> Mapping[str, str]:
        """Who approves nothing of the request, and why."""
        return self.parts.apart(())

    def sort(self, reviews: Iterable[Review]) -> Standing:
        """Reduce all reviews to what each person says now."""
        standing = Standing()
        by_person: dict[str, list[Review]] = {}
        for review in reviews:
            person, refused = self._person(review)
            if refused is None:
                by_person.setdefault(person, []).append(replace(review, person=person))
            elif review.state in DECISIVE:
                standing.rejected.append(refused)
        for person, theirs in sorted(by_person.items()):
            # In the same second a refusal is the later one: who is in doubt asks again.
            decisive = sorted(
                (r for r in theirs if r.state in DECISIVE), key=lambda r: (r.at, r.state != APPROVED)
            )
            if decisive:
                self._decide(standing, person, decisive)
        return standing

    def _person(self, review: Review) -> tuple[str, RejectedReview | None]:
        """Return whose review it is; logins are labels, only the account's number counts."""
        if review.bot or review.login.endswith("[bot]"):
            return "", RejectedReview(review, BOT, f"{_who(review)} is a bot; programs do not approve")
        if not review.identity and not review.person:
            return "", RejectedReview(
                review, NO_ACCOUNT, "the account was deleted, so nobody answers for this review"
            )
        person = review.person or self.directory.by_account(review.identity)
        if person not in self.directory.people:
            return "", RejectedReview(review, UNKNOWN_PERSON, self._unknown(review, person))
        return person, None

    def _unknown(self, review: Review, person: str) -> str:
        if person:
            return f"there is no '{person}' in cmdb/people on the target branch"
        claimants = self.directory.claimants(review.identity)
        if len(claimants) > 1:
            cure = "take it out of all but one of their files, or let same_as say that they are one person"
            return f"{_who(review)} is nobody's account: {', '.join(claimants)} all claim it in cmdb/people; {cure}"
        forge = review.identity.partition(":")[0]
        named = self.directory.by_login(forge, review.login) if review.login else []
        note = f"; {named[0]} has that login written down, but another number" if named else ""
        return f"{_who(review)} is nobody's account in cmdb/people on the target branch{note}"

    def _decide(self, standing: Standing, person: str, decisive: Sequence[Review]) -> None:
        """Take the latest of one person's decisive reviews; the older ones never count again."""
        *older, latest = decisive
        unbroken = takewhile(lambda r: r.state == APPROVED, reversed(older))
        signed = next((r for r in unbroken if r.signed), None)
        second = signed if latest.state == APPROVED and not latest.signed else None
        for review in older:
            if review.state == APPROVED and review is not second:
                standing.rejected.append(RejectedReview(review, SUPERSEDED, f"{person} {_later(latest)}"))
        if latest.state == CHANGES_REQUESTED:
            standing.vetoes[person] = latest
        elif latest.state == DISMISSED:
            standing.rejected.append(
                RejectedReview(
                    latest, WAS_DISMISSED, f"the review of {person} was dismissed, and no older one counts"
                )
            )
        else:
            for review in (latest, *([second] if second else [])):
                refused = self.refuse(person, review)
                if refused:
                    standing.rejected.append(refused)
                    if refused.code == SEPARATION and self._holds_else(person, review):
                        standing.own.setdefault(person, []).append(review)
                else:
                    standing.approvals.setdefault(person, []).append(review)

    def _holds_else(self, person: str, review: Review) -> bool:
        """Whether an approval has no other fault than that it is one's own."""
        return replace(self, parts=NOBODY).refuse(person, review) is None

    def refuse(self, person: str, review: Review) -> RejectedReview | None:
        """Say why an approval cannot count for anything; None where it can."""
        if not self.directory.active(person):
            return RejectedReview(
                review, INACTIVE, f"{person} is not active in cmdb/people on the target branch"
            )
        if person in self.separated:
            return RejectedReview(review, SEPARATION, self.separated[person])
        if review.target is not None and review.target != self.target:
            return RejectedReview(review, OTHER_TARGET, self._other_target(review))
        return self._out_of_date(person, review)

    def _other_target(self, review: Review) -> str:
        if review.target:
            return f"it was given for the branch {review.target}, not for {self.target}"
        if review.note and not review.signed:  # the adapter's note; in a statement it is the reviewer's
            return f"nobody knows whether it was given for {self.target}: {review.note}"
        return f"it was given for some other branch, not for {self.target}"

    def _out_of_date(self, person: str, review: Review) -> RejectedReview | None:
        if review.at > self.now + CLOCK_ERROR:
            return RejectedReview(
                review, FROM_THE_FUTURE, f"it is dated {clock.format_time(review.at)}, which is yet to come"
            )
        if self.now - review.at > self.policy.max_age:
            age, limit = clock.age(review.at, self.now), self.policy.max_age
            reason = f"it is {age} old, and approvals count for {clock.age(self.now - limit, self.now)}"
            return RejectedReview(review, EXPIRED, reason)
        if review.digest is not None and review.digest == self.digest:
            code, reason = self.use.refuse(review) if self.use else ("", "")
            return RejectedReview(review, code, reason) if code else None
        if not review.commit:
            return RejectedReview(review, NO_COMMIT, f"it does not say what {person} saw")
        if review.digest is None and self.seen.current(review.commit):
            return None
        reason = f"{person} saw {review.commit[:12]}, and since then: {self.seen.voided_by(review.commit)}"
        return RejectedReview(review, STALE, reason)


def _later(latest: Review) -> str:
    return {
        APPROVED: "approved again later",
        CHANGES_REQUESTED: "asked for changes later",
        DISMISSED: "reviewed again later, and that review was dismissed",
    }[latest.state]


def _who(review: Review) -> str:
    named = f" ({review.login})" if review.login else ""
    return f"{review.identity or review.source}{named}"
