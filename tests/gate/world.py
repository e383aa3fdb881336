"""A small organisation in a real Git repository, to try approvals on."""

from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

from itsm_gitops.forges.reviews import APPROVED, Review
from itsm_gitops.gate.assess import assess
from itsm_gitops.gate.types import Assessment
from itsm_gitops.repository import Repository
from itsm_gitops.snapshots import packaged_rulebook_root
from tests.support import copy_tree, pack

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
CHG = "CHG-261120-AAAAA"
INC = "INC-261120-AAAAA"
CHANGE_PATH = f"records/changes/2026/11/{CHG}.yaml"
INCIDENT_PATH = f"records/incidents/2026/11/{INC}.yaml"
POLICY_PATH = "schemas/policies/approvals.yaml"
ROLES_PATH = "schemas/policies/roles.yaml"
SERVER = "cmdb/servers/s1.yaml"

# person: (number on the forge, teams). ann writes, eve asks, dora carries out, bob and carl own.
PEOPLE = {
    "ann": (1, "ops"),
    "bob": (2, "ops"),
    "carl": (3, "ops"),
    "cab-one": (4, "change-management"),
    "cab-two": (5, "change-management"),
    "dora": (6, "ops"),
    "eve": (7, "ops"),
    "oscar": (8, "duty"),
    "paul": (9, "desk"),
    "mia": (10, "net"),
}
NUMBERS = {person: number for person, (number, _) in PEOPLE.items()}


def person(name: str, teams: str, number: int, **extra: str) -> str:
    more = "".join(f"{k}: {v}\n" for k, v in extra.items())
    lifecycle = "" if "lifecycle" in extra else "lifecycle: production\n"
    return (
        f"id: {name}\nclass: person\nname: {name.title()}\n{lifecycle}teams: [{teams}]\n"
        f"identities:\n  - forge: github\n    id: {number}\n    login: {name}\n"
        f"commit_addresses: [{name}@example.org]\n{more}"
    )


def server(name: str, *, owner: str = "ops", extra: str = "") -> str:
    owned = f"owner: {owner}\n" if owner else ""
    return f"id: {name}\nclass: server\nname: Server {name}\n{owned}lifecycle: production\n{extra}"


def change(**fields: str) -> str:
    """The record of a normal change of s1, low risk, scheduled; fields replace or (empty) remove."""
    record = {
        "id": CHG,
        "kind": "change",
        "title": "Replace the disk of s1",
        "type": "normal",
        "requested_by": "eve",
        "cis": "[s1]",
        "justification": "The disk is full.",
        "risk": "{level: low, reason: Done often.}",
        "state": "scheduled",
        "implementers": "[dora]",
        "planned_start": "2026-11-25T20:00:00Z",
        "planned_end": "2026-11-25T21:00:00Z",
        **fields,
    }
    lines = "".join(f"{k}: {v}\n" for k, v in record.items() if v)
    return lines + "timeline:\n  - {at: 2026-11-20T10:00:00Z, by: ann, state: draft}\n"


class World:
    """One repository: ``main`` with the organisation, ``topic`` with a request."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.seen = ""

    @classmethod
    def make(cls, root: Path) -> World:
        """Build the organisation from nothing."""
        root.mkdir(parents=True)
        world = cls(root)
        world.git("init", "-q", "-b", "main")
        copy_tree(packaged_rulebook_root() / "schemas", root / "schemas")
        world.write("itsm.yaml", "version: 1\norganisation: Example Ltd\n")
        for name, (number, teams) in PEOPLE.items():
            world.write(f"cmdb/people/{name}.yaml", person(name, teams, number))
        for team in ("ops", "change-management", "duty", "desk", "net"):
            on_call = "on_call: oscar\n" if team == "ops" else ""
            world.write(f"cmdb/teams/{team}.yaml", f"id: {team}\nclass: team\nname: {team}\n{on_call}")
        world.write(SERVER, server("s1"))
        world.write("cmdb/servers/s2.yaml", server("s2", owner="net"))
        world.write("README.md", "# Example\n")
        world.commit("The organisation", by="cab-one")
        pack(root)
        return world

    @classmethod
    def copy(cls, template: World, root: Path) -> World:
        """Return a copy of a world, much faster than building one."""
        copy_tree(template.root, root)
        return cls(root)

    @property
    def repo(self) -> Repository:
        return Repository(self.root)

    def git(self, *args: str, env: dict[str, str] | None = None, check: bool = True) -> str:
        done = subprocess.run(
            ["git", "-c", "user.name=ann", "-c", "user.email=ann@example.org", *args],
            cwd=self.root, env={**os.environ, **(env or {})}, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert not check or done.returncode == 0, f"git {args}: {done.stderr}"
        return done.stdout.strip()

    def write(self, path: str, text: str) -> None:
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")

    def edit(self, path: str, old: str, new: str) -> None:
        text = (self.root / path).read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{path} should hold once: {old}"
        self.write(path, text.replace(old, new))

    def commit(self, message: str = "change", *, by: str = "ann", committer: str = "") -> str:
        """Commit everything as a person, or as a whole ``Name <address>``."""
        env = {}
        for side, who in (("AUTHOR", by), ("COMMITTER", committer or by)):
            name, _, rest = who.partition(" <")
            env |= {
                f"GIT_{side}_NAME": name,
                f"GIT_{side}_EMAIL": rest.rstrip(">") or f"{name}@example.org",
                f"GIT_{side}_DATE": "2026-11-21T10:00:00Z",
            }
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message, env=env)
        return self.head

    @property
    def head(self) -> str:
        return self.git("rev-parse", "HEAD")

    def on_main(self) -> None:
        self.git("checkout", "-q", "main")

    def on_topic(self) -> None:
        self.git("checkout", "-q", "topic")

    def assess(
        self, reviews: list[Review], *, target: str = "main", opened_by: str = "", now: datetime = NOW
    ) -> Assessment:
        return assess(
            self.repo, base="main", head="topic", target=target, reviews=reviews, now=now, opened_by=opened_by
        )


def review(
    who: str, commit: str | None, state: str = APPROVED, *, hours: float = 1, **about: object
) -> Review:
    """A review by somebody, ``hours`` ago, as the GitHub adapter would give it."""
    given = {
        "person": None,
        "identity": f"github:{NUMBERS[who]}" if who in NUMBERS else "",
        "source": "github",
        "login": who,
        "target": "main",
        **about,
    }
    return Review(state=state, commit=commit, at=NOW - timedelta(hours=hours), **given)  # type: ignore[arg-type]
