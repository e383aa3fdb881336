"""Which services and configuration items have the most incidents."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from itsm_gitops.model import meaning
from itsm_gitops.model.report import ITEM, STACKED, Bars, Cell, Column, Key, Table
from itsm_gitops.model.wording import Phrase, plural
from itsm_gitops.model.workflow import CANCELLED
from itsm_gitops.reports import measures
from itsm_gitops.reports.log import Log
from itsm_gitops.reports.tables import MOST_ROWS
from itsm_gitops.reports.writing import ReportDraft
from itsm_gitops.service_levels.life import Case

_PAIR = 2  # services that are named together


def incident_count(cases: Iterable[Case]) -> list[Case]:
    """Incidents of a service or item.

    The incidents opened in the time of the report that name the service or item as affected; one that
    names three items counts for each of them. Cancelled incidents do not count.

    Source: ITIL 4, problem management: trends of incidents show where problems are; ServiceNow, top
    services and configuration items by incidents.
    """
    return [c for c in cases if c.category != CANCELLED]


def fault_count(cases: Iterable[Case]) -> list[Case]:
    """At fault.

    How many of these incidents name the item as their cause (the field cause_ci), which is known only
    when they are resolved.

    Source: ITIL 4, service configuration management: items at fault in incidents.
    """
    return [c for c in cases if c.targets("cause_is")]


def top(log: Log) -> ReportDraft:
    """Return the twenty services and the twenty items with the most incidents."""
    served = log.book.playing(meaning.SERVICE)
    cases = incident_count(log.opened(*log.playing(meaning.INCIDENT)))
    services = _table(log, "services", "Services", cases, lambda kind: kind in served)
    items = _table(log, "items", "Configuration items", cases, lambda kind: kind not in served)
    return ReportDraft(
        _headline(log, services, len(cases)),
        (incident_count, fault_count, measures.backlog),
        (services, items),
        main=_main(log, services, len(cases)),
    )


def _main(log: Log, services: Table, count: int) -> Key | None:
    if not services.rows:
        return None
    most = services.rows[0][1]
    first = [log.title(str(row[0])) for row in services.rows if row[1] == most]
    if len(first) == 1:
        one, several = "of {count} incident with {service}", "of {count} incidents with {service}"
        return Key(most, plural(count, one, several, service=first[0]))
    if len(first) == _PAIR:
        one, several = "incident each: {first}, {second}", "incidents each: {first}, {second}"
        return Key(most, plural(int(most or 0), one, several, first=first[0], second=first[1]))
    one, several = "incident with each of {services} services", "incidents with each of {services} services"
    return Key(most, plural(int(most or 0), one, several, services=len(first)))


def _headline(log: Log, services: Table, count: int) -> Phrase:
    if not services.rows:
        return Phrase("no incident with a service was opened")
    most = int(services.rows[0][1] or 0)
    first = [log.title(str(row[0])) for row in services.rows if row[1] == most]
    if len(first) > 1:
        return plural(
            count,
            "{services} services have the most: {most} of {count} incident each",
            "{services} services have the most: {most} of {count} incidents each",
            services=len(first),
            most=most,
        )
    return plural(
        count,
        "{service} has the most: {most} of {count} incident",
        "{service} has the most: {most} of {count} incidents",
        service=first[0],
        most=most,
    )


def _of_them(urgent: Sequence[str]) -> str:
    """Return the title of the column about the most urgent incidents."""
    if len(urgent) == 2:
        return Phrase("Of them {first} and {second}", first=urgent[0], second=urgent[1])
    return Phrase("Of them {first}", first="".join(urgent))


def _table(log: Log, name: str, title: str, cases: list[Case], wanted: Callable[[str], bool]) -> Table:
    groups: dict[str, list[Case]] = {}
    faults: dict[str, int] = {}
    for case in cases:
        for target in case.targets("affects"):
            entry = log.network.entries.get(target)
            if entry is not None and wanted(entry.kind):
                groups.setdefault(target, []).append(case)
    for case in fault_count(cases):
        for target in case.targets("cause_is"):
            faults[target] = faults.get(target, 0) + 1
    urgent = log.priorities[:2]
    with_fault = name == "items"  # a service is what suffers; what fails is an item
    columns = (
        Column("item", title[:-1], ITEM),
        Column("incidents", "Incidents"),
        Column("urgent", _of_them(urgent)),
        Column("open", "Still open"),
        *([Column("at_fault", "At fault")] if with_fault else []),
    )
    ordered = sorted(groups.items(), key=lambda g: (-len(g[1]), g[0]))[:MOST_ROWS]
    rows: list[tuple[Cell, ...]] = [
        (
            item,
            len(some),
            sum(c.priority in urgent for c in some),
            len(measures.backlog(some)),
            *([faults.get(item, 0)] if with_fault else []),
        )
        for item, some in ordered
    ]
    return Table(name, title, columns, tuple(rows), Bars(STACKED, ("incidents",), ("blue",)))
