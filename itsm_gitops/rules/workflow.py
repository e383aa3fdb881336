"""Family W: states and timelines. The timeline is the record's memory; clocks are replayed from it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from itsm_gitops.model.errors import did_you_mean
from itsm_gitops.model.findings import WARNING, Pointer
from itsm_gitops.model.inner_life import entered, inner_state, inner_steps, is_allowed
from itsm_gitops.model.migrations import STATE, BookShape, migrations_of
from itsm_gitops.model.once import Once
from itsm_gitops.model.rulebook import PRIORITY
from itsm_gitops.model.timeline import SET, WAS, tells_values
from itsm_gitops.model.watched_time import unwatched
from itsm_gitops.model.workflow import Data, Workflow
from itsm_gitops.rules.asked_since import finished_on
from itsm_gitops.rules.context import DocumentContext, moment
from itsm_gitops.rules.rule import Hit, Rule

_TOLERANCE = timedelta(days=1)  # clocks differ, and a time zone may have been forgotten


def route(workflow: Workflow, source: str, target: str, data: Data) -> list[str]:
    """Return the shortest way from one state to another, both included; empty when there is none."""
    came: dict[str, str] = {source: ""}
    queue = deque([source])
    while queue:
        state = queue.popleft()
        for step in workflow.steps_from(state, data):
            if step.target not in came:
                came[step.target] = state
                queue.append(step.target)
    if target not in came or source == target:
        return []
    way = [target]
    while way[-1] != source:
        way.append(came[way[-1]])
    return way[::-1]


def allowed(workflow: Workflow, state: str, data: Data) -> str:
    """Say which states may follow ``state``."""
    targets = list(dict.fromkeys(t.target for t in workflow.steps_from(state, data)))
    if not targets:
        return f"nothing follows '{state}'"
    return f"from '{state}' it can become: {', '.join(targets)}"


def state_is_known(ctx: DocumentContext) -> Iterator[Hit]:
    """Look up the top state and each state of the timeline."""
    flow = ctx.flow
    found: list[tuple[Any, Pointer]] = [(ctx.data.get(flow.state_field), (flow.state_field,))]
    found += [(m.state, ("timeline", m.place, "state")) for m in ctx.moves]
    for state, pointer in found:
        if state is not None and state not in flow.states:
            listed = "states: " + ", ".join(flow.states)
            near = _renamed(ctx, str(state)) or did_you_mean(str(state), flow.states)
            yield Hit(f"there is no state '{state}'", pointer, f"{near} ({listed})" if near else listed)
    for inner in ctx.kind.inner:
        state = inner_state(inner, ctx.data)
        if state and state not in inner.states:
            listed = "states: " + ", ".join(inner.states)
            yield Hit(f"there is no state '{state}'", tuple(inner.state_field.split(".")), listed)


def _renamed(ctx: DocumentContext, state: str) -> str:
    """Say what a state is called since it was renamed; empty where it was not."""
    shape = BookShape.of(ctx.book)
    for migration in reversed(migrations_of(ctx.book)):
        if (
            migration.sort == STATE
            and migration.old == state
            and ctx.kind.name in shape.sharing(migration.kind)
        ):
            return f"it is called '{migration.new}' now: {migration.path}" if migration.new else ""
    return ""


def state_is_last_of_timeline(ctx: DocumentContext) -> Iterator[Hit]:
    """Compare the top state with the last state entry."""
    flow = ctx.flow
    state = ctx.data.get(flow.state_field)
    if state is None or not ctx.moves or ctx.moves[-1].state == state or state not in flow.states:
        return
    yield Hit(f"state is '{state}' but the timeline ends in '{ctx.moves[-1].state}'", (flow.state_field,))


def timeline_begins_at_initial(ctx: DocumentContext) -> Iterator[Hit]:
    """Check the first entry's state."""
    flow = ctx.flow
    if not ctx.timeline:
        return
    first = ctx.timeline[0].get("state")
    if first is None:
        yield Hit(f"the first entry has no state; it must be '{flow.initial}'", ("timeline", 0))
    elif first != flow.initial and first in flow.states:
        yield Hit(f"the first state is '{first}', not '{flow.initial}'", ("timeline", 0, "state"))


def timeline_is_in_order(ctx: DocumentContext) -> Iterator[Hit]:
    """Compare each entry's time with the one before."""
    previous = ""
    for index, entry in enumerate(ctx.timeline):
        at = entry["at"]
        if previous and _before(at, previous):
            yield Hit(f"{at} is before the entry above it ({previous})", ("timeline", index, "at"))
        previous = at


def _before(one: str, other: str) -> bool:
    if len(one) == 20 == len(other) and one[19] == "Z" == other[19]:
        return one < other
    first, second = moment(one), moment(other)
    return first is not None and second is not None and first < second


def timeline_is_past(ctx: DocumentContext) -> Iterator[Hit]:
    """Compare each entry's time with the present; a day of tolerance for clocks and zones."""
    limit, text = _horizon(ctx.now)
    for index, entry in enumerate(ctx.timeline):
        at = entry["at"]
        if at[:10] >= text and _later(at, limit):
            yield Hit(f"{at} has not happened yet", ("timeline", index, "at"))


def _horizon(now: datetime) -> tuple[datetime, str]:
    """Return the last moment that may be in a timeline, and the first date worth comparing with it."""
    # The day of the present, since west of Greenwich it is still yesterday.
    return _horizons(now, make=lambda: (now + _TOLERANCE, f"{unwatched(now):%Y-%m-%d}"))


_horizons: Once[tuple[datetime, str]] = Once(2)


def _later(at: str, limit: datetime) -> bool:
    when = moment(at)
    return when is not None and when > limit


def transitions_are_legal(ctx: DocumentContext) -> Iterator[Hit]:
    """Follow the states of the timeline through the life cycle."""
    flow = ctx.flow
    for before, after in pairwise(ctx.moves):
        source, target = before.state, after.state
        known = source in flow.states and target in flow.states and source != target
        if known and flow.step(source, target, ctx.data, ctx.subject) is None:
            message = f"'{source}' cannot become '{target}'"
            yield Hit(message, ("timeline", after.place, "state"), allowed(flow, source, ctx.data))
    for inner in ctx.kind.inner if tells_values(ctx.said) else ():
        yield from _inner_steps_are_legal(ctx, inner)


def _inner_steps_are_legal(ctx: DocumentContext, flow: Workflow) -> Iterator[Hit]:
    """Follow the values of the field through the life cycle within the document."""
    for step in inner_steps(flow, ctx.timeline):
        if is_allowed(flow, step):
            continue
        name = flow.state_field
        place: Pointer = ("timeline", step.place, SET if step.after is not None else WAS, name)
        if step.after is None:
            yield Hit(f"{name} cannot be taken away: the life cycle has no such step", place, _stays(flow))
        elif step.after in flow.states:
            was = "nothing" if step.before is None else f"'{step.before}'"
            hint = allowed(flow, str(step.before), ctx.data) if step.before else _stays(flow)
            yield Hit(f"{name} cannot go from {was} to '{step.after}'", place, hint)


def _stays(flow: Workflow) -> str:
    return f"it begins with: {', '.join(entered(flow))}"


def state_has_its_fields(ctx: DocumentContext) -> Iterator[Hit]:
    """List the demanded fields that are absent or empty."""
    flow = ctx.flow
    state = ctx.data.get(flow.state_field)
    if not isinstance(state, str):
        return
    finished = finished_on(flow, ctx.data) if flow.is_dated(state) else ""
    for name in flow.missing(state, ctx.data, ctx.subject, finished):
        # What the schema demands everywhere, or refused, has a finding already.
        if name not in ctx.refused and name not in ctx.kind.required:
            about = ctx.kind.fields.get(name, {}).get("description", "")
            yield Hit(f"in state '{state}' the field '{name}' is needed", (flow.state_field,), about)


def states_alternate(ctx: DocumentContext) -> Iterator[Hit]:
    """Report state entries that repeat the state before them."""
    for before, after in pairwise(ctx.moves):
        if before.state == after.state:
            yield Hit(f"the record already was in state '{after.state}'", ("timeline", after.place, "state"))


def override_is_known(ctx: DocumentContext) -> Iterator[Hit]:
    """Look up the overriding priority."""
    override = ctx.data.get("priority_override")
    if override is None:
        return
    known = ctx.book.policy(PRIORITY).get("priorities", {})
    if known and override["priority"] not in known:
        message = f"there is no priority '{override['priority']}'"
        yield Hit(message, ("priority_override", "priority"), "priorities: " + ", ".join(known))


def override_changes_something(ctx: DocumentContext) -> Iterator[Hit]:
    """Compare the override with what the matrix gives."""
    override = ctx.data.get("priority_override")
    if override is None:
        return
    matrix = ctx.book.policy(PRIORITY).get("matrix", {})
    derived = matrix.get(ctx.data.get("impact"), {}).get(ctx.data.get("urgency"))
    if derived == override["priority"]:
        message = f"impact and urgency give {derived} already"
        yield Hit(message, ("priority_override", "priority"))


RULES = (
    Rule(
        "W001",
        "Unknown state",
        stateful=True,
        why="Only the states of the kind's life cycle mean something to lists, clocks and approvals.",
        hint="use a state of schemas/workflows",
        bad="state: finished",
        good="state: resolved",
        unusual=True,
        check=state_is_known,
    ),
    Rule(
        "W002",
        "State differs from the timeline",
        stateful=True,
        why="The state at the top is the one of the newest timeline entry; two answers would be one too many.",
        hint="use itsm move, which writes both (itsm check --fix sets the top to the timeline's last state)",
        bad="state: resolved\ntimeline:\n  - {at: 2026-11-22T09:00:00Z, by: anna, state: new}",
        good="state: new\ntimeline:\n  - {at: 2026-11-22T09:00:00Z, by: anna, state: new}",
        fixable=True,
        unusual=True,
        check=state_is_last_of_timeline,
    ),
    Rule(
        "W003",
        "Timeline does not begin with the initial state",
        stateful=True,
        why="The first entry is the opening of the record: without it no clock can start.",
        hint="the first entry carries the initial state of the life cycle",
        bad="timeline:\n  - {at: 2026-11-22T09:00:00Z, by: anna, state: resolved}",
        good="timeline:\n  - {at: 2026-11-22T09:00:00Z, by: anna, state: new}",
        unusual=True,
        check=timeline_begins_at_initial,
    ),
    Rule(
        "W004",
        "Timeline goes back in time",
        stateful=True,
        why="Entries are in the order in which things happened, newest last; durations would be negative.",
        hint="correct the time, or move the entry to its place",
        bad="timeline:\n  - {at: 2026-11-22T09:00:00Z, by: anna, state: new}\n"
        "  - {at: 2026-11-22T08:00:00Z, by: ben, state: in_progress}",
        good="timeline:\n  - {at: 2026-11-22T09:00:00Z, by: anna, state: new}\n"
        "  - {at: 2026-11-22T10:00:00Z, by: ben, state: in_progress}",
        check=timeline_is_in_order,
    ),
    Rule(
        "W005",
        "Time in the future",
        stateful=True,
        why="The timeline says what has happened; plans have their own fields.",
        hint="correct the time (planned times go to planned_start and planned_end)",
        bad="timeline:\n  - {at: 2999-01-01T00:00:00Z, by: anna, state: new}",
        good="timeline:\n  - {at: 2026-11-22T09:00:00Z, by: anna, state: new}",
        check=timeline_is_past,
    ),
    Rule(
        "W006",
        "Illegal transition",
        stateful=True,
        why="A step that the life cycle does not know skips work or approvals that others rely on.",
        hint="add the missing steps, or use itsm move, which knows them",
        bad="timeline:\n  - {at: 2026-11-22T09:00:00Z, by: anna, state: new}\n"
        "  - {at: 2026-11-22T10:00:00Z, by: ben, state: closed}",
        good="timeline:\n  - {at: 2026-11-22T09:00:00Z, by: anna, state: new}\n"
        "  - {at: 2026-11-22T10:00:00Z, by: ben, state: in_progress}",
        unusual=True,
        check=transitions_are_legal,
    ),
    Rule(
        "W007",
        "Field that the state demands is missing",
        stateful=True,
        why="The life cycle asks for it in this state: the next reader needs it.",
        hint="add the field (itsm move asks for it)",
        bad="state: resolved",
        good="state: resolved\nresolution_code: fixed\nresolution_notes: Restarted the pool.",
        check=state_has_its_fields,
    ),
    Rule(
        "W009",
        "Same state twice in a row",
        stateful=True,
        why="A step from a state to itself is no step; it distorts counts of reopening and hand-over.",
        hint="leave `state` out of the entry and write a note instead",
        bad="timeline:\n  - {at: 2026-11-22T09:00:00Z, by: anna, state: new}\n"
        "  - {at: 2026-11-22T10:00:00Z, by: ben, state: new}",
        good="timeline:\n  - {at: 2026-11-22T09:00:00Z, by: anna, state: new}\n"
        "  - {at: 2026-11-22T10:00:00Z, by: ben, note: Looking into it.}",
        unusual=True,
        check=states_alternate,
    ),
    Rule(
        "W010",
        "Priority that the matrix does not know",
        why="An override names one of the priorities of schemas/policies/priority.yaml, so that clocks know it.",
        hint="use a priority of the matrix",
        bad="priority_override: {priority: P0, by: anna, reason: The board meets today.}",
        good="priority_override: {priority: P1, by: anna, reason: The board meets today.}",
        about=("priority_override",),
        check=override_is_known,
    ),
    Rule(
        "W011",
        "Priority override that changes nothing",
        severity=WARNING,
        why="Impact and urgency already give this priority; the override would stay when they change.",
        hint="remove priority_override",
        bad="impact: high\nurgency: high\npriority_override: {priority: P1, by: anna, reason: Urgent.}",
        good="impact: high\nurgency: high",
        about=("priority_override",),
        check=override_changes_something,
    ),
)
