"""Life cycles as data: states, transitions, who may make them and what each state demands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import Any, NamedTuple

from itsm_gitops.model.condition_reader import read_condition
from itsm_gitops.model.conditions import ALWAYS, EMPTY, Always, Condition, Subject
from itsm_gitops.model.conditions import holds as _holds
from itsm_gitops.model.guards import WHILE, Guard, StopSign, read_guard, read_stop
from itsm_gitops.model.meaning import roles_of_old_state
from itsm_gitops.model.subjects import DocumentSubject

Data = Mapping[str, Any]
_NO_STATES: frozenset[str] = frozenset()
_WAYS = 4096  # remembered; a life cycle with a circle has any number

# Categories of states: what a state means for lists and clocks.
NEW, ACTIVE, WAITING, DONE, CANCELLED = CATEGORIES = ("new", "active", "waiting", "done", "cancelled")
OPEN = (NEW, ACTIVE, WAITING)


def holds(condition: Condition, data: Data, subject: Subject | None = None) -> bool:
    """Whether a condition holds of a document; ``subject`` is the document with its surroundings, if somebody has it.

    What only the surroundings could tell does not hold where they are not given.
    """
    # Most steps and demands have no condition, and this runs for each of them on every document.
    return condition.__class__ is Always or _holds(condition, subject or DocumentSubject(data))


class FieldRequirement(NamedTuple):
    """A field that a state demands, always or only where ``when`` holds.

    Records that were finished before the day ``since`` (``YYYY-MM-DD``) are not asked.
    """

    field: str
    when: Condition = ALWAYS
    since: str = ""


@dataclass(frozen=True, slots=True)
class State:
    """One state. ``category`` is one of new, active, waiting, done, cancelled; ``roles`` are words of `meaning.py`.

    ``require`` are the fields that it demands, ``guards`` what else must be so in it.
    """

    name: str
    title: str
    category: str
    description: str = ""
    terminal: bool = False
    require: tuple[FieldRequirement, ...] = ()
    roles: tuple[str, ...] = ()
    guards: tuple[Guard, ...] = ()


@dataclass(frozen=True, slots=True)
class Transition:
    """One allowed step. ``by`` names roles; ``clear`` lists fields that the step removes.

    ``refuse`` says when it may not be made, ``reason`` whether whoever makes it has to say why.
    """

    name: str
    title: str
    sources: tuple[str, ...]
    target: str
    by: tuple[str, ...] = ()
    when: Condition = field(default_factory=lambda: ALWAYS)
    clear: tuple[str, ...] = ()
    refuse: tuple[StopSign, ...] = ()
    reason: bool = False


@dataclass(frozen=True)
class Workflow:
    """A life cycle, as read from one file of ``schemas/workflows``.

    ``immutable`` fields never change once written; ``editable_when_closed`` are the only fields
    that may still change in a terminal state. ``refuse`` says when no step may be made. Changes of
    ``track`` fields (dotted names) are entries of the timeline, with a reason where ``reason_for``
    asks for one.
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
    refuse: tuple[StopSign, ...] = ()

    def steps_from(self, state: str, data: Data, subject: Subject | None = None) -> list[Transition]:
        """Return the transitions that leave ``state`` for a document with this data."""
        return [t for t in self.transitions if state in t.sources and holds(t.when, data, subject)]

    def step(self, source: str, target: str, data: Data, subject: Subject | None = None) -> Transition | None:
        """Return the transition from ``source`` to ``target``, or None when there is none."""
        for step in self._between.get((source, target), ()):
            if holds(step.when, data, subject):
                return step
        return None

    def is_usual(self, states: tuple[str, ...]) -> bool:
        """Whether these states, one after the other, are a way that nobody needs to ask about, whatever the document says.

        The first is the initial one, all are states of this life cycle, and each follows the one before by a step
        without a condition that needs no reason. Most documents took one of a few ways.
        """
        known = self._ways.get(states)
        if known is None:
            if len(self._ways) >= _WAYS:
                self._ways.clear()
            known = self._ways[states] = self._is_usual(states)
        return known

    def _is_usual(self, states: tuple[str, ...]) -> bool:
        begun = states[:1] == (self.initial,)
        return (begun and all(state in self.states for state in states)) and all(
            source != target and self._is_plain(self._between.get((source, target), ()))
            for source, target in pairwise(states)
        )

    @staticmethod
    def _is_plain(steps: Sequence[Transition]) -> bool:
        """Whether the first of some transitions is always the one that is made, and needs no reason."""
        return bool(steps) and steps[0].when.__class__ is Always and not steps[0].reason

    @cached_property
    def _ways(self) -> dict[tuple[str, ...], bool]:
        return {}

    @cached_property
    def _between(self) -> Mapping[tuple[str, str], list[Transition]]:
        """The transitions by the states that they lead from and to: each step of each record looks them up."""
        found: dict[tuple[str, str], list[Transition]] = {}
        for step in self.transitions:
            for source in step.sources:
                found.setdefault((source, step.target), []).append(step)
        return found

    def required(self, state: str, data: Data, subject: Subject | None = None) -> tuple[str, ...]:
        """Return the fields that ``state`` demands of a document with this data, each once."""
        known = self.states.get(state)
        demands = [r.field for r in known.require if holds(r.when, data, subject)] if known else ()
        return tuple(dict.fromkeys(demands))

    def missing(
        self, state: str, data: Data, subject: Subject | None = None, finished: str = ""
    ) -> tuple[str, ...]:
        """Return the demanded fields that are absent or empty, each once.

        ``finished`` is the day on which a record was finished: what is demanded since a later one is not asked.
        """
        known = self.states.get(state)
        if known is None:
            return ()
        # Most are there: whether they are demanded needs no answer then.
        empty = [r for r in known.require if not data.get(r.field) and data.get(r.field) in EMPTY]
        if not empty:
            return ()
        asked = [r for r in empty if not finished or not finished < r.since]
        return tuple(dict.fromkeys([r.field for r in asked if holds(r.when, data, subject)]))

    def is_dated(self, state: str) -> bool:
        """Whether a state demands a field only since some day."""
        return state in self._dated

    @cached_property
    def _dated(self) -> frozenset[str]:
        return frozenset(s.name for s in self.states.values() if any(r.since for r in s.require))

    def wants_reason(self, fields: Iterable[str], before: Data) -> tuple[str, ...]:
        """Return those of some fields whose change needs a reason, by the document before the change."""
        asked = {r.field for r in self.reason_for if holds(r.when, before)}
        return tuple(f for f in fields if f in asked)

    def is_terminal(self, state: str) -> bool:
        """Whether nothing leaves ``state``."""
        return state in self.states and self.states[state].terminal

    def playing(self, role: str) -> frozenset[str]:
        """Return the states that play a role."""
        return self._players.get(role, _NO_STATES)

    @cached_property
    def _players(self) -> Mapping[str, frozenset[str]]:
        """The states by the roles that they play: rules ask for each record."""
        roles = {role for state in self.states.values() for role in state.roles if isinstance(role, str)}
        return {r: frozenset(s.name for s in self.states.values() if r in s.roles) for r in roles}

    def is_cancelled(self, state: str) -> bool:
        """Whether a state says that the matter was given up."""
        return state in self.states and self.states[state].category == CANCELLED

    def is_done(self, state: str) -> bool:
        """Whether a state is one of the end, reached or given up."""
        return state in self.states and not self.is_open(state)

    def is_open(self, state: str) -> bool:
        """Whether work in ``state`` is still to be done."""
        return state in self.states and self.states[state].category in OPEN


def _requirements(raw: Data) -> tuple[FieldRequirement, ...]:
    listed = [{"field": r} if isinstance(r, str) else r for r in raw.get("require", ())]
    return tuple(
        FieldRequirement(_word(r["field"]), read_condition(r.get("when")), str(r.get("since", "")))
        for r in listed
        if "field" in r
    )


def _word(raw: Any) -> str:
    if not isinstance(raw, str):
        raise TypeError(f"{raw!r} is no name of a field")
    return raw


def _guards(raw: Data) -> tuple[Guard, ...]:
    """Read what a state demands beside fields."""
    listed = raw.get("require", ())
    return tuple(read_guard(r) for r in listed if not isinstance(r, str) and "field" not in r)


def _state(name: str, raw: Data, roles: tuple[str, ...]) -> State:
    return State(
        name=name,
        title=raw["title"],
        category=raw["category"],
        description=raw.get("description", ""),
        terminal=raw.get("terminal", False),
        require=_requirements(raw),
        roles=roles,
        guards=_guards(raw),
    )


def _transition(raw: Data) -> Transition:
    return Transition(
        name=raw["name"],
        title=raw.get("title", raw["name"]),
        sources=tuple(raw["from"]),
        target=raw["to"],
        by=tuple(raw.get("by", ())),
        when=read_condition(raw.get("when")),
        clear=tuple(raw.get("clear", ())),
        refuse=tuple(read_stop(r) for r in raw.get("refuse", ())),
        reason=raw.get("reason", False) is True,
    )


def _with_common_demands(states: Data, demands: Any) -> Data:
    """Return the states with what the life cycle demands of several of them at once."""
    found = {name: {**about, "require": list(about.get("require", ()))} for name, about in states.items()}
    for demand in demands:
        for name in demand[WHILE]:
            found[name]["require"].append(demand)
    return found


def read_workflow(raw: Data) -> Workflow:
    """Build a workflow from the data of its file (validated against workflow.schema.json before)."""
    name, states = raw["workflow"], raw["states"]
    old = not any("roles" in s for s in states.values())
    states = _with_common_demands(states, raw.get("require", ()))
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
        reason_for=_requirements({"require": raw.get("reason_for", ())}),
        refuse=tuple(read_stop(r) for r in raw.get("refuse", ())),
    )
