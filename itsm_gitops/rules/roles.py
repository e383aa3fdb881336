"""Rule W008: who may make a step, by schemas/policies/roles.yaml, the record and the CMDB."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, NamedTuple

from itsm_gitops.model import clock, meaning
from itsm_gitops.model.findings import WARNING
from itsm_gitops.model.inner_life import inner_steps, transition_of
from itsm_gitops.model.once import Once
from itsm_gitops.model.roles import ON_CALL, follow, named, names
from itsm_gitops.model.rulebook import ROLES
from itsm_gitops.model.timeline import SET, WAS, data_then, tells_values
from itsm_gitops.model.workflow import Transition, Workflow
from itsm_gitops.rules.context import Data, DocumentContext
from itsm_gitops.rules.rule import ITEMS, Hit, Rule


def _actor(ctx: DocumentContext, handle: str) -> frozenset[str] | None:
    """Return a person's handle with their teams, or a team's own; None for somebody unknown."""
    entry, book = ctx.store.entries.get(handle), ctx.book
    if entry is None or not (
        entry.kind in book.playing(meaning.PERSON) or entry.kind in book.playing(meaning.TEAM)
    ):
        return None
    return frozenset([handle, *names((ctx.item(handle) or {}).get("teams"))])


def _new_actors() -> dict[str, frozenset[str] | None]:
    return {}


# The same people make the steps of most records; a store does not change while its documents are judged.
_actors: Once[dict[str, frozenset[str] | None]] = Once(2)


class _Holders(NamedTuple):
    """A role: who always holds it, the fields that name who does, and its other ways."""

    fixed: frozenset[str]
    fields: tuple[str, ...]
    others: Mapping[str, Any]


class _Asked(NamedTuple):
    """The roles that a step names, and what is quick to see of them: whether everybody may, who always may, the fields."""

    roles: Sequence[_Holders | None]
    free: bool
    fixed: frozenset[str]
    fields: tuple[str, ...]
    called: bool

    @classmethod
    def of(cls, named: Sequence[str], roles: Mapping[str, _Holders]) -> _Asked:
        """Put together what a step asks for; a role that is not known stops nobody."""
        found = [roles.get(name) for name in named]
        known = [role for role in found if role is not None]
        fixed: frozenset[str] = frozenset().union(*(role.fixed for role in known))
        fields = tuple(dict.fromkeys(field for role in known for field in role.fields))
        return cls(found, None in found, fixed, fields, any(ON_CALL in role.others for role in known))

    def plainly(self, data: Data, actor: frozenset[str]) -> bool:
        """Whether it is plain that somebody may: who always may, or is named by a field of the record itself."""
        if self.free or not actor.isdisjoint(self.fixed):
            return True
        return any(v.__class__ is str and v in actor for v in map(data.get, self.fields))


_EPOCH = datetime.fromtimestamp(0, UTC)  # an entry whose time nobody can read has a finding of its own
_PLAIN = ("teams", "people", "fields")


def _read_roles(roles: Mapping[str, Any]) -> Mapping[str, _Holders]:
    """Return the roles that not everybody holds."""
    return {
        name: _Holders(
            frozenset([*names(about.get("teams")), *names(about.get("people"))]),
            tuple(names(about.get("fields"))),
            {way: value for way, value in about.items() if way not in _PLAIN},
        )
        for name, about in roles.items()
        if isinstance(about, dict) and not about.get("everyone")
    }


_roles: Once[Mapping[str, _Holders]] = Once()
_asked: Once[dict[tuple[str, ...], _Asked]] = Once()


def _new_asked() -> dict[tuple[str, ...], _Asked]:
    return {}


def _asked_by(ctx: DocumentContext, step: Transition, known: dict[tuple[str, ...], _Asked]) -> _Asked:
    """Return what a step asks for by the rule book, which is noted in ``known``: the same few for all records."""
    asked = known.get(step.by)
    if asked is None:
        policy = ctx.book.policy(ROLES).get("roles", {})
        roles = _roles(policy, make=lambda: _read_roles(policy))
        asked = known[step.by] = _Asked.of(step.by, roles)
    return asked


def _known(ctx: DocumentContext) -> dict[tuple[str, ...], _Asked]:
    return _asked(ctx.book.policy(ROLES).get("roles", {}), make=_new_asked)


def _may(
    ctx: DocumentContext, data: Data, actor: frozenset[str], role: _Holders | None, moment: datetime
) -> bool:
    """Whether somebody fills a role for a record with this data at a moment; one that nobody fills, or is not known, stops nobody."""
    if role is None or not actor.isdisjoint(role.fixed):
        return True
    # This runs for each step of each record: the cheapest way first, and none twice.
    holders: list[str] = []
    for field in role.fields:
        value = data.get(field)
        if isinstance(value, str):
            holders.append(value)
        elif value is not None or "." in field:  # a field that is not there names nobody
            holders += names(follow(data, field, ctx.item))
    if actor.isdisjoint(holders):
        holders += named(role.others, data, ctx.item, moment)
        if actor.isdisjoint(holders):
            return not any(name in ctx.store.entries for name in (*holders, *role.fixed))
    return True


def step_is_by_its_role(ctx: DocumentContext) -> Iterator[Hit]:
    """Judge the steps of people and teams who are in the CMDB.

    Who holds a role is read from the record as it was then, before the step or after it, and who was on call from the
    rota for that time; CMDB and policy are today's.
    """
    tracks = tells_values(ctx.said)
    for inner in ctx.kind.inner if tracks else ():
        yield from _inner_steps(ctx, inner)
    if len(ctx.moves) < 2:
        return
    actors, known = _actors(ctx.store, make=_new_actors), _known(ctx)
    verdicts: dict[tuple[str, tuple[str, ...], object], bool] = {}
    for before, after in pairwise(ctx.moves):
        handle = after.entry["by"]
        if handle not in actors:
            actors[handle] = _actor(ctx, handle)
        actor = actors[handle]
        if actor is None:
            continue
        then = data_then(ctx.data, ctx.timeline, after.place) if tracks else ctx.data
        step = ctx.flow.step(before.state, after.state, then, ctx.subject if then is ctx.data else None)
        if step is None or not step.by:
            continue
        asked = _asked_by(ctx, step, known)
        if asked.plainly(then, actor):
            continue
        # Most records are moved on by few, who have the same right each time; but turns on call change.
        key = (handle, step.by, after.entry["at"] if asked.called else None)
        may = None if tracks else verdicts.get(key)
        if may is None:
            may = verdicts[key] = _may_step(ctx, after.place, then, actor, asked.roles)
        if not may:
            yield _not_theirs(handle, step, after.place)


def _not_theirs(handle: str, step: Transition, place: int) -> Hit:
    wanted = ", ".join(role.replace("_", " ") for role in step.by)
    message = f"'{handle}' may not make the step '{step.name}'"
    return Hit(message, ("timeline", place, "by"), f"it is for: {wanted}")


def _inner_steps(ctx: DocumentContext, flow: Workflow) -> Iterator[Hit]:
    """Judge the steps of a life cycle within the document in the same way."""
    for made in inner_steps(flow, ctx.timeline):
        step, handle = transition_of(flow, made), ctx.timeline[made.place]["by"]
        actor = _actor(ctx, handle)
        if step is None or not step.by or actor is None:
            continue
        then = data_then(ctx.data, ctx.timeline, made.place)
        if not _may_step(ctx, made.place, then, actor, _asked_by(ctx, step, _known(ctx)).roles):
            yield _not_theirs(handle, step, made.place)


def _may_step(
    ctx: DocumentContext, place: int, then: Data, actor: frozenset[str], roles: Sequence[_Holders | None]
) -> bool:
    """Whether somebody fills one of some roles at a timeline entry, with what it set or without it."""
    entry = ctx.timeline[place]
    moment = clock.parse_time(str(entry.get("at"))) or _EPOCH
    if any(_may(ctx, then, actor, role, moment) for role in roles):
        return True
    if SET not in entry and WAS not in entry:
        return False
    before = data_then(ctx.data, ctx.timeline, place, with_entry=False)
    return any(_may(ctx, before, actor, role, moment) for role in roles)


RULES = (
    Rule(
        "W008",
        "Step made by somebody without the role",
        severity=WARNING,
        stateful=True,
        why="The life cycle names who may make each step; others should ask those who may.",
        hint="let one of them make the step, or change schemas/policies/roles.yaml",
        bad="timeline:\n  # the intern is in no team that closes incidents\n  - {at: 2026-11-22T10:00:00Z, by: intern, state: closed}",
        good="timeline:\n  - {at: 2026-11-22T10:00:00Z, by: service-desk, state: closed}",
        reach=(ITEMS,),
        check=step_is_by_its_role,
    ),
)
