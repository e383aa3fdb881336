"""Comparing what is asked for with who approved: one verdict per requirement, one reason per refusal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from itsm_gitops.forges.reviews import Review
from itsm_gitops.gate.people import Directory, Holding
from itsm_gitops.gate.policy import Override
from itsm_gitops.gate.requirements import AppliedRequirement
from itsm_gitops.gate.reviews import NO_ROLE, NOT_NEEDED, NOT_SIGNED, Judge, Standing
from itsm_gitops.gate.types import ERROR, OVERRIDDEN, SATISFIED, UNSATISFIED, RejectedReview, Verdict

_NAMED = 6


class JudgedRequirements(NamedTuple):
    """Verdicts in the order asked, the reviews that do not count, and what else should be known."""

    verdicts: tuple[Verdict, ...]
    rejected: tuple[RejectedReview, ...]
    messages: tuple[str, ...]


def judge(
    asked: Sequence[AppliedRequirement], by: Judge, standing: Standing, after: Directory
) -> JudgedRequirements:
    """Judge every requirement.

    ``after`` is the directory as the request would make it; it only serves to explain.
    """
    table = [_Row(a, by, standing) for a in asked]
    _share_out([row for row in table if row.asked.requirement.distinct])
    verdicts = tuple(row.verdict() for row in table)
    counted = {review for v in verdicts for review in v.counted}
    rejected = list(standing.rejected)
    for person, reviews in sorted(standing.approvals.items()):
        rejected += [
            _unused(person, r, table, after)
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
        self.holders = self._fill(by.directory, need.role, asked.owners) if need.role else {}
        self.votes = _votes(self._usable(self.holders), self.holders)
        self.vetoes = [p for p in standing.vetoes if p in self.holders] if need.count else []
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

    def would_hold(self, person: str, after: Directory) -> bool:
        """Whether somebody would fill the role in another directory."""
        role = self.asked.requirement.role
        return bool(role) and person in self._fill(after, role, self.asked.owners)

    def _usable(self, holders: Mapping[str, Holding]) -> dict[str, Review]:
        """Return the approvals of people who fill the role, none of them in the name of a separated one."""
        found = {}
        for person, holding in holders.items():
            acts_for = [g for g in holding.givers if g not in self.by.separated]
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
            return Verdict(need, SATISFIED, (), (), "nobody need approve this")
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
            givers = [g for g in holding.givers if g not in self.by.separated]
            shown.append(person if holding.direct else f"{person} (for {_listed(givers)})")
        return _listed(shown)

    def _could(self) -> tuple[str, ...]:
        """Return who could still approve: who fills the role, has no part in it and has no vote yet."""
        return tuple(
            person
            for person, holding in self.holders.items()
            if person not in self.by.separated
            and person not in self.votes
            and (holding.direct or any(g not in self.by.separated for g in holding.givers))
        )

    def _missing(self, have: int, could: tuple[str, ...]) -> str:
        need = self.asked.requirement
        role = need.role.replace("_", " ")
        signed = " (signed)" if need.signed else ""
        lacking = f"needs {need.count - have} {'more ' if have else ''}of {need.count} by {role}{signed}"
        if could:
            return f"{lacking}: {_listed(list(could))} could"
        apart = [p for p in self.holders if p in self.by.separated]
        if apart:
            return f"{lacking}: nobody is left, because {self.by.separated[apart[0]]}"
        return f"{lacking}: nobody on the target branch fills that role"

    def _way_out(self) -> str:
        """Say that an override exists, and who holds it; empty where there is none."""
        override = self.asked.override
        if override is None:
            return ""
        role = override.role.replace("_", " ")
        may: dict[str, None] = {}
        for item, holders in self._overriders(override).items():
            some = [
                p for p in holders if p not in self.by.separated or (override.alone and holders[p].direct)
            ]
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
        return {
            p: r
            for p, reviews in self.standing.own.items()
            if p in holders and holders[p].direct
            for r in reviews
            if r.signed or not signed
        }


def _votes(usable: Mapping[str, Review], holders: Mapping[str, Holding]) -> dict[str, Review]:
    """Return the approvals that are votes: who acts for somebody casts that person's one vote."""
    people = sorted(usable, key=lambda p: (not holders[p].direct, p))
    voices = [[p] if holders[p].direct else list(holders[p].givers) for p in people]
    return {person: usable[person] for person, voice in zip(people, _match(voices), strict=True) if voice}


def _share_out(rows: Sequence[_Row]) -> None:
    """Give each person to one requirement only, so that as many as possible are satisfied."""
    slots = [row for row in rows for _ in range(row.asked.requirement.count)]
    for row in rows:
        row.taken = []
    for row, person in zip(slots, _match([list(row.votes) for row in slots]), strict=True):
        if person and row.taken is not None:
            row.taken.append(person)


def _match(options: Sequence[Sequence[str]]) -> list[str]:
    """Give each place one of its options, no option twice, filling as many as possible; '' is none.

    Augmenting paths (Kuhn 1955): a taken option is freed if its holder can have another one.
    """
    holder: dict[str, int] = {}

    def place(index: int, tried: set[str]) -> bool:
        for option in options[index]:
            if option in tried:
                continue
            tried.add(option)
            if option not in holder or place(holder[option], tried):
                holder[option] = index
                return True
        return False

    for index in range(len(options)):
        place(index, set())
    found = [""] * len(options)
    for option, index in holder.items():
        found[index] = option
    return found


def _unused(person: str, review: Review, table: Sequence[_Row], after: Directory) -> RejectedReview:
    """Say why a usable approval was not counted for anything."""
    held = [row for row in table if person in row.holders]
    if not held:
        return RejectedReview(review, NO_ROLE, _no_role(person, table, after))
    unsigned = [row for row in held if row.asked.requirement.signed and not review.signed]
    if unsigned and len(unsigned) == len(held):
        name = unsigned[0].asked.requirement.name
        return RejectedReview(
            review,
            NOT_SIGNED,
            f"{name} needs a statement signed with {person}'s own key (itsm approve --sign)",
        )
    for row in held:
        holding = row.holders[person]
        if not holding.direct:
            giver = holding.givers[0]
            apart = row.by.separated.get(giver)
            why = f"may not approve: {apart}" if apart else "has approved too, and the two have one vote"
            return RejectedReview(review, NOT_NEEDED, f"{person} acts for {giver}, who {why}")
    return RejectedReview(review, NOT_NEEDED, "others have approved already; nothing more was needed")


def _no_role(person: str, table: Sequence[_Row], after: Directory) -> str:
    for row in table:
        need = row.asked.requirement
        role = need.role.replace("_", " ")
        if row.would_hold(person, after):
            return f"{person} would be {role} only through this request; roles count once they are on the target branch"
        ended = row.by.directory.ended(person, need.role)
        if ended:
            return f"{person} acts for {ended.giver} from {ended.since} to {ended.until} only"
    roles = sorted(
        {row.asked.requirement.role.replace("_", " ") for row in table if row.asked.requirement.role}
    )
    return f"{person} has none of the roles that are asked for ({', '.join(roles) or 'none'})"


def _listed(people: Sequence[str]) -> str:
    shown = ", ".join(people[:_NAMED])
    return f"{shown} and {len(people) - _NAMED} more" if len(people) > _NAMED else shown
