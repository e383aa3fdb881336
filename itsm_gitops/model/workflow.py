"""Life cycles as data: states, transitions, who may make them and what each state demands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple

from itsm_gitops.model.meaning import roles_of_old_state

Data = Mapping[str, Any]
Condition = Mapping[str, tuple[Any, ...]]
_EMPTY: tuple[Any, ...] = (None, "", [], {})  # and not 0 or False, which say something
_ALWAYS: Condition = MappingProxyType({})

# Categories of states: what a state means for lists and clocks.
NEW, ACTIVE, WAITING, DONE, CANCELLED = CATEGORIES = ("new", "active", "waiting", "done", "cancelled")
OPEN = (NEW, ACTIVE, WAITING)


def holds(condition: Condition, data: Data) -> bool:
    """Whether every named field of ``data`` has one of the values the condition lists.

    A dot goes into an object: ``major.state``. A field that is not there has no value.
    """
    # Most steps and demands have no condition, and this runs for each of them on every document.
    return not condition or all(_value(data, name) in values for name, values in condition.items())


def _value(data: Any, name: str) -> Any:
    if "." not in name:
        return data.get(name)
    for step in name.split("."):
        if not isinstance(data, Mapping):
            return None
        data = data.get(step)
    return data


class FieldRequirement(NamedTuple):
    """A field that a state demands, always or only where ``when`` holds."""

    field: str
    when: Condition = _ALWAYS


@dataclass(frozen=True, slots=True)
class State:
    """One state. ``category`` is one of new, active, waiting, done, cancelled; ``roles`` are words of `meaning.py`."""

    name: str
    title: str
    category: str
    description: str = ""
    terminal: bool = False
    require: tuple[FieldRequirement, ...] = ()
    roles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Transition:
    """One allowed step. ``by`` names roles; ``clear`` lists fields that the step removes."""

    name: str
    title: str
    sources: tuple[str, ...]
    target: str
    by: tuple[str, ...] = ()
    when: Condition = field(default_factory=lambda: _ALWAYS)
    clear: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Workflow:
    """A life cycle, as read from one file of ``schemas/workflows``.

    ``immutable`` fields never change once written; ``editable_when_closed`` are the only fields
    that may still change in a terminal state. Changes of ``track`` fields (dotted names) are entries
    of the timeline, with a reason where ``reason_for`` asks for one.
    """

    name: str
    title: str
    state_field: str
    initial: str
    states: Mapping[str, State]
    transitions: tuple[Transition, ...]
    immutable: tuple[str, ...] = ()
    editable_when_closed: tuple[str, ...] = ()
    track: tuple[str, ...] = ()
    reason_for: tuple[FieldRequirement, ...] = ()

    def steps_from(self, state: str, data: Data) -> list[Transition]:
        """Return the transitions that leave ``state`` for a document with this data."""
        return [t for t in self.transitions if state in t.sources and holds(t.when, data)]

    def step(self, source: str, target: str, data: Data) -> Transition | None:
        """Return the transition from ``source`` to ``target``, or None when there is none."""
        for step in self.transitions:
            if step.target == target and source in step.sources and holds(step.when, data):
                return step
        return None

    def required(self, state: str, data: Data) -> tuple[str, ...]:
        """Return the fields that ``state`` demands of a document with this data, each once."""
        known = self.states.get(state)
        return tuple(dict.fromkeys(r.field for r in known.require if holds(r.when, data))) if known else ()

    def missing(self, state: str, data: Data) -> tuple[str, ...]:
        """Return the demanded fields that are absent or empty, each once."""
        known = self.states.get(state)
        if known is None:
            return ()
        # Most are there: whether they are demanded needs no answer then.
        empty = [r for r in known.require if not data.get(r.field) and data.get(r.field) in _EMPTY]
        return tuple(dict.fromkeys(r.field for r in empty if holds(r.when, data)))

    def wants_reason(self, fields: Iterable[str], before: Data) -> tuple[str, ...]:
        """Return those of some fields whose change wants a reason, by the document before the change."""
        asked = {r.field for r in self.reason_for if holds(r.when, before)}
        return tuple(f for f in fields if f in asked)

    def is_terminal(self, state: str) -> bool:
        """Whether nothing leaves ``state``."""
        return state in self.states and self.states[state].terminal

    def playing(self, role: str) -> frozenset[str]:
        """Return the states that play a role."""
        return frozenset(s.name for s in self.states.values() if role in s.roles)

    def is_cancelled(self, state: str) -> bool:
        """Whether a state says that the matter was given up."""
        return state in self.states and self.states[state].category == CANCELLED

    def is_done(self, state: str) -> bool:
        """Whether a state is one of the end, reached or given up."""
        return state in self.states and not self.is_open(state)

    def is_open(self, state: str) -> bool:
        """Whether work in ``state`` is still to be done."""
        return state in self.states and self.states[state].category in OPEN


def _condition(raw: Any) -> dict[str, tuple[Any, ...]]:
    return {k: tuple(v) if isinstance(v, list) else (v,) for k, v in (raw or {}).items()}


def _requirement(raw: Any) -> FieldRequirement:
    if isinstance(raw, str):
        return FieldRequirement(raw)
    return FieldRequirement(raw["field"], _condition(raw.get("when")))


def _state(name: str, raw: Data, roles: tuple[str, ...]) -> State:
    return State(
        name=name,
        title=raw["title"],
        category=raw["category"],
        description=raw.get("description", ""),
        terminal=raw.get("terminal", False),
        require=tuple(_requirement(r) for r in raw.get("require", ())),
        roles=roles,
    )


def _transition(raw: Data) -> Transition:
    return Transition(
        name=raw["name"],
        title=raw.get("title", raw["name"]),
        sources=tuple(raw["from"]),
        target=raw["to"],
        by=tuple(raw.get("by", ())),
        when=_condition(raw.get("when")),
        clear=tuple(raw.get("clear", ())),
    )


def read_workflow(raw: Data) -> Workflow:
    """Build a workflow from the data of its file (validated against workflow.schema.json before)."""
    name, states = raw["workflow"], raw["states"]
    old = not any("roles" in s for s in states.values())
    return Workflow(
        name=name,
        title=raw["title"],
        state_field=raw.get("state_field", "state"),
        initial=raw["initial"],
        states={
            n: _state(n, s, roles_of_old_state(name, n) if old else tuple(s.get("roles", ())))
            for n, s in states.items()
        },
        transitions=tuple(_transition(t) for t in raw["transitions"]),
        immutable=tuple(raw.get("immutable", ())),
        editable_when_closed=tuple(raw.get("editable_when_closed", ())),
        track=tuple(raw.get("track", ())),
        reason_for=tuple(_requirement(r) for r in raw.get("reason_for", ())),
    )
