"""The agenda of a change advisory board, and what becomes of its decisions."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import icalendar
import pytest

from itsm_gitops.commands.boards import agenda, agenda_ics, record_decisions
from itsm_gitops.graph.boards import meetings_of
from itsm_gitops.graph.meetings_ics import meetings_calendar
from itsm_gitops.graph.network import Network
from itsm_gitops.model.errors import Refused, UsageError

NOW = "2026-11-22T21:00:00Z"
NOW_MOMENT = datetime(2026, 11, 22, 21, tzinfo=UTC)
HELD = "MTG-261113-T4F9K"


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ITSM_NOW", NOW)


def ids(items: Any) -> list[str]:
    return [item.id for item in items]


def test_the_next_meeting_is_the_usual_day(example_repo: Any) -> None:
    made = agenda(example_repo)
    assert (str(made.day), made.meeting, made.board) == (
        "2026-11-24",
        "MTG-261120-VE7H6",
        "change-management",
    )
    assert ids(made.waiting) == ["CHG-261105-807G1"]
    assert made.waiting[0].reason.startswith("risk high")
    assert ids(made.reviews) == ["CHG-261117-MEE5N"]
    assert ids(made.freezes) == ["sinterklaas-freeze", "peak-season-freeze", "quarter-close-freeze"]
    assert made.freezes[0].reason == (
        "proposed: 2026-12-04 to 2026-12-06, would hold 1 planned change; only for online-shop, orders-db, payments, payments-db"
    )
    assert made.waiting[0].reason.endswith(", in the proposed freeze Sinterklaas freeze")
    assert made.freezes[1].reason == "2026-12-14 to 2027-01-04, holds no planned change"


def test_what_happened_is_counted_from_the_meeting_before(example_repo: Any) -> None:
    before = agenda(example_repo, "2026-11-17")
    assert ids(before.went_wrong) == ["CHG-261023-P1NP7"]
    assert ids(before.emergencies) == ["CHG-261117-MEE5N"]
    after = agenda(example_repo, "2026-11-24")
    assert ids(after.went_wrong) == []
    assert ids(after.emergencies) == []


def test_what_is_planned_lies_between_this_meeting_and_the_next(example_repo: Any) -> None:
    assert ids(agenda(example_repo, "2026-11-17").ahead) == ["CHG-261110-Q0K1F"]
    assert "CHG-261118-TW24E" in ids(agenda(example_repo, "2026-11-24").ahead)


def test_the_text_names_every_matter(example_repo: Any) -> None:
    made = agenda(example_repo)
    text = made.as_markdown()
    assert all(item.id in text for _, _, items in made.parts for item in items)
    assert made.as_json()["waiting"][0]["id"] == "CHG-261105-807G1"


def test_a_day_that_is_none_is_refused(example_repo: Any) -> None:
    with pytest.raises(UsageError, match="'tuesday' is not a day"):
        agenda(example_repo, "tuesday")


MEETING = """\
id: MTG-261113-AAAAA
kind: meeting
title: Board
board: change-management
type: change_advisory_board
starts_at: 2026-11-17T09:00:00Z
state: took_place
attendees: [ada]
decisions:
- {about: CHG-261110-AAAAA, decision: deferred, reason: No plan yet.}
- {about: CHG-261110-BBBBB, decision: noted}
timeline:
- {at: 2026-11-13T09:00:00Z, by: ada, state: planned}
- {at: 2026-11-17T10:00:00Z, by: ada, state: took_place}
"""


def change(identifier: str) -> str:
    return (
        f"id: {identifier}\nkind: change\ntitle: A change\ntype: normal\nrequested_by: ada\njustification: Needed.\n"
        f"cis: []\nstate: draft\ntimeline:\n- at: 2026-11-10T09:00:00Z\n  by: ada\n  state: draft\n"
    )


@pytest.fixture
def board(git_repo: Any) -> Any:
    git_repo.write("records/meetings/2026/11/MTG-261113-AAAAA.yaml", MEETING)
    for name in ("CHG-261110-AAAAA", "CHG-261110-BBBBB"):
        text = change(name).replace("cis: []\n", "")
        git_repo.write(f"records/changes/2026/11/{name}.yaml", text)
    return git_repo


def test_decisions_flow_into_the_changes_once(board: Any) -> None:
    assert [w.id for w in record_decisions(board.repo, "MTG", "ada")] == [
        "CHG-261110-AAAAA",
        "CHG-261110-BBBBB",
    ]
    data = board.repo.store().data("CHG-261110-AAAAA")
    assert data["cab"] == {"date": "2026-11-17", "decision": "deferred", "notes": "No plan yet."}
    assert data["state"] == "draft"
    assert data["timeline"][-1]["note"] == "Deferred by the board (MTG-261113-AAAAA). No plan yet."
    other = board.repo.store().data("CHG-261110-BBBBB")
    assert "cab" not in other
    assert other["timeline"][-1]["note"] == "Noted by the board (MTG-261113-AAAAA)."
    assert record_decisions(board.repo, "MTG", "ada") == []


def test_a_dry_run_writes_nothing(board: Any) -> None:
    assert len(record_decisions(board.repo, "MTG", "ada", dry_run=True)) == 2
    assert "cab" not in board.repo.store().data("CHG-261110-AAAAA")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("state: took_place", "state: planned", "not taken place yet"),
        ("decisions:", "action_items: []\nx:", "no decisions"),
    ],
)
def test_a_meeting_that_decided_nothing_is_refused(board: Any, old: str, new: str, message: str) -> None:
    path = "records/meetings/2026/11/MTG-261113-AAAAA.yaml"
    board.write(path, MEETING.replace(old, new))
    with pytest.raises(Refused, match=message):
        record_decisions(board.repo, "MTG", "ada")


def events(text: str) -> list[Any]:
    return list(icalendar.Calendar.from_ical(text).walk("VEVENT"))


def test_the_meeting_is_an_event_with_its_agenda(example_repo: Any) -> None:
    made = agenda(example_repo)
    (one,) = events(agenda_ics(example_repo, made))
    assert str(one["UID"]).startswith("MTG-261120-VE7H6@")
    assert (str(one["DTSTART"].dt), str(one["DTEND"].dt)) == (
        "2026-11-24 09:00:00+00:00",
        "2026-11-24 09:45:00+00:00",
    )
    assert all(item.id in str(one["DESCRIPTION"]) for _, _, items in made.parts for item in items)


def test_an_agenda_without_a_meeting_is_a_whole_day(example_repo: Any) -> None:
    (one,) = events(agenda_ics(example_repo, agenda(example_repo, "2026-12-30")))
    assert (str(one["DTSTART"].dt), str(one["DTEND"].dt)) == ("2026-12-30", "2026-12-31")


def test_a_cancelled_meeting_stays_in_the_calendar(git_repo: Any) -> None:
    path = "records/meetings/2026/11/MTG-261113-AAAAA.yaml"
    planned = MEETING.partition("decisions:")[0].replace("took_place", "planned")
    git_repo.write(path, f"{planned}timeline:\n- {{at: 2026-11-13T09:00:00Z, by: ada, state: planned}}\n")
    (before,) = events(agenda_ics(git_repo.repo, agenda(git_repo.repo, "2026-11-17")))
    git_repo.write(
        path,
        planned.replace("state: planned", "state: cancelled\ncancellation_reason: Nothing to decide.")
        + "timeline:\n- {at: 2026-11-13T09:00:00Z, by: ada, state: planned}\n"
        "- {at: 2026-11-14T09:00:00Z, by: ada, state: cancelled}\n",
    )
    view = Network(git_repo.repo.store())
    (after,) = events(meetings_calendar(meetings_of(view.loaded), {}, "Test", "here", NOW_MOMENT))
    assert (str(before["STATUS"]), str(after["STATUS"])) == ("CONFIRMED", "CANCELLED")
    assert str(before["UID"]).partition("@")[0] == str(after["UID"]).partition("@")[0]
    assert int(after["SEQUENCE"]) > int(before["SEQUENCE"])
