"""An application on a plain Git server: hooks stop what no change authorises, carry out the rest, and say how it ended."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from itsm_gitops.forges.shipped import deploy_template
from tests.deploy_world import AFTER, BEFORE, INSIDE, NAME, UNAUTHORISED, TwoRepositories

# What carries the push out: the same steps as in the templates of the forges.
CARRIES_OUT = """\
#!/bin/sh
set -eu
unset GIT_DIR GIT_QUARANTINE_PATH
read -r _ new _
change=$(git -C {server} log -1 --format='%(trailers:key=Change,valueonly)' "$new" | head -n 1)
tell() {{
  git -C {clone} pull -q --ff-only
  itsm -C {clone} deploy "$@"
  git -C {clone} add -A
  git -C {clone} commit -qm "$change: $1"
  git -C {clone} push -q
}}
tell start "$change" --commit {name}@$new
echo done >> {marker}
if [ "$RESULT" = 0 ]; then outcome=successful; else outcome=failed; fi
tell finish "$change" --outcome $outcome --commit "$new" --pipeline "https://ci.example/$RESULT"
"""
pytestmark = pytest.mark.slow
Push = Callable[..., str]


@pytest.fixture
def world(tmp_path: Path) -> TwoRepositories:
    return TwoRepositories(tmp_path)


@pytest.fixture
def marker(tmp_path: Path) -> Path:
    path = tmp_path / "carried-out"
    path.touch()
    return path


@pytest.fixture
def push(world: TwoRepositories, tmp_path: Path, marker: Path, monkeypatch: pytest.MonkeyPatch) -> Push:
    """Push the application's main branch to its server, at a time; return what it said."""
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    server, clone = tmp_path / "shop.git", tmp_path / "itsm-clone"
    world.app.git("init", "-q", "--bare", "-b", "main", str(server))
    world.app.git("clone", "-q", str(world.origin), str(clone))
    places = {
        name: shlex.quote(str(p)) for name, p in (("server", server), ("clone", clone), ("marker", marker))
    }
    hooks = {"pre-receive": deploy_template("hook"), "post-receive": CARRIES_OUT.format(name=NAME, **places)}
    for name, text in hooks.items():
        path = server / "hooks" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)
    for key, value in (("itsm.clone", str(clone)), ("itsm.name", NAME)):
        world.app.git("-C", str(server), "config", key, value)
    world.app.git("remote", "add", "origin", str(server))

    def go(now: str, result: int = 0, code: int = 0) -> str:
        env = {**os.environ, "ITSM_NOW": now, "ITSM_USER": "mail-engineer", "RESULT": str(result)}
        done = subprocess.run(
            ["git", "push", "-q", "origin", "HEAD:main"],
            cwd=world.app.root,
            env=env,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stderr
        return " ".join(done.stderr.replace("remote:", "").split())

    return go


def committed(world: TwoRepositories, change: str, content: str = "one") -> str:
    """Commit something that names its change."""
    world.app.write("file", content)
    return world.app.commit(f"Bigger\n\nChange: {change}")


def test_a_push_is_stopped_without_a_reason_to_go_on(
    world: TwoRepositories, push: Push, marker: Path
) -> None:
    committed(world, UNAUTHORISED)
    assert "nobody authorised it yet" in push(INSIDE, code=1)
    change = world.plan()
    commit = committed(world, change)
    assert "nobody authorised it yet" in push(INSIDE, code=1)
    world.authorise(change, commit)
    assert "it begins in" in push(BEFORE, code=1)
    assert "it ended" in push(AFTER, code=1)
    world.freeze()
    assert "Audit holds it until" in push(INSIDE, code=1)
    world.thaw()
    committed(world, change, "more than was approved")
    assert "is not what was approved" in push(INSIDE, code=1)
    assert marker.read_text() == ""
    assert world.on_server(change)["state"] == "scheduled"


@pytest.mark.parametrize(
    ("result", "outcome", "state"), [(0, "successful", "review"), (1, "failed", "implement")]
)
def test_a_push_passes_and_what_became_of_it_comes_back(
    world: TwoRepositories, push: Push, marker: Path, result: int, outcome: str, state: str
) -> None:
    change = world.plan()
    commit = committed(world, change)
    world.authorise(change, commit)
    push(INSIDE, result)
    assert marker.read_text() == "done\n"
    data = world.on_server(change)
    assert (data["state"], data["actual_start"]) == (state, INSIDE)
    assert data.get("actual_end") == (None if result else INSIDE)
    (run,) = world.deployments()
    assert (run["outcome"], run["change"], run["commit"]) == (outcome, change, commit)
    assert (run["started_at"], run["finished_at"]) == (INSIDE, INSIDE)
    world.say("check", "--fail-on", "error")
