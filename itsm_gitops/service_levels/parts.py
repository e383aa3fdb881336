"""The part of a record's life that one team or one supplier answers for: what operational levels and contracts measure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from itsm_gitops.model.roles import names
from itsm_gitops.model.timeline import SupplierCase
from itsm_gitops.model.workflow import ACTIVE
from itsm_gitops.service_levels.agreements import Target
from itsm_gitops.service_levels.life import Case, StateSpan
from itsm_gitops.service_levels.measures import TEAM_FIELD

RESPONSE, RESOLUTION = "response", "resolution"


def teams_of(agreement: Mapping[str, Any]) -> frozenset[str]:
    """Return the teams that an operational level binds: those it names, else its owner."""
    return frozenset(names(agreement.get("teams")) or names(agreement.get("owner")))


def team_spans(case: Case, teams: Collection[str], until: int) -> list[StateSpan]:
    """Return the spans in which work was to be done, cut to the times in which one of some teams had the record."""
    held = case.terms(TEAM_FIELD)
    found = []
    for (start, team), (end, _) in zip(held, [*held[1:], (None, None)], strict=True):
        if team not in teams:
            continue
        for span in case.worked:
            first = max(start, span.start)
            ends = [m for m in (end, span.end) if m is not None and m <= until]
            last = min(ends, default=None)
            if first <= until and (last is None or first < last):
                found.append(StateSpan(first, last, span.state, span.category))
    return sorted(found)


def team_stop(case: Case, spans: Sequence[StateSpan], until: int) -> Callable[[Target, Case], int | None]:
    """Return what says when the clock of a team stopped.

    A response ends when work begins in its hands: with the first active state that the record has while the team
    has it. A resolution ends when the record is resolved for good or given to another team for good.
    """
    began = next((s.start for s in spans if s.category == ACTIVE), None)
    handed_on = spans[-1].end if spans else None
    ended = [m for m in (case.resolved, handed_on) if m is not None and m <= until]
    done = min(ended, default=None)

    def stop(target: Target, _: Case) -> int | None:
        return began if target.metric == RESPONSE else done

    return stop


def supplier_span(one: SupplierCase) -> list[StateSpan]:
    """Return the time of a case at a supplier: no state of ours pauses their clock."""
    return [StateSpan(one.opened, one.closed, "", ACTIVE)]


def supplier_stop(one: SupplierCase) -> Callable[[Target, Case], int | None]:
    """Return what says when the clock of a supplier stopped: when they answered, when they closed the case."""
    answered = one.closed if one.answered is None else one.answered
    return lambda target, _: answered if target.metric == RESPONSE else one.closed
