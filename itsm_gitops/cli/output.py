"""Writing to standard output, whatever it is: a pipe that closed, a full disk, an old terminal."""

from __future__ import annotations

import os
import sys


def prepare() -> None:
    """Make the standard streams usable: closed ones lead nowhere, old encodings show what they can."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123, SIM115 - for the whole run
        elif mode == "w" and stream.encoding.lower() not in ("utf-8", "utf8"):
            stream.reconfigure(errors="replace")


def put(text: str) -> int:
    """Write text and return the exit code; a reader that has gone (``head``) is no error."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        discard()
    except OSError as error:
        discard()
        sys.stderr.write(f"error: {cannot_write(error)}\n")
        return 1
    return 0


def discard() -> None:
    """Lead standard output nowhere: what is still buffered must not be written when the process ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def cannot_write(error: OSError) -> str:
    """Say why the output could not be written."""
    return f"the output cannot be written: {error.strerror}"
