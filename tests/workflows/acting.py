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
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tests.complete import ACT
from tests.fake_github import FakeGitHub
from tests.hosted import Hosted, payload

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
        self.home = new_home(folder)

    def run(self, workflow: str, event: str, told: Mapping[str, Any] | None = None) -> Ran:
        """Run one shipped workflow, as it is on main, for an event."""
        self.clone.git("checkout", "-q", "main")
        settings = {
            "GITHUB_API_URL": self.forge.url,
            "GITHUB_REPOSITORY": "acme/itsm",
            "ITSM_NOW": self.now,
            "ORIGIN": str(self.origin),
        }
        path = f".github/workflows/{workflow}.yml"
        ran = run_act(self.clone.root, self.home, path, event, told or payload(), settings)
        self.clone.git("checkout", "-q", "topic")
        return ran


def new_home(folder: Path) -> Path:
    """Make the home of a runner."""
    home = folder / "home"
    (home / ".config" / "act").mkdir(parents=True)
    (home / ".config" / "act" / "actrc").touch()  # or it would ask which images to use
    (home / ".gitconfig").write_text(Path(os.environ["HOME"], ".gitconfig").read_text())
    return home


def run_act(
    root: Path,
    home: Path,
    workflow: str,
    event: str,
    told: Mapping[str, Any],
    settings: Mapping[str, str],
    actions: Sequence[Path] = (),
) -> Ran:
    """Run one workflow of a repository; ``settings`` are its variables, ``actions`` more files that use remote actions."""
    file = home / "event.json"
    file.write_text(json.dumps(told))
    ours = {"BIN": str(Path(sys.executable).parent), "PIP_NO_INDEX": "1", "PIP_QUIET": "1"}
    words = [
        *(str(ACT), event, "--json", "--workflows", workflow, "--eventpath", str(file)),
        *("--platform", "ubuntu-24.04=-self-hosted", "--pull=false", "--no-skip-checkout"),
        *("--no-cache-server", "--concurrent-jobs", "1", "--secret", "GITHUB_TOKEN=fake-token"),
        *(word for name, value in {**settings, **ours}.items() for word in ("--env", f"{name}={value}")),
        *_stand_ins([root / workflow, *actions]),
    ]
    kept = {k: v for k, v in os.environ.items() if not k.startswith(_OURS)}
    environment = {**kept, "HOME": str(home), "XDG_CONFIG_HOME": str(home / ".config")}
    done = subprocess.run(
        words, cwd=root, env=environment, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    return _read(done.stdout + done.stderr)


def _stand_ins(files: Sequence[Path]) -> list[str]:
    words = []
    for found in (match for file in files for match in _USES.finditer(file.read_text())):
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
