"""`itsm move`."""

from __future__ import annotations

import sys

import click

from itsm_gitops.cli.base import (
    App,
    at_time_options,
    by_option,
    command,
    dry_run_option,
    interactive,
    json_option,
    lazily,
    pass_app,
    print_json,
    sync_option,
)
from itsm_gitops.cli.outcome import print_written
from itsm_gitops.cli.output import echo
from itsm_gitops.cli.render import facts, styles
from itsm_gitops.cli.width import terminal_width
from itsm_gitops.editing.fields import Assignment, read_assignment
from itsm_gitops.editing.move import Missing, move, open_moves


@command(
    "move",
    [
        ("itsm move K7QF3 in_progress --set assigned_team=network", "start work"),
        ('itsm move K7QF3 resolved --code fixed --note "Volume extended."', "resolve"),
        (
            "itsm move K7QF3 resolved --code fixed --note Done. --at -2h --reason 'No network.'",
            "written later",
        ),
        ("itsm move mail-db production", "a configuration item's life cycle"),
        ("itsm move K7QF3", "list the states that can be reached"),
    ],
)
@click.argument("identifier", metavar="ID", shell_complete=lazily("identifiers"))
@click.argument("state", required=False, shell_complete=lazily("states"))
@click.option(
    "--set",
    "assignments",
    metavar="FIELD=VALUE",
    multiple=True,
    shell_complete=lazily("assignments"),
    help="Set a field on the way; repeatable.",
)
@click.option(
    "--code",
    metavar="CODE",
    shell_complete=lazily("codes"),
    help="The coded reason or outcome that the state demands.",
)
@click.option(
    "--note", metavar="TEXT", help="What happened; becomes the notes that the state demands, else a note."
)
@by_option
@at_time_options
@dry_run_option
@sync_option
@json_option
@pass_app
def move_command(
    app: App,
    identifier: str,
    state: str | None,
    assignments: tuple[str, ...],
    code: str | None,
    note: str | None,
    by: str | None,
    at: str | None,
    reason: str | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Move a document to another state.

    The life cycle decides which states can be reached and which fields they demand. The step is
    added to the timeline. Without STATE the possible steps are listed.
    """
    if state is None:
        _list_steps(app, identifier, as_json)
        return
    values = [read_assignment(a) for a in assignments]
    while True:
        try:
            edit = move(
                app.repo,
                identifier,
                state,
                values,
                code=code,
                note=note,
                by=by,
                at=at,
                reason=reason,
                dry_run=dry_run,
            )
        except Missing as missing:
            if not interactive() or as_json:
                raise
            values += _ask(app, missing)
        else:
            print_written([edit], as_json, dry_run=dry_run)
            return


def _ask(app: App, missing: Missing) -> list[Assignment]:
    from itsm_gitops.cli.prompts import ask_field

    return [ask_field(app.repo, missing.kind, need.field) for need in missing.needs]


def _list_steps(app: App, identifier: str, as_json: bool) -> None:
    steps = open_moves(app.repo, identifier)
    if as_json:
        rows = [{"state": s.state, "title": s.title, "needs": [n.field for n in s.needs]} for s in steps]
        print_json(rows)
        return
    style = styles(sys.stdout)
    lines = [
        (s.state, s.title + (f"; needs {', '.join(n.field for n in s.needs)}" if s.needs else ""))
        for s in steps
    ]
    for line in facts(lines, terminal_width(), style) if lines else ["  nothing follows: the state is final"]:
        echo(line, color=style.on)
