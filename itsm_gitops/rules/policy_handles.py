"""Rule A009: teams and people whom policies and templates name are there.

A role of nobody stops nobody, work that is routed to nobody waits, and what nobody may write is written by nobody.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from itsm_gitops.model import meaning
from itsm_gitops.model.categories import CATEGORIES
from itsm_gitops.model.decisions import POLICY
from itsm_gitops.model.errors import did_you_mean, is_slip
from itsm_gitops.model.findings import WARNING, Pointer
from itsm_gitops.model.rulebook import RECURRING, ROLES
from itsm_gitops.rules.book_policies import places
from itsm_gitops.rules.context import NetworkContext
from itsm_gitops.rules.link_targets import everybody_is_known
from itsm_gitops.rules.rule import NETWORK, PEOPLE, Hit, Rule

_HANDLES: Mapping[str, tuple[str, ...]] = {
    ROLES: ("roles/*/teams/*", "roles/*/people/*"),
    CATEGORIES: ("categories/*/team",),
    RECURRING: ("rules/*/by",),
    POLICY: ("recorders/*",),
}


def policies_name_who_is_there(ctx: NetworkContext) -> Iterator[Hit]:
    """Look up the teams and people of policies.

    In an open directory only slips are reported: a repository begins with roles for teams that it has not got yet.
    """
    known = dict.fromkeys(e.id for e in ctx.of_role(meaning.PERSON, meaning.TEAM))
    for path, at, name in _named(ctx) if known else ():
        if ctx.store.aliases.get(name, name) in known or ctx.store.may_exist(name):
            continue
        if everybody_is_known(ctx) or is_slip(name, known):
            yield Hit(f"nobody is called '{name}'", at, did_you_mean(name, known), path)


def _named(ctx: NetworkContext) -> Iterator[tuple[str, Pointer, str]]:
    """Yield the path, the place and the name of everybody whom a policy names."""
    for path, patterns in _HANDLES.items():
        for pattern in patterns:
            yield from (
                (path, at, name) for at, name in places(ctx.book.policy(path), pattern.split("/"), ())
            )
    rules: Any = ctx.book.policy(RECURRING).get("rules")
    for number, rule in enumerate(rules if isinstance(rules, list) else ()):
        kind = ctx.book.kinds.get(str(rule.get("kind")))
        for field, value in (rule.get("values") or {}).items() if kind else ():
            reference = kind.fields.get(field, {}).get("x-ref") if kind else None
            if reference and isinstance(value, str) and _to_people(ctx, reference):
                yield RECURRING, ("rules", number, "values", field), value


def _to_people(ctx: NetworkContext, reference: Mapping[str, Any]) -> bool:
    """Whether a reference leads to people and teams alone."""
    return {*reference.get("to", ("any",))} <= {
        *ctx.book.playing(meaning.PERSON),
        *ctx.book.playing(meaning.TEAM),
    }


RULES = (
    Rule(
        "A009",
        "Policy that names somebody who is not there",
        scope=NETWORK,
        severity=WARNING,
        why="A role that nobody fills stops nobody: steps that are for it are open to all. Work routed to nobody waits.",
        hint="correct the name, or add the team or person",
        bad="roles:\n  problem_manager: {title: Problem manager, description: Decides., teams: [problem-managment]}",
        good="roles:\n  problem_manager: {title: Problem manager, description: Decides., teams: [problem-management]}",
        reach=(PEOPLE,),
        check=policies_name_who_is_there,
    ),
)
