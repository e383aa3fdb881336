"""Whom a service level wants to be told of a record by now: what its ``escalations`` say of the time that is used."""

from __future__ import annotations

import pytest

from itsm_gitops.commands.clocks import RecordClocks, clock_json
from itsm_gitops.model.promises import ESCALATED, standings_of

NAME = "INC-261102-AAAAA"
OPEN = """\
id: INC-261102-AAAAA
kind: incident
title: T
reported_by: ada
service: mail
category: x
impact: high
urgency: high
state: {state}
assigned_team: desk
timeline:
- {{at: 2026-11-02T08:00:00Z, by: ada, state: new}}
- {{at: 2026-11-02T08:05:00Z, by: ada, state: in_progress}}
{more}"""
LEVEL = """\
id: gold
class: service-level
name: Gold
owner: desk
lifecycle: production
kind: sla
targets:
- {record: incident, metric: resolution, minutes: 100}
escalations:
- {at_percent: 50, team: desk}
- {at_percent: 100, team: board}
- {at_percent: 150, team: desk}
"""
DONE = "- {at: 2026-11-02T11:00:00Z, by: ada, state: resolved}\n"


@pytest.mark.parametrize(
    ("minute", "state", "more", "teams"),
    [
        ("08:49", "in_progress", "", []),
        ("08:50", "in_progress", "", ["desk"]),
        ("09:40", "in_progress", "", ["desk", "board"]),
        ("10:40", "in_progress", "", ["desk", "board"]),
        ("11:30", "resolved", DONE, []),  # nobody need be told of what is over
    ],
)
def test_the_teams_of_the_steps_that_were_reached(
    git_repo, monkeypatch: pytest.MonkeyPatch, minute: str, state: str, more: str, teams: list[str]
) -> None:
    monkeypatch.setenv("ITSM_NOW", f"2026-11-02T{minute}:00Z")
    git_repo.write("cmdb/service-levels/gold.yaml", LEVEL)
    git_repo.write(
        "cmdb/services/mail.yaml",
        "id: mail\nclass: service\nname: Mail\nowner: desk\nlifecycle: production\nservice_level: gold\n",
    )
    git_repo.write(f"records/incidents/2026/11/{NAME}.yaml", OPEN.format(state=state, more=more))
    (promise,) = RecordClocks(git_repo.repo.store()).promises(NAME)
    assert clock_json(promise)["escalated_to"] == teams
    assert (ESCALATED in standings_of(promise)) == bool(teams)
