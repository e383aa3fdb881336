"""The width of the terminal in columns."""

from __future__ import annotations

import os
import sys

DEFAULT_WIDTH = 80
_LEAST = 40


def terminal_width() -> int:
    """Return the columns to fill: what COLUMNS says, else the terminal, else 80; 40 at least."""
    setting = os.environ.get("COLUMNS", "")
    if setting.isdigit() and int(setting):
        return max(_LEAST, int(setting))
    for stream in (sys.__stdout__, sys.__stderr__):
        try:
            columns = os.get_terminal_size(stream.fileno()).columns if stream else 0
        except (OSError, ValueError):
            continue
        if columns:
            return max(_LEAST, columns)
    return DEFAULT_WIDTH
