"""Writing a finished text to standard output."""

from __future__ import annotations

import os
import sys


def put(text: str) -> int:
    """Write text and return the exit code; a reader that has gone (``head``) is no error."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        # What is still buffered must not be written again when the process ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0
