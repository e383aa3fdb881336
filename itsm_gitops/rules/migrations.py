"""Family W, the rule book and its past: migrations are carried out and stay; today's rules apply to records finished today."""

from __future__ import annotations

from collections.abc import Iterator

from itsm_gitops.graph.linked import EntrySubject
from itsm_gitops.model.findings import ERROR
from itsm_gitops.model.guards import asked_of, breaches
from itsm_gitops.model.kinds import Kind
from itsm_gitops.model.migrations import FOLDER
from itsm_gitops.model.workflow import Workflow
from itsm_gitops.rules import schema
from itsm_gitops.rules.asked_since import answered, asked, finished_on
from itsm_gitops.rules.context import ChangeContext, Data
from itsm_gitops.rules.rule import CHANGE, Hit, Rule
from itsm_gitops.schema import validate


def migration_is_carried_out(ctx: ChangeContext) -> Iterator[Hit]:
    """Report why base is not read through the migrations of head: they were not carried out as they say."""
    for fault in ctx.disbelieved:
        message = f"{fault.message} ({fault.migration.path}: {fault.migration.sentence})"
        yield Hit(message, (), "", fault.path, line=1, column=1)


def migrations_are_kept(ctx: ChangeContext) -> Iterator[Hit]:
    """Report migrations of base that were edited or removed."""
    known = {p for p in ctx.base_book.files if p.startswith(FOLDER)}
    for path in sorted(ctx.changed & known):
        what = "removed" if path in ctx.removed else "edited"
        yield Hit(f"this migration was {what}", (), "", path, line=1, column=1)


def finished_now_is_asked_now(ctx: ChangeContext) -> Iterator[Hit]:
    """Judge records that this change finishes by today's demands, whatever day their timelines give."""
    for pair in ctx.pairs:
        data, kind = pair.head, ctx.head.book.kinds.get(pair.kind.name)
        day = finished_on(kind.workflow, data) if kind and data and kind.is_record else ""
        if kind is None or data is None or not day or finished_on(pair.kind.workflow, pair.base or {}):
            continue
        spared = [
            c.hit.message for c in _spared(schema.explain(validate.slow(kind.schema), data), kind, data)
        ]
        spared += _undemanded(ctx, pair.id, kind.workflow, data, day)
        spared += _unanswered(ctx, data, day)
        if spared:
            pointer = (kind.state_field,)
            yield Hit(f"it is finished now, and {spared[0]}", pointer, f"the timeline says {day}", pair.path)


def _spared(refusals: list[schema.Coded], kind: Kind, data: Data) -> list[schema.Coded]:
    kept = asked(kind, data, refusals)
    return [c for c in refusals if c not in kept]


def _undemanded(
    ctx: ChangeContext, identifier: str, flow: Workflow | None, data: Data, day: str
) -> list[str]:
    """Return what the last state demands today, of fields and otherwise, and did not demand on a day."""
    entry = ctx.head.entries.get(identifier)
    if flow is None or entry is None:
        return []
    state, subject = str(data.get(flow.state_field)), EntrySubject(ctx.head, entry)
    fields = set(flow.missing(state, data, subject)) - set(flow.missing(state, data, subject, day))
    guards = flow.states[state].guards
    asked_then = asked_of(guards, day)
    later = [g for g in guards if g not in asked_then and g.severity in ("", ERROR)]
    return [
        *(f"in state '{state}' the field '{name}' is needed" for name in sorted(fields)),
        *(breach.message for breach in breaches(later, subject)),
    ]


def _unanswered(ctx: ChangeContext, data: Data, day: str) -> list[str]:
    """Return what the form of an offering refuses today and did not refuse on a day."""
    entry = ctx.head.entries.get(str(data.get("offering")))
    form = ctx.head.data(entry).get("form") if entry else None
    if not isinstance(form, dict):
        return []
    refused = schema.explain(validate.slow(form), data.get("answers", {}))
    kept = list(answered(form, day, refused))
    return [c.hit.message for c in refused if c not in kept]


RULES = (
    Rule(
        "W121",
        "Migration that was not carried out",
        scope=CHANGE,
        why="Closed records are compared with base through a migration, so it must be true of all documents, not of one.",
        hint="let itsm migrate make the change: it renames the word everywhere, or nowhere",
        bad="# a file in schemas/migrations says that impact low became high; one closed incident was edited",
        good="# itsm migrate state incident:in_progress working",
        check=migration_is_carried_out,
    ),
    Rule(
        "W122",
        "Migration edited or removed",
        scope=CHANGE,
        why="Older commits are read through the migrations; without one, or with another, history says something else.",
        hint="restore the file; to take a renaming back, migrate again",
        bad="# schemas/migrations/2026-11-29-state-incident-in-progress.yaml was deleted",
        good="# itsm migrate state incident:working in_progress",
        check=migrations_are_kept,
    ),
    Rule(
        "W123",
        "Finished now, dated before a demand",
        scope=CHANGE,
        why="`x-since` spares what was finished before; today's demands apply to a record that is finished today.",
        hint="add the missing fields, or date the step to when it was made",
        bad="# x-since: 2026-11-22 at a required field; an open incident is closed today, dated 2026-11-21, without it",
        good="# the incident has the field",
        check=finished_now_is_asked_now,
    ),
)
