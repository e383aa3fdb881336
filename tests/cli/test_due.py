"""`itsm due`: what is due, of whom, how far ahead; and its calendar file."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from icalendar import Calendar

from tests.cli.conftest import Cli

SERVER = "cmdb/servers/mail-host-1.yaml"
CONTRACT = "cmdb/contracts/cloud-contract.yaml"
SUPPLIER = "cmdb/suppliers/example-cloud.yaml"
PROBLEM = "records/problems/2026/01/PRB-260112-EXMP2.yaml"
ACTIONS = (
    "review:\n  lessons: Watch it.\n  action_items:\n"
    "  - action: Watch the volume\n    owner: mail-engineer\n    due: 2026-12-20\n"
    "  - action: Say so\n    owner: duty-agent\n    due: 2026-11-01\n    done: true\n"
    "  reviewed_at: 2026-02-01T10:00:00Z\n"
)


@pytest.fixture
def duties(acme: Path) -> Path:
    """The repository with one duty in every stage."""
    for path, lines in (
        (SERVER, "end_of_support: 2026-11-01\n"),
        (CONTRACT, "end: 2027-01-31\nrenewal: express\n"),
        (SUPPLIER, "next_review: 2027-06-30\n"),
        (PROBLEM, ACTIONS),
    ):
        text = (acme / path).read_text()
        places = [at for word in ("\nlinks:", "\ntimeline:") if (at := text.find(word)) >= 0]
        at = min(places) + 1 if places else len(text)
        (acme / path).write_text(text[:at] + lines + text[at:])
    return acme


def stated(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return what is due by a date that somebody wrote down: new items are to be verified as well."""
    return [r for r in rows if "verification" not in r["message"]]


def shown(rows: list[dict[str, Any]]) -> list[tuple[str, str, str, int]]:
    return [(r["due"], r["id"], r["stage"], r["days"]) for r in rows]


def test_what_is_over_or_near_is_listed_first(duties: Path, cli: Cli) -> None:
    assert shown(cli("due", "--json").json) == [
        ("2026-11-01", "mail-host-1", "past", -21),
        ("2026-11-02", "cloud-contract", "past", -20),  # 90 days of notice before 31 January
        ("2027-01-31", "cloud-contract", "near", 70),
    ]


def test_a_span_looks_ahead(duties: Path, cli: Cli) -> None:
    assert [r["due"] for r in cli("due", "--within", "4w", "--json").json] == [
        "2026-11-01",
        "2026-11-02",
        "2026-12-20",
    ]
    assert [r["id"] for r in stated(cli("due", "--within", "1y", "--stage", "later", "--json").json)] == [
        "PRB-260112-EXMP2",
        "example-cloud",
    ]


@pytest.mark.parametrize(
    ("words", "ids"),
    [
        (("--owner", "mail-engineer"), ["PRB-260112-EXMP2"]),
        (("--team", "it-operations", "contracts"), ["cloud-contract", "cloud-contract"]),
        (("suppliers",), ["example-cloud"]),
        (("problems", "state:open"), ["PRB-260112-EXMP2"]),
        (("servers", "licences"), ["mail-host-1"]),
        (("incidents",), []),
    ],
)
def test_it_is_narrowed_by_owner_team_kind_and_filter(
    duties: Path, cli: Cli, words: tuple[str, ...], ids: list[str]
) -> None:
    assert [r["id"] for r in stated(cli("due", "--within", "1y", "--json", *words).json)] == ids


def test_the_table_says_what_of_what_and_who(duties: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    out = cli("due", "--within", "4w").out
    assert out.splitlines()[0].split() == ["due", "days", "what", "of", "title", "who"]
    monkeypatch.setenv("COLUMNS", "80")
    out = cli("due", "--within", "4w").out
    assert out.splitlines()[0].split() == ["due", "days", "what", "of", "who"]
    assert "2026-11-01   -21  last day of support" in out
    assert out.splitlines()[-1] == "3 duties, 2 overdue"
    assert cli("due", "offerings").out == "nothing is due\n"


def test_a_former_snapshot_can_be_asked(duties: Path, cli: Cli) -> None:
    assert stated(cli("due", "--at", "HEAD", "--within", "1y", "--json").json) == []


@pytest.mark.parametrize("option", ["--team", "--owner"])
def test_a_name_that_nobody_has_is_no_empty_list(duties: Path, cli: Cli, option: str) -> None:
    refused = cli("due", option, "it-operation", code=1)
    assert f"{option}: nobody is called 'it-operation'" in refused.err
    assert "did you mean it-operations" in refused.err
    assert cli("due", option, "service-desk", "incidents").out == "nothing is due\n"


def test_a_board_that_is_no_team_has_no_agenda(acme: Path, cli: Cli) -> None:
    refused = cli("cab", "agenda", "2026-12-01", "--board", "change-managment", code=1)
    assert "--board: there is no team 'change-managment'" in refused.err


def test_a_span_that_is_none_is_refused_with_help(acme: Path, cli: Cli) -> None:
    assert "write 30d, 4w, 6m or 1y" in cli("due", "--within", "soon", code=2).err


def events(text: str) -> dict[str, Any]:
    found = Calendar.from_ical(text)
    return {str(e["UID"]).partition("@")[0]: e for e in found.walk("VEVENT")}


WATCH = "PRB-260112-EXMP2-review.action_items.00b0f2a6.due"


def test_an_action_keeps_its_name_when_another_is_put_in_front(duties: Path, cli: Cli) -> None:
    file = duties / PROBLEM
    more = "  action_items:\n  - action: Count it\n    owner: mail-engineer\n    due: 2026-12-15\n"
    file.write_text(file.read_text().replace("  action_items:\n", more))
    found = events(cli("due", "--within", "1y", "--ics", "-").out)
    assert found[WATCH]["SUMMARY"].startswith("agreed action (Watch the volume)")
    assert sum("action_items" in name for name in found) == 2


def test_two_duties_of_one_name_are_told_apart(duties: Path, cli: Cli) -> None:
    file = duties / PROBLEM
    again = "  - action: Watch the volume\n    owner: mail-engineer\n    due: 2026-12-20\n"
    file.write_text(file.read_text().replace("  - action: Say so\n", again + "  - action: Say so\n"))
    found = events(cli("due", "--within", "1y", "--ics", "-").out)
    assert {WATCH, f"{WATCH}-2"} <= found.keys()


def test_the_calendar_file_has_whole_days_under_names_that_stay(duties: Path, cli: Cli) -> None:
    before = events(cli("due", "--within", "1y", "--ics", "-").out)
    assert {name for name in before if "verification" not in name} == {
        "mail-host-1-end_of_support",
        "cloud-contract-end-before",
        "cloud-contract-end",
        WATCH,
        "example-cloud-next_review",
    }
    support = before["mail-host-1-end_of_support"]
    assert (support["DTSTART"].dt, support["DTEND"].dt) == (date(2026, 11, 1), date(2026, 11, 2))
    text = (duties / SERVER).read_text()
    (duties / SERVER).write_text(text.replace("name: Mail host 1", "name: Old mail host"))
    settings = (duties / "itsm.yaml").read_text()
    (duties / "itsm.yaml").write_text(settings.replace("organisation: Acme", "organisation: Another"))
    after = events(cli("due", "--within", "1y", "--ics", "-").out)
    assert {k: e["UID"] for k, e in after.items()} == {k: e["UID"] for k, e in before.items()}
    assert after["mail-host-1-end_of_support"]["SUMMARY"] == "last day of support: Old mail host"


CHANGE = "records/changes/2026/01/CHG-260115-EXMP4.yaml"


def test_a_cancelled_change_stays_in_the_calendar_as_cancelled_with_a_higher_number(
    acme: Path, cli: Cli
) -> None:
    text = (acme / CHANGE).read_text()
    window = "planned_start: 2026-12-01T20:00:00Z\nplanned_end: 2026-12-01T21:00:00Z\n"
    (acme / CHANGE).write_text(text.replace("links:\n", f"{window}links:\n", 1))
    schedule = ("schedule", "--from", "2026-12-01", "--to", "2026-12-03", "--ics", "-")
    (before,) = events(cli(*schedule).out).values()
    cli("move", "EXMP4", "cancelled", "--set", "cancellation_reason=Not needed any more.")
    (after,) = events(cli(*schedule).out).values()
    assert before["UID"] == after["UID"]
    assert (before["STATUS"], after["STATUS"]) == ("TENTATIVE", "CANCELLED")
    assert (before["SEQUENCE"], after["SEQUENCE"]) == (0, 1)
    assert before["LAST-MODIFIED"].dt < after["LAST-MODIFIED"].dt
    assert "CHG-260115-EXMP4" not in cli("schedule", "--from", "2026-12-01", "--to", "2026-12-03").out


def test_a_holiday_is_a_whole_day_wherever_its_readers_are(acme: Path, cli: Cli) -> None:
    (acme / "cmdb/calendars/holidays.yaml").write_text(
        "id: holidays\nclass: calendar\nname: Holidays\nowner: service-desk\ntype: holidays\n"
        "time_zone: America/New_York\ndates:\n- date: 2026-12-24\n  name: Rest\n- date: 2026-12-25\n  name: Rest\n"
    )
    (event,) = events(
        cli("schedule", "--from", "2026-12-20", "--to", "2026-12-30", "--ics", "-").out
    ).values()
    assert (event["DTSTART"].dt, event["DTEND"].dt) == (date(2026, 12, 24), date(2026, 12, 26))
