"""Tables with rich: one place that turns record text into safe cells."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from itsm_gitops.cli.output import echo
from itsm_gitops.cli.render import wants_colour
from itsm_gitops.cli.width import terminal_width
from itsm_gitops.model.text import safe_text

_GAP = "  "
_RULE = "─"
_LEAST = 3


@dataclass(frozen=True, slots=True)
class TextColumn:
    """A column. Flexible ones are cut first, down to ``least`` cells, then ``fixed`` ones, ``whole`` ones never."""

    title: str
    fixed: bool = False
    right: bool = False
    least: int = 4
    style: str = ""
    whole: bool = False


Cell = str | tuple[str, str]


def console() -> Console:
    """Return a console for standard output that never interprets markup, emoji names or links."""
    on = wants_colour(sys.stdout)
    return Console(
        file=sys.stdout,
        width=terminal_width(),
        no_color=not on,
        force_terminal=on,
        color_system="standard" if on else None,
        markup=False,
        emoji=False,
        highlight=False,
        legacy_windows=False,
    )


def print_table(columns: Sequence[TextColumn], rows: Sequence[Sequence[Cell]]) -> None:
    """Print rows under a head. A cell is text, or text and a style; all text is made safe.

    Widths are settled here, so lines are printed one by one: a table object of rich, which settles
    them again and wraps every cell, takes five times as long for thousands of rows.
    """
    out = console()
    cells = [[_cell(c, column.style) for c, column in zip(row, columns, strict=True)] for row in rows]
    widths = allot(columns, cells, out.width - len(_GAP) * (len(columns) - 1))
    with out.capture() as capture:
        out.print(_line(columns, widths, [Text(c.title, style="bold") for c in columns]), soft_wrap=True)
        out.print(Text(_RULE * (sum(widths) + len(_GAP) * (len(widths) - 1))), soft_wrap=True)
        for row in cells:
            out.print(_line(columns, widths, row), soft_wrap=True)
    echo(capture.get(), nl=False, color=not out.no_color)


def _line(columns: Sequence[TextColumn], widths: Sequence[int], cells: Sequence[Text]) -> Text:
    """Return one line; without blanks at its end, which would wrap in narrow terminals and clutter pipes."""
    line = Text(no_wrap=True, overflow="ignore")
    for index, (column, cells_wide, cell) in enumerate(zip(columns, widths, cells, strict=True)):
        cell.truncate(cells_wide, overflow="ellipsis")
        blanks = " " * (cells_wide - cell.cell_len)
        line.append(_GAP if index else "").append(blanks if column.right else "").append_text(cell)
        line.append("" if column.right else blanks)
    line.rstrip()
    return line


def _cell(cell: Cell, default: str) -> Text:
    text, style = cell if isinstance(cell, tuple) else (cell, "")
    return Text(safe_text(text), style=style or default)


def allot(columns: Sequence[TextColumn], rows: Sequence[Sequence[Text]], room: int) -> list[int]:
    """Return the width of each column: what it needs, until the room ends.

    Flexible columns give way first, none below its least; then the fixed ones, the widest first.
    """
    widths = [max([cell_len(c.title), *(row[i].cell_len for row in rows)]) for i, c in enumerate(columns)]
    flexible = [i for i, c in enumerate(columns) if not c.fixed]
    while sum(widths) > room:
        open_ones = [i for i in flexible if widths[i] > columns[i].least]
        if open_ones:
            widest = max(open_ones, key=lambda i: widths[i])
            excess, spare = sum(widths) - room, widths[widest] - columns[widest].least
            second = max((widths[i] for i in open_ones if i != widest), default=0)
            widths[widest] -= max(1, min(excess, spare, widths[widest] - second))
            continue
        rest = [i for i, w in enumerate(widths) if w > _LEAST and not columns[i].whole]
        if not rest:
            break
        widths[max(rest, key=lambda i: (widths[i], i))] -= 1
    return widths
