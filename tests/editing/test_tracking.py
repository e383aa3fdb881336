"""What the commands write about tracked fields and about times is what the check accepts, and what history replays."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from itsm_gitops import documents, rules
from itsm_gitops.editing.edits import add_note, correct, set_fields
from itsm_gitops.editing.fields import read_assignment
from itsm_gitops.editing.move import move, open_moves
from itsm_gitops.model.clock import format_time, now, parse_time
from itsm_gitops.model.errors import ItsmError, Refused, UsageError
from itsm_gitops.model.moments import local_doubt
from itsm_gitops.model.timeline import state_steps, value_changes
from tests.support import GitRepo

NAME = "INC-261102-AAAAA"
PATH = f"records/incidents/2026/11/{NAME}.yaml"
INCIDENT = f"""\
id: {NAME}
kind: incident
title: Mail is slow
reported_by: ada
service: mail
category: workplace
impact: low
urgency: low
state: new
assigned_team: desk
timeline:
- at: 2026-11-02T08:00:00Z
  by: ada
  state: new
"""


def minute(text: str) -> str:
    return f"2026-11-02T{text}:00Z"


@pytest.fixture
def estate(git_repo: GitRepo, monkeypatch: pytest.MonkeyPatch) -> GitRepo:
    monkeypatch.setenv("ITSM_USER", "ada")
    monkeypatch.setenv("ITSM_NOW", minute("09:00"))
    for team in ("desk", "net"):
        git_repo.write(
            f"cmdb/teams/{team}.yaml", f"id: {team}\nclass: team\nname: {team}\nlifecycle: production\n"
        )
    git_repo.write("cmdb/services/mail.yaml", "id: mail\nclass: service\nname: Mail\nlifecycle: production\n")
    git_repo.write(PATH, INCIDENT)
    git_repo.commit("An incident")
    return git_repo


def data(estate: GitRepo) -> dict[str, Any]:
    found = documents.load((Path(estate.root) / PATH).read_bytes()).data
    assert isinstance(found, dict)
    return found


def wrong(estate: GitRepo) -> list[str]:
    """What the check has to say of the incident against the last commit, without advice about the CMDB."""
    found = rules.check(estate.repo, base="HEAD").findings
    return [f"{f.code} {f.message}" for f in found if f.path == PATH and f.code[0] in "SWI"]


def set_(estate: GitRepo, *assignments: str, **more: Any) -> None:
    set_fields(estate.repo, NAME, [read_assignment(a) for a in assignments], **more)


def test_a_change_of_a_tracked_field_is_an_entry(estate: GitRepo) -> None:
    set_(estate, "impact=high", "title=Mail is gone")
    entry = data(estate)["timeline"][-1]
    assert entry == {"at": minute("09:00"), "by": "ada", "set": {"impact": "high"}, "was": {"impact": "low"}}
    assert wrong(estate) == []


def test_a_change_of_another_field_is_none(estate: GitRepo) -> None:
    set_(estate, "title=Mail is gone")
    assert len(data(estate)["timeline"]) == 1


def test_a_first_value_has_no_old_one_and_a_removed_value_no_new_one(estate: GitRepo) -> None:
    set_(estate, "assignee=ada")
    assert data(estate)["timeline"][-1] == {"at": minute("09:00"), "by": "ada", "set": {"assignee": "ada"}}
    set_(estate, "assignee=")
    assert data(estate)["timeline"][-1] == {"at": minute("09:00"), "by": "ada", "was": {"assignee": "ada"}}
    assert wrong(estate) == []


def test_a_step_tells_what_it_sets_and_what_it_clears(estate: GitRepo) -> None:
    move(estate.repo, NAME, "resolved", code="workaround", note="Restarted.")
    move(estate.repo, NAME, "in_progress", [read_assignment("assigned_team=net")], note="It came back.")
    *_, step, note = data(estate)["timeline"]
    assert step == {
        "at": minute("09:00"),
        "by": "ada",
        "state": "in_progress",
        "set": {"assigned_team": "net"},
        "was": {"assigned_team": "desk", "resolution_code": "workaround", "resolution_notes": "Restarted."},
    }
    assert note == {"at": minute("09:00"), "by": "ada", "note": "It came back."}
    assert wrong(estate) == []


def test_a_backdated_step_counts_when_it_happened(estate: GitRepo) -> None:
    move(estate.repo, NAME, "in_progress", at="2026-11-02 09:30", reason="No network.")  # 08:30 UTC
    assert data(estate)["timeline"][-1] == {
        "at": minute("09:00"), "by": "ada", "state": "in_progress", "happened": minute("08:30"), "reason": "No network.",
    }  # fmt: skip
    steps = [(format_time_of(at), state) for at, state in state_steps(data(estate)["timeline"])]
    assert steps == [(minute("08:00"), "new"), (minute("08:30"), "in_progress")]
    assert estate.repo.store().entries[NAME].entered == minute("08:30")
    assert wrong(estate) == []


def format_time_of(seconds: int) -> str:
    moment = parse_time("1970-01-01T00:00:00Z")
    assert moment is not None
    return format_time(moment + timedelta(seconds=seconds))


def test_a_correction_moves_what_was_written_then(estate: GitRepo) -> None:
    correct(
        estate.repo, NAME, "2026-11-02 09:00", "2026-11-02 08:15", "Reported by phone."
    )  # Berlin is UTC+1
    assert estate.repo.store().entries[NAME].opened == minute("07:15")
    assert wrong(estate) == []


@pytest.mark.parametrize(
    ("call", "error", "said"),
    [
        (lambda e: move(e.repo, NAME, "in_progress", at="2026-11-02 09:30"), UsageError, "needs a reason"),
        (
            lambda e: move(e.repo, NAME, "in_progress", at="2026-11-03", reason="x"),
            UsageError,
            "not happened",
        ),
        (lambda e: move(e.repo, NAME, "in_progress", at="soon", reason="x"), UsageError, "is not a time"),
        (lambda e: add_note(e.repo, NAME, "x", at="-10m"), UsageError, "needs a reason"),
        (
            lambda e: add_note(e.repo, NAME, "x", at="2026-10-25 02:30", reason="x"),
            UsageError,
            "exists twice",
        ),
        (lambda e: set_(e, "title=x", at="-10m", reason="x"), UsageError, "no tracked field changes"),
        (lambda e: correct(e.repo, NAME, "2026-11-02 08:00", "-1h", "x"), Refused, "no entry"),
        (lambda e: correct(e.repo, NAME, "2026-11-02 09:00", "-1m", " "), UsageError, "needs a reason"),
        (lambda e: correct(e.repo, NAME, "2026-11-02 09:00", "2026-11-09", "x"), UsageError, "not happened"),
    ],
)
def test_what_cannot_be_is_refused(
    estate: GitRepo, call: Callable[[GitRepo], Any], error: type[ItsmError], said: str
) -> None:
    with pytest.raises(error, match=said):
        call(estate)
    assert data(estate)["timeline"] == [{"at": minute("08:00"), "by": "ada", "state": "new"}]


def test_a_reason_is_asked_for_where_the_life_cycle_says_so(estate: GitRepo) -> None:
    set_(
        estate,
        "impact=high",
        "major.state=accepted",
        "major.reason=Nobody can mail.",
        reason="Nobody can mail.",
    )
    with pytest.raises(Refused, match="changing 'impact' of INC-261102-AAAAA needs a reason"):
        set_(estate, "impact=low")
    set_(estate, "impact=low", reason="One person only.")
    assert data(estate)["timeline"][-1]["reason"] == "One person only."
    assert [w for w in wrong(estate) if not w.startswith("W030")] == []  # who leads it is not asked here


def test_a_value_edited_by_hand_is_found_and_taken_up(estate: GitRepo) -> None:
    estate.write(PATH, INCIDENT.replace("impact: low", "impact: high"))
    assert wrong(estate) == ["W125 impact was 'low' in base, and the timeline does not record the change"]
    estate.write(PATH, INCIDENT)
    set_(estate, "impact=high")
    estate.write(
        PATH,
        (Path(estate.root) / PATH).read_text().replace("impact: high\nurgency", "impact: medium\nurgency"),
    )
    assert "W020 impact is 'medium', but the timeline set it to 'high'" in wrong(estate)
    set_(estate, "impact=medium")
    assert data(estate)["timeline"][-1]["was"] == {"impact": "high"}
    assert wrong(estate) == []


@pytest.mark.parametrize(
    ("text", "zone", "said"),
    [
        ("2027-03-28 02:30", "Europe/Berlin", "does not exist"),
        ("2026-10-25T02:59", "Europe/Berlin", "exists twice"),
        ("2026-10-25 03:00", "Europe/Berlin", ""),
        ("2027-03-28 03:00", "Europe/Berlin", ""),
        ("2027-03-28 01:59:59", "Europe/Berlin", ""),
        ("2027-03-28 02:30", "UTC", ""),
        ("2027-03-28T02:30:00+01:00", "Europe/Berlin", ""),
        ("2027-03-14 02:15", "America/New_York", "does not exist"),
        ("2026-10-04 02:15", "Australia/Lord_Howe", "does not exist"),
        ("2027-04-04 01:45", "Australia/Lord_Howe", "exists twice"),
    ],
)
def test_hours_that_do_not_exist_or_exist_twice(text: str, zone: str, said: str) -> None:
    doubt = local_doubt(text, zone)
    assert bool(doubt) == bool(said)
    assert said in doubt


def _random_command(estate: GitRepo, rng: random.Random) -> None:
    """Do something; what the commands refuse is refused, and nothing is written."""
    back = rng.random() < 0.3
    late = {"at": f"-{rng.randrange(1, 50)}m", "reason": "Written later."} if back else {}
    choice = rng.randrange(5)
    if choice == 0:
        set_(
            estate,
            f"impact={rng.choice(['high', 'low'])}",
            f"urgency={rng.choice(['high', 'medium'])}",
            reason="So.",
        )
    elif choice == 1:
        set_(estate, f"assigned_team={rng.choice(['desk', 'net'])}", **late)
    elif choice == 2:
        add_note(estate.repo, NAME, "Something.", **late)
    elif choice == 3:
        entry = rng.choice([e for e in data(estate)["timeline"] if "corrects" not in e])
        moment = parse_time(entry["at"])
        assert moment is not None
        right = format_time(moment - timedelta(minutes=rng.randrange(1, 60)))
        correct(estate.repo, NAME, entry["at"], right, "It was earlier.")
    else:
        step = rng.choice(open_moves(estate.repo, NAME) or [None])
        if step is not None and step.state not in ("closed", "cancelled"):
            codes = {"on_hold": "awaiting_caller", "resolved": "fixed"}
            code = codes.get(step.state)
            move(
                estate.repo,
                NAME,
                step.state,
                code=code,
                note="Because." if step.state == "resolved" else None,
                **late,
            )


@pytest.mark.parametrize("seed", [0, *(pytest.param(n, marks=pytest.mark.slow) for n in range(1, 6))])
def test_whatever_the_commands_make_the_check_accepts(
    estate: GitRepo, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = random.Random(seed)
    for hour in range(10, 22):
        monkeypatch.setenv("ITSM_NOW", minute(f"{hour}:{rng.randrange(10, 60)}"))
        before = data(estate)
        try:
            _random_command(estate, rng)
        except (Refused, UsageError):
            assert data(estate) == before
        after = data(estate)
        assert after["timeline"][: len(before["timeline"])] == before["timeline"]
        for name in ("impact", "urgency", "assigned_team"):
            changes = [c for c in value_changes(after["timeline"]) if c.field == name]
            assert not changes or changes[-1].value == after[name]
            assert all(a.value == b.was for a, b in pairwise(changes))
        if hour % 4 == 1:
            assert wrong(estate) == []
            estate.commit(f"hour {hour}")
    assert wrong(estate) == []
    assert now() > parse_time(minute("09:00"))  # type: ignore[operator]
