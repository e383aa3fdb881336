"""Rule S026: the roles by which status, schedule, approvals and site know kinds and states are played."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from itsm_gitops.model import meaning
from itsm_gitops.model.findings import WARNING, Pointer
from itsm_gitops.model.roles import names
from itsm_gitops.model.rulebook import CHANGE_CONTROL
from itsm_gitops.rules.book import BookContext
from itsm_gitops.rules.rule import RULEBOOK, Hit, Rule

# What the states of a kind must mean, by the role of the kind.
_NEEDED: Mapping[str, tuple[str, ...]] = {
    meaning.CHANGE: (meaning.AUTHORISED, meaning.RUNNING, meaning.CARRIED_OUT),
    meaning.KNOWN_ERROR: (meaning.PUBLISHED,),
}
_OF_ITEMS = (meaning.PRODUCTION, meaning.RETIRED)
_WINDOW = frozenset(("planned_start", "planned_end"))
_WITHOUT = "no state of this life cycle says what it means"


def roles_are_played(ctx: BookContext) -> Iterator[Hit]:
    """Look for kinds without a role, for states that a kind needs, and for states that a policy names itself."""
    if any(loaded.problems for loaded in ctx.files.values()):
        return  # a role may be in the file that cannot be read
    kinds = list(ctx.kinds())
    if kinds and not any("plays" in about for _, _, about in kinds):
        message = "no kind says which role it plays, so roles follow from names of kinds (incident, change, service)"
        yield Hit(message, ("x-itsm",), "", kinds[0][0], at_key=True, severity=WARNING)
    for path, schema, about in kinds:
        roles = ctx.roles_of(about)
        if roles is not None and meaning.CHANGE not in roles and schema["properties"].keys() >= _WINDOW:
            message = "this kind has a planned window, and the schedule knows changes only"
            hint = 'add "plays": ["change"], or leave planned_start and planned_end out'
            yield Hit(message, ("x-itsm",), hint, path, at_key=True, severity=WARNING)
    yield from _of_flows(ctx, kinds)
    yield from _of_policy(ctx, kinds)


def _of_flows(ctx: BookContext, kinds: list[tuple[str, Any, Mapping[str, Any]]]) -> Iterator[Hit]:
    """Yield the life cycles in which a role is missing that one of their kinds needs, each once."""
    needed: dict[str, dict[str, str]] = {}
    for _, schema, about in kinds:
        roles = [r for role in ctx.roles_of(about) for r in _NEEDED.get(role, ())]
        for role in (*roles, *(_OF_ITEMS if about.get("operational") else ())):
            needed.setdefault(str(about.get("workflow")), {}).setdefault(
                role, str(schema.get("title")).lower()
            )
    for name, wanted in needed.items():
        path = f"schemas/workflows/{name}.yaml"
        flow = ctx.data(path)
        if flow is None or ctx.refusals(path):
            continue
        old = not any("roles" in state for state in flow["states"].values())
        played = {
            role
            for state, about in flow["states"].items()
            for role in (meaning.roles_of_old_state(name, state) if old else about.get("roles", ()))
        }
        missing = {role: title for role, title in wanted.items() if role not in played}
        if old and not missing:
            message = f"{_WITHOUT}: they are read by the names that the shipped ones have"
            yield Hit(message, ("states",), "", path, at_key=True, severity=WARNING)
        for role, title in missing.items():
            message = f"no state plays the role '{role}' ({meaning.STATE_ROLES[role]}), which a {title} needs"
            yield Hit(message, ("states",), "", path, at_key=True)


def _of_policy(ctx: BookContext, kinds: list[tuple[str, Any, Mapping[str, Any]]]) -> Iterator[Hit]:
    """Yield the states that change control names and no life cycle has."""
    policy = ctx.data(CHANGE_CONTROL)
    if policy is None or ctx.refusals(CHANGE_CONTROL):
        return
    for key, wanted in (("authorised_states", meaning.CHANGE), ("controlled_lifecycles", "")):
        flows = {
            about.get("workflow")
            for _, _, about in kinds
            if (wanted in ctx.roles_of(about) if wanted else about.get("operational"))
        }
        states = {
            s for f in flows if f for s in (ctx.data(f"schemas/workflows/{f}.yaml") or {}).get("states", ())
        }
        for index, name in enumerate(names(policy.get(key))):
            if states and name not in states:
                at: Pointer = (key, index)
                yield Hit(
                    f"there is no state '{name}'",
                    at,
                    "leave the list out: roles of states say it",
                    CHANGE_CONTROL,
                )


RULES = (
    Rule(
        "S026",
        "Role that nothing plays",
        scope=RULEBOOK,
        why="Names of kinds and states are yours; status, schedule, approvals and site know them by their roles only.",
        hint="`plays` in x-itsm of a schema, `roles` at the states of a life cycle: schemas/README.md lists them",
        bad="# the life cycle of changes\nimplement: {title: Implement, category: active, description: The work is done.}",
        good="implement: {title: Implement, category: active, roles: [authorised, running], description: The work is done.}",
        check=roles_are_played,
    ),
)
