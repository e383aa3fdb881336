"""The living example has something to plan: an agreed overlap, a freeze that is discussed, suspects that fit."""

from __future__ import annotations

import pytest

from itsm_gitops.commands import planning
from itsm_gitops.commands.suspecting import suspect
from itsm_gitops.repository import Repository

NOW = "2026-11-22T21:00:00Z"
MOVE, PORTAL = "CHG-261105-807G1", "CHG-261121-V1EWD"


@pytest.fixture(autouse=True)
def _evening(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ITSM_NOW", NOW)


def test_two_changes_overlap_on_purpose(example_repo: Repository) -> None:
    found = planning.schedule(example_repo)
    assert found.agreed[MOVE] == {PORTAL}
    assert found.collisions == ()
    assert {c.state for c in found.changes} >= {"assess", "authorize", "scheduled", "implement"}
    assert found.availability


def test_a_drafted_freeze_would_hold_one_of_them(example_repo: Repository) -> None:
    (found,) = planning.freezes(example_repo, "sinterklaas-freeze")
    assert not found.calendar.in_force
    assert [c.id for c in found.held] == [MOVE]


@pytest.mark.parametrize(
    ("incident", "cause"),
    [("INC-261013-7688Z", "CHG-260928-TD0BS"), ("INC-261121-J94ZS", "CHG-261110-Q0K1F")],
)
def test_the_cause_that_was_found_is_the_first_suspect_even_before_it_is_named(
    incident: str, cause: str, example_repo: Repository
) -> None:
    first = suspect(example_repo, incident).suspects[0]
    assert first.id == cause
    named = sum(r.points for r in first.reasons if "names it as its cause" in r.text)
    others = [s.score for s in suspect(example_repo, incident).suspects[1:]]
    assert sum(r.points for r in first.reasons) - named > max(others, default=0)
