"""Freezes as the gate sees them: which changes and edits they hold, and which of them a request would lift.

A freeze holds what it affects: the items that it is for, what these need or contain at any distance, changes of all of
those, and edits of them that land while it lasts. Calendars and dependencies are those of the target branch. Whoever
takes a freeze away, or makes it shorter or narrower, needs those who would decide about a change in it: otherwise the
owner of a calendar could give what two of the board have to give.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from itsm_gitops.gate.conditions import FOR_INCIDENT
from itsm_gitops.gate.policy import ApprovalRule, Policy
from itsm_gitops.graph.calendars import FREEZE, Calendar, Calendars, Hold
from itsm_gitops.graph.planned import Planned
from itsm_gitops.model import clock
from itsm_gitops.model.roles import names
from itsm_gitops.model.windows import Window, dated, within, zone

FROZEN = "freeze"  # the condition of the policy
_INSTANT = timedelta(seconds=1)
_LAST = datetime(9990, 1, 1, tzinfo=UTC)
_YEARS = timedelta(days=5 * 365)

Data = Mapping[str, Any]


class LiftedFreeze(NamedTuple):
    """A freeze in force that would hold less after the request, and what becomes of it in words."""

    calendar: Calendar
    becomes: str


def frozen_window(
    calendars: Calendars, policy: Policy, data: Data, items: Iterable[str], *, urgent: bool
) -> bool | None:
    """Whether the planned window of a change touches a freeze that holds it; None without a window.

    ``urgent`` says that it is for an open incident: a type that the policy lets through for incidents only is not
    exempt without one.
    """
    start, end = (_moment(data.get(field)) for field in ("planned_start", "planned_end"))
    if start is None or end is None or end < start:
        return None
    kind = str(data.get("type"))
    holds = _holds(calendars, start, end, items, kind)
    return any(not hold.exempt or (kind in _urgent_types(policy) and not urgent) for hold in holds)


def frozen_now(calendars: Calendars, now: datetime, item: str) -> list[Calendar]:
    """Return the freezes that hold an item at this moment."""
    return [hold.calendar for hold in _holds(calendars, now, now + _INSTANT, [item], "")]


def exempt_type(policy: Policy, data: Data, *, urgent: bool) -> str:
    """Return the type of a change as freezes may let it through; empty where it is none without an incident."""
    kind = str(data.get("type"))
    return "" if kind in _urgent_types(policy) and not urgent else kind


def lifted(base: Calendars, head: Calendars, now: datetime) -> list[LiftedFreeze]:
    """Return the freezes of ``base`` that are not over and would hold less by ``head``, by identifier."""
    found = []
    for freeze in base.of_type(FREEZE):
        after = head.all.get(freeze.id)
        end = min(max([now + _YEARS, *(w.end for w in _single(freeze))]), _LAST)
        spans = freeze.spans(now, end)
        if not freeze.in_force or not spans:
            continue
        becomes = _less(freeze, after, spans, now, end)
        if becomes:
            found.append(LiftedFreeze(freeze, becomes))
    return found


def _less(freeze: Calendar, after: Calendar | None, spans: list[Window], now: datetime, end: datetime) -> str:
    if after is None or after.type != FREEZE or not after.in_force:
        return "would be no freeze any more"
    if after.applies_to and (not freeze.applies_to or not freeze.applies_to <= after.applies_to):
        return "would be for fewer items"
    more = sorted(set(after.exempt_types) - set(freeze.exempt_types))
    if more:
        return f"would let through {', '.join(more)}"
    rest = after.spans(now, end)
    if not all(within(max(w.start, now), min(w.end, end), rest) for w in spans):
        return "would hold for less time"
    return ""


def freeze_rules(policy: Policy) -> list[ApprovalRule]:
    """Return the rules that say who decides in a freeze."""
    return [rule for rule in policy.rules if rule.when.get(FROZEN) is True]


def _single(freeze: Calendar) -> Iterable[Window]:
    return dated(freeze.data, zone(str(freeze.data.get("time_zone", ""))))


def _urgent_types(policy: Policy) -> frozenset[str]:
    """Return the types of change that the policy overrides for, where there is an open incident."""
    whens = [rule.override.when for rule in policy.rules if rule.override is not None]
    return frozenset(t for when in whens if when.get(FOR_INCIDENT) is True for t in names(when.get("type")))


def _holds(
    calendars: Calendars, start: datetime, end: datetime, items: Iterable[str], kind: str
) -> list[Hold]:
    return calendars.holds(Planned("", "", kind, "", "", start, end, tuple(items)))


def _moment(text: Any) -> datetime | None:
    return clock.parse_time(text) if isinstance(text, str) else None
