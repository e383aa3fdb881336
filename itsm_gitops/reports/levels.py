"""Service levels: what was promised, and how often it was kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from itsm_gitops.graph.calendars import Calendars
from itsm_gitops.graph.hours import Hours, RoundTheClock, hours_of
from itsm_gitops.model.report import (
    DURATION,
    EXACT_SHARE,
    ITEM,
    MONTH,
    OVER_TIME,
    RECORD,
    SHARE,
    TEXT,
    Bars,
    Column,
    Row,
    Table,
)
from itsm_gitops.reports import measures
from itsm_gitops.reports.life import Case
from itsm_gitops.reports.log import Log
from itsm_gitops.reports.measures import MET, MISSED, RUNNING
from itsm_gitops.reports.past import Uptime, uptimes
from itsm_gitops.reports.tables import MOST_ROWS, counted, share
from itsm_gitops.reports.writing import Draft

RESPONSE, RESOLUTION, AVAILABILITY = "response", "resolution", "availability"
_KINDS = ("incident", "request")
_MOST_SERVICES = 500


class Target(NamedTuple):
    """One promise of a service level: the longest time (seconds) and the share of records to keep it for."""

    level: str
    number: int
    record: str
    metric: str
    priority: str
    seconds: int
    goal: float | None


class Clock(NamedTuple):
    """What became of one promise for one record; ``over`` is how long it ran beyond its time (seconds)."""

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
    """The service levels of a log's repository, ready to judge records."""

    def __init__(self, log: Log) -> None:
        """Read them; those that are not in force promise nothing."""
        self._log = log
        self.calendars = Calendars(log.network)
        self._hours: dict[str, Hours | RoundTheClock] = {}
        self.data: dict[str, Mapping[str, Any]] = {
            e.id: log.network.data(e.id)
            for e in log.network.entries.values()
            if e.kind == "service-level" and e.columns.get("lifecycle") in (None, "production")
        }
        self.targets = {name: list(_targets(name, data)) for name, data in sorted(self.data.items())}

    def of_item(self, identifier: str) -> str:
        """Return the service level that a service or offering names, '' where it has none in force."""
        entry = self._log.network.entries.get(identifier)
        level = entry.columns.get("service_level") if entry else None
        return level if isinstance(level, str) and level in self.data else ""

    def of_case(self, case: Case) -> str:
        """Return the service level of a record: of its offering, else of its service."""
        return self.of_item(case.text("offering")) or self.of_item(case.text("service"))

    def clocks(self, case: Case) -> Iterator[Clock]:
        """Yield what became of the promises for a record: the first target that fits, of each metric."""
        seen: set[str] = set()
        for target in self.targets.get(self.of_case(case), ()):
            fits = target.record == case.entry.kind and target.priority in ("", case.priority)
            if not fits or not target.seconds or target.metric in seen:
                continue
            seen.add(target.metric)
            used, stopped = self._used(target, case)
            verdict = measures.verdict(used, target.seconds, stopped=stopped)
            if verdict:
                yield Clock(target, case, self._service(case), verdict, used)

    def _service(self, case: Case) -> str:
        """Return the service of a record; that of its offering where it names none itself."""
        offering = self._log.network.entries.get(case.text("offering"))
        return case.text("service") or str(offering.columns.get("service", "") if offering else "")

    def _used(self, target: Target, case: Case) -> tuple[int, bool | None]:
        """Return the time a clock ran, and whether it stopped; None where it stopped without a result."""
        done = case.resolved if target.metric == RESOLUTION else _answered(case)
        if done is None and not case.is_open:
            return 0, None
        end = self._log.until if done is None else done
        hours, paused = self._hours_of(self.calendar(target.level)), self.pauses(target.level)
        held = sum(
            hours.between(s.start, end if s.end is None else min(s.end, end))
            for s in case.spans
            if s.state in paused
        )
        return hours.between(case.opened, end) - held, done is not None

    def calendar(self, level: str) -> str:
        """Return the calendar in whose hours the clocks of a service level run, '' for around the clock."""
        return str(self.data[level].get("calendar", ""))

    def pauses(self, level: str) -> frozenset[str]:
        """Return the states in which the clocks of a service level stand still."""
        listed = self.data[level].get("pause_states")
        return frozenset(s for s in listed if isinstance(s, str)) if isinstance(listed, list) else frozenset()

    def _hours_of(self, name: str) -> Hours | RoundTheClock:
        if name not in self._hours:
            first = self._log.until if self._log.first is None else self._log.first
            self._hours[name] = hours_of(self.calendars.all.get(name), first, self._log.until)
        return self._hours[name]

    def goal(self, level: str, metric: str) -> float | None:
        """Return the lowest share that a service level promises of a metric, None where it promises none."""
        found = [t.goal for t in self.targets.get(level, ()) if t.metric == metric and t.goal is not None]
        return min(found, default=None)


def _targets(level: str, data: Mapping[str, Any]) -> Iterator[Target]:
    """Yield the promises of a service level as written; what the schema refuses is left out."""
    raw = data.get("targets")
    for number, found in enumerate(raw if isinstance(raw, list) else ()):
        if not isinstance(found, Mapping):
            continue
        minutes, percent = found.get("minutes"), found.get("percent")
        yield Target(
            level,
            number,
            str(found.get("record", "")),
            str(found.get("metric", "")),
            str(found.get("priority", "")),
            minutes * 60 if isinstance(minutes, int) else 0,
            percent / 100 if isinstance(percent, int | float) else None,
        )


def _answered(case: Case) -> int | None:
    taken = measures.time_to_respond(case)
    return None if taken is None else case.opened + taken


def levels(log: Log) -> Draft:
    """Return how often each promise was kept: by target, service and month, and what was missed."""
    known = Levels(log)
    clocks = [c for kind in _KINDS for case in log.opened(kind) for c in known.clocks(case)]
    up = uptimes(log)
    counts = _count(clocks)
    kept = share(counts[MET], counts[MET] + counts[MISSED])
    if not known.data:
        headline = "no service level is in force"
    elif kept is None:
        headline = "no promise has come due"
    else:
        headline = f"{_floored(kept)} % of {counted(counts[MET] + counts[MISSED], 'promise')} kept"
    return Draft(
        headline,
        (measures.verdict, measures.attainment, measures.availability),
        (
            _by_service(log, known, clocks, up),
            _by_target(log, known, clocks),
            _by_month(log, clocks),
            _missed(clocks),
            _running(known, clocks),
        ),
    )


def _floored(part: float) -> int:
    """Return a share in percent, rounded down: 100 is said only of all."""
    return int(part * 100 + 1e-9)


def _count(clocks: Iterable[Clock]) -> dict[str, int]:
    counts = {MET: 0, MISSED: 0, RUNNING: 0}
    for clock in clocks:
        counts[clock.verdict] += 1
    return counts


def _attained(clocks: Iterable[Clock]) -> float | None:
    counts = _count(clocks)
    return measures.attainment(counts[MET], counts[MISSED])


def _by_service(log: Log, known: Levels, clocks: list[Clock], up: Mapping[str, Uptime]) -> Table:
    """Return the promises to the users of each service: those of its own level, and its availability."""
    groups: dict[str, list[Clock]] = {}
    for clock in clocks:
        # What was asked for under a level of its own, as requests are, is not the service's promise.
        if clock.target.level == known.of_item(clock.service):
            groups.setdefault(clock.service, []).append(clock)
    rows: list[Row] = []
    for service in sorted({*up, *groups}, key=lambda s: (log.title(s).lower(), s)):
        level = known.of_item(service)
        if not level or log.scope.service not in ("", service):
            continue
        found = groups.get(service, [])
        uptime = up.get(service)
        rows.append(
            (
                service,
                level,
                *_pair(known, level, found, RESPONSE),
                *_pair(known, level, found, RESOLUTION),
                measures.availability(uptime.watched, uptime.down) if uptime else None,
                known.goal(level, AVAILABILITY),
            )
        )
    columns = (
        Column("service", "Service", ITEM),
        Column("level", "Service level", ITEM),
        Column("response", "Response", SHARE, "response_goal"),
        Column("response_goal", "Goal", SHARE),
        Column("resolution", "Resolution", SHARE, "resolution_goal"),
        Column("resolution_goal", "Goal", SHARE),
        Column("availability", "Available", EXACT_SHARE, "availability_goal"),
        Column("availability_goal", "Goal", EXACT_SHARE),
    )
    note = "The goal is the lowest of those that the service level has for its priorities."
    return Table(
        "services", "Kept by service", columns, tuple(rows[:_MOST_SERVICES]), note=note if rows else ""
    )


def _pair(known: Levels, level: str, clocks: list[Clock], metric: str) -> tuple[float | None, float | None]:
    return _attained(c for c in clocks if c.target.metric == metric), known.goal(level, metric)


def _by_target(log: Log, known: Levels, clocks: list[Clock]) -> Table:
    groups: dict[tuple[str, int], list[Clock]] = {}
    for clock in clocks:
        groups.setdefault((clock.target.level, clock.target.number), []).append(clock)
    rows: list[Row] = []
    for targets in known.targets.values():
        for target in targets:
            found = groups.get((target.level, target.number))
            if not found:
                continue
            counts = _count(found)
            what = f"{target.metric.capitalize()}, {target.record}"
            name = f"{what} {log.priority_title(target.priority)}" if target.priority else what
            rows.append(
                (
                    target.level,
                    name,
                    target.seconds,
                    counts[MET],
                    counts[MISSED],
                    counts[RUNNING],
                    _attained(found),
                    target.goal,
                )
            )
    columns = (
        Column("level", "Service level", ITEM),
        Column("target", "Promise", TEXT),
        Column("within_s", "Within", DURATION),
        Column("met", "Met"),
        Column("missed", "Missed"),
        Column("running", "Running"),
        Column("attained", "Kept", SHARE, "goal"),
        Column("goal", "Goal", SHARE),
    )
    return Table("targets", "Kept by promise", columns, tuple(rows))


def _by_month(log: Log, clocks: list[Clock]) -> Table:
    rows: list[Row] = []
    for month in log.months(log.first_day(c.case for c in clocks)) if clocks else ():
        found = [c for c in clocks if month.start <= c.case.opened < month.end]
        counts = _count(found)
        rows.append((month.name, counts[MET], counts[MISSED], _attained(found)))
    columns = (
        Column("month", "Month", MONTH),
        Column("met", "Met"),
        Column("missed", "Missed"),
        Column("attained", "Kept", SHARE),
    )
    note = "Promises by the month in which the record was opened."
    chart = Bars(OVER_TIME, ("met", "missed"), ("green", "red"))
    return Table("months", "By month", columns, tuple(rows), chart, note if rows else "")


_CLOCK_COLUMNS = (
    Column("record", "Record", RECORD),
    Column("title", "Title", TEXT),
    Column("service", "Service", ITEM),
    Column("metric", "Promise", TEXT),
    Column("within_s", "Within", DURATION),
)


def _missed(clocks: list[Clock]) -> Table:
    missed = [c for c in clocks if c.verdict == MISSED]
    missed.sort(key=lambda c: (-c.case.opened, c.case.entry.id, c.target.metric))
    columns = (*_CLOCK_COLUMNS, Column("over_s", "Over by", DURATION))
    rows = tuple((*_cells(c), c.over) for c in missed[:MOST_ROWS])
    return Table("missed", "The latest that were missed", columns, rows)


def _running(known: Levels, clocks: list[Clock]) -> Table:
    """Return the open records whose clock has passed the warning of their service level."""
    near = [c for c in clocks if c.verdict == RUNNING and c.used * 100 >= _warn(known, c) * c.target.seconds]
    near.sort(key=lambda c: (c.target.seconds - c.used, c.case.entry.id, c.target.metric))
    columns = (*_CLOCK_COLUMNS, Column("left_s", "Left", DURATION))
    rows = tuple((*_cells(c), c.target.seconds - c.used) for c in near[:MOST_ROWS])
    return Table("running", "Soon to be missed", columns, rows)


def _warn(known: Levels, clock: Clock) -> int:
    found = known.data[clock.target.level].get("warn_at_percent")
    return found if isinstance(found, int) else 75


def _cells(clock: Clock) -> tuple[str, str, str, str, int]:
    entry = clock.case.entry
    return entry.id, entry.title, clock.service, clock.target.metric.capitalize(), clock.target.seconds
