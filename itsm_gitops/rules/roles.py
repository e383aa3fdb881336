"""Rule W008: who may make a step, by schemas/policies/roles.yaml, the record and the CMDB."""

from __future__ import annotations

from collections.abc import Iterator

from itsm_gitops.model import meaning
from itsm_gitops.model.findings import WARNING
from itsm_gitops.model.roles import holders, names
from itsm_gitops.model.rulebook import ROLES
from itsm_gitops.rules.context import DocumentContext
from itsm_gitops.rules.rule import ITEMS, Hit, Rule


def _actor(ctx: DocumentContext, handle: str) -> frozenset[str] | None:
    """Return a person's handle with their teams, or a team's own; None for somebody unknown."""
    entry, book = ctx.store.entries.get(handle), ctx.book
    if entry is None or entry.kind not in (*book.playing(meaning.PERSON), *book.playing(meaning.TEAM)):
        return None
    return frozenset([handle, *names((ctx.item(handle) or {}).get("teams"))])


def _may(ctx: DocumentContext, actor: frozenset[str], role: str) -> bool:
    """Whether somebody fills a role; one that nobody fills, or that is not known, stops nobody."""
    about = ctx.book.policy(ROLES).get("roles", {}).get(role)
    if not isinstance(about, dict) or about.get("everyone"):
        return True
    named = holders(about, ctx.data, ctx.item)
    return not any(n in ctx.store.entries for n in named) or bool(named & actor)


def step_is_by_its_role(ctx: DocumentContext) -> Iterator[Hit]:
    """Judge the steps of people and teams who are in the CMDB; the role holders of today count."""
    for before, after in zip(ctx.moves, ctx.moves[1:], strict=False):
        handle = after.entry["by"]
        if handle not in ctx.store.entries:
            continue
        step = ctx.flow.step(before.state, after.state, ctx.data)
        actor = _actor(ctx, handle)
        if step is None or actor is None or not step.by:
            continue
        if not any(_may(ctx, actor, role) for role in step.by):
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
