"""What was bought and until when: the position of each licence, and the calendar of contracts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from itsm_gitops.graph.contracts import ContractTerms, contract_terms
from itsm_gitops.graph.due import everything_due, within
from itsm_gitops.graph.licences import LicencePosition, licence_positions
from itsm_gitops.model.duties import DueDay
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.report import COUNT, ITEM, RULE, TEXT, Column, Key, Row, Table
from itsm_gitops.model.wording import Figure, Phrase, full_day, plural
from itsm_gitops.reports.costs import YEARLY, a_year, cost_table, sum_table, yearly_keys
from itsm_gitops.reports.log import Log
from itsm_gitops.reports.writing import ReportDraft

_OVER_USE = "D024"  # the rule that finds it by the CMDB
_OVER_COUNT = "D007"  # and by what somebody counted
_YEAR = 366  # days ahead
_LICENCE, _CONTRACT, _SUPPLIER = (
    Column(title.lower(), title, ITEM) for title in ("Licence", "Contract", "Supplier")
)


def licences(log: Log) -> ReportDraft:
    """Return what was bought, is installed and is free of each licence, what counts under it, and what it costs a year."""
    found = [p for p in licence_positions(log.network.loaded) if _is_wanted(log, p.entry, p.items)]
    over = sum(p.exceeded for p in found)
    return ReportDraft(
        _headline(len(found), over),
        (entitled, installed, free),
        (
            _positions(found),
            _counted_items(found),
            cost_table(_LICENCE, [(p.entry, p.cost) for p in found]),
            sum_table([(p.entry, p.cost) for p in found]),
        ),
        main=Key(len(found), _over_used(len(found), over)),
        keys=(Key(len(found), "Licences"), Key(over, "Over-used"), *yearly_keys([p.cost for p in found]))
        if found
        else (),
    )


def _over_used(count: int, over: int) -> Phrase:
    if not over:
        return plural(count, "licence, none over-used", "licences, none over-used")
    return plural(count, "licence, {over} over-used", "licences, {over} over-used", over=over)


def _headline(count: int, over: int) -> Phrase:
    if not count:
        return Phrase("no licence")
    if not over:
        return plural(count, "{count} licence, none over-used", "{count} licences, none over-used")
    return plural(count, "{count} licence, {over} over-used", "{count} licences, {over} over-used", over=over)


def entitled(position: LicencePosition) -> int:
    """Bought.

    How many the licence allows: its quantity.

    Source: ISO/IEC 19770-1, effective licence position: entitlement.
    """
    return position.entitled


def installed(position: LicencePosition) -> int | None:
    """Installed.

    How many the CMDB says are in use, by the metric of the licence: items that name the licence, and items of the same
    product (and version) that name none; their processor cores or instances where those are counted, and people where
    seats are. What is planned or retired does not count. Where the CMDB cannot tell, the number that somebody counted
    stands beside it.

    Source: ISO/IEC 19770-1, effective licence position: consumption.
    """
    return position.installed


def free(position: LicencePosition) -> int | None:
    """Free.

    What was bought, less what is installed, or less what somebody counted where the CMDB cannot tell. Below zero more
    is in use than was bought.

    Source: ISO/IEC 19770-1, effective licence position.
    """
    return position.free


def _is_wanted(log: Log, entry: Entry, items: Iterable[str]) -> bool:
    """Whether a licence or contract is one of what the report is limited to: a team's, or one under a service."""
    if log.scope.team and entry.columns.get("owner") != log.scope.team:
        return False
    services = (
        [log.scope.service] if log.scope.service else sorted(log.scope.under) if log.scope.customer else None
    )
    return services is None or not log.graph.carriers(services).isdisjoint([*items, entry.id])


def _positions(found: Sequence[LicencePosition]) -> Table:
    columns = (
        _LICENCE,
        Column("metric", "Metric", TEXT),
        Column("bought", "Bought"),
        Column("installed", "Installed"),
        Column("stated", "By hand"),
        Column("free", "Free"),
        *YEARLY,
        Column("finding", "Finding", RULE),
    )
    rows: list[Row] = [
        (
            p.entry.id,
            p.metric.replace("-", " "),
            p.entitled,
            p.installed,
            p.stated,
            p.free,
            *a_year(p.cost),
            _finding(p),
        )
        for p in sorted(found, key=lambda p: (not p.exceeded, p.entry.id))
    ]
    note = (
        "By hand: what somebody counted, where the CMDB cannot tell how many are installed." if rows else ""
    )
    return Table("positions", "Licence positions", columns, tuple(rows), note=note)


def _finding(position: LicencePosition) -> str:
    if not position.exceeded:
        return ""
    return _OVER_COUNT if position.installed is None else _OVER_USE


def _counted_items(found: Sequence[LicencePosition]) -> Table:
    columns = (_LICENCE, Column("item", "Used by", ITEM), Column("count", "Counts"))
    rows = tuple((p.entry.id, item, size) for p in found for item, size in p.items.items())
    return Table("items", "What is counted under each licence", columns, rows)


def contracts(log: Log) -> ReportDraft:
    """Return the days of the next year on which a contract ends or notice is due, and the terms of every contract."""
    found = [
        c
        for c in contract_terms(log.network.loaded, log.now, log.zone)
        if _is_wanted(log, c.entry, (*c.items, *c.suppliers))
    ]
    entries = [c.entry for c in found]
    dues = within(everything_due(log.network.loaded, log.now, log.zone, entries), _YEAR)
    rows: tuple[Row, ...] = tuple(
        (d.day.day[:10], d.days, d.day.text, d.entry.id, _supplier(found, d.entry.id)) for d in dues
    )
    columns = (
        Column("day", "Day", TEXT),
        Column("days", "Days left", COUNT),
        Column("what", "What", TEXT),
        _CONTRACT,
        _SUPPLIER,
    )
    return ReportDraft(
        _days_ahead(len(found), len(dues), sum(d.days < 0 for d in dues)),
        (notice, term),
        (
            Table("calendar", "Days of the next year", columns, rows),
            _terms(found),
            cost_table(_CONTRACT, [(c.entry, c.cost) for c in found]),
            sum_table([(c.entry, c.cost) for c in found]),
        ),
        main=Key(len(found), _next_day(len(found), [d.day for d in dues if d.days >= 0])),
        keys=_keys(found, [d.days for d in dues]),
    )


def _keys(found: Sequence[ContractTerms], days: Sequence[int]) -> tuple[Key, ...]:
    """Return how many contracts there are, how many days lie ahead and behind, and what all cost a year."""
    late = sum(n < 0 for n in days)
    overdue = [Key(late, "Overdue")] if late else []
    ahead = Key(len(days) - late, "Days in the next year")
    costs = yearly_keys([c.cost for c in found])
    return (Key(len(found), "Contracts"), ahead, *overdue, *costs) if found else ()


def _next_day(count: int, days: Sequence[DueDay]) -> Phrase:
    """Say what comes next with the contracts: ``contracts, last day to give notice 1 Dec 2026``."""
    if not days:
        return plural(count, "contract, no day within a year", "contracts, no day within a year")
    first = date.fromisoformat(days[0].day[:10])
    return plural(
        count,
        "contract, next: {what}, {day}",
        "contracts, next: {what}, {day}",
        what=Phrase(days[0].text),
        day=Figure(full_day, first),
    )


def _days_ahead(count: int, days: int, late: int) -> Phrase:
    if not count:
        return Phrase("no contract")
    contracts = plural(count, "{count} contract", "{count} contracts")
    ahead = plural(days, "{count} day in the next year", "{count} days in the next year")
    if not late:
        return Phrase("{contracts}, {days}", contracts=contracts, days=ahead)
    return Phrase("{contracts}, {days}, {late} overdue", contracts=contracts, days=ahead, late=late)


def notice(terms: ContractTerms) -> str:
    """Last day of notice.

    The end of the term less the days of notice. Where the contract renews itself, the next such day that has not
    passed. The same day as in itsm due, on the page of what is due and in its calendar file.

    Source: ITIL 4, supplier management: contracts are renewed or ended in time.
    """
    return terms.notice.day[:10] if terms.notice else ""


def term(terms: ContractTerms) -> str:
    """End of the term.

    The last day of the contract. Where it renews itself, the last day of the period that it is in.

    Source: ITIL 4, supplier management.
    """
    return terms.ends.day[:10] if terms.ends else ""


def _supplier(found: Sequence[ContractTerms], identifier: str) -> str:
    return next((s for c in found if c.entry.id == identifier for s in c.suppliers), "")


def _terms(found: Sequence[ContractTerms]) -> Table:
    columns = (
        _CONTRACT,
        _SUPPLIER,
        Column("ends", "Term ends", TEXT),
        Column("renews", "Then", TEXT),
        Column("notice", "Notice until", TEXT),
        *YEARLY,
        Column("items", "Items"),
    )
    rows: list[Row] = [
        (
            c.entry.id,
            next(iter(c.suppliers), ""),
            term(c) or "open",
            "renews" if c.renews else "ends" if c.ends else "goes on",
            notice(c),
            *a_year(c.cost),
            len(c.items),
        )
        for c in sorted(found, key=lambda c: (term(c) or "~", c.entry.id))
    ]
    note = "Items counts what names the contract as what covers it." if rows else ""
    return Table("terms", "Terms of the contracts", columns, tuple(rows), note=note)
