"""Two repositories that share no server: that of the ITSM records, and an application's whose pipeline asks it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from itsm_gitops.commands.init import init
from itsm_gitops.documents import load
from tests.support import GitRepo, run_here

BEFORE, INSIDE, AFTER = "2026-11-28T19:00:00Z", "2026-11-28T20:10:00Z", "2026-11-28T21:30:00Z"
WINDOW = ("2026-11-28T20:00:00Z", "2026-11-28T21:00:00Z")
NAME = "acme/shop"  # what changes call the application's repository
UNAUTHORISED = "CHG-260115-EXMP4"  # an example that nobody authorised
_STEPS = ("assess", "authorize", "scheduled")


class TwoRepositories:
    """``itsm`` with its server, and ``app``; commands of the first run in this process."""

    def __init__(self, folder: Path) -> None:
        self.origin = folder / "itsm.git"
        self.itsm = GitRepo(init(folder / "itsm", organisation="Acme", timezone="Europe/Berlin").root)
        self.itsm.git("clone", "-q", "--bare", ".", str(self.origin))
        self.itsm.git("remote", "add", "origin", str(self.origin))
        self.itsm.git("push", "-q", "-u", "origin", "main")
        self.app = GitRepo(folder / "app")
        self.app.root.mkdir()
        self.app.git("init", "-q", "-b", "main")

    def say(self, *words: str) -> str:
        """Run `itsm` in the clone of the records, before the window."""
        done = run_here(words, self.itsm.root, env={"ITSM_NOW": BEFORE, "ITSM_USER": "operations-lead"})
        assert done.returncode == 0, (words, done.stdout, done.stderr)
        return done.stdout

    def share(self, message: str) -> None:
        """Bring what was written to the server."""
        self.itsm.git("add", "-A")
        self.itsm.git("commit", "-qm", message)
        self.itsm.git("push", "-q")

    def plan(self) -> str:
        """Plan a change of the application on the server; nobody has authorised it."""
        made = self.say(
            "new", "change", "--template", "normal-change", "--title", "Raise the limit", "--service", "email",
            "--ci", "mailbox-db", "--requested-by", "duty-agent", "--assigned-team", "it-operations", "--risk", "low",
            "--why", "Mail waits.", "--implementer", "mail-engineer", "--start", WINDOW[0], "--end", WINDOW[1],
            "--implementation", "Set it.", "--backout", "Set it back.", "--test", "Send mail.",
            "--set", "impact_statement=None.", "--json",
        )  # fmt: skip
        self.share("Plan")
        return str(json.loads(made)["id"])

    def authorise(self, change: str, commit: str) -> None:
        """Have a change authorised for one commit of the application."""
        self.say("set", change, f"commits+={NAME}@{commit}")
        for state in _STEPS:
            self.say("move", change, state)
        self.share("Authorise")

    def freeze(self) -> None:
        """Declare a freeze over the window, after the change was authorised."""
        windows = [{"start": "2026-11-28T00:00:00Z", "end": "2026-11-29T00:00:00Z", "name": "Audit"}]
        words = ("--name", "Audit", "--type", "freeze", "--time-zone", "UTC", "--owner", "service-desk")
        self.say("new", "calendar", "audit-freeze", *words, "--set", f"windows={json.dumps(windows)}")
        self.share("Freeze")

    def thaw(self) -> None:
        """Take the freeze back."""
        self.itsm.git("revert", "--no-edit", "HEAD")
        self.itsm.git("push", "-q")

    def on_server(self, identifier: str) -> Any:
        """Return a document as the server of the records has it."""
        self.itsm.git("pull", "-q", "--ff-only")
        return load(next(self.itsm.root.rglob(f"{identifier}.yaml")).read_bytes()).data

    def deployments(self) -> list[Any]:
        """Return the records of deployments that the server has, oldest first."""
        self.itsm.git("pull", "-q", "--ff-only")
        found = [load(p.read_bytes()).data for p in self.itsm.root.glob("records/deployments/**/*.yaml")]
        return sorted(found, key=lambda d: str(d["timeline"][0]["at"]))
