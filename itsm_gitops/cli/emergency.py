"""`itsm emergency`."""

from __future__ import annotations

import sys

import click

from itsm_gitops.cli.base import App, by_option, dry_run_option, json_option, lazily, pass_app, print_json
from itsm_gitops.cli.command import command
from itsm_gitops.cli.output import echo
from itsm_gitops.cli.render import styles, words, wrap
from itsm_gitops.cli.times import local
from itsm_gitops.cli.width import terminal_width
from itsm_gitops.commands.emergency import Emergency, how_to_let_in
from itsm_gitops.model.text import safe_text
from itsm_gitops.model.words import fields_of


@command(
    "emergency",
    [
        ('itsm emergency K7QF3 --ci mail-server --why "Mail is down."', "change, branch and request in one"),
        (
            'itsm emergency K7QF3 --why "Mail is down." --do "Restart the queue."',
            "what the incident affects; with what you do",
        ),
        ('itsm emergency K7QF3 --why "Mail is down." --ask', "let others approve it"),
        ('itsm emergency K7QF3 --why "Mail is down." --dry-run', "who could override, and what is owed"),
    ],
)
@click.argument("fragment", metavar="INC", shell_complete=lazily("identifiers"))
@click.option(
    "--ci", "items", metavar="ID", multiple=True, shell_complete=lazily("identifiers"),
    help="What you are going to change; repeatable.  [default: what the incident affects]",
)  # fmt: skip
@click.option("--why", metavar="TEXT", required=True, help="Why it cannot wait.")
@click.option("--do", "plan", metavar="TEXT", default="", help="What you do, as far as you know.")
@click.option("--title", metavar="TEXT", default="", help="Title of the change.  [default: the incident's]")
@click.option("--key", metavar="FILE", default="", help="Key to sign with.  [default: git's user.signingKey]")
@click.option("--ask", is_flag=True, help="Let others approve it, even if you are on call.")
@click.option("--push/--no-push", default=True, help="Push the branch.  [default: push]")
@by_option
@dry_run_option
@json_option
@pass_app
def emergency_command(
    app: App,
    fragment: str,
    items: tuple[str, ...],
    why: str,
    plan: str,
    title: str,
    key: str,
    ask: bool,
    push: bool,
    by: str | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Begin an emergency change of an incident at once.

    One command makes the change, links it to the incident, begins it and puts it on a branch. On a plain Git server,
    and if you are on call, it is signed and pushed to the main branch; else the request waits for somebody who may
    override, and you are told who that is. Approval, plan and review are owed: itsm due shows each with its day.
    """
    from itsm_gitops.commands.emergency import emergency

    done = emergency(
        app.repo, fragment, items=items, why=why, title=title, plan=plan, by=by, key=key, push=push, land=not ask,
        dry_run=dry_run,
    )  # fmt: skip
    if as_json:
        print_json(_as_json(done))
    else:
        _print(app, done, dry_run=dry_run)


def _as_json(done: Emergency) -> dict[str, object]:
    data = fields_of(done)
    lists = {name: [one._asdict() for one in data[name]] for name in ("overriders", "debts")}
    return {**data, **lists, **{name: data[name] or None for name in ("branch", "target", "page", "why_not")}}


def _print(app: App, done: Emergency, *, dry_run: bool) -> None:
    style, columns = styles(sys.stdout), terminal_width()
    verb = "would be begun" if dry_run else f"is in {done.target}" if done.landed else "is written"
    state = "" if dry_run else f", {words(done.state)}"
    echo(
        f"{style.name(done.id)} {style.good(safe_text(verb))}{state}: {safe_text(done.title)}", color=style.on
    )
    lines = [f"for {done.incident}" + (f", on {done.branch}" if done.branch else "")]
    lines += [] if dry_run else how_to_let_in(done)
    for line in lines:
        for part in wrap(safe_text(line), columns - 2):
            echo(f"  {part}")
    echo(style.bold("who may let it in"), color=style.on)
    for one in done.overriders:
        you = " (you)" if one.person == done.by else ""
        reached = f"; {one.how}" if one.how else ""
        for part in wrap(safe_text(f"{one.person}{you}: {', '.join(one.items)}{reached}"), columns - 2):
            echo(f"  {part}")
    if not done.overriders:
        echo("  nobody is on call for these items")
    echo(style.bold("owed"), color=style.on)
    for debt in done.debts:
        first, *rest = wrap(safe_text(f"{debt.what}: {debt.text}"), columns - 20)
        echo(f"  {local(debt.due, app.repo.config.timezone):<16}  {first}")
        for part in rest:
            echo(f"  {'':<16}  {part}")
    echo(style.dim("itsm due lists what is owed until it is done"), color=style.on)
