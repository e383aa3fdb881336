"""What the policy's conditions are about: facts of one change record, before and after a request."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from itsm_gitops.gate.policy import Policy
from itsm_gitops.gate.progress import plan_edits
from itsm_gitops.graph.risk import LEVELS, RiskBook
from itsm_gitops.model import diff
from itsm_gitops.model.decisions import firm_states
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.errors import ItsmError
from itsm_gitops.model.facts import affected_places, authorised_states, stage_of, touched_places, used_states
from itsm_gitops.model.kinds import Kind
from itsm_gitops.model.meaning import AUTHORISED, CHANGE, SERVICE
from itsm_gitops.model.roles import names
from itsm_gitops.model.rulebook import CHANGE_CONTROL, RuleBook
from itsm_gitops.model.templates import PROPOSED, beyond_limits, classes_beyond, departures, paths_beyond
from itsm_gitops.snapshots import Store

PREPARATION, PROGRESS, AUTHORISATION = "preparation", "progress", "authorisation"
FOR_INCIDENT = "incident"  # the fact that a change is for an open incident
_CRITICALITY = ("low", "medium", "high", "critical")

Data = Mapping[str, Any]


class Touched(NamedTuple):
    """One document of the request; ``before`` is None where it is new, ``after`` where it is gone."""

    path: str
    id: str
    kind: Kind
    before: Data | None
    after: Data | None

    @property
    def data(self) -> Data:
        """The document as it would be, or as it was where it is removed."""
        return self.after if self.after is not None else self.before or {}

    @property
    def is_change(self) -> bool:
        """Whether it is a change record."""
        return CHANGE in self.kind.plays


class Beside(NamedTuple):
    """What a request touches beside its records: edited items with their class, and files of other kinds."""

    items: tuple[tuple[str, str], ...] = ()
    paths: tuple[str, ...] = ()


class Urgency(NamedTuple):
    """Whether a change has an incident for a reason; ``asked`` whether that matters to a rule of the policy.

    ``refusals`` say why what it is linked with is none, one sentence each.
    """

    reason: bool
    asked: bool
    refusals: tuple[str, ...] = ()

    @property
    def exempts(self) -> bool:
        """Whether a freeze may let the change through because of its type."""
        return self.reason or not self.asked


def facts(
    policy: Policy,
    base: Store,
    head: Store,
    change: Touched,
    items: Iterable[str],
    beside: Beside,
    urgent: Urgency,
) -> Data:
    """Return the facts of a change: as it would be, or as it was where it is removed.

    ``items`` are all items that it affects. A fact is None where the record does not say, or says
    what nobody can know the meaning of. ``departures`` is no condition; it explains ``template``,
    as ``plan_edits`` explains why an authorised change is asked for again.
    """
    before, after, data, kind = change.before, change.after, change.data, change.kind
    outage = data.get("outage")
    expected = outage.get("expected") if isinstance(outage, dict) else None
    standing, departs = _template(base, head, kind, data, beside)
    return {
        **of_any(change),
        "stage": _stage(policy, base, kind, before, after),
        "type": data.get("type"),
        "risk": _risk(kind, data),
        "outage": expected if isinstance(expected, bool) else None,
        FOR_INCIDENT: urgent.reason,
        "criticality": _criticality(base, items),
        "template": standing,
        "departures": departs,
        "plan_edits": _edits_of_plan(policy, base, change),
    }


def of_any(document: Touched) -> Data:
    """Return what can be said of every document: its state, and whether it is taken away."""
    return {"state": stage_of(document.kind, document.data), "removed": document.after is None}


def stage_of_record(policy: Policy, record: Touched) -> str | None:
    """Return what a request does to a record that is no change, by the roles of its states; None without them.

    Whatever ends in a state in which the work may be done, or was done, is an authorisation, whichever states came
    before it in the same request; later on only what is no report of progress is one.
    """
    kind, before, after = record.kind, record.before, record.after
    if not kind.is_record or kind.stages is None or not kind.stages.playing(AUTHORISED):
        return None
    firm = firm_states(kind)
    if stage_of(kind, record.data) not in firm and stage_of(kind, record.data) in kind.stages.states:
        return PREPARATION
    if before is None or after is None or stage_of(kind, before) not in firm:
        return AUTHORISATION
    fields = {str(c.pointer[0]) for c in diff.diff(before, after)}
    return AUTHORISATION if fields - policy.reports(kind.name) else PROGRESS


def allows_work(base: Store, kind: Kind, after: Data | None) -> bool:
    """Whether a change is in a state in which the work beside it may be done."""
    return after is not None and after.get("state") in authorised_states(base.book, kind)


def _risk(kind: Kind, data: Data) -> str | None:
    """Return the level of risk; None for one that the rule book does not know."""
    risk = data.get("risk")
    level = risk.get("level") if isinstance(risk, dict) else None
    schema = kind.fields.get("risk", {}).get("properties", {}).get("level", {})
    return level if isinstance(level, str) and level in schema.get("enum", [level]) else None


def controlled_edit(book: RuleBook, item: Touched) -> bool:
    """Whether an edit of an item in use is more than a correction that anybody may make (rule C of change control)."""
    policy = book.policy(CHANGE_CONTROL)
    sides = [d for d in (item.before, item.after) if d is not None]
    controlled = set(names(policy.get("controlled_lifecycles"))) or used_states(item.kind)
    if controlled.isdisjoint(stage_of(item.kind, d) for d in sides):
        return False
    if len(sides) < 2:
        return True
    fields = {str(c.pointer[0]) for c in diff.diff(*sides)}
    return bool(fields - set(names(policy.get("free_fields"))))


def computed_risk(risks: RiskBook, entry: Entry, data: Data, stored: str | None) -> Data:
    """Return the level of risk that counts, and whether a lower one than computed was set on purpose.

    The higher of the stored and the computed level counts. An override lets the stored one count, and
    is a fact of its own, so that the policy can ask somebody. What was left out stays unknown.
    """
    found = risks.assess(entry, data)
    if stored not in LEVELS or found.model is None or not found.model.assessed:
        return {"risk": stored, "risk_override": False}
    return {"risk": found.effective, "risk_override": found.understated and found.override is not None}


def _stage(policy: Policy, base: Store, kind: Kind, before: Data | None, after: Data | None) -> str:
    """Return what the request does; taking an authorised record away is an authorisation too."""
    if after is None:
        state = (before or {}).get("state")
        return PREPARATION if state in policy.preparation else AUTHORISATION
    if after.get("state") in policy.preparation:
        return PREPARATION
    if before is None or before.get("state") not in authorised_states(base.book, kind):
        return AUTHORISATION
    wider = affected_places(kind, after).keys() - affected_places(kind, before).keys()
    return AUTHORISATION if wider or plan_edits(before, after, policy.progress_fields) else PROGRESS


def _edits_of_plan(policy: Policy, base: Store, change: Touched) -> list[str]:
    """Return what a request does to a plan that was approved before, in words."""
    before, after = change.before, change.after
    if before is None or after is None or not allows_work(base, change.kind, before):
        return []
    return plan_edits(before, after, policy.progress_fields)


def _criticality(base: Store, items: Iterable[str]) -> str | None:
    """Return the highest criticality of the items; None where none of them has one."""
    found = [base.entries[i].columns.get("criticality") for i in items if i in base.entries]
    known = [_CRITICALITY.index(c) for c in found if c in _CRITICALITY]
    return _CRITICALITY[max(known)] if known else None


def _template(base: Store, head: Store, kind: Kind, data: Data, beside: Beside) -> tuple[str, list[str]]:
    """Return how a change stands to its template as it is on the target branch, and where it departs from it.

    Whoever edits an item or a file beside the change touches it, whether the change names it or not.
    """
    name = data.get("template")
    if not isinstance(name, str) or name not in base.book.templates:
        return "missing", []
    try:
        template = base.book.template(name)
    except ItsmError:
        return "missing", []
    places, services = touched_places(base.book, kind, data), base.book.playing(SERVICE)
    items = [(i, c) for i in places for c in _classes(base, head, i)]
    # What stands where services do and is none is touched as well.
    served = [i for i in affected_places(kind, data) if i not in places]
    items += [(i, c) for i in served for c in _classes(base, head, i) if c not in services]
    items += beside.items
    strange = set(classes_beyond(template, (c for _, c in items)))
    found = departures(template, data)
    found += (reason for field, reason in beyond_limits(template, data).items() if field not in found)
    found += dict.fromkeys(f"{c or 'unknown'} {i}" for i, c in items if c in strange)
    found += paths_beyond(template, beside.paths)
    return ("departed" if found else str(template.get("status", PROPOSED))), found


def _classes(base: Store, head: Store, identifier: str) -> list[str]:
    """Return the class of an item, before and after; an empty one where nobody knows it."""
    found = [store.entries[identifier].kind for store in (base, head) if identifier in store.entries]
    return list(dict.fromkeys(found)) or [""]
