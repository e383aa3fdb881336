"""What is announced for a time, and what it says of services. An announcement lives by its dates alone.

A disturbance says how badly the services that it names are felt to fail while it lasts (``effect``, degraded where it says
nothing): it counts like an incident that declares as much. Planned work puts them in maintenance while it lasts. News
says nothing of a status.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from itsm_gitops.graph.declared import Declaration, felt
from itsm_gitops.graph.impact import Effect, ImpactGraph
from itsm_gitops.graph.loaded import Loaded, present_entry
from itsm_gitops.graph.network import of_role
from itsm_gitops.graph.past import Spell
from itsm_gitops.model import clock, facts, meaning
from itsm_gitops.model.entry import Entry

# What an announcement is about, in the order in which they stand.
DISTURBANCE, MAINTENANCE, NEWS = TYPES = ("disturbance", "maintenance", "news")
_APPLIES = "applies_to"
_EFFECTS = {"degraded": Effect.DEGRADED, "outage": Effect.OUTAGE}


class Announcement(NamedTuple):
    """One announcement: what it is about lasts from ``start`` to ``end``, and it is shown from ``shown_from`` to ``end``.

    ``services`` are those that it names, as they are called now; ``effect`` is how badly a disturbance is felt.
    """

    entry: Entry
    type: str
    text: str
    start: datetime
    end: datetime
    shown_from: datetime
    services: tuple[str, ...]
    effect: Effect = Effect.NONE

    def is_shown(self, now: datetime) -> bool:
        """Whether it is to be seen at a moment."""
        return self.shown_from <= now < self.end

    def lasts(self, now: datetime) -> bool:
        """Whether what it is about goes on at a moment."""
        return self.start <= now < self.end


def announced(loaded: Loaded) -> Iterator[Announcement]:
    """Yield what is, was and will be announced, by identifier."""
    for entry in of_role(loaded, meaning.ANNOUNCEMENT):
        one = read_announcement(loaded, entry)
        if one is not None:
            yield one


def read_announcement(loaded: Loaded, entry: Entry) -> Announcement | None:
    """Return what an entry announces; None where it has no time, or one that is the wrong way round (rule D050)."""
    data = loaded.data(entry.id)
    start, end = (clock.parse_time(str(data.get(name, ""))) for name in ("start", "end"))
    if start is None or end is None or end <= start:
        return None
    shown = clock.parse_time(str(data.get("shown_from", "")))
    text = data.get("description")
    sort = str(data.get("type")) if data.get("type") in TYPES else NEWS
    return Announcement(
        entry,
        sort,
        text if isinstance(text, str) else "",
        start,
        end,
        min(shown, start) if shown else start,
        tuple(facts.targets(present_entry(loaded, entry), _APPLIES)),
        _EFFECTS.get(str(data.get("effect")), Effect.DEGRADED) if sort == DISTURBANCE else Effect.NONE,
    )


def disturbances(graph: ImpactGraph, now: datetime) -> dict[str, Declaration]:
    """Return what the disturbances that last at a moment declare, by the announcement."""
    found = {}
    for one in announced(graph.network.loaded):
        declared = _declaration(graph, one) if one.lasts(now) else None
        if declared is not None:
            found[one.entry.id] = declared
    return found


def planned_work(loaded: Loaded, now: datetime) -> dict[str, list[str]]:
    """Return the announcements of planned work that lasts at a moment, by the services that they name."""
    found: dict[str, list[str]] = {}
    for one in announced(loaded):
        if one.type == MAINTENANCE and one.lasts(now):
            for target in one.services:
                found.setdefault(target, []).append(one.entry.id)
    return found


def announced_spells(graph: ImpactGraph, since: datetime, now: datetime) -> Iterator[Spell]:
    """Yield when disturbances hit items, of those that lasted at some time between two moments."""
    for one in announced(graph.network.loaded):
        declared = _declaration(graph, one) if one.start <= now and one.end > since else None
        if declared is not None:
            start, end = int(one.start.timestamp()), int(min(one.end, now).timestamp())
            for hit in felt(graph, [declared]).values():
                if hit.effect in (Effect.DEGRADED, Effect.OUTAGE):
                    yield Spell(hit.id, start, end, hit.effect, (one.entry.id,))


def _declaration(graph: ImpactGraph, one: Announcement) -> Declaration | None:
    items = tuple(i for i in one.services if i in graph.network.entries)
    return Declaration(items, one.effect) if one.effect != Effect.NONE and items else None
