"""How many columns there are to fill."""

from __future__ import annotations

import os
import sys

DEFAULT_WIDTH = 80
_LEAST = 40


def terminal_width() -> int:
    """Return the columns to fill: what COLUMNS says, else the terminal, else 80; 40 at least."""
    named = os.environ.get("COLUMNS", "")
    if named.isdigit() and int(named):
        return max(_LEAST, int(named))
    for stream in (sys.__stdout__, sys.__stderr__):
        try:
            found = os.get_terminal_size(stream.fileno()).columns if stream else 0
        except (OSError, ValueError):
            continue
        if found:
            return max(_LEAST, found)
    return DEFAULT_WIDTH
