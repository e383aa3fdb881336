"""Replays the timeline of a record into spans: in which state it was and which values it had, from when until when."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from itsm_gitops.model.entry import Entry
from itsm_gitops.model.lifetime import end_of, reopenings, work_category
from itsm_gitops.model.timeline import NO_REPLAY, Replay, replay_of, terms, value_at
from itsm_gitops.model.workflow import CANCELLED, DONE, OPEN, Workflow

if TYPE_CHECKING:
    from itsm_gitops.snapshots.store import Document


class Life(NamedTuple):
    """The identifier of a record with what can be replayed of it."""

    id: str
    replay: Replay


def life_of(document: Document) -> list[Life]:
    """Return the life of a document that has one; runs while documents are read, in any process."""
    data = document.data
    if document.kind is None or not document.kind.is_record or not isinstance(data, dict):
        return []
    replay = replay_of(data)
    return [Life(document.id, replay)] if replay.steps else []


class StateSpan(NamedTuple):
    """A time in one state; ``end`` is None while it lasts.

    ``category`` is the state's in its life cycle, or done where the state publishes the record for readers.
    """

    start: int
    end: int | None
    state: str
    category: str


PRIORITY_FIELDS = ("impact", "urgency", "priority_override.priority")


@dataclass(frozen=True, slots=True)
class Case:
    """A record with its life up to the moment of the report. There is at least one span.

    ``priority`` is the one it has at that moment, ``priorities`` says from when (seconds since 1970, UTC) it had which.
    """

    entry: Entry
    spans: tuple[StateSpan, ...]
    priority: str
    priorities: tuple[tuple[int, str], ...] = ()
    replay: Replay = NO_REPLAY

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

    @property
    def worked(self) -> tuple[StateSpan, ...]:
        """The spans in which work was to be done: what lies between a resolution and reopening is in none of them."""
        return tuple(s for s in self.spans if s.category in OPEN)

    @property
    def reopened(self) -> int:
        """How often it became open again after it was done."""
        return len(self.reopenings)

    @property
    def reopenings(self) -> list[int]:
        """When it became open again after it was done."""
        return reopenings([(s.start, s.category) for s in self.spans])

    def terms(self, field: str) -> list[tuple[int, Any]]:
        """Return the values of a field over time: from when (seconds since 1970, UTC), and the value, None for none."""
        found = terms(self.replay.values, field, _column(self.entry.columns, field))
        return [(self.opened if at is None else at, value) for at, value in found]

    def value_at(self, field: str, moment: int) -> Any:
        """Return the value that a field had at a moment, None for none; the present one where no entry tells."""
        return value_at(self.replay.values, field, _column(self.entry.columns, field), moment)

    def priority_at(self, moment: int) -> str:
        """Return the priority that it had at a moment, that of its opening before."""
        found = self.priorities[0][1] if self.priorities else self.priority
        for at, name in self.priorities:
            if at <= moment:
                found = name
        return found

    def targets(self, relation: str) -> list[str]:
        """Return what it stores this relation to, in document order, each once."""
        return list(dict.fromkeys(e.target for e in self.entry.edges if e.relation == relation))


def _column(columns: Mapping[str, Any], field: str) -> Any:
    value: Any = columns
    for step in field.split("."):
        value = value.get(step) if isinstance(value, Mapping) else None
    return value


PriorityOf = Callable[[Mapping[str, Any]], str]  # the priority of a record's fields, '' for none


def case_of(
    entry: Entry, workflow: Workflow | None, replay: Replay, priority: PriorityOf, until: int
) -> Case | None:
    """Return a record as it was at a moment (seconds since 1970); None where it did not exist yet or has no life cycle."""
    if workflow is None:
        return None
    steps = [(at, state) for at, state in replay.steps if at <= until and state in workflow.states]
    if not steps:
        return None
    ends: list[int | None] = [after for _, (after, _) in pairwise(steps)]
    spans = tuple(
        StateSpan(at, end, state, work_category(workflow, state))
        for (at, state), end in zip(steps, [*ends, None], strict=True)
    )
    changed = [v.at for v in replay.values if v.field in PRIORITY_FIELDS and steps[0][0] < v.at <= until]
    if not any(v.field in PRIORITY_FIELDS for v in replay.values):
        name = priority(entry.columns)
        return Case(entry, spans, name, ((steps[0][0], name),), replay)
    times = sorted({steps[0][0], *changed})
    names = tuple((at, priority(_columns_at(entry.columns, replay, at))) for at in times)
    return Case(entry, spans, names[-1][1], names, replay)


def _columns_at(columns: Mapping[str, Any], replay: Replay, moment: int) -> dict[str, Any]:
    """Return the fields of a record that make its priority as they were at a moment."""
    found = dict(columns)
    for field in PRIORITY_FIELDS:
        first, _, rest = field.partition(".")
        value = value_at(replay.values, field, _column(columns, field), moment)
        found[first] = value if not rest else {rest: value} if value is not None else None
    return found
