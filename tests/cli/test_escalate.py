"""Escalation: who is called about a record now and next, by the rota, the steps of the team and the promises; `itsm escalate`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Cli

TEAM = "cmdb/teams/it-operations.yaml"
ROTA = "cmdb/rotas/operations-rota.yaml"
LEVEL = "cmdb/service-levels/standard-support.yaml"
BACKUP = """\
- name: Backup
  people: [duty-agent, security-officer]
  from: 2026-01-05
  turn: {every: 1, unit: week}
  hand_over: '09:00'
"""
STEPS = """\
escalation: service-desk
escalations:
- {after_minutes: 10, layer: Backup}
- {after_minutes: 15, person: service-manager, priority: P1}
- {after_minutes: 20, person: change-manager, priority: P2}
- {after_minutes: 30, team: service-desk}
"""


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert text.count(old) == 1, (path, old)
    path.write_text(text.replace(old, new))


@pytest.fixture
def staffed(acme: Path) -> Path:
    """Operations has two layers and steps; the desk is called by one person for good."""
    change(acme / ROTA, "lifecycle: planned", "lifecycle: production")
    (acme / ROTA).write_text((acme / ROTA).read_text().rstrip("\n") + "\n" + BACKUP)
    change(
        acme / TEAM, "lead: operations-lead\n", f"lead: operations-lead\non_call: operations-rota\n{STEPS}"
    )
    desk = acme / "cmdb/teams/service-desk.yaml"
    desk.write_text(desk.read_text().rstrip("\n") + "\non_call: duty-agent\n")
    return acme


@pytest.fixture
def mine(staffed: Path, cli: Cli) -> str:
    """A new P2 incident of operations that nobody has taken, opened at noon."""
    words = ("--service", "email", "--category", "email", "--impact", "high", "--urgency", "medium")
    made = cli("new", "incident", "--title", "Mail is slow", *words, "--team", "it-operations", "--json")
    return str(made.json["id"])


def calls(cli: Cli, record: str) -> list[tuple[tuple[str, ...], bool, str]]:
    found: list[dict[str, Any]] = cli("oncall", record, "--json").json["calls"]
    return [(tuple(c["people"]), c["reached"], c["why"]) for c in found]


def test_the_first_is_called_and_those_who_come_next_have_their_time(mine: str, cli: Cli) -> None:
    assert [c for c in calls(cli, mine) if "%" not in c[2]] == [
        (("operations-lead",), True, "on call"),
        (("security-officer",), False, "no response for 10 min"),
        (("change-manager",), False, "no response for 20 min"),
        (("duty-agent",), False, "no response for 30 min"),
    ]
    second = cli("oncall", mine, "--json").json["calls"][1]
    assert second["at"] == "2026-11-22T12:10:00Z"
    assert (
        "security-officer (it-operations) at 2026-11-22 13:10: no response for 10 min"
        in cli("oncall", mine).out
    )


def test_time_passes_and_the_next_one_is_called(mine: str, cli: Cli, later: Callable[[int], None]) -> None:
    later(21)
    assert [people for people, reached, _ in calls(cli, mine) if reached][-1] == ("change-manager",)
    shown = cli("show", mine, "--json").json["derived"]["calls"]
    assert shown == cli("oncall", mine, "--json").json["calls"]


@pytest.mark.parametrize("answer", [("move", "in_progress"), ("set", "assignee=mail-engineer")])
def test_who_has_it_in_hand_ends_the_calls_of_the_team(
    mine: str, cli: Cli, later: Callable[[int], None], answer: tuple[str, str]
) -> None:
    later(5)
    cli(answer[0], mine, answer[1])
    later(25)
    assert all("%" in why for _, _, why in calls(cli, mine))


def test_putting_it_on_hold_is_no_answer(mine: str, cli: Cli) -> None:
    cli("move", mine, "on_hold", "--set", "on_hold_reason=awaiting_caller")
    assert calls(cli, mine)[0][0] == ("operations-lead",)


def test_an_override_counts_at_the_time_of_the_step(
    staffed: Path, mine: str, cli: Cli, later: Callable[[int], None]
) -> None:
    later(9)
    change(staffed / TEAM, "layer: Backup", "layer: First line")
    cli("oncall", "it-operations", "--swap", "mail-engineer", "--until", "+8h")
    assert calls(cli, mine)[1][0] == ("mail-engineer",)


def test_parts_of_a_promise_call_by_the_hours_of_the_calendar(
    staffed: Path, mine: str, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    level = staffed / LEVEL
    level.write_text(
        level.read_text().replace("  priority: P3\n  minutes: 240", "  priority: P2\n  minutes: 240")
        + "escalations:\n- {at_percent: 50, team: service-desk}\n- {at_percent: 75, metric: resolution, person: service-manager}\n"
        "- {at_percent: 100, priority: P1, person: service-manager}\n- {at_percent: 100, person: service-manager}\n"
    )
    promised = [c for c in calls(cli, mine) if "%" in c[2]]
    assert promised == [
        (("duty-agent",), False, "50% of the time used: response"),
        (("service-manager",), False, "100% of the time used: response"),
    ]
    monkeypatch.setenv("ITSM_NOW", "2026-11-30T12:00:00Z")
    assert all(reached for _, reached, why in calls(cli, mine) if "%" in why)
    assert cli("check").code == 0


def test_escalate_calls_the_next_one_and_says_why(
    mine: str, cli: Cli, path_of: Callable[[str], Path]
) -> None:
    said = cli("escalate", mine, "--why", "No answer.")
    assert "escalation to security-officer" in said.out
    text = path_of(mine).read_text()
    assert "escalated_to: security-officer" in text
    assert "reason: No answer." in text
    now = [c for c in calls(cli, mine) if c[1]]
    assert now[-1] == (("security-officer",), True, "escalated by hand")
    assert (
        "functional escalation to service-desk"
        in cli("escalate", mine, "--to", "service-desk", "--why", "Theirs.").out
    )
    data = cli("show", mine, "--json").json["data"]
    assert (data["assigned_team"], data["escalated_to"]) == ("service-desk", "service-desk")
    assert calls(cli, mine)[0][0] == ("duty-agent",)
    assert cli("check").code == 0


def test_another_team_has_nobody_who_has_it_in_hand(
    mine: str, cli: Cli, later: Callable[[int], None]
) -> None:
    cli("move", mine, "in_progress", "--set", "assignee=mail-engineer")
    later(30)
    done = cli("escalate", mine, "--to", "service-desk", "--why", "It is not the server.", "--json").json
    assert (done["to"], done["how"]) == ("service-desk", "functional")
    assert "assignee" not in cli("show", mine, "--json").json["data"]
    assert calls(cli, mine)[0] == (("duty-agent",), True, "on call")


def test_whoever_leads_is_called_beside_those_who_work_on_it(mine: str, cli: Cli) -> None:
    cli("move", mine, "in_progress", "--set", "assignee=mail-engineer")
    done = cli("escalate", mine, "--to", "operations-lead", "--why", "It will be late.", "--json").json
    assert done["how"] == "hierarchical"
    data = cli("show", mine, "--json").json["data"]
    assert (data["assignee"], data["assigned_team"]) == ("mail-engineer", "it-operations")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--why", " "), "needs a reason"),
        (("--to", "service-manger", "--why", "x"), "did you mean service-manager,"),
        ((), "--why"),
    ],
)
def test_what_cannot_be_escalated_is_refused(mine: str, cli: Cli, words: tuple[str, ...], said: str) -> None:
    done = cli("escalate", mine, *words, code=None)
    assert done.code in (1, 2)
    assert said in done.err
    assert "escalated_to" not in cli("show", mine, "--json").json["data"]


def test_a_record_that_is_done_and_an_item_are_not_escalated(mine: str, cli: Cli) -> None:
    cli("move", mine, "cancelled", "--note", "Nothing.", "--set", "cancellation_reason=duplicate")
    for what in (mine, "mail-server", "INC-260112-EXMP1"):
        assert cli("escalate", what, "--why", "x", code=None).code == 1, what
    assert cli("oncall", mine, "--json").json["calls"] == []


def test_the_same_one_is_not_called_twice_by_hand(mine: str, cli: Cli) -> None:
    cli("escalate", mine, "--to", "service-manager", "--why", "x")
    assert "already" in cli("escalate", mine, "--to", "service-manager", "--why", "y", code=None).err
    assert cli("escalate", mine, "--to", "@me", "--why", "z", "--json").json["to"] == "operations-lead"


def test_nobody_is_left_to_call(staffed: Path, cli: Cli, mine: str) -> None:
    change(staffed / TEAM, STEPS, "")
    done = cli("escalate", mine, "--why", "x", code=None)
    while done.code == 0:  # the backup first
        done = cli("escalate", mine, "--why", "x", code=None)
    assert "nobody is left to call" in done.err


def test_a_field_that_calls_somebody_needs_a_reason(mine: str, cli: Cli) -> None:
    assert cli("set", mine, "escalated_to=service-manager", code=None).code == 1
    cli("set", mine, "escalated_to=service-manager", "--reason", "It burns.")
    cli("set", mine, "escalated_to=", "--reason", "It is out.")  # taking it back calls nobody
    assert all(why != "escalated by hand" for _, _, why in calls(cli, mine))


def test_next_names_the_records_about_which_somebody_is_called(
    mine: str, cli: Cli, later: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert [c["id"] for c in cli("next", "--no-branches", "--json").json["called"]] == [mine]
    later(12)
    assert cli("next", "--no-branches", "--json").json["called"] == []
    called = cli("next", "--by", "security-officer", "--no-branches", "--json").json["called"]
    assert [(c["id"], c["call"]["why"]) for c in called] == [(mine, "no response for 10 min")]
    assert "called about (1)" in cli("next", "--by", "security-officer", "--no-branches").out


def test_a_team_with_nobody_on_call_and_no_steps_is_not_called(acme: Path, cli: Cli, incident: str) -> None:
    assert cli("show", incident, "--json").json["derived"].get("calls") is None
    assert "Calls" not in cli("show", incident).out
