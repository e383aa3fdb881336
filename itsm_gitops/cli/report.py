"""`itsm report`."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from inspect import cleandoc
from itertools import zip_longest

import click

from itsm_gitops.cli.bars import bar, head, lanes, legend, longest
from itsm_gitops.cli.base import App, at_option, json_option, lazily, pass_app, print_json
from itsm_gitops.cli.command import command
from itsm_gitops.cli.failures import usage
from itsm_gitops.cli.output import echo
from itsm_gitops.cli.render import Style, pad, styles, wrap
from itsm_gitops.cli.times import local, zone_note
from itsm_gitops.cli.width import terminal_width
from itsm_gitops.commands.reporting import REPORTS, report, table_of
from itsm_gitops.model.clock import format_time
from itsm_gitops.model.report import (
    ITEM,
    MONTH,
    RECORD,
    RULE,
    TEXT,
    WEEK,
    Column,
    Report,
    Table,
    as_csv,
)
from itsm_gitops.model.text import safe_text, shorten, width

_GAP = "  "
_LEFT = (TEXT, ITEM, RECORD, RULE, WEEK, MONTH)
_LEAST_TEXT = 10


@command(
    "report",
    [
        ("itsm report", "every report, in one line each"),
        ("itsm report backlog", "what is open, for how long, with whom"),
        ("itsm report times --service mail --since 90d", "of one service, for the last 90 days"),
        ("itsm report changes --team platform-team --json", "of one team, for programs"),
        ("itsm report levels --until 2026-10 --customer Staff", "as it was at the end of October"),
        ("itsm report customers --customer corner-bakeries", "what one customer was provided with"),
        ("itsm report flow --table incidents_weeks --csv", "one table, for a spreadsheet"),
    ],
)
@click.argument("name", metavar="[NAME]", required=False, shell_complete=lazily("reports"))
@click.option(
    "--service",
    metavar="ID",
    default="",
    shell_complete=lazily("services"),
    help="Only what affects this service.",
)
@click.option(
    "--team",
    "-t",
    metavar="ID",
    default="",
    shell_complete=lazily("teams"),
    help="Only what is assigned to this team.",
)
@click.option(
    "--since",
    metavar="WHEN",
    default="",
    help="Where the period begins: 2026-01-01, 90d, 12w.  [default: twelve months]",
)
@click.option(
    "--until",
    metavar="WHEN",
    default="",
    help="Where it ends: 2026-10-31, 2026-10; as it was then.  [default: now]",
)
@click.option(
    "--customer",
    metavar="NAME",
    default="",
    help="Only what is provided to this organisation, or agreed with this customer.",
)
@click.option("--table", metavar="TABLE", default="", help="Only this table of the report.")
@click.option("--csv", "as_csv_", is_flag=True, help="Print one table as CSV (default: the first).")
@click.option(
    "--definitions", is_flag=True, help="Say what each figure means and where its definition comes from."
)
@at_option
@json_option
@pass_app
def report_command(
    app: App,
    name: str | None,
    service: str,
    team: str,
    since: str,
    until: str,
    customer: str,
    table: str,
    as_csv_: bool,
    definitions: bool,
    at: str | None,
    as_json: bool,
) -> None:
    """Show figures about the work: how much, how long, how well.

    Figures are replayed from the timelines; --csv and --json have durations in seconds and shares
    from 0 to 1. NAME is a report of schemas/reports, or one of these:

    {reports}
    """
    if not name and (table or as_csv_):
        raise usage("--table and --csv need the name of a report", "itsm report lists them")
    limits = {"service": service, "team": team, "customer": customer, "since": since, "until": until}
    reports = report(app.repo, (name,) if name else (), **limits, at=at)
    if as_json:
        print_json(reports[0].as_json() if name else [r.as_json() for r in reports])
        return
    style = styles(sys.stdout)
    if not name:
        echo("\n".join(_overview(reports, style, terminal_width(), app.repo.config.timezone)), color=style.on)
        return
    one = reports[0]
    tables = (table_of(one, table),) if table or as_csv_ else one.tables
    if as_csv_:
        echo(as_csv(tables[0]), nl=False)
        return
    lines = _report(replace(one, tables=tables), style, terminal_width(), app.repo.config.timezone)
    if definitions:
        lines = [*lines, *_definitions(one, style, terminal_width())]
    echo("\n".join(lines), color=style.on)


# The table of reports is the one list of them.
report_command.help = cleandoc(report_command.help or "").replace(
    "{reports}", "\b\n" + "\n".join(f"{name:<9} {kind.title}" for name, kind in REPORTS.items())
)


def _limits(report: Report, zone: str) -> str:
    since, until = (local(format_time(m), zone) for m in (report.since, report.until))
    of = [
        f"{word} {safe_text(value)}"
        for word, value in (
            ("service", report.service),
            ("team", report.team),
            ("customer", report.customer),
        )
        if value
    ]
    when = f"as of {until}" if report.since == report.until else f"{since[:10]} to {until}"
    return ", ".join([f"{when}{zone_note(zone)}", *of])


def _overview(reports: Sequence[Report], style: Style, columns: int, zone: str) -> Iterator[str]:
    yield style.dim(_limits(reports[0], zone))
    room = max(width(r.name) for r in reports)
    for one in reports:
        yield ""
        yield f"{style.name(pad(one.name, room))}  {style.bold(one.title)}"
        yield from (f"{' ' * room}  {line}" for line in wrap(safe_text(one.headline), columns - room - 2))


def _report(report: Report, style: Style, columns: int, zone: str) -> list[str]:
    lines = [style.bold(line) for line in wrap(f"{report.title}: {safe_text(report.headline)}", columns)]
    if report.trend:
        verdict = f" ({report.trend.verdict})" if report.trend.verdict else ""
        lines += wrap(f"{report.trend.text}{verdict}.", columns)
    lines += [style.dim(line) for line in wrap(_limits(report, zone), columns)]
    lines += [style.dim(line) for line in wrap(report.note, columns) if report.note]
    # One table is what somebody asked for.
    tables = [t for t in report.tables if not t.quiet or len(report.tables) == 1]
    for table in tables:
        if table.rows:
            lines += ["", *_table(table, style, columns)]
    empty = [t.title for t in tables if not t.rows]
    if empty:
        lines += ["", *(style.dim(line) for line in wrap(f"Nothing to show: {', '.join(empty)}.", columns))]
    return lines


def _table(table: Table, style: Style, columns: int) -> Iterator[str]:
    """Yield a table: its cells, and at the end of each row its bars where there is room."""
    key = legend(table, style)
    beside = key and width(table.title) + 2 + width(legend(table, Style(False))) <= columns
    yield f"{style.bold(table.title)}  {key}" if beside else style.bold(table.title)
    if key and not beside:
        yield key
    cells = [[safe_text(table.said(n, c.name)) for c in table.columns] for n in range(len(table.rows))]
    heads = [_folded(c.title) for c in table.columns]
    widths = _widths(table.columns, heads, cells, columns)
    each = lanes(table, columns - sum(widths) - len(_GAP) * len(widths))
    plain = [_as_it_is] * len(widths)
    short = [[shorten(part, wide) for part in parts] for parts, wide in zip(heads, widths, strict=True)]
    above = [_lines(table.columns, [h[part] for h in short], widths, plain)[0] for part in range(2)]
    if each:
        above[1] += f"{_GAP}{head(table, each)}"
    yield from (style.dim(line.rstrip()) for line in above if line.strip())
    most = longest(table)
    for row, line in enumerate(cells):
        bars = bar(table, row, most, each, style) if each else ""
        looks = [style.bad if short else _as_it_is for short in table.falls_short(table.rows[row])]
        first, *more = _lines(table.columns, line, widths, looks)
        yield f"{first}{_GAP}{bars}".rstrip()
        yield from (text.rstrip() for text in more)
    if table.note:
        yield from (style.dim(line) for line in wrap(table.note, columns))


def _folded(title: str) -> list[str]:
    """Break a head of several words into two lines, as even as can be."""
    if len(title) < 9 or " " not in title:
        return ["", title]
    spaces = [i for i, letter in enumerate(title) if letter == " "]
    at = min(spaces, key=lambda i: abs(2 * i - len(title)))
    return [title[:at], title[at + 1 :]]


def _widths(
    columns: Sequence[Column], heads: Sequence[Sequence[str]], cells: Sequence[Sequence[str]], room: int
) -> list[int]:
    """Return the width of each column; texts give way when there is no room."""
    widths = [
        max(*(width(p) for p in parts), *(width(row[i]) for row in cells)) for i, parts in enumerate(heads)
    ]
    texts = [i for i, c in enumerate(columns) if c.form in (TEXT, ITEM)]
    while sum(widths) + len(_GAP) * (len(widths) - 1) > room:
        widest = max(texts, key=lambda i: widths[i], default=None)
        if widest is None or widths[widest] <= _LEAST_TEXT:
            break
        widths[widest] -= 1
    return widths


def _as_it_is(text: str) -> str:
    return text


def _lines(
    columns: Sequence[Column],
    cells: Sequence[str],
    widths: Sequence[int],
    looks: Sequence[Callable[[str], str]],
) -> list[str]:
    """Return a row as lines: what gave way goes on below, an identifier whole, other texts on one more line."""
    broken = [
        _broken(cell, wide, whole=column.form == ITEM)
        for column, cell, wide in zip(columns, cells, widths, strict=True)
    ]
    lines = []
    for parts in zip_longest(*broken, fillvalue=""):
        line = [
            look(pad(part, wide) if column.form in _LEFT else " " * (wide - width(part)) + part)
            for column, part, wide, look in zip(columns, parts, widths, looks, strict=True)
        ]
        lines.append(_GAP.join(line))
    return lines


def _broken(cell: str, wide: int, *, whole: bool) -> list[str]:
    if width(cell) <= wide:
        return [cell]
    if width(cell) > len(cell):  # signs that take two columns
        return [shorten(cell, wide)]
    return textwrap.wrap(cell, wide, max_lines=None if whole else 2, placeholder="…")


def _definitions(report: Report, style: Style, columns: int) -> Iterator[str]:
    yield ""
    yield style.bold("What the figures mean")
    for measure in report.measures:
        yield ""
        yield f"  {style.name(measure.name)}"
        yield from (f"  {line}" for line in wrap(measure.definition, columns - 2))
        yield from (style.dim(f"  {line}") for line in wrap(f"After {measure.source}", columns - 2))
