"""`itsm audit export`, `sample`, `exceptions`, `duties`, `access` and `summary`: what auditors work with."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from itsm_gitops.cli.base import App, json_option, lazily, pass_app, print_json
from itsm_gitops.cli.command import command
from itsm_gitops.cli.output import echo
from itsm_gitops.cli.render import facts, styles, wrap
from itsm_gitops.cli.width import terminal_width
from itsm_gitops.model.text import safe_text

if TYPE_CHECKING:
    from itsm_gitops.evidence.exceptions import Deviation
    from itsm_gitops.evidence.population import Population

_F = TypeVar("_F", bound=Callable[..., Any])
_FILE = click.Path(dir_okay=False, path_type=Path)
_ROWS = ("change", "merge")
_INDENT = 13


def period_options(function: _F) -> _F:
    """Add ``--since``, ``--until`` and ``--target``."""
    for option in reversed(
        (
            click.option("--since", metavar="REV|DATE", default="", shell_complete=lazily("revisions"),
                         help="Begin after a commit, or on a day (UTC).  [default: where the rules came]"),
            click.option("--until", metavar="DATE", default="", help="End with this day (UTC)."),
            click.option("--target", metavar="BRANCH", default="", help="Only this branch."),
        )
    ):  # fmt: skip
        function = option(function)
    return function


def _csv_options(function: _F) -> _F:
    """Add ``--csv`` and ``--raw``."""
    for option in reversed(
        (
            click.option("--csv", "as_csv", is_flag=True, help="Print CSV."),
            click.option("--raw", is_flag=True, help="Do not neutralise what a spreadsheet would run as a formula."),
        )
    ):  # fmt: skip
        function = option(function)
    return function


def _print_csv(head: Sequence[str], rows: Sequence[dict[str, str]], raw: bool) -> None:
    from itsm_gitops.evidence.tables import as_csv

    echo(as_csv(head, [[row[c] for c in head] for row in rows], raw=raw), nl=False)


def _one_form(as_csv: bool, as_json: bool) -> None:
    if as_csv and as_json:
        from itsm_gitops.model.errors import UsageError

        raise UsageError("--csv and --json do not go together", "one of them")


def _population(app: App, period: dict[str, str]) -> tuple[Population, list[Deviation]]:
    from itsm_gitops.evidence.auditing import population, verify
    from itsm_gitops.evidence.exceptions import exceptions

    whole = population(app.repo, **period)
    return whole, exceptions(whole, verify(app.repo, **period))


@command(
    "export",
    [
        ("itsm audit export --since 2026-10-01 --until 2026-12-31 > q4.csv", "the population of a quarter"),
        ("itsm audit export --xlsx q4.xlsx", "a workbook: changes, merges, what it is about"),
        ("itsm audit export --rows merge --json", "merges only, for programs"),
        ("itsm audit export --raw", "cells as they are, even those a spreadsheet would calculate"),
    ],
)
@period_options
@click.option("--rows", "only", type=click.Choice(_ROWS), help="Only the rows of changes, or of merges.")
@click.option("--xlsx", "book", type=_FILE, metavar="FILE", help="Write a workbook instead.")
@_csv_options
@json_option
@pass_app
def export_command(
    app: App, /, only: str | None, book: Path | None, as_csv: bool, raw: bool, as_json: bool, **period: str
) -> None:
    """Print the population of a period: a row for each change and each merge.

    What it was, who asked, wrote, carried out and approved it, when and in which way, who was kept
    apart, when it was planned and done, how it ended, which evidence there is, and which
    exceptions. Merges that nobody recorded are rows too. Statements are taken as they are written:
    'itsm audit verify' says whether they are true.
    """
    from itsm_gitops.evidence.exceptions import codes
    from itsm_gitops.evidence.population import COLUMNS

    _one_form(as_csv, as_json)
    population, deviations = _population(app, period)
    rows = [r for r in population.rows(codes(deviations)) if only in (None, r["row"])]
    if book is not None:
        from itsm_gitops.documents import write_output
        from itsm_gitops.evidence.books import population_book

        write_output(book, population_book(population, rows, deviations, period), app.repo.root)
        echo(f"{len(rows):,} rows written to {safe_text(str(book))}", err=True)
    elif as_json:
        print_json(rows)
    else:
        _print_csv(COLUMNS, rows, raw)


@command(
    "sample",
    [
        (
            "itsm audit sample -n 25 --seed 2026-Q4 --out q4-sample.zip",
            "25 merges and their evidence, in one file",
        ),
        (
            "itsm audit sample -n 25 --seed 2026-Q4 --rows change --since 2026-10-01",
            "which changes would be drawn",
        ),
        ("itsm audit sample --seed 7 --json", "the sample and how it was drawn, for programs"),
    ],
)
@click.option("-n", "count", type=int, default=25, show_default=True, help="How many rows.")
@click.option("--seed", required=True, help="Any text; the same seed draws the same sample.")
@click.option("--rows", "only", type=click.Choice((*_ROWS, "all")), default="merge", show_default=True,
              help="Draw from merges, from changes, or from both.")  # fmt: skip
@period_options
@click.option("--out", type=_FILE, metavar="FILE", help="Write a zip file with the evidence of each row.")
@json_option
@pass_app
def sample_command(
    app: App, /, count: int, seed: str, only: str, out: Path | None, as_json: bool, **period: str
) -> None:
    """Draw a sample of the population, and pack the evidence of each row.

    Whoever has the same repository draws the same rows with the same seed. Seed and digest of the
    population are stated; the file holds a checklist for each row, its statements, the policy that
    judged it, the record, the difference, and a manifest with the SHA-256 of each file.
    """
    from itsm_gitops.evidence.exceptions import codes
    from itsm_gitops.evidence.sample import draw, facts_of, name_of, pack

    population, deviations = _population(app, period)
    sample = draw(population.rows(codes(deviations)), count, seed, "" if only == "all" else only)
    if out is not None:
        from itsm_gitops.documents import write_output

        write_output(out, pack(population, sample), app.repo.root)
    stated = facts_of(population, sample)
    if as_json:
        print_json({**stated, "rows_drawn": sample.rows})
        return
    style = styles(sys.stdout)
    whole = f"{len(sample.rows)} of {len(sample.population)} rows, seed {seed}"
    echo(f"{style.bold(safe_text(whole))}", color=style.on)
    echo(style.dim(f"population {sample.digest}"), color=style.on)
    for row in sample.rows:
        marks = f"  {row['exceptions']}" if row["exceptions"] else ""
        name = name_of(row) if row["row"] == _ROWS[0] else f"merge {row['merge'][:12]}"
        echo(safe_text(f"{name}  {row['result']}  {row['title']}{marks}")[: terminal_width()])
    if out is not None:
        echo(f"written to {safe_text(str(out))}", err=True)


@command(
    "exceptions",
    [
        ("itsm audit exceptions --since 2026-10-01 --until 2026-12-31", "a quarter"),
        ("itsm audit exceptions --csv", "for the working papers"),
    ],
)
@period_options
@_csv_options
@json_option
@pass_app
def exceptions_command(app: App, /, as_csv: bool, raw: bool, as_json: bool, **period: str) -> None:
    """List where the control did not work as described, reviewed later or not.

    \b
      TAMPERED BACKDATED MISMATCH UNVOUCHED  the evidence itself (audit verify)
      UNREVIEWED   merged, and nothing was recorded about it
      BYPASSED     merged without the approvals that the policy asks for
      COMPOSED     what landed is a combination that no approver saw
      OVERRIDDEN   let pass by the one on call, not by those who were asked
      EMERGENCY    an emergency change, approved as any other
      NO_EVIDENCE  a change that was authorised, and no statement is about it
      NO_CHANGE    configuration items were edited without a change
      LATE         approved after the work began, or after the merge
    """  # noqa: D301 - click needs the backspace itself
    from itsm_gitops.evidence.exceptions import CELLS, cells

    _one_form(as_csv, as_json)
    population, deviations = _population(app, period)
    rows = [cells(d) for d in deviations]
    if as_json:
        print_json(rows)
    elif as_csv:
        _print_csv(CELLS, rows, raw)
    else:
        _print_exceptions(rows, len(population.merges), len(population.changes))


def _print_exceptions(rows: Sequence[dict[str, str]], merges: int, changes: int) -> None:
    style, columns = styles(sys.stdout), terminal_width()
    for row in rows:
        where = "  ".join(w for w in (row["merge"][:12], row["at"], row["target"], row["changes"]) if w)
        echo(f"{style.warning(row['code'].ljust(_INDENT - 2))}  {safe_text(where)}", color=style.on)
        review = f"; reviewed afterwards {row['review']}" if row["review"] else ""
        for line in wrap(safe_text(row["message"] + review), columns - _INDENT):
            echo(" " * _INDENT + line)
    told = f"{len(rows)} exception{'' if len(rows) == 1 else 's'}"
    echo(style.dim(f"{told} in {merges} merges and {changes} changes"), color=style.on)


@command(
    "duties",
    [
        ("itsm audit duties --since 2026-10-01", "who had which part in each merge"),
        ("itsm audit duties --csv", ""),
    ],
)
@period_options
@_csv_options
@json_option
@pass_app
def duties_command(app: App, /, as_csv: bool, raw: bool, as_json: bool, **period: str) -> None:
    """Show the segregation of duties: who wrote, asked for, carried out and approved each merge.

    The last column names who approved and had another part: a rule of the policy lets that happen
    only where it says so (an emergency alone).
    """
    from itsm_gitops.evidence.auditing import population
    from itsm_gitops.evidence.figures import DUTIES, duties

    _one_form(as_csv, as_json)
    rows = duties(population(app.repo, **period))
    if as_json:
        print_json(rows)
    elif as_csv:
        _print_csv(DUTIES, rows, raw)
    else:
        _print_table(
            ("merge", "changes", "authors", "requested_by", "implementers", "approved_by", "both"), rows
        )


@command(
    "access",
    [
        ("itsm audit access", "who could approve what on main today"),
        ("itsm audit access --on 2026-10-01 --csv", "on a day, for the working papers"),
        ("itsm audit access --on 4be1f2a9c0d1", "by the files of a commit"),
    ],
)
@click.option("--on", "when", metavar="DATE|REV", default="", shell_complete=lazily("revisions"),
              help="The end of a day (UTC), or a commit.  [default: now]")  # fmt: skip
@click.option("--target", metavar="BRANCH", default="", help="Another branch than the usual one.")
@_csv_options
@json_option
@pass_app
def access_command(app: App, when: str, target: str, as_csv: bool, raw: bool, as_json: bool) -> None:
    """Show who could approve what on a day: the access review.

    By the people, teams, roles, delegates and rules that the branch had then: every person and role
    that a rule of the policy asks for, for which items, with the accounts and keys that count.
    """
    from itsm_gitops.evidence.access import COLUMNS, title
    from itsm_gitops.evidence.auditing import access_on

    _one_form(as_csv, as_json)
    review = access_on(app.repo, when, target)
    rows = [e.cells for e in review.entitlements]
    if as_json:
        print_json({"at": title(review.moment, review.commit), "commit": review.commit, "rows": rows})
    elif as_csv:
        _print_csv(COLUMNS, rows, raw)
    else:
        style = styles(sys.stdout)
        echo(style.bold(f"Who could approve, {title(review.moment, review.commit)}"), color=style.on)
        _print_table(("person", "role", "how", "rules", "items"), rows)


@command(
    "summary", [("itsm audit summary --since 2026-10-01 --until 2026-12-31", "the figures of a quarter")]
)
@period_options
@json_option
@pass_app
def summary_command(app: App, /, as_json: bool, **period: str) -> None:
    """Show the figures of a period: merges by result, exceptions by kind, the share of emergencies."""
    from itsm_gitops.evidence.figures import figures

    population, deviations = _population(app, period)
    data = figures(population, deviations)
    if as_json:
        print_json(data)
        return
    style = styles(sys.stdout)
    echo(
        "\n".join(facts([(k.replace("_", " "), _said(v)) for k, v in data.items()], terminal_width(), style))
    )


def _said(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{count} {name}" for name, count in value.items()) or "none"
    if isinstance(value, float):
        return f"{value * 100:.1f}%"
    return "-" if value is None else str(value)


def _print_table(head: Sequence[str], rows: Sequence[dict[str, str]]) -> None:
    from itsm_gitops.cli.tables import TextColumn, print_table

    columns = [TextColumn(c.replace("_", " ").title(), fixed=c == "merge", least=6) for c in head]
    print_table(columns, [[row[c][:12] if c == "merge" else row[c] for c in head] for row in rows])


TABLES = (export_command, sample_command, exceptions_command, duties_command, access_command, summary_command)
