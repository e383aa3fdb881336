"""`itsm doctor` beside a plain Git server: what it refuses by itself, and whether its hooks run."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from itsm_gitops.commands.init import init
from tests.cli.conftest import Cli

Look = dict[str, tuple[str, str]]


@pytest.fixture
def plain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository made for a plain server, and that server beside it, without hooks yet."""
    root = init(tmp_path / "acme", organisation="Acme", timezone="UTC", forge="plain").root
    subprocess.run(["git", "clone", "-q", "--bare", ".", "../server.git"], cwd=root, check=True)
    subprocess.run(["git", "remote", "add", "origin", "../server.git"], cwd=root, check=True)
    monkeypatch.chdir(root)
    return root


def look(cli: Cli, *words: str, code: int = 0) -> Look:
    return {
        c["subject"]: (c["result"], c["message"]) for c in cli("doctor", "--json", *words, code=code).json
    }


def test_a_server_that_takes_everything_is_told(plain: Path, cli: Cli) -> None:
    found = look(cli, code=1)
    assert found["forge"] == ("ok", "a plain Git server")
    assert found["hooks/pre-receive"] == ("ok", "as shipped")
    assert found["pre-receive hook"] == ("failed", "is missing or not executable")
    assert found["post-receive hook"] == ("failed", "is missing or not executable")
    assert found["receive.denyNonFastForwards"] == ("failed", "is off: history can be rewritten")
    assert found["receive.denyDeletes"] == ("failed", "is off: branches can be deleted")
    assert found["people"][0] == "failed"
    assert "--key FILE" in cli("doctor", code=1).out


def test_a_closed_server_passes(plain: Path, cli: Cli, tmp_path: Path) -> None:
    for person in ("change-manager", "operations-lead", "security-officer", "service-manager"):
        key = tmp_path / person
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
        cli("enrol", person, "--key", str(key))
    cli("enrol", "operations-lead", "--address", "ada@example.org")
    for words in (
        ("config", "user.signingKey", str(tmp_path / "operations-lead")),
        ("commit", "-qam", "People"),
    ):
        subprocess.run(["git", *words], cwd=plain, check=True)
    server = plain.parent / "server.git"
    for hook in ("pre-receive", "post-receive"):
        (server / "hooks").mkdir(exist_ok=True)
        shutil.copy(plain / "hooks" / hook, server / "hooks" / hook)
    for key_name in ("receive.denyNonFastForwards", "receive.denyDeletes"):
        subprocess.run(["git", "config", key_name, "true"], cwd=server, check=True)
    found = look(cli)
    # Rules of the policy that want more people than this directory has are another matter.
    assert {s: f for s, f in found.items() if f[0] != "ok" and not s.startswith("rule ")} == {}
    (server / "hooks/pre-receive").write_text("#!/bin/sh\nexit 0\n")
    assert look(cli, code=1)["pre-receive hook"] == ("failed", "does not run itsm")
    (server / "hooks/pre-receive").chmod(0o644)
    assert look(cli, code=1)["pre-receive hook"][1] == "is missing or not executable"


def test_a_server_elsewhere_cannot_be_looked_at(plain: Path, cli: Cli) -> None:
    subprocess.run(["git", "remote", "set-url", "origin", "ssh://git.example/itsm.git"], check=True)
    assert look(cli, code=1)["server"] == ("unknown", "is not a folder on this machine")
    assert look(cli, "--forge", "plain", "--offline", code=1)["server"] == ("unknown", "not looked at")
