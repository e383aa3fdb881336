"""Everything that is due in one snapshot: the days of all documents whose schema has dates with a duty.

Duties are derived from their document alone (`due_rows`) and kept by the index and by builds of the site; their stage
follows from the clock each time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any

from itsm_gitops.graph.loaded import Loaded
from itsm_gitops.model import clock, facts
from itsm_gitops.model.duties import Due, DueDay, due_terms, dues_of
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.kinds import Kind

DERIVED = "dues"
_TEAMS = ("assigned_team", "owner", "fulfilment_team")
_WHO = ("assignee", "owner", "assigned_team")

# One day as plain data: the number of its terms in the schema, its pointer, day, months, who and what.
DueRow = Sequence[Any]


@dataclass(frozen=True, slots=True)
class DueEntry:
    """One thing that is due. ``who`` answers for it, ``team`` is the team of the document; empty where nobody is named."""

    entry: Entry
    day: DueDay
    days: int
    who: str
    team: str


def due_rows(kind: Kind, data: Mapping[str, Any]) -> list[DueRow]:
    """Return the days of a document by which something is due, as plain data."""
    terms = due_terms(kind)
    if not terms:
        return []
    number = {id(t): n for n, t in enumerate(terms)}
    return [
        [number[id(d.terms)], list(d.pointer), d.day, d.months, d.who, d.what] for d in dues_of(kind, data)
    ]


def everything_due(
    loaded: Loaded, now: datetime, zone: tzinfo, entries: Iterable[Entry] | None = None
) -> list[DueEntry]:
    """Return what is due of a snapshot (or of some of its entries), the longest overdue first."""
    found: list[DueEntry] = []
    some = None if entries is None else list(entries)
    for kind in loaded.book.kinds.values():
        if due_terms(kind):
            own = loaded.of_kinds([kind.name]) if some is None else [e for e in some if e.kind == kind.name]
            every = loaded.of_kinds([kind.name]) if some is not None and _has_latest(kind) else own
            rows = loaded.derived(DERIVED, lambda data, kind=kind: due_rows(kind, data), every)  # type: ignore[misc]
            left = still_owed(kind, [(e, rows[e.id]) for e in every])
            found += [due for e in own for due in due_entries(kind, e, left[e.id], now, zone)]
    return in_order(found)


def _has_latest(kind: Kind) -> bool:
    return any(t.latest_of for t in due_terms(kind))


def still_owed(kind: Kind, owing: Sequence[tuple[Entry, Sequence[DueRow]]]) -> dict[str, Sequence[DueRow]]:
    """Return the days of all documents of a kind without those that a newer document about the same has taken over."""
    if not _has_latest(kind):
        return {entry.id: rows for entry, rows in owing}
    terms = due_terms(kind)
    newest: dict[Any, tuple[datetime, str]] = {}

    def about(entry: Entry, row: DueRow) -> Any:
        return row[0], *(str(entry.columns.get(name)) for name in terms[row[0]].latest_of)

    def age(entry: Entry) -> tuple[datetime, str]:
        return clock.parse_time(entry.opened) or datetime.min.replace(tzinfo=UTC), entry.id

    for entry, rows in owing:
        for row in rows:
            newest[about(entry, row)] = max(newest.get(about(entry, row), age(entry)), age(entry))
    return {
        entry.id: [r for r in rows if not terms[r[0]].latest_of or newest[about(entry, r)] == age(entry)]
        for entry, rows in owing
    }


def due_entries(
    kind: Kind, entry: Entry, rows: Iterable[DueRow], now: datetime, zone: tzinfo
) -> Iterator[DueEntry]:
    """Yield how the days of one document stand."""
    terms = due_terms(kind)
    for at, pointer, day, months, who, what in rows:
        stands = Due(terms[at], tuple(pointer), day, months, who, what).at(now, zone)
        left = stands.days_left(now, zone)
        yield DueEntry(entry, stands, left, who or _first(entry, _WHO), _first(entry, _TEAMS))


def in_order(dues: Iterable[DueEntry]) -> list[DueEntry]:
    """Return what is due, the longest overdue first."""
    return sorted(dues, key=lambda d: (d.day.end, d.entry.id, str(d.day.due.pointer)))


def within(dues: Sequence[DueEntry], days: int) -> list[DueEntry]:
    """Return the duties that are overdue or due within ``days`` days."""
    return [d for d in dues if d.days <= days]


def _first(entry: Entry, names: Sequence[str]) -> str:
    found = (entry.columns.get(n) for n in names)
    return next((str(v) for v in found if isinstance(v, str)), "") or facts.owner(entry)
