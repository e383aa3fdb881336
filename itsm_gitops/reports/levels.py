"""Service levels: what was promised, and how often it was kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from itsm_gitops.model import meaning
from itsm_gitops.model.report import (
    BUSINESS,
    EXACT_SHARE,
    FEW,
    ITEM,
    MONTH,
    OVER_TIME,
    SHARE,
    TEXT,
    Bars,
    Column,
    Key,
    Row,
    Table,
)
from itsm_gitops.model.wording import Figure, Phrase, percent, plural
from itsm_gitops.reports import measures, trends
from itsm_gitops.reports.clock_lists import HOURS, missed, running
from itsm_gitops.reports.course import levels_of
from itsm_gitops.reports.log import Bucket, Log
from itsm_gitops.reports.past import Uptime, uptimes
from itsm_gitops.reports.writing import ReportDraft
from itsm_gitops.service_levels import measures as durations
from itsm_gitops.service_levels.agreements import Clock, Target
from itsm_gitops.service_levels.clocks import AVAILABILITY, RESOLUTION, RESPONSE, Levels
from itsm_gitops.service_levels.measures import MET, MISSED, RUNNING

_ROLES = (meaning.INCIDENT, meaning.REQUEST)
_MOST_SERVICES = 500
_MOST_PERIODS = 100


def levels(log: Log) -> ReportDraft:
    """Return how often each promise was kept: by target, service and month, and what was missed."""
    known = levels_of(log)
    cases = log.opened(*_kinds(log, known))
    clocks = [c for case in cases for c in known.clocks(case)]
    internal = [c for case in cases for c in known.internal_clocks(case)]
    up = uptimes(log, known)
    counts = _count(clocks)
    whole, kept = counts[MET] + counts[MISSED], _share_kept(counts)
    services = _by_service(log, known, clocks, up)

    def kept_in(period: Bucket) -> tuple[int, int]:
        some = _count(c for c in clocks if period.start <= c.case.opened < period.end)
        return some[MET], some[MET] + some[MISSED]

    return ReportDraft(
        _headline(counts) if known.data else Phrase("no service level is in force"),
        (
            durations.verdict,
            measures.attainment,
            measures.availability,
            measures.availability_around_the_clock,
        ),
        (
            services,
            _availability(log, known, up),
            _by_target(log, known, clocks),
            _internal(log, known, internal),
            _by_period(log, clocks),
            _by_month(log, clocks),
            missed(clocks),
            running(known, clocks),
        ),
        trends.shared(log, "Promises to users kept", kept_in, 1),
        Key(
            kept,
            plural(whole, "of {count} promise kept", "of {count} promises kept"),
            SHARE,
            whole,
        ),
        _keys(counts, services) if known.data else (),
    )


def _headline(counts: Mapping[str, int]) -> Phrase:
    whole, kept = counts[MET] + counts[MISSED], _share_kept(counts)
    if kept is None:
        return Phrase("no promise has come due")
    if whole < FEW:
        return plural(
            whole, "{met} of {count} promise kept", "{met} of {count} promises kept", met=counts[MET]
        )
    share_kept = Figure(percent, kept)
    return plural(
        whole, "{share} of {count} promise kept", "{share} of {count} promises kept", share=share_kept
    )


def _keys(counts: Mapping[str, int], services: Table) -> tuple[Key, ...]:
    return (
        Key(_share_kept(counts), "Promises to users kept", SHARE, counts[MET] + counts[MISSED]),
        Key(counts[MISSED], "Promises to users missed"),
        Key(sum(any(services.falls_short(row)) for row in services.rows), "Services below a goal"),
        Key(counts[RUNNING], "Promises to users still running"),
    )


def _kinds(log: Log, known: Levels) -> list[str]:
    """Return the kinds of record of which service levels promise something, and incidents and requests."""
    usual = {kind for role in _ROLES for kind in log.playing(role)}
    promised = {t.record for targets in known.targets.values() for t in targets}
    return sorted(usual | {k for k in promised if k in log.book.kinds and log.book.kinds[k].is_record})


def _count(clocks: Iterable[Clock]) -> dict[str, int]:
    counts = {MET: 0, MISSED: 0, RUNNING: 0}
    for clock in clocks:
        counts[clock.verdict] += 1
    return counts


def judged(clocks: Iterable[Clock]) -> int:
    """Return how many promises were kept or missed; the others are still running."""
    counts = _count(clocks)
    return counts[MET] + counts[MISSED]


def attained(clocks: Iterable[Clock]) -> float | None:
    """Return the share of promises that were kept, from 0 to 1; None where none has come due."""
    return _share_kept(_count(clocks))


def _share_kept(counts: Mapping[str, int]) -> float | None:
    return measures.attainment(counts[MET], counts[MISSED])


def _by_service(log: Log, known: Levels, clocks: list[Clock], up: Mapping[str, Uptime]) -> Table:
    """Return the promises to the users of each service: those of its own level, and its availability."""
    groups: dict[str, list[Clock]] = {}
    for clock in clocks:
        # What was asked for under a level of its own, as requests are, is not the service's promise.
        if clock.target.level == known.of_item(clock.service):
            groups.setdefault(clock.service, []).append(clock)
    rows: list[Row] = []
    due: dict[str, dict[str, int]] = {}
    for service in sorted({*up, *groups}, key=lambda s: (log.title(s).lower(), s)):
        level = known.of_item(service)
        if not level or not log.scope.shows(service):
            continue
        found = groups.get(service, [])
        uptime = up.get(service)
        due[service] = {m: judged(c for c in found if c.target.metric == m) for m in (RESPONSE, RESOLUTION)}
        rows.append(
            (
                service,
                level,
                *_pair(known, level, found, RESPONSE),
                *_pair(known, level, found, RESOLUTION),
                measures.availability(uptime.agreed, uptime.agreed_down) if uptime else None,
                known.goal(level, AVAILABILITY),
            )
        )
    columns = (
        Column("service", "Service", ITEM),
        Column("level", "Service level", ITEM),
        Column("response", "Resp. met", SHARE, "response_goal"),
        Column("response_goal", "Resp. goal", SHARE),
        Column("resolution", "Resol. met", SHARE, "resolution_goal"),
        Column("resolution_goal", "Resol. goal", SHARE),
        Column("availability", "Available", EXACT_SHARE, "availability_goal"),
        Column("availability_goal", "Avail. goal", EXACT_SHARE),
    )
    note = (
        "The goal is the lowest goal of the service level over its priorities. Availability counts "
        "agreed time only."
    )
    table = Table("services", "Kept by service", columns, tuple(rows), note=note if rows else "")
    missed_first = sorted(rows, key=lambda row: not any(table.falls_short(row)))
    shown = tuple(missed_first[:_MOST_SERVICES])
    wholes = {m: [due[str(row[0])][m] for row in shown] for m in (RESPONSE, RESOLUTION)}
    return replace(table, rows=shown, wholes=wholes)


def _pair(known: Levels, level: str, clocks: list[Clock], metric: str) -> tuple[float | None, float | None]:
    return attained(c for c in clocks if c.target.metric == metric), known.goal(level, metric)


def _availability(log: Log, known: Levels, up: Mapping[str, Uptime]) -> Table:
    """Return the availability of each service in the time that was agreed, and around the clock."""
    rows: list[Row] = []
    for service in sorted(up, key=lambda s: (log.title(s).lower(), s)):
        if log.scope.shows(service):
            one, level = up[service], known.of_item(service)
            rows.append(
                (
                    service,
                    known.calendar(level) if level else "",
                    measures.availability(one.agreed, one.agreed_down),
                    one.agreed_down,
                    measures.availability_around_the_clock(one.watched, one.down),
                    one.down,
                )
            )
    columns = (
        Column("service", "Service", ITEM),
        Column("calendar", "Agreed time", ITEM),
        Column("availability", "In agreed time", EXACT_SHARE),
        Column("agreed_down_s", "Down in agreed time", BUSINESS),
        Column("availability_24h", "Around the clock", EXACT_SHARE),
        Column("down_s", "Down", BUSINESS),
    )
    note = "No agreed time means all hours."
    return Table(
        "availability", "Availability", columns, tuple(rows[:_MOST_SERVICES]), note=note if rows else ""
    )


def _by_target(log: Log, known: Levels, clocks: list[Clock]) -> Table:
    """Return how often each promise to users was kept."""
    return _promises(log, known, clocks, "targets", "Kept by promise")


def _internal(log: Log, known: Levels, clocks: list[Clock]) -> Table:
    """Return how often the promises of teams (while they had the record) and of suppliers (their cases) were kept."""
    return _promises(log, known, clocks, "internal", "Kept by teams and suppliers")


def _promises(log: Log, known: Levels, clocks: list[Clock], table: str, title: str) -> Table:
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
            rows.append(
                (
                    target.level,
                    _promise(log, target),
                    target.seconds,
                    counts[MET],
                    counts[MISSED],
                    counts[RUNNING],
                    attained(found),
                    target.goal,
                )
            )
    columns = (
        Column("level", "Service level", ITEM),
        Column("target", "Promise", TEXT),
        Column("within_s", "Within", BUSINESS),
        Column("met", "Met"),
        Column("missed", "Missed"),
        Column("running", "Running"),
        Column("attained", "Kept", SHARE, "goal"),
        Column("goal", "Goal", SHARE),
    )
    wholes = _kept_of(columns, rows)
    return Table(table, title, columns, tuple(rows), note=HOURS if rows else "", wholes=wholes)


def _kept_of(columns: Sequence[Column], rows: Sequence[Row]) -> dict[str, Sequence[int]]:
    """Return of how many promises each row says which share was kept."""
    names = [c.name for c in columns]
    met, missed = names.index("met"), names.index("missed")
    return {"attained": [int(row[met] or 0) + int(row[missed] or 0) for row in rows]}


def _by_period(log: Log, clocks: list[Clock]) -> Table:
    """Return, for the promises whose share is agreed over a period, the shares of the periods that were judged."""
    groups: dict[tuple[Target, str], list[Clock]] = {}
    for clock in clocks:
        if clock.target.period and clock.target.goal is not None:
            groups.setdefault(
                (clock.target, log.period_of(clock.case.opened, clock.target.period)), []
            ).append(clock)
    rows: list[Row] = []
    for (target, period), some in sorted(
        groups.items(), key=lambda g: (g[0][1], g[0][0].level, g[0][0].number)
    ):
        counts = _count(some)
        if counts[MET] + counts[MISSED]:
            row = (
                period,
                target.level,
                _promise(log, target),
                counts[MET],
                counts[MISSED],
                attained(some),
                target.goal,
            )
            rows.append(row)
    columns = (
        Column("period", "Period", TEXT),
        Column("level", "Service level", ITEM),
        Column("target", "Promise", TEXT),
        Column("met", "Met"),
        Column("missed", "Missed"),
        Column("attained", "Kept", SHARE, "goal"),
        Column("goal", "Goal", SHARE),
    )
    note = "Periods are those over which the share is agreed; a record belongs to the one in which it was opened."
    shown = tuple(rows[-_MOST_PERIODS:])
    wholes = _kept_of(columns, shown)
    return Table("periods", "Kept by period", columns, shown, note=note if rows else "", wholes=wholes)


def _promise(log: Log, target: Target) -> str:
    """Return a promise in words: ``Response, incident P1 Critical``."""
    promise, record = Phrase(target.metric.capitalize()), Phrase(target.record)
    if not target.priority:
        return Phrase("{promise}, {record}", promise=promise, record=record)
    priority = Phrase(log.priority_title(target.priority))
    return Phrase("{promise}, {record} {priority}", promise=promise, record=record, priority=priority)


def _by_month(log: Log, clocks: list[Clock]) -> Table:
    rows: list[Row] = []
    for month in log.months(log.first_day(c.case for c in clocks)) if clocks else ():
        found = [c for c in clocks if month.start <= c.case.opened < month.end]
        counts = _count(found)
        rows.append((month.name, counts[MET], counts[MISSED], attained(found)))
    columns = (
        Column("month", "Month", MONTH),
        Column("met", "Met"),
        Column("missed", "Missed"),
        Column("attained", "Kept", SHARE),
    )
    note = "Promises by the month in which the record was opened."
    chart = Bars(OVER_TIME, ("met", "missed"), ("green", "red"))
    note, wholes = note if rows else "", _kept_of(columns, rows)
    return Table("months", "By month", columns, tuple(rows), chart, note, wholes=wholes)
