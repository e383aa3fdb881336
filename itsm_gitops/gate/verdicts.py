"""Comparing what is asked for with who approved: one verdict per requirement, one reason per refusal."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from itsm_gitops.forges.reviews import Review
from itsm_gitops.gate.matching import match
from itsm_gitops.gate.people import Directory, Holding
from itsm_gitops.gate.policy import Override
from itsm_gitops.gate.requirements import AppliedRequirement
from itsm_gitops.gate.reviews import (
    NO_ROLE,
    NOT_NEEDED,
    NOT_SIGNED,
    SAME_PERSON,
    SEPARATION,
    Judge,
    Standing,
)
from itsm_gitops.gate.types import (
    ERROR,
    NOT_REQUIRED,
    OVERRIDDEN,
    SATISFIED,
    UNSATISFIED,
    RejectedReview,
    Verdict,
)

_NAMED = 6


class JudgedRequirements(NamedTuple):
    """Verdicts in the order asked, the reviews that do not count, and what else should be known."""

    verdicts: tuple[Verdict, ...]
    rejected: tuple[RejectedReview, ...]
    messages: tuple[str, ...]


class OtherDirectories(NamedTuple):
    """Who would be who after the request, and who was when it left the target branch: only to explain."""

    after: Callable[[], Directory]
    began: Callable[[], Directory]


def judge(
    asked: Sequence[AppliedRequirement], by: Judge, standing: Standing, others: OtherDirectories
) -> JudgedRequirements:
    """Judge every requirement; ``others`` only serve to explain."""
    table = [_Row(a, by, standing) for a in asked]
    _share_out([row for row in table if row.asked.requirement.distinct])
    verdicts = tuple(row.verdict() for row in table)
    counted = {review for v in verdicts for review in v.counted}
    rejected = list(standing.rejected)
    for person, reviews in sorted(standing.approvals.items()):
        rejected += [
            _unused(person, r, table, others)
            for r in reviews
            if r not in counted and not _spare(r, reviews, counted)
        ]
    blocking = {person for row in table for person in row.vetoes}
    for person, review in standing.vetoes.items():
        if person not in blocking:
            rejected.append(
                RejectedReview(
                    review, NO_ROLE, f"{person} asks for changes, but has no role in this; it does not block"
                )
            )
    rejected.sort(key=lambda r: (r.review.at, r.review.identity, r.code))
    return JudgedRequirements(verdicts, tuple(rejected), tuple(_messages(standing, blocking)))


def _messages(standing: Standing, blocking: set[str]) -> Iterator[str]:
    for person in sorted(blocking):
        note = standing.vetoes[person].note
        yield f"{person} asks for changes" + (f": {note}" if note else "")


def _spare(review: Review, reviews: Sequence[Review], counted: set[Review]) -> bool:
    """Whether a person's other approval was counted, so that nothing need be said of this one."""
    return any(other in counted for other in reviews if other is not review)


class _Row:
    """One requirement with the people who fill its role."""

    def __init__(self, asked: AppliedRequirement, by: Judge, standing: Standing) -> None:
        self.asked = asked
        self.by = by
        self.standing = standing
        need = asked.requirement
        self.apart = by.parts.apart(asked.about)
        self.holders = self._fill(by.directory, need.role, asked.owners) if need.role else {}
        self.votes = self._votes()
        self.vetoes = [p for p in standing.vetoes if self._holds(p)] if need.count else []
        self.taken: list[str] | None = None  # who counts here, where people count for one row only

    def _fill(
        self, directory: Directory, role: str, owners: tuple[str, ...] = (), item: str = ""
    ) -> dict[str, Holding]:
        data = directory.narrowed(role, self.asked.data, item or self.asked.item)
        return directory.fill(role, data, owners)

    def _overriders(self, override: Override) -> dict[str, dict[str, Holding]]:
        """Return who may override for each item that the requirement is about; one of them answers for no other."""
        items = self.asked.items or (self.asked.item,)
        return {item: self._fill(self.by.directory, override.role, item=item) for item in items}

    def _holds(self, person: str) -> bool:
        """Whether somebody fills the role, under whichever of their handles."""
        return any(handle in self.holders for handle in self.by.directory.same(person).handles)

    def would_hold(self, person: str, after: Directory) -> bool:
        """Whether somebody would fill the role in another directory."""
        role = self.asked.requirement.role
        return bool(role) and person in self._fill(after, role, self.asked.owners)

    def _usable(self, holders: Mapping[str, Holding]) -> dict[str, Review]:
        """Return the approvals of people who fill the role, none of them in the name of a separated one."""
        found = {}
        for person, holding in holders.items():
            if person in self.apart:
                continue
            acts_for = [g for g in holding.givers if g not in self.apart]
            for review in self.standing.approvals.get(person, ()):
                if (review.signed or not self.asked.requirement.signed) and (holding.direct or acts_for):
                    found[person] = review
                    break
        return found

    @property
    def counted(self) -> dict[str, Review]:
        if self.taken is None:
            return dict(list(self.votes.items())[: self.asked.requirement.count])
        return {person: self.votes[person] for person in self.taken}

    def verdict(self) -> Verdict:
        need = self.asked.requirement
        could = self._could()
        if self.asked.error:
            return Verdict(need, ERROR, (), (), self.asked.error)
        if not need.count:
            return Verdict(need, NOT_REQUIRED, (), (), "nobody need approve this")
        if not self.by.directory.knows(need.role):
            return Verdict(
                need, ERROR, (), (), f"there is no role '{need.role}' in schemas/policies/roles.yaml"
            )
        counted = tuple(self.counted.values())
        if self.vetoes:
            have = f"approved by {self._names()}, but " if counted else ""
            reason = f"{have}{_listed(self.vetoes)} asked for changes"
            return Verdict(need, UNSATISFIED, counted, could, reason)
        if len(counted) >= need.count:
            return Verdict(need, SATISFIED, counted, could, f"approved by {self._names()}")
        have = f"approved by {self._names()}; " if counted else ""
        return self._overridden() or Verdict(
            need, UNSATISFIED, counted, could, have + self._missing(len(counted), could) + self._way_out()
        )

    def _names(self) -> str:
        """Return who has approved; of a delegate, for whom."""
        shown = []
        for person in self.counted:
            holding = self.holders[person]
            givers = [g for g in holding.givers if g not in self.apart]
            shown.append(person if holding.direct else f"{person} (for {_listed(givers)})")
        return _listed(shown)

    def _votes(self) -> dict[str, Review]:
        """Return the approvals that are votes: one of each human, and who acts for somebody casts that person's."""
        usable = self._usable(self.holders)
        people = sorted(usable, key=lambda p: (not self.holders[p].direct, p))
        return {
            p: usable[p]
            for p, vote in zip(people, match(list(map(self._voice, people))), strict=True)
            if vote
        }

    def _voice(self, person: str) -> list[str]:
        """Return whose vote somebody can cast: their own, or one of a colleague who may approve."""
        holding = self.holders[person]
        given = [person] if holding.direct else [g for g in holding.givers if g not in self.apart]
        return list(map(self.by.directory.human, given))

    def _could(self) -> tuple[str, ...]:
        """Return who could still approve: who fills the role, has no part in it, and would add a vote."""
        human = self.by.directory.human
        voted = {human(person) for person in self.votes}
        voices = list(map(self._voice, self.votes))
        return tuple(
            person
            for person in self.holders
            if person not in self.apart
            and human(person) not in voted
            and all(match([*voices, self._voice(person)]))
        )

    def _missing(self, have: int, could: tuple[str, ...]) -> str:
        need = self.asked.requirement
        role = need.role.replace("_", " ")
        signed = " (signed)" if need.signed else ""
        left = need.count - have
        lacking = f"needs {left} {'more ' if have else ''}of {need.count} by {role}{signed}"
        short = left - len({self.by.directory.human(person) for person in could})
        apart = [p for p in self.holders if p in self.apart]
        because = f", because {self.apart[apart[0]]}" if apart else ""
        if could and short > 0:
            return f"{lacking}: only {_listed(list(could))} could, and {short} more {_have(short)} to fill that role{because}"
        if could:
            return f"{lacking}: {_listed(list(could))} could"
        if apart:
            return f"{lacking}: nobody is left{because}"
        return f"{lacking}: nobody {'else ' if self.holders else ''}on the target branch fills that role"

    def _way_out(self) -> str:
        """Say that an override exists, and who holds it; empty where there is none."""
        override = self.asked.override
        if override is None:
            return ""
        role = override.role.replace("_", " ")
        may: dict[str, None] = {}
        for item, holders in self._overriders(override).items():
            some = [p for p in holders if p not in self.apart or (override.alone and holders[p].direct)]
            if not some:
                whose = f" for {item}" if item and self.asked.items else ""
                return f"; or an override by nobody at present: nobody{'' if whose else ' else'} is {role}{whose}"
            may |= dict.fromkeys(some)
        together = ", who cover its items together" if len(self.asked.items) > 1 and len(may) > 1 else ""
        return (
            f"; or an override by {_listed(list(may))} ({role}{together}), "
            f"with a retrospective review within {override.retro_review}"
        )

    def _overridden(self) -> Verdict | None:
        override = self.asked.override
        if override is None:
            return None
        used: dict[str, Review] = {}
        alone = False
        for holders in self._overriders(override).values():
            usable = self._usable(holders)
            if not usable and override.alone:
                usable = self._own(holders)
                alone = alone or bool(usable)
            if not usable:
                return None
            # Whoever answers for another item already is not joined by somebody else.
            person = next((p for p in used if p in usable), next(iter(usable)))
            used[person] = usable[person]
        role = override.role.replace("_", " ")
        reason = (
            f"overridden by {_listed(list(used))} as {role}{', alone and for their own work' if alone else ''}; "
            f"review due {override.retro_review} after the merge"
        )
        counted = (*self.counted.values(), *used.values())
        return Verdict(
            self.asked.requirement, OVERRIDDEN, counted, self._could(), reason, override.retro_review
        )

    def _own(self, holders: Mapping[str, Holding]) -> dict[str, Review]:
        """Return what those who hold the role say of their own work.

        Only who holds it: acting for a colleague does not make somebody the one on call.
        """
        signed = self.asked.requirement.signed
        apart = {p: r for p, r in self.standing.approvals.items() if p in self.apart}
        return {
            p: r
            for p, reviews in {**apart, **self.standing.own}.items()
            if p in holders and holders[p].direct
            for r in reviews
            if r.signed or not signed
        }


def _have(count: int) -> str:
    return "has" if count == 1 else "have"


def _share_out(rows: Sequence[_Row]) -> None:
    """Give each human to one requirement only, so that as many as possible are satisfied."""
    slots = [row for row in rows for _ in range(row.asked.requirement.count)]
    for row in rows:
        row.taken = []
    handles = [{row.by.directory.human(p): p for p in row.votes} for row in slots]
    for row, handle, human in zip(slots, handles, match([list(h) for h in handles]), strict=True):
        if human and row.taken is not None:
            row.taken.append(handle[human])


def _unused(person: str, review: Review, table: Sequence[_Row], others: OtherDirectories) -> RejectedReview:
    """Say why a usable approval was not counted for anything."""
    held = [row for row in table if person in row.holders]
    if not held:
        return RejectedReview(review, NO_ROLE, _no_role(person, table, others))
    unsigned = [row for row in held if row.asked.requirement.signed and not review.signed]
    if unsigned and len(unsigned) == len(held):
        name = unsigned[0].asked.requirement.name
        return RejectedReview(
            review,
            NOT_SIGNED,
            f"{name} needs a statement signed with {person}'s own key (itsm approve --sign)",
        )
    if all(person in row.apart for row in held):
        return RejectedReview(review, SEPARATION, held[0].apart[person])
    for row in held:
        directory, holding = row.by.directory, row.holders[person]
        human = directory.same(person)
        twin = next((p for p in row.votes if p != person and p in human.handles), "")
        if twin:
            why = f"{person} is the same person as {twin} ({human.tie}), who has approved: one person has one vote"
            return RejectedReview(review, SAME_PERSON, why)
        if not holding.direct:
            giver = holding.givers[0]
            apart = row.apart.get(giver)
            why = f"may not approve: {apart}" if apart else "has approved too, and the two have one vote"
            return RejectedReview(review, NOT_NEEDED, f"{person} acts for {giver}, who {why}")
    return RejectedReview(review, NOT_NEEDED, "others have approved already; nothing more was needed")


def _no_role(person: str, table: Sequence[_Row], others: OtherDirectories) -> str:
    asked = [row for row in table if row.asked.requirement.count and row.asked.requirement.role]
    if not asked:
        return f"{person} approves, but nobody is asked to approve anything here"
    for row in asked:
        need = row.asked.requirement
        role = need.role.replace("_", " ")
        if row.would_hold(person, others.began()):
            return (
                f"{person} was {role} when this request left the target branch, and is no longer; "
                "roles count as they are there now"
            )
        if row.would_hold(person, others.after()):
            return f"{person} would be {role} only through this request; roles count once they are on the target branch"
        ended = row.by.directory.ended(person, need.role)
        if ended:
            return f"{person} acts for {ended.giver} from {ended.since} to {ended.until} only"
    roles = sorted({row.asked.requirement.role.replace("_", " ") for row in asked})
    return f"{person} has none of the roles that are asked for ({', '.join(roles)})"


def _listed(people: Sequence[str]) -> str:
    shown = ", ".join(people[:_NAMED])
    return f"{shown} and {len(people) - _NAMED} more" if len(people) > _NAMED else shown
