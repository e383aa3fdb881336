"""Family A, what the policy is for: every kind of record has its rule, and work begins with the decision it needs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from itsm_gitops.model import facts, meaning
from itsm_gitops.model.decisions import POLICY, firm_states, undecided
from itsm_gitops.model.findings import WARNING, Pointer
from itsm_gitops.model.roles import names
from itsm_gitops.rules.approval_policy import usable_policy
from itsm_gitops.rules.book import BookContext
from itsm_gitops.rules.context import ChangeContext, Data
from itsm_gitops.rules.rule import CHANGE, RULEBOOK, Hit, Rule


def every_kind_is_covered(ctx: BookContext) -> Iterator[Hit]:
    """Look for kinds of record without a rule, and for authorised states that nobody is asked about."""
    policy = usable_policy(ctx)
    if not policy:
        return
    for path, data in ctx.usable("schemas/records/", ".schema.json"):
        about = data.get("x-itsm") if isinstance(data, dict) else None
        if not isinstance(about, dict):
            continue
        kind, flow = str(about.get("kind")), f"schemas/workflows/{about.get('workflow')}.yaml"
        rules = [r for r in policy["rules"] if {kind, "record", "any"} & set(names(r["when"].get("kind")))]
        at: Pointer = ("x-itsm", "kind")
        if not rules:
            yield Hit(f"no rule of {POLICY} is for records of the kind {kind}", at, "", path)
        elif _authorises(ctx.data(flow)) and not any(_decides(r) for r in rules):
            message = f"no rule of {POLICY} says who authorises records of the kind {kind}"
            hint = "add one with `stage: [authorisation]`; its `count: 0` says that nobody need approve"
            yield Hit(message, at, hint, path)


def _authorises(flow: Any) -> bool:
    """Whether a life cycle has states in which work may be done that somebody may have to approve."""
    states = flow.get("states") if isinstance(flow, dict) else None
    each = states.values() if isinstance(states, dict) else ()
    return any(meaning.AUTHORISED in names(s.get("roles")) for s in each if isinstance(s, dict))


def _decides(about: Mapping[str, Any]) -> bool:
    """Whether a rule is about authorising a record, be it that nobody need approve it."""
    when = about["when"]
    stages = names(when.get("stage"))
    return "authorisation" in stages or (
        not stages and (about["require"].get("count", 0) > 0 or "state" in when)
    )


def work_is_decided_first(ctx: ChangeContext) -> Iterator[Hit]:
    """Look at records that came into work since base; by the policy of base, as the gate judges."""

    def item(identifier: str) -> Data | None:
        entry = ctx.head.entries.get(identifier)
        return ctx.head.data(entry) if entry else None

    for pair in ctx.pairs:
        if pair.head is None or (
            pair.base and facts.stage_of(pair.kind, pair.base) in firm_states(pair.kind)
        ):
            continue
        lacking = undecided(ctx.base_book, pair.kind, pair.head, item)
        if lacking:
            name, through = lacking
            message = f"it is in work without having been {' or '.join(repr(s) for s in through)} ({name})"
            yield Hit(message, (pair.kind.state_field,), "", pair.path)


RULES = (
    Rule(
        "A007",
        "Kind that no approval rule is for",
        scope=RULEBOOK,
        severity=WARNING,
        why="A request that no rule matches is an error of the gate; a record of this kind could never be merged.",
        hint="add a rule to schemas/policies/approvals.yaml whose `when` is for it; `count: 0` says that nobody need approve",
        bad="# schemas/records/improvement.schema.json is there, and no rule of the policy has the kind improvement",
        good="when: {kind: [improvement], removed: false}\nrequire: {count: 0}",
        check=every_kind_is_covered,
    ),
    Rule(
        "A008",
        "Work begun without the approval that the policy asks for",
        scope=CHANGE,
        why="The offering promises that somebody decides first; what is in work already is delivered, decided or not.",
        hint="take the record back to where it waits for approval (itsm move), and let it be approved",
        bad="# the offering says approval.required: true\nstate: in_fulfilment\ntimeline:\n- {state: submitted, ...}\n- {state: in_fulfilment, ...}",
        good="timeline:\n- {state: submitted, ...}\n- {state: awaiting_approval, ...}\n- {state: approved, ...}\n- {state: in_fulfilment, ...}",
        check=work_is_decided_first,
    ),
)
