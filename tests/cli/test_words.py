"""Texts that begin with a dash are texts, wherever a command takes one; misspelt options are still found."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from itsm_gitops.cli.app import COMMANDS, group
from itsm_gitops.cli.base import App
from itsm_gitops.cli.command import ItsmCommand
from tests.cli.conftest import Cli

DASHED = ["-5 °C in the room", "-5", "- first point", "--- cut here ---", "-", "–5", "-5=x"]


def commands() -> Iterator[tuple[str, ItsmCommand]]:
    """Yield every command with the words that call it, those of groups too."""
    context = click.Context(group)
    for name in COMMANDS:
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from ((f"{name} {n}", c) for n, c in command.commands.items() if isinstance(c, ItsmCommand))
        elif isinstance(command, ItsmCommand):
            yield name, command


ALL = list(commands())
TEXT_OPTIONS = [
    (name, command, option)
    for name, command in ALL
    for option in command.params
    if isinstance(option, click.Option)
    and option.type is click.STRING
    and not (option.is_flag or isinstance(option.flag_value, str))
]
TEXT_ARGUMENTS = [
    (name, command, argument)
    for name, command in ALL
    for argument in command.params
    if isinstance(argument, click.Argument) and argument.type is click.STRING
]


def parsed(command: ItsmCommand, words: list[str], spared: click.Parameter) -> dict[str, Any]:
    """Parse a command line to which every argument that is demanded has been added."""
    place = command.params.index(spared) if spared in command.params else 0
    for number, parameter in enumerate(command.params):
        # What may be left out takes the first word all the same where a later one is given.
        stands_before = (
            number < place and isinstance(parameter, click.Argument) and isinstance(spared, click.Argument)
        )
        if parameter is spared or not (parameter.required or stands_before):
            continue
        value: Any = parameter.type.choices[0] if isinstance(parameter.type, click.Choice) else "1"
        if isinstance(parameter.type, click.Path):
            value = __file__ if parameter.type.file_okay else str(Path(__file__).parent)
        if isinstance(parameter, click.Option):
            words = [*words, parameter.opts[0], str(value)]
        elif isinstance(spared, click.Option) or command.params.index(parameter) > command.params.index(
            spared
        ):
            words = [*words, str(value)]
        else:
            words = [str(value), *words]
    return command.make_context(str(command.name), words, obj=App(".", "")).params


@pytest.mark.parametrize(
    ("command", "option"), [t[1:] for t in TEXT_OPTIONS], ids=[f"{t[0]} {t[2].opts[0]}" for t in TEXT_OPTIONS]
)
def test_an_option_takes_a_text_that_begins_with_a_dash(command: ItsmCommand, option: click.Option) -> None:
    for text in DASHED:
        value = parsed(command, [option.opts[0], text], option)[str(option.name)]
        assert value == ((text,) if option.multiple else text)


@pytest.mark.parametrize(
    ("command", "argument"),
    [t[1:] for t in TEXT_ARGUMENTS],
    ids=[f"{t[0]} {t[2].name}" for t in TEXT_ARGUMENTS],
)
def test_an_argument_takes_a_text_that_begins_with_a_dash(
    command: ItsmCommand, argument: click.Argument
) -> None:
    for text in DASHED:
        value = parsed(command, [text], argument)[str(argument.name)]
        assert value == ((text,) if argument.nargs == -1 else text)


@pytest.mark.parametrize("command", [c for n, c in ALL if n != "new"], ids=[n for n, _ in ALL if n != "new"])
def test_a_misspelt_option_is_an_error(command: ItsmCommand) -> None:
    for word in ("--jsno", "--tilte=x", "-Q"):
        with pytest.raises(click.NoSuchOption, match=re.escape(word.partition("=")[0])):
            parsed(command, [word], click.Option(["--none"]))


def test_the_options_of_a_kind_take_what_begins_with_a_dash(acme: Path, cli: Cli) -> None:
    given = ["--impact", "low", "--urgency", "low", "--service", "mail", "--category", "email"]
    made = cli(
        "new", "incident", *given, "--title", "-5 °C here", "--description=--- as told ---", "--dry-run"
    )
    assert 'title: "-5 °C here"' in made.out or "title: -5 °C here" in made.out
    assert "--- as told ---" in made.out
    assert "did you mean title" in cli("new", "incident", *given, "--titel", "-5", code=2).err
    assert "'--title' needs a value" in cli("new", "incident", *given, "--title", "--dry-run", code=2).err


def test_there_are_texts_to_try() -> None:
    assert len(TEXT_OPTIONS) > 30
    assert len(TEXT_ARGUMENTS) > 10
