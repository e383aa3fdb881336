"""An entry: what the rules, lists and graphs need of a document without keeping all of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from sys import intern
from typing import Any, NamedTuple

from itsm_gitops.model.findings import Pointer
from itsm_gitops.model.kinds import Kind

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
    steps = [e for e in _list(data.get("timeline")) if isinstance(e, dict) and _text(e.get("at"))]
    columns: dict[str, Any] = {}
    for name, value in data.items():
        if value.__class__ is str:
            if len(value) <= _COLUMN_MAX:
                # Names come again and again; kept (and sent) once, 100,000 entries need a third less.
                columns[name] = intern(value) if len(value) <= _NAME_MAX else value
        elif value.__class__ in _SCALARS:
            columns[name] = value
    if data.get(_OVERRIDE).__class__ is dict:
        columns[_OVERRIDE] = data[_OVERRIDE]
    return Entry(
        id=path.rsplit("/", 1)[-1].removesuffix(".yaml"),
        kind=kind.name,
        path=path,
        title=_text(data.get(kind.label)),
        state=_text(data.get(kind.state_field)),
        columns=columns,
        edges=edges_of(kind, data),
        aliases=tuple(a for a in _list(data.get("aliases")) if isinstance(a, str)),
        opened=steps[0]["at"] if steps else "",
        updated=steps[-1]["at"] if steps else "",
        entered=next((e["at"] for e in reversed(steps) if "state" in e), ""),
    )


def edges_of(kind: Kind, data: Mapping[str, Any]) -> tuple[Edge, ...]:
    """Return every stored relation: reference fields in schema order, then ``links``."""
    found = []
    for reference in kind.references:
        pointer = reference.pointer
        value = data.get(str(pointer[0]))
        if value is None:
            continue
        if len(pointer) == 1:  # most references; this runs for every field of every document
            if isinstance(value, str):
                found.append(Edge(reference.relation, intern(value), pointer, reference.open))
            continue
        for target, place in reference.values(data):
            found.append(Edge(reference.relation, intern(target), place, reference.open))
    for index, link in enumerate(_list(data.get("links"))):
        if isinstance(link, dict) and isinstance(link.get("type"), str):
            named = link.get("target")
            if isinstance(named, str):
                found.append(Edge(link["type"], named, ("links", index, "target")))
    return tuple(found)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
