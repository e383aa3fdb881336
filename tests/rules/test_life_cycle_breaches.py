"""Breaches of the life cycle, planted one by one in a fresh repository: each is found at its line, and nothing else is.

Parents closed over open children, solutions that name no change, work under a stop sign, fulfilment that nobody approved:
what the guards of the shipped life cycles forbid, written by hand into files that no command would write.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.rules.planting import NOW, Planting, findings, fresh_repository, place, planted

CHANGE = "records/changes/2026/01/CHG-260115-EXMP4.yaml"
INCIDENT = "records/incidents/2026/01/INC-260112-EXMP1.yaml"
PROBLEM = "records/problems/2026/01/PRB-260112-EXMP2.yaml"
REQUEST = "records/requests/2026/01/REQ-260116-EXMP5.yaml"
OFFERING = "cmdb/offerings/new-mailbox.yaml"
CHILD = "records/incidents/2026/01/INC-260112-EXMP7.yaml"
CHILD_TEXT = """\
id: INC-260112-EXMP7
kind: incident
title: The branch office cannot send mail either
reported_by: front-office
origin: phone
service: email
category: email/sending
description: Sending ends with an error.
impact: low
urgency: low
state: in_progress
assigned_team: it-operations
links:
- type: child_of
  target: INC-260112-EXMP8
timeline:
- at: 2026-01-12T08:30:00Z
  by: front-office
  state: new
- at: 2026-01-12T08:35:00Z
  by: mail-engineer
  state: in_progress
"""
PARENT = "records/incidents/2026/01/INC-260112-EXMP8.yaml"
PARENT_TEXT = """\
id: INC-260112-EXMP8
kind: incident
title: No mail anywhere
reported_by: front-office
origin: phone
service: email
category: email/sending
impact: high
urgency: high
state: closed
assigned_team: it-operations
resolution_code: fixed
resolution_notes: Extended the volume.
closure_category: email/sending
timeline:
- at: 2026-01-12T08:05:00Z
  by: front-office
  state: new
- at: 2026-01-12T08:45:00Z
  by: mail-engineer
  state: resolved
- at: 2026-01-13T09:00:00Z
  by: service-desk
  state: closed
"""


CRITICAL = ("cmdb/services/email.yaml", "criticality: high=>criticality: critical")
MAJOR = "records/incidents/2026/11/INC-261128-EXMP7.yaml"
STEPS = """\
- at: 2026-11-28T11:10:00Z
  by: service-desk
  set:
    major.state: accepted
    major.next_update_by: 2026-11-28T11:40:00Z
  reason: Nobody can send.
"""


def major(
    state: str = "accepted",
    told: str = STEPS,
    following: str = "2026-11-28T12:30:00Z",
    lead: str = "mail-engineer",
) -> str:
    """An open incident in which the major incident process stands somewhere; empty for none of it."""
    people = f"  commander: {lead}\n" if lead else ""
    words = "  comms_lead: service-desk\n  business_impact: No orders.\n"
    promised = f"  next_update_by: {following}\n" if following else ""
    about = f"major:\n  state: {state}\n{people}{words}{promised}" if state else ""
    return f"""\
id: INC-261128-EXMP7
kind: incident
title: Nobody can send mail
reported_by: front-office
service: email
category: email/sending
impact: high
urgency: high
state: in_progress
{about}assigned_team: it-operations
timeline:
- at: 2026-11-28T11:00:00Z
  by: front-office
  state: new
- at: 2026-11-28T11:05:00Z
  by: mail-engineer
  state: in_progress
{told.replace("11:40", following[11:16] or "11:40")}"""


@dataclass(frozen=True)
class LifeCycleBreach:
    """What is planted, and the file and the text of the line where a rule finds it."""

    name: str
    code: str
    at: str
    line: str
    planted: tuple[Planting, ...]


BREACHES = (
    LifeCycleBreach(
        "a category that nobody has",
        "S033",
        PROBLEM,
        "category: Coffee/machine",
        ((PROBLEM, "category: database/capacity=>category: Coffee/machine"),),
    ),
    LifeCycleBreach(
        "a parent closed over an open child",
        "W031",
        PARENT,
        "state: closed",
        ((PARENT, PARENT_TEXT), (CHILD, CHILD_TEXT)),
    ),
    LifeCycleBreach(
        "a solution by a change that is not named",
        "W031",
        INCIDENT,
        "resolution_code",
        ((INCIDENT, "resolution_code: fixed=>resolution_code: resolved_by_change"),),
    ),
    LifeCycleBreach(
        "an incident closed over an open task",
        "W030",
        INCIDENT,
        "- name: Watch",
        ((INCIDENT, "tasks:\n- name: Watch the volume\n  status: open\n"),),
    ),
    LifeCycleBreach(
        "a request closed over an open task",
        "W030",
        REQUEST,
        "- name: Hand over",
        ((REQUEST, "tasks:\n- name: Hand over the password\n  status: open\n"),),
    ),
    LifeCycleBreach(
        "a task after one that is not there",
        "W032",
        PROBLEM,
        "- Nothing",
        ((PROBLEM, "tasks:\n- name: Count the volumes\n  status: open\n  after:\n  - Nothing\n"),),
    ),
    LifeCycleBreach(
        "two tasks of one name",
        "W032",
        PROBLEM,
        "name: Count  # again",
        ((PROBLEM, "tasks:\n- name: Count\n  status: open\n- name: Count  # again\n  status: open\n"),),
    ),
    LifeCycleBreach(
        "a major incident that nobody declared",
        "W034",
        MAJOR,
        "state: in_progress",
        (CRITICAL, (MAJOR, major("", ""))),
    ),
    LifeCycleBreach(
        "a next word that is late",
        "D021",
        MAJOR,
        "next_update_by",
        ((MAJOR, major(following="2026-11-28T11:40:00Z")),),
    ),
    LifeCycleBreach(
        "a major incident that nobody leads",
        "W030",
        MAJOR,
        "state: accepted",
        ((MAJOR, major(lead="")),),
    ),
    LifeCycleBreach(
        "a major incident declared without a reason",
        "W033",
        MAJOR,
        "    major.state: accepted",
        ((MAJOR, major(told=STEPS.replace("  reason: Nobody can send.\n", ""))),),
    ),
    LifeCycleBreach(
        "a major incident that was declined before",
        "W006",
        MAJOR,
        "    major.state: accepted",
        ((MAJOR, major(told=STEPS.replace("  reason", "  was:\n    major.state: rejected\n  reason"))),),
    ),
    LifeCycleBreach(
        "a major incident over and no day for its review",
        "W030",
        MAJOR,
        "state: stood_down",
        ((MAJOR, major("stood_down", "", "")),),
    ),
    LifeCycleBreach(
        "satisfied with what is not finished",
        "W030",
        REQUEST,
        "score: 5",
        (
            (REQUEST, "state: closed\nassigned_team=>state: in_fulfilment\nassigned_team"),
            (REQUEST, "- at: 2026-01-16T13:00:00Z\n  by: service-desk\n  state: fulfilled\n=>"),
            (REQUEST, "- at: 2026-01-19T09:00:00Z\n  by: service-desk\n  state: closed\n=>"),
            (REQUEST, "satisfaction:\n  score: 5\n"),
        ),
    ),
)


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fresh_repository(tmp_path_factory)


@pytest.mark.parametrize("breach", BREACHES, ids=lambda b: b.name.replace(" ", "-"))
def test_it_is_found_at_its_line_and_nothing_else_is(
    breach: LifeCycleBreach, fresh: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ITSM_NOW", NOW)
    with planted(fresh, breach.planted):
        assert findings(fresh) == [(*place(fresh, breach.at, breach.line), breach.code)]
