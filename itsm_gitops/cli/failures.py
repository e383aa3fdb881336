"""Prints errors: one clear line, a hint, and the right exit code."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from itsm_gitops import __version__
from itsm_gitops.cli.output import cannot_write, discard, echo, put
from itsm_gitops.cli.width import terminal_width
from itsm_gitops.model.errors import ItsmError, UsageError
from itsm_gitops.model.text import safe_text

if TYPE_CHECKING:
    from itsm_gitops.model.findings import Finding

INTERNAL = 3
INTERRUPTED = 130
_OUTPUT = (errno.ENOSPC, errno.EIO, errno.EBADF, errno.EFBIG, errno.EDQUOT)
_NAMED = 5  # documents that a warning names


def usage(message: str, hint: str = "") -> UsageError:
    """Return an error about how the command was called (exit code 2)."""
    return UsageError(message, hint)


def say(label: str, message: str, hint: str = "") -> None:
    """Write ``label: message`` and the hint to standard error."""
    from itsm_gitops.cli.render import styles, wrap

    style = styles(sys.stderr)
    columns = terminal_width()
    colour = style.error if label == "error" else style.warning
    head, *rest = wrap(safe_text(message, lines=True), columns - len(label) - 2)
    lines = [f"{colour(label + ':')} {head}", *(f"  {line}" for line in rest)]
    advice = wrap(safe_text(hint, lines=True), columns - 6) if hint else []
    lines += [f"{style.dim('hint:') if i == 0 else '     '} {line}".rstrip() for i, line in enumerate(advice)]
    echo("\n".join(lines), err=True, color=style.on)


def tell_left_out(identifiers: Sequence[str]) -> None:
    """Warn of documents that cannot be read and are missing in what was printed."""
    if identifiers:
        count, verb, them = len(identifiers), "are", "them"
        if count == 1:
            verb, them = "is", "it"
        names = ", ".join(identifiers[:_NAMED]) + (", …" if count > _NAMED else "")
        files = f"{count:,} file{'' if count == 1 else 's'} cannot be read and {verb} left out"
        say("warning", f"{files}: {names}", f"itsm check says what is wrong with {them}")


def report(error: Exception) -> int:
    """Write what went wrong and return the exit code for it."""
    if isinstance(error, click.exceptions.Exit):
        return error.exit_code
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        echo(error.ctx.get_help() if error.ctx else str(error), err=True)
        return UsageError.exit_code
    if isinstance(error, click.Abort):
        return interrupted()
    if isinstance(error, BrokenPipeError):
        return _closed_pipe()
    if isinstance(error, OSError) and (error.filename is not None or error.errno in _OUTPUT):
        return _system(error)
    if isinstance(error, ItsmError):
        say("error", error.message, error.hint)
        _findings(getattr(error, "findings", ()))
        return error.exit_code
    if isinstance(error, click.ClickException):
        return _click(error)
    return _internal(error)


def _findings(findings: Sequence[Finding]) -> None:
    """List the findings because of which a document was not written."""
    from itsm_gitops.cli.render import styles, wrap
    from itsm_gitops.model.findings import json_pointer

    style, columns = styles(sys.stderr), terminal_width()
    for finding in findings:
        where = json_pointer(finding.pointer)
        text = safe_text(f"{where}: {finding.message}" if where else finding.message)
        advice = [f"  {line}" for line in wrap(safe_text(finding.hint), columns - 9)] if finding.hint else []
        body = [*wrap(text, columns - 7), *(style.dim(line) for line in advice)]
        for index, line in enumerate(body):
            lead = style.error(finding.code) if index == 0 else " " * len(finding.code)
            echo(f"  {lead} {line}", err=True, color=style.on)


def interrupted() -> int:
    """Say that the user stopped the command."""
    echo("stopped", err=True)
    return INTERRUPTED


def _system(error: OSError) -> int:
    """Say what the system refused: that is no fault of the program."""
    if error.filename is not None:
        say("error", f"{error.filename}: {error.strerror}")
    else:
        discard()
        say("error", cannot_write(error))
    return ItsmError.exit_code


def _closed_pipe() -> int:
    """Leave quietly when the reader of our output (``head``) has gone."""
    return put("")


def _click(error: click.ClickException) -> int:
    """Say a click error in our words."""
    command = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else "itsm"
    message, hint = error.format_message().rstrip("."), f"{command} --help"
    if isinstance(error, click.NoSuchOption):
        message = f"there is no option '{error.option_name}'"
        if error.possibilities:
            hint = f"did you mean {', '.join(sorted(error.possibilities))}? see also: {hint}"
    elif message:
        message = message[0].lower() + message[1:]
    say("error", message, hint)
    return UsageError.exit_code if isinstance(error, click.UsageError) else error.exit_code


def _internal(error: Exception) -> int:
    """Report a fault of the program itself, shortly; with a traceback where ITSM_DEBUG is set."""
    import traceback

    if os.environ.get("ITSM_DEBUG"):
        echo("".join(traceback.format_exception(error)), err=True)
    frames = traceback.extract_tb(error.__traceback__)
    where = f"{os.path.basename(frames[-1].filename)}:{frames[-1].lineno}" if frames else "?"  # noqa: PTH119
    python = ".".join(map(str, sys.version_info[:3]))
    say(
        "error",
        f"itsm stumbled: {type(error).__name__}: {error} ({where})",
        f"this is a fault of itsm {__version__} (Python {python}); please report it\n"
        "ITSM_DEBUG=1 shows the whole story",
    )
    return INTERNAL
