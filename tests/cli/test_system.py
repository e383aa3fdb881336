"""Streams that close, disks that are full, old terminals, files without permission."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

PathOf = Callable[[str], Path]
Run = Callable[..., subprocess.CompletedProcess[str]]
PROBLEM = "PRB-260112-EXMP2"


def said(text: str) -> str:
    """Text as one line."""
    return " ".join(text.split())


@pytest.mark.parametrize("words", [["list"], ["show", "email"], ["check"], ["impact", "email"]])
def test_a_terminal_without_unicode_gets_what_it_can_show(
    words: list[str], acme: Path, run_itsm: Run
) -> None:
    done = run_itsm(words, acme, env={"PYTHONIOENCODING": "ascii"})
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("words", [["list"], ["show", "email"], ["check"], ["export", "json"], ["--help"]])
def test_output_that_cannot_be_written_is_said_in_a_line(words: list[str], acme: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "itsm_gitops", *words],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr.splitlines() == ["error: the output cannot be written: No space left on device"]


@pytest.mark.parametrize("words", [["list"], ["show", "email"], ["check"], ["nope"]])
def test_closed_streams_are_no_fault_of_the_program(words: list[str], acme: Path) -> None:
    line = f"{sys.executable} -m itsm_gitops {' '.join(words)} >&- 2>&-"
    done = subprocess.run(["sh", "-c", line], check=False)
    assert done.returncode == (2 if words == ["nope"] else 0)


# Root reads everything; without its capabilities it is a user like any other.
ORDINARY = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] if os.geteuid() == 0 else []


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["check"], 1, "PRB-260112-EXMP2.yaml:1:1: error P014 this file cannot be read"),
        (["show", PROBLEM], 1, "PRB-260112-EXMP2.yaml cannot be read: Permission denied"),
        (
            ["list", "problems"],
            0,
            "1 file cannot be read and is left out: records/problems/2026/01/PRB-260112-EXMP2.yaml",
        ),
        (["fmt", PROBLEM], 1, "left alone records/problems/2026/01/PRB-260112-EXMP2.yaml: it cannot be read"),
        (["note", PROBLEM, "x"], 1, "PRB-260112-EXMP2.yaml cannot be read: Permission denied"),
        (["diff"], 0, "problem unreadable"),
    ],
)
def test_a_document_without_permission_to_read_is_named(
    words: list[str], code: int, told: str, acme: Path, path_of: PathOf
) -> None:
    path_of(PROBLEM).chmod(0)
    assert_told(words, code, told)


@pytest.mark.parametrize(
    ("path", "mode", "words", "told"),
    [
        (
            "schemas/workflows/problem.yaml",
            0,
            ["check"],
            "schemas/workflows/problem.yaml:1:1: error S022 this file cannot be read",
        ),
        (
            "schemas/workflows/problem.yaml",
            0,
            ["list"],
            "schemas/workflows/problem.yaml:1:1: this file cannot",
        ),
        ("records/problems", 0, ["list"], "records/problems: Permission denied"),
        ("records/problems/2026/01", 0o555, ["note", PROBLEM, "x"], "Permission denied"),
    ],
)
def test_files_without_permission_are_named_and_no_fault_of_the_program(
    path: str, mode: int, words: list[str], told: str, acme: Path
) -> None:
    (acme / path).chmod(mode)
    try:
        assert_told(words, 1, told)
    finally:
        (acme / path).chmod(0o755)


def assert_told(words: list[str], code: int, told: str) -> None:
    wide = {**os.environ, "COLUMNS": "400"}  # a long path of a temporary folder is not broken
    done = subprocess.run(
        [*ORDINARY, sys.executable, "-m", "itsm_gitops", *words],
        env=wide,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stderr
    assert told in said(done.stdout + done.stderr)
    assert "stumbled" not in done.stderr
