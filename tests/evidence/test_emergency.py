"""The emergency of the handbook: one person on call, a plain server with the shipped hooks, four commands at most."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from itsm_gitops.commands.init import init

INCIDENT = ("new", "incident", "--title", "Mail is down", "--service", "email", "--category", "email/sending",
            "--impact", "high", "--urgency", "high", "--reported-by", "duty-agent", "--json")  # fmt: skip


class Night:
    """A clone in which only the duty agent works, and the server behind it."""

    def __init__(self, folder: Path) -> None:
        self.home = folder
        self.root = folder / "acme"
        self.server = folder / "server.git"
        self.now = datetime.now(UTC)
        (folder / ".gitconfig").write_text(
            f"[user]\n name = Duty Agent\n email = duty@example.org\n signingKey = {folder}/key\n[init]\n defaultBranch = main\n"
        )
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / "key")], check=True)
        tools = folder / "bin"
        tools.mkdir()
        (tools / "itsm").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m itsm_gitops "$@"\n')
        (tools / "itsm").chmod(0o755)
        self.env = {
            **{k: v for k, v in os.environ.items() if k not in ("ITSM_NOW", "ITSM_USER")},
            "HOME": str(folder), "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}", "GIT_CONFIG_GLOBAL": str(folder / ".gitconfig"),
        }  # fmt: skip

    def run(self, *words: str, code: int = 0, later: timedelta = timedelta()) -> str:
        moment = {"ITSM_NOW": (self.now + later).strftime("%Y-%m-%dT%H:%M:%SZ")} if later else {}
        done = subprocess.run(
            [sys.executable, "-m", "itsm_gitops", *words],
            cwd=self.root, env={**self.env, **moment}, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def git(self, *words: str) -> str:
        done = subprocess.run(
            ["git", *words], cwd=self.root, env=self.env, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def report(self) -> str:
        found = json.loads(self.run(*INCIDENT))
        (first, *_) = found if isinstance(found, list) else [found]
        self.git("add", "-A")
        return str(first["id"])

    def change(self, incident: str) -> str:
        made = json.loads(
            self.run(
                "new", "change", "--template", "emergency-change", "--title", "Restart mail", "--ci", "mail-server",
                "--why", "Mail is down.", "--link", f"resolves:{incident}", "--json",
            )
        )  # fmt: skip
        return next(str(d["id"]) for d in made if str(d["id"]).startswith("CHG"))


@pytest.fixture
def night(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Night:
    monkeypatch.delenv("ITSM_NOW", raising=False)
    found = Night(tmp_path)
    for key in ("HOME", "GIT_CONFIG_GLOBAL"):
        monkeypatch.setenv(key, found.env[key])
    init(found.root, organisation="Acme", timezone="UTC", forge="plain")
    found.run("enrol", "duty-agent", "--address", "duty@example.org", "--key", str(tmp_path / "key"))
    found.run("set", "it-operations", "on_call=duty-agent")
    found.git("add", "-A")
    found.git("commit", "-q", "-m", "Who is on call")
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(found.server)], check=True)
    found.git("remote", "add", "origin", str(found.server))
    found.git("push", "-q", "origin", "main")
    for hook in ("pre-receive", "post-receive"):
        (found.server / "hooks").mkdir(exist_ok=True)
        shutil.copy(found.root / "hooks" / hook, found.server / "hooks" / hook)
    return found


def _audit(night: Night, *, later: timedelta = timedelta(), code: int = 0) -> list[dict[str, str]]:
    night.git("fetch", "-q", "origin", "+refs/heads/*:refs/remotes/origin/*")
    found: list[dict[str, str]] = json.loads(night.run("audit", "verify", "--json", later=later, code=code))[
        "findings"
    ]
    # Whoever sets a repository up is told for information.
    assert {f["severity"] for f in found if f["code"] == "UNREVIEWED"} <= {"info"}
    return [f for f in found if f["code"] != "UNREVIEWED"]


def test_from_nothing_to_a_running_change_in_four_commands(night: Night) -> None:
    incident = night.report()
    change = night.change(incident)
    night.run("move", change, "implement")
    said = night.run("submit", change, "--emergency")
    assert f"{change} is in main" in said

    assert night.git("ls-remote", "origin", "refs/heads/main").split()[0] == night.git("rev-parse", "HEAD")
    assert "state: implement" in night.git(
        "show",
        f"HEAD:{next((night.root / 'records/changes').rglob(f'{change}.yaml')).relative_to(night.root)}",
    )
    assert night.run("check").startswith("no findings")

    (debt,) = _audit(night)
    assert debt["code"] == "OVERRIDDEN"
    assert "alone and for their own work" in debt["message"]
    assert "review due" in debt["message"]
    assert "owed: owner-of-each-item: mail-server (owner)" in debt["message"]
    (late,) = _audit(night, later=timedelta(days=3), code=1)
    assert late["code"] == "OVERDUE"
    assert "owed: " in late["message"]


def test_the_rest_is_asked_for_before_the_review(night: Night) -> None:
    change = night.change(night.report())
    night.run("move", change, "implement")
    said = night.run("move", change, "review", code=1)
    for owed in ("assigned_team", "planned_start", "implementers", "actual_end"):
        assert owed in said


def test_a_normal_change_cannot_go_that_way(night: Night) -> None:
    """Only what is made up for afterwards may pass: the commit is kept, nothing is pushed."""
    incident = night.report()
    before = night.git("ls-remote", "origin", "refs/heads/main")
    made = json.loads(
        night.run("new", "change", "--template", "normal-change", "--title", "Restart mail", "--ci", "mail-server",
                  "--why", "It is old.", "--link", f"relates_to:{incident}", "--json")
    )  # fmt: skip
    documents = made if isinstance(made, list) else [made]
    change = next(str(d["id"]) for d in documents if str(d["id"]).startswith("CHG"))
    assert "this approval would not count" in night.run("submit", change, "--emergency", code=1)
    assert night.git("ls-remote", "origin", "refs/heads/main") == before


def test_who_is_not_on_call_cannot(night: Night) -> None:
    night.run("set", "it-operations", "on_call=operations-lead")
    night.git("commit", "-q", "-a", "-m", "Somebody else is on call")
    for hook in ("pre-receive", "post-receive"):
        (night.server / "hooks" / hook).rename(night.server / "hooks" / f"{hook}.off")
    night.git("push", "-q", "origin", "main")
    for hook in ("pre-receive", "post-receive"):
        (night.server / "hooks" / f"{hook}.off").rename(night.server / "hooks" / hook)
    change = night.change(night.report())
    night.run("move", change, "implement")
    assert "this approval would not count" in night.run("submit", change, "--emergency", code=1)
