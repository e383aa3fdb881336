"""Everything that is due in one snapshot: the days of all documents whose schema has dates with a duty.

What a document owes is derived of it alone and kept by the index; how it stands follows from the clock each time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any

from itsm_gitops.graph.network import Loaded
from itsm_gitops.model import facts
from itsm_gitops.model.duties import Due, DueDay, due_terms, dues_of
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.kinds import Kind

DERIVED = "dues"
_TEAMS = ("assigned_team", "owner", "fulfilment_team")
_WHO = ("assignee", "owner", "assigned_team")


@dataclass(frozen=True, slots=True)
class DueEntry:
    """One thing that is due. ``who`` answers for it, ``team`` is the team of the document; empty where nobody is named."""

    entry: Entry
    day: DueDay
    days: int
    who: str
    team: str


def everything_due(
    loaded: Loaded, now: datetime, zone: tzinfo, entries: Iterable[Entry] | None = None
) -> list[DueEntry]:
    """Return what is due of a snapshot (or of some of its entries), the longest overdue first."""
    found: list[DueEntry] = []
    for kind in loaded.book.kinds.values():
        if due_terms(kind):
            own = (
                loaded.of_kinds([kind.name])
                if entries is None
                else [e for e in entries if e.kind == kind.name]
            )
            found += _of_kind(loaded, kind, own, now, zone)
    return sorted(found, key=lambda d: (d.day.end, d.entry.id, str(d.day.due.pointer)))


def within(dues: Sequence[DueEntry], now: datetime, span: timedelta) -> list[DueEntry]:
    """Return what is over or will be within a time."""
    return [d for d in dues if d.day.end <= now + span]


def _of_kind(
    loaded: Loaded, kind: Kind, entries: Sequence[Entry], now: datetime, zone: tzinfo
) -> Iterable[DueEntry]:
    terms = due_terms(kind)
    number = {id(t): n for n, t in enumerate(terms)}

    def derive(data: Mapping[str, Any]) -> list[Any]:
        return [
            [number[id(d.terms)], list(d.pointer), d.day, d.months, d.who, d.what]
            for d in dues_of(kind, data)
        ]

    rows = loaded.derived(DERIVED, derive, entries)
    for entry in entries:
        for at, pointer, day, months, who, what in rows[entry.id]:
            due = Due(terms[at], tuple(pointer), day, months, who, what)
            stands = due.at(now, zone)
            yield DueEntry(
                entry, stands, stands.days_left(now, zone), who or _first(entry, _WHO), _first(entry, _TEAMS)
            )


def _first(entry: Entry, names: Sequence[str]) -> str:
    found = (entry.columns.get(n) for n in names)
    return next((str(v) for v in found if isinstance(v, str)), "") or facts.owner(entry)
