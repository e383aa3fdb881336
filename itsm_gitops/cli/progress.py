"""Shows how far long work is, on one line of standard error, where that is a terminal."""

from __future__ import annotations

import sys
from typing import Self

from itsm_gitops.cli.output import redraw

_BAR = 24  # cells
_MANY = 2_000  # documents: fewer are read in a moment


class Progress:
    """Shows a phase and how far it is as a bar on standard error, where that is a terminal."""

    def __init__(self) -> None:
        self._on = sys.stderr.isatty()

    def __call__(self, what: str, done: int, total: int) -> None:
        """Show a phase as a bar; one of a single step without."""
        if self._on:
            filled = "━" * (_BAR * done // total)
            shown = f" {filled:╌<{_BAR}} {done:,} of {total:,}" if total > 1 else " …"
            redraw(f"{what}{shown}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._on:
            redraw()


def show_reading(done: int, total: int) -> None:
    """Show how many documents have been read, and nothing any more once all have."""
    if total < _MANY or not sys.stderr.isatty():
        return
    if done >= total:
        redraw()
    else:
        Progress()("reading documents", done, total)
