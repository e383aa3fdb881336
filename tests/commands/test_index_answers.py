"""Every command that reads says the same with the index, after whatever people and Git did, and without it.

The living example is edited, committed, renamed, deleted, switched and merged at random while the clock jumps.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from itsm_gitops.cli.app import run
from itsm_gitops.repository import Repository
from itsm_gitops.repository.index import freshness
from itsm_gitops.repository.index.indexed_store import IndexedStore
from tests.repository.random_steps import Steps
from tests.support import GitRepo, copy_tree, first_seed, rounds

ROOT = Path(__file__).resolve().parents[2]
SERVICES = ("payments", "track-and-trace", "single-sign-on")
REPORTS = ("backlog", "flow", "times", "levels", "changes", "caused", "problems", "top")

# How many sequences of steps the slow test walks. A thousand take about 40 minutes of one core.
SEQUENCES = int(os.environ.get("ITSM_SEQUENCES", rounds(4, 10)))

Words = tuple[str, ...]


class Commands:
    """Chooses commands about documents that are there (and sometimes about some that are not)."""

    def __init__(self, walk: Steps, dice: random.Random) -> None:
        self._walk = walk
        self._dice = dice

    def _name(self, folder: str) -> str:
        names = sorted(p.stem for p in (self._walk.root / folder).rglob("*.yaml") if p.is_file())
        name = self._dice.choice(names) if names else "nothing"
        return self._dice.choice((name, name, name.lower(), name[-5:], name[:6], "OLD-1"))

    def choose(self) -> Words:
        """Return the words of one command."""
        service = self._name("cmdb/services")
        every: tuple[Callable[[], Words], ...] = (
            lambda: ("impact", self._name("cmdb/applications")),
            lambda: ("impact", service, "--json"),
            lambda: ("schedule",),
            lambda: ("schedule", "--from", "2026-08-01", "--to", "2026-12-31", "--ics", "-"),
            lambda: ("due", "--within", "3y", "--json"),
            lambda: ("due", self._dice.choice(("contracts", "problems", "items")), "--within", "1y"),
            lambda: ("schedule", "--from", "2026-08-01", "--to", "2026-12-31", "--json"),
            lambda: ("schedule", "--service", service, "--json"),
            lambda: ("freeze", "preview", "--json"),
            lambda: ("suspects", self._name("records/incidents"), "--json"),
            lambda: ("suspects", self._name("records/problems"), "--window", "20w"),
            lambda: ("risk", self._name("records/changes"), "--json"),
            lambda: ("report", "--json"),
            lambda: ("report", self._dice.choice(REPORTS), "--since", "2026-08-01"),
            lambda: ("report", self._dice.choice(REPORTS), "--service", service, "--json"),
            lambda: ("report", "backlog", "times", "--team", self._name("cmdb/teams"), "--json"),
            lambda: ("show", self._name("records"), "--json"),
            lambda: ("show", self._name("cmdb")),
            lambda: ("codeowners", "--forge", "github"),
            lambda: (
                "list",
                self._dice.choice(("incidents", "changes", "applications")),
                "state:open",
                "--json",
            ),
            lambda: (
                "list",
                self._dice.choice(("updated:>-90d", "affects:payments-db", "priority:P1 or P2")),
            ),
            lambda: ("query", "SELECT kind, state, count(*) FROM records GROUP BY 1, 2 ORDER BY 1, 2"),
            lambda: ("export", self._dice.choice(("incidents", "changes", "servers"))),
        )
        return self._dice.choice(every)()


@pytest.fixture
def say(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Run one command with the index as set, at a moment; return its code and all that it says."""

    def call(setting: str, moment: str, words: Words) -> str:
        monkeypatch.setenv("ITSM_INDEX", setting)
        monkeypatch.setenv("ITSM_NOW", moment)
        capsys.readouterr()
        code = run(words)
        out, err = capsys.readouterr()
        return f"{code}\n{out}\n{err}"

    monkeypatch.setattr(freshness, "RACY", 20_000_000)
    return call


def _example(make: Callable[..., GitRepo], name: str) -> GitRepo:
    repo = make(name, committed=False)
    for folder in ("cmdb", "records"):
        copy_tree(ROOT / folder, repo.root / folder)
    repo.write("itsm.yaml", (ROOT / "itsm.yaml").read_text(encoding="utf-8"))
    return repo


def _walk(
    make: Callable[..., GitRepo],
    say: Callable[..., str],
    patch: pytest.MonkeyPatch,
    seed: int,
    steps: int,
    questions: int,
) -> int:
    """Take steps and ask questions after each; return how often the index was there to answer."""
    repo, dice = _example(make, f"r{seed}"), random.Random(seed)
    walk = Steps(repo, seed)
    for name in ("payments", "payments-db"):  # they have their names from the example
        (repo.root / f"cmdb/applications/{name}.yaml").unlink()
    repo.commit("The example")
    patch.chdir(repo.root)
    commands, from_index = Commands(walk, dice), 0
    for _ in range(steps):
        for _ in range(dice.randint(1, 3)):
            walk.take()
        for _ in range(questions):
            moment = (
                f"2026-{dice.randint(8, 12):02d}-{dice.randint(1, 28):02d}T{dice.randint(0, 23):02d}:00:00Z"
            )
            words = commands.choose()
            with_index, without = say("always", moment, words), say("off", moment, words)
            assert with_index == without, f"seed {seed}: itsm {' '.join(words)} at {moment} after {walk.log}"
        patch.setenv("ITSM_INDEX", "always")
        from_index += isinstance(Repository(repo.root).store(), IndexedStore)
    return from_index


def test_commands_say_the_same_with_and_without_the_index(
    make_repo: Callable[..., GitRepo], say: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = first_seed()
    assert sum(_walk(make_repo, say, monkeypatch, first + n, 4, 4) for n in range(4)) > 4


@pytest.mark.slow
def test_commands_say_the_same_after_many_steps(
    make_repo: Callable[..., GitRepo], say: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = first_seed()
    assert sum(_walk(make_repo, say, monkeypatch, first + n, 6, 4) for n in range(SEQUENCES)) > 2 * SEQUENCES
