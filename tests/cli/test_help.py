"""Every command explains itself, fits 80 columns, and a slip of the finger gets a suggestion."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import click
import pytest

from itsm_gitops.cli.app import COMMANDS, group
from itsm_gitops.cli.command import ItsmCommand
from itsm_gitops.cli.reference import reference
from tests.cli.conftest import Cli


def _commands() -> Iterator[tuple[str, ItsmCommand]]:
    context = click.Context(group, info_name="itsm")
    for name in COMMANDS:
        command = group.get_command(context, name)
        subs = command.commands.items() if isinstance(command, click.Group) else [("", command)]
        for sub, made in subs:
            assert isinstance(made, ItsmCommand)
            yield f"{name} {sub}".strip(), made


ALL = dict(_commands())


def test_the_commands_are_those_of_the_design() -> None:
    wanted = "init new show list set note link unlink move check explain fmt log diff impact import export site completion risk schedule freeze suspects approvals gate approve submit comment doctor codeowners hook"
    assert set(wanted.split()) <= set(COMMANDS)


@pytest.mark.parametrize("name", ALL)
def test_help_shows_an_example_and_fits_80_columns(name: str, cli: Cli) -> None:
    out = cli(*name.split(), "--help").out
    assert "Examples:\n  " in out
    assert "itsm " + name in out
    assert max(map(len, out.splitlines())) <= 80


@pytest.mark.parametrize("name", ALL)
def test_every_option_has_a_meaning_and_examples_use_options_that_exist(name: str) -> None:
    command = ALL[name]
    known = {o for p in command.params for o in [*p.opts, *p.secondary_opts]}
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help or parameter.name == "form", parameter.name
    for line, _ in command.examples:
        used = {w.split("=")[0] for w in line.split("|")[-1].split(" > ")[0].split() if w.startswith("--")}
        assert name == "new" or used <= known, line


@pytest.mark.parametrize(
    "name",
    [
        n
        for n in ALL
        if n
        in (
            "show",
            "list",
            "log",
            "diff",
            "impact",
            "check",
            "explain",
            "site build",
            "export json",
            "export csv",
        )
    ],
)
def test_commands_that_read_take_a_revision(name: str) -> None:
    assert any("--at" in p.opts for p in ALL[name].params)


def test_every_command_says_in_a_line_what_it_does() -> None:
    context = click.Context(group, info_name="itsm")
    for name, about in COMMANDS.items():
        command = group.get_command(context, name)
        assert command is not None
        first = (command.help or "").split("\n")[0]
        for line in (about.summary, first):
            assert line[:1].isupper(), name
            assert line.endswith("."), name
        assert len(about.summary) <= 62, name


def test_the_overview_names_every_command(cli: Cli) -> None:
    out = cli("--help").out
    assert all(f"  {name} " in out for name in COMMANDS)
    assert max(map(len, out.splitlines())) <= 80


def _alone(code: str) -> subprocess.CompletedProcess[str]:
    """Run code in a process of its own that measures no coverage: the tracer loads half the library itself."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("COV")}
    return subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)


def test_the_overview_loads_neither_a_command_nor_a_heavy_package() -> None:
    code = (
        "import sys\nsys.argv = ['itsm', '--help']\nfrom itsm_gitops.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    print('\\nLOADED', *sorted(sys.modules))"
    )
    done = _alone(code)
    loaded = set(done.stdout.split("LOADED")[1].split())
    assert not loaded & {"rich", "yaml", "jsonschema", "jsonschema_rs", "git", "mkdocs", "subprocess", "json"}
    assert not loaded & {"dataclasses", "pathlib"}
    assert not any(m.startswith(("itsm_gitops.commands", "itsm_gitops.repository")) for m in loaded)


def test_show_loads_neither_rich_nor_click(acme: object) -> None:
    code = (
        "import sys\nsys.argv = ['itsm', 'show', 'exmp1']\nfrom itsm_gitops.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    print('\\nLOADED', *sorted(sys.modules))"
    )
    done = _alone(code)
    assert "Mail cannot be sent" in done.stdout
    loaded = set(done.stdout.split("LOADED")[1].split())
    assert not loaded & {"rich", "click", "jsonschema", "jsonschema_rs", "git", "subprocess"}
    assert not loaded & {"threading", "itsm_gitops.editing.change", "itsm_gitops.documents.editor"}
    assert "hashlib" not in loaded


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        (["lst"], "there is no command 'lst'", "did you mean list"),
        (["list", "--sate", "open"], "there is no option '--sate'", "--state"),
        (["import", "cvs"], "has no command 'cvs'", "csv"),
        (["show"], "missing argument 'ID'", "itsm show --help"),
        (["impact", "email", "--format", "tre"], "'tre' is not one of", "itsm impact --help"),
    ],
)
def test_a_wrong_command_line_is_usage_and_suggests(
    words: list[str], message: str, hint: str, cli: Cli
) -> None:
    result = cli(*words, code=2)
    assert message in result.err
    assert hint in result.err
    assert result.out == ""


def test_without_a_command_the_overview_appears_and_the_code_says_usage(cli: Cli) -> None:
    assert "Look things up" in cli(code=2).err


def test_version(cli: Cli) -> None:
    from itsm_gitops import __version__

    assert cli("--version").out == f"itsm {__version__}\n"


def test_outside_of_a_repository_the_error_says_how_to_make_one(tmp_path: object, cli: Cli) -> None:
    result = cli("-C", str(tmp_path), "list", code=1)
    assert "there is no itsm.yaml" in result.err
    assert "itsm init" in result.err


def test_the_reference_describes_every_command_option_and_example() -> None:
    text = reference()
    for name, command in ALL.items():
        assert f"`itsm {name}`" in text
        assert all(f"$ {line}" in text for line, _ in command.examples)
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                assert parameter.opts[-1] in text
