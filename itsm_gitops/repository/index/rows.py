"""An entry as a row of the index, and back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from json.encoder import encode_basestring_ascii as _quoted
from typing import Any, NamedTuple

from itsm_gitops.documents import Problem
from itsm_gitops.model import facts
from itsm_gitops.model.clock import parse_time
from itsm_gitops.model.entry import Edge, Entry
from itsm_gitops.model.lifetime import lifetime_of
from itsm_gitops.model.rulebook import RuleBook
from itsm_gitops.model.timeline import Replay, packed, unpacked

ENTRY = "id, kind, path, title, state, fields, edges, aliases, opened, updated, entered"
_COLUMNS = (
    "path, id, kind, record, usable, first, open, state, title, opened, updated, entered, opened_at, updated_at,"
    " entered_at, fields, edges, aliases, timeline, life, life_first, life_last,"
    " life_end, life_unbroken, problems, oid, stamp, digest, generation"
)
INSERT = f"INSERT INTO document ({_COLUMNS}) VALUES ({', '.join('?' * (_COLUMNS.count(',') + 1))})"  # noqa: S608 - our own names
INSERT_EDGE = "INSERT INTO edge VALUES (?, ?, ?, ?, ?, ?)"
INSERT_ALIAS = "INSERT OR IGNORE INTO alias VALUES (?, ?)"
_compact = json.JSONEncoder(separators=(",", ":"), ensure_ascii=True).encode
_decode = json.JSONDecoder().decode
StepRow = tuple[str, str, str]  # at, state, by: as written, empty where it is not there


class RowOrigin(NamedTuple):
    """The file that a row was made from: ``oid`` is Git's name of its content where that is sure, else ``stamp`` tells."""

    oid: str
    stamp: bytes
    digest: bytes


def steps_of(data: Mapping[str, Any]) -> list[StepRow]:
    """Return the entries of a timeline in brief, in the order in which they stand."""
    timeline = data.get("timeline")
    steps = (s for s in timeline if isinstance(s, dict)) if isinstance(timeline, list) else ()
    return [(_text(s.get("at")), _text(s.get("state")), _text(s.get("by"))) for s in steps]


def _text(value: Any) -> str:
    return value if value.__class__ is str else ""


def row_of(book: RuleBook, entry: Entry, steps: Sequence[StepRow], replay: Replay) -> tuple[Any, ...]:
    """Return the values of ``INSERT`` for the document of an entry, but for its origin and generation."""
    kind = book.kinds[entry.kind]
    life = (lifetime_of(kind.workflow, replay.steps) if kind.is_record else None) or (None, None, None, None)
    return (
        entry.path,
        entry.id,
        entry.kind,
        int(kind.is_record),
        1,
        1,
        int(facts.is_open(book, entry)),
        entry.state,
        entry.title,
        entry.opened,
        entry.updated,
        entry.entered,
        _seconds(entry.opened),
        _seconds(entry.updated),
        _seconds(entry.entered),
        _compact(entry.columns),
        _list_of([_edge_text(edge) for edge in entry.edges]),
        _compact(entry.aliases) if entry.aliases else "[]",
        _list_of([f"[{_quoted(at)},{_quoted(state)},{_quoted(by)}]" for at, state, by in steps]),
        _compact(packed(replay)) if kind.is_record and replay.steps else "",
        *life,
        "",
    )


def _list_of(texts: Iterable[str]) -> str:
    return f"[{','.join(texts)}]"


# The same teams, people and items are named again and again, in the same places.
_pointer_text = lru_cache(maxsize=4096)(_compact)


@lru_cache(maxsize=1 << 14)
def _edge_text(edge: Edge) -> str:
    return _compact(list(edge))


def broken_row(book: RuleBook, path: str, problems: Sequence[Problem]) -> tuple[Any, ...]:
    """Return the same for a document that cannot be used."""
    kind = book.kind_at(path)
    name = path.rpartition("/")[2].removesuffix(".yaml")
    about = (path, name, kind.name if kind else "", int(kind.is_record) if kind else 0)
    return (
        *about,
        0,
        0,
        0,
        *[""] * 5,
        *[None] * 3,
        *[""] * 5,
        *[None] * 4,
        _compact(problems),
    )


def _seconds(text: str) -> float | None:
    moment = parse_time(text) if text else None
    return moment.timestamp() if moment else None


def entry_of(row: Sequence[Any]) -> Entry:
    """Return the entry of a row of ``ENTRY``."""
    identifier, kind, path, title, state, fields, edges, aliases, opened, updated, entered = row
    return Entry(
        identifier,
        kind,
        path,
        title,
        state,
        _decode(fields),
        tuple(edge_of(*edge) for edge in _decode(edges)) if edges != "[]" else (),
        tuple(_decode(aliases)) if aliases != "[]" else (),
        opened,
        updated,
        entered,
    )


def edge_of(relation: str, target: str, pointer: Iterable[Any], open_: bool) -> Edge:
    """Return an edge from plain values."""
    return Edge(relation, target, tuple(pointer), bool(open_))


def pointer_of(text: str) -> tuple[Any, ...]:
    """Return a place in a document from its text."""
    return tuple(_decode(text))


def edge_rows(entry: Entry) -> list[tuple[Any, ...]]:
    """Return the rows of the edges that a document stores, but for its number."""
    return [
        (place, e.relation, e.target, _pointer_text(e.pointer), int(e.open))
        for place, e in enumerate(entry.edges)
    ]


def problems_of(text: str) -> tuple[Problem, ...]:
    """Return the problems of a document that cannot be used."""
    return tuple(Problem(*values) for values in _decode(text)) if text else ()


def timeline_of(text: str) -> list[StepRow]:
    """Return the timeline in brief from its text."""
    return [(at, state, by) for at, state, by in _decode(text)] if text else []


def replay_from(text: str) -> Replay:
    """Return what can be replayed of a record from its text."""
    return unpacked(_decode(text)) if text else Replay()
