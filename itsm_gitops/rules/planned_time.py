"""Family C: what was planned against what happened: windows that passed, work before its authorisation or outside."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from itsm_gitops.model import clock, facts, meaning
from itsm_gitops.model.findings import INFO, WARNING
from itsm_gitops.rules.context import DocumentContext, Move, moment
from itsm_gitops.rules.rule import Hit, Rule

_CHANGE = (meaning.CHANGE,)
_MINUTE = timedelta(minutes=1)  # times of people have no seconds, those of tools do


def window_is_used(ctx: DocumentContext) -> Iterator[Hit]:
    """Compare the end of the window of a change on which the work is not over with the present."""
    end, state = moment(ctx.data.get("planned_end")), facts.stage_of(ctx.kind, ctx.data)
    if end is None or not ctx.flow.is_open(state) or ctx.now < end:
        return
    if facts.state_plays(ctx.kind, state, meaning.CARRIED_OUT):
        return
    last = clock.format_time(end)
    if facts.state_plays(ctx.kind, state, meaning.RUNNING):
        message, hint = f"the window ended at {last} and the work is still going on", "say what became of it"
    else:
        message = f"the window ended at {last} and the change is still '{state}'"
        hint = "say what became of it: done (implement), planned again, or cancelled"
    yield Hit(message, ("planned_end",), hint)


def work_is_authorised(ctx: DocumentContext) -> Iterator[Hit]:
    """Look up in which state a change was when its work began; one that begins at once is authorised by that step."""
    began, roles = moment(ctx.data.get("actual_start")), ctx.kind.stages
    if began is None or roles is None or not ctx.moves:
        return
    authorised, running = roles.playing(meaning.AUTHORISED), roles.playing(meaning.RUNNING)
    arrived = next((m for m in ctx.moves if m.state in authorised), None)
    if arrived is None or arrived.state in running:
        return
    state = _state_at(ctx.moves, began)
    if state in authorised or ctx.flow.is_done(state):
        return
    when = next(a for m in ctx.moves if m.state in authorised and (a := str(m.entry["at"])))
    later = next(
        (str(m.entry["at"]) for m in ctx.moves if m.state in authorised and _is_after(m, began)), when
    )
    was = f"was still '{state}'" if state else "had not been filed"
    yield Hit(f"the work began when the change {was}: it was authorised at {later}", ("actual_start",))


def _is_after(move: Move, began: datetime) -> bool:
    at = moment(move.entry["at"])
    return at is not None and at >= began + _MINUTE


def _state_at(moves: object, began: datetime) -> str:
    """Return the state that a record had at a moment; empty where it was not there yet."""
    state = ""
    for move in moves:  # type: ignore[attr-defined]
        if _is_after(move, began):
            break
        state = move.state
    return str(state)


def work_is_inside_window(ctx: DocumentContext) -> Iterator[Hit]:
    """Compare the times of the work with those of the window; an emergency has no window that was agreed before."""
    planned = [moment(ctx.data.get(name)) for name in ("planned_start", "planned_end")]
    began, ended = (moment(ctx.data.get(name)) for name in ("actual_start", "actual_end"))
    start, end = planned
    if start is None or end is None or began is None or not _was_scheduled(ctx):
        return
    window = f"the window from {clock.format_time(start)} to {clock.format_time(end)}"
    if began + _MINUTE <= start:
        yield Hit(f"the work began before {window}", ("actual_start",))
    elif began >= end + _MINUTE:
        yield Hit(f"the work began after {window}", ("actual_start",))
    elif ended is not None and ended >= end + _MINUTE:
        late = clock.age(end, ended)
        yield Hit(f"the work ended {late} after {window}", ("actual_end",), severity=INFO)


def outage_fits_its_window(ctx: DocumentContext) -> Iterator[Hit]:
    """Compare the announced length of an interruption with that of the window, while the work is still ahead."""
    outage = ctx.data.get("outage") or {}
    minutes, state = outage.get("minutes"), facts.stage_of(ctx.kind, ctx.data)
    if minutes is None or outage.get("expected") is False or not ctx.flow.is_open(state):
        return
    start, end = (moment(ctx.data.get(name)) for name in ("planned_start", "planned_end"))
    if start is None or end is None or timedelta(minutes=minutes) <= end - start or end <= start:
        return
    length = int((end - start) / _MINUTE)
    yield Hit(f"an outage of {minutes} min does not fit into a window of {length} min", ("outage", "minutes"))


def _was_scheduled(ctx: DocumentContext) -> bool:
    """Whether the change was in a state that is authorised and not running before: somebody agreed to its window."""
    stages = ctx.kind.stages
    if stages is None:
        return False
    waiting = (
        stages.playing(meaning.AUTHORISED)
        - stages.playing(meaning.RUNNING)
        - stages.playing(meaning.CARRIED_OUT)
    )
    return any(m.state in waiting for m in ctx.moves)


RULES = (
    Rule(
        "C020",
        "Window that passed with nothing done",
        severity=WARNING,
        kinds=_CHANGE,
        why="The schedule and the status page count on the window; after it nobody knows whether the work was done.",
        hint="say what became of it: done, planned again, or cancelled",
        bad="state: scheduled\nplanned_start: 2020-10-01T20:00:00Z\nplanned_end: 2020-10-01T21:00:00Z",
        good="state: review\nplanned_start: 2020-10-01T20:00:00Z\nplanned_end: 2020-10-01T21:00:00Z",
        check=window_is_used,
    ),
    Rule(
        "C021",
        "Work that began before it was authorised",
        severity=WARNING,
        kinds=_CHANGE,
        why="An authorisation after the work authorises nothing: it is an unauthorised change with a record.",
        hint="correct a wrong time (actual_start); if it is right, review how it came about. What cannot wait is an emergency",
        bad="actual_start: 2026-11-01T02:00:00Z\ntimeline:\n  - {at: 2026-11-09T08:00:00Z, by: change-manager, state: scheduled}",
        good="actual_start: 2026-11-10T20:00:00Z\ntimeline:\n  - {at: 2026-11-09T08:00:00Z, by: change-manager, state: scheduled}",
        check=work_is_authorised,
    ),
    Rule(
        "C022",
        "Work outside the approved window",
        severity=WARNING,
        kinds=_CHANGE,
        why="The window was agreed with those who suffer and kept free of other work; at another time nobody was warned.",
        hint="correct a wrong time; if it is right, say in the review why it was done at another time",
        bad="planned_start: 2026-11-25T22:00:00Z\nplanned_end: 2026-11-25T23:00:00Z\nactual_start: 2026-11-23T10:00:00Z",
        good="planned_start: 2026-11-25T22:00:00Z\nplanned_end: 2026-11-25T23:00:00Z\nactual_start: 2026-11-25T22:05:00Z",
        check=work_is_inside_window,
    ),
    Rule(
        "C023",
        "Outage longer than its window",
        severity=WARNING,
        kinds=_CHANGE,
        why="Users are told one time and the schedule keeps another one free: one of both is wrong.",
        hint="widen the window, or correct how long the service is interrupted",
        bad="planned_start: 2026-11-25T22:00:00Z\nplanned_end: 2026-11-25T23:00:00Z\noutage: {expected: true, minutes: 240}",
        good="planned_start: 2026-11-25T22:00:00Z\nplanned_end: 2026-11-26T02:00:00Z\noutage: {expected: true, minutes: 240}",
        check=outage_fits_its_window,
    ),
)
