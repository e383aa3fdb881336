"""The five figures of DORA from the records of deployments, which pipelines write: what they count instead of changes.

Only deployments to production count, on the day on which they finished. Commits need not be in this repository, so that the
time before a deployment begins with the record that authorised it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

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
    Row,
    Table,
)
from itsm_gitops.model.timeline import seconds
from itsm_gitops.model.wording import Figure, Phrase, full_day
from itsm_gitops.reports.change import Causes
from itsm_gitops.reports.log import Log
from itsm_gitops.reports.measures import median
from itsm_gitops.reports.tables import parts_of, share
from itsm_gitops.service_levels.life import Case
from itsm_gitops.service_levels.measures import time_to_restore

PRODUCTION = "production"
_FAILED, _ROLLED_BACK = "failed", "rolled_back"
SERVICE = "service"
FEWEST = 3  # deployments that say how often and how fast; fewer are said in a sentence
_AUTHORITIES = ("change", "release")  # fields that name what authorised a deployment
_WEEK = 7 * 86400
COLUMNS = (
    Column("deployments", "Deployments", COUNT),
    Column("per_week", "Deployments per week", COUNT),
    Column("lead_time_s", "Lead time", DURATION),
    Column("failure_rate", "Failure rate", SHARE),
    Column("recovery_s", "Time to restore", DURATION),
    Column("rework_rate", "Rework rate", SHARE),
)


class Delivery(NamedTuple):
    """A deployment to production: its record, what authorised it, when it finished, the incidents it caused, and what for."""

    case: Case
    authorised_by: Case | None
    finished: int
    caused: tuple[Case, ...] = ()
    repairs: bool = False

    @property
    def service(self) -> str:
        """What was deployed; empty where the record does not say."""
        return self.case.text(SERVICE)

    @property
    def outcome(self) -> str:
        """How it ended."""
        return self.case.text("outcome")


def frequency(deliveries: Sequence[Delivery], watched: int) -> float | None:
    """Deployment frequency, of deployments.

    The deployments that reached production in the time of the report (those that were rolled back did, those that
    failed did not), for each week of it (from the first record on).

    Source: DORA, deployment frequency: how often an application is deployed to production.
    """
    reached = sum(d.outcome != _FAILED for d in deliveries)
    return round(reached / (watched / _WEEK), 2) if watched > 0 else None


def lead_time(delivery: Delivery) -> int | None:
    """Lead time for changes, of deployments.

    The time from the first state of the change (or release) that authorised a deployment until the deployment
    finished, in calendar time; the median of the successful ones.

    Source: DORA, change lead time, from committed to running in production; here from the day on which the change was
    written down, as commits need not be in this repository.
    """
    if delivery.authorised_by is None or delivery.outcome in (_FAILED, _ROLLED_BACK):
        return None
    return max(0, delivery.finished - delivery.authorised_by.opened)


def is_failed(delivery: Delivery) -> bool:
    """Change fail rate, of deployments.

    The share of deployments that failed, were rolled back, or caused an incident. An incident that a change
    caused counts for the last deployment of that change that began before the incident was opened.

    Source: DORA, change fail rate: deployments that need immediate intervention.
    """
    return delivery.outcome in (_FAILED, _ROLLED_BACK) or bool(delivery.caused)


def recovery_times(delivery: Delivery) -> list[int]:
    """Failed deployment recovery time, of deployments.

    The time to restore of the incidents that deployments caused, and of a deployment that was rolled back and
    caused none the time from its beginning to its end; the median of both.

    Source: DORA, failed deployment recovery time.
    """
    if delivery.caused:
        return [t for case in delivery.caused if (t := time_to_restore(case)) is not None]
    began = seconds(delivery.case.text("started_at"))
    rolled_back = delivery.outcome == _ROLLED_BACK and began is not None
    return [max(0, delivery.finished - began)] if rolled_back and began is not None else []


def is_rework(delivery: Delivery) -> bool:
    """Deployment rework rate, of deployments.

    The share of deployments of a change that an incident names as what resolved it.

    Source: DORA, deployment rework rate: unplanned deployments because of an incident in production.
    """
    return delivery.repairs


MEASURES = (frequency, lead_time, is_failed, recovery_times, is_rework)


def deliveries(log: Log, causes: Causes) -> list[Delivery]:
    """Return the deployments to production that finished in the time of the report."""
    kinds = log.playing(meaning.DEPLOYMENT)
    cases = [c for c in log.of(*kinds) if c.text("environment") == PRODUCTION] if kinds else []
    ended = [(c, moment) for c in cases if log.within(moment := _finished(c))]
    changes = {c.entry.id: _authority(c) for c in cases}
    known = log.find_all(filter(None, changes.values()))
    caused = _caused(cases, changes, causes.by_change())
    repairing = _repairing(log)
    return [
        Delivery(
            case,
            known.get(changes[case.entry.id]),
            moment,
            tuple(caused.get(case.entry.id, ())),
            changes[case.entry.id] in repairing,
        )
        for case, moment in ended
    ]


def since(log: Log) -> Phrase:
    """Say from which day on the figures of a week count."""
    first = log.day_of(log.until if log.first is None else log.first)
    return Phrase("Per week since {day}, when the records begin.", day=Figure(full_day, first))


def too_few(found: Sequence[Delivery]) -> Phrase | str:
    """Say why there are no figures of deployments; nothing where there are, or where nothing was deployed."""
    if not 0 < len(found) < FEWEST:
        return ""
    return Phrase("Deployments get figures of their own once there are {count}.", count=FEWEST)


def _finished(case: Case) -> int:
    return seconds(case.text("finished_at")) or seconds(case.text("started_at")) or case.opened


def _authority(case: Case) -> str:
    return next(filter(None, map(case.text, _AUTHORITIES)), "")


def _caused(
    cases: Sequence[Case], changes: Mapping[str, str], incidents: Mapping[str, Sequence[Case]]
) -> dict[str, list[Case]]:
    """Return the incidents that each deployment caused, by its identifier."""
    runs: dict[str, list[tuple[int, str]]] = {}
    for case in cases:
        began = seconds(case.text("started_at")) or _finished(case)
        runs.setdefault(changes[case.entry.id], []).append((began, case.entry.id))
    found: dict[str, list[Case]] = {}
    for change, some in incidents.items():
        for incident in some if change in runs else ():
            before = [run for run in runs[change] if run[0] <= incident.opened]
            _, name = max(before) if before else min(runs[change])
            found.setdefault(name, []).append(incident)
    return found


def _repairing(log: Log) -> Collection[str]:
    """Return the documents that incidents name as what resolved them."""
    entries, ends = log.network.entries, log.network.ends("resolved_by")
    incidents = (n for n in ends if n in entries and facts.is_a(log.book, entries[n], meaning.INCIDENT))
    return {other for name in incidents for other in ends[name]}


def tables(log: Log, found: Sequence[Delivery], watched: int) -> tuple[Table, ...]:
    """Return the five figures as a whole, by service, and by month; as data only where they are of few."""
    few = len(found) < FEWEST
    counts = Counter(d.service for d in found)
    services = sorted(filter(None, counts), key=lambda s: (-counts[s], s))
    by_service: list[Row] = [
        (name, *_figures([d for d in found if d.service == name], watched)) for name in services
    ]
    whole: list[Row] = [(ALL, *_figures(found, watched))] if found else []
    months: list[Row] = []
    for month in log.months(log.day_of(min(d.finished for d in found))) if found else ():
        some = [d for d in found if month.start <= d.finished < month.end]
        start = max(month.start, log.until if log.first is None else log.first)
        months.append((month.name, *_figures(some, month.end - start)))
    return (
        Table(
            "deployments",
            "Deployments",
            (Column("scope", "Of", TEXT), *COLUMNS),
            tuple(whole),
            note=since(log) if whole else "",
            wholes=wholes_of(whole),
            quiet=few,
        ),
        Table(
            "deployed_services",
            "Deployments by service",
            (Column(SERVICE, "Service", ITEM), *COLUMNS),
            tuple(by_service),
            wholes=wholes_of(by_service),
            quiet=few,
        ),
        Table(
            "deployment_months",
            "Deployments by month",
            (Column("month", "Month", MONTH), *COLUMNS),
            tuple(months),
            Bars(OVER_TIME, ("deployments",), ("blue",)),
            wholes=wholes_of(months),
            quiet=few,
        ),
    )


def wholes_of(rows: Sequence[Row]) -> dict[str, Sequence[int]]:
    """Return of how many deployments or changes (the second column of a row) the rates are shares."""
    return parts_of([int(row[1] or 0) for row in rows], "failure_rate", "rework_rate")


def _figures(found: Sequence[Delivery], watched: int) -> tuple[Cell, ...]:
    taken = [t for d in found if (t := lead_time(d)) is not None]
    return (
        len(found),
        frequency(found, watched),
        median(taken),
        share(sum(map(is_failed, found)), len(found)),
        median([t for d in found for t in recovery_times(d)]),
        share(sum(map(is_rework, found)), len(found)),
    )
