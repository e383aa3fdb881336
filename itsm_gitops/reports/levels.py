"""Service levels: what was promised, and how often it was kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from itsm_gitops.model import meaning
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
from itsm_gitops.reports.log import Log
from itsm_gitops.reports.past import Uptime, uptimes
from itsm_gitops.reports.tables import MOST_ROWS, counted, share
from itsm_gitops.reports.writing import ReportDraft
from itsm_gitops.service_levels import measures as durations
from itsm_gitops.service_levels.agreements import Clock
from itsm_gitops.service_levels.clocks import AVAILABILITY, RESOLUTION, RESPONSE, Levels
from itsm_gitops.service_levels.measures import MET, MISSED, RUNNING

_ROLES = (meaning.INCIDENT, meaning.REQUEST)
_MOST_SERVICES = 500


def levels_of(log: Log) -> Levels:
    """Return the service levels in force, ready to judge the records of a log."""
    return Levels(log.network, log.first, log.until, str(log.zone))


def levels(log: Log) -> ReportDraft:
    """Return how often each promise was kept: by target, service and month, and what was missed."""
    known = levels_of(log)
    clocks = [c for role in _ROLES for case in log.opened(*log.playing(role)) for c in known.clocks(case)]
    up = uptimes(log)
    counts = _count(clocks)
    kept = share(counts[MET], counts[MET] + counts[MISSED])
    if not known.data:
        headline = "no service level is in force"
    elif kept is None:
        headline = "no promise has come due"
    else:
        headline = f"{_floored(kept)} % of {counted(counts[MET] + counts[MISSED], 'promise')} kept"
    return ReportDraft(
        headline,
        (durations.verdict, measures.attainment, measures.availability),
        (
            _by_service(log, known, clocks, up),
            _by_target(log, known, clocks),
            _by_month(log, clocks),
            _missed(clocks),
            _running(known, clocks),
        ),
    )


def _floored(part: float) -> int:
    """Return a share in percent, rounded down, so that only all of them are 100."""
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
