"""Major incidents: when an incident is one by the policy, where the process stands, and what was last said of it.

The policy (``schemas/policies/major-incidents.yaml``) names the life cycle within an incident and the criteria. What its
states mean follows from their categories: new is a proposal, active a running major incident, done one that was stood
down, cancelled one that was declined or demoted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from itsm_gitops.model.condition_reader import read_condition
from itsm_gitops.model.conditions import Condition, Subject, holds
from itsm_gitops.model.inner_life import inner_state, inner_steps
from itsm_gitops.model.kinds import Kind
from itsm_gitops.model.last_word import last_word
from itsm_gitops.model.once import Once
from itsm_gitops.model.rulebook import MAJOR_INCIDENTS, RuleBook
from itsm_gitops.model.timeline import entries_of, moments, replay_of, seconds, times_of, value_in
from itsm_gitops.model.workflow import ACTIVE, CANCELLED, DONE, NEW, Workflow

PROPOSED, RUNNING, OVER, DECLINED = NEW, ACTIVE, DONE, CANCELLED  # what the categories of its states mean

Data = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Criterion:
    """A condition under which an incident is a major incident, and what it means in words."""

    name: str
    because: str
    when: Condition


@dataclass(frozen=True, slots=True)
class MajorPolicy:
    """What the rule book says of major incidents: life cycle, criteria, and the times that are promised."""

    flow: Workflow
    criteria: tuple[Criterion, ...] = ()
    update_minutes: int = 0
    review_days: int = 0

    @property
    def group(self) -> str:
        """The field that holds the facts of the process."""
        return self.flow.state_field.partition(".")[0]

    def stage(self, data: Data) -> str:
        """Return the category of the state in which the process is, empty where nobody began it."""
        state = self.flow.states.get(inner_state(self.flow, data))
        return state.category if state else ""

    def means(self, state: object, category: str) -> bool:
        """Whether a state of the process is of a category."""
        known = self.flow.states.get(state) if isinstance(state, str) else None
        return known is not None and known.category == category

    def was_declared(self, data: Data) -> bool:
        """Whether an incident is, or was at some time, a declared major incident."""
        told = inner_steps(self.flow, entries_of(data.get("timeline")))
        if self.stage(data) in (RUNNING, OVER):
            return True
        return any(self.means(v, RUNNING) for step in told for v in (step.before, step.after))

    def reason(self, subject: Subject) -> str:
        """Return why an incident looks like a major one, empty where no criterion holds."""
        return next((c.because for c in self.criteria if holds(c.when, subject)), "")


_policies: Once[MajorPolicy | None] = Once()


def major_policy(book: RuleBook, kind: Kind) -> MajorPolicy | None:
    """Return what a rule book says of major incidents of a kind; None where it has no such process."""
    if not kind.inner:
        return None
    raw = book.policy(MAJOR_INCIDENTS)
    return _policies(raw, kind.schema, make=lambda: _read(raw, kind))


def _read(raw: Data, kind: Kind) -> MajorPolicy | None:
    flow = next((f for f in kind.inner if f.name == raw.get("life_cycle")), None)
    if flow is None:
        return None
    criteria = tuple(
        Criterion(c["name"], c["because"], read_condition(c["when"])) for c in raw.get("criteria", ())
    )
    return MajorPolicy(flow, criteria, raw.get("update_minutes", 0), raw.get("review_days", 0))


@dataclass(frozen=True, slots=True)
class MajorStatus:
    """Where a major incident stands.

    ``stage`` is a category of states, ``title`` its state in words. Times are seconds since 1970, UTC: ``since`` when
    the state began, ``began`` when the disruption did, ``said_at`` when the last public word was, ``next_by`` when the
    next one is promised.
    """

    stage: str
    title: str
    since: int | None = None
    said: str = ""
    said_at: int | None = None
    next_by: int | None = None
    began: int | None = None

    def is_late(self, now: int) -> bool:
        """Whether the next word is overdue at a moment (seconds since 1970, UTC)."""
        return self.stage == RUNNING and self.next_by is not None and self.next_by < now


def major_status(policy: MajorPolicy, data: Data) -> MajorStatus | None:
    """Return where the major incident process of an incident stands; None where nobody began it."""
    state = policy.flow.states.get(inner_state(policy.flow, data))
    if state is None:
        return None
    entries = entries_of(data.get("timeline"))
    happened = moments(entries)
    began = [happened[s.place] for s in inner_steps(policy.flow, entries) if s.after == state.name]
    opened = seconds(times_of(entries)[0])
    since = began[-1] if began else opened
    word = last_word(data)
    last, at = (word.text, word.at) if word else ("", None)
    promised = seconds(value_in(data, f"{policy.group}.next_update_by"))
    started = seconds(value_in(data, f"{policy.group}.started_at")) or seconds(data.get("started_at"))
    first = opened if started is None else started
    return MajorStatus(state.category, state.title, since, last, at, promised, first)


def major_times(policy: MajorPolicy, data: Data) -> dict[str, int | None]:
    """Return how long (seconds) it took to notice, to declare, to mitigate and to stand down; None where nothing tells.

    ``notice`` counts from the declared beginning to the report, ``declare`` from the report, ``mitigate`` from the
    beginning (else the report), ``stand_down`` from the declaration.
    """
    replay = replay_of(data)
    if not replay.steps:
        return dict.fromkeys(("notice", "declare", "mitigate", "stand_down"))
    opened = replay.steps[0][0]
    started = opened if replay.started is None else replay.started
    changes = [c for c in replay.values if c.field == policy.flow.state_field]
    declared = next((c.at for c in changes if policy.means(c.value, RUNNING)), None)
    over = next((c.at for c in reversed(changes) if policy.means(c.was, RUNNING)), None)
    return {
        "notice": None if replay.started is None else max(0, opened - started),
        "declare": None if declared is None else max(0, declared - opened),
        "mitigate": None if replay.mitigated is None else max(0, replay.mitigated - started),
        "stand_down": None if declared is None or over is None else over - declared,
    }


def is_undecided(policy: MajorPolicy, data: Data) -> bool:
    """Whether nobody declared an incident a major one or declined to."""
    return policy.stage(data) in ("", PROPOSED)


__all__ = [
    "DECLINED",
    "OVER",
    "PROPOSED",
    "RUNNING",
    "MajorPolicy",
    "MajorStatus",
    "is_undecided",
    "major_policy",
    "major_status",
    "major_times",
]
