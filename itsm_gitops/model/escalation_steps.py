"""The steps of an escalation, as teams and service levels write them: when somebody is called, and who."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from itsm_gitops.model import meaning

ESCALATED_TO, ASSIGNEE = "escalated_to", "assignee"
STEPS = "escalations"
NEXT_TEAM, LEAD = "escalation", "lead"  # the fields of a team that name who takes over, and who leads it
LAYER = "layer"
_MOST = 43_200  # minutes: thirty days, as the schema says; a larger number is no time that anybody waits for
CALLED = (LAYER, meaning.TEAM, meaning.PERSON)  # what a step may name


class EscalationStep(NamedTuple):
    """One step: after so many ``minutes`` without a response, or at so many ``percent`` of a promised time.

    ``layer`` is one of the team's rota, ``who`` a team or a person; empty where the step names none. ``priority`` and
    ``metric`` narrow it down; empty for all. ``place`` is its position in the list.
    """

    place: int
    minutes: int
    percent: int
    layer: str
    who: str
    priority: str
    metric: str


def steps_of(data: Mapping[str, Any]) -> Iterator[EscalationStep]:
    """Yield the steps of a team or a service level; what is malformed has findings of its own and is left out."""
    listed = data.get(STEPS)
    for place, raw in enumerate(listed if isinstance(listed, list) else ()):
        if isinstance(raw, Mapping):
            minutes, percent = (_number(raw.get(k)) for k in ("after_minutes", "at_percent"))
            layer, team, person, priority, metric = (
                str(raw.get(k) or "") for k in (*CALLED, "priority", "metric")
            )
            yield EscalationStep(place, minutes, percent, layer, team or person, priority, metric)


def _number(value: Any) -> int:
    known = isinstance(value, int) and not isinstance(value, bool) and 0 < value <= _MOST
    return value if known else 0
