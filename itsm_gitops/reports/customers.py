"""Customers: what each is provided with, how its services were kept, what it complained of, and when it is reviewed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from itsm_gitops.graph.customers import organisations, people_of, services_of, whole
from itsm_gitops.model import meaning
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.report import ITEM, SHARE, TEXT, Column, Key, Row, Table
from itsm_gitops.model.wording import Phrase, listed, plural
from itsm_gitops.reports import measures
from itsm_gitops.reports.course import levels_of
from itsm_gitops.reports.levels import attained, judged
from itsm_gitops.reports.log import Log
from itsm_gitops.reports.writing import ReportDraft
from itsm_gitops.service_levels import measures as durations
from itsm_gitops.service_levels.agreements import Clock
from itsm_gitops.service_levels.life import Case

_COMPLAINED, _REVIEWED = "complained", "took_part_in_review"
_ASKED_FOR = ("requested_for", "requested_by")
_SERVICE = "service"  # the field of a record
_CUSTOMER = Column("customer", "Customer", ITEM)


class _Customer(NamedTuple):
    entry: Entry
    services: frozenset[str]
    incidents: list[Case]
    requests: list[Case]
    clocks: list[Clock]


def customers(log: Log) -> ReportDraft:
    """Return what each customer is provided with and how that was kept, and the same for each of its services."""
    found = _customers(log)
    served = sum(bool(c.services) for c in found)
    headline = (
        plural(
            len(found),
            "{count} organisation, {served} with services",
            "{count} organisations, {served} with services",
            served=served,
        )
        if found and served
        else plural(
            len(found),
            "{count} organisation, none with services",
            "{count} organisations, none with services",
        )
        if found
        else Phrase("no organisation is known")
    )
    return ReportDraft(
        headline,
        (provided, durations.verdict, measures.attainment),
        (_overview(log, found), _by_service(log, found), _terms(log, found)),
        main=Key(
            len(found),
            plural(
                len(found),
                "organisation, {served} with services",
                "organisations, {served} with services",
                served=served,
            ),
        ),
        keys=(Key(len(found), "Organisations"), Key(served, "With services"), *_kept_of_all(found))
        if found
        else (),
    )


def _kept_of_all(found: Sequence[_Customer]) -> list[Key]:
    """Return which share of the promises to customers was kept, where any was judged."""
    clocks = [c for one in found for c in one.clocks]
    count = judged(clocks)
    return [Key(attained(clocks), "Promises kept", SHARE, count)] if count else []


def provided(services: frozenset[str]) -> int:
    """Services of a customer.

    The services that the organisation or a part of it uses, or that name it as a customer. Incidents are those of these
    services, requests those for people who work for it. A service of several customers counts for each.

    Source: FitSM-1, customer relationship management: services are related to customers.
    """
    return len(services)


def _customers(log: Log) -> list[_Customer]:
    entries = [e for e in organisations(log.network) if log.scope.customer in ("", e.id)]
    if not entries:
        return []
    incidents = log.opened(*log.playing(meaning.INCIDENT))
    requests = log.opened(*log.playing(meaning.REQUEST))
    known = levels_of(log)
    # One clock for each promise, whoever it was kept to.
    clocks = {c.entry.id: known.clocks(c) for c in incidents}
    found = []
    for entry in entries:
        members = whole(log.network, entry.id)
        services, people = services_of(log.network, members), people_of(log.network, members)
        hit = [c for c in incidents if not services.isdisjoint([c.text(_SERVICE), *c.targets("affects")])]
        asked = [c for c in requests if not people.isdisjoint(c.text(f) for f in _ASKED_FOR)]
        promises = [k for c in hit for k in clocks[c.entry.id] if k.service in services]
        found.append(_Customer(entry, services, hit, asked, promises))
    return found


def _overview(log: Log, found: Sequence[_Customer]) -> Table:
    columns = (
        _CUSTOMER,
        Column("services", "Services"),
        Column("incidents", "Incidents"),
        Column("requests", "Requests"),
        Column("kept", "Kept", SHARE),
        Column("complaints", "Complaints"),
        Column("reviewed", "Last review", TEXT),
        Column("next_review", "Next review", TEXT),
    )
    rows: list[Row] = [
        (
            c.entry.id,
            len(c.services),
            len(c.incidents),
            len(c.requests),
            attained(c.clocks),
            len(_linked(log, c.entry.id, _COMPLAINED, lambda case: log.within(case.opened))),
            max(_linked(log, c.entry.id, _REVIEWED, lambda case: case.resolved is not None), default=""),
            str(log.network.data(c.entry.id).get("next_review", "")),
        )
        for c in found
    ]
    note = (
        "Incidents of its services and requests of its people that were opened in this time." if rows else ""
    )
    wholes = {"kept": [judged(c.clocks) for c in found]}
    return Table("customers", "By customer", columns, tuple(rows), note=note, wholes=wholes)


def _linked(log: Log, customer: str, relation: str, wanted: Callable[[Case], bool]) -> list[str]:
    """Return the days on which records linked with a customer, or a part of it, were opened or done."""
    names = {n for m in whole(log.network, customer) for n in log.network.others(m, relation)}
    cases = [c for c in log.find_all(names).values() if wanted(c)]
    return sorted(
        log.day_of_moment(c.resolved if c.resolved is not None else c.opened).isoformat() for c in cases
    )


def _by_service(log: Log, found: Sequence[_Customer]) -> Table:
    columns = (
        _CUSTOMER,
        Column(_SERVICE, "Service", ITEM),
        Column("level", "Service level", ITEM),
        Column("incidents", "Incidents"),
        Column("kept", "Kept", SHARE),
    )
    rows: list[Row] = []
    due: list[int] = []
    for one in found:
        for service in sorted(one.services):
            entry = log.network.entries.get(service)
            hit = [c for c in one.incidents if service in (c.text(_SERVICE), *c.targets("affects"))]
            level = str(entry.columns.get("service_level") or "") if entry else ""
            clocks = [c for c in one.clocks if c.service == service]
            rows.append((one.entry.id, service, level, len(hit), attained(clocks)))
            due.append(judged(clocks))
    return Table("services", "By customer and service", columns, tuple(rows), wholes={"kept": due})


def _terms(log: Log, found: Sequence[_Customer]) -> Table:
    columns = (
        _CUSTOMER,
        Column("roles", "Roles", TEXT),
        Column("relationship_manager", "Speaks with it", ITEM),
        Column("cost_owner", "Cost owner", ITEM),
        Column("cost_centre", "Cost centre", TEXT),
    )
    rows = []
    for one in found:
        data = log.network.data(one.entry.id)
        said = [str(data.get(n) or "") for n in ("relationship_manager", "cost_owner", "cost_centre")]
        roles = data.get("roles")
        named = [r for r in roles if isinstance(r, str)] if isinstance(roles, list) else []
        rows.append((one.entry.id, listed(map(Phrase, named)), *said))
    return Table("parties", "Who speaks and who pays", columns, tuple(rows))
