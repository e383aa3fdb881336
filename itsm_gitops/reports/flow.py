"""Backlog and ageing, arrivals and resolutions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from itsm_gitops.model import filter_words, meaning
from itsm_gitops.model.kinds import Kind, in_order_of_work
from itsm_gitops.model.report import (
    COUNT,
    DURATION,
    ITEM,
    MONTH,
    OVER_TIME,
    TEXT,
    WEEK,
    Bars,
    Column,
    Facets,
    Key,
    Row,
    Table,
    TablePlace,
)
from itsm_gitops.model.wording import Figure, Phrase, duration
from itsm_gitops.reports import measures, trends
from itsm_gitops.reports.log import Bucket, Log
from itsm_gitops.reports.tables import BAND_BARS, BAND_COLUMNS, MOST_ROWS, NONE, bands, by_priority, largest
from itsm_gitops.reports.writing import ReportDraft
from itsm_gitops.service_levels.life import Case

_OPEN = Column("open", "Open")
_MONTH = 30 * 86400
_CUT_SHORT = (
    "Weeks begin on Monday; at most 13 are shown. The first and the last week or month may be cut short by the time of "
    "the report."
)
_BY_SERVICE = (
    "A record counts once, for the service in its field. The explorer also finds a record by other services "
    "that it affects."
)


def backlog(log: Log) -> ReportDraft:
    """Return what is open now, by age: of every kind, of incidents by priority, by team, by service."""
    kinds = sorted(
        ((k, measures.backlog(log.open(k.name))) for k in _recorded(log)), key=lambda pair: -len(pair[1])
    )
    waiting = [c for _, some in kinds for c in some]
    urgent = by_priority(log, measures.backlog(log.open(*log.playing(meaning.INCIDENT))))
    ages = [measures.age(c, log.until) for c in waiting]
    oldest = max(ages, default=0)
    headline = (
        Phrase("{count} open, the oldest for {time}", count=len(waiting), time=Figure(duration, oldest))
        if waiting
        else Phrase("nothing is open")
    )
    return ReportDraft(
        headline,
        (measures.backlog, measures.age, measures.median),
        (
            _banded(
                log,
                "kinds",
                "By kind",
                "Kind",
                [(k.plural_title, some) for k, some in kinds if some],
                [{"kind": k.name} for k, some in kinds if some],
            ),
            _banded(
                log, "priorities", "Incidents by priority", "Priority", urgent, _of_priorities(log, urgent)
            ),
            _ages(log, "teams", "By team", "Team", _by_team(log, waiting), filter_words.TEAM),
            _ages(log, "services", "By service", "Service", largest(waiting, "service"), note=_BY_SERVICE),
        ),
        trends.standing(log, "Open records", [k.name for k in _recorded(log)]),
        Key(len(waiting), Phrase("open, the oldest for {time}", time=Figure(duration, oldest)))
        if waiting
        else Key(0, Phrase("open")),
        (
            Key(len(waiting), "Open records"),
            Key(sum(a >= _MONTH for a in ages), "Open for 30 days and more"),
            Key(measures.median(ages), "Median age", DURATION),
            Key(oldest, "Age of the oldest", DURATION),
        )
        if waiting
        else (),
    )


def _recorded(log: Log) -> list[Kind]:
    """Return the kinds of record with a life cycle of which there are any."""
    kinds = [k for k in log.book.kinds.values() if k.is_record and k.workflow is not None]
    return [k for k in in_order_of_work(kinds) if log.first_of(k.name) is not None]


def _kinds(log: Log) -> list[Kind]:
    """Return the kinds of record whose life ends; known errors are knowledge, not work."""
    return [k for k in _recorded(log) if meaning.KNOWN_ERROR not in k.plays]


def _by_team(log: Log, cases: Sequence[Case]) -> list[tuple[str, list[Case]]]:
    """Return the groups of records that each team has, by the rule of every list by team; the largest first."""
    entries, kinds = log.network.entries, log.book.kinds

    def kind_of(name: str) -> Kind | None:
        entry = entries.get(name)
        return kinds[entry.kind] if entry else None

    found: dict[str, list[Case]] = {}
    for case in cases:
        for team in filter_words.teams_of(case.entry, kind_of) or [""]:
            found.setdefault(team, []).append(case)
    return sorted(found.items(), key=lambda g: (-len(g[1]), g[0]))[:MOST_ROWS]


def _of_priorities(log: Log, groups: Sequence[tuple[str, list[Case]]]) -> list[Facets]:
    """Return the facets of open incidents of each priority."""
    kinds = ",".join(log.playing(meaning.INCIDENT))
    return [{"kind": kinds, "priority": some[0].priority or NONE} for _, some in groups]


def _banded(
    log: Log,
    name: str,
    title: str,
    head: str,
    groups: Sequence[tuple[str, list[Case]]],
    shows: Sequence[Facets],
) -> Table:
    columns = (Column(head.lower(), head, TEXT), _OPEN, *BAND_COLUMNS)
    rows: list[Row] = [(group, len(some), *bands(some, log.until)) for group, some in groups]
    return Table(name, title, columns, tuple(rows), BAND_BARS, shows={"open": shows})


def _ages(
    log: Log,
    name: str,
    title: str,
    head: str,
    groups: Sequence[tuple[str, list[Case]]],
    facet: str = "",
    note: str = "",
) -> Table:
    """Return open records by what has them; ``facet`` is the explorer's, by which the number leads to the records."""
    columns = (
        Column(head.lower(), head, ITEM),
        _OPEN,
        Column("median_age_s", "Median age", DURATION),
        Column("oldest_s", "Oldest", DURATION),
    )
    rows = []
    for group, some in groups:
        ages = [measures.age(c, log.until) for c in some]
        rows.append((group, len(some), measures.median(ages), max(ages)))
    shows = {"open": [{facet: group or NONE} for group, _ in groups]} if facet else {}
    bars = Bars("stacked", ("open",), ("blue",))
    return Table(name, title, columns, tuple(rows), bars, note if rows else "", shows=shows)


def arrivals(log: Log) -> ReportDraft:
    """Return what came and what was done, by week and by month, for each kind that is worked on."""
    kinds = [k for k in _kinds(log) if meaning.CHANGE not in k.plays]
    new = [c for k in kinds for c in log.opened(k.name)]
    done = sum(len(log.resolved(k.name)) for k in kinds)
    dropped = sum(
        c.cancelled is not None and log.within(c.cancelled) for k in kinds for c in log.lasting(k.name)
    )
    return ReportDraft(
        Phrase("{opened} opened, {resolved} resolved", opened=len(new), resolved=done),
        (measures.arrivals, measures.resolutions, measures.cancellations, measures.backlog_at),
        tuple(table for kind in kinds for table in _flows(log, kind)),
        trends.happened(log, "Opened", COUNT, lambda p: measures.arrivals(new, [p])[0]),
        Key(
            len(new),
            Phrase(
                "opened, {resolved} resolved, {cancelled} cancelled (changes not counted)",
                resolved=done,
                cancelled=dropped,
            ),
        ),
        (Key(len(new), "Opened"), Key(done, "Resolved"), Key(dropped, "Cancelled")) if new or done else (),
        _CUT_SHORT if kinds else "",
    )


def _flows(log: Log, kind: Kind) -> Iterator[Table]:
    # What had ended before is no part of any figure.
    cases = log.lasting(kind.name)
    first = log.day_of(log.first_of(kind.name) or log.since)
    weeks, months = log.weeks(first), log.months(first)
    plural = kind.plural.replace("-", "_")
    records = Phrase(kind.plural_title)
    title, place = Phrase("{records} by week", records=records), TablePlace(records, "By week")
    yield _flow(log, kind.name, cases, weeks, f"{plural}_weeks", title, Column("week", "Week", WEEK), place)
    if len(months) > 1:
        title, place = Phrase("{records} by month", records=records), TablePlace(records, "By month")
        yield _flow(
            log, kind.name, cases, months, f"{plural}_months", title, Column("month", "Month", MONTH), place
        )


def _flow(
    log: Log,
    kind: str,
    cases: Sequence[Case],
    buckets: Sequence[Bucket],
    name: str,
    title: str,
    first: Column,
    place: TablePlace,
) -> Table:
    columns = (
        first,
        Column("opened", "Opened", COUNT),
        Column("resolved", "Resolved", COUNT),
        Column("cancelled", "Cancelled", COUNT),
        Column("backlog", "Open at the end", COUNT),
    )
    counts = (
        measures.arrivals(cases, buckets),
        measures.resolutions(cases, buckets),
        measures.cancellations(cases, buckets),
        measures.backlog_at(cases, buckets),
    )
    rows = tuple((b.name, *row) for b, row in zip(buckets, zip(*counts, strict=True), strict=True))
    shows = [{"kind": kind, "status": "all", "opened": log.days(b)} for b in buckets]
    bars = Bars(OVER_TIME, ("opened", "resolved"), ("blue", "green"))
    return Table(name, title, columns, rows, bars, shows={"opened": shows}, place=place)
