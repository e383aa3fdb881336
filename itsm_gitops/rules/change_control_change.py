"""Family C between two snapshots: edits of the CMDB that need a change."""

from __future__ import annotations

from collections.abc import Iterator

from itsm_gitops.model.findings import OFF, WARNING
from itsm_gitops.model.rulebook import CHANGE_CONTROL
from itsm_gitops.rules.context import ChangeContext, Pair
from itsm_gitops.rules.registry import CHANGE, Hit, rule


def _authorised(ctx: ChangeContext, states: frozenset[str]) -> frozenset[str]:
    """Return the items that a change in one of these states affects, in head."""
    return frozenset(
        edge.target
        for entry in ctx.head.by_kind.get("change", ())
        if entry.state in states
        for edge in entry.edges
        if edge.relation == "affects"
    )


def _edited_fields(pair: Pair, free: frozenset[str]) -> list[str]:
    base, head = pair.base or {}, pair.head or {}
    names = [n for n in head if n not in base or base[n] != head[n]] + [n for n in base if n not in head]
    return [n for n in names if n not in free]


@rule(
    "C101",
    "Item changed without an authorised change",
    scope=CHANGE,
    severity=WARNING,
    why="What is in production changes through a change: planned, authorised and announced.",
    hint="link the edit to a change that is scheduled or being implemented (its `cis` names the item)",
    bad="# a pull request edits cmdb/databases/payments-db.yaml, and no scheduled change names it",
    good="# records/changes/2026/11/CHG-261122-AB3DE.yaml\nstate: implement\ncis: [payments-db]",
)
def edit_is_authorised(ctx: ChangeContext) -> Iterator[Hit]:
    """Compare the edited operational items with those that authorised changes name."""
    policy = ctx.base_book.policy(CHANGE_CONTROL)
    severity = policy.get("unauthorised_edit", WARNING)
    if severity == OFF or not policy:
        return
    controlled = frozenset(policy.get("controlled_lifecycles", ("production", "maintenance")))
    free = frozenset(policy.get("free_fields", ()))
    covered = _authorised(ctx, frozenset(policy.get("authorised_states", ())))
    for pair in ctx.pairs:
        if not pair.kind.operational or pair.id in covered or pair.head is None:
            continue
        stages = {str(d.get("lifecycle")) for d in (pair.base, pair.head) if d is not None}
        fields = _edited_fields(pair, free)
        if stages & controlled and fields:
            new = pair.base is None
            what = "was added" if new else f"was changed ({', '.join(fields[:3])})"
            pointer = ("id",) if new or fields[0] not in pair.head else (fields[0],)
            message = f"'{pair.id}' {what} and no authorised change names it"
            yield Hit(message, pointer, "", pair.path, severity=severity)
