"""Tables with rich: one place that turns record text into safe cells."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Literal, NamedTuple

import click
from rich.box import Box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from itsm_gitops.cli.render import wants_colour
from itsm_gitops.cli.width import terminal_width
from itsm_gitops.model.text import safe_text

# A line below the head and nothing else: calm, and easy to copy from.
_BOX = Box("    \n    \n ── \n    \n    \n    \n    \n    \n")

_GAP = 2
_LEAST = 3


class Column(NamedTuple):
    """A column. ``fixed`` ones are cut last, the others first and down to ``least`` cells."""

    title: str
    fixed: bool = False
    right: bool = False
    least: int = 4
    style: str = ""


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


def print_table(columns: Sequence[Column], rows: Sequence[Sequence[Cell]]) -> None:
    """Print rows under a head. A cell is text, or text and a style; all text is made safe."""
    out = console()
    table = Table(
        box=_BOX, show_edge=False, pad_edge=False, padding=(0, 1), header_style="bold", collapse_padding=True
    )
    cells = [[_cell(c) for c in row] for row in rows]
    widths = allot(columns, cells, out.width - _GAP * (len(columns) - 1))
    for column, cells_wide in zip(columns, widths, strict=True):
        justify: Literal["left", "right"] = "right" if column.right else "left"
        table.add_column(
            column.title,
            width=cells_wide,
            no_wrap=True,
            overflow="ellipsis",
            justify=justify,
            style=column.style,
        )
    for row in cells:
        table.add_row(*row)
    with out.capture() as capture:
        out.print(table)
    # Trailing blanks would wrap in narrow terminals and clutter pipes.
    lines = [line.rstrip() for line in capture.get().splitlines()]
    click.echo("\n".join(lines), color=not out.no_color)


def _cell(cell: Cell) -> Text:
    text, style = cell if isinstance(cell, tuple) else (cell, "")
    return Text(safe_text(text), style=style, no_wrap=True, overflow="ellipsis")


def allot(columns: Sequence[Column], rows: Sequence[Sequence[Text]], room: int) -> list[int]:
    """Return the width of each column: what it needs, until the room ends.

    Flexible columns give way first, none below its least; then all, the widest first.
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
        rest = [i for i, w in enumerate(widths) if w > _LEAST]
        if not rest:
            break
        widths[max(rest, key=lambda i: (widths[i], i))] -= 1
    return widths
