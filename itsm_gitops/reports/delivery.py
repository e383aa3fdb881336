"""The five figures of software delivery performance that DORA publishes, read from changes and incidents.

Where pipelines write records of deployments, the same figures are counted of these, too (`deployments`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from itsm_gitops.model import facts, meaning
from itsm_gitops.model.report import (
    ALL,
    COUNT,
    DURATION,
    ITEM,
    MONTH,
    OVER_TIME,
    SHARE,
    TEXT,
    Bars,
    Cell,
    Column,
    Key,
    Row,
    Table,
)
from itsm_gitops.model.timeline import seconds
from itsm_gitops.model.wording import Phrase, plural
from itsm_gitops.reports import deployments, measures, trends
from itsm_gitops.reports.change import Causes
from itsm_gitops.reports.log import Log
from itsm_gitops.reports.tables import share
from itsm_gitops.reports.writing import ReportDraft
from itsm_gitops.service_levels import measures as durations
from itsm_gitops.service_levels.life import Case

_WEEK = 7 * 86400
_Caused = Mapping[str, Sequence[Case]]


def deployment_frequency(carried_out: int, watched: int) -> float | None:
    """Deployment frequency.

    The changes that were carried out in the time of the report, for each week of it (from the first record
    on). A change counts on the day it was closed.

    Source: DORA, deployment frequency; a change stands for a deployment to production.
    """
    return round(carried_out / (watched / _WEEK), 2) if watched > 0 else None


def lead_time(case: Case) -> int | None:
    """Lead time for changes.

    The time from the first state of a change until its work ended (its actual end, else the day it was closed),
    in calendar time; the median of the changes that were closed in the time of the report.

    Source: DORA, change lead time, from committed to running in production; here from the day the change was
    written down, as commits need not be in this repository.
    """
    ended = seconds(case.text("actual_end")) or case.resolved
    return None if ended is None else max(0, ended - case.opened)


def recovery_time(incident: Case) -> int | None:
    """Failed deployment recovery time.

    The time to restore of the incidents that a change caused; the median of those that were resolved in the
    time of the report.

    Source: DORA, failed deployment recovery time.
    """
    return durations.time_to_restore(incident)


def is_rework(case: Case, repaired: Mapping[str, Case]) -> bool:
    """Deployment rework rate.

    The share of closed changes that were made to repair what another change had broken: an incident that a
    change caused names them as what resolved it.

    Source: DORA, deployment rework rate: unplanned deployments because of an incident in production.
    """
    return case.entry.id in repaired


def dora(log: Log) -> ReportDraft:
    """Return the five figures, as a whole and by month and service."""
    closed = log.resolved(*log.playing(meaning.CHANGE))
    causes = Causes(log)
    caused = causes.by_change()
    repaired = _repairs(log, causes)
    incidents = [c for c in log.resolved(*log.playing(meaning.INCIDENT)) if causes.behind(c.entry.id)]
    watched = log.until - max(log.since, log.until if log.first is None else log.first)
    whole = _figures(closed, incidents, caused, repaired, watched)
    counts = Counter(c.text(deployments.SERVICE) for c in closed)
    services = sorted(filter(None, counts), key=lambda s: (-counts[s], s))
    rows: list[Row] = [
        (s, *_figures(_of(closed, s), _of(incidents, s), caused, repaired, watched)) for s in services
    ]
    months = _by_month(log, closed, incidents, caused, repaired)
    delivered = deployments.deliveries(log, causes)
    return ReportDraft(
        _headline(len(closed), len(delivered)),
        (
            deployment_frequency,
            lead_time,
            measures.is_failed,
            recovery_time,
            is_rework,
            *(deployments.MEASURES if len(delivered) >= deployments.FEWEST else ()),
            measures.median,
        ),
        (
            *_tables(log, [(ALL, *whole)] if closed else [], rows, months),
            *deployments.tables(log, delivered, watched),
        ),
        trends.happened(
            log, "Changes carried out", COUNT, lambda p: len(trends.during(p, closed, lambda c: c.resolved))
        ),
        _main(len(closed), len(delivered)),
        note=deployments.too_few(delivered),
    )


def _by_month(
    log: Log,
    closed: Sequence[Case],
    incidents: Sequence[Case],
    caused: _Caused,
    repaired: Mapping[str, Case],
) -> list[Row]:
    rows: list[Row] = []
    for month in log.months(log.day_of(min(c.resolved or log.until for c in closed))) if closed else ():
        some, broken = (
            [c for c in g if month.start <= (c.resolved or 0) < month.end] for g in (closed, incidents)
        )
        start = max(month.start, log.until if log.first is None else log.first)
        rows.append((month.name, *_figures(some, broken, caused, repaired, month.end - start)))
    return rows


def _tables(
    log: Log, whole: Sequence[Row], services: Sequence[Row], months: Sequence[Row]
) -> tuple[Table, Table, Table]:
    return (
        Table(
            "all",
            "Changes",
            (Column("scope", "Of", TEXT), *_COLUMNS),
            tuple(whole),
            note=deployments.since(log) if whole else "",
            wholes=deployments.wholes_of(whole),
        ),
        Table(
            "services",
            "By service",
            (Column(deployments.SERVICE, "Service", ITEM), *_COLUMNS),
            tuple(services),
            wholes=deployments.wholes_of(services),
        ),
        Table(
            "months",
            "By month",
            (Column("month", "Month", MONTH), *_COLUMNS),
            tuple(months),
            Bars(OVER_TIME, ("changes",), ("blue",)),
            note="A change counts in the month in which it was closed, a time to restore in the month in which the incident was resolved.",
            wholes=deployments.wholes_of(months),
        ),
    )


def _main(changes: int, delivered: int) -> Key:
    if not delivered:
        return Key(changes, plural(changes, "change carried out", "changes carried out"))
    deployed = plural(delivered, "{count} deployment", "{count} deployments")
    said = plural(
        changes,
        "change carried out, {deployments}",
        "changes carried out, {deployments}",
        deployments=deployed,
    )
    return Key(changes, said)


def _headline(changes: int, delivered: int) -> Phrase:
    done = (
        plural(changes, "{count} change carried out", "{count} changes carried out")
        if changes
        else Phrase("no change was carried out")
    )
    if not delivered:
        return done
    reached = plural(delivered, "{count} deployment to production", "{count} deployments to production")
    return Phrase("{changes}, {deployments}", changes=done, deployments=reached)


_COLUMNS = (
    Column("changes", "Changes", COUNT),
    Column("per_week", "Changes per week", COUNT),
    Column("lead_time_s", "Lead time", DURATION),
    Column("failure_rate", "Failure rate", SHARE),
    Column("recovery_s", "Time to restore", DURATION),
    Column("rework_rate", "Rework rate", SHARE),
)


def _of(cases: Sequence[Case], service: str) -> list[Case]:
    return [c for c in cases if c.text(deployments.SERVICE) == service]


def _repairs(log: Log, causes: Causes) -> dict[str, Case]:
    """Return the changes that resolved an incident which a change had caused."""
    ends = log.network.ends("resolved_by")
    broken = [name for name in ends if causes.behind(name)]
    found = log.find_all(change for name in broken for change in ends[name])
    return {n: c for n, c in found.items() if facts.is_a(log.book, c.entry, meaning.CHANGE)}


def _figures(
    closed: Sequence[Case],
    incidents: Sequence[Case],
    caused: _Caused,
    repaired: Mapping[str, Case],
    watched: int,
) -> tuple[Cell, ...]:
    taken = [t for c in closed if (t := lead_time(c)) is not None]
    restored = [t for c in incidents if (t := recovery_time(c)) is not None]
    failed = sum(measures.is_failed(c, caused.get(c.entry.id, ())) for c in closed)
    return (
        len(closed),
        deployment_frequency(len(closed), watched),
        measures.median(taken),
        share(failed, len(closed)),
        measures.median(restored),
        share(sum(is_rework(c, repaired) for c in closed), len(closed)),
    )
