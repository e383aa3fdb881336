"""Family S: protections of the rule book that a request takes away.

Nobody notices a rule that is gone: it refuses nothing, so it reports nothing. The check of the request that takes it
away is the last one that can.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from itsm_gitops.model import meaning
from itsm_gitops.model.decisions import POLICY
from itsm_gitops.model.findings import OFF, WARNING, Pointer
from itsm_gitops.model.rulebook import CHANGE_CONTROL, CHANGE_MODELS, RISK, ROLES
from itsm_gitops.model.untyped import as_list, as_mapping
from itsm_gitops.model.user_rules import RULES as OWN_RULES
from itsm_gitops.rules.book import BookContext
from itsm_gitops.rules.context import ChangeContext
from itsm_gitops.rules.rule import CHANGE, RULEBOOK, Hit, Rule
from itsm_gitops.rules.weakened import weakened
from itsm_gitops.rules.weakened_duties import nearest, weakened_duties

_PROTECTING = ("schemas/policies/", "schemas/workflows/", "schemas/rules/")
_SCHEMAS = ("schemas/records/", "schemas/cmdb/", "schemas/common.schema.json")
_WHAT = {"policies": "policy", "workflows": "life cycle", "rules": "rule"}
# Files without which nothing asks, and the key that must hold something.
_NEEDED = {POLICY: "rules", CHANGE_CONTROL: "", CHANGE_MODELS: "models", RISK: "", ROLES: "roles"}


# Lists that protect, and the message where an entry is gone.
_LISTS = {
    "require": "it does not demand {}",
    "refuse": "it has no stop sign {}",
    "immutable": "{} is not immutable",
    "track": "{} is not tracked",
    "separation": "{} is not kept apart",
}


class Demand(NamedTuple):
    """Something that a life cycle or a policy demands: where it stands, and how it is called."""

    pointer: Pointer
    name: str


def nothing_that_protects_is_taken_away(ctx: ChangeContext) -> Iterator[Hit]:
    """Compare the policies, life cycles and rules of base with those of head."""
    base, head = ctx.base_book, ctx.head.book
    for path in sorted(p for p in base.files if p.startswith(_PROTECTING) and p in ctx.changed):
        what = _WHAT[path.split("/")[1]]
        if path not in head.files:
            yield Hit(
                f"this {what} was removed, and what it protects is protected by nothing",
                (),
                "",
                path,
                line=1,
                column=1,
            )
            continue
        before: Any = base.policy(path)
        after: Any = head.policy(path)
        if not isinstance(before, Mapping) or not isinstance(after, Mapping):
            continue
        for key, value in before.items():
            if value and isinstance(value, list | dict) and not after.get(key):
                yield Hit(f"'{key}' of this {what} was emptied", (key,) if key in after else (), "", path)
        there = {d.name for d in _demands(after)}
        for demand in _demands(before):
            if demand.name not in there and after.get(str(demand.pointer[0])):
                yield Hit(f"{demand.name} any more", nearest(after, demand.pointer), "", path)
        for pointer, how in weakened(before, after, is_rule=path.startswith(OWN_RULES)):
            yield Hit(how, pointer, "", path)


def no_duty_is_taken_away(ctx: ChangeContext) -> Iterator[Hit]:
    """Compare the duties of dates in the schemas of base with those of head."""
    base, head = ctx.base_book, ctx.head.book
    for path in sorted(p for p in base.files if p.startswith(_SCHEMAS) and p in ctx.changed):
        if path in head.files:
            for pointer, how in weakened_duties(base.policy(path), head.policy(path)):
                yield Hit(how, pointer, "", path)


def _protections(ctx: ChangeContext) -> Iterator[Hit]:
    yield from nothing_that_protects_is_taken_away(ctx)
    yield from no_duty_is_taken_away(ctx)


def _demands(data: Mapping[str, Any]) -> Iterator[Demand]:
    """Yield what a life cycle or a policy demands, each under a name that says it."""
    for name, state in as_mapping(data.get("states")).items():
        for demand in as_list(as_mapping(state).get("require")):
            yield Demand(("states", name), f"state '{name}' does not demand {_words(demand)}")
    for key, said in _LISTS.items():
        for entry in as_list(data.get(key)):
            yield Demand((key,), said.format(_words(entry)))
    for key in ("rules", "protected"):
        for rule in as_list(data.get(key)):
            if isinstance(rule, Mapping) and "name" in rule:
                yield Demand((key,), f"there is no rule '{rule['name']}'")
    for key, value in data.items():
        for name, severity in as_mapping(value).items():
            if isinstance(severity, str) and severity != OFF and key == "collisions":
                yield Demand((key, name), f"'{name}' is not reported")


def _words(demand: Any) -> str:
    if isinstance(demand, str):
        return f"'{demand}'"
    if isinstance(demand, Mapping):
        shown = demand.get("message") or demand.get("field")
        if shown:
            return f"'{shown}'"
        return "'" + ", ".join(f"{k}: {v}" for k, v in demand.items()) + "'"
    return repr(demand)


def policies_of_changes_are_there(ctx: BookContext) -> Iterator[Hit]:
    """Look for the policies that changes need, where a kind plays their role."""
    if not ctx.players(meaning.CHANGE):
        return
    for path, key in _NEEDED.items():
        loaded = ctx.files.get(path)
        if loaded is None:
            where = ctx.players(meaning.CHANGE)[0][0]
            yield Hit(
                f"{path} is missing, so its demands on changes do not apply",
                (),
                "",
                where,
                line=1,
                column=1,
            )
        elif not loaded.problems and (not loaded.data or (key and not as_mapping(loaded.data).get(key))):
            yield Hit("this policy is empty, so it demands nothing", (), "", path, line=1, column=1)


RULES = (
    Rule(
        "S028",
        "Policy that is missing or empty",
        scope=RULEBOOK,
        severity=WARNING,
        why="Without a policy everything passes, and nothing is reported.",
        hint="git log -- FILE says who took it away; itsm upgrade brings the shipped one back",
        bad="# schemas/policies/change-control.yaml was deleted",
        good="unauthorised_edit: warning",
        check=policies_of_changes_are_there,
    ),
    Rule(
        "S102",
        "Protection taken away or weakened",
        scope=CHANGE,
        severity=WARNING,
        why="After the merge the rule refuses nothing, or less, so no later check reports it.",
        hint="restore it, or let those who own the rule book say in the pull request why it may go",
        bad="# a pull request that deletes schemas/policies/approvals.yaml",
        good="# a pull request that adds a rule to it",
        check=_protections,
    ),
)
