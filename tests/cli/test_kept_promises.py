"""What one step of a life cycle must not undo or pass over: reviews that are owed, words that were said, work that is open."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import yaml

from itsm_gitops.model.roles import names
from itsm_gitops.model.rulebook import ROLES, RuleBook
from tests.cli.conftest import Cli

Later = Callable[[int], None]
Find = Callable[[str], Path]

STANDARD = (
    "new", "change", "--template", "standard-patch-os", "--title", "Patch", "--service", "email", "--team",
    "it-operations", "--implementer", "duty-agent", "--start", "2026-11-22 13:00", "--end", "2026-11-22 15:00", "--json",
)  # fmt: skip


def _resolved(cli: Cli, record: str) -> None:
    cli("move", record, "in_progress", "--set", "assigned_team=it-operations", "--by", "mail-engineer")
    cli("move", record, "resolved", "--code", "fixed", "--note", "Restarted.", "--by", "mail-engineer")


def _codes(cli: Cli, name: str) -> list[str]:
    found = cli("check", "--json", code=None).json["findings"]
    return [f["code"] for f in found if name in f["path"]]


def test_a_major_incident_that_is_cancelled_still_owes_its_review(incident: str, cli: Cli) -> None:
    cli("set", incident, 'major={"state": "accepted", "commander": "duty-agent"}', "--reason", "Many.")
    refused = cli("move", incident, "cancelled", "--set", "cancellation_reason=Nothing.", code=1)
    assert "missing review" in refused.err


def test_one_that_was_reported_twice_is_reviewed_in_the_other_record(incident: str, cli: Cli) -> None:
    cli("set", incident, 'major={"state": "accepted", "commander": "duty-agent"}', "--reason", "Many.")
    other = cli(
        "new", "incident", "--title", "No mail", "--service", "email", "--category", "email", "--impact", "high",
        "--urgency", "medium", "--json",
    ).json["id"]  # fmt: skip
    cli("link", incident, "duplicate_of", other)
    cli("move", incident, "cancelled", "--set", "cancellation_reason=Reported twice.")


def test_an_emergency_that_was_begun_owes_its_review_when_it_is_cancelled(acme: Path, cli: Cli) -> None:
    change = cli(
        "new", "change", "--template", "emergency-change", "--title", "Restart", "--ci", "mail-server", "--service",
        "email", "--why", "Down.", "--team", "it-operations", "--implementer", "mail-engineer", "--set",
        "risk.level=low", "--set", "risk.reason=Small.", "--json",
    ).json["id"]  # fmt: skip
    cli("move", change, "authorize", "--by", "operations-lead")
    cli("move", change, "implement", "--by", "change-manager")
    refused = cli("move", change, "cancelled", "--set", "cancellation_reason=It helped itself.", code=1)
    assert "missing close_notes, outcome, review" in " ".join(refused.err.split())


def test_a_change_that_nobody_began_is_cancelled_with_a_reason_alone(acme: Path, cli: Cli) -> None:
    change = cli(*STANDARD, "--ci", "mail-host-1").json["id"]
    cli("move", change, "cancelled", "--set", "cancellation_reason=No need.")


def test_reopening_keeps_what_the_user_said_of_the_first_solution(
    incident: str, cli: Cli, path_of: Find
) -> None:
    _resolved(cli, incident)
    cli("set", incident, 'satisfaction={"score": 2, "comment": "Slow help."}')
    cli("move", incident, "in_progress", "--note", "It is back.", "--by", "mail-engineer")
    text = path_of(incident).read_text()
    assert "\nsatisfaction:" not in text
    assert "Slow help." in text


def test_each_reopening_keeps_what_was_said_of_the_solution_before_it(
    incident: str, cli: Cli, path_of: Find
) -> None:
    for number, code in enumerate(("fixed", "no_fault_found", "user_error"), 1):
        if number == 1:
            cli(
                "move",
                incident,
                "in_progress",
                "--set",
                "assigned_team=it-operations",
                "--by",
                "mail-engineer",
            )
        cli(
            "move",
            incident,
            "resolved",
            "--code",
            code,
            "--note",
            f"Solution {number}.",
            "--by",
            "mail-engineer",
        )
        cli("move", incident, "in_progress", "--by", "mail-engineer")
    entries = yaml.safe_load(path_of(incident).read_text())["timeline"]
    assert [e["was"] for e in entries if "was" in e] == [
        {"resolution_code": code, "resolution_notes": f"Solution {number}."}
        for number, code in enumerate(("fixed", "no_fault_found", "user_error"), 1)
    ]
    assert not [f for f in cli("check", incident, "--json").json["findings"] if f["severity"] == "error"]


def test_a_complaint_that_is_taken_up_again_keeps_the_first_answer_and_owes_another(
    acme: Path, cli: Cli, path_of: Find, later: Later
) -> None:
    made = cli(
        "new", "complaint", "--title", "Nobody called", "--service", "email", "--assigned-team", "service-desk", "--json"
    ).json["id"]  # fmt: skip
    cli("move", made, "investigating", "--set", "answer_by=2026-11-22", "--by", "duty-agent")
    cli(
        "move", made, "answered", "--set", "findings=It was forgotten.", "--set", "answered_at=now", "--by", "duty-agent"
    )  # fmt: skip
    assert cli("due", "--json").json == []
    cli("move", made, "investigating", "--note", "The answer was about somebody else.", "--by", "duty-agent")
    text = path_of(made).read_text()
    assert "\nfindings:" not in text
    assert "It was forgotten." in text
    assert [d["id"] for d in cli("due", "--json").json] == [made]


def test_the_day_of_an_answer_is_not_put_off_without_a_word(acme: Path, cli: Cli, path_of: Find) -> None:
    made = cli(
        "new", "complaint", "--title", "Nobody called", "--service", "email", "--assigned-team", "service-desk", "--json"
    ).json["id"]  # fmt: skip
    cli("set", made, "answer_by=2026-11-27")
    assert "reason" in cli("set", made, "answer_by=2026-12-27", code=1).err
    cli("set", made, "answer_by=2026-12-27", "--reason", "The supplier has been asked.")
    assert "The supplier has been asked." in path_of(made).read_text()


def test_a_change_waits_for_the_one_that_blocks_it(acme: Path, cli: Cli, later: Later) -> None:
    first = cli(*STANDARD, "--ci", "mail-host-1").json["id"]
    second = cli(*STANDARD, "--ci", "mail-host-2").json["id"]
    cli("link", first, "blocks", second)
    cli("move", second, "scheduled")
    later(5)
    assert f"{first}: this record blocks it" in " ".join(
        cli("move", second, "implement", "--by", "duty-agent", code=1).err.split()
    )
    cli("move", first, "cancelled", "--set", "cancellation_reason=No need.")
    cli("move", second, "implement", "--by", "duty-agent")


def test_a_record_is_not_closed_over_an_open_case_at_a_supplier(incident: str, cli: Cli) -> None:
    case = '{"supplier": "example-cloud", "number": "4711", "opened_at": "2026-11-22T11:00:00Z"%s}'
    cli("set", incident, f"supplier_cases=[{case % ''}]")
    _resolved(cli, incident)
    closing = ("move", incident, "closed", "--set", "closure_category=email", "--by", "duty-agent")
    assert "a case at a supplier is still open" in cli(*closing, code=1).err
    ended = ', "closed_at": "2026-11-22T11:30:00Z"'
    cli("set", incident, f"supplier_cases=[{case % ended}]")
    cli(*closing)


def test_what_an_incident_waited_for_is_over_and_that_is_told(incident: str, cli: Cli) -> None:
    change = cli(*STANDARD, "--ci", "mail-host-1").json["id"]
    cli("move", incident, "in_progress", "--set", "assigned_team=it-operations", "--by", "mail-engineer")
    cli("link", incident, "caused_by", change)
    cli("move", incident, "on_hold", "--set", "on_hold_reason=awaiting_change", "--by", "mail-engineer")
    assert "W031" not in _codes(cli, incident)
    cli("move", change, "cancelled", "--set", "cancellation_reason=No need.")
    assert "W031" in _codes(cli, incident)


def test_a_meeting_whose_day_has_passed_is_noticed(acme: Path, cli: Cli) -> None:
    made = cli(
        "new", "meeting", "--title", "Board", "--board", "change-management", "--starts-at", "2026-11-20 10:00", "--json"
    ).json["id"]  # fmt: skip
    assert _codes(cli, made) == ["D021"]
    cli("move", made, "took_place", "--set", "attendees=change-manager")
    assert _codes(cli, made) == []


def test_who_carried_out_a_change_may_be_replaced_later(acme: Path, cli: Cli, later: Later) -> None:
    change = cli(*STANDARD, "--ci", "mail-host-1").json["id"]
    cli("move", change, "scheduled")
    later(5)
    cli("move", change, "implement", "--by", "duty-agent")
    cli("set", change, "implementers=security-officer")
    assert _codes(cli, change) == []


def test_every_field_that_fills_a_role_of_a_life_cycle_is_tracked_or_never_changes(book: RuleBook) -> None:
    """Who might make a step is judged by the record as it was then, so the record has to tell."""
    roles = book.policy(ROLES)["roles"]
    for kind in book.kinds.values():
        flow = kind.workflow
        if flow is None or not kind.is_record:
            continue
        asked = {role for step in flow.transitions for role in step.by}
        fields = {f for role in asked for f in names(roles[role].get("fields"))}
        told = {*flow.track, *flow.immutable, *(f for inner in kind.inner for f in inner.track)}
        assert {f for f in fields if f in kind.fields} <= told, kind.name


def test_access_that_a_cancelled_order_gave_still_ends(acme: Path, cli: Cli) -> None:
    made = cli(
        "new", "request", "--title", "Mailbox", "--offering", "new-mailbox", "--answer", "mailbox=trainee", "--answer",
        "from=2026-12-01", "--json",
    ).json["id"]  # fmt: skip
    given = 'access_granted=[{"to": "mailbox-db", "role": "Reader", "until": "2026-11-20"}]'
    cli(
        "move",
        made,
        "in_fulfilment",
        "--set",
        "assigned_team=service-desk",
        "--set",
        given,
        "--by",
        "duty-agent",
    )
    cli("move", made, "cancelled", "--set", "cancellation_reason=Left before the first day.")
    assert "D021" in _codes(cli, made)


def test_a_change_that_failed_keeps_its_review_whatever_its_outcome_is_called_later(
    acme: Path, cli: Cli, later: Later
) -> None:
    change = cli(*STANDARD, "--ci", "mail-host-1").json["id"]
    cli("move", change, "scheduled")
    later(5)
    cli("move", change, "implement", "--by", "duty-agent")
    done = ("--set", "actual_start=now", "--set", "actual_end=now")
    cli("move", change, "review", *done, "--by", "duty-agent")
    cli("set", change, "outcome=unsuccessful")
    refused = " ".join(cli("set", change, "outcome=successful", code=1).err.split())
    assert "needs 'review' because outcome is" in refused
    cli("set", change, 'review={"reviewed_at": "2026-11-22T12:04:00Z", "objective_met": true}')
    cli("set", change, "outcome=successful")
