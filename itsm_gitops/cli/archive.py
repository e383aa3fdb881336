"""`itsm archive`."""

from __future__ import annotations

import sys

import click

from itsm_gitops.cli.base import App, dry_run_option, json_option, pass_app, print_json
from itsm_gitops.cli.command import command
from itsm_gitops.cli.output import echo
from itsm_gitops.cli.render import facts, styles
from itsm_gitops.cli.width import terminal_width
from itsm_gitops.model.words import counted


@command(
    "archive",
    [
        (
            "itsm archive --before 2021 --dry-run",
            "see what would leave: finished records of 2020 and earlier",
        ),
        ("itsm archive --before 2021", "take them out of the tree; then commit and open a pull request"),
    ],
)
@click.option(
    "--before", type=int, required=True, metavar="YEAR", help="Records of the years before this one leave."
)
@dry_run_option
@json_option
@pass_app
def archive_command(app: App, before: int, dry_run: bool, as_json: bool) -> None:
    """Move finished records of old years out of the tree.

    Their files are deleted, and records/archived/YEAR.txt names them and the commit that has them: links to
    them stay right, and itsm show ID --at COMMIT reads them. Run it on the newest commit of the main branch;
    reverting the commit brings everything back.
    """
    from itsm_gitops.editing.archive import archive, plan_archive

    plan = plan_archive(app.repo, before)
    lists = [] if dry_run else archive(app.repo, plan)
    if as_json:
        years = {str(year): [e.id for e in entries] for year, entries in plan.years.items()}
        print_json({"commit": plan.commit, "years": years, "unfinished": plan.unfinished, "lists": lists})
        return
    style = styles(sys.stdout)
    rows = [(str(year), counted(len(entries), "record")) for year, entries in plan.years.items()]
    rows.append(("stay", f"{plan.unfinished:,} that were not finished by then"))
    verb = "would leave" if dry_run else "left"
    lines = [style.bold(f"{counted(plan.count, 'record')} {verb} the tree")]
    lines += facts(rows, terminal_width(), style)
    if lists and plan.count:
        lines.append(f"They can be read at {plan.commit[:12]}. Commit this and open a pull request.")
    echo("\n".join(lines), color=style.on)
