"""Small snapshots in memory: documents with the shipped rule book around them, nothing on disk."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from itsm_gitops.graph.impact import ImpactGraph
from itsm_gitops.graph.network import Network
from itsm_gitops.graph.planned import Planned
from itsm_gitops.model.entry import Entry, summarise
from itsm_gitops.model.questions import EntryQuestions
from itsm_gitops.model.rulebook import RuleBook

DAY = datetime(2026, 12, 1, tzinfo=UTC)


class Memory(EntryQuestions):
    """A loaded snapshot that holds its documents."""

    def __init__(self, book: RuleBook, documents: Iterable[Mapping[str, Any]]) -> None:
        self.book = book
        self._data = {d["id"]: d for d in documents}
        self._entries = {}
        for identifier, data in sorted(self._data.items()):
            kind = book.kinds[data.get("kind") or data["class"]]
            self._entries[identifier] = summarise(kind, book.path_for(kind, identifier), data)

    @property
    def entries(self) -> Mapping[str, Entry]:
        return self._entries

    @property
    def aliases(self) -> Mapping[str, str]:
        return {alias: entry.id for entry in self._entries.values() for alias in entry.aliases}

    def data(self, identifier: str) -> Mapping[str, Any]:
        return self._data[identifier]


def graph_of(book: RuleBook, documents: Iterable[Mapping[str, Any]]) -> ImpactGraph:
    return ImpactGraph(Network(Memory(book, documents)))


def item(
    name: str, kind: str = "server", *, needs: Iterable[str] = (), part_of: Iterable[str] = (), **more: Any
) -> dict[str, Any]:
    links = [{"type": "depends_on", "target": t} for t in needs]
    links += [{"type": "part_of", "target": t} for t in part_of]
    return {
        "id": name,
        "class": kind,
        "name": name,
        "owner": "ops",
        "lifecycle": "production",
        "links": links,
        **more,
    }


def group(members: Iterable[str], min_up: int = 1) -> list[dict[str, Any]]:
    return [{"name": "group", "members": list(members), "min_up": min_up}]


def change(number: int, start: float, end: float, items: Iterable[str] = (), **more: Any) -> Planned:
    """A planned change from hour ``start`` to hour ``end`` of the day."""
    about: dict[str, Any] = {
        "title": f"Change {number}",
        "type": "normal",
        "state": "scheduled",
        "risk": "low",
    }
    return Planned(
        id=f"CHG-261120-{number:05d}",
        start=DAY + timedelta(hours=start),
        end=DAY + timedelta(hours=end),
        items=tuple(items),
        **{**about, **more},
    )


def record(suffix: str, **fields: Any) -> dict[str, Any]:
    """A change record as it is written, opened on 20 November 2026 and scheduled two days later."""
    steps = [
        ("2026-11-20T10:00:00Z", "draft"),
        ("2026-11-21T10:00:00Z", "authorize"),
        ("2026-11-22T10:00:00Z", "scheduled"),
    ]
    return {
        "id": f"CHG-261120-{suffix}",
        "kind": "change",
        "title": f"Change {suffix}",
        "type": "normal",
        "requested_by": "anna",
        "justification": "It must be.",
        "state": "scheduled",
        "planned_start": "2026-12-01T20:00:00Z",
        "planned_end": "2026-12-01T22:00:00Z",
        "timeline": [{"at": at, "by": "anna", "state": s} for at, s in steps],
        **fields,
    }
