"""The events of the calendar: each change, freeze and window once, with its conflicts and services."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from itsm_gitops.graph.planned import Planned
from itsm_gitops.graph.schedule import Schedule
from itsm_gitops.presentation.agenda import Span, calendar_spans
from itsm_gitops.presentation.freezes import freeze_warning
from itsm_gitops.presentation.language import t
from itsm_gitops.presentation.markup import words
from itsm_gitops.presentation.planned import Plan
from itsm_gitops.presentation.view import View

_TYPES = {"freeze": "Freezes", "maintenance": "Maintenance windows", "holiday": "Holidays"}


class CalendarEvent(NamedTuple):
    """Something in the calendar.

    ``kind`` is the type of a change or the look of a calendar, ``services`` those that it can hit (none
    means all), ``warnings`` in words what speaks against the time.
    """

    span: Span
    kind: str
    services: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def events(view: View, plan: Plan) -> list[CalendarEvent]:
    """Return everything in the months of a plan: what lasts longest first among what begins at once."""
    found = [*_around(view, plan), *_changes(view, plan)]
    order = {"freeze": 0, "holiday": 1, "maintenance": 2}
    return sorted(found, key=lambda e: (order.get(e.span.look, 3), e.span.start, e.span.id))


def kinds(known: Sequence[CalendarEvent]) -> list[tuple[str, str]]:
    """Return the types of events as a filter has them: changes by type, then calendars."""
    used = {e.kind for e in known if e.kind}
    changes = sorted(k for k in used if k not in _TYPES)
    return [
        *((k, t("{type} changes", type=words(k))) for k in changes),
        *((k, t(title)) for k, title in _TYPES.items() if k in used),
    ]


def _changes(view: View, plan: Plan) -> Iterator[CalendarEvent]:
    for look, changes in (("change", plan.schedule.changes), ("done", plan.done)):
        for change in changes:
            if view.url(change.id):
                span = Span(change.start, change.end, change.id, change.title or change.id, look)
                services = tuple(plan.services(frozenset(change.items))) or (change.id,)
                yield CalendarEvent(
                    span, change.type, services, tuple(_warnings(view, plan.schedule, change))
                )


def _warnings(view: View, schedule: Schedule, change: Planned) -> Iterator[str]:
    for collision in schedule.collisions_of(change.id):
        other = collision.second if collision.first.id == change.id else collision.first
        yield t("Collides with {record}: {reason}", record=other.id, reason=collision.reason)
    if not change.over:
        yield from map(freeze_warning, view.calendars.held(change))
    left = schedule.outside.get(change.id)
    if left:
        names = ", ".join(view.title(c.id) for c in left.calendars)
        yield t("Outside its maintenance windows: {names}", names=names)


def _around(view: View, plan: Plan) -> Iterator[CalendarEvent]:
    for span in calendar_spans(view, plan.schedule.start, plan.schedule.end):
        only = view.calendars.all[span.id].applies_to
        hit = tuple(plan.services(only)) or (span.id,) if only else ()
        yield CalendarEvent(span, span.look, hit)
