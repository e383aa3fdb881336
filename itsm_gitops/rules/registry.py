"""The table of all rules, collected from the tables of the families."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache

from itsm_gitops.model.errors import NotFound, did_you_mean
from itsm_gitops.model.findings import Finding
from itsm_gitops.rules import (
    agreements,
    approval_coverage,
    approval_policy,
    approvals,
    archived,
    book_filters,
    calendar_sorts,
    categories,
    change_book,
    change_control,
    change_control_change,
    change_planning,
    cmdb,
    dated_fields,
    duties,
    guards,
    identity,
    in_use,
    licences,
    life_cycles,
    link_targets,
    links,
    major_incidents,
    migrations,
    organisations,
    own_rule_book,
    own_rules,
    parse,
    people,
    planned_time,
    played,
    policy_handles,
    protection,
    recurring,
    roles,
    roots,
    rotas,
    rulebook,
    schema,
    targets,
    tracking,
    unread_book,
    workflow,
    workflow_change,
)
from itsm_gitops.rules.rule import Rule


def by_code(rules: Iterable[Rule]) -> dict[str, Rule]:
    """Return rules by their codes, in order of the codes; raises ValueError for a code that is taken twice."""
    table: dict[str, Rule] = {}
    for rule in sorted(rules, key=lambda r: r.code):
        if rule.code in table:
            raise ValueError(f"rule {rule.code} stands in the tables twice")
        table[rule.code] = rule
    return table


RULES: Mapping[str, Rule] = by_code(
    (
        *parse.RULES,
        *schema.RULES,
        *rulebook.RULES,
        *unread_book.RULES,
        *identity.RULES,
        *links.RULES,
        *link_targets.RULES,
        *roots.RULES,
        *migrations.RULES,
        *workflow.RULES,
        *workflow_change.RULES,
        *tracking.RULES,
        *guards.RULES,
        *major_incidents.RULES,
        *own_rules.RULES,
        *categories.RULES,
        *own_rule_book.RULES,
        *book_filters.RULES,
        *life_cycles.RULES,
        *archived.RULES,
        *played.RULES,
        *recurring.RULES,
        *protection.RULES,
        *roles.RULES,
        *cmdb.RULES,
        *dated_fields.RULES,
        *duties.RULES,
        *in_use.RULES,
        *calendar_sorts.RULES,
        *agreements.RULES,
        *targets.RULES,
        *licences.RULES,
        *organisations.RULES,
        *rotas.RULES,
        *people.RULES,
        *approvals.RULES,
        *approval_policy.RULES,
        *policy_handles.RULES,
        *approval_coverage.RULES,
        *change_book.RULES,
        *change_control.RULES,
        *change_control_change.RULES,
        *change_planning.RULES,
        *planned_time.RULES,
    )
)


@cache
def rules(scope: str | None = None) -> tuple[Rule, ...]:
    """Return all rules (of one scope) by code."""
    return tuple(r for r in RULES.values() if scope in (None, r.scope))


def find_rule(code: str) -> Rule:
    """Return the rule with this code, in any case; raises NotFound with the nearest codes."""
    rule = RULES.get(code.strip().upper())
    if rule is None:
        hint = did_you_mean(code, RULES) or "itsm explain lists all rules"
        raise NotFound(f"there is no rule {code}", hint)
    return rule


def replaced(findings: Sequence[Finding]) -> list[Finding]:
    """Drop findings that a more telling rule reports at the same place."""
    instead = {r.code: r.instead_of for r in rules() if r.instead_of}
    told = {(instead[f.code], f.path, f.pointer) for f in findings if f.code in instead}
    return [f for f in findings if (f.code, f.path, f.pointer) not in told]
