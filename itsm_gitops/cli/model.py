"""`itsm model`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from itsm_gitops.cli.base import App, dry_run_option, interactive, json_option, pass_app, print_json
from itsm_gitops.cli.command import command
from itsm_gitops.cli.output import echo
from itsm_gitops.cli.render import listing, styles, wrap
from itsm_gitops.cli.width import terminal_width
from itsm_gitops.model.errors import NotFound, UsageError
from itsm_gitops.model.text import safe_text

if TYPE_CHECKING:
    from itsm_gitops.editing.change import Written

_SHOWN = 12


@command(
    "model",
    [
        ("itsm model --starter > model.yaml", "a sheet to begin with"),
        ("itsm model model.yaml --dry-run", "what would be written"),
        ("itsm model model.yaml", "all of it, or nothing; may be repeated"),
        ("itsm model items.csv", "columns: class, id, name, fields, links"),
        ("itsm model", "asks for services and what they need"),
    ],
)
@click.argument("sheet", required=False, type=click.Path(path_type=Path, dir_okay=False, allow_dash=True))
@click.option("--starter", is_flag=True, help="Print a sheet to begin with.")
@dry_run_option
@json_option
@pass_app
def model_command(app: App, sheet: Path | None, starter: bool, dry_run: bool, as_json: bool) -> None:
    """Create services, items and their links in bulk.

    SHEET is YAML or CSV. Everything in it is judged together and written together, or nothing is.
    It may be applied again: what is already there stays, what differs is changed, nothing is deleted. Without a sheet, on a terminal, questions make one.
    """
    from itsm_gitops.commands.modelling import starter_sheet
    from itsm_gitops.editing.model import apply_sheet

    if starter:
        echo(starter_sheet(app.repo), nl=False)
        return
    if sheet is None:
        if not interactive():
            raise UsageError("which sheet?", "itsm model --starter > model.yaml, then itsm model model.yaml")
        from itsm_gitops.cli.guided_model import ask_sheet

        name, raw = "the answers", ask_sheet(app.repo)
    else:
        name, raw = str(sheet), _read(sheet)
    results = apply_sheet(app.repo, name, raw, dry_run=dry_run)
    if as_json:
        print_json([r.as_json() for r in results])
        return
    _tell(results, dry_run)


def _read(sheet: Path) -> bytes:
    if str(sheet) == "-":
        return sys.stdin.buffer.read()
    try:
        return sheet.read_bytes()
    except OSError as error:
        raise NotFound(
            f"{sheet} cannot be read: {error.strerror}", "itsm model --starter > model.yaml"
        ) from error


def _tell(results: Sequence[Written], dry_run: bool) -> None:
    style = styles(sys.stdout)
    created = [r for r in results if r.changes and r.changes[0].pointer == ("id",)]
    changed = [r for r in results if r.changes and r not in created]
    would = "would be " if dry_run else ""
    for verb, some in (("created", created), ("changed", changed)):
        by_kind: dict[str, list[str]] = {}
        for result in some:
            by_kind.setdefault(result.kind, []).append(result.id)
        for kind, names in by_kind.items():
            text = f"{kind}: {listing(names, _SHOWN)}"
            for number, line in enumerate(wrap(safe_text(text), terminal_width() - 4)):
                echo(
                    f"  {style.good('+' if verb == 'created' else '~') if not number else ' '} {line}",
                    color=style.on,
                )
    same = len(results) - len(created) - len(changed)
    echo(f"{len(created)} {would}created, {len(changed)} {would}changed, {same} as they were")
    warnings = {f.message: f for r in results for f in r.findings}
    for finding in warnings.values():
        for number, line in enumerate(
            wrap(f"{safe_text(finding.message)} ({finding.code})", terminal_width() - 11)
        ):
            echo(f"  {style.warning('warning:')} {line}" if not number else " " * 11 + line, color=style.on)
