"""Rule W008: who may make a step, by schemas/policies/roles.yaml, the record and the CMDB."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any, NamedTuple

from itsm_gitops.model import meaning
from itsm_gitops.model.findings import WARNING
from itsm_gitops.model.once import Once
from itsm_gitops.model.roles import follow, named, names
from itsm_gitops.model.rulebook import ROLES
from itsm_gitops.rules.context import DocumentContext
from itsm_gitops.rules.rule import ITEMS, Hit, Rule


def _actor(ctx: DocumentContext, handle: str) -> frozenset[str] | None:
    """Return a person's handle with their teams, or a team's own; None for somebody unknown."""
    entry, book = ctx.store.entries.get(handle), ctx.book
    if entry is None or not (
        entry.kind in book.playing(meaning.PERSON) or entry.kind in book.playing(meaning.TEAM)
    ):
        return None
    return frozenset([handle, *names((ctx.item(handle) or {}).get("teams"))])


class _Holders(NamedTuple):
    """A role: who always holds it, the fields that name who does, and its other ways."""

    fixed: frozenset[str]
    fields: tuple[str, ...]
    others: Mapping[str, Any]


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


def _may(ctx: DocumentContext, actor: frozenset[str], role: _Holders | None) -> bool:
    """Whether somebody fills a role; one that nobody fills, or that is not known, stops nobody."""
    if role is None or not actor.isdisjoint(role.fixed):
        return True
    # This runs for each step of each record: the cheapest way first, and none twice.
    holders: list[str] = []
    for field in role.fields:
        value = ctx.data.get(field)
        if isinstance(value, str):
            holders.append(value)
        elif value is not None or "." in field:  # a field that is not there names nobody
            holders += names(follow(ctx.data, field, ctx.item))
    if actor.isdisjoint(holders):
        holders += named(role.others, ctx.data, ctx.item)
        if actor.isdisjoint(holders):
            return not any(name in ctx.store.entries for name in (*holders, *role.fixed))
    return True


def step_is_by_its_role(ctx: DocumentContext) -> Iterator[Hit]:
    """Judge the steps of people and teams who are in the CMDB; the role holders of today count."""
    policy, actors = ctx.book.policy(ROLES).get("roles", {}), dict[str, frozenset[str] | None]()
    roles = _roles(policy, make=lambda: _read_roles(policy))
    for before, after in pairwise(ctx.moves):
        handle = after.entry["by"]
        if handle not in ctx.store.entries:
            continue
        step = ctx.flow.step(before.state, after.state, ctx.data, ctx.subject)
        if step is None or not step.by:
            continue
        if handle not in actors:
            actors[handle] = _actor(ctx, handle)
        actor = actors[handle]
        if actor is not None and not any(_may(ctx, actor, roles.get(role)) for role in step.by):
            wanted = ", ".join(role.replace("_", " ") for role in step.by)
            message = f"'{handle}' may not make the step '{step.name}'"
            yield Hit(message, ("timeline", after.place, "by"), f"it is for: {wanted}")


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
