"""Freezes and maintenance windows of one snapshot, and what they mean for a planned change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any, NamedTuple

from itsm_gitops.graph.asking import impact_graph, network_of
from itsm_gitops.graph.impact import ImpactGraph
from itsm_gitops.graph.loaded import Loaded, present_data
from itsm_gitops.graph.network import ItemsOnly, Network, of_role
from itsm_gitops.graph.planned import Planned
from itsm_gitops.model import facts, meaning
from itsm_gitops.model.change_models import ALWAYS, WHEN_OUTAGE, ChangeModel
from itsm_gitops.model.windows import Window, closed_days, spans, within

FREEZE = "freeze"
MAINTENANCE = "maintenance_window"


@dataclass(frozen=True)
class Calendar:
    """One calendar. ``closed`` are the days of its holiday calendars; ``in_force`` is False for drafts.

    ``below`` is what the items of a freeze need or contain: whoever changes that changes what they rest on.
    """

    id: str
    type: str
    name: str
    data: Mapping[str, Any]
    closed: frozenset[date]
    in_force: bool
    retired: bool = False
    below: frozenset[str] = frozenset()

    @property
    def proposed(self) -> bool:
        """Whether it is only a draft, which holds nothing yet."""
        return not self.in_force and not self.retired

    @property
    def applies_to(self) -> frozenset[str]:
        """The items it is for; empty for all."""
        return frozenset(_names(self.data.get("applies_to")))

    @property
    def exempt_types(self) -> tuple[str, ...]:
        """The types of change that a freeze does not stop."""
        return tuple(_names(self.data.get("exempt_types")))

    def covers(self, items: Iterable[str]) -> bool:
        """Whether it is for everything or for one of these items, or for what one of its own rests on."""
        return not self.applies_to or not (self.applies_to | self.below).isdisjoint(items)

    def below_only(self, items: Iterable[str]) -> list[str]:
        """Return the items that it covers only because its own need or contain them; empty where it is for one itself."""
        some = set(items)
        return [] if some & self.applies_to else sorted(some & self.below)

    def spans(self, start: datetime, end: datetime) -> list[Window]:
        """Return its windows that touch a time, earliest first."""
        return spans(self.data, start, end, self.closed)


class Hold(NamedTuple):
    """A freeze's window that a change falls into; ``exempt`` says that its type is exempt."""

    calendar: Calendar
    window: Window
    exempt: bool


class Outside(NamedTuple):
    """The maintenance calendars whose windows a change leaves, and whether it named one itself."""

    calendars: tuple[Calendar, ...]
    named: bool


class Calendars:
    """All calendars of one snapshot that say when changes may be made."""

    def __init__(self, loaded: Loaded) -> None:
        """Read them; the CMDB of ``loaded`` suffices."""
        book = loaded.book
        entries = of_role(loaded, meaning.CALENDAR)
        whole = {e.id: present_data(loaded, e) for e in entries}
        below = _Below(loaded)
        self.all: dict[str, Calendar] = {
            e.id: Calendar(
                e.id,
                str(e.columns.get("type", "")),
                e.title,
                whole[e.id],
                closed_days(whole[e.id], whole.get),
                facts.is_in_force(book.kinds[e.kind], e.columns),
                facts.is_retired(book, e),
                below.of(_names(whole[e.id].get("applies_to")))
                if e.columns.get("type") == FREEZE
                else frozenset(),
            )
            for e in entries
        }

    def of_type(self, kind: str) -> list[Calendar]:
        """Return the calendars of one type by identifier, drafts and retired ones too."""
        return [c for _, c in sorted(self.all.items()) if c.type == kind]

    def holds(self, change: Planned, calendars: Iterable[Calendar] | None = None) -> list[Hold]:
        """Return the windows of freezes (those in force, or the given ones) that a change falls into."""
        known = [c for c in self.of_type(FREEZE) if c.in_force] if calendars is None else calendars
        return [
            Hold(calendar, window, change.type in calendar.exempt_types)
            for calendar in known
            if calendar.covers(change.items)
            for window in calendar.spans(change.start, change.end)
        ]

    def held(self, change: Planned) -> list[Hold]:
        """Return the windows of freezes that forbid a change: of those in force, and of those that are only proposed."""
        freezes = [c for c in self.of_type(FREEZE) if not c.retired]
        return [hold for hold in self.holds(change, freezes) if not hold.exempt]

    def outside(self, change: Planned, model: ChangeModel | None) -> Outside | None:
        """Return the maintenance calendars that a change should keep to and does not; None where it does.

        The one that the change names counts alone. Otherwise, where its model asks for it, those
        that name one of its items, or else those that are for everything.
        """
        named = self.all.get(change.maintenance_window)
        if named is not None and named.type == MAINTENANCE:
            calendars = [named]
        elif model is not None and (
            model.keeps_windows == ALWAYS or (model.keeps_windows == WHEN_OUTAGE and change.outage)
        ):
            calendars = self._of(change)
        else:
            return None
        windows = [w for c in calendars for w in c.spans(change.start, change.end)]
        if not calendars or within(change.start, change.end, windows):
            return None
        return Outside(tuple(calendars), calendars == [named])

    def _of(self, change: Planned) -> list[Calendar]:
        known = [c for c in self.of_type(MAINTENANCE) if c.in_force]
        own = [c for c in known if c.applies_to and c.covers(change.items)]
        return own or [c for c in known if not c.applies_to]


class _Below:
    """What items rest on; the graph of items is made when the first freeze is for some of them."""

    def __init__(self, loaded: Loaded) -> None:
        self._loaded = loaded

    @cached_property
    def _graph(self) -> ImpactGraph:
        if hasattr(self._loaded, "items_into"):
            return impact_graph(network_of(self._loaded))
        return ImpactGraph(Network(ItemsOnly(self._loaded)))

    def of(self, items: list[str]) -> frozenset[str]:
        """Return everything that some items need or contain, and themselves."""
        return self._graph.carriers(items) if items else frozenset()


def _names(value: Any) -> list[str]:
    return [v for v in value if isinstance(v, str)] if isinstance(value, list) else []
