"""What of an edit to an authorised change reports progress, and what edits the plan that was approved.

A field of progress says what happened, but a part of it may have been in the plan: tasks with their doers, documents
to work by, links that gave the reason. That part is approved with the plan, so taking it away, exchanging it or adding
work to it is not progress, whatever the field is called. Adding a document, a link or a key to ``x`` only says more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from itsm_gitops.model import diff
from itsm_gitops.model.diff import Change
from itsm_gitops.model.findings import json_pointer

Data = Mapping[str, Any]


class _PlannedPart(NamedTuple):
    """How a field of progress belongs to the plan: whether it may grow, and which parts of an entry report progress."""

    grows: bool
    reports: frozenset[str] = frozenset()


# Tasks are the work itself. Of the others only what was there was approved.
_PLANNED = {
    "tasks": _PlannedPart(False, frozenset(["status", "actual_start", "actual_end"])),
    "documents": _PlannedPart(True),
    "links": _PlannedPart(True),
    "external_refs": _PlannedPart(True),
    "timeline": _PlannedPart(True),
    "x": _PlannedPart(True),
}
_NAMED = 3
_DONE = {diff.ADD: "added", diff.REMOVE: "removed", diff.CHANGE: "edited"}


def plan_edits(before: Data, after: Data, progress_fields: frozenset[str]) -> list[str]:
    """Return what an edit does to the plan, in words, each part once; empty where it only reports progress.

    ``progress_fields`` are those that the policy names. The order is that of the new document.
    """
    found = (
        f"{_place(change, before, after)} {_DONE[change.op]}"
        for change in diff.diff(before, after)
        if str(change.pointer[0]) not in progress_fields or _planned(change)
    )
    return list(dict.fromkeys(found))


def _planned(change: Change) -> bool:
    """Whether a difference in a field of progress is one of the plan."""
    part = _PLANNED.get(str(change.pointer[0]))
    if part is None:
        return False
    if len(change.pointer) <= 2:  # the whole field, or one entry of it
        return not (change.op == diff.ADD and part.grows)
    return str(change.pointer[2]) not in part.reports


def _place(change: Change, before: Data, after: Data) -> str:
    """Name the part of the record that differs, an entry by its name where it has one."""
    field, *rest = change.pointer
    side = before if change.op == diff.REMOVE else after
    entry = next(iter(_entries(side.get(str(field)), rest)), None)
    if entry is None:
        return json_pointer(change.pointer).lstrip("/").replace("/", ".")
    inner = ".".join(map(str, rest[1:]))
    return f"{field} '{entry}'" + (f" ({inner})" if inner else "")


def _entries(value: Any, rest: list[Any]) -> Iterator[str]:
    if isinstance(value, list) and rest and isinstance(rest[0], int) and rest[0] < len(value):
        entry = value[rest[0]]
        name = (
            entry.get("name") or entry.get("title") or entry.get("target")
            if isinstance(entry, dict)
            else None
        )
        if isinstance(name, str):
            yield name


def asked_again(identifier: str, known: Data, files: int) -> Iterator[str]:
    """Say of a change that was authorised before why somebody is asked again.

    ``known`` are its facts, ``files`` how many the request brings that a change has to authorise.
    """
    if known["plan_edits"]:
        edits = ", ".join(known["plan_edits"][:_NAMED])
        more = len(known["plan_edits"]) - _NAMED
        edits += f" and {more} more" if more > 0 else ""
        yield f"{identifier} was authorised before, and this edits its plan ({edits}), so it is asked for again"
    elif known.get("brings_files"):
        count = f"{files} file{'s' if files > 1 else ''}"
        yield (
            f"{identifier} was authorised before; it now brings {count} that nobody has seen, so those who approve "
            "it are asked about them"
        )
