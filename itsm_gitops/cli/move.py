"""`itsm move`."""

from __future__ import annotations

import sys

import click

from itsm_gitops.cli.base import (
    App,
    at_time_options,
    by_option,
    dry_run_option,
    interactive,
    json_option,
    lazily,
    pass_app,
    print_json,
    sync_option,
)
from itsm_gitops.cli.bulk import bulk_options, edit_all, words_behind
from itsm_gitops.cli.command import command
from itsm_gitops.cli.failures import usage
from itsm_gitops.cli.outcome import print_written
from itsm_gitops.cli.output import echo
from itsm_gitops.cli.render import facts, styles
from itsm_gitops.cli.width import terminal_width
from itsm_gitops.editing.fields import Assignment, read_assignment
from itsm_gitops.editing.move import Missing, move, moved, open_moves


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
        ("itsm move --all 'incidents state:resolved updated:<-14d' closed", "many; asks first"),
    ],
)
@click.argument("identifier", metavar="ID", required=False, shell_complete=lazily("identifiers"))
@click.argument("state", required=False, shell_complete=lazily("states"))
@bulk_options
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
    identifier: str | None,
    state: str | None,
    over: str | None,
    yes: bool,
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
    values = [read_assignment(a) for a in assignments]
    if over is not None:
        (target, *rest) = words_behind(over, identifier, state) or ("",)
        if not target or rest:
            raise usage("to which one state?", "itsm move --all FILTER STATE")
        edit_all(
            app,
            over,
            lambda d, _: (
                d,
                moved(app.repo, d, target, values, code=code, note=note, by=by, at=at, reason=reason),
            ),
            yes=yes,
            dry_run=dry_run,
            as_json=as_json,
        )
        return
    if identifier is None:
        raise usage("which document?", "itsm move ID STATE, or itsm move --all FILTER STATE")
    if state is None:
        _list_steps(app, identifier, as_json)
        return
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
