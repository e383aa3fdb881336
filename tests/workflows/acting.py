"""A repository on a fake GitHub whose shipped workflows are run by `act`, on this machine, without containers.

What `act` does not know of: rights of tokens, concurrency, and where a workflow file comes from.
Remote actions are stand-ins of our own; the package is the one under test.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from itsm_gitops.commands.starting import init
from tests.fake_github import FakeGitHub
from tests.support import GitRepo

NOW = "2026-03-04T12:00:00Z"
ACT = Path(sys.executable).with_name("act")
STAND_INS = Path(__file__).parent / "stand_ins"
ITEM = "cmdb/databases/mailbox-db.yaml"
TEXT = "The mailboxes of all users."
QUEUE = "gh-readonly-queue/main/pr-7-"
_USES = re.compile(r"uses:\s*(?P<owner>[\w-]+)/(?P<name>[\w-]+)@(?P<ref>\w+)")
# What this machine knows and no runner does.
_OURS = ("ITSM_", "GITHUB_", "CI", "PIP_", "GIT_")


class Ran(NamedTuple):
    """One run of a workflow: what each job came to, and what was printed."""

    jobs: dict[str, str]
    out: str


class Hosted:
    """``acme/itsm``: the server's repository, a clone of it, and the forge that knows its requests."""

    def __init__(self, folder: Path, forge: FakeGitHub) -> None:
        self.forge = forge
        self.now = NOW
        self.origin = folder / "server.git"
        self.clone = GitRepo(folder / "clone")
        self.home = folder / "home"
        (self.home / ".config" / "act").mkdir(parents=True)
        (self.home / ".config" / "act" / "actrc").touch()  # or it would ask which images to use
        (self.home / ".gitconfig").write_text(Path(os.environ["HOME"], ".gitconfig").read_text())
        init(self.clone.root, organisation="Acme", timezone="Europe/Berlin")
        for person, number, login in (("mail-engineer", 1, "ada"), ("operations-lead", 2, "ben")):
            path = self.clone.root / f"cmdb/people/{person}.yaml"
            account = f"identities:\n- forge: github\n  id: {number}\n  login: {login}\n"
            path.write_text(path.read_text() + account + f"commit_addresses:\n- {login}@example.org\n")
        self.clone.commit("Accounts")
        self.clone.git("clone", "-q", "--bare", ".", str(self.origin))
        self.clone.git("remote", "add", "origin", str(self.origin))
        self.clone.git("checkout", "-q", "-b", "topic")

    @property
    def main(self) -> str:
        return self.clone.git("rev-parse", "main")

    @property
    def head(self) -> str:
        return self.clone.git("rev-parse", "topic")

    def edit(self, text: str, path: str = ITEM) -> str:
        """Say something else about an item, on the request's branch, and push it."""
        item = self.clone.root / path
        item.write_text(re.sub("(?m)^description: .*$", f"description: {text}", item.read_text()))
        self.clone.commit("Describe it better")
        self.push()
        return self.head

    def push(self) -> None:
        """Push the branch: the forge knows the request's head, and what it would be merged."""
        self.clone.git("push", "-q", "-f", "origin", "topic", "topic:refs/pull/7/head")
        self.merged("refs/pull/7/merge")
        self.forge.pulls[7]["head"]["sha"] = self.head
        self.forge.pulls[7]["base"]["sha"] = self.main

    def advance_main(self) -> None:
        """Let somebody else's work enter main."""
        self.clone.git("checkout", "-q", "main")
        self.clone.write("NEWS.md", "# News\n")
        self.clone.commit("News")
        self.clone.git("push", "-q", "origin", "main")
        self.clone.git("checkout", "-q", "topic")

    def merged(self, ref: str) -> str:
        """Merge the request into main on the server, under a reference of its own."""
        tree = self.clone.git("merge-tree", "--write-tree", self.main, self.head)
        parents = ("-p", self.main, "-p", self.head)
        commit = self.clone.git("commit-tree", tree, *parents, "-m", "Merge request 7")
        self.clone.git("push", "-q", "-f", "origin", f"{commit}:{ref}")
        return commit

    def pull_request(self, action: str) -> dict[str, Any]:
        """The payload of an event of the request."""
        return _payload(action=action, number=7, pull_request=self.forge.pulls[7])

    def merge_group(self, commit: str = "") -> dict[str, Any]:
        """The payload of a merge queue that wants to merge the request (or ``commit``)."""
        ref = f"refs/heads/{QUEUE}{self.main}"
        head = commit or self.merged(ref)
        self.clone.git("push", "-q", "-f", "origin", f"{head}:{ref}")
        group = {"head_sha": head, "head_ref": ref, "base_sha": self.main, "base_ref": "refs/heads/main"}
        return _payload(action="checks_requested", merge_group=group)

    def workflow_run(self) -> dict[str, Any]:
        """The payload of the end of the run that a review started."""
        run = {"id": 1, "name": "itsm review", "head_sha": self.head, "event": "pull_request_review"}
        return _payload(action="completed", workflow_run=run)

    def run(self, workflow: str, event: str, payload: Mapping[str, Any] | None = None) -> Ran:
        """Run one shipped workflow, as it is on main, for an event."""
        self.clone.git("checkout", "-q", "main")
        file = self.home / "event.json"
        file.write_text(json.dumps(payload or _payload()))
        path = f".github/workflows/{workflow}.yml"
        told = {
            "GITHUB_API_URL": self.forge.url,
            "GITHUB_REPOSITORY": "acme/itsm",
            "ITSM_NOW": self.now,
            "ORIGIN": str(self.origin),
            "BIN": str(Path(sys.executable).parent),
            "PIP_NO_INDEX": "1",
            "PIP_QUIET": "1",
        }
        words = [
            *(str(ACT), event, "--json", "--workflows", path, "--eventpath", str(file)),
            *("--platform", "ubuntu-24.04=-self-hosted", "--pull=false", "--no-skip-checkout"),
            *("--no-cache-server", "--concurrent-jobs", "1", "--secret", "GITHUB_TOKEN=fake-token"),
            *(word for name, value in told.items() for word in ("--env", f"{name}={value}")),
            *self._stand_ins(self.clone.root / path),
        ]
        done = subprocess.run(
            words, cwd=self.clone.root, env=self._environment(), stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        self.clone.git("checkout", "-q", "topic")
        return _read(done.stdout + done.stderr)

    def _environment(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(_OURS)}
        return {**kept, "HOME": str(self.home), "XDG_CONFIG_HOME": str(self.home / ".config")}

    @staticmethod
    def _stand_ins(workflow: Path) -> list[str]:
        words = []
        for found in _USES.finditer(workflow.read_text()):
            folder = STAND_INS / found["name"]
            assert found["owner"] == "actions", found[0]
            assert folder.is_dir(), f"there is no stand-in for {found[0]}"
            words += ["--local-repository", f"actions/{found['name']}@{found['ref']}={folder}"]
        return words


def _payload(**parts: Any) -> dict[str, Any]:
    owner = {"login": "acme", "name": "acme"}
    about = {"full_name": "acme/itsm", "name": "itsm", "owner": owner, "default_branch": "main"}
    return {"repository": about, **parts}


def _read(printed: str) -> Ran:
    """Read what `act` says, one JSON object for each line."""
    jobs, lines = {}, []
    for line in printed.splitlines():
        said = json.loads(line) if line.startswith("{") else {"msg": line}
        lines.append(str(said.get("msg", "")).rstrip("\n"))
        if "jobResult" in said:
            jobs[said["jobID"]] = said["jobResult"]
    return Ran(jobs, "\n".join(lines))
