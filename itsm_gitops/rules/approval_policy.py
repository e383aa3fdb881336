"""Family A, the policy: schemas/policies/approvals.yaml, the roles it asks for, and their delegates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

from itsm_gitops.model import facts, meaning
from itsm_gitops.model.decisions import POLICY, is_reference
from itsm_gitops.model.errors import did_you_mean
from itsm_gitops.model.findings import WARNING, Pointer
from itsm_gitops.model.kinds import GROUPS
from itsm_gitops.model.roles import described, names
from itsm_gitops.model.rulebook import ROLES
from itsm_gitops.rules.book import BookContext
from itsm_gitops.rules.context import DocumentContext, NetworkContext, day
from itsm_gitops.rules.people import fixed_holders
from itsm_gitops.rules.rule import NETWORK, PEOPLE, RULEBOOK, Hit, Rule

_LEFT_OUT = "excluded_ci"
_BUILT_IN = ("peer", "owner")
_TYPED = frozenset(["approvals", "approval", "approved_by", "approvers", "approved", "signed_off_by"])
_AREAS = ("x", "labels")


def approval_is_not_typed(ctx: DocumentContext) -> Iterator[Hit]:
    """Look for fields that claim an approval, at the top and in the open areas."""
    if not ctx.kind.is_record:
        return
    for name in () if _TYPED.isdisjoint(ctx.document.data) else ctx.document.data:
        if name in _TYPED and name not in ctx.kind.fields:
            yield Hit(f"'{name}' in a record approves nothing", (name,), at_key=True)
    for area in _AREAS:
        inside = ctx.data.get(area)
        for name in inside if isinstance(inside, dict) else ():
            if str(name).lower() in _TYPED:
                yield Hit(f"'{area}.{name}' in a record approves nothing", (area, name), at_key=True)


def usable_policy(ctx: BookContext) -> Mapping[str, Any]:
    """Return the policy where its schema accepts it; empty otherwise, because that has its own finding."""
    data = ctx.data(POLICY)
    return data if isinstance(data, dict) and not ctx.refusals(POLICY) else {}


def _requires(policy: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], Pointer]]:
    """Yield everything that names a role, with its place."""
    for key in ("rules", "protected"):
        for index, about in enumerate(policy.get(key, ())):
            for part in ("require", "override"):
                if part in about:
                    yield about[part], (key, index, part)


def policy_names_exist(ctx: BookContext) -> Iterator[Hit]:
    """Look up the roles, kinds, states, types and fields of the policy."""
    policy = usable_policy(ctx)
    roles: Mapping[str, Any] = {} if ctx.refusals(ROLES) else (ctx.data(ROLES) or {}).get("roles", {})
    for about, at in _requires(policy) if roles else ():
        role = about.get("role")
        if role is not None and described(role, roles) is None and role not in _BUILT_IN:
            yield Hit(f"there is no role '{role}'", (*at, "role"), did_you_mean(role, roles), POLICY)
    if any(loaded.problems for loaded in ctx.files.values()):
        return  # a name may be in the file that cannot be read
    known = _known_words(ctx)
    for word, what, at in _words(policy):
        if known.get(what) and word not in known[what]:
            hint = did_you_mean(word, known[what])
            yield Hit(f"there is no {what.removeprefix('any ')} '{word}'", at, hint, POLICY)


def _words(policy: Mapping[str, Any]) -> Iterator[tuple[str, str, Pointer]]:
    """Yield every word of the policy that is defined elsewhere, with what it is and its place."""
    for index, about in enumerate(policy.get("rules", ())):
        override = about.get("override", {})
        for when, at in (
            (about["when"], ("rules", index, "when")),
            (override.get("when", {}), ("rules", index, "override", "when")),
        ):
            for what in ("kind", "type", "risk", "state"):
                yield from ((w, what, (*at, what, i)) for i, w in enumerate(names(when.get(what))))
            yield from ((c.partition(".")[0], "any field", (*at, c)) for c in when if is_reference(c))
        through = names(about.get("through"))
        yield from ((w, "state", ("rules", index, "through", i)) for i, w in enumerate(through))
    for kind, fields in policy.get("progress_fields_of", {}).items():
        place = ("progress_fields_of", kind)
        yield kind, "kind", place
        yield from ((w, "any field", (*place, i)) for i, w in enumerate(names(fields)))
    for key, what in (("preparation", "state"), ("progress_fields", "field")):
        yield from ((w, what, (key, i)) for i, w in enumerate(names(policy.get(key))))


def _known_words(ctx: BookContext) -> Mapping[str, frozenset[str]]:
    """Return what the rule book defines; nothing where it cannot be read."""
    changes = ctx.players(meaning.CHANGE)
    fields = {name: field for _, schema, _ in changes for name, field in schema["properties"].items()}
    flows = [data for _, data in ctx.usable("schemas/workflows/", ".yaml") if isinstance(data, dict)]
    states = {name for data in flows for name in data.get("states") or ()}
    kinds, every = set(GROUPS), set()
    for folder in ("schemas/records/", "schemas/cmdb/"):
        for _, data in ctx.usable(folder, ".schema.json"):
            about = data.get("x-itsm")
            every |= set(data.get("properties") or ())
            if isinstance(about, dict):
                kinds.add(str(about.get("kind", about.get("class"))))
    risk = fields.get("risk", {}).get("properties", {}).get("level", {})
    return {
        "kind": frozenset(kinds) if len(kinds) > len(GROUPS) else frozenset(),
        "type": frozenset(names(fields.get("type", {}).get("enum"))),
        "risk": frozenset(names(risk.get("enum"))),
        "state": frozenset(states),
        "field": frozenset(fields),
        "any field": frozenset(every),
    }


def every_change_is_covered(ctx: BookContext) -> Iterator[Hit]:
    """Try every type and risk of an authorised change against the rules."""
    policy, known = usable_policy(ctx), _known_words(ctx)
    if not policy:
        return
    kinds = {schema["x-itsm"].get("kind") for _, schema, _ in ctx.players(meaning.CHANGE)}
    for kind, risk in product(sorted(known["type"]), sorted(known["risk"])):
        fact = {"type": kind, "risk": risk, "stage": "authorisation"}
        if not any(_holds(about["when"], fact, kinds) for about in policy["rules"] if _for_the_whole(about)):
            yield Hit(
                f"no rule is for a change of type {kind} with {risk} risk",
                ("rules",),
                "",
                POLICY,
                at_key=True,
            )


def _for_the_whole(rule: Mapping[str, Any]) -> bool:
    """Whether who a rule asks approves the change, and not only what it leaves out."""
    return bool(rule["require"].get("each") != _LEFT_OUT)


def _holds(when: Mapping[str, Any], fact: Mapping[str, str], changes: set[str]) -> bool:
    """Whether a rule can be for a change of this type and risk."""
    kinds = names(when.get("kind"))
    if not {*changes, "record", "any"} & set(kinds):
        return False
    return all(what not in when or fact[what] in names(when[what]) for what in ("type", "risk", "stage"))


def delegation_has_effect(ctx: NetworkContext) -> Iterator[Hit]:
    """Look for delegations that are over, that are not for people, or that lead back."""
    for index, about in enumerate(_dicts(ctx.book.policy(ROLES).get("delegates"))):
        at: Pointer = ("delegates", index)
        until = day(about.get("until"))
        if until is not None and until < ctx.today:
            yield Hit(f"this delegation ended on {until}", (*at, "until"), "", ROLES)
        if about.get("from") == about.get("to"):
            yield Hit("nobody can act for themselves", (*at, "to"), "", ROLES)
        for side in ("from", "to"):
            entry = ctx.entries.get(str(about.get(side)))
            if entry is None or not facts.is_a(ctx.book, entry, meaning.PERSON):
                people = [e.id for e in ctx.of_role(meaning.PERSON)]
                hint = did_you_mean(str(about.get(side)), people)
                yield Hit(f"there is no person '{about.get(side)}'", (*at, side), hint, ROLES)


def _dicts(value: Any) -> list[Mapping[str, Any]]:
    return [v for v in value if isinstance(v, dict)] if isinstance(value, list) else []


def approving_role_is_filled(ctx: NetworkContext) -> Iterator[Hit]:
    """Look for roles of fixed teams and people, asked for by the policy, without an active person."""
    wanted = {str(a["role"]) for a, _ in _requires(ctx.book.policy(POLICY)) if "role" in a}
    for role in sorted(wanted) if ctx.of_role(meaning.PERSON) else ():
        if fixed_holders(ctx.store, role) == []:
            yield Hit(f"nobody fills the role '{role}'", ("roles", role), "", ROLES, at_key=True)


RULES = (
    Rule(
        "A002",
        "Approval typed into a record",
        instead_of="S001",
        why="Whoever writes the file could write any name into it; only a review or a signed statement counts.",
        hint="remove it, and approve the request on the forge or with itsm approve --sign",
        bad="x:\n  approved_by: payments-lead",
        good="# the record says what is planned; `itsm approvals` says who approved it",
        check=approval_is_not_typed,
    ),
    Rule(
        "A003",
        "Approvals policy with a name that is none",
        scope=RULEBOOK,
        why="An unknown role is held by nobody; a rule for an unknown type or state never applies.",
        hint="use names that the rule book defines",
        bad="require: {role: change_manger, count: 1}",
        good="require: {role: change_manager, count: 1}",
        check=policy_names_exist,
    ),
    Rule(
        "A004",
        "Change that no approval rule is for",
        scope=RULEBOOK,
        why="A request that no rule matches is an error of the gate; such a change could never be approved.",
        hint="add a rule to schemas/policies/approvals.yaml whose `when` holds for it",
        bad="# the only rule of the policy\nwhen: {kind: [change], type: [normal]}",
        good="when: {kind: [change], type: [normal, emergency]}",
        check=every_change_is_covered,
    ),
    Rule(
        "A005",
        "Delegation without effect",
        scope=NETWORK,
        severity=WARNING,
        why="A colleague relies on it, and the gate will not count the approval.",
        hint="correct schemas/policies/roles.yaml, or remove the entry",
        bad="delegates:\n  - {from: payments-lead, to: dba-lead, until: 2020-01-31}",
        good="delegates:\n  - {from: payments-lead, to: dba-lead, until: 2099-01-31}",
        reach=(PEOPLE,),
        check=delegation_has_effect,
    ),
    Rule(
        "A006",
        "Role that approves and that nobody fills",
        scope=NETWORK,
        severity=WARNING,
        why="The gate would wait for an approval that nobody can give.",
        hint="put an active person into one of its teams, or change schemas/policies/roles.yaml",
        bad="roles:\n  cab: {title: Board, description: Decides., teams: [board]}\n# nobody is in the team board",
        good="# cmdb/people/payments-lead.yaml\nteams: [board]",
        reach=(PEOPLE,),
        check=approving_role_is_filled,
    ),
)
