"""The clocks of service levels: the targets that apply to a record, the time used, and whether each is met."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from itsm_gitops.graph.calendars import Calendars
from itsm_gitops.graph.network import Network
from itsm_gitops.model import facts, meaning
from itsm_gitops.service_levels import measures
from itsm_gitops.service_levels.hours import Hours, RoundTheClock, hours_of
from itsm_gitops.service_levels.life import Case

RESPONSE, RESOLUTION, AVAILABILITY = "response", "resolution", "availability"


@dataclass(frozen=True, slots=True)
class Target:
    """One promise of a service level: the longest time (seconds) and the share of records to keep it for."""

    level: str
    number: int
    record: str
    metric: str
    priority: str
    seconds: int
    goal: float | None


class Clock(NamedTuple):
    """The result of one target for one record; ``over`` is how long it ran beyond its time (seconds)."""

    target: Target
    case: Case
    service: str
    verdict: str
    used: int

    @property
    def over(self) -> int:
        """How long it ran beyond its time, in seconds of the calendar."""
        return max(0, self.used - self.target.seconds)


class Levels:
    """The service levels of a snapshot, ready to judge records.

    ``first`` is the moment of the oldest record (None where there is none), ``until`` the moment for which
    the clocks are read; both in seconds since 1970, UTC.
    """

    def __init__(self, network: Network, first: int | None, until: int) -> None:
        """Read them; those that are not in force promise nothing."""
        self._network, self._first, self._until = network, first, until
        self.calendars = Calendars(network.loaded)
        self._hours: dict[str, Hours | RoundTheClock] = {}
        self.data: dict[str, Mapping[str, Any]] = {
            e.id: network.data(e.id)
            for e in network.of_role(meaning.SERVICE_LEVEL)
            if facts.is_in_force(network.book.kinds[e.kind], e.columns)
        }
        self.targets = {name: list(_targets(name, data)) for name, data in sorted(self.data.items())}

    def of_item(self, identifier: str) -> str:
        """Return the service level that a service or offering names, '' where it has none in force."""
        entry = self._network.entries.get(identifier)
        level = entry.columns.get("service_level") if entry else None
        return level if isinstance(level, str) and level in self.data else ""

    def of_case(self, case: Case) -> str:
        """Return the service level of a record: of its offering, else of its service."""
        return self.of_item(case.text("offering")) or self.of_item(case.text("service"))

    def clocks(self, case: Case) -> Iterator[Clock]:
        """Yield the result of each target of a record: for each metric the first target that fits."""
        metrics: set[str] = set()
        for target in self.targets.get(self.of_case(case), ()):
            fits = target.record == case.entry.kind and target.priority in ("", case.priority)
            if not fits or not target.seconds or target.metric in metrics:
                continue
            metrics.add(target.metric)
            used, stopped = self._used(target, case)
            verdict = measures.verdict(used, target.seconds, stopped=stopped)
            if verdict:
                yield Clock(target, case, self._service(case), verdict, used)

    def _service(self, case: Case) -> str:
        """Return the service of a record; that of its offering where it names none itself."""
        offering = self._network.entries.get(case.text("offering"))
        return case.text("service") or str(offering.columns.get("service", "") if offering else "")

    def _used(self, target: Target, case: Case) -> tuple[int, bool | None]:
        """Return the time a clock ran, and whether it stopped; None where it stopped without a result."""
        stop = case.resolved if target.metric == RESOLUTION else _answered(case)
        if stop is None and not case.is_open:
            return 0, None
        end = self._until if stop is None else stop
        hours, paused = self._hours_of(self.calendar(target.level)), self.pauses(target.level)
        held = sum(
            hours.between(s.start, end if s.end is None else min(s.end, end))
            for s in case.spans
            if s.state in paused
        )
        return hours.between(case.opened, end) - held, stop is not None

    def calendar(self, level: str) -> str:
        """Return the calendar in whose hours the clocks of a service level run, '' for around the clock."""
        return str(self.data[level].get("calendar", ""))

    def pauses(self, level: str) -> frozenset[str]:
        """Return the states in which the clocks of a service level stand still."""
        listed = self.data[level].get("pause_states")
        return frozenset(s for s in listed if isinstance(s, str)) if isinstance(listed, list) else frozenset()

    def _hours_of(self, name: str) -> Hours | RoundTheClock:
        if name not in self._hours:
            first = self._until if self._first is None else self._first
            self._hours[name] = hours_of(self.calendars.all.get(name), first, self._until)
        return self._hours[name]

    def goal(self, level: str, metric: str) -> float | None:
        """Return the lowest share that a service level promises of a metric, None where it promises none."""
        goals = [t.goal for t in self.targets.get(level, ()) if t.metric == metric and t.goal is not None]
        return min(goals, default=None)


def _targets(level: str, data: Mapping[str, Any]) -> Iterator[Target]:
    """Yield the promises of a service level as written; what the schema refuses is left out."""
    raw = data.get("targets")
    for number, entry in enumerate(raw if isinstance(raw, list) else ()):
        if not isinstance(entry, Mapping):
            continue
        minutes, percent = entry.get("minutes"), entry.get("percent")
        yield Target(
            level,
            number,
            str(entry.get("record", "")),
            str(entry.get("metric", "")),
            str(entry.get("priority", "")),
            minutes * 60 if isinstance(minutes, int) else 0,
            percent / 100 if isinstance(percent, int | float) else None,
        )


def _answered(case: Case) -> int | None:
    seconds = measures.time_to_respond(case)
    return None if seconds is None else case.opened + seconds
