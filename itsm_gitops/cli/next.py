"""`itsm next`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import datetime

import click

from itsm_gitops.cli.base import App, json_option, lazily, pass_app, print_json
from itsm_gitops.cli.command import command
from itsm_gitops.cli.output import echo
from itsm_gitops.cli.render import PRIORITY_STYLES, Style, pad, styles, words, wrap
from itsm_gitops.cli.times import local
from itsm_gitops.cli.width import terminal_width
from itsm_gitops.commands.whats_next import Called, NextUp, Promised, whats_next
from itsm_gitops.model import clock
from itsm_gitops.model.duties import PAST
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.local_time import local_time
from itsm_gitops.model.text import safe_text, shorten, width

_MOST = 10  # lines of a group on a terminal; --all shows every one


@command(
    "next",
    [
        ("itsm next", "what needs me now"),
        ("itsm next --within 4h", "promises that end in the next four hours"),
        ("itsm next --by payments-engineer", "what needs a colleague"),
        ("itsm next --no-branches", "without judging branches: faster"),
        ("itsm next --json", "for programs"),
    ],
)
@click.option(
    "--by",
    "who",
    metavar="HANDLE",
    shell_complete=lazily("people"),
    help="Whose work to show.  [default: you]",
)
@click.option(
    "--within", metavar="SPAN", default="", help="How far ahead promises end: 4h, 2d.  [default: 1d]"
)
@click.option(
    "--branches/--no-branches",
    default=True,
    help="Look for approvals that branches wait for.  [default: look]",
)
@click.option("--all", "everything", is_flag=True, help=f"Show every line, not {_MOST} of a group.")
@json_option
@pass_app
def next_command(
    app: App, who: str | None, within: str, branches: bool, everything: bool, as_json: bool
) -> None:
    """Show what needs you now.

    In this order: whether you are on call, records you are called about, promises that end soon or are missed,
    approvals that branches wait for, your open records, those of your teams that nobody has taken, and what is due.
    The most urgent is first in each.
    """
    found = whats_next(app.repo, who, within=within, branches=branches)
    if as_json:
        print_json(found.as_json())
    else:
        _print(app, found, 0 if everything else _MOST)


def _print(app: App, found: NextUp, most: int) -> None:
    style, zone, columns = styles(sys.stdout), app.repo.config.timezone, terminal_width()
    groups: Sequence[tuple[str, list[str]]] = (
        ("on call", [_on_call(c.rota, c.turn.end if c.turn else None, zone) for c in found.on_call]),
        ("called about", [_called(found, c, style, zone, columns) for c in found.called]),
        ("promised", [_promise(found, p, style, zone, columns) for p in found.promises]),
        ("to approve", [_approval(a.branch, a.title, a.needs, columns) for a in found.approvals]),
        ("mine", [_record(found, e, style, columns) for e in found.assigned]),
        ("my teams', taken by nobody", [_record(found, e, style, columns) for e in found.unassigned]),
        (
            "due",
            [
                _due(d.day.day, d.day.text, d.entry.id, d.day.stage == PAST, style, zone, columns)
                for d in found.due
            ],
        ),
    )
    shown = False
    for title, lines in groups:
        if not lines:
            continue
        echo(("\n" if shown else "") + style.bold(f"{title} ({len(lines)})"), color=style.on)
        shown = True
        for line in lines[: most or None]:
            echo(f"  {line}", color=style.on)
        if most and len(lines) > most:
            echo(style.dim(f"  and {len(lines) - most} more: itsm next --all"), color=style.on)
    if not shown:
        echo(style.dim(f"nothing needs {safe_text(found.who)} now"), color=style.on)
    left = found.waiting - found.looked_at
    if left > 0:
        for line in wrap(
            f"{left} older branches were not judged; itsm approvals BRANCH looks at one", columns
        ):
            echo(style.dim(line), color=style.on)


def _on_call(rota: str, until: datetime | None, zone: str) -> str:
    return safe_text(rota) + (f" until {local_time(until, zone)}" if until else "")


def _record(found: NextUp, entry: Entry, style: Style, columns: int, more: str = "") -> str:
    """Return a record as one line: its priority, identifier, state, what more there is, and as much of its title as fits."""
    priority = found.rows.priority(entry) or "--"
    lead = f"{more}{pad(words(entry.state), 12)} "
    room = max(8, columns - 2 - 3 - width(entry.id) - 2 - width(lead) - 1)
    return (
        f"{style.paint(priority, PRIORITY_STYLES.get(priority, ''))} {style.name(entry.id)}  {lead}"
        f"{shorten(safe_text(entry.title), room)}"
    )


def _called(found: NextUp, one: Called, style: Style, zone: str, columns: int) -> str:
    why = one.step.why.format(**one.step.about)
    since = f" since {local_time(one.step.at, zone)}" if one.step.at else ""
    return _record(found, one.entry, style, columns, f"{safe_text(why)}{since}  ")


def _promise(found: NextUp, one: Promised, style: Style, zone: str, columns: int) -> str:
    when = "missed" if one.missed else f"in {clock.age(found.at, one.due)}" if one.due else ""
    return _record(found, one.entry, style, columns, f"{pad(f'{one.metric} {when}', 18)} ")


def _approval(branch: str, title: str, needs: Sequence[str], columns: int) -> str:
    return shorten(safe_text(f"{branch}: {title} ({', '.join(needs)})"), columns - 2)


def _due(day: str, text: str, identifier: str, past: bool, style: Style, zone: str, columns: int) -> str:
    when = local(day, zone)
    room = max(8, columns - 2 - width(when) - width(identifier) - 4)
    return f"{style.paint(when, 'bold red' if past else 'yellow')}  {style.name(identifier)}  {shorten(safe_text(text), room)}"
