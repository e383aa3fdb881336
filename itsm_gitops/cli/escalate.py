"""`itsm escalate`."""

from __future__ import annotations

import click

from itsm_gitops.cli.base import (
    App,
    by_option,
    dry_run_option,
    json_option,
    lazily,
    pass_app,
    print_json,
    sync_option,
)
from itsm_gitops.cli.command import command
from itsm_gitops.cli.outcome import print_written
from itsm_gitops.cli.output import echo
from itsm_gitops.commands.escalating import escalate
from itsm_gitops.model.text import safe_text


@command(
    "escalate",
    [
        ('itsm escalate K7QF3 --why "No answer for ten minutes."', "to whoever is called next"),
        ('itsm escalate K7QF3 --to network-team --why "It is the line."', "to another team, which gets it"),
        ('itsm escalate K7QF3 --to network-lead --why "It will be late."', "to somebody who leads"),
    ],
)
@click.argument("identifier", metavar="ID", shell_complete=lazily("identifiers"))
@click.option("--why", metavar="TEXT", required=True, help="The reason; whoever is called reads it.")
@click.option(
    "--to", metavar="WHO", default="", shell_complete=lazily("people"),
    help="A team or a person.  [default: who is called next]",
)  # fmt: skip
@by_option
@sync_option
@dry_run_option
@json_option
@pass_app
def escalate_command(
    app: App, identifier: str, why: str, to: str, by: str | None, dry_run: bool, as_json: bool
) -> None:
    """Escalate a record to the next person or team.

    Another team takes the record over, and its assignee is cleared. A person is named in the record, and whoever works
    on it goes on. The timeline keeps --why as the reason. `itsm oncall ID` shows who was called, who is called next and
    when, by the rota and the steps of the team and by the service level.
    """
    done = escalate(app.repo, identifier, why, to=to, by=by, dry_run=dry_run)
    if as_json:
        print_json({**done.written.as_json(), "to": done.to, "how": done.how})
        return
    print_written([done.written], as_json, dry_run=dry_run)
    echo(safe_text(f"{done.how} escalation to {done.to}"))
