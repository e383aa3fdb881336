"""`itsm test`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import groupby

import click

from itsm_gitops.cli.base import App, json_option, pass_app, print_json
from itsm_gitops.cli.command import command
from itsm_gitops.cli.output import echo
from itsm_gitops.cli.render import Style, styles
from itsm_gitops.commands.testing import TriedExamples, try_examples
from itsm_gitops.model.text import safe_text


@command(
    "test",
    [
        ("itsm test", "all examples of all rules and life cycles"),
        ("itsm test ORG001", "those of one rule of your own"),
        ("itsm test change", "those of one life cycle"),
    ],
)
@click.argument("names", metavar="[CODE|LIFE-CYCLE]...", nargs=-1)
@json_option
@pass_app
def test_command(app: App, names: tuple[str, ...], as_json: bool) -> None:
    """Try the examples of the rule book.

    Rules of your own (schemas/rules) and life cycles (schemas/workflows) show
    what is bad and what is good. What is bad must be found, what is good must
    not. Exit code 1 where an example has another result.
    """
    result = try_examples(app.repo, names)
    if as_json:
        print_json(result.as_json())
    else:
        style = styles(sys.stdout)
        echo("\n".join(_lines(result, style)), color=style.on)
    if result.wrong or result.findings:
        raise click.exceptions.Exit(1)


def _lines(result: TriedExamples, style: Style) -> Iterator[str]:
    for finding in result.findings:
        yield f"{finding.path}:{finding.line}:{finding.column}: {finding.code} {safe_text(finding.message)}"
    if result.findings:
        yield "the rule book has errors, so no example was tried"
        return
    for name, group in groupby(result.trials, key=lambda t: t.name):
        yield style.bold(safe_text(name))
        for trial in group:
            mark = style.paint("WRONG", "red") if trial.wrong else "right"
            said = trial.wrong or (f"found: {trial.said[0]}" if trial.said else "nothing is found")
            yield f"  {mark}  {trial.side.ljust(4)}  {safe_text(trial.title)}"
            yield f"               {safe_text(said)}"
    count = len(result.trials)
    what = "1 example" if count == 1 else f"{count} examples"
    yield f"{what}: {f'{result.wrong} came out otherwise' if result.wrong else 'all came out as they say'}"
