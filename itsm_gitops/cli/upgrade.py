"""`itsm upgrade`."""

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
    "upgrade",
    [
        ("itsm upgrade --dry-run", "see which files would change, and where both sides did"),
        ("itsm upgrade --dry-run --diff", "see every line"),
        ("itsm upgrade", "do it; then itsm check, and open a pull request"),
    ],
)
@click.option("--diff", "with_diff", is_flag=True, help="Show every line that changes.")
@dry_run_option
@json_option
@pass_app
def upgrade_command(app: App, with_diff: bool, dry_run: bool, as_json: bool) -> int:
    """Merge the rule book that comes with this tool into yours.

    Your edits, comments and migrations stay. Where both sides changed the same lines, both versions
    are marked in the file, as Git marks a conflict, and the exit code is 1.
    """
    from itsm_gitops.editing.upgrade import plan_upgrade, upgrade

    plan = plan_upgrade(app.repo) if dry_run else upgrade(app.repo)
    code = 1 if plan.conflicts else 0
    if as_json:
        files = [{"path": f.path, "what": f.fate, "conflicts": f.conflicts} for f in plan.files]
        print_json({"written": not dry_run, "conflicts": plan.conflicts, "files": files})
        return code
    style = styles(sys.stdout)
    if not plan.files:
        echo("the rule book is up to date", color=style.on)
        return 0
    rows = [(f.path.removeprefix("schemas/"), f.fate) for f in plan.files]
    lines = [style.bold("What becomes of the rule book"), *facts(rows, terminal_width(), style)]
    if with_diff:
        lines += [line for f in plan.files for line in f.diff()]
    if plan.conflicts:
        lines.append(f"{counted(plan.conflicts, 'conflict')}: both versions are between <<<<<<< and >>>>>>>.")
    lines.append(
        "Nothing was written." if dry_run else "Run itsm check, then commit this and open a pull request."
    )
    echo("\n".join(lines), color=style.on)
    return code
