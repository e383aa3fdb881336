"""What a finished record still owes, and that it may not be set back: a review because it was a major incident.

A life cycle demands some fields only where a condition holds. Once the work is over, a change of the field that the
condition is about must not take away what is owed and was not given yet.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from itsm_gitops.model.condition_words import in_words
from itsm_gitops.model.conditions import EMPTY, Always, holds
from itsm_gitops.model.findings import Pointer
from itsm_gitops.model.subjects import DocumentSubject
from itsm_gitops.model.workflow import Workflow

Data = Mapping[str, Any]


class Escape(NamedTuple):
    """A field that was owed and is owed no more; ``pointer`` is the field by which that came about."""

    field: str
    because: str
    pointer: Pointer


def escapes(flow: Workflow, before: Data, after: Data) -> list[Escape]:
    """Return what a record owed before an edit, has not given, and does not owe after it; nothing while it is open."""
    if any(not flow.is_done(str(data.get(flow.state_field))) for data in (before, after)):
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
