"""Family D: hours, holidays and windows are taken from a calendar of that sort.

A clock that runs by a freeze, or a window that is a list of holidays, says something else than its writer meant, and
what should be compared with it (C013) is compared with nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from itsm_gitops.graph.calendars import FREEZE, MAINTENANCE
from itsm_gitops.model.findings import WARNING
from itsm_gitops.rules.context import NetworkContext
from itsm_gitops.rules.rule import NETWORK, TARGETS, Hit, Rule

_SCHEDULE = "scheduled_by"  # whoever names a calendar does it by a field of this relation
_HOLIDAYS = "holidays"
_SPECIAL = (FREEZE, MAINTENANCE, _HOLIDAYS)  # all other calendars are of hours, whatever they are called


class _Sort(NamedTuple):
    type: str
    words: str

    def fits(self, type_: object) -> bool:
        return type_ == self.type if self.type else type_ not in _SPECIAL


_HOURS = _Sort("", "hours")
_SORTS = {
    "support_hours": _HOURS,
    "calendar": _HOURS,
    "covers": _HOURS,
    "holidays": _Sort(_HOLIDAYS, "holidays"),
    "maintenance_window": _Sort(MAINTENANCE, "maintenance windows"),
}


def calendar_is_of_its_sort(ctx: NetworkContext) -> Iterator[Hit]:
    """Compare the type of each calendar with what the field that names it is about."""
    for entry, edge in ctx.edges:
        sort = _SORTS.get(str(edge.pointer[0])) if edge.relation == _SCHEDULE else None
        target = ctx.entries.get(edge.target) if sort else None
        if sort is None or target is None or "type" not in target.columns:
            continue
        if not sort.fits(target.columns["type"]) and not _is_over(ctx, entry.kind, entry.state):
            yield Hit(f"'{edge.target}' is not a calendar of {sort.words}", edge.pointer, "", entry.path)


def _is_over(ctx: NetworkContext, kind: str, state: str) -> bool:
    about = ctx.book.kinds[kind]
    return about.is_record and about.workflow is not None and about.workflow.is_done(state)


RULES = (
    Rule(
        "D032",
        "Calendar of another sort",
        scope=NETWORK,
        severity=WARNING,
        why="Clocks, rotas and windows go by the calendar that is named; one of another sort promises other times than meant.",
        hint="name a calendar whose type fits the field, or correct the type of this one",
        bad="# a service\nsupport_hours: peak-season-freeze",
        good="# a service\nsupport_hours: office-hours",
        reach=(TARGETS,),
        check=calendar_is_of_its_sort,
    ),
)
