"""`itsm oncall`: who is called, swaps, calendar files in and out; and who may override because of it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from icalendar import Calendar

from itsm_gitops.gate.people import Directory
from itsm_gitops.repository import Repository
from tests.cli.conftest import Cli

ROTA = "cmdb/rotas/operations-rota.yaml"


@pytest.fixture
def rota(acme: Path) -> Path:
    """Operations is on call by the shipped rota: mail-engineer in even weeks from 5 January, operations-lead in the others."""
    (acme / ROTA).write_text((acme / ROTA).read_text().replace("lifecycle: planned", "lifecycle: production"))
    team = acme / "cmdb/teams/it-operations.yaml"
    team.write_text(
        team.read_text().replace(
            "lead: operations-lead\n", "lead: operations-lead\non_call: operations-rota\n"
        )
    )
    return acme


def test_a_service_an_item_a_team_a_rota_and_a_record_name_the_same_person(rota: Path, cli: Cli) -> None:
    (rota / "records").exists()
    for what in ("mail-server", "it-operations", "operations-rota"):
        (one,) = cli("oncall", what, "--json").json["on_call"]
        assert (one["team"], one["rota"], one["people"]) == (
            "it-operations",
            "operations-rota",
            ["operations-lead"],
        ), what
        assert (one["since"], one["until"]) == ("2026-11-16T09:00:00Z", "2026-11-23T09:00:00Z")
        assert one["next"]["people"] == ["mail-engineer"]


def test_another_time_is_another_person_and_nobody_is_said(rota: Path, cli: Cli) -> None:
    assert cli("oncall", "it-operations", "--at", "2026-11-24 12:00", "--json").json["on_call"][0][
        "people"
    ] == ["mail-engineer"]
    said = cli("oncall", "it-operations", "--at", "2026-01-01", code=None)
    assert said.code == 0
    assert "nobody" in said.out


def test_the_turns_ahead_of_a_rota_and_of_a_person(rota: Path, cli: Cli) -> None:
    turns = cli("oncall", "it-operations", "--days", "20", "--json").json["turns"]
    assert [t["people"] for t in turns] == [
        ["operations-lead"],
        ["mail-engineer"],
        ["operations-lead"],
        ["mail-engineer"],
    ][: len(turns)]
    mine = cli("oncall", "@me", "--days", "20", "--json").json["turns"]
    assert {tuple(t["people"]) for t in mine} == {("operations-lead",)}


def test_a_swap_is_an_override_of_that_turn_and_is_kept_once(rota: Path, cli: Cli) -> None:
    done = cli("oncall", "it-operations", "--swap", "mail-engineer", "--reason", "Doctor", "--json")
    assert done.code == 0, done.err
    assert (
        "overrides:\n- start: 2026-11-22T12:00:00Z\n  end: 2026-11-23T09:00:00Z\n  person: mail-engineer\n  reason: Doctor\n"
        in (rota / ROTA).read_text()
    )
    (one,) = cli("oncall", "it-operations", "--json").json["on_call"]
    assert (one["people"], one["override"]) == (["mail-engineer"], True)
    assert cli("oncall", "it-operations", "--swap", "mail-engineer", code=None).code == 1
    assert cli("check").code == 0


def test_a_swap_lasts_as_long_as_is_said_from_its_beginning(rota: Path, cli: Cli) -> None:
    cli(
        "oncall", "it-operations", "--swap", "mail-engineer", "--at", "2026-11-22T20:00:00Z", "--until", "+8h"
    )
    assert "start: 2026-11-22T20:00:00Z\n  end: 2026-11-23T04:00:00Z\n" in (rota / ROTA).read_text()


def test_a_swap_with_somebody_unknown_names_the_nearest(rota: Path, cli: Cli) -> None:
    said = cli("oncall", "it-operations", "--swap", "mail-enginer", code=None)
    assert said.code == 1
    assert "did you mean mail-engineer?" in said.err
    assert "overrides" not in (rota / ROTA).read_text()


def test_the_calendar_file_has_each_turn(rota: Path, cli: Cli) -> None:
    calendar = Calendar.from_ical(cli("oncall", "it-operations", "--ics", "-", "--days", "14").out)
    events = [(str(e["SUMMARY"]), e.start, e.end) for e in calendar.walk("VEVENT")]
    assert events[1] == (
        "On call: mail-engineer",
        datetime(2026, 11, 23, 9, tzinfo=UTC),
        datetime(2026, 11, 30, 9, tzinfo=UTC),
    )


ICS = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//other//EN
BEGIN:VEVENT
UID:1
DTSTART;TZID=Europe/Berlin:20261201T090000
DTEND;TZID=Europe/Berlin:20261202T090000
SUMMARY:On call
ATTENDEE;CN=x:mailto:MAIL@example.org
END:VEVENT
BEGIN:VEVENT
UID:2
DTSTART:20261205T080000Z
DTEND:20261205T200000Z
SUMMARY:Weekend: operations-lead (phone)
RRULE:FREQ=WEEKLY;COUNT=2
END:VEVENT
BEGIN:VEVENT
UID:3
DTSTART:20200101T080000Z
DTEND:20200102T080000Z
SUMMARY:somebody who has left
END:VEVENT
END:VCALENDAR
"""


def test_the_events_of_another_tool_become_overrides_once(rota: Path, cli: Cli) -> None:
    person = rota / "cmdb/people/mail-engineer.yaml"
    person.write_text(person.read_text() + "commit_addresses: [mail@example.org]\n")
    (rota / "shifts.ics").write_text(ICS)
    assert cli("oncall", "operations-rota", "--import", "shifts.ics").code == 0
    turns = cli("oncall", "operations-rota", "--days", "25", "--json").json["turns"]
    assert [(t["start"], t["end"], t["people"]) for t in turns if t["override"]] == [
        ("2026-12-01T08:00:00Z", "2026-12-02T08:00:00Z", ["mail-engineer"]),
        ("2026-12-05T08:00:00Z", "2026-12-05T20:00:00Z", ["operations-lead"]),
        ("2026-12-12T08:00:00Z", "2026-12-12T20:00:00Z", ["operations-lead"]),
    ]
    before = (rota / ROTA).read_text()
    cli("oncall", "operations-rota", "--import", "shifts.ics")
    assert (rota / ROTA).read_text() == before


def test_an_event_that_names_nobody_refuses_the_file(rota: Path, cli: Cli) -> None:
    before = (rota / ROTA).read_text()
    (rota / "shifts.ics").write_text(ICS.replace("operations-lead", "operation-lead"))
    said = cli("oncall", "operations-rota", "--import", "shifts.ics", code=None)
    assert said.code == 1
    assert "operations-lead?" in said.err
    assert (rota / ROTA).read_text() == before
    (rota / "shifts.ics").write_text("hello")
    assert cli("oncall", "operations-rota", "--import", "shifts.ics", code=None).code == 2


@pytest.mark.parametrize(
    ("moment", "who"),
    [("2026-11-22T12:00:00+00:00", "operations-lead"), ("2026-11-24T12:00:00+00:00", "mail-engineer")],
)
def test_whoever_has_the_turn_may_override(rota: Path, moment: str, who: str) -> None:
    store = Repository.open(rota).store(None)
    directory = Directory(store, datetime.fromisoformat(moment))
    assert list(directory.fill("on_call", {"cis": ["mail-server"]})) == [who]


def test_only_whoever_had_the_turn_then_begins_an_emergency_at_once(rota: Path, cli: Cli) -> None:
    made = cli(
        "new",
        "change",
        "--template",
        "emergency-change",
        "--title",
        "Restart",
        "--ci",
        "mail-server",
        "--why",
        "Down.",
        "--json",
    ).json
    change = made["id"]
    assert cli("move", change, "implement", "--by", "operations-lead", "--dry-run").out.count("W008") == 0
    assert "W008" in cli("move", change, "implement", "--by", "mail-engineer", "--dry-run").out


@pytest.mark.parametrize("asked", ["", "it-operations", "mail-server", "@me"])
def test_who_is_on_call_is_unknown_where_the_rota_cannot_be_read(asked: str, rota: Path, cli: Cli) -> None:
    with (rota / ROTA).open("a") as file:
        file.write("x: [\n")
    said = cli("oncall", *filter(None, [asked]), code=None)
    assert said.code == 1
    assert ROTA in said.err
    assert "nobody" not in said.out
    assert "operations-rota" not in said.out  # the name of the rota is nobody's
    answer = cli("oncall", *filter(None, [asked]), "--json", code=None)
    assert answer.code == 1
    assert all(one["people"] == [] for one in answer.json["on_call"])


def test_another_rota_that_cannot_be_read_leaves_an_answer_complete(rota: Path, cli: Cli) -> None:
    (rota / "cmdb/rotas/others.yaml").write_text("x: [\n")
    assert cli("oncall", "it-operations", code=None).code == 0
    assert cli("oncall", code=None).code == 1
