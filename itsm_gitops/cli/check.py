"""`itsm check` and `itsm fmt`."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from itsm_gitops.cli.base import App, at_option, lazily, pass_app, print_json
from itsm_gitops.cli.command import command
from itsm_gitops.cli.output import echo
from itsm_gitops.cli.render import SEVERITY_STYLES, Style, styles, wrap
from itsm_gitops.cli.width import terminal_width
from itsm_gitops.commands.checking import check, fmt
from itsm_gitops.model.findings import SEVERITIES
from itsm_gitops.model.text import safe_text

if TYPE_CHECKING:
    from itsm_gitops.rules import CheckReport

TEXT, JSON, GITHUB = "text", "json", "github"


@command(
    "check",
    [
        ("itsm check", "everything in the working tree"),
        ("itsm check records/incidents K7QF3", "some files, folders or documents"),
        ("itsm check --base origin/main", "what a pull request changes, judged by the rules of main"),
        ("itsm check --fix", "repair what is safe to repair"),
        ("itsm check --at HEAD --format json", "a commit, for programs"),
        ("itsm check --shard 2/4", "a part of everything, for one of four jobs of CI"),
    ],
)
@click.argument("paths", metavar="[PATH|ID]...", nargs=-1, shell_complete=lazily("paths"))
@click.option(
    "--base",
    metavar="REV",
    shell_complete=lazily("revisions"),
    help="Judge the changes since the merge base with REV, by its rule book.",
)
@at_option
@click.option(
    "--format",
    "form",
    type=click.Choice([TEXT, JSON, GITHUB]),
    help="Default: text; github where GITHUB_ACTIONS is true.",
)
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@click.option(
    "--fail-on",
    type=click.Choice(SEVERITIES),
    default="error",
    show_default=True,
    help="Exit with 1 from this severity on.",
)
@click.option("--fix", is_flag=True, help="First repair what loses nothing.")
@click.option(
    "--shard",
    metavar="NUMBER/COUNT",
    default="",
    help="Judge one of COUNT parts. All parts together find what the whole check finds, each finding once.",
)
@pass_app
def check_command(
    app: App,
    paths: tuple[str, ...],
    base: str | None,
    at: str | None,
    form: str | None,
    as_json: bool,
    fail_on: str,
    fix: bool,
    shard: str,
) -> int:
    """Check documents against all rules.

    All findings of all files are reported, each with file, line, column and code. 'itsm explain
    CODE' says why a rule exists. With --base only what the change concerns is read and counted. Exit code 0: nothing as bad as --fail-on; 1: findings.
    """
    report = check(app.repo, paths, at=at, base=base, fix=fix, shard=shard)
    in_actions = os.environ.get("GITHUB_ACTIONS") == "true"
    form = JSON if as_json else form or (GITHUB if in_actions else TEXT)
    _print(report, form)
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    if form == GITHUB and summary:
        from itsm_gitops.rules.report import markdown

        with Path(summary).open("a", encoding="utf-8") as file:
            file.write(markdown(report))
    return int(report.fails(fail_on))


def _print(report: CheckReport, form: str) -> None:
    from itsm_gitops.rules.report import as_json, github

    if form == JSON:
        echo(as_json(report), nl=False)
    elif form == GITHUB:
        echo(github(report), nl=False)
    else:
        style = styles(sys.stdout)
        echo("\n".join(_lines(report, style, terminal_width())), color=style.on)


def _lines(report: CheckReport, style: Style, columns: int) -> Iterator[str]:
    """Yield the findings as ``path:line:col: severity CODE message`` with colours, never cut."""
    from itsm_gitops.rules.report import hint, summary

    for repair in report.fixed:
        yield f"{style.good('fixed')} {safe_text(repair.path)}: {safe_text(repair.message)} ({repair.code})"
    for finding in report.findings:
        place = style.bold(f"{safe_text(finding.path)}:{finding.line}:{finding.column}:")
        label = style.paint(f"{finding.severity} {finding.code}", SEVERITY_STYLES.get(finding.severity, ""))
        yield f"{place} {label} {safe_text(finding.message)}"
        advice = wrap(hint(finding), columns - 10) if finding.hint else []
        yield from (
            f"    {style.dim('hint: ' if i == 0 else '      ')}{line}" for i, line in enumerate(advice)
        )
    text = summary(report)
    yield style.good(text) if not report.findings else style.bold(text)


@command(
    "fmt",
    [
        ("itsm fmt", "every document"),
        ("itsm fmt cmdb/services K7QF3", "some folders or documents"),
        ("itsm fmt --check", "for CI: exit with 1 where something would change"),
    ],
)
@click.argument("paths", metavar="[PATH|ID]...", nargs=-1, shell_complete=lazily("paths"))
@click.option(
    "--check", "check_only", is_flag=True, help="Change nothing; exit with 1 where something would change."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
@pass_app
def fmt_command(app: App, paths: tuple[str, ...], check_only: bool, as_json: bool) -> int:
    """Put documents into canonical form.

    Key order, indentation, quotes and line ends become uniform; comments and data stay.
    """
    found = fmt(app.repo, paths, check_only=check_only)
    if as_json:
        refused = [{"path": p, "message": m} for p, m in found.refused]
        print_json({"changed": found.changed, "unchanged": found.unchanged, "refused": refused})
    else:
        style = styles(sys.stdout)
        verb = "would change" if check_only else "formatted"
        for path in found.changed:
            echo(f"{verb} {style.name(safe_text(path))}", color=style.on)
        for path, message in found.refused:
            echo(f"{style.warning('left alone')} {safe_text(path)}: {safe_text(message)}", color=style.on)
        total = len(found.changed) + found.unchanged + len(found.refused)
        echo(style.dim(f"{len(found.changed)} of {total:,} files {verb}"), color=style.on)
    return int(bool(found.refused) or (check_only and bool(found.changed)))
