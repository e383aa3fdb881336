"""Nothing from outside acts on a terminal: names of files, folders and branches, words of Git, arguments."""

from __future__ import annotations

import ast
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from itsm_gitops import cli as room
from itsm_gitops.cli.app import COMMANDS, group
from itsm_gitops.model.text import harmless, safe_text
from tests.cli.conftest import Cli
from tests.support import copy_tree, run_apart

EVIL = "\x1b]0;owned\x07\x9b31m\u202e\rx"
ACTS = ("\x1b", "\x07", "\x9b", "\u202e")
FILLED = {"kind": "incident", "identifier": "EXMP1", "relation": "blocks", "target": "EXMP2", "text": "hello"}
FILLED |= {"name": "backlog", "person": "duty-agent", "what": "EXMP4", "state": "resolved", "shell": "bash"}
NEVER_ENDS = ("site serve", "lsp", "hook post-receive", "hook pre-receive")


def calls() -> Iterator[list[str]]:
    """Every command with an evil word in each place that takes words."""
    context = click.Context(group, info_name="itsm")
    for name in COMMANDS:
        command = group.get_command(context, name)
        subs = command.commands.items() if isinstance(command, click.Group) else [("", command)]
        for sub, made in subs:
            assert made is not None
            words = [name, *([sub] if sub else [])]
            if " ".join(words) in NEVER_ENDS:
                continue
            needed = [
                FILLED.get(str(p.name), "x")
                for p in made.params
                if isinstance(p, click.Argument) and p.required
            ]
            yield [*words, *needed]
            for parameter in made.params:
                if isinstance(parameter, click.Option) and not parameter.is_flag:
                    yield [*words, *needed, parameter.opts[-1], EVIL]
            for place in range(len(needed)):
                yield [*words, *needed[:place], EVIL, *needed[place + 1 :]]
            yield [*words, *needed, EVIL]


CALLS = list(calls())


@pytest.fixture
def hostile(made_once: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository below a folder with such a name, with such files, authors, branches and remotes."""
    root = tmp_path / f"a{EVIL}" / f"b{EVIL}"
    copy_tree(made_once, root)
    monkeypatch.chdir(root)
    monkeypatch.setenv("ITSM_NOW", "2026-11-22T12:00:00Z")
    monkeypatch.setenv("ITSM_USER", "duty-agent")
    for name in (f"records/incidents/{EVIL}.yaml", f"cmdb/{EVIL}/x.yaml", f"schemas/workflows/{EVIL}.yaml"):
        target = root / name
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(b"a: '\x1b]0;x\x07\n")
    _git("config", "user.name", f"Eve {EVIL.replace(chr(13), '')}")
    _git("remote", "add", "origin", f"https://example.org/{EVIL.replace(chr(13), '')}.git")
    _git("add", "-A")
    _git("commit", "-q", "-m", f"subject {EVIL}")
    _git("branch", "topic\x9b31m\u202e")
    return root


def _git(*words: str) -> None:
    subprocess.run(["git", *words], check=True, capture_output=True)


def assert_harmless(text: str, words: list[str]) -> None:
    assert not any(c in text for c in ACTS), (words, text)


def test_every_command_with_every_word(hostile: Path, cli: Cli) -> None:
    for number, words in enumerate(CALLS):
        done = cli(*words, code=None)
        assert_harmless(done.out + done.err, words)
        assert done.code in (0, 1, 2), (words, done)
        if number % 20 == 0:
            _git("checkout", "-q", "-f", "main")


def test_another_process_and_its_files(hostile: Path) -> None:
    for words in (
        ["check"],
        ["show", "EXMP1"],
        ["log", "EXMP1"],
        ["doctor", "--offline"],
        ["list"],
        ["-C", EVIL, "check"],
    ):
        done = run_apart(words, hostile)
        assert_harmless(done.stdout + done.stderr, words)


def test_a_terminal_gets_our_colours_and_nothing_else(hostile: Path) -> None:
    """The same on a terminal, where colours are on."""
    for words in (
        ["check"],
        ["site", "build", "--out", EVIL],
        ["list"],
        ["show", "EXMP1"],
        ["fmt", "--check"],
    ):
        text = _on_a_terminal(words).replace("\r\x1b[K", "")  # what redraws the line of progress
        assert "\x1b[" in text, words
        assert harmless(text, colours=True) == text, words


def _on_a_terminal(words: list[str]) -> str:
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm"}
    with subprocess.Popen(
        [sys.executable, "-m", "itsm_gitops", *words], stdout=theirs, stderr=theirs, env=environment
    ):
        os.close(theirs)
        parts = []
        while True:
            try:
                part = os.read(ours, 65536)
            except OSError:  # the other end is closed
                break
            if not part:
                break
            parts.append(part)
    os.close(ours)
    return b"".join(parts).decode()


def test_only_one_module_prints() -> None:
    """Whoever printed elsewhere would print past the gate."""
    for file in sorted(Path(room.__file__).parent.glob("*.py")):
        if file.name == "output.py":
            continue
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call):
                said = ast.unparse(node.func)
                assert said not in (
                    "click.echo",
                    "click.secho",
                    "print",
                    "sys.stdout.write",
                    "sys.stderr.write",
                ), file


@pytest.mark.parametrize(
    ("text", "plain", "coloured"),
    [
        ("a\nb\tc\r\n", "a\nb\tc\r\n", "a\nb\tc\r\n"),
        ("\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m", "\x1b[31mred\x1b[0m"),
        ("\x1b[8mhidden", "\\x1b[8mhidden", "\\x1b[8mhidden"),
        ("\x1b[1;8m", "\\x1b[1;8m", "\\x1b[1;8m"),
        ("\x1b]0;x\x07", "\\x1b]0;x\\x07", "\\x1b]0;x\\x07"),
        ("a\rb", "a\\x0db", "a\\x0db"),
        ("\u202e\x9b", "\\u202e\\x9b", "\\u202e\\x9b"),
        ("ä 😀", "ä 😀", "ä 😀"),
    ],
)
def test_what_is_harmless(text: str, plain: str, coloured: str) -> None:
    assert harmless(text) == plain
    assert harmless(text, colours=True) == coloured
    assert harmless(safe_text(text)) == safe_text(text)
