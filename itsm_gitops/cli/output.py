"""Writing to standard output and error, the only place that does.

Whatever they are: a pipe that closed, a full disk, an old terminal. Names of files and folders, words of Git
and of other programs are printed so that nothing in them acts on the terminal (CWE-150).
"""

from __future__ import annotations

import os
import sys

from itsm_gitops.model.text import harmless


def prepare() -> None:
    """Make the standard streams usable: closed ones lead nowhere, old encodings show what they can."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123, SIM115 - for the whole run
        elif mode == "w" and stream.encoding.lower() not in ("utf-8", "utf8"):
            stream.reconfigure(errors="replace")


def echo(text: str = "", *, err: bool = False, nl: bool = True, color: bool | None = None) -> None:
    """Print text; control characters in it become visible escapes, but for our own colours where ``color`` is on.

    ``color`` None leaves them where the stream is a terminal.
    """
    import click

    stream = sys.stderr if err else sys.stdout
    colours = stream.isatty() if color is None else color
    click.echo(harmless(text, colours=colours), err=err, nl=nl, color=color)


def echo_exactly(text: str) -> None:
    """Print a file as it is to a program; a terminal gets what is harmless."""
    import click

    click.echo(harmless(text) if sys.stdout.isatty() else text, nl=False)


def redraw(text: str = "") -> None:
    """Write over the last line of standard error, which is a terminal: progress."""
    import click

    click.echo(f"\r\x1b[K{harmless(text)}", err=True, nl=False)


def put(text: str, *, colours: bool = False) -> int:
    """Write text and return the exit code; a reader that has gone (``head``) is no error."""
    try:
        sys.stdout.write(harmless(text, colours=colours))
        sys.stdout.flush()
    except BrokenPipeError:
        discard()
    except OSError as error:
        discard()
        sys.stderr.write(harmless(f"error: {cannot_write(error)}\n"))
        return 1
    return 0


def discard() -> None:
    """Lead standard output nowhere: what is still buffered must not be written when the process ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def cannot_write(error: OSError) -> str:
    """Say why the output could not be written."""
    return f"the output cannot be written: {error.strerror}"
