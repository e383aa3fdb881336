"""Fields that a finished record still needs although an edit would lift the demand: a review of a major incident.

A life cycle demands some fields only where a condition holds. Once the work is over, a change of the field in the
condition must not lift the demand for a field that is still missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from itsm_gitops.model.condition_words import in_words
from itsm_gitops.model.conditions import EMPTY, Always, holds
from itsm_gitops.model.findings import Pointer
from itsm_gitops.model.meaning import CARRIED_OUT
from itsm_gitops.model.subjects import DocumentSubject
from itsm_gitops.model.workflow import Workflow

Data = Mapping[str, Any]


class Escape(NamedTuple):
    """A missing field that an edit no longer demands; ``pointer`` is the field whose edit lifts the demand."""

    field: str
    because: str
    pointer: Pointer


def escapes(flow: Workflow, before: Data, after: Data) -> list[Escape]:
    """Return the missing fields that a record whose work is over needed before an edit, or would have, and no longer does."""
    over = frozenset(s for s in flow.states if flow.is_done(s)) | flow.playing(CARRIED_OUT)
    if any(data.get(flow.state_field) not in over for data in (before, after)):
        return []
    old, new = DocumentSubject(before), DocumentSubject(after)
    found: dict[str, Escape] = {}
    for state in flow.states.values():
        for demand in state.require if flow.is_done(state.name) else ():
            when = demand.when
            if when.__class__ is Always or after.get(demand.field) not in EMPTY or demand.field in found:
                continue
            if holds(when, old) and not holds(when, new):
                path = next((word for sort, word in when.words() if sort == "path"), flow.state_field)
                found[demand.field] = Escape(demand.field, in_words(when), (path.partition(".")[0],))
    return list(found.values())
