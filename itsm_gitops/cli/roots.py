"""`itsm roots`: other repositories that are read here."""

from __future__ import annotations

import sys

import click

from itsm_gitops.cli.base import App, at_option, dry_run_option, json_option, pass_app, print_json
from itsm_gitops.cli.command import command, group_with_help
from itsm_gitops.cli.output import echo
from itsm_gitops.cli.render import styles
from itsm_gitops.commands import rooting
from itsm_gitops.model.text import safe_text
from itsm_gitops.model.words import counted

_local_option = click.option(
    "--local", is_flag=True, help="Read also roots that are folders of this machine (`path`)."
)
_names_argument = click.argument("names", metavar="[NAME]...", nargs=-1)


@group_with_help("roots")
def roots_command() -> None:
    """Read other ITSM repositories as if they were part of this one.

    `roots` in itsm.yaml names them, each at one commit, with the prefixes of the identifiers that live there. Only
    'fetch' and 'update' touch the network.
    """


@command(
    "status",
    [
        ("itsm roots status", "which roots there are, and whether they can be read"),
        ("itsm roots status --json", "for programs"),
    ],
)
@at_option
@json_option
@pass_app
def status_command(app: App, at: str | None, as_json: bool) -> int:
    """Show the roots, their commits and prefixes, and whether they can be read.

    Exit code 1: one of them cannot.
    """
    rows = rooting.status(app.repo, at)
    if as_json:
        print_json({"roots": [row.as_json() for row in rows]})
        return int(any(row.trouble for row in rows))
    style = styles(sys.stdout)
    for row in rows:
        root = row.root
        words = [style.name(safe_text(root.name)), root.short or "no commit", safe_text(root.place)]
        echo("  ".join(words), color=style.on)
        echo(f"  {safe_text(', '.join(root.prefixes))}: {counted(row.documents, 'document')}")
        for remark in row.remarks:
            echo(f"  {style.warning('note')}: {safe_text(remark)}", color=style.on)
        if row.trouble:
            echo(f"  {style.warning('cannot be read')}: {safe_text(row.trouble)}", color=style.on)
            echo(f"  {style.dim('hint: ' + safe_text(row.hint))}", color=style.on)
    if not rows:
        echo("itsm.yaml names no roots")
    return int(any(row.trouble for row in rows))


@command(
    "fetch",
    [
        ("itsm roots fetch", "bring the pinned commits into this clone"),
        ("itsm roots fetch platform --local", "one of them, from a folder of this machine"),
        ("itsm roots fetch --at origin/main", "those that another revision pins, before a check against it"),
    ],
)
@_names_argument
@_local_option
@at_option
@json_option
@pass_app
def fetch_command(app: App, names: tuple[str, ...], local: bool, at: str | None, as_json: bool) -> None:
    """Bring the pinned commits of roots into this clone's own Git folder.

    After that everything reads them from there, without the network.
    """
    _tell(rooting.fetch(app.repo, names, at=at, local=local), as_json, "fetched")


@command(
    "update",
    [
        ("itsm roots update", "pin every root to the newest commit of its branch"),
        ("itsm roots update platform", "one of them"),
        ("itsm roots update platform --to COMMIT", "to a commit, by its full hash"),
    ],
)
@_names_argument
@click.option("--to", metavar="COMMIT", default="", help="This commit (a full hash) instead of the newest.")
@_local_option
@dry_run_option
@json_option
@pass_app
def update_command(
    app: App, names: tuple[str, ...], to: str, local: bool, dry_run: bool, as_json: bool
) -> None:
    """Fetch newer commits of roots and pin them in itsm.yaml.

    Nothing else of itsm.yaml changes. As every change of that file, it takes effect by a pull request.
    """
    done = rooting.update(app.repo, names, to=to, local=local, dry_run=dry_run)
    _tell(done, as_json, "would be pinned" if dry_run else "pinned")


def _tell(done: list[rooting.RootFetch], as_json: bool, verb: str) -> None:
    if as_json:
        rows = [
            {"name": d.root.name, "before": d.before or None, "commit": d.commit, "fetched": d.fetched}
            for d in done
        ]
        print_json({"roots": rows})
        return
    style = styles(sys.stdout)
    for d in done:
        same = d.before == d.commit and not d.fetched
        what = f"{d.before[:12] or 'nothing'} → {d.commit[:12]}" if d.before != d.commit else d.commit[:12]
        echo(
            f"{style.name(safe_text(d.root.name))}  {what}  {'up to date' if same else verb}", color=style.on
        )


for _command in (status_command, fetch_command, update_command):
    roots_command.add_command(_command)
