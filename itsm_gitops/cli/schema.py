"""`itsm schema`: the JSON Schemas of what commands print with ``--json``.

Each shape is a file of ``shapes``; the number at the end of its ``$id`` is its version. Within a version keys may be
added; none goes away, changes its type or becomes null where it was not. A test runs every command and holds its output
to its schema.
"""

from __future__ import annotations

from pathlib import Path

import click

from itsm_gitops.cli.base import lazily
from itsm_gitops.cli.command import command
from itsm_gitops.cli.output import echo, echo_exactly
from itsm_gitops.model.errors import NotFound, did_you_mean

_FOLDER = Path(__file__).parent / "shapes"
_ENDING = ".schema.json"


def shapes() -> list[str]:
    """Return the names of all shapes: a command, with a part of it behind a hyphen where it prints several."""
    return sorted(p.name.removesuffix(_ENDING) for p in _FOLDER.glob(f"*{_ENDING}"))


@command(
    "schema",
    [
        ("itsm schema", "all shapes"),
        ("itsm schema list", "the JSON Schema of what itsm list --json prints"),
        ("itsm schema audit verify > verify.schema.json", "of a command with two words"),
    ],
)
@click.argument("words", metavar="[COMMAND]...", nargs=-1, shell_complete=lazily("shapes"))
def schema_command(words: tuple[str, ...]) -> None:
    """Print the JSON Schema of what a command prints with --json.

    A command that answers in several forms has one for each, as explain-rule and explain-kind. The number at the end
    of $id is the version: within it keys are added, and none goes away or changes its type.
    """
    known = shapes()
    name = "-".join(words)
    if not name:
        for one in known:
            echo(one)
        return
    if name not in known:
        several = [k for k in known if k.startswith(f"{name}-")]
        hint = (
            f"there are: {', '.join(several)}"
            if several
            else did_you_mean(name, known) or "itsm schema lists them"
        )
        raise NotFound(f"there is no shape '{name}'", hint)
    echo_exactly((_FOLDER / f"{name}{_ENDING}").read_text(encoding="utf-8"))
