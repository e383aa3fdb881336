"""Six everyday tasks: one command each, and few keys. `benchmarks/keystrokes.py` counts and prints the table."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Cli

ROOT = Path(__file__).resolve().parents[2]
LINE = ("new", "incident", "Mail is down", "-s", "email", "-c", "email/sending", "-i", "high", "-u", "high")


def test_no_task_takes_more_than_sixty_keys() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "benchmarks/keystrokes.py")],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count(" 1 / ") >= 6


def test_a_text_in_quotes_is_the_title_and_letters_are_fields(acme: Path, cli: Cli) -> None:
    data = cli("show", cli(*LINE, "--json").json["id"], "--json").json["data"]
    assert (data["title"], data["service"], data["category"], data["impact"]) == (
        "Mail is down",
        "email",
        "email/sending",
        "high",
    )
    assert cli("new", "incident", "mail", code=None).code == 2  # one word may be a slip
    assert cli("new", "service", "Not an id", "--name", "x", code=None).code != 0


def test_a_duplicate_is_linked_and_cancelled_in_one_edit(acme: Path, cli: Cli) -> None:
    first, second = (cli(*LINE, "--json").json["id"] for _ in range(2))
    cli("duplicate", second, first)
    data = cli("show", second, "--json").json["data"]
    assert (data["state"], data["links"]) == ("cancelled", [{"type": "duplicate_of", "target": first}])
    assert first in data["cancellation_reason"]
    assert cli("check").code == 0
    said = cli("duplicate", second, first, code=None)
    assert said.code == 1


@pytest.mark.parametrize(
    "words",
    [
        ("INC-260112-EXMP1", "INC-260112-EXMP1"),
        ("mail-server", "INC-260112-EXMP1"),
        ("nothing", "INC-260112-EXMP1"),
    ],
)
def test_what_is_no_duplicate_is_refused(acme: Path, cli: Cli, words: tuple[str, str]) -> None:
    assert cli("duplicate", *words, code=None).code in (1, 2)
