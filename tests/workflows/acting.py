"""The shipped workflows, run by `act` on this machine, without containers.

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

from tests.fake_github import FakeGitHub
from tests.hosted import Hosted, payload

ACT = Path(sys.executable).with_name("act")
STAND_INS = Path(__file__).parent / "stand_ins"
_USES = re.compile(r"uses:\s*(?P<owner>[\w-]+)/(?P<name>[\w-]+)@(?P<ref>\w+)")
_COLOUR = re.compile(r"\x1b\[[\d;]*m")
# What this machine knows and no runner does.
_OURS = ("ITSM_", "GITHUB_", "CI", "PIP_", "GIT_")


class Ran(NamedTuple):
    """One run of a workflow: what each job came to, and what was printed."""

    jobs: dict[str, str]
    out: str


class Acting(Hosted):
    """A hosted repository, and a runner with a home of its own."""

    def __init__(self, folder: Path, forge: FakeGitHub) -> None:
        super().__init__(folder, forge)
        self.home = folder / "home"
        (self.home / ".config" / "act").mkdir(parents=True)
        (self.home / ".config" / "act" / "actrc").touch()  # or it would ask which images to use
        (self.home / ".gitconfig").write_text(Path(os.environ["HOME"], ".gitconfig").read_text())

    def run(self, workflow: str, event: str, told: Mapping[str, Any] | None = None) -> Ran:
        """Run one shipped workflow, as it is on main, for an event."""
        self.clone.git("checkout", "-q", "main")
        file = self.home / "event.json"
        file.write_text(json.dumps(told or payload()))
        path = f".github/workflows/{workflow}.yml"
        settings = {
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
            *(word for name, value in settings.items() for word in ("--env", f"{name}={value}")),
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


def _read(printed: str) -> Ran:
    """Read what `act` says, one JSON object for each line."""
    jobs, lines = {}, []
    for line in printed.splitlines():
        said = json.loads(line) if line.startswith("{") else {"msg": line}
        lines.append(str(said.get("msg", "")).rstrip("\n"))
        if "jobResult" in said:
            jobs[said["jobID"]] = said["jobResult"]
    return Ran(jobs, _COLOUR.sub("", "\n".join(lines)))
