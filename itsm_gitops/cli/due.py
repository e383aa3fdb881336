"""`itsm due`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from itsm_gitops.cli.base import App, at_option, json_option, lazily, pass_app, print_json
from itsm_gitops.cli.command import command
from itsm_gitops.cli.output import echo
from itsm_gitops.cli.render import styles
from itsm_gitops.cli.shared_options import filter_argument, ics_option, teams_option
from itsm_gitops.cli.times import local
from itsm_gitops.cli.width import terminal_width
from itsm_gitops.commands import duties
from itsm_gitops.model.duties import NEAR, PAST, STAGES
from itsm_gitops.model.text import safe_text

_WIDE = 110  # columns of a terminal
_LOOKS = {PAST: "bold red", NEAR: "yellow"}


@command(
    "due",
    [
        ("itsm due", "what is overdue, and what is due soon"),
        ("itsm due --within 90d --team platform", "a quarter ahead, of one team"),
        ("itsm due contracts licences --within 1y", "of some kinds"),
        ("itsm due items owner:it-operations", "of what a filter names, as in itsm list"),
        ("itsm due --stage past --json", "for programs: only what is overdue"),
        ("itsm due --within 1y --ics due.ics", "a calendar file to subscribe to"),
    ],
)
@filter_argument
@click.option("--within", "span", metavar="SPAN", default="", help="How far to look ahead: 30d, 4w, 6m, 1y.")
@click.option(
    "--stage", "stages", type=click.Choice(STAGES), multiple=True, help="Only what is past, near or later."
)
@click.option(
    "--owner",
    "who",
    metavar="HANDLE",
    multiple=True,
    shell_complete=lazily("people"),
    help="Only what this person or team answers for.",
)
@teams_option("Only of documents of this team.")
@ics_option
@at_option
@json_option
@pass_app
def due_command(
    app: App,
    words: tuple[str, ...],
    span: str,
    stages: tuple[str, ...],
    who: tuple[str, ...],
    teams: tuple[str, ...],
    ics: str | None,
    at: str | None,
    as_json: bool,
) -> None:
    """List what must be done by a day.

    Contract ends and days of notice, licences, certificates, support, warranties, reviews, inspections, restore
    tests, verification, access that ends, agreed actions, tasks: every date whose schema says so (x-due). Without
    --within: what is overdue and what is due soon.
    """
    found = duties.list_due(app.repo, words, span=span, stages=stages, who=who, teams=teams, at=at)
    if ics is not None:
        if ics == "-":
            echo(duties.due_ics(app.repo, found), nl=False)
        else:
            duties.write_due_ics(app.repo, found, Path(ics))
            echo(f"{safe_text(ics)}: {_number(found)}")
    elif as_json:
        print_json(found.as_json())
    else:
        _print(app, found)


def _print(app: App, found: duties.DueList) -> None:
    from itsm_gitops.cli.tables import Cell, TextColumn, print_table

    style = styles(sys.stdout)
    if not found.rows:
        echo(style.dim("nothing is due"), color=style.on)
        return
    columns = [
        TextColumn("due", fixed=True, whole=True),
        TextColumn("days", fixed=True, right=True),
        TextColumn("what", least=28),
        TextColumn("of", fixed=True, style="cyan", whole=True),
        TextColumn("who", least=6),
    ]
    # What is due says more than of what: the title has room on a wide terminal only.
    titles = terminal_width() >= _WIDE
    if titles:
        columns.insert(-1, TextColumn("title", least=12))
    rows: list[list[Cell]] = []
    for row in found.rows:
        look, day = _LOOKS.get(row.day.stage, ""), local(row.day.day, app.repo.config.timezone)
        title = [row.entry.title] if titles else []
        rows.append([(day, look), (str(row.days), look), row.day.text, row.entry.id, *title, row.who])
    print_table(columns, rows)
    over = sum(r.day.stage == PAST for r in found.rows)
    echo(style.dim(f"{_number(found)}, {over or 'none'} overdue"), color=style.on)


def _number(found: duties.DueList) -> str:
    return f"{len(found.rows)} {'duty' if len(found.rows) == 1 else 'duties'}"
