"""`itsm init`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from itsm_gitops.cli.base import App, command, json_option, pass_app, print_json
from itsm_gitops.cli.output import echo
from itsm_gitops.cli.render import styles
from itsm_gitops.commands.init import add_forge, init, shown_path
from itsm_gitops.forges.shipped import FORGES
from itsm_gitops.model.text import safe_text


@command(
    "init",
    [
        ("itsm init acme", "a new repository in the folder acme"),
        ('itsm init acme --organisation "Acme Ltd" --timezone Europe/London', ""),
        ("itsm init --no-examples --no-git", "here, without example documents and without a commit"),
        ("itsm init acme --forge gitlab", "with GitLab's pipeline instead of GitHub's workflows"),
        ("itsm init --forge gitea", "in a repository that exists: add what that forge needs"),
    ],
)
@click.argument("folder", required=False, type=click.Path(path_type=Path))
@click.option("--organisation", metavar="NAME", default="", help="Name of the organisation.")
@click.option("--timezone", metavar="ZONE", default="", help="IANA name of the time zone.  [default: UTC]")
@click.option(
    "--examples/--no-examples", default=True, help="Write one example of every kind.  [default: examples]"
)
@click.option(
    "--git/--no-git", default=True, help="Make it a Git repository with a first commit.  [default: git]"
)
@click.option(
    "--forge",
    type=click.Choice(FORGES),
    help="Where it will live: writes that forge's workflows.  [default: github]",
)
@json_option
@pass_app
def init_command(
    app: App,
    folder: Path | None,
    organisation: str,
    timezone: str,
    examples: bool,
    git: bool,
    forge: str | None,
    as_json: bool,
) -> None:
    """Write a new repository.

    It holds the rule book, one connected example of every kind and class, editor settings, and the
    forge's workflows: checks, the approval gate, evidence, the site. FOLDER must be empty; with
    --forge it may be an ITSM repository, which only gets the forge's files.
    """
    target = Path(app.directory) / (folder or Path())
    if forge and (target / "itsm.yaml").is_file():
        created = add_forge(target, forge)
    else:
        created = init(
            target,
            organisation=organisation,
            timezone=timezone,
            examples=examples,
            git=git,
            forge=forge or FORGES[0],
        )
    if as_json:
        print_json(
            {
                "root": str(created.root),
                "files": list(created.files),
                "commit": created.commit or None,
                "note": created.note,
            }
        )
        return
    style = styles(sys.stdout)
    where = shown_path(created.root)
    echo(
        f"{style.good('created')} {style.name(safe_text(where))}: {len(created.files)} files", color=style.on
    )
    if created.commit:
        echo(style.dim(f"committed as {created.commit[:9]}"), color=style.on)
    elif created.note:
        echo(style.warning(safe_text(created.note, lines=True)), color=style.on)
    enter = [] if where == "." else [f"  cd {where}"]
    steps = ["next:", *enter, "  itsm list --state open", "  itsm new incident", "  itsm check"]
    echo(style.dim("\n".join(steps)), color=style.on)
