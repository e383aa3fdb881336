"""How changes end, and which incidents they cause."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from itsm_gitops.model import facts, meaning
from itsm_gitops.model.report import (
    ALL,
    COUNT,
    FEW,
    ITEM,
    MONTH,
    OVER_TIME,
    RECORD,
    SHARE,
    STACKED,
    TEXT,
    Bars,
    Column,
    Key,
    Row,
    Table,
    TablePlace,
)
from itsm_gitops.model.wording import Phrase, plural
from itsm_gitops.model.workflow import CANCELLED
from itsm_gitops.reports import measures, trends
from itsm_gitops.reports.log import Bucket, Log
from itsm_gitops.reports.tables import MOST_ROWS, grouped, largest, of_them, parts_of, share
from itsm_gitops.reports.writing import ReportDraft
from itsm_gitops.service_levels.life import Case

_OUTCOMES = (
    ("successful", "As planned", "green"),
    ("successful_with_issues", "With issues", "mint"),
    ("unsuccessful", "Failed", "red"),
    ("backed_out", "Backed out", "rose"),
)
_Caused = Mapping[str, Sequence[Case]]


class Causes:
    """Which changes caused which incidents, whatever the report is limited to."""

    def __init__(self, log: Log) -> None:
        self._ends = log.network.ends("caused_by")
        self._changes = {
            name: case
            for name, case in log.find_all({n for others in self._ends.values() for n in others}).items()
            if facts.is_a(log.book, case.entry, meaning.CHANGE)
        }
        self._log = log

    def behind(self, incident: str) -> list[Case]:
        """Return the changes that an incident names as its cause."""
        return [self._changes[n] for n in self._ends.get(incident, ()) if n in self._changes]

    def by_change(self) -> dict[str, list[Case]]:
        """Return the incidents that each change caused."""
        found: dict[str, list[Case]] = {}
        for name, case in self._log.find_all(i for i in self._ends if self.behind(i)).items():
            changes = self.behind(name)
            known = facts.is_a(self._log.book, case.entry, meaning.INCIDENT)
            if known and measures.caused_by_change(case, changes):
                for change in changes:
                    found.setdefault(change.entry.id, []).append(case)
        return found


def changes(log: Log) -> ReportDraft:
    """Return the outcomes of the changes that were closed, by type, team and service, with their rates."""
    closed = log.resolved(*log.playing(meaning.CHANGE))
    caused = Causes(log).by_change()
    good = share(sum(map(measures.is_successful, closed)), len(closed))
    ended = {name: sum(c.text("outcome") == name for c in closed) for name, _, _ in _OUTCOMES}
    types = _by_type(log, closed)

    def good_in(period: Bucket) -> tuple[int, int]:
        some = trends.during(period, closed, lambda c: c.resolved)
        return sum(map(measures.is_successful, some)), len(some)

    return ReportDraft(
        _headline(closed, ended) if closed else Phrase("no change was closed"),
        (
            measures.is_successful,
            measures.is_failed,
            measures.caused_by_change,
            measures.is_emergency,
            measures.is_unauthorised,
            measures.is_out_of_window,
        ),
        (
            _outcomes("outcomes", "Outcomes by type", ("Type", TEXT, "By type"), types),
            _outcomes(
                "teams", "Outcomes by team", ("Team", ITEM, "By team"), largest(closed, "assigned_team")
            ),
            _outcomes(
                "services", "Outcomes by service", ("Service", ITEM, "By service"), largest(closed, "service")
            ),
            _rates(types, caused, len(closed)),
            _discipline(log, types),
        ),
        trends.shared(log, "Successful changes", good_in, 1),
        Key(
            good,
            plural(len(closed), "of {count} change successful", "of {count} changes successful"),
            SHARE,
            len(closed),
        ),
        (
            Key(len(closed), "Changes closed"),
            Key(good, "Successful", SHARE, len(closed)),
            *(Key(ended[name], title) for name, title, _ in _OUTCOMES),
        )
        if closed
        else (),
    )


def _headline(closed: Sequence[Case], ended: Mapping[str, int]) -> Phrase:
    return plural(
        len(closed),
        "{count} change closed, {share} successful: {planned} as planned, {issues} with issues, {failed} failed, "
        "{out} backed out",
        "{count} changes closed, {share} successful: {planned} as planned, {issues} with issues, {failed} failed, "
        "{out} backed out",
        share=of_them(sum(map(measures.is_successful, closed)), len(closed)),
        planned=ended["successful"],
        issues=ended["successful_with_issues"],
        failed=ended["unsuccessful"],
        out=ended["backed_out"],
    )


def _by_type(log: Log, closed: Sequence[Case]) -> list[tuple[str, list[Case]]]:
    """Return the changes of each type, in the order of the schema; types that it no longer has come last."""
    groups = grouped(closed, lambda c: c.text("type"))
    known = log.book.kinds[closed[0].entry.kind].fields.get("type", {}).get("enum", ()) if closed else ()
    return [(t.capitalize(), groups[t]) for t in [*known, *sorted(set(groups) - set(known))] if t in groups]


def _outcomes(
    name: str, title: str, by: tuple[str, str, str], groups: Sequence[tuple[str, list[Case]]]
) -> Table:
    """Return how changes ended by what ``by`` says: the head of its column, the form of that, its title among the outcomes."""
    head, form, short = by
    columns = (
        Column(head.lower(), head, form),
        Column("closed", "Closed"),
        *(Column(outcome, shown) for outcome, shown, _ in _OUTCOMES),
    )
    rows: list[Row] = [
        (group, len(some), *(sum(c.text("outcome") == o for c in some) for o, _, _ in _OUTCOMES))
        for group, some in groups
    ]
    looks = tuple(look for _, _, look in _OUTCOMES)
    bars = Bars(STACKED, tuple(o for o, _, _ in _OUTCOMES), looks)
    return Table(name, title, columns, tuple(rows), bars, place=TablePlace("Outcomes", short))


def _rates(types: Sequence[tuple[str, list[Case]]], caused: _Caused, total: int) -> Table:
    columns = (
        Column("type", "Type", TEXT),
        Column("closed", "Closed", COUNT),
        Column("of_all", "Of all", SHARE),
        Column("success_rate", "Success", SHARE),
        Column("caused_incidents", "Caused incidents", COUNT),
        Column("failure_rate", "Failure", SHARE),
    )
    every = [(ALL, [c for _, some in types for c in some])] if len(types) > 1 else []
    rows = []
    for name, some in [*types, *every]:
        failed = sum(measures.is_failed(c, caused.get(c.entry.id, ())) for c in some)
        rows.append(
            (
                name,
                len(some),
                share(len(some), total),
                share(sum(map(measures.is_successful, some)), len(some)),
                sum(bool(caused.get(c.entry.id)) for c in some),
                share(failed, len(some)),
            )
        )
    bars = Bars("beside", ("success_rate",), ("green",))
    wholes = parts_of([len(some) for _, some in (*types, *every)], "success_rate", "failure_rate")
    return Table(
        "rates",
        "Success and failure by type",
        columns,
        tuple(rows),
        bars,
        wholes={**wholes, "of_all": [total] * len(rows)},
    )


def _discipline(log: Log, types: Sequence[tuple[str, list[Case]]]) -> Table:
    """Return how many changes were emergencies, were begun before they were authorised, or left their window."""
    every = [(ALL, [c for _, some in types for c in some])] if len(types) > 1 else []
    rows: list[Row] = []
    for name, some in [*types, *every]:
        known = [(c, log.book.kinds[c.entry.kind].workflow) for c in some]
        wild = sum(measures.is_unauthorised(c, flow.playing(meaning.AUTHORISED)) for c, flow in known if flow)
        out, urgent = sum(map(measures.is_out_of_window, some)), sum(map(measures.is_emergency, some))
        whole = len(some)
        rows.append((name, whole, share(urgent, whole), wild, share(wild, whole), out, share(out, whole)))
    columns = (
        Column("type", "Type", TEXT),
        Column("closed", "Closed", COUNT),
        Column("emergency_share", "Emergency", SHARE),
        Column("unauthorised", "Unauthorised", COUNT),
        Column("unauthorised_share", "Unauthorised share", SHARE),
        Column("out_of_window", "Out of window", COUNT),
        Column("out_of_window_share", "Out of window share", SHARE),
    )
    bars = Bars("beside", ("unauthorised", "out_of_window"), ("red", "amber"))
    wholes = parts_of(
        [len(some) for _, some in (*types, *every)],
        "emergency_share",
        "unauthorised_share",
        "out_of_window_share",
    )
    return Table("discipline", "Authorised, and in the window", columns, tuple(rows), bars, wholes=wholes)


def caused(log: Log) -> ReportDraft:
    """Return the incidents that changes caused: by month, and the changes behind them."""
    opened = [c for c in log.opened(*log.playing(meaning.INCIDENT)) if c.category != CANCELLED]
    causes = Causes(log)
    behind = {c.entry.id: causes.behind(c.entry.id) for c in opened}
    mine = [c for c in opened if measures.caused_by_change(c, behind[c.entry.id])]
    headline = (
        Phrase(
            "{caused} of {all} incidents caused by a change ({share})",
            caused=len(mine),
            all=len(opened),
            share=of_them(len(mine), len(opened)),
        )
        if len(opened) >= FEW
        else Phrase("{caused} of {all} incidents caused by a change", caused=len(mine), all=len(opened))
        if opened
        else Phrase("no incident was opened")
    )

    def caused_in(period: Bucket) -> tuple[int, int]:
        part, whole = (len(trends.during(period, some, lambda c: c.opened)) for some in (mine, opened))
        return part, whole

    return ReportDraft(
        headline,
        (measures.caused_by_change,),
        (_by_month(log, opened, mine), _by_change(mine, behind)),
        trends.shared(log, "Incidents caused by a change", caused_in, -1),
        Key(
            len(mine),
            plural(
                len(opened),
                "of {count} incident caused by a change",
                "of {count} incidents caused by a change",
            ),
        ),
        (
            Key(len(opened), "Incidents"),
            Key(len(mine), "Caused by change"),
            Key(len(mine) / len(opened), "Share", SHARE, len(opened)),
        )
        if opened
        else (),
    )


def _by_month(log: Log, opened: Sequence[Case], mine: Sequence[Case]) -> Table:
    months = log.months(log.first_day(opened)) if opened else []
    every, some = measures.arrivals(opened, months), measures.arrivals(mine, months)
    columns = (
        Column("month", "Month", MONTH),
        Column("incidents", "Incidents"),
        Column("caused", "Caused by change"),
        Column("share", "Share", SHARE),
    )
    rows = tuple((b.name, e, s, share(s, e)) for b, e, s in zip(months, every, some, strict=True))
    note = "Incidents by the month in which they were opened, without the cancelled ones."
    bars = Bars(OVER_TIME, ("incidents", "caused"), ("step2", "step4"))
    return Table("months", "By month", columns, rows, bars, note, wholes={"share": every})


def _by_change(mine: Sequence[Case], behind: _Caused) -> Table:
    groups: dict[str, list[Case]] = {}
    found: dict[str, Case] = {}
    for case in mine:
        for change in behind[case.entry.id]:
            found[change.entry.id] = change
            groups.setdefault(change.entry.id, []).append(case)
    columns = (
        Column("change", "Change", RECORD),
        Column("title", "Title", TEXT),
        Column("type", "Type", TEXT),
        Column("incidents", "Incidents"),
        Column("most_urgent", "Most urgent", TEXT),
    )
    ordered = sorted(groups.items(), key=lambda g: (-len(g[1]), g[0]))[:MOST_ROWS]
    rows = tuple(
        (
            identifier,
            found[identifier].entry.title,
            found[identifier].text("type").capitalize(),
            len(some),
            min((c.priority for c in some if c.priority), default=""),
        )
        for identifier, some in ordered
    )
    return Table("changes", "The changes behind them", columns, rows)
