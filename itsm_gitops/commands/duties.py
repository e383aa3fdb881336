"""`itsm due`: what must be done by a day, of one snapshot."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any

from itsm_gitops.commands.filter_conditions import fulfilling
from itsm_gitops.commands.filter_meaning import FilterMeaning
from itsm_gitops.commands.filter_names import all_names
from itsm_gitops.commands.filters import Filters, read_filter
from itsm_gitops.documents import output_file
from itsm_gitops.graph.due import DueEntry, everything_due, within
from itsm_gitops.model import clock, facts, meaning
from itsm_gitops.model.duties import STAGES, due_terms
from itsm_gitops.model.errors import NotFound, UsageError, did_you_mean
from itsm_gitops.model.findings import json_pointer
from itsm_gitops.model.windows import zone as zone_of

if TYPE_CHECKING:
    from itsm_gitops.repository import Repository
    from itsm_gitops.snapshots import Store

_SPAN = re.compile(r"(\d{1,5})\s*([dwmy]?)", re.ASCII)
_DAYS = {"": 1, "d": 1, "w": 7, "m": 31, "y": 366}


@dataclass(frozen=True, slots=True)
class DueList:
    """What is due, the longest overdue first; ``now`` and ``zone`` are the moment and the time zone from which days are counted."""

    rows: list[DueEntry]
    now: datetime
    zone: tzinfo

    def as_json(self) -> list[dict[str, Any]]:
        """Return the rows as JSON data: ``days`` is negative once overdue, ``due`` a date or a date-time."""
        return [due_json(row) for row in self.rows]


def due_json(row: DueEntry) -> dict[str, Any]:
    """Return one thing that is due as JSON data."""
    due = row.day.due
    return {
        "due": row.day.day,
        "stage": row.day.stage,
        "days": row.days,
        "severity": row.day.severity,
        "message": due.terms.message,
        "what": due.what or None,
        "id": row.entry.id,
        "kind": row.entry.kind,
        "title": row.entry.title,
        "path": row.entry.path,
        "pointer": json_pointer(due.pointer),
        "who": row.who or None,
        "team": row.team or None,
    }


def list_due(
    repo: Repository,
    words: Sequence[str] = (),
    *,
    span: str = "",
    stages: Sequence[str] = (),
    who: Sequence[str] = (),
    teams: Sequence[str] = (),
    at: str | None = None,
) -> DueList:
    """List what is due: of all documents, or of those that kinds and a filter name (as `itsm list` has them).

    ``span`` is how far to look ahead (``30d``, ``4w``, ``6m``, ``1y``; empty for what is overdue or due soon), ``stages``
    are past, near or later. Raises UsageError for an invalid span or filter, NotFound for unknown names.
    """
    store, now = repo.store(at), clock.now()
    _refuse_day(words, now)
    entries, names = None, {k.name for k in store.book.kinds.values() if due_terms(k)}
    if words:
        asked = read_filter(store.book, words, Filters())
        names &= {k.name for k in asked.kinds}
        condition = FilterMeaning(repo, store, asked.kinds).condition(asked.node)
        entries = fulfilling(store, {k.name for k in asked.kinds}, condition)
    zone = zone_of(store.config.timezone)
    rows = everything_due(store, now, zone, entries)
    people, groups = (
        _all_names(store, rows, option, handles) for option, handles in (("--owner", who), ("--team", teams))
    )
    if span:
        rows = within(rows, _days(span))
    elif not stages:
        rows = [r for r in rows if r.day.stage in STAGES[:2]]
    if stages:
        rows = [r for r in rows if r.day.stage in stages]
    if people:
        rows = [r for r in rows if r.who in people]
    if groups:
        rows = [r for r in rows if r.team in groups or r.who in groups]
    repo.gaps = {g.path: g for g in store.gaps(names)}
    return DueList(rows, now, zone)


def _refuse_day(words: Sequence[str], now: datetime) -> None:
    """Raise UsageError for a day among the words: as a text to find it would say that nothing is due by then."""
    for word in words:
        day = clock.parse_day(word)
        if day is not None:
            ahead = max((day - now.date()).days, 1)
            raise UsageError(
                f"'{word}' is a day, and itsm due looks ahead by a span",
                f"itsm due --within {ahead}d; as text it needs quotes: '\"{word}\"'",
            )


def _all_names(store: Store, rows: Sequence[DueEntry], option: str, handles: Sequence[str]) -> frozenset[str]:
    """Return all names of some people or teams, the old ones too.

    Raises NotFound for a handle that is nobody's: an empty list would say that nothing is due.
    """
    answering = {name for row in rows for name in (row.who, row.team) if name}
    found: set[str] = set()
    for handle in handles:
        names = all_names(store, handle)
        found.update(names)
        if handle in answering or handle in store.broken:
            continue
        roles = (meaning.PERSON, meaning.TEAM)
        if any(facts.is_a(store.book, store.entries.get(n), r) for n in names for r in roles):
            continue
        near = did_you_mean(handle, [*answering, *(e.id for e in store.of_kinds(_people(store)))])
        raise NotFound(f"{option}: nobody is called '{handle}'", near or "itsm list teams shows who there is")
    return frozenset(found)


def _people(store: Store) -> list[str]:
    return [k for role in (meaning.PERSON, meaning.TEAM) for k in store.book.playing(role)]


def _days(text: str) -> int:
    match = _SPAN.fullmatch(text.strip().lower())
    if match is None:
        raise UsageError(f"--within: '{text}' is not a span of days", "write 30d, 4w, 6m or 1y")
    return int(match[1]) * _DAYS[match[2]]


def due_ics(repo: Repository, found: DueList) -> str:
    """Return what is due as iCalendar text: each a whole day."""
    from itsm_gitops.graph.due_ics import due_calendar
    from itsm_gitops.graph.ics import domain

    return due_calendar(found.rows, repo.config.organisation, domain(repo.config.identity), found.now)


def write_due_ics(repo: Repository, found: DueList, path: Path) -> None:
    """Write what is due as an iCalendar file; raises UsageError where it cannot be written."""
    with output_file(path, repo.root) as file:
        file.write(due_ics(repo, found))
