"""How long it takes: time to respond and time to resolve."""

from __future__ import annotations

from collections.abc import Sequence

from itsm_gitops.model import meaning
from itsm_gitops.model.report import COUNT, DURATION, ITEM, TEXT, Column, Key, Table
from itsm_gitops.model.wording import Figure, Phrase, duration, plural
from itsm_gitops.reports import measures, trends
from itsm_gitops.reports.log import Bucket, Log
from itsm_gitops.reports.tables import SPREAD_BARS, SPREAD_COLUMNS, by_priority, largest, spread
from itsm_gitops.reports.writing import ReportDraft
from itsm_gitops.service_levels import measures as durations
from itsm_gitops.service_levels.life import Case

_HELD = (
    Column("held", "Held", COUNT),
    Column("on_hold_s", "On hold", DURATION),
    Column("work_s", "Without hold", DURATION),
)
_NOTE = (
    "Held: how many were ever on hold. On hold: the median of those. Without hold: the median of all without "
    "their time on hold."
)
_Groups = Sequence[tuple[str, list[Case]]]


def times(log: Log) -> ReportDraft:
    """Return the times of incidents by priority, team and service, and those of requests by offering."""
    incidents = log.playing(meaning.INCIDENT)
    begun, done = log.opened(*incidents), log.resolved(*incidents)
    taken = [t for c in done if (t := durations.time_to_resolve(c)) is not None]
    answered = [t for c in begun if (t := durations.time_to_respond(c)) is not None]
    middle = measures.median(taken)

    def middle_of(period: Bucket) -> float | None:
        some = trends.during(period, done, lambda c: c.resolved)
        return measures.median([t for c in some if (t := durations.time_to_resolve(c)) is not None])

    return ReportDraft(
        _headline(len(done), middle),
        (
            durations.time_to_respond,
            durations.time_to_resolve,
            durations.time_to_restore,
            durations.time_on_hold,
            durations.time_of_work,
            measures.mean,
            measures.median,
            measures.ninetieth,
        ),
        _tables(log, begun, done),
        trends.happened(log, "Median time to resolve", DURATION, middle_of, -1),
        Key(
            middle,
            plural(len(done), "median to resolve, {count} incident", "median to resolve, {count} incidents"),
            DURATION,
        ),
        (
            Key(len(done), "Incidents resolved"),
            Key(measures.median(answered), "Median time to respond", DURATION),
            Key(middle, "Median time to resolve", DURATION),
            Key(measures.ninetieth(taken), "90% resolved within", DURATION),
        )
        if taken
        else (),
        "All times are clock time: nights and weekends count.",
    )


def _headline(count: int, middle: float | None) -> Phrase:
    if middle is None:
        return Phrase("no incident was resolved")
    return plural(
        count,
        "{count} incident resolved, median {time}",
        "{count} incidents resolved, median {time}",
        time=Figure(duration, middle),
    )


def _tables(log: Log, begun: Sequence[Case], done: Sequence[Case]) -> tuple[Table, ...]:
    requests = log.resolved(*log.playing(meaning.REQUEST))
    title = "Time to fulfil requests by offering"
    return (
        _responses(by_priority(log, begun)),
        _resolutions("resolve", "Time to resolve by priority", "Priority", TEXT, by_priority(log, done)),
        _restorations(by_priority(log, done)),
        _resolutions("teams", "Time to resolve by team", "Team", ITEM, largest(done, "assigned_team")),
        _resolutions("services", "Time to resolve by service", "Service", ITEM, largest(done, "service")),
        _resolutions("requests", title, "Offering", ITEM, largest(requests, "offering")),
    )


def _responses(groups: _Groups) -> Table:
    """Return the times until work began on what was opened in the time of the report."""
    rows = []
    for group, cases in groups:
        found = [t for c in cases if (t := durations.time_to_respond(c)) is not None]
        rows.append((group, *spread(found)))
    columns = (Column("priority", "Priority", TEXT), *SPREAD_COLUMNS)
    note = "Incidents that were opened in this time and on which work has begun."
    return Table("respond", "Time to respond by priority", columns, tuple(rows), SPREAD_BARS, note)


def _restorations(groups: _Groups) -> Table:
    """Return the times until users could work again of what was resolved in the time of the report."""
    rows = []
    for group, cases in groups:
        found = [t for c in cases if (t := durations.time_to_restore(c)) is not None]
        rows.append((group, *spread(found)))
    columns = (Column("priority", "Priority", TEXT), *SPREAD_COLUMNS)
    note = (
        "Restored is when users could work again. Where no record says when, it is the time to resolve, so that "
        "both are often the same."
    )
    return Table("restore", "Time to restore by priority", columns, tuple(rows), SPREAD_BARS, note)


def _resolutions(name: str, title: str, head: str, form: str, groups: _Groups) -> Table:
    """Return the times until resolution of what was resolved in the time of the report."""
    rows = []
    for group, cases in groups:
        found = [t for c in cases if (t := durations.time_to_resolve(c)) is not None]
        held = [t for c in cases if (t := durations.time_on_hold(c))]
        work = [t for c in cases if (t := durations.time_of_work(c)) is not None]
        rows.append((group, *spread(found), len(held), measures.median(held), measures.median(work)))
    columns = (Column(head.lower(), head, form), *SPREAD_COLUMNS, *_HELD)
    return Table(name, title, columns, tuple(rows), SPREAD_BARS, _NOTE if any(row[5] for row in rows) else "")
