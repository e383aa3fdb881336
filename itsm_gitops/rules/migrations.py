"""Family W, migrations: what a request renames is renamed everywhere, and what was renamed stays on record."""

from __future__ import annotations

from collections.abc import Iterator

from itsm_gitops.model.migrations import FOLDER
from itsm_gitops.rules.context import ChangeContext
from itsm_gitops.rules.rule import CHANGE, Hit, Rule


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
)
