"""The names of columns: what lists, exports and reports of one's own can show, derived values included."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from itsm_gitops.model.errors import did_you_mean
from itsm_gitops.model.kinds import Kind

# Columns that are derived or that every kind has, before the kind's own fields.
DERIVED = ("id", "kind", "title", "state", "priority", "clock", "age", "opened", "updated", "path", "root")
AGE, ROOT, PATH = "age", "root", "path"
CLOCK = "clock"  # of the promise that matters most, in words


def column_names(kinds: Iterable[Kind]) -> list[str]:
    """Return every column that can be asked for, derived ones first."""
    return list(dict.fromkeys([*DERIVED, *(f for k in kinds for f in k.fields)]))


def near_column(name: str, kinds: Sequence[Kind]) -> str:
    """Say which column may be meant; where none is near, what there is without listing a hundred fields."""
    fields = explains_fields(kinds)
    return (
        did_you_mean(name, column_names(kinds)) or f"columns: {', '.join(DERIVED)}, and every field\n{fields}"
    )


def explains_fields(kinds: Sequence[Kind]) -> str:
    """Say where the fields of some kinds are listed."""
    return f"itsm explain {kinds[0].name if len(kinds) == 1 else 'KIND'} lists the fields"
