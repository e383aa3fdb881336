"""Breaches of practice, planted one by one in a fresh repository: each is found at its line, and nothing else is.

They are broken promises with a date, a number or a time: reviews that nobody held, support that ended, windows that
passed, agreements that carry less than they must. Breaches of the life cycle itself have tests of their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.rules.planting import NOW, findings, fresh_repository, place, planted

SERVER = "cmdb/servers/mail-host-1.yaml"
DATABASE = "cmdb/databases/mailbox-db.yaml"
SUPPLIER = "cmdb/suppliers/example-cloud.yaml"
CONTRACT = "cmdb/contracts/cloud-contract.yaml"
LICENCE = "cmdb/licences/mail-client.yaml"
LEVEL = "cmdb/service-levels/standard-support.yaml"
KNOWN_ERROR = "records/known-errors/2026/01/KE-260114-EXMP3.yaml"
PROBLEM = "records/problems/2026/01/PRB-260112-EXMP2.yaml"
CHANGE = "records/changes/2026/01/CHG-260115-EXMP4.yaml"
REQUEST = "records/requests/2026/01/REQ-260116-EXMP5.yaml"
INCIDENT = "records/incidents/2026/01/INC-260112-EXMP1.yaml"
UNDERPINNING = "cmdb/service-levels/uc.yaml"
NIGHT = "cmdb/calendars/mornings.yaml"

CARE = "cmdb/contracts/care.yaml"
CARE_TEXT = """\
id: care
class: contract
name: Care of servers
owner: it-operations
supplier: example-cloud
start: 2027-01-01
"""
UC = """\
id: uc
class: service-level
name: Underpinning
owner: it-operations
lifecycle: production
kind: uc
supplier: example-cloud
targets:
- record: incident
  metric: {metric}
  priority: P1
  minutes: {minutes}
calendar: {calendar}
underpins:
- standard-support
"""
OPERATIONAL = "cmdb/service-levels/ola.yaml"
OLA = """\
id: ola
class: service-level
name: Operations
owner: it-operations
lifecycle: production
kind: ola
targets:
- record: incident
  metric: resolution
  minutes: 120
calendar: office-hours
underpins:
- standard-support
"""
MORNINGS = """\
id: mornings
class: calendar
name: Mornings
owner: service-desk
lifecycle: production
type: business_hours
time_zone: Europe/Berlin
hours:
- days:
  - mon
  - tue
  from: 08:00
  to: '12:00'
"""
STEPS = """\
- at: {day}T09:05:00Z
  by: mail-engineer
  state: assess
- at: {day}T09:10:00Z
  by: mail-engineer
  state: authorize
- at: {day}T09:20:00Z
  by: change-manager
  state: scheduled
"""
DONE = """\
- at: 2026-01-26T22:00:00Z
  by: mail-engineer
  state: implement
- at: 2026-01-26T22:10:00Z
  by: mail-engineer
  state: review
- at: 2026-01-26T22:30:00Z
  by: change-manager
  state: closed
"""


def change(
    state: str, start: str, end: str, more: str = "", steps: str = STEPS.format(day="2026-01-16")
) -> str:
    """Return the example change in a state, with a window and further lines."""
    text = Path(__file__).parent.joinpath("breach_change.yaml").read_text()
    return text.format(state=state, start=start, end=end, more=more) + steps


def closed(began: str, ended: str) -> str:
    return change(
        "closed",
        "2026-01-26T20:00:00Z",
        "2026-01-26T23:00:00Z",
        f"actual_start: {began}\nactual_end: {ended}\noutcome: successful\nclose_notes: Done and looked at.\n",
        STEPS.format(day="2026-01-16") + DONE,
    )


@dataclass(frozen=True)
class Breach:
    """What is planted, and the line that is found.

    ``path`` gets ``lines`` before its ``links`` or ``timeline`` (a whole text where there is no such file); ``also`` are
    further whole files. ``line`` is a text of the line that is found in ``at`` (``path`` where that is empty).
    """

    name: str
    code: str
    path: str
    lines: str
    line: str
    also: tuple[tuple[str, str], ...] = ()
    whole: bool = False
    at: str = ""


ACTIONS = (
    "review:\n  lessons: Watch the volumes.\n  action_items:\n  - action: Watch the volume\n    owner: mail-engineer\n"
    "    due: {due}\n    done: {done}\n  reviewed_at: 2026-02-01T10:00:00Z\n"
)

BREACHES = (
    Breach("support of a server ended", "D021", SERVER, "end_of_support: 2020-01-01\n", "end_of_support"),
    Breach("support of a version ended", "D021", DATABASE, "end_of_support: 2026-11-27\n", "end_of_support"),
    Breach("warranty over", "D021", SERVER, "warranty_until: 2024-06-30\n", "warranty_until"),
    Breach(
        "unverified for seven years",
        "D021",
        SERVER,
        "verification:\n  date: 2019-11-01\n  by: operations-lead\n",
        "date: 2019",
    ),
    Breach("supplier not reviewed", "D021", SUPPLIER, "next_review: 2025-01-01\n", "next_review"),
    Breach("agreement not reviewed", "D021", LEVEL, "review_date: 2025-06-30\n", "review_date"),
    Breach(
        "known error not looked at",
        "D021",
        KNOWN_ERROR,
        "review_by: 2030-01-31\n=>review_by: 2026-06-01\n",
        "review_by",
    ),
    Breach(
        "action of a review overdue",
        "D021",
        PROBLEM,
        ACTIONS.format(due="2026-03-01", done="false"),
        "due: 2026-03",
    ),
    Breach("review of a problem not held", "D021", PROBLEM, "review_due: 2026-03-01\n", "review_due"),
    Breach("licence ended", "D021", LICENCE, "end: 2026-10-31\n", "end: 2026"),
    Breach(
        "contract ended", "D021", CARE, CARE_TEXT.replace("start: 2027-01-01", "end: 2026-10-31"), "end: 2026"
    ),
    Breach(
        "contract ended and used",
        "D025",
        SERVER,
        "contract: care\n",
        "contract: care",
        also=((CARE, CARE_TEXT.replace("start: 2027-01-01", "end: 2026-11-27\nlifecycle: retired")),),
    ),
    Breach("contract about to end", "D020", CONTRACT, "end: 2026-12-15\nrenewal: none\n", "end: 2026"),
    Breach("day of notice near", "D020", CONTRACT, "end: 2027-03-31\nrenewal: express\n", "end: 2027"),
    Breach(
        "certificate expired",
        "D021",
        "cmdb/cloud-resources/mail-archive.yaml",
        "expires_on: 2026-11-01\n",
        "expires_on",
    ),
    Breach(
        "backup never restored again",
        "D021",
        DATABASE,
        "backup:\n  method: Dump\n  schedule: nightly\n  retention_days: 30\n  last_restore_test: 2024-01-01\n",
        "last_restore_test",
    ),
    Breach(
        "inspection missed",
        "D021",
        "cmdb/facilities/server-room.yaml",
        "next_inspection: 2026-09-01\n",
        "next_inspection",
    ),
    Breach(
        "subscription runs out",
        "D020",
        "cmdb/saas/spam-filter.yaml",
        "renews_on: 2026-12-10\nauto_renew: false\n",
        "renews_on",
    ),
    Breach(
        "access that ended",
        "D021",
        REQUEST,
        "access_granted:\n- to: mail-host-1\n  role: Reader\n  until: 2026-05-31\n",
        "until: 2026-05",
    ),
    Breach("review of a major incident not held", "D021", INCIDENT, "review_due: 2026-02-01\n", "review_due"),
    Breach(
        "task not done in time",
        "D021",
        PROBLEM,
        "tasks:\n- name: Count the volumes\n  status: open\n  planned_end: 2026-02-01T12:00:00Z\n",
        "planned_end",
    ),
    Breach(
        "window that passed",
        "C020",
        CHANGE,
        change("scheduled", "2026-10-01T20:00:00Z", "2026-10-01T21:00:00Z"),
        "planned_end",
        whole=True,
    ),
    Breach(
        "work that never ends",
        "C020",
        CHANGE,
        change(
            "implement",
            "2026-10-01T20:00:00Z",
            "2026-10-01T21:00:00Z",
            steps=STEPS.format(day="2026-01-16")
            + "- at: 2026-10-01T20:00:00Z\n  by: mail-engineer\n  state: implement\n",
        ),
        "planned_end",
        whole=True,
    ),
    Breach(
        "work after its window",
        "C022",
        CHANGE,
        closed("2026-01-27T08:00:00Z", "2026-01-27T09:00:00Z"),
        "actual_start",
        whole=True,
    ),
    Breach(
        "work a day before its window",
        "C022",
        CHANGE,
        closed("2026-01-25T10:00:00Z", "2026-01-25T11:00:00Z"),
        "actual_start",
        whole=True,
    ),
    Breach(
        "work longer than its window",
        "C022",
        CHANGE,
        closed("2026-01-26T22:00:00Z", "2026-01-27T02:00:00Z"),
        "actual_end",
        whole=True,
    ),
    Breach(
        "underpinning contract too slow",
        "D022",
        UNDERPINNING,
        UC.format(metric="resolution", minutes=99999, calendar="office-hours"),
        "minutes",
    ),
    Breach(
        "underpinning contract answers too late",
        "D022",
        UNDERPINNING,
        UC.format(metric="response", minutes=31, calendar="office-hours"),
        "minutes",
    ),
    Breach(
        "underpinning contract at fewer hours",
        "D022",
        UNDERPINNING,
        UC.format(metric="resolution", minutes=240, calendar="mornings"),
        "calendar: mornings",
        also=((NIGHT, MORNINGS),),
    ),
    Breach(
        "more installed than bought",
        "D024",
        LICENCE,
        "",
        "quantity: 1",
        also=(
            (SERVER, "licences:\n- mail-client\n"),
            ("cmdb/servers/mail-host-2.yaml", "licences:\n- mail-client\n"),
            (LICENCE, "metric: user\nquantity: 250\nin_use: 180\n=>metric: device\nquantity: 1\n"),
        ),
    ),
    Breach(
        "agreement not in force yet",
        "D025",
        SERVER,
        "contract: care\n",
        "contract: care",
        also=((CARE, CARE_TEXT),),
    ),
    Breach(
        "licence of later",
        "D025",
        SERVER,
        "licences:\n- mail-client\n",
        "- mail-client",
        also=((LICENCE, "start: 2025-01-01\n=>start: 2027-01-01\n"),),
    ),
    Breach(
        "team and supplier together too slow",
        "L020",
        UNDERPINNING,
        UC.format(metric="resolution", minutes=150, calendar="office-hours"),
        "minutes: 150",
        also=((OPERATIONAL, OLA),),
    ),
    Breach(
        "contract covers fewer",
        "D026",
        CONTRACT,
        "max_items: 0\n",
        "max_items",
        also=((SERVER, "contract: cloud-contract\n"),),
    ),
)


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fresh_repository(tmp_path_factory)


@pytest.mark.parametrize("breach", BREACHES, ids=lambda b: b.name.replace(" ", "-"))
def test_a_breach_is_found_at_its_line_and_nothing_else_is(
    fresh: Path, breach: Breach, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ITSM_NOW", NOW)
    with planted(
        fresh, ((breach.path, breach.lines), *breach.also), whole={breach.path} if breach.whole else ()
    ):
        assert findings(fresh) == [(*place(fresh, breach.at or breach.path, breach.line), breach.code)]


def test_the_fresh_repository_has_no_finding(fresh: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ITSM_NOW", NOW)
    assert findings(fresh) == []
