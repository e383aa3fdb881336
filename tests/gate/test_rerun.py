"""Which gates are run again: GitHub repeats a run 50 times, and whoever comments must not use them up."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from itsm_gitops.forges import connection
from itsm_gitops.forges.events import Event
from itsm_gitops.forges.github import GitHub
from itsm_gitops.forges.http import Client
from itsm_gitops.gate import rerun as module
from itsm_gitops.gate.rerun import Rerun, rerun
from itsm_gitops.repository import Repository
from tests.fake_github import HEAD, FakeGitHub, account, running

LATER = "2026-03-04T11:00:00Z"
BEN = account(2, "ben")


@pytest.fixture
def server() -> Iterator[FakeGitHub]:
    with running() as fake:
        yield fake


@pytest.fixture
def passes(server: FakeGitHub, monkeypatch: pytest.MonkeyPatch) -> dict[int, bool]:
    """Whether the gate of a request would be green now; the forge is the fake one."""
    green = {7: False}
    github = GitHub(Client(server.url, secret=server.token), "acme", "itsm")
    monkeypatch.setattr(connection, "connect", lambda *_: github)
    monkeypatch.setattr(connection, "forge_name", lambda *_: "github")
    monkeypatch.setattr(connection, "read_event", lambda *_: Event("github", "workflow_run", head=HEAD))
    monkeypatch.setattr(module, "_passes", lambda _, number: green[number])
    return green


def review(server: FakeGitHub, who: dict[str, object], state: str, at: str = LATER) -> None:
    server.review(7, who, state)
    server.reviews[7][-1]["submitted_at"] = at


def run(*, every: bool = False) -> list[Rerun]:
    return list(rerun(Repository(Path()), every=every, forge="github"))


@pytest.mark.parametrize("every", [True, False])
def test_an_answer_that_changes_starts_the_gate(
    server: FakeGitHub, passes: dict[int, bool], every: bool
) -> None:
    server.check("gate")
    passes[7] = True
    assert run(every=every) == [Rerun(7, True)]
    assert server.rerun == [900]


def test_remarks_start_nothing(server: FakeGitHub, passes: dict[int, bool]) -> None:
    server.check("gate")
    for _ in range(60):
        review(server, BEN, "COMMENTED")
        assert run() == [Rerun(7, False, "stands as it was")]
    assert server.rerun == []


def test_decisions_of_outsiders_leave_enough_repetitions_for_an_answer(
    server: FakeGitHub, passes: dict[int, bool]
) -> None:
    server.check("gate")
    for _ in range(60):
        review(server, account(99, "stranger"), "APPROVED")
        run()
        server.checks[0].update(status="completed", conclusion="failure")
    assert len(server.rerun) == 24
    assert run()[0].reason == "stands as it was; of its 25 runs the rest is kept for what changes that"
    passes[7] = True
    assert run() == [Rerun(7, True)]


def test_a_decision_before_the_run_began_is_in_it(server: FakeGitHub, passes: dict[int, bool]) -> None:
    server.check("gate")
    review(server, BEN, "APPROVED", "2026-03-04T09:00:00Z")
    assert run() == [Rerun(7, False, "stands as it was")]


def test_a_gate_of_the_request_itself_is_left_alone(server: FakeGitHub, passes: dict[int, bool]) -> None:
    server.check("gate", workflow=".github/workflows/mine.yml", event="pull_request")
    passes[7] = True
    assert run() == [Rerun(7, False, "has no finished run")]
    assert server.rerun == []


def test_a_run_that_goes_on_is_not_started_twice(server: FakeGitHub, passes: dict[int, bool]) -> None:
    server.check("gate", status="in_progress")
    passes[7] = True
    assert run() == [Rerun(7, False, "has no finished run")]
