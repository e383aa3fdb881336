"""`itsm sync`, `undo` and `merge`: working together on one branch."""

from __future__ import annotations

import sys

import click

from itsm_gitops.cli.base import App, json_option, pass_app, print_json
from itsm_gitops.cli.command import command
from itsm_gitops.cli.output import echo
from itsm_gitops.cli.render import styles
from itsm_gitops.cli.sharing import tell
from itsm_gitops.model.text import safe_text
from itsm_gitops.model.words import counted


@command(
    "sync",
    [
        ("itsm sync", "share what you wrote, take what others wrote"),
        ("itsm sync --all", "documents that you edited by hand, too"),
        ("itsm sync --waiting", "in a workflow: merge what waits for a protected branch"),
    ],
)
@click.option("-a", "--all", "everything", is_flag=True, help="Commit documents edited by hand, too.")
@click.option("--waiting", is_flag=True, help="Merge the branches on which records wait; for workflows.")
@click.option(
    "-m", "--message", metavar="TEXT", default="", help="Message of the commit.  [default: what happened]"
)
@json_option
@pass_app
def sync_command(app: App, everything: bool, waiting: bool, message: str, as_json: bool) -> int:
    """Share what you wrote, and take what others wrote.

    Commits what itsm wrote in this clone and nothing else, merges it by meaning with what others
    pushed meanwhile, checks what was merged, and pushes; if somebody else was faster, it starts again by itself.
    Commands that write take --sync; after 'git config itsm.sync always' they do it every time.
    Without a network the commit waits for the next time. What the policy sends through a pull
    request (schemas/policies/sharing.yaml) stays here, and is named.
    """
    if waiting:
        return _land(app, as_json)
    from itsm_gitops.editing.sync import sync

    result = sync(app.repo, everything=everything, message=message)
    if as_json:
        print_json(result.as_json())
    else:
        tell(result)
    return 0


def _land(app: App, as_json: bool) -> int:
    from itsm_gitops.editing.waiting import land_waiting

    found = land_waiting(app.repo)
    if as_json:
        print_json([{"branch": f.branch, "commits": f.commits, "why": f.why or None} for f in found])
    else:
        for one in found:
            told = f"waits on: {one.why}" if one.why else f"merged: {counted(one.commits, 'commit')}"
            echo(f"{safe_text(one.branch)}  {safe_text(told)}")
    return 1 if any(f.why for f in found) else 0


@command(
    "undo",
    [("itsm undo", "take back what the last command wrote"), ("itsm undo --json", "")],
)
@json_option
@pass_app
def undo_command(app: App, as_json: bool) -> None:
    """Take back what the last command wrote.

    Its files become what they were, and its commit goes, as long as it is not shared. What others already
    have stays: write the opposite with another command.
    """
    from itsm_gitops.commands.sharing import undo

    undone = undo(app.repo)
    if as_json:
        print_json(
            {
                "command": undone.command,
                "at": undone.at,
                "paths": list(undone.paths),
                "commit": undone.commit or None,
            }
        )
        return
    style = styles(sys.stdout)
    echo(f"{style.good('taken back')}: {safe_text(undone.command)} of {undone.at}", color=style.on)
    for path in undone.paths:
        echo(f"  {safe_text(path)}")
