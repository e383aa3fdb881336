"""`itsm recur`."""

from __future__ import annotations

import sys

import click

from itsm_gitops.cli.base import App, dry_run_option, json_option, pass_app, print_json, sync_option
from itsm_gitops.cli.command import command
from itsm_gitops.cli.output import echo
from itsm_gitops.cli.render import styles
from itsm_gitops.cli.times import local
from itsm_gitops.model.text import safe_text


@command(
    "recur",
    [
        ("itsm recur", "make what is due; run it every day, running it twice does no harm"),
        ("itsm recur --dry-run", "see what would be made"),
        ("itsm recur --at 2026-12-24 --dry-run", "as of another day"),
    ],
)
@click.option("--at", "at", metavar="WHEN", default="", help="As of this day or moment.  [default: now]")
@dry_run_option
@sync_option
@json_option
@pass_app
def recur_command(app: App, at: str, dry_run: bool, as_json: bool) -> None:
    """Make the records of recurring work that are due.

    schemas/policies/recurring.yaml says which records recur and when. Identifier, opening and text
    of a record follow from its rule and its day: a second run makes nothing, and two people who
    run it make the same file.
    """
    from itsm_gitops.commands.filters import since
    from itsm_gitops.editing.recurring import make_recurring, recurring_work
    from itsm_gitops.model import clock
    from itsm_gitops.model.errors import UsageError

    now = since(app.repo, at, "--at") if at else clock.now()
    if now > clock.now() and not dry_run:
        raise UsageError(f"--at: {at} is in the future", "add --dry-run to see what will be made then")
    work = recurring_work(app.repo, now)
    for one in work:
        if not one.exists and not dry_run:
            make_recurring(app.repo, one)
    made = [one for one in work if not one.exists]
    if as_json:
        rows = [
            {"id": o.identifier, "rule": o.rule, "path": o.path, "occurs": clock.format_time(o.occurs)}
            for o in made
        ]
        print_json({"made": rows, "there": [o.identifier for o in work if o.exists], "dry_run": dry_run})
        return
    style, zone = styles(sys.stdout), app.repo.config.timezone
    lines = [
        f"{style.name(one.identifier)}  {safe_text(one.rule)} of {local(clock.format_time(one.occurs), zone)}"
        for one in made
    ]
    verb = "would be made" if dry_run else "made"
    there = len(work) - len(made)
    lines.append(f"{len(made)} {verb}, {there} there already")
    echo("\n".join(lines), color=style.on)
