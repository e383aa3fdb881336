"""The reports of a site: made again only when something that they count has changed since the last build.

Reports count nearly all records, so they are the most expensive part of a build. Of a record they take everything but
its title, which only stands beside the identifier of a record that a table lists. So where the changed documents are
records with the same lives and fields as before, and none of them is listed, every report stays as it was. Those
that the repository describes itself are made each time: their filters may read anything.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from itsm_gitops.model.entry import Entry
from itsm_gitops.model.field_history import Available, Day, ServiceHistory, ServiceIncident
from itsm_gitops.model.report import Cell, Report
from itsm_gitops.model.rulebook import RuleBook
from itsm_gitops.presentation.pages import past
from itsm_gitops.publish.changed_keys import untitled
from itsm_gitops.publish.readings import DocumentChange, Readings

_SIGN = 32  # characters of what tells the reports that are not the repository's own
Past = Mapping[str, Sequence[Day]]
Histories = Mapping[str, ServiceHistory]
Kept = Mapping[str, Mapping[str, Cell]]


@dataclass
class SiteReports:
    """The reports, and what pages of services say of them: their last days, incidents, and how service levels were kept.

    ``sign`` tells what the reports say from what they said at other builds; ``listed`` are the documents that their
    tables name.
    """

    make: Callable[[], Sequence[Report]]
    past: Past
    histories: Histories
    kept: Kept
    sign: str
    listed: Sequence[str] = ()

    @cached_property
    def all(self) -> Sequence[Report]:
        """The reports, made on first use."""
        return self.make()

    def fact(self) -> dict[str, Any]:
        """Return what the next build has to know, as plain data."""
        return {
            "sign": self.sign,
            "past": {service: [list(day) for day in days] for service, days in self.past.items()},
            "histories": {
                service: [one.since, [list(i) for i in one.incidents], [list(a) for a in one.available]]
                for service, one in self.histories.items()
            },
            "kept": {service: dict(row) for service, row in self.kept.items()},
            "listed": list(self.listed),
        }


def made_anew(
    make: Callable[[], Sequence[Report]],
    own: Sequence[Report],
    days: Past,
    events: Histories,
    entries: Mapping[str, Entry],
) -> SiteReports:
    """Return the reports of this build, made now, among them the repository's ``own``."""
    reports = make()
    cells = {
        cell for r in reports for t in r.tables for row in t.rows for cell in row if isinstance(cell, str)
    }
    listed = sorted(cell for cell in cells if cell in entries)
    return SiteReports(
        lambda: reports,
        days,
        events,
        past.kept_by_service(reports),
        os.urandom(_SIGN // 2).hex() + _digest(own),
        listed,
    )


def made_before(
    make: Callable[[], Sequence[Report]],
    own: Sequence[Report],
    readings: Readings | None,
    book: RuleBook,
    now: datetime,
) -> SiteReports | None:
    """Return the reports of the last build where they say the same today; ``make`` makes them when a page asks.

    The repository's ``own`` may say anything, so they are made each time and compared.
    """
    facts = readings.facts if readings else {}
    fact = facts.get("reports")
    if readings is None or not fact or not facts["clean"] or facts["now"] != now.isoformat():
        return None
    before, after = readings.changes
    if before.keys() != after.keys() or not before.keys().isdisjoint(fact["listed"]):
        return None
    if any(_counted(before[i], book) != _counted(after[i], book) for i in before):
        return None
    days = {
        s: [Day(day, status, tuple(causes)) for day, status, causes in some]
        for s, some in fact["past"].items()
    }
    events = {
        s: ServiceHistory(
            since, tuple(ServiceIncident(*i) for i in some), tuple(Available(*a) for a in shares)
        )
        for s, (since, some, shares) in fact["histories"].items()
    }
    sign = fact["sign"][:_SIGN] + _digest(own)
    return SiteReports(make, days, events, fact["kept"], sign, fact["listed"])


def _digest(own: Sequence[Report]) -> str:
    return hashlib.sha256(repr(own).encode("utf-8", "surrogatepass")).hexdigest()


def _counted(reading: DocumentChange, book: RuleBook) -> tuple[Any, ...]:
    """Return what reports take of a document: all of an item, of a record everything but its title."""
    kind, entry = book.kinds[reading.entry.kind], reading.entry
    if not kind.is_record:
        return entry, reading.data
    return untitled(entry, book), reading.lives
