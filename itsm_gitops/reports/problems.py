"""How old problems are, and how long it took to remove causes."""

from __future__ import annotations

from itsm_gitops.model import facts, meaning
from itsm_gitops.model.report import DURATION, ITEM, RECORD, TEXT, Column, Key, Row, Table
from itsm_gitops.model.wording import Figure, Phrase, duration, plural
from itsm_gitops.reports import measures, trends
from itsm_gitops.reports.log import Log
from itsm_gitops.reports.tables import (
    BAND_BARS,
    BAND_COLUMNS,
    MOST_ROWS,
    SPREAD_BARS,
    SPREAD_COLUMNS,
    bands,
    grouped,
    largest,
    spread,
)
from itsm_gitops.reports.writing import ReportDraft
from itsm_gitops.service_levels import measures as durations
from itsm_gitops.service_levels.life import Case


def problems(log: Log) -> ReportDraft:
    """Return the open problems by state and age, the oldest of them, and times to resolve by team."""
    waiting = measures.backlog(log.open(*log.playing(meaning.PROBLEM)))
    ages = [measures.age(c, log.until) for c in waiting]
    middle = measures.median(ages)
    headline = (
        plural(
            len(waiting),
            "{count} open problem, median age {time}",
            "{count} open problems, median age {time}",
            time=Figure(duration, middle),
        )
        if middle is not None
        else Phrase("no problem is open")
    )
    return ReportDraft(
        headline,
        (
            measures.backlog,
            measures.age,
            durations.time_to_resolve,
            measures.mean,
            measures.median,
            measures.ninetieth,
        ),
        (_states(log, waiting), _oldest(log, waiting), _resolved(log)),
        trends.standing(log, "Open problems", log.playing(meaning.PROBLEM)),
        _main(len(waiting), middle),
        (
            Key(len(waiting), "Open problems"),
            Key(middle, "Median age", DURATION),
            Key(max(ages), "Age of the oldest", DURATION),
        )
        if waiting
        else (),
    )


def _main(count: int, middle: float | None) -> Key:
    if middle is None:
        return Key(count, "open problems")
    age = Figure(duration, middle)
    return Key(
        count, plural(count, "open problem, median age {time}", "open problems, median age {time}", time=age)
    )


def _states(log: Log, waiting: list[Case]) -> Table:
    groups = grouped(waiting, lambda c: c.spans[-1].state)
    flow = log.book.kinds[waiting[0].entry.kind].workflow if waiting else None
    states = [s for s in flow.states.values() if s.name in groups] if flow else []
    columns = (Column("state", "State", TEXT), Column("open", "Open"), *BAND_COLUMNS)
    rows: list[Row] = [(s.title, len(groups[s.name]), *bands(groups[s.name], log.until)) for s in states]
    kinds = ",".join(log.playing(meaning.PROBLEM))
    shows = [{"kind": kinds, "state": s.name, "status": "open"} for s in states]
    return Table(
        "states", "Open problems by state and age", columns, tuple(rows), BAND_BARS, shows={"open": shows}
    )


def _oldest(log: Log, waiting: list[Case]) -> Table:
    columns = (
        Column("problem", "Problem", RECORD),
        Column("title", "Title", TEXT),
        Column("state", "State", TEXT),
        Column("age_s", "Age", DURATION),
        Column("in_state_s", "In state", DURATION),
        Column("incidents", "Incidents"),
    )
    flow = log.book.kinds[waiting[0].entry.kind].workflow if waiting else None
    rows = tuple(
        (
            c.entry.id,
            c.entry.title,
            flow.states[c.spans[-1].state].title if flow else "",
            measures.age(c, log.until),
            log.until - c.spans[-1].start,
            _incidents(log, c.entry.id),
        )
        for c in sorted(waiting, key=lambda c: (c.opened, c.entry.id))[:MOST_ROWS]
    )
    note = "Incidents counts those linked with the problem in any way."
    return Table("oldest", "The oldest open problems", columns, rows, note=note if rows else "")


def _incidents(log: Log, identifier: str) -> int:
    others = {r.other for r in log.network.related(identifier)}
    found = log.find_all(others).values()
    return sum(facts.is_a(log.book, c.entry, meaning.INCIDENT) for c in found)


def _resolved(log: Log) -> Table:
    rows = []
    for team, cases in largest(log.resolved(*log.playing(meaning.PROBLEM)), "assigned_team"):
        taken = [t for c in cases if (t := durations.time_to_resolve(c)) is not None]
        rows.append((team, *spread(taken)))
    columns = (Column("team", "Team", ITEM), *SPREAD_COLUMNS)
    return Table("resolved", "Time to resolve by team", columns, tuple(rows), SPREAD_BARS)
