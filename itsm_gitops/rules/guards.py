"""Family W, guards: what life cycles demand of a document in its state beside fields, and of the steps it makes.

One implementation: ``itsm move`` is refused by what these rules say of the document as it would be.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from itertools import pairwise
from typing import Any

from itsm_gitops.graph.linked import EntrySubject, item_of, opened_after
from itsm_gitops.model import facts
from itsm_gitops.model.conditions import Linked
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.errors import did_you_mean
from itsm_gitops.model.findings import Pointer
from itsm_gitops.model.guards import Breach, Guard, asked_of, breaches, stops
from itsm_gitops.model.inner_life import inner_state, inner_steps, transition_of
from itsm_gitops.model.once import Once
from itsm_gitops.model.owing import Escape, escapes
from itsm_gitops.model.subjects import DocumentSubject
from itsm_gitops.model.timeline import SET, tells_values
from itsm_gitops.model.workflow import Transition, Workflow
from itsm_gitops.rules.asked_since import finished_at, finished_on
from itsm_gitops.rules.context import ChangeContext, DocumentContext, NetworkContext, moment
from itsm_gitops.rules.rule import CHANGE, GUARDS, ITEMS, NETWORK, TARGETS, Hit, Rule
from itsm_gitops.rules.workflow_change import moves_of

_REASONS = ("note", "comment", "reason")
_alone: Once[dict[str, tuple[Guard, ...]]] = Once()
_joined: Once[dict[str, tuple[Guard, ...]]] = Once()


def guards_alone(flow: Workflow) -> dict[str, tuple[Guard, ...]]:
    """Return by state the guards that a document and the items it names decide."""
    return _alone(flow, make=lambda: _by_state(flow, linking=False))


def guards_joined(flow: Workflow) -> dict[str, tuple[Guard, ...]]:
    """Return by state the guards that need to know what is linked with a document."""
    return _joined(flow, make=lambda: _by_state(flow, linking=True))


def _by_state(flow: Workflow, *, linking: bool) -> dict[str, tuple[Guard, ...]]:
    chosen = {n: tuple(g for g in s.guards if bool(g.links) == linking) for n, s in flow.states.items()}
    return {name: guards for name, guards in chosen.items() if guards}


def _hit(breach: Breach, state_field: str, path: str = "") -> Hit:
    place = breach.pointer or tuple(state_field.split("."))
    return Hit(breach.message, place, breach.hint, path, severity=breach.severity)


def state_keeps_its_guards(ctx: DocumentContext) -> Iterator[Hit]:
    """Ask the guards of the state about the document and the items that it names."""
    guards = guards_alone(ctx.flow).get(str(ctx.data.get(ctx.flow.state_field)))
    if guards and any(g.since for g in guards):
        guards = tuple(asked_of(guards, finished_on(ctx.flow, ctx.data)))
    for breach in breaches(guards, ctx.subject) if guards else ():
        yield _hit(breach, ctx.flow.state_field)
    for inner in ctx.kind.inner:
        inside = guards_alone(inner).get(inner_state(inner, ctx.data))
        for breach in breaches(inside, ctx.subject) if inside else ():
            yield _hit(breach._replace(pointer=()), inner.state_field)


def links_keep_guards(ctx: NetworkContext) -> Iterator[Hit]:
    """Ask the guards of the state about what is linked with the document."""
    guarded = {name: guards_joined(k.stages) for name, k in ctx.book.kinds.items() if k.workflow and k.stages}
    for entry in ctx.judged:
        guards = guarded.get(entry.kind, {}).get(facts.stage(ctx.book, entry))
        if guards:
            field = ctx.book.kinds[entry.kind].state_field
            if any(g.since for g in guards):
                finished = finished_on(ctx.book.kinds[entry.kind].workflow, ctx.data(entry))
                guards = tuple(asked_of(guards, finished))
            found = list(breaches(guards, EntrySubject(ctx, entry)))
            if found and (until := finished_at(ctx.book.kinds[entry.kind].workflow, ctx.data(entry))):
                # What came under it after its end was not its to wait for: W040 finds it there.
                found = list(breaches(guards, EntrySubject(ctx, entry, until)))
            for breach in found:
                yield _hit(breach, field, entry.path)


def nothing_begins_under_what_is_over(ctx: NetworkContext) -> Iterator[Hit]:
    """Look for open records under one that was finished before they were opened, and that would have waited for them."""
    for entry in ctx.judged:
        if not ctx.book.kinds[entry.kind].is_record or not facts.is_open(ctx.book, entry):
            continue
        for edge in ctx.edges_of(entry):
            above = ctx.find(edge.target)
            if above is not None and _waited(ctx, above, edge.relation, entry):
                day = finished_on(ctx.book.kinds[above.kind].workflow, ctx.data(above))
                message = f"'{above.id}' was finished on {day}, before this was opened"
                yield Hit(message, edge.pointer, "", entry.path)


def _waited(ctx: NetworkContext, above: Entry, relation: str, entry: Entry) -> bool:
    """Whether a record that is over would have waited for one that was opened later and stores a relation to it."""
    flow, link = ctx.book.kinds[above.kind].workflow, ctx.book.links.get(relation)
    guards = guards_joined(flow).get(facts.stage(ctx.book, above), ()) if flow and link else ()
    asked = [
        g.must
        for g in guards
        if link and isinstance(g.must, Linked) and g.must.every and g.must.relation == link.inverse
    ]
    until = finished_at(flow, ctx.data(above)) if asked else None
    if until is None or not opened_after(entry, until):
        return False
    subject = EntrySubject(ctx, above)
    return any(entry.id in must.failing(subject) for must in asked)


def step_has_its_reason(ctx: DocumentContext) -> Iterator[Hit]:
    """Look for a reason at, or since, the last step that demands one."""
    for inner in ctx.kind.inner if tells_values(ctx.said) else ():
        yield from _inner_steps_have_reasons(ctx, inner)
    for before, after in pairwise(ctx.moves):
        step = ctx.flow.step(before.state, after.state, ctx.data, ctx.subject)
        if step is None or not step.reason:
            continue
        # Entries are never edited: a word that comes later mends it.
        if not any(entry.get(name) for entry in ctx.timeline[after.place :] for name in _REASONS):
            yield Hit(_no_reason(step), ("timeline", after.place, "state"))


def _inner_steps_have_reasons(ctx: DocumentContext, flow: Workflow) -> Iterator[Hit]:
    for made in inner_steps(flow, ctx.timeline):
        step = transition_of(flow, made)
        if step is not None and step.reason:
            later = (entry for entry in ctx.timeline[made.place :])
            if not any(entry.get(name) for entry in later for name in _REASONS):
                yield Hit(_no_reason(step), ("timeline", made.place, SET, flow.state_field))


def _no_reason(step: Transition) -> str:
    return f"nobody says why: '{step.title}' needs a reason"


def no_step_passes_a_stop(ctx: ChangeContext) -> Iterator[Hit]:
    """Ask the stop signs of base's life cycle about each step since base."""
    for pair in ctx.both:
        flow, head = pair.kind.workflow, pair.head or {}
        if flow is None:
            continue
        subject = DocumentSubject(head, partial(item_of, ctx.head), now=ctx.head.now)
        for before, after, pointer in moves_of(pair):
            for breach in refusals(flow, before, after, subject):
                yield Hit(breach.message, pointer, breach.hint, pair.path)


def refusals(flow: Workflow, before: str, after: str, subject: DocumentSubject) -> list[Breach]:
    """Return why a step may not be made: the stop signs of the life cycle, and those of the step."""
    signs = list(stops(flow.refuse, after, subject))
    steps = [t for t in flow.transitions if t.target == after and before in t.sources]
    for step in steps:
        signs += stops(step.refuse, after, subject)
    return signs


def nothing_owed_is_set_back(ctx: ChangeContext) -> Iterator[Hit]:
    """Compare the demands on a finished record in base with those in head."""
    for pair in ctx.both:
        flow, base, head = pair.kind.workflow, pair.base or {}, pair.head or {}
        for escape in escapes(flow, base, head) if flow else ():
            pointer = escape.pointer if escape.pointer[0] in head else ()
            yield Hit(owed(escape), pointer, "", pair.path)


def owed(escape: Escape) -> str:
    """Name the missing field and the reason for the demand."""
    return f"'{escape.field}' is still required because {escape.because}, and it is missing"


def tasks_agree(ctx: DocumentContext) -> Iterator[Hit]:
    """Look at names, predecessors and order of the tasks."""
    tasks = [t for t in ctx.data.get("tasks") or () if isinstance(t, dict)]
    names: dict[str, int] = {}
    for index, task in enumerate(tasks):
        name = str(task.get("name"))
        if name in names:
            yield Hit(f"two tasks are called '{name}'", ("tasks", index, "name"), _UNIQUE)
        names.setdefault(name, index)
    after = {n: [str(a) for a in tasks[i].get("after") or ()] for n, i in names.items()}
    for name, index in names.items():
        for place, other in enumerate(after[name]):
            at: Pointer = ("tasks", index, "after", place)
            if other not in names:
                yield Hit(f"there is no task '{other}' before '{name}'", at, _near(other, names))
            elif name in _reached(after, other):
                yield Hit(f"'{name}' waits for itself: it comes after '{other}'", at, _LOOP)
            else:
                yield from _order(tasks[index], tasks[names[other]], index)


_UNIQUE = "give each task a name of its own: `after` names them"
_LOOP = "take one of the names out of `after`"
_BEGUN, _OVER = ("in_progress", "done"), ("done", "skipped")


def _near(name: str, names: Iterable[str]) -> str:
    return did_you_mean(name, list(names)) or f"tasks: {', '.join(names)}"


def _reached(after: dict[str, list[str]], start: str) -> set[str]:
    """Return a task and all that come before it."""
    found, queue = {start}, [start]
    for name in queue:
        for other in after.get(name, ()):
            if other not in found:
                found.add(other)
                queue.append(other)
    return found


def _order(task: Mapping[str, Any], before: Mapping[str, Any], index: int) -> Iterator[Hit]:
    if task.get("status") in _BEGUN and before.get("status") not in _OVER:
        message = f"'{task['name']}' is {task['status'].replace('_', ' ')}, and '{before['name']}' before it is not done"
        yield Hit(message, ("tasks", index, "status"))
    else:
        begun, done = moment(task.get("actual_start")), moment(before.get("actual_end"))
        if begun and done and begun < done:
            message = f"'{task['name']}' began before '{before['name']}' was done"
            yield Hit(message, ("tasks", index, "actual_start"))


RULES = (
    Rule(
        "W040",
        "Opened under a record that was over",
        scope=NETWORK,
        why="A closed record is final: what happens later is a case of its own, with its own clock and its own cause.",
        hint="unlink it, and say what it has to do with the other: itsm link ID relates_to OTHER (or caused_by a problem)",
        bad="# INC-261120-AAAAA was closed on 21 November\nopened: 22 November\nlinks:\n  - {type: child_of, target: INC-261120-AAAAA}",
        good="# INC-261120-AAAAA was closed on 21 November\nopened: 22 November\nlinks:\n  - {type: relates_to, target: INC-261120-AAAAA}",
        reach=(TARGETS, GUARDS),
        check=nothing_begins_under_what_is_over,
    ),
    Rule(
        "W030",
        "State without what it demands",
        stateful=True,
        why="The life cycle says what must be so in this state: tasks that are done, no stop sign, an item in use.",
        hint="do what is missing, or take the record back to the state that it is really in",
        bad="state: closed\ntasks:\n  - {name: Call back, status: open}",
        good="state: closed\ntasks:\n  - {name: Call back, status: done}",
        reach=(ITEMS,),
        check=state_keeps_its_guards,
    ),
    Rule(
        "W031",
        "State without the links it demands",
        scope=NETWORK,
        why="A code that names a change without a link to it cannot be followed; a parent closed over an open child hides work.",
        hint="add the missing link (itsm link), finish the open task or child, or name it under left_open with a reason",
        bad="state: resolved\nresolution_code: resolved_by_change\n# and no link to a change",
        good="state: resolved\nresolution_code: resolved_by_change\nlinks:\n  - {type: resolved_by, target: CHG-261120-AB3DE}",
        reach=(GUARDS, ITEMS),
        check=links_keep_guards,
    ),
    Rule(
        "W032",
        "Tasks that contradict each other",
        stateful=True,
        why="`after` names tasks that must be done first; an unknown or ambiguous name orders nothing.",
        hint="finish (or skip) the task before it first, or correct `after`",
        bad="tasks:\n  - {name: Order, status: open}\n  - {name: Deliver, status: done, after: [Order]}",
        good="tasks:\n  - {name: Order, status: done}\n  - {name: Deliver, status: done, after: [Order]}",
        about=("tasks",),
        check=tasks_agree,
    ),
    Rule(
        "W033",
        "Step without a reason",
        stateful=True,
        why="Whoever gets a record back has to know what is missing, or it comes back as it was.",
        hint="itsm note ID TEXT says it (itsm move takes it as --note)",
        bad="timeline:\n  - {at: 2026-11-22T09:00:00Z, by: anna, state: assess}\n"
        "  - {at: 2026-11-22T10:00:00Z, by: ben, state: draft}",
        good="timeline:\n  - {at: 2026-11-22T09:00:00Z, by: anna, state: assess}\n"
        "  - {at: 2026-11-22T10:00:00Z, by: ben, state: draft, note: The backout plan names no backup.}",
        unusual=True,
        check=step_has_its_reason,
    ),
    Rule(
        "W131",
        "Duty set back after the work",
        scope=CHANGE,
        why="A demand on a finished record would mean nothing if setting a field back could lift it.",
        hint="add the missing field, or restore the value from when the work ended",
        bad="# base: state: resolved, major: {state: accepted}\nstate: resolved\nmajor: {state: demoted}",
        good="# base: state: resolved, major: {state: accepted}\nstate: closed\nmajor: {state: accepted}\nreview: {summary: A disk was full.}",
        check=nothing_owed_is_set_back,
    ),
    Rule(
        "W130",
        "Step past a stop sign",
        scope=CHANGE,
        why="Somebody stopped this record; a step past the stop sign would make the sign worthless.",
        hint="let whoever put the sign up take it away first, or take the step back",
        bad="# base: state: scheduled\nstate: implement\non_hold: {by: change-manager, reason: The supplier warns of the release.}",
        good="# base: state: scheduled\nstate: implement",
        check=no_step_passes_a_stop,
    ),
)
