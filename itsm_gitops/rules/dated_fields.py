"""Family D: dates that belong together. Every date with ``x-time`` in its schema is judged by the same two rules."""

from __future__ import annotations

from collections.abc import Iterator

from itsm_gitops.model import dated_fields, windows
from itsm_gitops.model.kinds import Kind
from itsm_gitops.rules.context import DocumentContext
from itsm_gitops.rules.rule import Hit, Rule


def dates_are_in_order(ctx: DocumentContext) -> Iterator[Hit]:
    """Compare each date with those that its schema puts before it."""
    zone = windows.zone(ctx.store.config.timezone)
    for pointer, value, name, other in dated_fields.before_another(ctx.kind, ctx.data, zone):
        yield Hit(f"'{pointer[-1]}' is {value}, before '{name}', which is {other}", pointer)


def dates_have_come(ctx: DocumentContext) -> Iterator[Hit]:
    """Compare each date of what has happened with the present."""
    zone = windows.zone(ctx.store.config.timezone)
    for pointer, value in dated_fields.not_yet(ctx.kind, ctx.data, ctx.now, zone):
        yield Hit(f"'{pointer[-1]}' says what has happened, and {value} has not come yet", pointer)


def _ordered(kind: Kind) -> set[str]:
    """Return the top-level fields with a date that comes after another."""
    return {str(terms.pointer[0]) for terms in dated_fields.date_terms(kind) if terms.after}


def _past(kind: Kind) -> set[str]:
    """Return the top-level fields with a date of what has happened."""
    return {str(terms.pointer[0]) for terms in dated_fields.date_terms(kind) if terms.past}


RULES = (
    Rule(
        "D050",
        "Dates in the wrong order",
        why="An end before its beginning makes clocks, terms and calendars wrong, and nobody notices from the figures.",
        hint="correct one of the two dates",
        bad="class: contract\nstart: 2027-01-01\nend: 2026-12-31",
        good="class: contract\nstart: 2026-01-01\nend: 2026-12-31",
        about=_ordered,
        check=dates_are_in_order,
    ),
    Rule(
        "D051",
        "Something has happened that lies ahead",
        why="What has been verified, bought or mitigated has a date in the past; one ahead is a slip of the pen that hides a gap.",
        hint="give the date on which it happened",
        bad="verification: {date: 2062-11-01, by: ops}",
        good="verification: {date: 2026-11-01, by: ops}",
        about=_past,
        check=dates_have_come,
    ),
)
