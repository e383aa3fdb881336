"""What a request would make weaker than it is: rules that ask for fewer people, roles that others fill.

Whoever keeps the rule book may change it. But a rule by which three of a board decide is not taken away by two others:
besides those who keep the rule book, those are asked whom the weakened rule would have asked. Rules whose role each
record fills anew (its owner, its requester's manager) have nobody to ask and are left to the keepers alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from itsm_gitops import documents
from itsm_gitops.gate.people import Directory
from itsm_gitops.gate.policy import ApprovalRule, Policy, Require, read_policy
from itsm_gitops.model.decisions import POLICY
from itsm_gitops.model.errors import ItsmError
from itsm_gitops.model.roles import described, names
from itsm_gitops.model.rulebook import ROLES
from itsm_gitops.snapshots import Store

_FIXED = frozenset(["teams", "people"])
_WORDS = frozenset(["title", "description"])

Data = Mapping[str, Any]


class Weakening(NamedTuple):
    """A rule that would be weaker, with as many people as are to be asked, and what becomes of it in words."""

    rule: ApprovalRule
    what: str


def weakenings(policy: Policy, base: Store, head: Store, now: datetime) -> list[Weakening]:
    """Return what the request makes weaker, by the rules of its base; ``head`` is what would be merged."""
    roles = base.book.policy(ROLES).get("roles", {})
    fixed = [r for r in (*policy.protected, *policy.rules) if r.require.count and _is_fixed(r, roles)]
    found = [*_rules(fixed, head), *_roles(fixed, roles, head), *_people(fixed, base, head, now)]
    return list({(w.rule.name, w.what): w for w in found}.values())


def _is_fixed(rule: ApprovalRule, roles: Data) -> bool:
    about = described(rule.require.role, roles) or {}
    return bool(about.keys() & _FIXED) and not about.keys() - _FIXED - _WORDS


def _rules(fixed: Iterable[ApprovalRule], head: Store) -> Iterator[Weakening]:
    try:
        after = read_policy(_data(head, POLICY))
    except ItsmError:
        yield from (Weakening(rule, f"the rule {rule.name} could not be read") for rule in fixed)
        return
    known = {rule.name: rule for rule in (*after.protected, *after.rules)}
    for rule in fixed:
        if rule.name not in known:
            yield Weakening(rule, f"the rule {rule.name} would be gone")
        elif not _as_strict(rule, known[rule.name]):
            yield Weakening(rule, f"the rule {rule.name} would ask for something else")


def _as_strict(before: ApprovalRule, after: ApprovalRule) -> bool:
    """Whether a rule is the same as before, or plainly stricter."""
    paths = set(names(before.when.get("paths")))
    same = after.when == before.when or (paths and paths <= set(names(after.when.get("paths"))))
    kept = after.override is None or after.override == before.override
    return bool(same) and kept and _asks_as_much(before.require, after.require)


def _asks_as_much(before: Require, after: Require) -> bool:
    return (
        (after.role, after.each) == (before.role, before.each)
        and after.count >= before.count
        and after.signed >= before.signed
        and after.distinct >= before.distinct
    )


def _roles(fixed: Iterable[ApprovalRule], before: Data, head: Store) -> Iterator[Weakening]:
    try:
        after = _data(head, ROLES).get("roles", {})
    except ItsmError:
        after = {}
    for rule in fixed:
        role = rule.require.role
        if _ways(described(role, before)) != _ways(
            described(role, after) if isinstance(after, dict) else None
        ):
            yield Weakening(rule, f"the role {role} would be filled by others")


def _ways(about: Data | None) -> Data | None:
    return None if about is None else {k: v for k, v in about.items() if k not in _WORDS}


def _people(fixed: Iterable[ApprovalRule], base: Store, head: Store, now: datetime) -> Iterator[Weakening]:
    """Yield the rules whose role loses somebody: those who stay are asked, as many as the rule wants and there are."""
    before, after = Directory(base, now), Directory(head, now)
    for rule in fixed:
        role = rule.require.role
        there, left = set(before.fill(role, {})), set(after.fill(role, {}))
        gone = sorted(there - left)
        stay = min(rule.require.count, len(there & left))
        if gone and stay:
            shown = role.replace("_", " ")
            what = f"{', '.join(gone)} would be no {shown} any more"
            yield Weakening(rule._replace(require=_asking(rule.require, stay)), what)


def _asking(require: Require, count: int) -> Require:
    return Require(require.role, require.each, count, require.distinct, require.signed)


def _data(store: Store, path: str) -> Data:
    """Return a file of the rule book of a snapshot; empty where it is none. Raises ItsmError."""
    data = documents.load(store.snapshot.read(path)).data
    return data if isinstance(data, dict) else {}
