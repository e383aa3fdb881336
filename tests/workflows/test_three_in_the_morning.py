"""The page for three in the morning on a forge, under `act`: one person on call, the shipped gate, and what is owed."""

from __future__ import annotations

import json
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.complete import need
from tests.fake_github import account, running
from tests.support import run_here
from tests.workflows.acting import Acting

pytestmark = pytest.mark.slow
need("act")
PAGE = Path(__file__).resolve().parents[2] / "site/docs/handbook/11-three-in-the-morning.md"
ADDRESS, PERSON = "git@github.com:acme/itsm.git", "mail-engineer"
# What stands in for ssh: the last word is what the server is to do, and with which repository.
SSH = """\
#!/bin/sh
for last; do :; done
exec ${last%% *} "$SERVER"
"""


@pytest.fixture
def night(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Acting]:
    """A repository that is reached as one on GitHub is, by SSH; one person is on call and has a key."""
    with running() as forge:
        made = Acting(tmp_path, forge)
        (tmp_path / "ssh").write_text(SSH)
        (tmp_path / "ssh").chmod(0o755)
        monkeypatch.setenv("GIT_SSH_COMMAND", str(tmp_path / "ssh"))
        monkeypatch.setenv("SERVER", str(made.origin))
        key = tmp_path / "key"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
        made.clone.git("checkout", "-q", "main")
        for name, value in (
            ("user.email", "ada@example.org"),
            ("user.signingKey", str(key)),
            ("remote.origin.url", ADDRESS),
        ):
            made.clone.git("config", name, value)
        itsm(made, "enrol", PERSON, "--address", "ada@example.org", "--key", str(key))
        itsm(made, "set", "it-operations", f"on_call={PERSON}")
        made.clone.commit("Who is on call")
        made.clone.git("push", "-q", "origin", "main")
        yield made


def itsm(night: Acting, *words: str) -> str:
    done = run_here(words, night.clone.root, env={"ITSM_NOW": night.now, "ITSM_USER": PERSON})
    assert done.returncode == 0, (words, done.stdout, done.stderr)
    return done.stdout if "--json" in words else " ".join((done.stdout + done.stderr).split())


def request(night: Acting, branch: str) -> None:
    """Open the pull request of a branch, as its page on the forge does."""
    night.clone.git("branch", "-f", "topic", branch)
    night.push()


def test_one_person_lets_it_in_and_owes_the_rest(night: Acting) -> None:
    incident, said = "", {}
    for line in PAGE.read_text().split("```sh\n")[1].split("```")[0].splitlines():
        words = [incident if word == "INC" else word for word in shlex.split(line)]
        said[words[1]] = itsm(night, *words[1:])
        if words[1:3] == ["new", "incident"]:
            incident = next(w for w in said["new"].split() if w.startswith("INC-"))
    assert PERSON in said["oncall"]
    assert "open the pull request: https://github.com/acme/itsm/" in said["emergency"]
    assert "you are on call and may let it in: itsm approve" in said["emergency"]
    branch = night.clone.git("branch", "--show-current")
    change = branch.rpartition("/")[2]

    signed = itsm(night, "approve", change, "--sign").split()
    night.clone.git(*signed[signed.index("git") + 1 :][:3])  # the line that it prints hands it in
    request(night, branch)
    ran = night.run("itsm-gate", "pull_request_target", night.pull_request("opened"))
    assert ran.jobs == {"gate": "success", "comment": "success"}, ran.out
    assert f"overridden by {PERSON}" in " ".join(ran.out.split())
    valid = night.run("itsm", "pull_request", night.pull_request("opened"))
    assert valid.jobs == {"check": "success"}, valid.out

    commit = night.merge()
    ran = night.run("itsm-evidence", "push", {"ref": "refs/heads/main", "after": commit})
    assert f"OVERRIDDEN      {commit[:12]}" in ran.out, ran.out
    night.clone.git("checkout", "-q", "main")
    owed = json.loads(itsm(night, "due", "--json"))
    assert [d["message"] for d in owed] == [
        "end of the task",
        "end of the task",
        "post-implementation review",
    ]
    itsm(night, "note", incident, "Restarted the queue.")
    itsm(night, "move", incident, "resolved", "--code", "fixed", "--note", "Restarted the queue.")


def test_who_has_not_the_turn_does_not_let_it_in(night: Acting) -> None:
    itsm(night, "set", "it-operations", "on_call=operations-lead")
    night.clone.commit("Somebody else is on call")
    night.clone.git("push", "-q", "origin", "main")
    made = json.loads(
        itsm(night, "new", "incident", "--title", "Mail is down", "--service", "email", "--category", "email/sending",
             "--impact", "high", "--urgency", "high", "--json")
    )  # fmt: skip
    done = json.loads(
        itsm(night, "emergency", made["id"], "--ci", "mail-server", "--why", "Mail is down.", "--json")
    )
    assert (done["alone"], done["landed"]) == (False, False)
    assert [o["person"] for o in done["overriders"]] == ["operations-lead"]
    request(night, done["branch"])
    ran = night.run("itsm-gate", "pull_request_target", night.pull_request("opened"))
    assert ran.jobs["gate"] == "failure", ran.out
    night.forge.review(7, account(2, "ben"), commit=night.head)
    ran = night.run("itsm-gate", "pull_request_target", night.pull_request("edited"))
    assert ran.jobs["gate"] == "success", ran.out
