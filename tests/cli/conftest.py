"""A repository made by `itsm init`, and the command line run inside this process."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from itsm_gitops.cli.app import run
from itsm_gitops.commands.init import init
from tests.cli.clones import PATH, TEXT, Clone
from tests.support import copy_tree, pack

NOW = "2026-11-22T12:00:00Z"
# What a new incident about mail needs beside its title.
ABOUT_MAIL = (
    *("--service", "email", "--category", "email/sending"),
    *("--impact", "low", "--urgency", "low", "--reported-by", "duty-agent"),
)


class Result(NamedTuple):
    """What one run printed and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The output as data."""
        return json.loads(self.out)


Cli = Callable[..., Result]


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new repository with the examples, committed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GIT_AUTHOR_DATE", "2026-11-20T10:00:00Z")
        patch.setenv("GIT_COMMITTER_DATE", "2026-11-20T10:00:00Z")
        root = init(
            tmp_path_factory.mktemp("made") / "acme", organisation="Acme", timezone="Europe/Berlin"
        ).root
    pack(root)
    return root


@pytest.fixture
def acme(made_once: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An own copy of that repository, as the working folder, with the clock standing still."""
    root = tmp_path / "acme"
    copy_tree(made_once, root)
    monkeypatch.chdir(root)
    monkeypatch.setenv("ITSM_NOW", NOW)
    monkeypatch.setenv("ITSM_USER", "operations-lead")
    return root


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Cli:
    """Run `itsm` with some words in this process."""

    def call(*words: str, code: int | None = 0) -> Result:
        capsys.readouterr()
        ended = run(words)
        out, err = capsys.readouterr()
        if code is not None:
            assert ended == code, f"itsm {' '.join(words)} ended with {ended}\n{out}\n{err}"
        return Result(ended, out, err)

    return call


@pytest.fixture
def incident(acme: Path, cli: Cli) -> str:
    """The identifier of a new incident."""
    made = cli(
        "new",
        "incident",
        "--title",
        "Mail is slow",
        "--service",
        "email",
        "--ci",
        "mailbox-db",
        "--category",
        "email",
        "--impact",
        "high",
        "--urgency",
        "medium",
        "--json",
    )
    return str(made.json["id"])


@pytest.fixture
def path_of(acme: Path) -> Callable[[str], Path]:
    """The file of a document, by identifier."""

    def find(identifier: str) -> Path:
        return next(p for p in acme.rglob(f"{identifier}.yaml"))

    return find


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Move the clock to some minutes after noon."""

    def move(minutes: int) -> None:
        monkeypatch.setitem(
            os.environ, "ITSM_NOW", f"2026-11-22T{12 + minutes // 60:02d}:{minutes % 60:02d}:00Z"
        )

    return move


@pytest.fixture(scope="module")
def origin(made_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a server and a clone of it, to be copied."""
    home = tmp_path_factory.mktemp("origin")
    copy_tree(made_once, home / "one")
    one = Clone(home / "one", "")
    (one.root / PATH).parent.mkdir(parents=True, exist_ok=True)
    (one.root / PATH).write_text(TEXT)
    one.git("add", "-A")
    one.git("commit", "-qm", "incident")
    one.git("init", "-q", "--bare", "../server")
    one.git("remote", "add", "origin", "../server")
    one.git("push", "-q", "-u", "origin", "main")
    one.git("remote", "set-head", "origin", "main")
    return home


@pytest.fixture
def people(origin: Path, tmp_path: Path) -> tuple[Clone, Clone]:
    copy_tree(origin / "server", tmp_path / "server")
    for name in ("one", "two"):
        copy_tree(origin / "one", tmp_path / name)
    return Clone(tmp_path / "one", "mail-engineer"), Clone(tmp_path / "two", "duty-agent")


@pytest.fixture
def one(people: tuple[Clone, Clone]) -> Clone:
    return people[0]


@pytest.fixture
def two(people: tuple[Clone, Clone]) -> Clone:
    return people[1]


@pytest.fixture
def server(tmp_path: Path, people: tuple[Clone, Clone]) -> Callable[..., str]:
    def ask(*words: str) -> str:
        return subprocess.run(
            ["git", *words], cwd=tmp_path / "server", capture_output=True, text=True, check=True
        ).stdout

    return ask
