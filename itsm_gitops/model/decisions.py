"""Which decision the approvals policy wants in the history of a record, whatever kind it is.

A rule of the policy may say ``through: [approved]``: a record that it is for has to pass one of these states on its
way into work, so that its own history says that somebody decided. Who may decide is the gate's to judge.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from itsm_gitops.model.condition_reader import read_condition
from itsm_gitops.model.conditions import holds
from itsm_gitops.model.facts import stage_of
from itsm_gitops.model.kinds import Kind
from itsm_gitops.model.meaning import AUTHORISED, CARRIED_OUT
from itsm_gitops.model.roles import Item, follow, names
from itsm_gitops.model.rulebook import RuleBook
from itsm_gitops.model.subjects import FactSubject

POLICY = "schemas/policies/approvals.yaml"
_REFERENCE = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+", re.ASCII)  # offering.approval.required
_ALWAYS = frozenset(["kind", "stage"])
_CATEGORY = "category"  # and closure_category: what has levels

Data = Mapping[str, Any]


def is_reference(condition: str) -> bool:
    """Whether a condition is about what a field of the record names, such as ``offering.approval.required``."""
    return _REFERENCE.fullmatch(condition) is not None


def demands(when: Mapping[str, Any], facts: Data, *, unknown: bool) -> bool:
    """Whether facts fulfil conditions of the policy; None is a fact that nobody has stated and counts as ``unknown``.

    What asks for approvals (``unknown``) counts the levels below a category as well; what excuses from them does not.
    Every other word is compared as it is: no rule covers an unknown type of change.
    """
    levelled = unknown and any(str(word).endswith(_CATEGORY) for word in when)
    return holds(read_condition(dict(when), exact=not levelled), FactSubject(facts), unknown=unknown)


def firm_states(kind: Kind) -> frozenset[str]:
    """Return the states of a kind in which the work may be done, or was done."""
    if kind.stages is None:
        return frozenset()
    return kind.stages.playing(AUTHORISED) | kind.stages.playing(CARRIED_OUT)


def undecided(book: RuleBook, kind: Kind, data: Data, item: Item) -> tuple[str, tuple[str, ...]] | None:
    """Return the rule that a record in work has not obeyed, with the states of which it passed none.

    ``item`` returns the data of a CMDB item, None where there is none. Rules with conditions that only the gate can
    judge (a risk, a freeze) are left to it.
    """
    if stage_of(kind, data) not in firm_states(kind):
        return None
    timeline = data.get("timeline")
    passed = (
        {e.get("state") for e in timeline if isinstance(e, dict)} if isinstance(timeline, list) else set()
    )
    for rule in _rules(book):
        when, through = rule["when"], names(rule.get("through"))
        if not through or kind.name not in book.members(names(when.get("kind"))) or passed & set(through):
            continue
        ours = all(is_reference(c) or c in _ALWAYS for c in when)
        paths = [c for c in when if is_reference(c)]
        led_to = {p: follow(data, p, item) for p in paths}
        if ours and demands({p: when[p] for p in paths}, led_to, unknown=True):
            return str(rule.get("name")), tuple(through)
    return None


def _rules(book: RuleBook) -> list[Data]:
    """Return the rules that can be read; what is wrong with the others has its own finding."""
    raw = book.policy(POLICY).get("rules")
    rules = raw if isinstance(raw, list) else []
    return [r for r in rules if isinstance(r, dict) and isinstance(r.get("when"), dict)]
