"""The emergency of the handbook: one person on call, a plain server with the shipped hooks, four commands at most."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from itsm_gitops.commands.init import init
from tests.warm import Warm

INCIDENT = ("new", "incident", "--title", "Mail is down", "--service", "email", "--category", "email/sending",
            "--impact", "high", "--urgency", "high", "--reported-by", "duty-agent", "--json")  # fmt: skip


class Night:
    """A clone in which only the duty agent works, and the server behind it."""

    def __init__(self, folder: Path, program: Sequence[str]) -> None:
        self.home = folder
        self.program = program
        self.root = folder / "acme"
        self.server = folder / "server.git"
        self.now = datetime.now(UTC)
        (folder / ".gitconfig").write_text(
            f"[user]\n name = Duty Agent\n email = duty@example.org\n signingKey = {folder}/key\n[init]\n defaultBranch = main\n"
        )
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / "key")], check=True)
        tools = folder / "bin"
        tools.mkdir()
        (tools / "itsm").write_text(f'#!/bin/sh\nexec {shlex.join(program)} "$@"\n')
        (tools / "itsm").chmod(0o755)
        self.env = {
            **{k: v for k, v in os.environ.items() if k not in ("ITSM_NOW", "ITSM_USER")},
            "HOME": str(folder), "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}", "GIT_CONFIG_GLOBAL": str(folder / ".gitconfig"),
        }  # fmt: skip

    def run(self, *words: str, code: int = 0, later: timedelta = timedelta()) -> str:
        moment = {"ITSM_NOW": (self.now + later).strftime("%Y-%m-%dT%H:%M:%SZ")} if later else {}
        done = subprocess.run(
            [*self.program, *words],
            cwd=self.root, env={**self.env, **moment}, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout if "--json" in words else done.stdout + done.stderr

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
def night(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, warm: Warm) -> Night:
    monkeypatch.delenv("ITSM_NOW", raising=False)
    found = Night(tmp_path, warm.command())
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


PAGE = Path(__file__).resolve().parents[2] / "site/docs/handbook/11-three-in-the-morning.md"


def test_the_page_for_three_in_the_morning_is_all_that_one_person_needs(night: Night) -> None:
    """Its commands as written, by one person, against a plain server with the shipped hooks."""
    text = PAGE.read_text()
    assert len(text.splitlines()) <= 40, "one screen"
    block = text.split("```sh\n")[1].split("```")[0]
    incident, said = "", {}
    for line in block.splitlines():
        words = [incident if w == "INC" else w for w in shlex.split(line)]
        assert words[0] == "itsm"
        said[words[1]] = night.run(*words[1:])
        if words[1:3] == ["new", "incident"]:
            incident = next(w for w in said["new"].split() if w.startswith("INC-"))
    assert "duty-agent" in said["oncall"]
    assert "is in main, implement" in said["emergency"]
    assert "duty-agent (you): mail-server" in said["emergency"]
    assert night.git("ls-remote", "origin", "refs/heads/main").split()[0] == night.git("rev-parse", "HEAD")
    (debt,) = _audit(night)
    assert debt["code"] == "OVERRIDDEN"
    # What is owed has its day, and `itsm due` shows it, the review too.
    owed = json.loads(night.run("due", "--json"))
    assert [(d["message"], d["stage"]) for d in owed] == [
        ("end of the task", "near"), ("end of the task", "near"), ("post-implementation review", "near"),
    ]  # fmt: skip
    assert {d["what"].split()[0] for d in owed if d["what"]} == {"Approval", "Write"}
    night.run("note", incident, "Restarted the queue.")
    night.run("move", incident, "resolved", "--code", "fixed", "--note", "Restarted the queue.")
    assert "error" not in night.run("check")


def test_who_is_not_on_call_is_told_who_is(night: Night) -> None:
    night.run("set", "it-operations", "on_call=operations-lead")
    night.git("commit", "-q", "-a", "-m", "Somebody else is on call")
    _unguarded(night, "push", "-q", "origin", "main")
    done = json.loads(
        night.run("emergency", night.report(), "--ci", "mail-server", "--why", "Down.", "--json")
    )
    assert (done["alone"], done["landed"], done["state"]) == (False, False, "authorize")
    assert [o["person"] for o in done["overriders"]] == ["operations-lead"]
    assert any("owner-of-each-item" in s for s in done["skipped"])
    assert night.git("ls-remote", "origin", f"refs/heads/{done['branch']}")


def test_an_incident_that_is_over_and_other_records_are_refused(night: Night) -> None:
    incident = night.report()
    assert "is not an incident" in night.run("emergency", "PRB-260112-EXMP2", "--why", "Down.", code=2)
    assert "did you mean mail-server" in night.run(
        "emergency", incident, "--ci", "mail-servr", "--why", "x", code=1
    )
    night.run("move", incident, "cancelled", "--note", "A test.")
    assert "is not open any more" in night.run("emergency", incident, "--why", "Down.", code=1)
    assert night.git("status", "--porcelain", "records/changes") == ""


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


def _unguarded(night: Night, *words: str) -> None:
    for hook in ("pre-receive", "post-receive"):
        (night.server / "hooks" / hook).rename(night.server / "hooks" / f"{hook}.off")
    night.git(*words)
    for hook in ("pre-receive", "post-receive"):
        (night.server / "hooks" / f"{hook}.off").rename(night.server / "hooks" / hook)


def test_who_is_not_on_call_cannot(night: Night) -> None:
    night.run("set", "it-operations", "on_call=operations-lead")
    night.git("commit", "-q", "-a", "-m", "Somebody else is on call")
    _unguarded(night, "push", "-q", "origin", "main")
    change = night.change(night.report())
    night.run("move", change, "implement")
    assert "this approval would not count" in night.run("submit", change, "--emergency", code=1)
