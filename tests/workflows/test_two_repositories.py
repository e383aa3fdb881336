"""The pipeline of an application under `act`: stopped by the ITSM repository or let through, and what it brings back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from itsm_gitops.forges.shipped import deploy_template
from tests.complete import need
from tests.deploy_world import AFTER, BEFORE, INSIDE, NAME, UNAUTHORISED, TwoRepositories
from tests.hosted import payload
from tests.workflows.acting import Ran, new_home, run_act

pytestmark = pytest.mark.slow
need("act")
ACTION, WORKFLOW = ".github/actions/itsm-deploy/action.yml", ".github/workflows/deploy.yml"
USE = "uses: ./.github/actions/itsm-deploy"
WITH = "change: '${{ inputs.change }}', repository: acme/itsm, token: none"
PIPELINE = f"""\
name: Deploy
on:
  workflow_dispatch:
    inputs: {{change: {{required: true, type: string}}}}
jobs:
  deploy:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/checkout@v5
        with: {{fetch-depth: 0}}
      - {USE}
        with: {{step: check, {WITH}}}
      - id: begun
        {USE}
        with: {{step: start, {WITH}}}
      - id: work
        run: echo done >> "$CARRIED_OUT"; exit "$RESULT"
      - if: always() && steps.begun.outcome == 'success'
        {USE}
        with: {{step: finish, outcome: "${{{{ steps.work.outcome == 'success' && 'successful' || 'failed' }}}}", {WITH}}}
"""
Pipeline = Callable[..., Ran]


def words(ran: Ran) -> str:
    """What was printed, as one line."""
    return " ".join(ran.out.split())


@pytest.fixture
def world(tmp_path: Path) -> TwoRepositories:
    made = TwoRepositories(tmp_path)
    made.app.write(ACTION, deploy_template("github"))
    made.app.write(WORKFLOW, PIPELINE)
    made.app.commit("Start")
    return made


@pytest.fixture
def carried_out(tmp_path: Path) -> Path:
    """A file with a line for each time that the work was done."""
    path = tmp_path / "carried-out"
    path.touch()
    return path


@pytest.fixture
def pipeline(world: TwoRepositories, tmp_path: Path, carried_out: Path) -> Pipeline:
    home = new_home(tmp_path)

    def run(change: str, now: str, result: int = 0) -> Ran:
        settings = {
            "GITHUB_REPOSITORY": NAME,
            "ORIGIN": str(world.app.root),
            "OTHER": str(world.origin),
            "ITSM_NOW": now,
            "ITSM_USER": "mail-engineer",
            "CARRIED_OUT": str(carried_out),
            "RESULT": str(result),
        }
        told = payload(inputs={"change": change})
        action = world.app.root / ACTION
        return run_act(world.app.root, home, WORKFLOW, "workflow_dispatch", told, settings, [action])

    return run


def test_it_stops_without_a_reason_to_go_on(
    world: TwoRepositories, pipeline: Pipeline, carried_out: Path
) -> None:
    commit = world.app.git("rev-parse", "HEAD")
    change = world.plan()
    other = world.plan()
    world.authorise(change, commit)
    stopped = [
        (UNAUTHORISED, INSIDE, "nobody authorised it yet"),
        (other, INSIDE, "nobody authorised it yet"),
        (change, BEFORE, "it begins in"),
        (change, AFTER, "it ended"),
    ]
    for name, now, why in stopped:
        ran = pipeline(name, now)
        assert ran.jobs == {"deploy": "failure"}, ran.out
        assert why in words(ran)
    world.freeze()
    ran = pipeline(change, INSIDE)
    assert ran.jobs == {"deploy": "failure"}, ran.out
    assert "Audit holds it until" in words(ran)
    world.thaw()
    world.app.write("file", "more than was approved")
    world.app.commit("More")
    ran = pipeline(change, INSIDE)
    assert ran.jobs == {"deploy": "failure"}, ran.out
    assert "is not what was approved" in words(ran)
    assert carried_out.read_text() == ""
    assert world.on_server(change)["state"] == "scheduled"
    assert world.deployments() == []


def test_it_passes_and_what_became_of_it_comes_back(
    world: TwoRepositories, pipeline: Pipeline, carried_out: Path
) -> None:
    commit = world.app.git("rev-parse", "HEAD")
    change = world.plan()
    world.authorise(change, commit)
    ran = pipeline(change, INSIDE, 1)
    assert ran.jobs == {"deploy": "failure"}, ran.out
    later = INSIDE.replace(":10:", ":30:")
    ran = pipeline(change, later)
    assert ran.jobs == {"deploy": "success"}, ran.out
    assert carried_out.read_text() == "done\ndone\n"
    data = world.on_server(change)
    assert (data["state"], data["outcome"]) == ("review", "successful")
    assert (data["actual_start"], data["actual_end"]) == (INSIDE, later)
    runs = [(d["outcome"], d["change"], d["environment"], d["commit"]) for d in world.deployments()]
    assert runs == [(o, change, "production", commit) for o in ("failed", "successful")]
    assert [d["finished_at"] for d in world.deployments()] == [INSIDE, later]
    world.say("check", "--fail-on", "error")
