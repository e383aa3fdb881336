"""An entry: what the rules, lists and graphs need of a document without keeping all of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from sys import intern
from typing import Any, NamedTuple

from itsm_gitops.model.findings import Pointer
from itsm_gitops.model.kinds import ANY_INDEX, Kind, Reference
from itsm_gitops.model.once import Once
from itsm_gitops.model.timeline import times_of
from itsm_gitops.model.untyped import as_list, as_text

_COLUMN_MAX = 200
_NAME_MAX = 32
_SCALARS = frozenset([int, float, bool])
_OVERRIDE = "priority_override"


class Edge(NamedTuple):
    """A stored relation to ``target``; ``pointer`` is the place of the target's identifier."""

    relation: str
    target: str
    pointer: Pointer
    open: bool = False


# Items, teams and people are named by thousands of records in the same places: kept (and made) once.
shared_edge = lru_cache(maxsize=1 << 15)(Edge)


@dataclass(frozen=True, slots=True)
class Entry:
    """The summary of one document.

    ``columns`` holds the top-level scalar fields of at most 200 characters and the priority set by
    hand (what ``model.priority`` reads), ``aliases`` the old numbers, ``opened`` and ``updated`` the
    first and last time in the timeline, ``entered`` the time of its last state (RFC 3339 text as
    written, empty where there is none).
    """

    id: str
    kind: str
    path: str
    title: str
    state: str
    columns: Mapping[str, Any]
    edges: tuple[Edge, ...]
    aliases: tuple[str, ...] = ()
    opened: str = ""
    updated: str = ""
    entered: str = ""


def summarise(kind: Kind, path: str, data: Mapping[str, Any]) -> Entry:
    """Make the entry of a document, whatever is wrong with its fields.

    The identifier is the file's name: a document whose ``id`` differs has a finding of its own.
    """
    opened, updated, entered = times_of(data.get("timeline"))
    columns: dict[str, Any] = {}
    for name, value in data.items():
        sort = value.__class__
        if sort is str:
            size = len(value)
            if size <= _NAME_MAX:
                # Names come again and again; kept (and sent) once, 100,000 entries need a third less.
                columns[name] = intern(value)
            elif size <= _COLUMN_MAX:
                columns[name] = value
        elif sort in _SCALARS:
            columns[name] = value
    if data.get(_OVERRIDE).__class__ is dict:
        columns[_OVERRIDE] = data[_OVERRIDE]
    return Entry(
        id=intern(path.rsplit("/", 1)[-1].removesuffix(".yaml")),
        kind=kind.name,
        path=path,
        title=as_text(data.get(kind.label)),
        state=intern(as_text(data.get(kind.state_field))),
        columns=columns,
        edges=edges_of(kind, data),
        aliases=tuple(a for a in as_list(data.get("aliases")) if isinstance(a, str)),
        opened=opened,
        updated=updated,
        entered=entered,
    )


def edges_of(kind: Kind, data: Mapping[str, Any]) -> tuple[Edge, ...]:
    """Return every stored relation: reference fields in schema order, then ``links``."""
    found = []
    for name, reference, shape in _fields(kind.references, make=lambda: _shapes(kind.references)):
        value = data.get(name)
        if value is None:
            continue
        # This runs for every field of every document; nearly all are of the two plain shapes.
        if shape == _ONE:
            if isinstance(value, str):
                found.append(shared_edge(reference.relation, value, reference.pointer, reference.open))
        elif shape == _SEVERAL:
            for index, target in enumerate(as_list(value)):
                if isinstance(target, str):
                    place = _place(name, index)
                    found.append(shared_edge(reference.relation, target, place, reference.open))
        else:
            for target, place in reference.values(data):
                found.append(Edge(reference.relation, intern(target), place, reference.open))
    for index, link in enumerate(as_list(data.get("links"))):
        if isinstance(link, dict) and isinstance(link.get("type"), str):
            target = link.get("target")
            if isinstance(target, str):
                found.append(Edge(intern(link["type"]), intern(target), _place("links", index, "target")))
    return tuple(found)


_ONE, _SEVERAL, _NESTED = range(3)
_fields: Once[list[tuple[str, Reference, int]]] = Once(most=1024)


def _shapes(references: Iterable[Reference]) -> list[tuple[str, Reference, int]]:
    """Return the top-level field of each reference, and whether it holds one name, a list of names or more."""
    shapes = {0: _ONE, 1: _SEVERAL}
    return [
        (
            str(r.pointer[0]),
            r,
            shapes.get(len(r.pointer) - 1, _NESTED) if set(r.pointer[1:]) <= {ANY_INDEX} else _NESTED,
        )
        for r in references
    ]


@lru_cache(maxsize=4096)  # the same few places in all documents: kept once
def _place(*steps: str | int) -> Pointer:
    return steps
