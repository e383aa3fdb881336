"""`itsm oncall`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from itsm_gitops.cli.base import App, dry_run_option, json_option, lazily, pass_app, print_json, sync_option
from itsm_gitops.cli.command import command
from itsm_gitops.cli.failures import usage
from itsm_gitops.cli.output import echo
from itsm_gitops.cli.render import styles, wrap
from itsm_gitops.cli.shared_options import ics_option
from itsm_gitops.cli.view import call_lines
from itsm_gitops.cli.width import terminal_width
from itsm_gitops.commands import on_call as asking
from itsm_gitops.graph.on_call import OnCall
from itsm_gitops.model import meaning
from itsm_gitops.model.local_time import local_time
from itsm_gitops.model.rotas import Turn
from itsm_gitops.model.text import safe_text

_AHEAD = 90  # days of a calendar file
_NOBODY = "nobody"
_UNKNOWN = "unknown"


@command(
    "oncall",
    [
        ("itsm oncall", "who is on call now, team by team"),
        ("itsm oncall payments", "for a service, an item, a team or a rota"),
        ("itsm oncall K7QF3", "for an incident: who is called next and when, too"),
        ("itsm oncall payments --at '2026-12-24 20:00'", "at another time"),
        ("itsm oncall @me --days 60", "my own turns"),
        ("itsm oncall dba --swap dba-lead --until +8h --reason 'Doctor'", "somebody takes over from now"),
        ("itsm oncall dba --swap dba-lead --at 2026-12-24 --until 2026-12-27", "later, for three days"),
        ("itsm oncall dba --ics dba.ics", "the turns of the next months for a calendar"),
        ("itsm oncall dba --import shifts.ics --dry-run", "events of another tool as overrides"),
    ],
)
@click.argument("what", metavar="[WHAT]", default="", shell_complete=lazily("identifiers"))
@click.option(
    "--at",
    metavar="WHEN",
    default="",
    help="At this time: '2026-12-24 20:00', tomorrow, +12h.  [default: now]",
)
@click.option(
    "--days", type=click.IntRange(min=1), metavar="N", help="Show the turns of N days, gaps included."
)
@click.option(
    "--swap", metavar="PERSON", shell_complete=lazily("people"), help="PERSON takes over from --at."
)
@click.option(
    "--until",
    metavar="WHEN",
    default="",
    help="End of the swap; +8h is that long after its beginning.  [default: the end of that turn]",
)
@click.option("--reason", metavar="TEXT", default="", help="Why there is a swap.")
@click.option(
    "--import",
    "source",
    metavar="FILE",
    type=click.Path(dir_okay=False),
    help="Add the events of an .ics file.",
)
@ics_option
@sync_option
@dry_run_option
@json_option
@pass_app
def oncall_command(
    app: App,
    what: str,
    at: str,
    days: int | None,
    swap: str | None,
    until: str,
    reason: str,
    source: str | None,
    ics: str | None,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Show who is on call, and swap turns.

    WHAT is a service, an item, a team, a rota, a record or a person (@me). Whoever is named first is called first,
    the others are backups. For an open record it also shows who was called, who is called next and when. A team says
    by `on_call` who is called: somebody, or a rota of cmdb/rotas. A swap is an override in the rota; for approvals it
    counts once it is on the main branch. The exit code is 1 where a rota or a team that the answer depends on cannot
    be read.
    """
    if sum(bool(x) for x in (swap, source, ics)) > 1:
        raise usage("--swap, --import and --ics are three different things", "one at a time")
    if (until or reason) and not swap:
        raise usage("--until and --reason belong to --swap", "itsm oncall TEAM --swap PERSON --until WHEN")
    if swap or source:
        _write(app, what, swap or "", source or "", at, until, reason, as_json, dry_run=dry_run)
    elif ics:
        _calendar(app, what, ics, days or _AHEAD)
    else:
        found = asking.who_is_on_call(app.repo, what, at=at, days=days or 0)
        if as_json:
            print_json(found.as_json())
        else:
            _print(app, found, days or 0)
        return int(not found.complete)
    return 0


def _write(
    app: App,
    what: str,
    person: str,
    source: str,
    at: str,
    until: str,
    reason: str,
    as_json: bool,
    *,
    dry_run: bool,
) -> None:
    from itsm_gitops.cli.outcome import print_written

    app.repo.tolerate = None  # reading works with faulty settings, writing does not
    done = (
        asking.swap(app.repo, what, person, at=at, until=until, reason=reason, dry_run=dry_run)
        if person
        else asking.import_overrides(app.repo, what, Path(source), dry_run=dry_run)
    )
    print_written([done], as_json, dry_run=dry_run)


def _calendar(app: App, what: str, target: str, days: int) -> None:
    from itsm_gitops.documents import output_file

    text = asking.rota_ics(app.repo, what, days)
    if target == "-":
        echo(text, nl=False)
        return
    with output_file(Path(target), app.repo.root) as file:
        file.write(text)
    echo(f"{safe_text(target)}: the turns of {days} days")


def _print(app: App, found: asking.OnCallAnswer, days: int) -> None:
    style, zone = styles(sys.stdout), app.repo.config.timezone
    if not found.asked:
        _table(app, found.called)
    else:
        moment = f"{local_time(found.at, zone)} {safe_text(zone)}"
        echo(f"{style.bold(safe_text(found.title))}  {style.dim(moment)}", color=style.on)
        for called in found.called:
            for line in _lines(called, found, zone):
                for part in wrap(line, terminal_width()):
                    echo(part, color=style.on)
        if found.calls:
            echo("")
            echo(style.bold("Calls"), color=style.on)
            for line in call_lines(found.calls, style, terminal_width(), zone):
                echo(line, color=style.on)
    if days:
        _print_turns(app, found)


def _lines(called: OnCall, found: asking.OnCallAnswer, zone: str) -> Sequence[str]:
    first, *backups = called.people or (_UNKNOWN if called.unknown else _NOBODY,)
    until = f" until {local_time(called.turn.end, zone)}" if called.turn else ""
    swapped = " (override)" if called.turn and called.turn.override else ""
    lines = [f"  {first}{until}{swapped}"]
    lines += [f"  backup: {', '.join(backups)}"] if backups else []
    if called.following:
        lines.append(f"  then {', '.join(called.following.people) or _NOBODY}")
    reached = [f"{c.get('type')} {c.get('value')}" for c in found.contacts.get(called.team, ())]
    lines.append(f"  {called.team}{': ' if reached else ''}{', '.join(reached)}")
    return [safe_text(line) for line in lines]


def _table(app: App, called: Sequence[OnCall]) -> None:
    from itsm_gitops.cli.tables import Cell, TextColumn, print_table

    zone = app.repo.config.timezone
    rows: list[list[Cell]] = []
    for one in called:
        first, *backups = one.people or (_UNKNOWN if one.unknown else _NOBODY,)
        until = local_time(one.turn.end, zone) if one.turn else ""
        looks = first if one.people else (first, "bold red")
        rows.append([one.team, looks, ", ".join(backups), until])
    columns = [
        TextColumn(meaning.TEAM, least=12, style="cyan"),
        TextColumn("on call", least=14),
        TextColumn("backup", least=8),
        TextColumn("until", fixed=True),
    ]
    print_table(columns, rows)


def _print_turns(app: App, found: asking.OnCallAnswer) -> None:
    from itsm_gitops.cli.tables import Cell, TextColumn, print_table

    zone = app.repo.config.timezone
    for rota, turns in found.turns.items():
        echo("")
        echo(safe_text(rota))
        rows: list[list[Cell]] = [_turn(turn, zone) for turn in turns]
        columns = [
            TextColumn("from", fixed=True),
            TextColumn("to", fixed=True),
            TextColumn("on call", least=12),
            TextColumn("backup", least=8),
            TextColumn("", fixed=True),
        ]
        print_table(columns, rows)


def _turn(turn: Turn, zone: str) -> list[tuple[str, str] | str]:
    first, *backups = turn.people or (_NOBODY,)
    return [
        local_time(turn.start, zone),
        local_time(turn.end, zone),
        first if turn.people else (first, "bold red"),
        ", ".join(backups),
        "override" if turn.override else "",
    ]
