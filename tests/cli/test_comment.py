"""`itsm comment --dry-run`: what reviewers will be shown, before there is a request."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import Cli


@pytest.fixture
def change(acme: Path, cli: Cli) -> str:
    """A change on a branch of its own."""
    identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
    subprocess.run(["git", "switch", "-q", "-c", "topic"], cwd=acme, check=True)
    made = cli(
        "new", "change", "--template", "normal-change", "--title", "More connections", "--service", "email",
        "--ci", "mailbox-db", "--requested-by", "mail-engineer", "--assigned-team", "it-operations",
        "--backout", "Set it back.", "--why", "Clients wait.", "--json",
    ).json["id"]  # fmt: skip
    subprocess.run(["git", "add", "-A"], cwd=acme, check=True)
    subprocess.run(["git", *identity, "commit", "-q", "-m", "Ask"], cwd=acme, check=True)
    return str(made)


@pytest.mark.parametrize("how", ["change", "fragment", "branch"])
def test_the_comment_of_a_branch_can_be_looked_at(how: str, change: str, cli: Cli) -> None:
    word = {"change": change, "fragment": change.rsplit("-", 1)[-1], "branch": "topic"}[how]
    out = cli("comment", "--dry-run", word).out
    assert f"<code>{change}</code> More connections" in out
    assert "| **If&nbsp;it&nbsp;fails** | Set it back." in out
    assert cli("comment", "--dry-run", word, "--json").json["body"] == out


def test_without_a_request_nothing_is_written(change: str, cli: Cli) -> None:
    assert "--pr N" in cli("comment", change, code=2).err
    assert "--pr N" in cli("comment", change, "--dry-run", "--pr", "4", code=2).err
