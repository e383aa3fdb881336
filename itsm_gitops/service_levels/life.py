"""Replays the timeline of a record into spans: in which state it was, from when until when."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from itsm_gitops.model.entry import Entry
from itsm_gitops.model.lifetime import Steps, end_of, state_steps
from itsm_gitops.model.workflow import CANCELLED, DONE, OPEN, Workflow

if TYPE_CHECKING:
    from itsm_gitops.repository.store import Document


class Life(NamedTuple):
    """The states a record reached and when (seconds since 1970, UTC), in order of its timeline."""

    id: str
    steps: Steps


def life_of(document: Document) -> list[Life]:
    """Return the life of a document that has one; runs while documents are read, in any process."""
    data = document.data
    if document.kind is None or not document.kind.is_record or not isinstance(data, dict):
        return []
    steps = tuple(state_steps(data.get("timeline")))
    return [Life(document.id, steps)] if steps else []


def life_of_steps(identifier: str, steps: Iterable[tuple[str, str, str]]) -> list[Life]:
    """Return the life of a record whose timeline is there in brief: time, state (or empty) and person of each entry."""
    usable = tuple(state_steps([{"at": at, "state": state} for at, state, _ in steps if state]))
    return [Life(identifier, usable)] if usable else []


class StateSpan(NamedTuple):
    """A time in one state; ``end`` is None while it lasts. ``category`` is the state's in its life cycle."""

    start: int
    end: int | None
    state: str
    category: str


class Case(NamedTuple):
    """A record with its life up to the moment of the report. There is at least one span."""

    entry: Entry
    spans: tuple[StateSpan, ...]
    priority: str

    @property
    def opened(self) -> int:
        """When it was opened."""
        return self.spans[0].start

    @property
    def category(self) -> str:
        """The category of the state it is in."""
        return self.spans[-1].category

    @property
    def is_open(self) -> bool:
        """Whether work is still to be done."""
        return self.category in OPEN

    @property
    def ended(self) -> int | None:
        """When the work ended for good: the first moment after which it was never open again."""
        return end_of([(s.start, s.category) for s in self.spans])

    @property
    def resolved(self) -> int | None:
        """When it was resolved for good; None while it is open and where it was cancelled."""
        return self.ended if self.category == DONE else None

    @property
    def cancelled(self) -> int | None:
        """When it was cancelled or rejected; None where it was not."""
        return self.ended if self.category == CANCELLED else None

    def text(self, field: str) -> str:
        """Return a field's text, '' where it has none."""
        value = self.entry.columns.get(field)
        return value if isinstance(value, str) else ""

    def targets(self, relation: str) -> list[str]:
        """Return what it stores this relation to, in document order, each once."""
        return list(dict.fromkeys(e.target for e in self.entry.edges if e.relation == relation))


def case_of(entry: Entry, workflow: Workflow | None, steps: Steps, priority: str, until: int) -> Case | None:
    """Return a record as it was at a moment (seconds since 1970); None where it did not exist yet or has no life cycle."""
    if workflow is None:
        return None
    steps = [(at, state) for at, state in steps if at <= until and state in workflow.states]
    if not steps:
        return None
    ends: list[int | None] = [after for _, (after, _) in pairwise(steps)]
    spans = tuple(
        StateSpan(at, end, state, workflow.states[state].category)
        for (at, state), end in zip(steps, [*ends, None], strict=True)
    )
    return Case(entry, spans, priority)
