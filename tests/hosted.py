"""A repository whose requests a fake GitHub knows: real commits on both sides."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from itsm_gitops.commands.init import init
from tests.fake_github import FakeGitHub, account
from tests.support import GitRepo

NOW = "2026-03-04T12:00:00Z"
ITEM = "cmdb/databases/mailbox-db.yaml"
QUEUE = "gh-readonly-queue/main/pr-7-"


class Hosted:
    """``acme/itsm``: the server's repository, a clone of it, and the forge that knows its requests."""

    def __init__(self, folder: Path, forge: FakeGitHub) -> None:
        self.forge = forge
        self.now = NOW
        self.origin = folder / "server.git"
        self.clone = GitRepo(folder / "clone")
        init(self.clone.root, organisation="Acme", timezone="Europe/Berlin", git=False)
        self.clone.git("init", "-q", "-b", "main")
        for person, number, login in (("mail-engineer", 1, "ada"), ("operations-lead", 2, "ben")):
            path = self.clone.root / f"cmdb/people/{person}.yaml"
            known = f"identities:\n- forge: github\n  id: {number}\n  login: {login}\n"
            path.write_text(path.read_text() + known + f"commit_addresses:\n- {login}@example.org\n")
        self.clone.commit("Start the ITSM repository")
        self.clone.git("clone", "-q", "--bare", ".", str(self.origin))
        self.clone.git("remote", "add", "origin", str(self.origin))
        self.clone.git("fetch", "-q", "origin")
        self.clone.git("remote", "set-head", "origin", "main")
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
        when = {"GIT_AUTHOR_DATE": self.now, "GIT_COMMITTER_DATE": self.now}
        commit = self.clone.git("commit-tree", tree, *parents, "-m", "Merge request 7", env=when)
        self.clone.git("push", "-q", "-f", "origin", f"{commit}:{ref}")
        return commit

    def merge(self) -> str:
        """Press the forge's button: the request enters main, as whoever approved it merges it."""
        commit = self.merged("refs/heads/main")
        self.clone.git("branch", "-q", "-f", "main", commit)
        self.forge.merge(7, commit, account(2, "ben"), self.now)
        return commit

    def pull_request(self, action: str) -> dict[str, Any]:
        """The payload of an event of the request."""
        return payload(action=action, number=7, pull_request=self.forge.pulls[7])

    def merge_group(self, commit: str = "") -> dict[str, Any]:
        """The payload of a merge queue that wants to merge the request (or ``commit``)."""
        ref = f"refs/heads/{QUEUE}{self.main}"
        head = commit or self.merged(ref)
        self.clone.git("push", "-q", "-f", "origin", f"{head}:{ref}")
        group = {"head_sha": head, "head_ref": ref, "base_sha": self.main, "base_ref": "refs/heads/main"}
        return payload(action="checks_requested", merge_group=group)

    def workflow_run(self) -> dict[str, Any]:
        """The payload of the end of the run that a review started."""
        run = {"id": 1, "name": "itsm review", "head_sha": self.head, "event": "pull_request_review"}
        return payload(action="completed", workflow_run=run)


def payload(**parts: Any) -> dict[str, Any]:
    """What every event of the repository tells, and these parts."""
    owner = {"login": "acme", "name": "acme"}
    about = {"full_name": "acme/itsm", "name": "itsm", "owner": owner, "default_branch": "main"}
    return {"repository": about, **parts}
