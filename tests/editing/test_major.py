"""The process of a major incident: what each verb writes, refuses and leaves behind for lists, dues and the report."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from itsm_gitops import documents, rules
from itsm_gitops.cli.app import run
from itsm_gitops.commands.duties import list_due
from itsm_gitops.commands.major import LOOKS_LIKE, OWES_REVIEW, list_major
from itsm_gitops.commands.reporting import report
from itsm_gitops.commands.showing import show
from itsm_gitops.editing.edits import set_fields
from itsm_gitops.editing.fields import read_assignment
from itsm_gitops.editing.major import declare, decline, stand_down, update
from itsm_gitops.editing.major_review import draft_review, read_action, write_review
from itsm_gitops.editing.move import move
from itsm_gitops.editing.validation import DocumentRejected
from itsm_gitops.model.errors import Refused, UsageError
from tests.support import GitRepo

NAME = "INC-261102-AAAAA"
PATH = f"records/incidents/2026/11/{NAME}.yaml"
INCIDENT = f"""\
id: {NAME}
kind: incident
title: Nobody can pay
reported_by: ada
origin: phone
service: pay
category: payments
impact: high
urgency: high
state: new
assigned_team: desk
timeline:
- at: 2026-11-02T08:00:00Z
  by: ada
  state: new
"""


def at(text: str) -> str:
    return f"2026-11-02T{text}:00Z"


@pytest.fixture
def estate(git_repo: GitRepo, monkeypatch: pytest.MonkeyPatch) -> GitRepo:
    monkeypatch.setenv("ITSM_USER", "ada")
    monkeypatch.setenv("ITSM_NOW", at("08:10"))
    team = "class: team\nname: Desk\nlifecycle: production\n"
    git_repo.write("cmdb/teams/desk.yaml", f"id: desk\n{team}")
    service = "class: service\nname: Pay\nlifecycle: production\ncriticality: critical\nowner: desk\n"
    git_repo.write("cmdb/services/pay.yaml", f"id: pay\n{service}")
    git_repo.write(PATH, INCIDENT)
    git_repo.commit("An incident")
    return git_repo


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    return lambda text: monkeypatch.setenv("ITSM_NOW", at(text))


def data(estate: GitRepo) -> dict[str, Any]:
    found = documents.load((Path(estate.root) / PATH).read_bytes()).data
    assert isinstance(found, dict)
    return found


def said(estate: GitRepo) -> list[tuple[str, str]]:
    """Code and message of each finding about the incident since the last commit, without what is for information."""
    found = rules.check(estate.repo, base="HEAD").findings
    return [(f.code, f.message) for f in found if f.path == PATH and f.severity != "info"]


def resolved(estate: GitRepo) -> None:
    fixed = [read_assignment(a) for a in ("resolution_code=fixed", "resolution_notes=Restarted.")]
    move(estate.repo, NAME, "in_progress")
    move(estate.repo, NAME, "resolved", fixed)


def test_one_that_meets_the_criteria_is_told_until_somebody_decides(estate: GitRepo) -> None:
    (found,) = (f for f in rules.check(estate.repo).findings if f.path == PATH)
    code, message = found.code, found.message
    assert code == "W034"
    assert message.startswith("this looks like a major incident because many users of a critical service")
    assert show(estate.repo, NAME).looks_like == message.removeprefix(
        "this looks like a major incident because "
    )
    (row,) = list_major(estate.repo)
    assert (row.id, row.group, row.because) == (NAME, LOOKS_LIKE, show(estate.repo, NAME).looks_like)
    decline(estate.repo, NAME, reason="It ends within minutes.")
    assert said(estate) == []
    assert list_major(estate.repo) == []
    assert show(estate.repo, NAME).looks_like == ""
    assert data(estate)["major"] == {"state": "rejected", "reason": "It ends within minutes."}


def test_of_a_small_one_nothing_is_said(estate: GitRepo) -> None:
    set_fields(estate.repo, NAME, [read_assignment("impact=low")])
    assert said(estate) == []
    assert list_major(estate.repo) == []


def test_declaring_is_one_entry_with_everything_in_it(estate: GitRepo) -> None:
    declare(estate.repo, NAME, reason="No sales.", comms="desk", impact="No sales.", word="We are on it.")
    entry = data(estate)["timeline"][-1]
    assert entry == {
        "at": at("08:10"),
        "by": "ada",
        "comment": "We are on it.",
        "set": {
            "major.state": "accepted",
            "major.commander": "ada",
            "major.comms_lead": "desk",
            "major.next_update_by": at("08:40"),
        },
        "reason": "No sales.",
    }
    assert said(estate) == []
    with pytest.raises(Refused, match="is declared already"):
        declare(estate.repo, NAME, reason="Again.")


def test_a_next_word_that_is_late_is_found_everywhere(estate: GitRepo, clock: Callable[[str], None]) -> None:
    declare(estate.repo, NAME, reason="No sales.", comms="desk", impact="No sales.", following="20m")
    clock("08:29")
    assert said(estate) == []
    (row,) = list_major(estate.repo)
    assert row.as_json()["late"] is False
    clock("08:31")
    assert said(estate) == [("D021", f"next update of the major incident was on {at('08:30')}")]
    (row,) = list_major(estate.repo)
    assert (row.as_json()["late"], row.as_json()["next_update_by"]) == (True, at("08:30"))
    (due,) = list_due(estate.repo).as_json()
    assert (due["id"], due["stage"], due["who"]) == (NAME, "past", "desk")
    update(estate.repo, NAME, "Still nothing.", following="2026-11-02T09:00:00Z")
    assert said(estate) == []
    assert data(estate)["major"]["next_update_by"] == at("09:00")
    update(estate.repo, NAME, "Half of it works.", following="none")
    assert said(estate) == [("W030", "nobody says when the next update comes")]


@pytest.mark.parametrize(
    ("following", "message"),
    [("-5m", "is past"), ("soon", "is not a time"), ("2026-11-02T07:00:00Z", "is past")],
)
def test_a_next_word_is_a_time_ahead(estate: GitRepo, following: str, message: str) -> None:
    declare(estate.repo, NAME, reason="No sales.")
    with pytest.raises(UsageError, match=message):
        update(estate.repo, NAME, "Still nothing.", following=following)


def test_there_is_no_step_that_the_life_cycle_does_not_have(estate: GitRepo) -> None:
    with pytest.raises(Refused, match="was never declared"):
        stand_down(estate.repo, NAME, reason="Over.")
    with pytest.raises(Refused, match="not a running major incident"):
        update(estate.repo, NAME, "On it.")
    with pytest.raises(UsageError, match="needs a reason"):
        declare(estate.repo, NAME, reason=" ")
    decline(estate.repo, NAME, reason="Small.")
    with pytest.raises(Refused, match="is declined already"):
        declare(estate.repo, NAME, reason="Not so small.")
    with pytest.raises(DocumentRejected) as rejected:
        set_fields(estate.repo, NAME, [read_assignment("major.state=accepted")], reason="By the back door.")
    assert [f.code for f in rejected.value.findings if f.severity == "error"] == ["W006"]


def test_a_step_without_a_reason_is_refused_whoever_writes_it(estate: GitRepo) -> None:
    with pytest.raises(DocumentRejected) as rejected:
        set_fields(estate.repo, NAME, [read_assignment("major.state=accepted")])
    assert "W033" in {f.code for f in rejected.value.findings}


def test_the_story_to_its_end(estate: GitRepo, clock: Callable[[str], None]) -> None:
    declare(estate.repo, NAME, reason="No sales.", comms="desk", impact="No sales.", word="On it.")
    set_fields(estate.repo, NAME, [read_assignment(f"major.started_at={at('07:50')}")])
    clock("08:35")
    update(estate.repo, NAME, "We know why.")
    clock("09:10")
    update(estate.repo, NAME, "It works again.")
    clock("09:20")
    resolved(estate)
    stand_down(estate.repo, NAME, reason="It works.", mitigated=at("09:00"))
    assert data(estate)["review_due"] == "2026-11-16"
    assert "next_update_by" not in data(estate)["major"]
    closing = [read_assignment("closure_category=payments")]
    with pytest.raises(Refused, match="missing review"):
        move(estate.repo, NAME, "closed", closing)
    (row,) = list_major(estate.repo)
    assert (row.group, row.review_due) == (OWES_REVIEW, "2026-11-16")

    draft = draft_review(estate.repo, NAME)
    assert draft.times == {"notice": 600, "declare": 600, "mitigate": 4200, "stand_down": 4200}
    assert draft.fields["impact"] == "No sales.\nIt lasted 1 h 10 min."
    assert draft.fields["detection"] == "Noticed 10 min after it began (phone)."
    assert draft.fields["resolution"] == "Restarted."
    assert draft.fields["reviewed_by"] == ["ada", "desk"]
    assert set(draft.missing) == {"summary", "root_cause", "action_items"}
    with pytest.raises(UsageError, match="lacks root_cause, action_items") as missing:
        write_review(estate.repo, NAME, {"summary": "No sales for an hour."})
    assert '--action "OWNER DATE WHAT"' in missing.value.hint
    texts = {"summary": "No sales for an hour.", "root_cause": "A full disk."}
    write_review(estate.repo, NAME, texts, ["ada 2026-11-30 Watch the disk"])
    move(estate.repo, NAME, "closed", closing)
    assert said(estate) == []
    assert list_major(estate.repo) == []

    (made,) = report(estate.repo, ("major",))
    tables = {t["table"]: t["rows"] for t in made.as_json()["tables"]}
    assert tables["services"] == [
        {
            "service": "pay", "count": 1, "updates": 3, "updates_kept": 2, "updates_share": 2 / 3,
            "reviews": 1, "reviews_kept": 1, "reviews_share": 1.0,
        }
    ]  # fmt: skip
    (latest,) = tables["latest"]
    assert (latest["declare_s"], latest["mitigate_s"], latest["review"]) == (600, 4200, "held in time")


def test_a_demoted_one_is_reviewed_all_the_same(estate: GitRepo) -> None:
    declare(estate.repo, NAME, reason="No sales.")
    decline(estate.repo, NAME, reason="One till only.")
    assert data(estate)["major"]["state"] == "demoted"
    resolved(estate)
    with pytest.raises(Refused, match="missing review"):
        move(estate.repo, NAME, "closed", [read_assignment("closure_category=payments")])
    assert [row.group for row in list_major(estate.repo)] == [OWES_REVIEW]


def test_only_what_was_a_major_incident_is_reviewed(estate: GitRepo) -> None:
    with pytest.raises(Refused, match="never was a major incident"):
        draft_review(estate.repo, NAME)
    declare(estate.repo, NAME, reason="No sales.")
    with pytest.raises(Refused, match="stand it down"):
        write_review(estate.repo, NAME, {"summary": "S", "root_cause": "R"}, ["ada 2026-11-30 X"])


@pytest.mark.parametrize(
    "text", ["Watch the disk", "ada soon Watch the disk", "ada 2026-11-30", "ada 2026-13-01 X"]
)
def test_an_action_says_who_by_when_and_what(text: str) -> None:
    with pytest.raises(UsageError, match="is not an action"):
        read_action(text)


def test_another_kind_has_no_such_process(estate: GitRepo) -> None:
    with pytest.raises(Refused, match="has no major incident process"):
        declare(estate.repo, "pay", reason="No sales.")


def test_the_command_line_says_it_in_json(estate: GitRepo, capsys: pytest.CaptureFixture[str]) -> None:
    root = str(estate.root)
    words = ["--reason", "No sales.", "--comms", "desk", "--impact", "No sales.", "--say", "On it."]
    assert run(["-C", root, "major", "declare", NAME, *words, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["written"] is True
    assert run(["-C", root, "major", "list", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["group"], row["last_word"], row["commander"]) == ("active", "On it.", "ada")
    assert run(["-C", root, "major", "review", NAME]) == 0
    assert "summary: What happened" in capsys.readouterr().out
