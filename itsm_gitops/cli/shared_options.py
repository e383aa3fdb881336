"""Arguments and options that several commands of lists and calendars have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from itsm_gitops.cli.base import lazily

_F = TypeVar("_F", bound=Callable[..., Any])


def filter_argument(function: _F) -> _F:
    """Add the words ``[KIND]... [FILTER]``."""
    return click.argument(
        "words", metavar="[KIND]... [FILTER]", nargs=-1, shell_complete=lazily("filters", "complete_filters")
    )(function)


def teams_option(text: str) -> Callable[[_F], _F]:
    """Return a decorator that adds ``--team ID``, which may be given more than once, with its help text."""
    return click.option(
        "--team", "-t", "teams", metavar="ID", multiple=True, shell_complete=lazily("teams"), help=text
    )


def ics_option(function: _F) -> _F:
    """Add ``--ics FILE``."""
    return click.option(
        "--ics",
        metavar="FILE",
        type=click.Path(dir_okay=False, allow_dash=True),
        help="Write an iCalendar file ('-': print it).",
    )(function)
