"""Makes what is measured: repositories of any size, a branch with a request in each, the real log of incidents."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import estate
from processes import ROOT, run

ITSM = [sys.executable, "-m", "itsm_gitops"]
LOG = "uci-servicenow/incident_event_log_part1.csv.xz"
TEN = 10
_WHO = ["-c", "user.name=agent-002", "-c", "user.email=agent-002@localhost"]
_SETTINGS = "version: 1\norganisation: Bench\ntimezone: UTC\ncut_over: '2026-01-01'\nsite:\n  name: Bench\n"


@dataclass(frozen=True)
class World:
    """One repository to measure with, below ``work``. ``records`` is its size; ``log`` the file it is imported from."""

    name: str
    records: int
    work: Path
    log: Path | None = None

    @property
    def repository(self) -> Path:
        """The repository, on ``main``."""
        return self.work / "repository"

    @property
    def request(self) -> Path:
        """A clone of it on a branch where ten open incidents are edited."""
        return self.work / "request"

    @property
    def reviews(self) -> Path:
        """A file that says that nobody has reviewed anything."""
        return self.work / "reviews.json"

    def make(self) -> None:
        """Write what is not there yet."""
        if not self.repository.is_dir():
            self.work.mkdir(parents=True, exist_ok=True)
            if self.log:
                _import(self.repository, self.log)
            else:
                estate.write(self.repository, self.records)
        if not self.request.is_dir():
            git(self.work, "clone", "-q", "--shared", str(self.repository), str(self.request))
            git(self.request, "checkout", "-q", "-b", "request")
            for path in self.edited:
                edit(self.request / path)
            git(self.request, *_WHO, "commit", "-qam", "Edit ten incidents")
        self.reviews.write_text('{"version": 1, "reviews": []}\n', encoding="utf-8")

    @cached_property
    def incidents(self) -> list[str]:
        """The paths of all incidents, oldest first."""
        root = self.repository
        return [str(p.relative_to(root)) for p in sorted((root / "records/incidents").rglob("*.yaml"))]

    @cached_property
    def edited(self) -> list[str]:
        """The newest incidents that are open, and where these are too few the newest of the others."""
        newest = self.incidents[::-1][:2000]
        still = [
            p for p in newest if "\nstate: closed\n" not in (self.repository / p).read_text(encoding="utf-8")
        ]
        return list(dict.fromkeys([*still, *newest]))[:TEN]

    @property
    def record(self) -> str:
        """The identifier of an incident in the middle."""
        return Path(self.incidents[len(self.incidents) // 2]).stem

    def forget(self, place: Path) -> None:
        """Remove what the tool keeps in Git's folder: the next run is a first one."""
        shutil.rmtree(place / ".git/itsm", ignore_errors=True)

    def restore(self) -> None:
        """Put the repository back into the state of its commit."""
        git(self.repository, "checkout", "-q", "--", ".")
        git(self.repository, "clean", "-fdq", "records", "cmdb")


def edit(path: Path) -> None:
    """Change the title of a record."""
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("\ntitle: ", "\ntitle: Edited ", 1), encoding="utf-8")


def git(cwd: Path, *arguments: str) -> None:
    """Run Git."""
    subprocess.run(["git", *arguments], cwd=cwd, check=True, capture_output=True)


def _import(repository: Path, log: Path) -> None:
    """Make a repository of a log of incidents."""
    shutil.copytree(ROOT / "schemas", repository / "schemas")
    # The log has categories of its own.
    (repository / "schemas/policies/categories.yaml").unlink()
    (repository / "itsm.yaml").write_text(_SETTINGS, encoding="utf-8")
    git(repository, "init", "-q", "-b", "main", ".")
    run([*ITSM, "import", "csv", str(log), "--mapping", "servicenow-incidents"], repository, (0, 1))
    git(repository, "add", "-A")
    git(repository, *_WHO, "commit", "-qm", "Import")


def made_up_log(path: Path, incidents: int = 8_000) -> None:
    """Write a log in the shape of the real one: about six and a half events for each incident."""
    dice = random.Random(20260101)
    head = (
        "number,incident_state,active,reassignment_count,reopen_count,sys_mod_count,made_sla,caller_id,opened_by,"
        "opened_at,sys_created_by,sys_created_at,sys_updated_by,sys_updated_at,contact_type,location,category,"
        "subcategory,u_symptom,cmdb_ci,impact,urgency,priority,assignment_group,assigned_to,knowledge,"
        "u_priority_confirmation,notify,problem_id,rfc,vendor,caused_by,closed_code,resolved_by,resolved_at,closed_at"
    )
    middle = ["Active", "Awaiting User Info", "Active", "Awaiting Vendor", "Active"]
    lines = [head]
    for number in range(incidents):
        day, hour = number % 28 + 1, dice.randrange(8, 18)
        opened = f"{day}/{number % 6 + 1}/2024 {hour:02d}:00"
        steps = ["New", *middle[: dice.randrange(6)], "Resolved", "Resolved", "Closed"]
        for minute, state in enumerate(steps):
            lines.append(
                f"INC{number:07d},{state},true,{minute},0,{minute},true,Caller {number % 900},Opened by  {number % 90},"
                f"{opened},?,?,Updated by {dice.randrange(300)},{day}/{number % 6 + 1}/2024 {hour:02d}:{minute:02d},Phone,"
                f"Location {number % 150},Category {number % 40},Subcategory {number % 190},Symptom {number % 400},?,"
                f"2 - Medium,2 - Medium,3 - Moderate,Group {dice.randrange(70)},Resolver {dice.randrange(180)},true,false,"
                f"Do Not Notify,?,?,?,?,code {number % 9},Resolved by {number % 160},?,?"
            )
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
