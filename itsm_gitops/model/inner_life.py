"""Life cycles within a document: the steps that a tracked field makes, such as the process of a major incident.

A kind names them (``x-itsm: {inner_workflows: [major-incident]}``); ``state_field`` of such a life cycle is a tracked
field. Its steps are the changes of that field in the timeline. A document without the field has not entered it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from itsm_gitops.model.timeline import SET, WAS, value_in
from itsm_gitops.model.workflow import Transition, Workflow

Data = Mapping[str, Any]


class InnerStep(NamedTuple):
    """A change of the field of an inner life cycle; ``place`` counts timeline entries from 0, None stands for no value."""

    place: int
    before: Any
    after: Any


def inner_state(flow: Workflow, data: Data) -> str:
    """Return where a document stands in an inner life cycle, empty where it has not entered it."""
    value = value_in(data, flow.state_field)
    return value if isinstance(value, str) else ""


def inner_steps(flow: Workflow, timeline: Sequence[Data]) -> Iterator[InnerStep]:
    """Yield the steps of an inner life cycle that a timeline tells of."""
    name = flow.state_field
    for place, entry in enumerate(timeline):
        new, old = entry.get(SET), entry.get(WAS)
        new = new if isinstance(new, Mapping) else {}
        old = old if isinstance(old, Mapping) else {}
        if name in new or name in old:
            yield InnerStep(place, old.get(name), new.get(name))


def entered(flow: Workflow) -> tuple[str, ...]:
    """Return the states in which a document may enter an inner life cycle: the first, and those right after it."""
    after = (t.target for t in flow.transitions if flow.initial in t.sources)
    return tuple(dict.fromkeys([flow.initial, *after]))


def transition_of(flow: Workflow, step: InnerStep) -> Transition | None:
    """Return the step of the life cycle that a change is; one that enters it counts as one from its first state.

    None where there is no such step, and for the entry into the first state.
    """
    before = flow.initial if step.before is None else step.before
    found = (t for t in flow.transitions if t.target == step.after and before in t.sources)
    return next(found, None)


def is_allowed(flow: Workflow, step: InnerStep) -> bool:
    """Whether a life cycle has such a step."""
    if step.before == step.after or (step.before is None and step.after == flow.initial):
        return True
    return transition_of(flow, step) is not None


def targets(flow: Workflow, state: str, category: str) -> list[str]:
    """Return the states of a category that a document may reach in one step (from '': that it may enter in)."""
    leading = (t.target for t in flow.transitions if state in t.sources) if state else entered(flow)
    return [s for s in dict.fromkeys(leading) if flow.states[s].category == category]
