"""`itsm init`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from itsm_gitops.cli.base import App, interactive, json_option, pass_app, print_json
from itsm_gitops.cli.beginning import InitAnswers, ask_beginning
from itsm_gitops.cli.command import command
from itsm_gitops.cli.output import echo
from itsm_gitops.cli.render import styles, wrap
from itsm_gitops.cli.width import terminal_width
from itsm_gitops.commands.init import add_forge, init, shown_path
from itsm_gitops.commands.init_people import Founders
from itsm_gitops.forges.shipped import FORGES
from itsm_gitops.gate.doctor_people import Unsatisfiable
from itsm_gitops.model.text import safe_text


@command(
    "init",
    [
        ("itsm init acme", "a new repository in the folder acme; asks for the rest"),
        ('itsm init acme --organisation "Acme Ltd" --timezone Europe/London', ""),
        ("itsm init acme --no-examples --me ada --people ben,cleo", "three people decide"),
        ("itsm init --no-examples --no-git", "here, without example documents and without a commit"),
        ("itsm init acme --forge gitlab", "with GitLab's pipeline instead of GitHub's workflows"),
        ("itsm init --forge gitea", "in a repository that exists: add what that forge needs"),
    ],
)
@click.argument("folder", required=False, type=click.Path(path_type=Path))
@click.option("--organisation", metavar="NAME", default="", help="Name of the organisation.")
@click.option("--timezone", metavar="ZONE", default="", help="IANA name of the time zone.  [default: UTC]")
@click.option("--me", metavar="HANDLE", default="", help="Who you are; address and key come from Git.")
@click.option(
    "--people", metavar="HANDLE,…", default="", help="Who else decides about changes and rules, by commas."
)
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
    me: str,
    people: str,
    examples: bool,
    git: bool,
    forge: str | None,
    as_json: bool,
) -> None:
    """Write a new repository.

    It holds the rule book, one connected example of every kind and class, editor settings, and the
    forge's workflows: checks, the approval gate, evidence, the site. The people who decide are put
    into the teams that the policy names. On a terminal what is not given is asked for. FOLDER must
    be empty; with --forge it may be an ITSM repository, which only gets the forge's files.
    """
    target = Path(app.directory) / (folder or Path())
    if forge and (target / "itsm.yaml").is_file():
        created = add_forge(target, forge)
    else:
        named = Founders(me, tuple(p.strip() for p in people.split(",") if p.strip()))
        start = InitAnswers(organisation, timezone, named)
        if interactive() and not as_json and not any((organisation, timezone, me, people)):
            start = ask_beginning()
        created = init(
            target,
            organisation=start.organisation,
            timezone=start.timezone,
            founders=start.founders,
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
                "waiting": [w._asdict() for w in created.waiting],
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
    _say_waiting(created.waiting)
    enter = [] if where == "." else [f"  cd {where}"]
    work = ["  itsm list --state open", "  itsm new incident"] if examples else [f"  {_MODEL}"]
    echo(style.dim("\n".join(["next:", *enter, *work, "  itsm check"])), color=style.on)


_MODEL = "itsm model --starter > model.yaml"


def _say_waiting(waiting: Sequence[Unsatisfiable]) -> None:
    """Name the rules of the policy that wait for more people, and what to do about all of them, once."""
    if not waiting:
        return
    style = styles(sys.stdout)
    echo(style.warning("the policy waits for more people than you named:"), color=style.on)
    reasons: dict[str, list[str]] = {}
    for rule in waiting:
        reasons.setdefault(rule.message, []).append(rule.rule)
    for message, rules in reasons.items():
        for line in wrap(f"{message} ({', '.join(rules)})", terminal_width() - 2):
            echo(f"  {safe_text(line)}")
    for line in wrap(waiting[0].hint, terminal_width() - 2):
        echo(f"  {style.dim(safe_text(line))}", color=style.on)
