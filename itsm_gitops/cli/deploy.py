"""`itsm deploy`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, TypeVar

import click

from itsm_gitops.cli.base import App, by_option, dry_run_option, json_option, lazily, pass_app, print_json
from itsm_gitops.cli.command import command, group_with_help
from itsm_gitops.cli.outcome import print_written
from itsm_gitops.cli.output import echo
from itsm_gitops.cli.render import styles, wrap
from itsm_gitops.cli.width import terminal_width
from itsm_gitops.commands.deploying import OUTCOMES, DeploymentRun, begin, finish
from itsm_gitops.forges.shipped import deploy_template, deploy_templates
from itsm_gitops.gate.readiness import DeployedContent, Readiness, readiness
from itsm_gitops.model.text import safe_text

F = TypeVar("F", bound=Callable[..., Any])


def _content(function: F) -> F:
    """Add the options that say what is about to be deployed, and the commit that counts."""
    options = (
        click.option("--commit", "commits", metavar="REPO@COMMIT", multiple=True, help="A commit; repeatable."),
        click.option("--artefact", "artefacts", metavar="NAME", multiple=True, help="An image with digest, a tag, a file."),
        click.option("--path", "paths", metavar="PATH", multiple=True, help="A path that is changed; repeatable."),
        click.option("--revision", metavar="COMMIT", default="", help="Commit that counts.  [default: the server's main branch]"),
    )  # fmt: skip
    for option in reversed(options):
        function = option(function)
    return function


@group_with_help("deploy")
def deploy_command() -> None:
    """Let a pipeline ask whether it may, say that it begins, and say how it ended."""


@command(
    "check",
    [
        ("itsm deploy check K7QF3", "authorised, in its window, no freeze, no conflict?"),
        ("itsm deploy check K7QF3 --commit acme/shop@1f2e3d4", "and is this what was approved?"),
        ("itsm -C itsm deploy check K7QF3 --artefact ghcr.io/acme/shop@sha256:…", "in a clone beside"),
    ],
)
@click.argument("identifier", metavar="CHG", shell_complete=lazily("identifiers"))
@_content
@json_option
@pass_app
def check_command(
    app: App,
    identifier: str,
    commits: tuple[str, ...],
    artefacts: tuple[str, ...],
    paths: tuple[str, ...],
    revision: str,
    as_json: bool,
) -> int:
    """Say whether a change may be carried out now.

    Read from the main branch of the server: authorised, inside its window, in no unforeseen freeze, in
    conflict with nothing, and exactly what was approved. Exit 1 where it may not. Nothing is
    written, so a read-only clone will do.
    """
    found = readiness(app.repo, identifier, DeployedContent(commits, artefacts, paths), revision=revision)
    if as_json:
        print_json(found.as_json())
    else:
        _tell(found)
    return 0 if found.good else 1


def _tell(found: Readiness) -> None:
    style = styles(sys.stdout)
    verdict = (
        style.good("may be carried out now") if found.good else style.error("may not be carried out now")
    )
    echo(f"{style.name(found.change)} {verdict}  {safe_text(found.title)}", color=style.on)
    for condition in found.conditions:
        mark = style.good("ok ") if condition.good else style.error("no ")
        lines = wrap(f"{condition.name}: {safe_text(condition.message)}", terminal_width() - 6)
        lines += (
            wrap(safe_text(condition.hint), terminal_width() - 6)
            if condition.hint and not condition.good
            else []
        )
        for number, line in enumerate(lines):
            echo(f"  {mark if not number else '   '} {line}", color=style.on)
    echo(style.dim(f"as of {found.commit[:12]}"), color=style.on)


@command(
    "start",
    [("itsm deploy start K7QF3 --commit acme/shop@1f2e3d4", "checks, then the change is being carried out")],
)
@click.argument("identifier", metavar="CHG", shell_complete=lazily("identifiers"))
@_content
@by_option
@dry_run_option
@json_option
@pass_app
def start_command(
    app: App,
    identifier: str,
    commits: tuple[str, ...],
    artefacts: tuple[str, ...],
    paths: tuple[str, ...],
    revision: str,
    by: str | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Say that the work of a change begins.

    Refused where 'itsm deploy check' says no. A change that is being carried out stays as it is, so
    a pipeline may be run again.
    """
    content = DeployedContent(commits, artefacts, paths)
    _, result = begin(app.repo, identifier, content, by=by, revision=revision, dry_run=dry_run)
    print_written([result], as_json, dry_run=dry_run)


@command(
    "finish",
    [
        ("itsm deploy finish K7QF3 --outcome successful --pipeline https://ci.example/42", ""),
        ("itsm deploy finish K7QF3 --outcome rolled_back --note 'Error rate above 2 %'", ""),
    ],
)
@click.argument("identifier", metavar="CHG", shell_complete=lazily("identifiers"))
@click.option("--outcome", type=click.Choice(OUTCOMES), required=True, help="How it ended.")
@click.option("--environment", metavar="NAME", default="", help="Where to.  [default: production]")
@click.option("--pipeline", metavar="URL", default="", help="The run; the same one is recorded once.")
@click.option("--version", metavar="TEXT", default="", help="Version that was deployed.")
@click.option("--commit", metavar="COMMIT", default="", help="Commit that was deployed.")
@click.option("--note", metavar="TEXT", default="", help="What a reader should know.")
@by_option
@dry_run_option
@json_option
@pass_app
def finish_command(
    app: App,
    identifier: str,
    outcome: str,
    environment: str,
    pipeline: str,
    version: str,
    commit: str,
    note: str,
    by: str | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Record how a deployment ended.

    Writes a record of the deployment and moves the change: after a success or a roll-back the work
    is over; after a failure the work continues. The same run (--pipeline) is recorded once.
    """
    run = DeploymentRun(environment, pipeline, version, commit)
    results = finish(app.repo, identifier, outcome, run, note=note, by=by, dry_run=dry_run)
    print_written(results, as_json, dry_run=dry_run)


@command(
    "template",
    [
        ("itsm deploy template github > .github/actions/itsm-deploy/action.yml", "a composite action"),
        ("itsm deploy template gitlab", "jobs to include"),
        ("itsm deploy template argocd", "a PreSync hook"),
        ("itsm deploy template hook", "of a plain Git server"),
    ],
)
@click.argument("name", type=click.Choice(deploy_templates()))
def template_command(name: str) -> None:
    """Print what the repository of an application needs.

    It runs 'itsm deploy check' in a read-only clone of the ITSM repository, and stops where the answer is no.
    Its comments say what to set.
    """
    echo(deploy_template(name), nl=False)


for _one in (check_command, start_command, finish_command, template_command):
    deploy_command.add_command(_one)
