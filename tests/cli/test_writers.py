"""Writers at the same time, in namespaces of their own, and writers that are killed: nothing lost, nothing left."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import pytest

from itsm_gitops.documents import load
from tests.cli import write_points
from tests.cli.conftest import Cli
from tests.cli.write_points import left_behind
from tests.support import copy_tree, rounds

PROGRAM = str(Path(write_points.__file__))
NEW = ["--service", "email", "--category", "email/sending", "--impact", "low", "--urgency", "low"]
# Where there are no namespaces, processes at least believe that they have the same number.
SAME_NUMBER = "import os, sys, runpy\nos.getpid = lambda: 1\nsys.argv = sys.argv[1:]\nrunpy.run_path(sys.argv[0], run_name='__main__')"


def _namespaces() -> bool:
    """Whether this user may make process namespaces."""
    unshare = shutil.which("unshare")
    return (
        bool(unshare)
        and subprocess.run(
            [str(unshare), "--pid", "--fork", "true"], capture_output=True, check=False
        ).returncode
        == 0
    )


def _start(words: list[str], apart: bool) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(Path(PROGRAM).parents[2])}
    lead = ["unshare", "--pid", "--fork", sys.executable] if apart else [sys.executable, "-c", SAME_NUMBER]
    return subprocess.Popen([*lead, PROGRAM, *words], env=environment, stderr=subprocess.PIPE, text=True)


def _race(root: Path, logs: Path, seconds: float, writers: int) -> list[dict[str, Any]]:
    """Let writers run and return all that they logged."""
    apart = _namespaces()
    if not apart:
        warnings.warn(
            pytest.PytestWarning("no process namespaces here: writers share a made-up number"), stacklevel=2
        )
    started = [
        _start(["write", str(root), str(logs / f"{n}.log"), str(seconds), f"w{n}", str(n)], apart)
        for n in range(writers)
    ]
    for process in started:
        _, said = process.communicate(timeout=seconds * 4 + 60)
        assert process.returncode == 0, said
    entries = [
        json.loads(line) for n in range(writers) for line in (logs / f"{n}.log").read_text().splitlines()
    ]
    assert {e["pid"] for e in entries if "pid" in e} == {1}
    return [e for e in entries if "pid" not in e]


def _check_race(root: Path, entries: list[dict[str, Any]], cli: Cli) -> None:
    for entry in entries:
        if entry["code"]:
            assert "meanwhile" in entry["err"] or "exists already" in entry["err"], entry
    texts = {p.stem: p.read_text() for p in (root / "records").rglob("*.yaml")}
    for name, text in texts.items():
        assert load(text.encode()).data["id"] == name
    acknowledged = [e for e in entries if e["code"] == 0]
    for entry in acknowledged:
        verb, text = entry["words"][0], entry["text"]
        if verb == "note":
            assert f"note: {text}\n" in texts[entry["words"][1]], entry
        elif verb == "new":
            made = json.loads(entry["out"])
            identifier = (made[0] if isinstance(made, list) else made)["id"]
            assert f"title: {text}\n" in texts[identifier], entry
    assert len(acknowledged) > len(entries) / 4
    cli("check")
    assert left_behind(root) == []


@pytest.fixture
def raced(made_once: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cli: Cli) -> Path:
    root = tmp_path / "acme"
    copy_tree(made_once, root)
    monkeypatch.chdir(root)
    monkeypatch.setenv("ITSM_USER", "operations-lead")
    for number in range(3):
        cli("new", "incident", "--title", f"Shared {number}", *NEW, "--reported-by", "duty-agent")
    return root


def test_writers_at_the_same_time_lose_nothing(raced: Path, tmp_path: Path, cli: Cli) -> None:
    _check_race(raced, _race(raced, tmp_path, 2, 3), cli)


@pytest.mark.slow
def test_six_writers_in_namespaces_of_their_own(raced: Path, tmp_path: Path, cli: Cli) -> None:
    _check_race(raced, _race(raced, tmp_path, rounds(8, 30), 6), cli)


@pytest.mark.parametrize("count", [24, pytest.param(rounds(120, 200), marks=pytest.mark.slow)])
def test_a_writer_that_is_killed_at_any_step_leaves_nothing(raced: Path, cli: Cli, count: int) -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path(PROGRAM).parents[2])}
    done = subprocess.run(
        [sys.executable, PROGRAM, "kill", str(raced), str(count)],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    entries = [json.loads(line) for line in done.stdout.splitlines()]
    kills = [e for e in entries if "step" in e]
    assert len(kills) == count
    assert all(e["sound"] for e in kills)
    ended = [e for e in entries if "code" in e]
    assert count < 120 or len(ended) > 4, "not each of the four commands was killed at each of its steps"
    for entry in ended:
        assert entry["code"] == 0, entry
        assert entry["left"] == [], entry
    status = subprocess.run(
        ["git", "status", "--porcelain", "-uall"], capture_output=True, text=True, check=True
    )
    assert all(
        line[3:].startswith(("records/", "cmdb/")) and line.endswith(".yaml")
        for line in status.stdout.splitlines()
    )
    cli("check")
