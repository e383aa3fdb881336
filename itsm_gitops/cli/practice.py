"""`itsm audit practice`: what the repository shows of what a standard asks."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import click

from itsm_gitops.cli.base import App, at_option, json_option, lazily, pass_app, print_json
from itsm_gitops.cli.command import command
from itsm_gitops.cli.output import echo
from itsm_gitops.cli.render import Style, styles, wrap
from itsm_gitops.cli.width import terminal_width
from itsm_gitops.model.practice import GAP, STANDINGS, PracticeMap, PracticeRequirement
from itsm_gitops.model.report import as_csv
from itsm_gitops.model.text import safe_text

_INDENT = 4


@command(
    "practice",
    [
        ("itsm audit practice", "what FitSM-1 asks, and what is here"),
        ("itsm audit practice --only missing --only partly", "where something is missing"),
        ("itsm audit practice endorsement", "the criteria by which tools were endorsed"),
        ("itsm audit practice fitsm --csv > fitsm.csv", "one row for each piece of evidence"),
    ],
)
@click.argument("name", metavar="[STANDARD]", required=False, default="", shell_complete=lazily("standards"))
@click.option(
    "--only", "only", type=click.Choice(STANDINGS), multiple=True, help="Only these requirements. Repeatable."
)
@click.option("--csv", "as_csv_", is_flag=True, help="Print CSV, a row for each piece of evidence.")
@at_option
@json_option
@pass_app
def practice_command(
    app: App, name: str, only: tuple[str, ...], as_csv_: bool, at: str | None, as_json: bool
) -> None:
    """Show what a standard asks, and what of it the repository shows.

    STANDARD is a file of schemas/policies/standards (default: fitsm). Each requirement is met,
    partly or missing, by its evidence: documents that a filter finds, rules in force, files,
    reports. It is a map that says where to look; it judges no organisation.
    """
    from itsm_gitops.commands.practising import practice
    from itsm_gitops.model.errors import UsageError

    if as_csv_ and as_json:
        raise UsageError("--csv and --json do not go together", "one of them")
    whole = practice(app.repo, name, at)
    shown = whole.chosen(only)
    if as_json:
        print_json(shown.as_json())
    elif as_csv_:
        echo(as_csv(shown.as_table()), nl=False)
    else:
        style = styles(sys.stdout)
        echo("\n".join(_lines(whole, shown, style, terminal_width())), color=style.on)


def _lines(whole: PracticeMap, shown: PracticeMap, style: Style, columns: int) -> Iterator[str]:
    yield style.bold(safe_text(whole.title))
    yield from (style.dim(line) for line in wrap(safe_text(f"{whole.note} After {whole.source}."), columns))
    for area in shown.areas:
        yield ""
        yield style.bold(safe_text(f"{area.number}  {area.title}"))
        for requirement in area.requirements:
            yield ""
            yield from _requirement(requirement, style, columns)
    yield ""
    yield safe_text(whole.headline)


def _requirement(requirement: PracticeRequirement, style: Style, columns: int) -> Iterator[str]:
    yield f"  {style.name(safe_text(requirement.number))}  {requirement.standing}"
    yield from (f"{'':{_INDENT}}{line}" for line in wrap(safe_text(requirement.asks), columns - _INDENT))
    for piece in requirement.evidence:
        mark = "+" if piece.holds else "-"
        examples = f": {', '.join(piece.examples)}" if piece.examples else ""
        place = f"{piece.form} {piece.subject}: " if piece.form != GAP else ""
        text = safe_text(f"{piece.about}. {place}{piece.result}{examples}")
        first, *rest = wrap(text, columns - _INDENT - 2)
        yield style.dim(f"{'':{_INDENT}}{mark} {first}")
        yield from (style.dim(f"{'':{_INDENT + 2}}{line}") for line in rest)
