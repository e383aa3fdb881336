"""Ways through a life cycle: which state can still lead to which, and the steps between two of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from itsm_gitops.model.workflow import Workflow
from itsm_gitops.rules.workflow import route


class Routes:
    """Answers about one life cycle, remembered; ``workflow`` is None for a kind without one."""

    def __init__(self, workflow: Workflow | None) -> None:
        self._workflow = workflow
        self._leads: dict[tuple[str, str], bool] = {}

    def leads(self, source: str, target: str) -> bool:
        """Whether a record in state ``source`` can be in ``target`` later, whatever its fields say."""
        if source == target or self._workflow is None:
            return True
        if (source, target) not in self._leads:
            reached, todo = {source}, [source]
            while todo:
                state = todo.pop()
                after = {t.target for t in self._workflow.transitions if state in t.sources} - reached
                reached |= after
                todo += after
            self._leads[source, target] = target in reached
        return self._leads[source, target]

    def fill(self, timeline: list[dict[str, str]], data: Mapping[str, Any]) -> list[dict[str, str]]:
        """Return the timeline with the steps between its states, each at the time of the one after it.

        ``data`` is the whole record, because its fields decide which steps there are. Where no way leads
        from one state to the next nothing is filled in, and the rules judge the step.
        """
        if self._workflow is None:
            return timeline
        filled: list[dict[str, str]] = []
        state = ""
        for entry in timeline:
            reached = entry.get("state", "")
            if state and reached and self._workflow.step(state, reached, data) is None:
                between = route(self._workflow, state, reached, data)[1:-1]
                filled += [
                    {"at": entry["at"], "by": entry["by"], "state": s, "note": _FILLED} for s in between
                ]
            filled.append(entry)
            state = reached or state
        return filled


_FILLED = "Not recorded in the table that this was imported from."
