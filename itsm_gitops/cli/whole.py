"""`itsm edit`."""

from __future__ import annotations

import click

from itsm_gitops.cli.base import (
    App,
    by_option,
    dry_run_option,
    interactive,
    json_option,
    lazily,
    pass_app,
    sync_option,
)
from itsm_gitops.cli.command import command
from itsm_gitops.cli.failures import report, say
from itsm_gitops.cli.outcome import print_written
from itsm_gitops.cli.output import echo
from itsm_gitops.editing.whole import WholeEdit, begin, discard, finish_edit
from itsm_gitops.model.errors import ChangedMeanwhile, ItsmError
from itsm_gitops.model.text import safe_text


@command(
    "edit",
    [
        ("itsm edit K7QF3", "the whole document in your editor; judged when you save"),
        ("itsm edit K7QF3 --fresh", "throw away what an earlier edit left"),
        ("EDITOR=nano itsm edit mail-db", "in another editor"),
    ],
)
@click.argument("identifier", metavar="ID", shell_complete=lazily("identifiers"))
@click.option(
    "--fresh", is_flag=True, help="Begin with the document as it is, not where an earlier edit was left."
)
@click.option("--reason", metavar="TEXT", help="Why; some changes require it.")
@by_option
@sync_option
@dry_run_option
@json_option
@pass_app
def edit_command(
    app: App,
    identifier: str,
    fresh: bool,
    reason: str | None,
    by: str | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Edit a whole document in $VISUAL or $EDITOR.

    What is saved is judged as any edit is. Tracked fields (team, impact, planned times …) that you change go into the
    timeline as with itsm set. Where it breaks rules you may go on editing; what you typed is kept until it is written,
    and the same command continues it later.
    """
    edit = begin(app.repo, identifier, fresh=fresh)
    if edit.resumed:
        say(
            "note",
            f"continuing with the text typed before ({edit.draft})",
            f"itsm edit {identifier} --fresh begins anew",
        )
    while True:
        try:
            click.edit(filename=str(edit.draft))
            result = finish_edit(app.repo, edit, by=by, reason=reason, dry_run=dry_run)
        except (ItsmError, click.ClickException) as error:
            if not (interactive() and _again(error)):
                _say_kept(edit)
                raise
        else:
            if dry_run and not edit.resumed:
                discard(edit)
            print_written([result], as_json, dry_run=dry_run)
            return


def _again(error: Exception) -> bool:
    """Say what is wrong and ask whether to go on; where the document has changed meanwhile, nothing more can be typed."""
    if isinstance(error, ChangedMeanwhile):
        return False
    report(error)
    return click.confirm("Edit again?", default=True)


def _say_kept(edit: WholeEdit) -> None:
    echo(f"what you typed is kept: {safe_text(edit.draft)}", err=True)
