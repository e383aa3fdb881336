"""The columns behind those of the table in a file of rows that were left out: where each stood, and why.

A row with too few or too many cells cannot show that again in such a file, where all rows are of one width.
So its mark is written with it: as long as its cells are those of the mark, nobody has corrected it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

REASON = "itsm_reason"
MARK = "itsm_mark"
REASONS = ("itsm_row", "itsm_field", "itsm_rule", REASON, MARK)
_ALWAYS = REASONS[:-1]  # what files of earlier versions have, too


class ReasonColumns(NamedTuple):
    """Where the columns of reasons stand: behind ``width`` columns of the table, ``columns`` of them."""

    width: int
    columns: int

    def split(self, cells: list[str]) -> tuple[list[str], str]:
        """Return the cells of the table, and why the row cannot be used; empty for a row to be judged.

        A row that somebody wrote without reasons is one of the table. Empty cells behind the last column
        are those of a spreadsheet, which makes all rows as wide as the widest.
        """
        width, end = self.width, self.width + self.columns
        if len(cells) < end:
            return cells, ""
        reasons = dict(zip(REASONS, cells[width:end], strict=False))
        own = [*cells[:width], *cells[end:]]
        while len(own) > width and not own[-1]:
            own.pop()
        same = reasons.get(MARK) and reasons[REASON] and reasons[MARK] == mark(own)
        return own, reasons[REASON] if same else ""


def find_reasons(headings: Sequence[str]) -> ReasonColumns | None:
    """Return where the columns of reasons stand in a row of headings; None for a table that has none."""
    for width in range(len(headings) - len(_ALWAYS) + 1):
        if tuple(headings[width : width + len(_ALWAYS)]) == _ALWAYS:
            marked = tuple(headings[width : width + len(REASONS)]) == REASONS
            return ReasonColumns(width, len(REASONS if marked else _ALWAYS))
    return None


def mark(cells: Sequence[str]) -> str:
    """Return what tells the cells of a row from others, without the empty ones at its end."""
    own = list(cells)
    while own and not own[-1]:
        own.pop()
    return hashlib.sha256("\0".join(own).encode("utf-8", "surrogatepass")).hexdigest()[:12]
