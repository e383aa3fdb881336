"""`itsm sync`, `undo` and `merge`: working together on one branch."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from itsm_gitops.cli.base import SHARING, App, command, json_option, pass_app, print_json
from itsm_gitops.cli.failures import say
from itsm_gitops.cli.output import echo
from itsm_gitops.cli.render import styles
from itsm_gitops.model.text import safe_text
from itsm_gitops.model.words import counted

if TYPE_CHECKING:
    from itsm_gitops.editing.sync import Synced


@command(
    "sync",
    [
        ("itsm sync", "share what you wrote, take what others wrote"),
        ('itsm note K7QF3 "Restarted the pool." --sync', "the same behind one command"),
        ("git config itsm.sync always", "behind every command of this clone that writes"),
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
    pushed meanwhile, checks what was merged, and pushes; who was slower begins again by itself.
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
        _tell(result)
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


def share(ctx: click.Context) -> None:
    """Share what a command has just written, where its options or the settings want it."""
    from itsm_gitops.commands.sharing import is_wanted

    app = ctx.find_object(App)
    if app is None or not is_wanted(app.repo, ctx.meta.get(SHARING, "")):
        return
    from itsm_gitops.editing.sync import sync

    _tell(sync(app.repo), err=True)


def _tell(result: Synced, *, err: bool = False) -> None:
    from itsm_gitops.editing.sync import LOCAL, QUEUED, SHARED, WAITING

    style = styles(sys.stderr if err else sys.stdout)
    where = f"{result.remote}/{result.branch}" if result.remote else result.branch
    if result.message:
        echo(style.dim(safe_text(result.message.partition("\n")[0])), err=err, color=style.on)
    came = f", {counted(result.received, 'commit')} received" if result.received else ""
    merged = f", {counted(len(result.merged), 'document')} merged" if result.merged else ""
    words = {
        SHARED: f"shared with {where}: {counted(result.pushed, 'commit')} sent{came}{merged}",
        LOCAL: f"committed as {result.commit[:9]}; there is no remote to share it with",
        WAITING: f"sent to {result.waiting}: {result.branch} takes no pushes, a workflow merges it after its check",
    }
    said = words.get(result.outcome, f"nothing to share with {where}{came}")
    if result.outcome == QUEUED:
        say(
            "warning",
            f"not shared yet: {result.why}",
            "what you wrote is committed here and waits: itsm sync",
        )
    else:
        echo(style.good(safe_text(said)), err=err, color=style.on)
    if result.behind:
        say(
            "warning",
            f"the files here stay as they were: {result.behind}",
            "commit or stash what is in the way; itsm sync",
        )
    for file in result.left:
        say("note", f"left here: {file.path} ({file.reason})", file.hint)


@command(
    "undo",
    [("itsm undo", "take back what the last command wrote"), ("itsm undo --json", "")],
)
@json_option
@pass_app
def undo_command(app: App, as_json: bool) -> None:
    """Take back what the last command wrote.

    Its files become what they were, and its commit goes, as long as it is not shared. What others
    have already is history: then the opposite is written with another command.
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
