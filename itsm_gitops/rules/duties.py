"""Family D: what is due. Every date with ``x-due`` in its schema is judged by the same two rules."""

from __future__ import annotations

from collections.abc import Iterator

from itsm_gitops.model import windows
from itsm_gitops.model.duties import NEAR, PAST, DueDay, due_terms, dues_of, is_told
from itsm_gitops.model.findings import INFO, WARNING, Pointer
from itsm_gitops.model.kinds import Kind
from itsm_gitops.rules.context import DocumentContext
from itsm_gitops.rules.rule import Hit, Rule


def due_soon(ctx: DocumentContext) -> Iterator[Hit]:
    """Compare every date that carries a duty with the present and its days of warning."""
    for day in _days(ctx, NEAR):
        yield Hit(f"{day.text}: {day.day}", _place(ctx, day), severity=day.severity)


def past_due(ctx: DocumentContext) -> Iterator[Hit]:
    """Compare every date that carries a duty with the present."""
    for day in _days(ctx, PAST):
        said = "is missing since" if day.due.terms.missing_since else "was on"
        yield Hit(f"{day.text} {said} {day.day}", _place(ctx, day), severity=day.severity)


def _place(ctx: DocumentContext, day: DueDay) -> Pointer:
    """Return where a duty stands; a date that is not there is missing where the stage of life demands it."""
    if not day.due.terms.missing_since:
        return day.due.pointer
    field = ctx.kind.stages.state_field if ctx.kind.stages else ""
    return (field,) if field in ctx.data else ("id",)


def _days(ctx: DocumentContext, stage: str) -> Iterator[DueDay]:
    zone = windows.zone(ctx.store.config.timezone)
    for due in dues_of(ctx.kind, ctx.data):
        day = due.at(ctx.now, zone)
        if day.stage == stage and is_told(day):
            yield day


def _fields(kind: Kind) -> set[str] | None:
    """Return the top-level fields with a duty; None where one may be missing."""
    terms = due_terms(kind)
    return None if any(t.missing_since for t in terms) else {str(t.pointer[0]) for t in terms}


RULES = (
    Rule(
        "D020",
        "Something is due soon",
        severity=INFO,
        why="What ends, expires or must be looked at is cheap to see to before the day, and dear after it.",
        hint="see to it and set the new date; itsm due lists everything that is due",
        bad="class: contract\nend: 2026-12-31   # in three weeks",
        good="class: contract\nend: 2028-12-31",
        about=_fields,
        check=due_soon,
    ),
    Rule(
        "D021",
        "Something is past due",
        severity=WARNING,
        why="A date in the rule book with a duty is a promise: after the day it is broken, and nobody else would say so.",
        hint="do it and set the next date, or say what became of it (done, retired, renewed)",
        bad="review:\n  action_items:\n    - {action: Watch the disk, owner: mail-engineer, due: 2020-03-01, done: false}",
        good="review:\n  action_items:\n    - {action: Watch the disk, owner: mail-engineer, due: 2020-03-01, done: true}",
        about=_fields,
        check=past_due,
    ),
)
