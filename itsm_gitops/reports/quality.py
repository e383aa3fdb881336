"""How well records are handled: reopened, given from team to team, solved at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from itsm_gitops.model import meaning
from itsm_gitops.model.report import (
    COUNT,
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
from itsm_gitops.model.wording import Phrase, plural
from itsm_gitops.reports import measures, trends
from itsm_gitops.reports.log import Bucket, Log
from itsm_gitops.reports.tables import (
    MOST_ROWS,
    SPREAD_BARS,
    SPREAD_COLUMNS,
    largest,
    parts_of,
    share,
    spread,
)
from itsm_gitops.reports.writing import ReportDraft
from itsm_gitops.service_levels import measures as durations
from itsm_gitops.service_levels.life import Case

FIRST_CONTACT = 30 * 60
_KIND, _TEAM = Column("kind", "Kind", TEXT), Column("team", "Team", ITEM)
_SERVICE = Column("service", "Service", ITEM)
_COLUMNS = (
    Column("resolved", "Resolved", COUNT),
    Column("reopened", "Reopened", COUNT),
    Column("reopen_rate", "Reopen rate", SHARE),
    Column("reassignments", "Reassignments per incident", COUNT),
    Column("first_contact_rate", "Solved at first contact", SHARE),
)


def is_reopened(case: Case) -> bool:
    """Reopen rate.

    The records that became open again at least once after they were resolved, as a share of those that were
    resolved for good in the time of the report.

    Source: ServiceNow, the field "reopen count"; ITIL 4, service desk: quality of resolutions.
    """
    return case.reopened > 0


def is_first_contact(case: Case) -> bool:
    """First contact rate.

    The records that were resolved within 30 minutes of their opening, by the first team that had them, without
    being put on hold and without being reopened, as a share of those that were resolved for good in the time
    of the report.

    Source: HDI, first contact resolution: resolved while the user is on the line; the 30 minutes are ours.
    """
    quick = case.resolved is not None and case.resolved - case.opened <= FIRST_CONTACT
    held = any(s.category == "waiting" for s in case.spans)
    return quick and not held and case.reopened == 0 and durations.reassignments(case) == 0


def quality(log: Log) -> ReportDraft:
    """Return the rates of reopening, reassignment and first contact: by kind, team, service and month."""
    incidents, requests = (log.resolved(*log.playing(r)) for r in (meaning.INCIDENT, meaning.REQUEST))
    part = share(sum(map(is_reopened, incidents)), len(incidents))
    kinds = [
        (log.book.kinds[name].plural_title, [c for c in (*incidents, *requests) if c.entry.kind == name])
        for role in (meaning.INCIDENT, meaning.REQUEST)
        for name in log.playing(role)
    ]

    def again_in(period: Bucket) -> tuple[int, int]:
        some = trends.during(period, incidents, lambda c: c.resolved)
        return sum(map(is_reopened, some)), len(some)

    return ReportDraft(
        _headline(incidents),
        (is_reopened, durations.reassignments, is_first_contact, durations.team_times, measures.mean),
        (
            _rates("kinds", "By kind", _KIND, [(k, some) for k, some in kinds if some]),
            _rates("teams", "Incidents by team", _TEAM, largest(incidents, "assigned_team")),
            _rates("services", "Incidents by service", _SERVICE, largest(incidents, "service")),
            _by_month(log, incidents),
            _team_times(log, incidents),
        ),
        trends.shared(log, "Incidents reopened", again_in, -1),
        Key(
            part,
            plural(len(incidents), "of {count} incident reopened", "of {count} incidents reopened"),
            SHARE,
            len(incidents),
        ),
        _keys(incidents),
    )


def _headline(incidents: Sequence[Case]) -> Phrase:
    if not incidents:
        return Phrase("no incident was resolved")
    return plural(
        len(incidents),
        "{part} of {count} incident reopened",
        "{part} of {count} incidents reopened",
        part=sum(map(is_reopened, incidents)),
    )


def _keys(incidents: Sequence[Case]) -> tuple[Key, ...]:
    if not incidents:
        return ()
    whole, _, again, moves, at_once = _cells(incidents)
    return (
        Key(whole, "Incidents resolved"),
        Key(again, "Reopened", SHARE, len(incidents)),
        Key(moves, "Reassignments per incident"),
        Key(at_once, "Solved at first contact", SHARE, len(incidents)),
    )


def _cells(cases: Sequence[Case]) -> tuple[Cell, ...]:
    moves = [durations.reassignments(c) for c in cases]
    again, at_once = sum(map(is_reopened, cases)), sum(map(is_first_contact, cases))
    average = measures.mean(moves)
    return (
        len(cases),
        again,
        share(again, len(cases)),
        None if average is None else round(average, 2),
        share(at_once, len(cases)),
    )


def _rates(name: str, title: str, first: Column, groups: Sequence[tuple[str, list[Case]]]) -> Table:
    rows: tuple[Row, ...] = tuple((group, *_cells(some)) for group, some in groups)
    bars = Bars("beside", ("reopen_rate", "first_contact_rate"), ("red", "green"))
    return Table(name, title, (first, *_COLUMNS), rows, bars, wholes=_wholes(some for _, some in groups))


def _wholes(groups: Iterable[Sequence[Case]]) -> dict[str, Sequence[int]]:
    return parts_of(list(map(len, groups)), "reopen_rate", "first_contact_rate")


def _by_month(log: Log, cases: Sequence[Case]) -> Table:
    rows: list[Row] = []
    groups: list[list[Case]] = []
    for month in log.months(log.day_of(min(c.resolved or log.until for c in cases))) if cases else ():
        some = [c for c in cases if c.resolved is not None and month.start <= c.resolved < month.end]
        rows.append((month.name, *_cells(some)))
        groups.append(some)
    bars = Bars(OVER_TIME, ("resolved", "reopened"), ("green", "red"))
    note = "Incidents by the month in which they were resolved for good."
    columns = (Column("month", "Month", MONTH), *_COLUMNS)
    return Table("months", "Incidents by month", columns, tuple(rows), bars, note, wholes=_wholes(groups))


def _team_times(log: Log, cases: Sequence[Case]) -> Table:
    """Return how long each team had the incidents that were resolved."""
    found: dict[str, list[int]] = {}
    for case in cases:
        for team, seconds in durations.team_times(case, log.until).items():
            found.setdefault(team, []).append(seconds)
    ordered = sorted(found.items(), key=lambda g: (-len(g[1]), g[0]))[:MOST_ROWS]

    rows: tuple[Row, ...] = tuple((team, *spread(times)) for team, times in ordered)
    columns = (Column("team", "Team", ITEM), *SPREAD_COLUMNS)
    note = "How long the incidents that were resolved lay with each team that had them."
    return Table("team_times", "Time by team", columns, rows, SPREAD_BARS, note if rows else "")
