"""The explorer's data: records as columns, in chunks that a script in the page reads when it needs them.

``explore/index.js`` says which chunks there are and what is in each, ``explore/names.js`` what items
are called. Open records of all kinds lie apart from published and finished ones, which lie by kind, so that what
is asked for most is read first and little else with it. A chunk holds whole days of identifiers and
tables of its own for the words in it: a new record leaves every older chunk byte for byte alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

from itsm_gitops.model import clock, facts, meaning
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.filter_words import facet_of
from itsm_gitops.model.kinds import in_order_of_work
from itsm_gitops.model.rulebook import PRIORITY
from itsm_gitops.presentation import urls
from itsm_gitops.presentation.chips import state_look
from itsm_gitops.presentation.markup import shorten
from itsm_gitops.presentation.pages.explore import FINISHED, OPEN, PUBLISHED
from itsm_gitops.presentation.view import View
from itsm_gitops.presentation.wanted import shape_of
from itsm_gitops.publish.batches import Batch
from itsm_gitops.publish.search import handed_over

VERSION = 1
ROWS = 4000
_MOST_ROWS = 8000
_PREFIX = {OPEN: "open", PUBLISHED: PUBLISHED, FINISHED: "done"}  # of the names of files
_LONGEST_TITLE, _LONGEST_NAME = 300, 100

# One value, several, or none, as numbers into the table of a chunk.
_Cell = int | list[int]


@dataclass(frozen=True, slots=True)
class _ExplorerRow:
    """A record as the explorer shows it; times are seconds since 1970, ``rank`` counts from the oldest."""

    id: str
    kind: str
    title: str
    state: str
    priority: str
    service: list[str]
    ci: list[str]
    team: list[str]
    opened: int | None
    updated: int | None
    rank: int


class _Place(NamedTuple):
    """A record, how many are older, and the day that the identifier names."""

    entry: Entry
    rank: int
    day: str


class _Chunk(NamedTuple):
    name: str
    status: str
    kind: str
    places: list[_Place]


def files(view: View, entries: Sequence[Entry], batch: Batch | None = None) -> Iterator[tuple[str, bytes]]:
    """Yield the explorer's files (name and content); ``entries`` are in the order search numbers them.

    Chunks that ``batch`` does not want are left out.
    """
    batch = batch or Batch(view)
    of_records = {kind.name: kind.is_record for kind in view.book.kinds.values()}
    records = [e for e in reversed(entries) if of_records[e.kind]]
    groups: dict[tuple[str, str], list[_Place]] = {(OPEN, ""): []}
    for rank, entry in enumerate(records):
        place = _Place(entry, rank, entry.id.split("-")[1])
        groups.setdefault(_group(view, entry), []).append(place)
    chunks: list[_Chunk] = []
    for (status, kind), places in groups.items():
        name = f"{_PREFIX[status]}_{view.book.kinds[kind].plural}" if kind else _PREFIX[status]
        chunks += _chunks(name, status, kind, places)
    spans: list[dict[str, Any]] = []
    facets: dict[str, str] = {}
    for chunk in chunks:
        url = f"explore/{chunk.name}.js"
        if batch.wants(url, shape_of(f"{p.entry.id} {p.rank}" for p in chunk.places)):
            reader = _ColumnReader(batch.view)
            rows = [reader.row(place) for place in chunk.places]
            entry_of, named = _entry_of(chunk, rows), reader.facets()
            batch.about = json.dumps((entry_of, named))
            yield _file(chunk.name, _columns(rows))
        else:
            entry_of, named = json.loads(batch.about_of(url))
        spans.append(entry_of)
        facets |= named
    yield _file("names", _names(view, facets))
    yield _file("index", _summary(view, spans))


def _group(view: View, entry: Entry) -> tuple[str, str]:
    """Return the status of a record, and its kind where it lies with its like only."""
    if facts.is_work(view.book, entry):
        return OPEN, ""
    return (PUBLISHED if facts.is_published(view.book, entry.kind, entry.state) else FINISHED), entry.kind


class _ColumnReader:
    """Makes rows of entries and collects every item that they name."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._facets: dict[tuple[str, str, str], tuple[str, str]] = {}

    def row(self, place: _Place) -> _ExplorerRow:
        """Return a record as a row."""
        entry, rank, _ = place
        by_facet: dict[str, list[str]] = {"service": [], "ci": [], "team": []}
        for edge in entry.edges:
            key = (edge.target, edge.relation, str(edge.pointer[0]))
            facet_and_name = self._facets.get(key)
            if facet_and_name is None:
                facet_and_name = self._facets[key] = (self._facet(*key), shorten(edge.target, _LONGEST_NAME))
            facet, name = facet_and_name
            if facet and name not in by_facet[facet]:
                by_facet[facet].append(name)
        priority = self._view.priority(entry)
        return _ExplorerRow(
            entry.id,
            entry.kind,
            shorten(entry.title, _LONGEST_TITLE),
            shorten(entry.state, _LONGEST_NAME),
            shorten(priority.name if priority else "", _LONGEST_NAME),
            by_facet["service"],
            by_facet["ci"],
            by_facet["team"],
            _seconds(entry.opened),
            _seconds(entry.updated),
            rank,
        )

    def _facet(self, target: str, relation: str, field: str) -> str:
        """Return the facet (service, ci or team) of a ``target`` that a record names, '' for none."""
        entry = self._view.entries.get(target)
        return facet_of(self._view.kind(entry) if entry else None, relation, field)

    def facets(self) -> dict[str, str]:
        """Return the items that the rows name, each with its facet."""
        return {name: facet for facet, name in self._facets.values() if facet}


def _names(view: View, facets: dict[str, str]) -> dict[str, dict[str, str]]:
    """Return the titles of items by facet, including every service and team."""
    for facet, role in (("service", meaning.SERVICE), ("team", meaning.TEAM)):
        facets.update((e.id, facet) for e in view.of_role(role))
    by_facet: dict[str, dict[str, str]] = {"service": {}, "ci": {}, "team": {}}
    for name, facet in sorted(facets.items()):
        by_facet[facet][name] = shorten(view.title(name), _LONGEST_NAME)
    return by_facet


def _seconds(text: str) -> int | None:
    moment = clock.parse_time(text)
    return None if moment is None else int(moment.timestamp())


def _chunks(name: str, status: str, kind: str, places: list[_Place]) -> Iterator[_Chunk]:
    """Cut records into chunks at the days of their identifiers, the oldest first."""
    days = sorted([(p.day, p.entry.id, p) for p in places])
    part: list[_Place] = []
    used: set[str] = set()
    last = ""
    for day, _, place in days:
        enough = len(part) >= ROWS and day != last
        if enough or len(part) >= _MOST_ROWS:
            yield _chunk_of(name, status, kind, part, used)
            part = []
        part.append(place)
        last = day
    if part:
        yield _chunk_of(name, status, kind, part, used)


def _chunk_of(name: str, status: str, kind: str, places: list[_Place], used: set[str]) -> _Chunk:
    """Name a chunk by its first day, by its first record where it begins inside a day."""
    first = f"{name}_{places[0].day}"
    chosen = first if first not in used else f"{name}_{places[0].entry.id}"
    used.add(chosen)
    return _Chunk(chosen, status, kind, places)


def _columns(rows: list[_ExplorerRow]) -> dict[str, Any]:
    """Return rows as columns; numbers that grow are written as differences."""
    return {
        "id": [r.id for r in rows],
        "title": [r.title for r in rows],
        "kind": _coded([[r.kind] for r in rows]),
        "state": _coded([[r.state] if r.state else [] for r in rows]),
        "priority": _coded([[r.priority] if r.priority else [] for r in rows]),
        "service": _coded([r.service for r in rows]),
        "ci": _coded([r.ci for r in rows]),
        "team": _coded([r.team for r in rows]),
        "opened": _differences([r.opened for r in rows]),
        "updated": [_after(r) for r in rows],
        "rank": _differences([r.rank for r in rows]),
    }


def _coded(values: Iterable[Sequence[str]]) -> list[Any]:
    """Return a table of words and for each row its number in it: -1 for none, a list for several."""
    numbers: dict[str, int] = {}
    cells: list[_Cell] = []
    for words in values:
        if len(words) == 1:  # most rows; this runs for every column of every record
            cells.append(numbers.setdefault(words[0], len(numbers)))
        else:
            cells.append([numbers.setdefault(w, len(numbers)) for w in words] or -1)
    return [list(numbers), cells]


def _differences(values: Sequence[int | None]) -> list[int | None]:
    numbers = [0, *(v for v in values if v is not None)]
    steps = iter([b - a for a, b in pairwise(numbers)])
    return [None if v is None else next(steps) for v in values]


def _after(row: _ExplorerRow) -> int | None:
    """Return how long after it was opened a record was updated; both times come from its timeline."""
    return None if row.updated is None else row.updated - (row.opened or 0)


def _summary(view: View, chunks: Sequence[dict[str, Any]]) -> dict[str, Any]:
    kinds = {
        k.name: {
            "title": k.title,
            "plural": k.plural,
            "titles": k.plural_title,
            "folder": urls.folder(k),
            PUBLISHED: sorted(view.book.states(k.name, meaning.PUBLISHED)),
            "states": {
                s.name: [s.title, state_look(s)] for s in (k.workflow.states.values() if k.workflow else ())
            },
        }
        for k in in_order_of_work(view.book.kinds.values())
        if k.is_record
    }
    priorities = view.book.policy(PRIORITY).get("priorities", {})
    return {
        "version": VERSION,
        "zone": str(view.zone),
        "kinds": kinds,
        "priorities": {name: view.priority_title(name) for name in priorities},
        "chunks": chunks,
    }


def _entry_of(chunk: _Chunk, rows: Sequence[_ExplorerRow]) -> dict[str, Any]:
    """Return the data that decides whether a chunk is needed: its status, its kind ('' for open records) and its spans."""
    return {
        "name": chunk.name,
        "status": chunk.status,
        "kind": chunk.kind,
        "rows": len(rows),
        "opened": _span([r.opened for r in rows]),
        "updated": _span([r.updated for r in rows]),
        "rank": _span([r.rank for r in rows]),
    }


def _span(values: Sequence[int | None]) -> list[int]:
    numbers = [v for v in values if v is not None]
    return [min(numbers), max(numbers)] if numbers else []


def _file(name: str, data: Any) -> tuple[str, bytes]:
    return handed_over(f"explore/{name}.js", f"explore/{name}", data)
