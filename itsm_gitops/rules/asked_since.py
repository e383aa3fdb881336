"""Demands in the time of a finished record: `x-since` and `since` give the day from which a demand applies.

A rule book goes on: a field becomes required, a list of words gets shorter, a form gets a question, a life cycle a
guard. Who writes the first day of that beside it (``x-since`` in schemas and forms, ``since`` in life cycles) leaves
records alone that had reached a last state before that day. Demands always apply to open records.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from itsm_gitops.model import clock
from itsm_gitops.model.kinds import Kind
from itsm_gitops.model.workflow import Workflow
from itsm_gitops.rules.schema import Coded

SINCE = "x-since"


def finished_on(flow: Workflow | None, data: Mapping[str, Any]) -> str:
    """Return the day (``YYYY-MM-DD``, UTC) on which a record reached the last state that it is in; empty for others."""
    moment = finished_at(flow, data)
    return moment.astimezone(UTC).date().isoformat() if moment else ""


def finished_at(flow: Workflow | None, data: Mapping[str, Any]) -> datetime | None:
    """Return when a record reached the last state that it is in; None for others."""
    state, timeline = data.get(flow.state_field if flow else ""), data.get("timeline")
    if (
        flow is None
        or not isinstance(state, str)
        or not flow.is_terminal(state)
        or not isinstance(timeline, list)
    ):
        return None
    entered = [e.get("at") for e in timeline if isinstance(e, Mapping) and e.get("state")]
    return clock.parse_time(entered[-1]) if entered and isinstance(entered[-1], str) else None


def asked(kind: Kind, data: Mapping[str, Any], refusals: Iterable[Coded]) -> list[Coded]:
    """Leave out errors about demands that began only after the record was finished."""
    found = list(refusals)
    if not found or not kind.is_record:
        return found
    day = finished_on(kind.workflow, data)
    return [c for c in found if not day or not _later(kind.schema, c, day)]


def answered(form: Mapping[str, Any], day: str, refusals: Iterable[Coded]) -> Iterator[Coded]:
    """Yield what a form refuses, but for questions that came after the order was finished (``day``)."""
    for coded in refusals:
        if not day or not _later(form, coded, day):
            yield coded


def _later(schema: Any, coded: Coded, day: str) -> bool:
    """Whether a schema dates the demand, at the place of a hit or above it, to a later day."""
    steps = [*coded.hit.pointer, *([coded.hit.missing] if coded.hit.missing else [])]
    for step in steps:
        schema = schema.get("items") if isinstance(step, int) else schema.get("properties", {}).get(step)
        if not isinstance(schema, Mapping):
            return False
        since = schema.get(SINCE)
        if isinstance(since, str) and day < since:
            return True
    return False
