"""The schedule of changes: what is planned when, among freezes and windows, and where it collides."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import NamedTuple

from itsm_gitops.graph.availability import Availability, project
from itsm_gitops.graph.calendars import FREEZE, MAINTENANCE, Calendar, Calendars, Hold, Outside
from itsm_gitops.graph.collisions import Collision, Neighbourhood, collisions, depth, severities
from itsm_gitops.graph.impact import ImpactGraph
from itsm_gitops.graph.network import Network
from itsm_gitops.graph.planned import Planned, planned_changes
from itsm_gitops.model.change_models import read_models
from itsm_gitops.model.errors import Refused
from itsm_gitops.model.rulebook import CHANGE_CONTROL
from itsm_gitops.model.windows import Window, joined

HOLIDAYS = "holidays"
FREEZES_AHEAD = timedelta(days=62)
_SHOWN = (FREEZE, MAINTENANCE, HOLIDAYS)


class Around(NamedTuple):
    """One window of a freeze, maintenance or holiday calendar."""

    calendar: Calendar
    window: Window


@dataclass(frozen=True)
class Joined:
    """Branches that a schedule was made together with.

    ``brought`` has the changes that a branch adds or edits, with its name; ``known`` the collisions
    (see ``key``) that one of the sides has by itself.
    """

    branches: tuple[str, ...] = ()
    brought: Mapping[str, str] = field(default_factory=dict)
    known: frozenset[tuple[str, str, str]] = frozenset()


@dataclass(frozen=True)
class Schedule:
    """What is planned from ``start`` to ``end``, earliest first.

    ``collisions`` are those of the changes shown, also with changes that are not. ``holds`` and
    ``outside`` have the changes in a freeze and outside their maintenance windows, by identifier.
    """

    start: datetime
    end: datetime
    service: str
    changes: tuple[Planned, ...]
    around: tuple[Around, ...]
    collisions: tuple[Collision, ...]
    holds: dict[str, list[Hold]] = field(default_factory=dict)
    outside: dict[str, Outside] = field(default_factory=dict)
    availability: tuple[Availability, ...] = ()
    joined: Joined = Joined()

    def only_together(self, collision: Collision) -> bool:
        """Whether two changes pass alone and collide only once the branches are merged."""
        return bool(self.joined.branches) and key(collision) not in self.joined.known

    @cached_property
    def agreed(self) -> dict[str, frozenset[str]]:
        """The changes with which each overlaps on purpose: what coordinated_with links, both ways."""
        found: dict[str, set[str]] = {}
        shown = {c.id: c for c in self.changes}
        for one in self.changes:
            for other in (shown[i] for i in one.coordinated if i in shown):
                if one.window.touches(other.start, other.end):
                    found.setdefault(one.id, set()).add(other.id)
                    found.setdefault(other.id, set()).add(one.id)
        return {i: frozenset(others) for i, others in found.items()}

    def collisions_of(self, identifier: str) -> list[Collision]:
        """Return the collisions that one change has a part in."""
        return [c for c in self.collisions if identifier in (c.first.id, c.second.id)]

    def of_service(self, service: str, near: frozenset[str]) -> Schedule:
        """Return the part that can hit a service; ``near`` is what carries it (see ``ImpactGraph.carriers``)."""
        return replace(
            self,
            service=service,
            changes=tuple(c for c in self.changes if not near.isdisjoint(c.items)),
            around=tuple(a for a in self.around if a.calendar.covers(near)),
        )


def key(collision: Collision) -> tuple[str, str, str]:
    """Return what makes a collision the same one in another snapshot."""
    first, second = sorted((collision.first.id, collision.second.id))
    return collision.kind, first, second


def collide(
    network: Network, graph: ImpactGraph, changes: Iterable[Planned] | None = None
) -> list[Collision]:
    """Return the collisions of planned changes (of all, unless given) that the policy asks for."""
    policy = network.book.policy(CHANGE_CONTROL)
    known = planned_changes(network) if changes is None else list(changes)
    return collisions(known, Neighbourhood(graph, depth(policy)), severities(policy))


def plan(
    network: Network,
    graph: ImpactGraph,
    start: datetime,
    end: datetime,
    service: str = "",
    joined: Joined | None = None,
) -> Schedule:
    """Return the schedule of one snapshot for a time, of all changes or of those that can hit a service.

    ``joined`` says which branches the snapshot was merged of. Raises Refused where ``end`` is not after ``start``.
    """
    if end <= start:
        raise Refused("the schedule ends before it begins", "give --to after --from")
    whole = planned_changes(network)
    shown = [c for c in whole if c.window.touches(start, end)]
    calendars = Calendars(network.loaded)
    near = frozenset[str]()
    if service:
        near = graph.carriers([service])
        shown = [c for c in shown if not near.isdisjoint(c.items)]
    inside = {c.id for c in shown}
    found = collide(network, graph, whole)
    models = read_models(network.book)
    holds = {c.id: calendars.holds(c) for c in shown}
    left = {c.id: calendars.outside(c, models.get(c.type)) for c in shown}
    return Schedule(
        start=start,
        end=end,
        service=service,
        changes=tuple(shown),
        around=tuple(around(calendars, start, end, near)),
        collisions=tuple(c for c in found if {c.first.id, c.second.id} & inside),
        holds={i: h for i, h in holds.items() if h},
        outside={i: o for i, o in left.items() if o is not None},
        availability=tuple(project(graph, shown, start, end, [service] if service else None)),
        joined=joined or Joined(),
    )


def around(
    calendars: Calendars, start: datetime, end: datetime, near: Iterable[str] = (), *, proposed: bool = False
) -> list[Around]:
    """Return the windows that touch a time, earliest first, of all calendars or of those that cover one of some items.

    ``proposed`` adds the freezes that are only drafts.
    """
    items = frozenset(near)
    found = [
        Around(calendar, window)
        for kind in _SHOWN
        for calendar in calendars.of_type(kind)
        if (calendar.in_force or (proposed and kind == FREEZE and calendar.proposed))
        and (not items or calendar.covers(items))
        for window in joined(calendar.spans(start, end))
    ]
    return sorted(found, key=lambda a: (a.window.start, a.calendar.id, a.window.end))


def freezes_ahead(network: Network, now: datetime) -> list[Freeze]:
    """Return the freezes that last now or begin within two months, without those that come back every week."""
    near = (f for f in preview_freezes(network, now) if f.window.start <= now + FREEZES_AHEAD)
    return [f for f in near if not f.calendar.data.get("hours")]


class Freeze(NamedTuple):
    """One window of a freeze, in force or only drafted, with the changes it holds and lets through."""

    calendar: Calendar
    window: Window
    held: tuple[Planned, ...]
    exempt: tuple[Planned, ...]


def preview_freezes(network: Network, now: datetime, calendar: str = "") -> list[Freeze]:
    """Return what freezes hold, by the start of their windows: of one calendar, or of all not retired.

    Windows that ended before ``now`` are left out. Raises Refused for a calendar that is no freeze.
    """
    calendars = Calendars(network.loaded)
    known = [c for c in calendars.of_type(FREEZE) if not c.retired]
    if calendar:
        known = [c for c in calendars.of_type(FREEZE) if c.id == calendar]
        if not known:
            names = ", ".join(c.id for c in calendars.of_type(FREEZE)) or "none"
            raise Refused(f"'{calendar}' is not a freeze", f"freezes: {names}")
    changes = planned_changes(network)
    found = []
    for one in known:
        for window in one.spans(now, now.replace(year=now.year + 5, day=min(now.day, 28))):
            inside = [
                c for c in changes if c.window.touches(window.start, window.end) and one.covers(c.items)
            ]
            held = tuple(c for c in inside if c.type not in one.exempt_types)
            found.append(Freeze(one, window, held, tuple(c for c in inside if c not in held)))
    return sorted(found, key=lambda f: (f.window.start, f.calendar.id))
