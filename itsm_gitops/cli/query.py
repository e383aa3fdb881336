"""`itsm query`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from itsm_gitops.cli.base import App, at_option, json_option, pass_app, print_json
from itsm_gitops.cli.command import command
from itsm_gitops.cli.failures import usage
from itsm_gitops.cli.output import echo
from itsm_gitops.cli.render import styles

if TYPE_CHECKING:
    from itsm_gitops.commands.querying import QueryAnswer

_ON_A_SCREEN = 200


@command(
    "query",
    [
        (
            'itsm query "SELECT service, count(*) FROM records GROUP BY 1"',
            "records of each service",
        ),
        ("itsm query \"SELECT * FROM links WHERE target = 'payments'\" --csv", "for a spreadsheet"),
        (
            "itsm query \"SELECT id FROM clocks WHERE verdict = 'missed'\" --json",
            "missed targets, for programs",
        ),
        ("itsm query --schema", "the views and their columns"),
        ("itsm query - < report.sql", "a query from a file"),
    ],
)
@click.argument("sql", required=False, metavar="SQL")
@click.option("--schema", is_flag=True, help="Show the views, their columns and what they mean.")
@click.option(
    "--csv", "as_csv", is_flag=True, help="Print CSV; texts that a spreadsheet would run are marked."
)
@at_option
@json_option
@pass_app
def query_command(app: App, /, sql: str | None, **options: Any) -> None:
    """Ask in SQL: records, items, links, timeline, clocks and findings.

    SQL is one SELECT of SQLite over these views; '-' reads it from standard input. Nothing can be
    changed, and a query that takes too long is stopped. Times are UTC. The answers are those of
    itsm list, itsm report and itsm check.
    """
    if options["as_csv"] and options["as_json"]:
        raise usage("--csv and --json are two forms of one answer", "give one of them")
    if options["schema"]:
        _print_schema(app, as_json=options["as_json"])
        return
    if sql == "-":
        sql = sys.stdin.read(1_000_000)
    if not sql:
        raise usage("there is no query", "itsm query 'SELECT id, title FROM records', or --schema")
    from itsm_gitops.commands.querying import query

    answer = query(app.repo, sql, at=options["at"])
    if options["as_json"]:
        print_json(
            {"columns": list(answer.columns), "rows": [[_plain(v) for v in row] for row in answer.rows]}
        )
    elif options["as_csv"]:
        _print_csv(answer)
    else:
        _print(answer)


def _plain(value: object) -> object:
    """Return a value as JSON can hold it: bytes as hexadecimal digits, what is no finite number as text."""
    if isinstance(value, bytes):
        return value.hex()
    return str(value) if isinstance(value, float) and value - value != 0 else value


def _print_csv(answer: QueryAnswer) -> None:
    import csv
    import io

    from itsm_gitops.model.formulas import neutralise

    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    for row in ([*answer.columns], *answer.rows):
        cells = ["" if v is None else _plain(v) for v in row]
        writer.writerow([neutralise(c) if isinstance(c, str) else c for c in cells])
    echo(out.getvalue(), nl=False)


def _print(answer: QueryAnswer) -> None:
    style = styles(sys.stdout)
    if not answer.rows:
        echo("no rows")
        return
    from itsm_gitops.cli.tables import TextColumn, print_table

    shown = answer.rows[:_ON_A_SCREEN] if sys.stdout.isatty() else answer.rows
    columns = [
        TextColumn(name, right=all(isinstance(row[i], int | float | None) for row in shown))
        for i, name in enumerate(answer.columns)
    ]
    print_table(columns, [["" if v is None else str(_plain(v)) for v in row] for row in shown])
    count = len(answer.rows)
    more = (
        f"{len(shown)} of {count:,} rows"
        if len(shown) < count
        else f"{count:,} row{'' if count == 1 else 's'}"
    )
    echo(style.dim(more), color=style.on)


def _print_schema(app: App, *, as_json: bool) -> None:
    from itsm_gitops.commands.query_views import views

    known = views(app.repo.book)
    if as_json:
        print_json(
            {v.name: {"about": v.about, "columns": {c.name: c.about for c in v.columns}} for v in known}
        )
        return
    for number, view in enumerate(known):
        echo(f"{chr(10) if number else ''}{view.name}: {view.about}")
        longest = max(len(c.name) for c in view.columns)
        for column in view.columns:
            echo(f"  {column.name.ljust(longest)}  {column.about}")
