"""What may have caused an incident: changes and edits of the CMDB shortly before it, most likely first.

The score (0 to 100) adds up how close in time a suspect is (half as much for each seventh of the
window), how near in the CMDB, and what speaks against it. It orders suspects for people to look at;
it is no proof.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from itsm_gitops.graph.impact import Effect, ImpactGraph
from itsm_gitops.graph.network import Network
from itsm_gitops.model import clock, facts, meaning
from itsm_gitops.model.entry import Entry
from itsm_gitops.repository.history import FileEdit

CHANGE = "change"
EDIT = "edit"
_CLOSENESS = 45
_NEARNESS = (30, 22, 15, 8)
_FURTHEST = 6
_OUTCOMES = {"unsuccessful": 15, "backed_out": 15, "successful_with_issues": 8}
_UNPLANNED = 15
_SIGNIFICANT = timedelta(minutes=1)


class Reason(NamedTuple):
    """Why something is suspected, and what that adds to (or takes from) its score."""

    points: int
    text: str


@dataclass(frozen=True)
class Suspect:
    """A change or an edit of the CMDB. ``item`` is the affected CI or the nearest one it depends on.

    ``start`` and ``end`` are the time of the work (equal for an edit); ``author`` and ``commit``
    belong to edits.
    """

    type: str
    id: str
    title: str
    item: str
    distance: int
    start: datetime
    end: datetime
    reasons: tuple[Reason, ...]
    author: str = ""
    commit: str = ""

    @property
    def score(self) -> int:
        """The sum of the reasons, from 0 to 100."""
        return max(0, min(100, sum(r.points for r in self.reasons)))


@dataclass(frozen=True)
class Scene:
    """An incident, when it began, how far back to look, and the distance of every CI that matters."""

    incident: Entry
    began: datetime
    window: timedelta
    distances: Mapping[str, int]

    @property
    def since(self) -> datetime:
        """The beginning of the window."""
        return self.began - self.window


def scene(graph: ImpactGraph, incident: Entry, began: datetime, window: timedelta) -> Scene:
    """Return where to look: the affected CIs (0) and what they need or contain, by steps."""
    distances = {i: 0 for i in graph.network.affected(incident) if i in graph.network.entries}
    queue = list(distances)
    for identifier in queue:
        if distances[identifier] == _FURTHEST:
            continue
        for other in (*graph.needs.get(identifier, ()), *graph.parts.get(identifier, ())):
            if other not in distances:
                distances[other] = distances[identifier] + 1
                queue.append(other)
    return Scene(incident, began, window, distances)


def suspects(network: Network, graph: ImpactGraph, at: Scene, edits: Iterable[FileEdit]) -> list[Suspect]:
    """Return everything that happened in the window on the CIs of a scene, most likely first."""
    court = _Court(network, graph, at)
    changes = list(court.changes())
    found = [*changes, *court.edits(edits, changes)]
    return sorted(found, key=lambda s: (-s.score, s.distance, -s.end.timestamp(), s.id, s.item))


class _Court:
    """Weighs what happened in one scene."""

    def __init__(self, network: Network, graph: ImpactGraph, at: Scene) -> None:
        self.network = network
        self.graph = graph
        self.at = at
        self._holding: dict[str, str] = {}
        self._named = set(network.others(at.incident.id, "caused_by"))

    def changes(self) -> Iterator[Suspect]:
        """Yield the changes that were at work in the window."""
        book, kinds = self.network.book, self.network.book.playing(meaning.CHANGE)
        near = self.network.linked(facts.AFFECTS, self.at.distances, kinds)
        named = (self.network.entries.get(i) for i in self._named)
        found = {e.id: e for e in (*near, *(e for e in named if e is not None and e.kind in kinds))}
        for _, entry in sorted(found.items()):
            if facts.is_firm(book, entry.kind, entry.state) or facts.is_carried_out(book, entry):
                suspect = self._change(entry)
                if suspect is not None:
                    yield suspect

    def _change(self, entry: Entry) -> Suspect | None:
        near = [i for i in self.network.affected(entry) if i in self.at.distances]
        # Times are in the entry, so that only the documents of suspects are read.
        actual = clock.parse_time(str(entry.columns.get("actual_start", "")))
        planned = clock.parse_time(str(entry.columns.get("planned_start", "")))
        start = actual or planned
        if start is None or start > self.at.began:
            return None
        stop = str(entry.columns.get("actual_end" if actual else "planned_end", ""))
        # Work that began and has no end goes on.
        end = clock.parse_time(stop) or (self.at.began if actual else start)
        named = entry.id in self._named
        if end < self.at.since and not named:
            return None
        item = min(near, key=lambda i: (self.at.distances[i], i)) if near else ""
        reasons = [*self._when(start, end), *(self._where(item) if item else ())]
        reasons += _record(entry, self.network.data(entry.id), actual, end)
        if named:
            reasons.append(Reason(100, "the incident names it as its cause"))
        distance = self.at.distances.get(item, _FURTHEST)
        return Suspect(CHANGE, entry.id, entry.title, item, distance, start, end, tuple(reasons))

    def edits(self, edits: Iterable[FileEdit], changes: Iterable[Suspect]) -> Iterator[Suspect]:
        """Yield the edits of CIs, each with the change that covers it, or with the lack of one."""
        known = list(changes)
        for edit in edits:
            moment = clock.parse_time(edit.at)
            item = self.network.present(edit.path.rpartition("/")[2].removesuffix(".yaml"))
            if moment is None or item not in self.at.distances:
                continue
            cover = [c.id for c in known if self._covers(c, item, moment)]
            what = {"A": "was added", "D": "was removed"}.get(
                edit.status, f"changed {', '.join(edit.fields[:4])}"
            )
            reasons = [*self._when(moment, moment), *self._where(item), Reason(0, f"its record {what}")]
            if cover:
                reasons.append(Reason(0, f"belongs to {', '.join(cover)}"))
            else:
                reasons.append(Reason(_UNPLANNED, "no change names it at that time"))
            yield Suspect(
                EDIT, item, edit.subject, item, self.at.distances[item], moment, moment, tuple(reasons),
                edit.author, edit.commit,
            )  # fmt: skip

    def _covers(self, change: Suspect, item: str, moment: datetime) -> bool:
        day = timedelta(days=1)
        named = item in self.network.affected(self.network.entries[change.id])
        return named and change.start - day <= moment <= change.end + day

    def _when(self, start: datetime, end: datetime) -> Iterator[Reason]:
        if start <= self.at.began < end or end == self.at.began:
            yield Reason(_CLOSENESS, "was under way when it began")
            return
        before = self.at.began - end
        half = self.at.window / 7
        points = round(_CLOSENESS * 0.5 ** (before / half)) if before >= timedelta(0) else 0
        yield Reason(points, f"{clock.age(end, self.at.began)} before it began")

    def _where(self, item: str) -> Iterator[Reason]:
        distance = self.at.distances[item]
        points = _NEARNESS[min(distance, len(_NEARNESS) - 1)]
        if distance == 0:
            yield Reason(points, f"{item} is affected itself")
            return
        steps = "directly" if distance == 1 else f"over {distance} steps"
        yield Reason(points, f"what is affected depends on {item} {steps}")
        held = self._held(item)
        if held:
            yield Reason(-points // 2, held)

    def _held(self, item: str) -> str:
        """Return why a failure of a CI should not have hit what the incident affects; empty where it would."""
        if item not in self._holding:
            hits = self.graph.propagate({item: Effect.OUTAGE})
            near = [hits[i].effect for i, d in self.at.distances.items() if d == 0 and i in hits]
            spare = any(h.effect == Effect.AT_RISK for h in hits.values())
            held = "redundancy should have held" if spare else "nothing in production passes on"
            self._holding[item] = (
                "" if max(near, default=Effect.NONE) > Effect.AT_RISK else f"{held} a failure of it"
            )
        return self._holding[item]


def _record(
    entry: Entry, data: Mapping[str, Any], actual: datetime | None, end: datetime
) -> Iterator[Reason]:
    """Yield what the change's own record says against it, or for it."""
    outcome = str(data.get("outcome", ""))
    if outcome in _OUTCOMES:
        yield Reason(_OUTCOMES[outcome], f"ended {outcome.replace('_', ' ')}")
    if data.get("type") == "emergency":
        yield Reason(5, "was an emergency")
    risk = data.get("risk")
    if isinstance(risk, Mapping) and risk.get("level") == "high":
        yield Reason(5, "was of high risk")
    planned_end = clock.parse_time(str(data.get("planned_end", "")))
    if actual and planned_end and end - planned_end > _SIGNIFICANT:
        yield Reason(5, f"ran {clock.age(planned_end, end)} over its window")
    if actual is None:
        yield Reason(-10, f"only planned for then; it is {entry.state}")
