"""`itsm suspects`."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import click

from itsm_gitops.cli.base import App, at_option, json_option, lazily, pass_app, print_json
from itsm_gitops.cli.command import command
from itsm_gitops.cli.output import echo
from itsm_gitops.cli.render import Style, styles, wrap
from itsm_gitops.cli.times import local, zone_note
from itsm_gitops.cli.width import terminal_width
from itsm_gitops.commands.suspecting import SuspectList, suspect
from itsm_gitops.graph.suspects import EDIT, Suspect
from itsm_gitops.model import clock
from itsm_gitops.model.text import safe_text, shorten, width


@command(
    "suspects",
    [
        ("itsm suspects K7QF3", "the week before it was opened"),
        ("itsm suspects K7QF3 --window 12h --began '2026-11-22 03:10'", "when you know when it began"),
        ("itsm suspects K7QF3 --json", "all of them, for programs"),
    ],
)
@click.argument("identifier", metavar="INC", shell_complete=lazily("identifiers"))
@click.option(
    "--window", metavar="SPAN", default="7d", show_default=True, help="How far back to look: 12h, 7d, 2w."
)
@click.option(
    "--began", metavar="WHEN", default="", help="When it really began.  [default: when it was opened]"
)
@click.option(
    "--limit", "-n", type=click.IntRange(min=1), default=10, show_default=True, help="Show at most this many."
)
@at_option
@json_option
@pass_app
def suspects_command(
    app: App, identifier: str, window: str, began: str, limit: int, at: str | None, as_json: bool
) -> None:
    """Show what may have caused an incident, most likely first.

    Suspects are changes and edits of the CMDB on what the incident affects and on what that
    depends on. The score orders them; it is no proof.
    """
    result = suspect(app.repo, identifier, window=window, began=began, at=at)
    if as_json:
        print_json(result.as_json())
        return
    style = styles(sys.stdout)
    lines = _lines(result, limit, style, terminal_width(), app.repo.config.timezone)
    echo("\n".join(lines), color=style.on)


def _lines(result: SuspectList, limit: int, style: Style, columns: int, zone: str) -> Iterator[str]:
    here = result.scene
    title = shorten(safe_text(here.incident.title), columns - width(here.incident.id) - 2)
    yield f"{style.name(here.incident.id)}  {title}"
    began, since = (local(clock.format_time(t), zone) for t in (here.began, here.since))
    looked = f"{result.looked_at} item{'' if result.looked_at == 1 else 's'} looked at since {since}"
    yield from (style.dim(line) for line in wrap(f"began {began}{zone_note(zone)}; {looked}", columns))
    if not result.history:
        yield style.warning("not in a Git repository: edits of the CMDB are not known")
    if not result.suspects:
        yield ""
        yield "nothing happened there in that time"
    for suspect_ in result.suspects[:limit]:
        yield ""
        yield from _suspect(suspect_, style, columns, zone)
    if len(result.suspects) > limit:
        yield ""
        yield style.dim(f"{len(result.suspects) - limit} less likely ones: --limit {len(result.suspects)}")


def _suspect(suspect: Suspect, style: Style, columns: int, zone: str) -> Iterator[str]:
    look = "bold red" if suspect.score >= 70 else "yellow" if suspect.score >= 40 else "dim"
    when = local(clock.format_time(suspect.start), zone)
    name = f"edit of {suspect.id}" if suspect.type == EDIT else suspect.id
    used = 6 + width(name) + 2 + len(when) + 2
    title = shorten(safe_text(suspect.title), max(8, columns - used))
    yield f"{style.paint(format(suspect.score, '>4'), look)}  {style.name(safe_text(name))}  {when}  {title}"
    reasons = [f"{r.text} ({r.points:+d})" if r.points else r.text for r in suspect.reasons]
    if suspect.type == EDIT:
        reasons.append(f"commit {suspect.commit[:9]} by {suspect.author}")
    for line in wrap(safe_text("; ".join(reasons)), columns - 6):
        yield f"      {style.dim(line)}"
