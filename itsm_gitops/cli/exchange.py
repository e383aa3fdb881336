"""`itsm import` and `itsm export`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from itsm_gitops.cli.base import App, at_option, dry_run_option, json_option, lazily, pass_app, print_json
from itsm_gitops.cli.command import command, group_with_help
from itsm_gitops.cli.failures import say, tell_left_out
from itsm_gitops.cli.output import echo, redraw
from itsm_gitops.cli.render import Style, brief, facts, styles
from itsm_gitops.cli.width import terminal_width
from itsm_gitops.commands.exchanging import (
    Exported,
    export_csv,
    export_json,
    export_parquet,
    import_csv,
    write_report,
)
from itsm_gitops.model.text import safe_text

if TYPE_CHECKING:
    from itsm_gitops.exchange import ImportReport

_SHOWN = 12
_FILE = click.Path(path_type=Path, dir_okay=False)
_OUT = click.option(
    "--out", "-o", type=_FILE, metavar="FILE", help="Write to this file instead of standard output."
)


@group_with_help("import")
def import_command() -> None:
    """Import records from another tool."""


@command(
    "csv",
    [
        (
            "itsm import csv incidents.csv --mapping servicenow-incidents --dry-run",
            "see what would happen to every value",
        ),
        (
            "itsm import csv incidents.csv --mapping my-mapping.yaml --report import.md",
            "import, and keep the report",
        ),
    ],
)
@click.argument("source", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option(
    "--mapping",
    "-m",
    required=True,
    metavar="FILE|NAME",
    shell_complete=lazily("mappings"),
    help="Columns to fields; a file, or a name in schemas/imports.",
)
@click.option("--update", is_flag=True, help="Take over values that differ in documents imported before.")
@click.option("--strict", is_flag=True, help="Write nothing at all when some row cannot come in.")
@click.option(
    "--quarantine",
    type=_FILE,
    metavar="FILE",
    help="Write the rows that cannot come in here, with their reasons (build/quarantine/NAME.csv).",
)
@click.option(
    "--report", "report_file", type=_FILE, metavar="FILE", help="Write the full report (.md or .json)."
)
@dry_run_option
@json_option
@pass_app
def import_csv_command(
    app: App,
    source: Path,
    mapping: str,
    update: bool,
    strict: bool,
    quarantine: Path | None,
    report_file: Path | None,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Import a table, by a mapping file.

    Importing the same table twice changes nothing. Every value that was dropped, defaulted or not
    understood is reported. A row that check would refuse does not come in: it goes to a file with its
    reason, to be corrected and imported again. The exit code is 1 when no row could come in.
    """
    repo = app.repo
    with _Counter("rows") as counter:
        report = import_csv(
            repo,
            source,
            mapping,
            dry_run=dry_run,
            update=update,
            strict=strict,
            quarantine=quarantine,
            progress=counter,
        )
    if report_file:
        write_report(repo, report, report_file)
    if as_json:
        print_json(report.to_dict())
    else:
        style = styles(sys.stdout)
        echo("\n".join(_lines(report, style, terminal_width())), color=style.on)
    tell_left_out(report.unreadable)
    if report.fruitless:
        say("error", "no row could be imported", f"row {report.skipped[0].row}: {report.skipped[0].reason}")
    return int(report.fruitless)


import_command.add_command(import_csv_command)


class _Counter:
    """Counts on one line of standard error, where that is a terminal; silent elsewhere."""

    def __init__(self, noun: str) -> None:
        self._noun = noun
        self._on = sys.stderr.isatty()

    def __call__(self, count: int) -> None:
        if self._on:
            redraw(f"{count:,} {self._noun}")

    def __enter__(self) -> Callable[[int], None]:
        return self

    def __exit__(self, *_: object) -> None:
        if self._on:
            redraw()


def _lines(report: ImportReport, style: Style, columns: int) -> list[str]:
    head = f"{safe_text(report.source)}: {report.rows:,} rows, mapping {safe_text(report.mapping)}"
    lines = [style.bold(head) + (style.warning("  dry run: nothing was written") if report.dry_run else "")]
    lines += facts([(name, f"{count:,}") for name, count in report.counts.items()], columns, style)
    by_outcome: dict[str, list[str]] = {}
    for note in report.notes:
        times = f" ({note.times:,} ×)" if note.times > 1 else ""
        text = f"{note.column}: {brief(note.value, 30)}{times}: {note.reason}"
        by_outcome.setdefault(note.outcome, []).append(brief(text, columns - 2))
    for outcome, texts in by_outcome.items():
        lines += ["", style.bold(f"Values {outcome}"), *(f"  {t}" for t in texts[:_SHOWN])]
        if len(texts) > _SHOWN:
            lines.append(style.dim(f"  and {len(texts) - _SHOWN:,} more; --report FILE has all"))
    if report.skipped:
        lines += ["", style.bold("Skipped rows")]
        lines += [
            brief(f"  row {s.row}{_key_text(s.key)}: {s.reason}", columns) for s in report.skipped[:_SHOWN]
        ]
        if len(report.skipped) > _SHOWN:
            lines.append(style.dim(f"  and {len(report.skipped) - _SHOWN:,} more"))
        if report.quarantine:
            lines.append(
                f"They are in {safe_text(report.quarantine)} with their reasons: correct and import that."
            )
    if report.kept:
        lines += [
            "",
            f"{len(report.kept):,} documents differ from the table and were kept; --update takes its values over",
        ]
    return lines


def _key_text(key: str) -> str:
    return f" ({safe_text(key)})" if key else ""


@group_with_help("export")
def export_command() -> None:
    """Export documents as JSON, CSV or Parquet."""


@command(
    "json",
    [
        ("itsm export json > all.json", "every document"),
        ("itsm export json changes --lines --at v1.2", "one kind, a document a line, from a revision"),
    ],
)
@click.argument("kind", required=False, shell_complete=lazily("plurals"))
@click.option("--lines", is_flag=True, help="One JSON document on each line.")
@_OUT
@at_option
@pass_app
def export_json_command(app: App, kind: str | None, lines: bool, out: Path | None, at: str | None) -> int:
    """Export every document (of one kind) as JSON.

    The exit code is 1 when files cannot be read and are missing in the export.
    """
    return _report_export(export_json(app.repo, out, kind=kind, lines=lines, at=at), out)


@command(
    "csv",
    [
        ("itsm export csv incidents -o incidents.csv", "for a spreadsheet"),
        ("itsm export csv changes --columns id,title,risk.level --raw", "some columns, for a program"),
    ],
)
@click.argument("kind", shell_complete=lazily("plurals"))
@click.option(
    "--columns",
    metavar="A,B,…",
    default="",
    help="Fields, dots lead into nested ones; also path, priority, opened, resolved, closed, updated.",
)
@click.option("--raw", is_flag=True, help="Leave texts that a spreadsheet would run as formulas as they are.")
@_OUT
@at_option
@pass_app
def export_csv_command(app: App, kind: str, columns: str, raw: bool, out: Path | None, at: str | None) -> int:
    """Export the documents of one kind as CSV.

    Texts that begin like a formula get an apostrophe in front, so that a spreadsheet shows them. The exit
    code is 1 when files cannot be read and are missing in the export.
    """
    names = [c.strip() for c in columns.split(",") if c.strip()]
    return _report_export(export_csv(app.repo, kind, out, columns=names, raw=raw, at=at), out)


def _report_export(exported: Exported, out: Path | None) -> int:
    """Say what was exported and what is missing, and return the exit code."""
    if out is not None:
        noun = "document" if exported.documents == 1 else "documents"
        echo(f"{exported.documents:,} {noun} written to {safe_text(str(out))}", err=True)
    tell_left_out(exported.left_out)
    return int(bool(exported.left_out))


@command(
    "parquet",
    [
        (
            "itsm export parquet --to build/analytics",
            "every document, for DuckDB, Spark, Trino, Polars or pandas",
        ),
        (
            "itsm export parquet --to build/analytics-public --audience public",
            "what the public may see of it",
        ),
        ("itsm export parquet --to /srv/itsm/2026-q3 --at v2026.3", "as it was at a revision"),
    ],
)
@click.option(
    "--to",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    metavar="FOLDER",
    help="Folder of the export; one that is there is brought up to date.",
)
@click.option(
    "--audience",
    metavar="NAME",
    shell_complete=lazily("audiences"),
    help="Only what this audience may see: a name of schemas/policies/audiences.yaml.  [default: everything]",
)
@at_option
@json_option
@pass_app
def export_parquet_command(
    app: App, folder: Path, audience: str | None, at: str | None, as_json: bool
) -> int:
    """Export every document as Parquet files, partitioned by kind and year.

    The tables are records, items, timeline, links and clocks (of service levels). Only files that differ from
    those of the last export are written. Needs the extra: pip install 'itsm-gitops[analytics]'. The exit code
    is 1 when files cannot be read and are missing in the export.
    """
    report, left_out = export_parquet(app.repo, folder, audience=audience, at=at)
    if as_json:
        print_json(report._asdict())
    else:
        style = styles(sys.stdout)
        rows = [(name, f"{count:,} row{'' if count == 1 else 's'}") for name, count in report.rows.items()]
        same = report.files - report.written
        files = (
            f"{report.files:,}: {report.written:,} written, {same:,} unchanged, {report.removed:,} removed"
        )
        echo("\n".join(facts([*rows, ("files", files)], terminal_width(), style)), color=style.on)
    tell_left_out(left_out)
    return int(bool(left_out))


export_command.add_command(export_parquet_command)
export_command.add_command(export_json_command)
export_command.add_command(export_csv_command)
