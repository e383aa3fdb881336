"""The command line's reference as Markdown, made from the commands themselves."""

from __future__ import annotations

from collections.abc import Iterator

import click

from itsm_gitops.cli.app import SECTIONS, group
from itsm_gitops.cli.command import ItsmCommand


def reference() -> str:
    """Return a Markdown page that describes every command with its options and examples."""
    context = click.Context(group, info_name="itsm")
    lines = ["Every command takes `-h` or `--help`; `itsm -C DIR …` works in another folder.", ""]
    lines += ["| Exit code | Meaning |", "| --- | --- |"]
    lines += ["| 0 | done; no findings |", "| 1 | findings, or the action was refused |"]
    lines += ["| 2 | the command line cannot be understood |", "| 3 | a fault of the program |", ""]
    for title, commands in SECTIONS.items():
        lines += [f"## {title}", ""]
        for name in commands:
            command = group.get_command(context, name)
            if command is not None:
                lines += _command(command, click.Context(command, parent=context, info_name=name))
    return "\n".join(lines).rstrip() + "\n"


def _command(command: click.Command, context: click.Context) -> Iterator[str]:
    yield f"### `{context.command_path}`"
    yield ""
    yield from _text(command.help or "")
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            sub = command.get_command(context, name)
            if sub is not None:
                yield from _sub(sub, click.Context(sub, parent=context, info_name=name))
        return
    yield from _body(command, context)


def _sub(command: click.Command, context: click.Context) -> Iterator[str]:
    yield f"#### `{context.command_path}`"
    yield ""
    yield from _text(command.help or "")
    yield from _body(command, context)


def _body(command: click.Command, context: click.Context) -> Iterator[str]:
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    yield from ("```text", usage, "```", "")
    rows = [row for p in command.get_params(context) if (row := p.get_help_record(context))]
    if rows:
        yield from ("| Option | Meaning |", "| --- | --- |")
        yield from (f"| `{_cell(name)}` | {_cell(meaning)} |" for name, meaning in rows)
        yield ""
    if isinstance(command, ItsmCommand) and command.examples:
        yield "```console"
        for line, meaning in command.examples:
            yield from ([f"# {meaning}"] if meaning else [])
            yield f"$ {line}"
        yield from ("```", "")


def _text(text: str) -> Iterator[str]:
    """Yield help text as paragraphs; angle brackets and bars have no meaning in them."""
    for paragraph in text.strip().split("\n\n"):
        yield _cell(" ".join(paragraph.split()))
        yield ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*")
