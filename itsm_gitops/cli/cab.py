"""`itsm cab`: the change advisory board's agenda, and what it decided."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from itsm_gitops.cli.base import (
    App,
    at_option,
    by_option,
    dry_run_option,
    json_option,
    lazily,
    pass_app,
    print_json,
    sync_option,
)
from itsm_gitops.cli.command import command, group_with_help
from itsm_gitops.cli.outcome import print_written
from itsm_gitops.cli.output import echo
from itsm_gitops.cli.render import Style, styles, wrap
from itsm_gitops.cli.shared_options import ics_option
from itsm_gitops.cli.times import local
from itsm_gitops.cli.width import terminal_width
from itsm_gitops.model.clock import format_time
from itsm_gitops.model.text import safe_text

if TYPE_CHECKING:
    from itsm_gitops.graph.boards import BoardAgenda


@group_with_help("cab")
def cab_command() -> None:
    """Prepare a meeting of the change advisory board, and write back what it decided."""


@command(
    "agenda",
    [
        ("itsm cab agenda", "of the next planned meeting"),
        ("itsm cab agenda 2026-11-24", "of a day"),
        ("itsm cab agenda 2026-11-24 --markdown", "as text for the invitation"),
        ("itsm cab agenda --ics board.ics", "the meeting with its agenda, as a calendar file"),
    ],
)
@click.argument("day", metavar="[DATE]", required=False, default="")
@click.option("--board", metavar="TEAM", default="", shell_complete=lazily("teams"), help="Which board.")
@click.option("--markdown", is_flag=True, help="Print Markdown.")
@ics_option
@at_option
@json_option
@pass_app
def agenda_command(
    app: App, day: str, board: str, markdown: bool, ics: str | None, at: str | None, as_json: bool
) -> None:
    """Compute the agenda of a board for a day.

    Changes that wait for a decision by their risk, failed changes and emergencies since the last
    meeting, outstanding reviews, changes planned until the next one, freezes.
    """
    from itsm_gitops.commands.boards import agenda, agenda_ics, write_agenda_ics

    made = agenda(app.repo, day, board, at)
    if ics == "-":
        echo(agenda_ics(app.repo, made, at), nl=False)
    elif ics is not None:
        write_agenda_ics(app.repo, made, Path(ics), at)
        echo(f"{safe_text(ics)}: agenda of {made.day}")
    elif as_json:
        print_json(made.as_json())
    elif markdown:
        echo(safe_text(made.as_markdown(), lines=True), nl=False)
    else:
        style = styles(sys.stdout)
        echo("\n".join(_lines(made, style, terminal_width(), app.repo.config.timezone)), color=style.on)


def _lines(made: BoardAgenda, style: Style, columns: int, zone: str) -> Iterator[str]:
    named = f"  {made.meeting}" if made.meeting else ""
    yield style.bold(f"Agenda of {made.day}") + safe_text(named)
    yield style.dim(
        f"since {local(format_time(made.since), zone)}, until {local(format_time(made.until), zone)}"
    )
    for _, title, items in made.parts:
        yield ""
        yield style.bold(title)
        if not items:
            yield style.dim("  nothing")
        for item in items:
            yield f"  {style.name(safe_text(item.id))}  {safe_text(item.reason)}"
            yield from (f"    {line}" for line in wrap(safe_text(item.title), columns - 4))


@command(
    "record",
    [
        ("itsm cab record MTG-261120-VE7H6", "note each decision in the change it is about"),
        ("itsm cab record MTG --dry-run", "see what would be written"),
    ],
)
@click.argument("identifier", metavar="MEETING", shell_complete=lazily("identifiers"))
@by_option
@dry_run_option
@sync_option
@json_option
@pass_app
def record_command(app: App, identifier: str, by: str | None, dry_run: bool, as_json: bool) -> None:
    """Write the decisions of a meeting into the changes they are about.

    Each change gets the board's advice and a note that names the meeting. A second run writes
    nothing. Advice authorises nothing: that is for the gate.
    """
    from itsm_gitops.commands.boards import record_decisions

    done = record_decisions(app.repo, identifier, by, dry_run=dry_run)
    if not done and not as_json:
        echo("every decision is noted already")
        return
    print_written(done, as_json, dry_run=dry_run)


for _sub in (agenda_command, record_command):
    cab_command.add_command(_sub)
