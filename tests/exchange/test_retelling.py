"""A later import tells what it changes in tracked fields as `itsm set` does, and knows its own words again."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from itsm_gitops import documents, rules
from itsm_gitops.exchange import ImportReport
from itsm_gitops.model.archive import list_of
from itsm_gitops.model.timeline import replay_of
from tests.exchange.samples import EVENTS, MAPPING

SNAPSHOT = """\
kind: incident
key: id
system: old-desk
actor: importer
times: {format: iso, time_zone: Etc/UTC}
columns:
  title: {value: Printer}
  reported_by: {value: ann}
  service: {value: it}
  category: {value: imported}
  impact: {column: impact}
  urgency: {value: low}
  assigned_team: {column: team}
  assignee: {column: who}
  resolution_code: {value: fixed, states: [resolved]}
  resolution_notes: {value: Done., states: [resolved]}
timeline:
  opened: {at: opened}
  state: {column: state}
  steps:
    - {state: in_progress, at: begun}
    - {state: resolved, at: done}
create:
  - {class: service, id: it, name: IT, description: All., lifecycle: production, owner: ops, category: IT}
  - {class: team, id: ops, name: Operations, description: They.}
  - {class: team, id: net, name: Networks, description: They.}
"""
HEAD = "id,opened,state,begun,done,impact,team,who\n"
FIRST = HEAD + "T1,2026-01-01,new,,,high,ops,ann\nT2,2026-01-01,new,,,low,ops,\n"
NOON, EVENING, NIGHT = (f"2026-01-{d:02}T12:00:00Z" for d in (2, 3, 4))


@pytest.fixture
def day(monkeypatch: pytest.MonkeyPatch):
    return lambda moment: monkeypatch.setenv("ITSM_NOW", moment)


@pytest.fixture
def again(git_repo, run, day):
    """Import a table at a moment, take its values over, and commit."""

    def again(content: str, moment: str, mapping: str = SNAPSHOT) -> ImportReport:
        day(moment)
        report = run(content, mapping, update=True)
        assert not report.skipped, report.skipped
        git_repo.commit("imported")
        return report

    return again


def record(git_repo, alias: str = "T1") -> dict[str, Any]:
    found: dict[str, Any] = documents.load(
        (git_repo.root / git_repo.repo.locate(git_repo.repo.store().aliases[alias])).read_bytes()
    ).data
    return found


def findings(git_repo, base: str) -> list[str]:
    return [
        f"{f.code} {f.message}" for f in rules.check(git_repo.repo, base=base).findings if f.code[0] == "W"
    ]


def test_a_changed_value_of_a_row_is_an_entry_with_who_when_and_what_was(git_repo, again) -> None:
    again(FIRST, NOON)
    base = git_repo.git("rev-parse", "HEAD").strip()
    again(FIRST.replace("high,ops,ann", "low,net,"), EVENING)
    assert record(git_repo)["timeline"][-1] == {
        "at": EVENING,
        "by": "importer",
        "set": {"impact": "low", "assigned_team": "net"},
        "was": {"assigned_team": "ops", "assignee": "ann", "impact": "high"},
        "reason": "imported from old-desk",
    }
    assert findings(git_repo, base) == []


def test_what_an_import_told_is_no_history_of_somebody_else(git_repo, again, run) -> None:
    again(FIRST, NOON)
    second = FIRST.replace("high", "low")
    again(second, EVENING)
    kept = (git_repo.root / git_repo.repo.locate(git_repo.repo.store().aliases["T1"])).read_bytes()
    assert again(second, NIGHT).counts["unchanged"] == 2
    assert (git_repo.root / git_repo.repo.locate(git_repo.repo.store().aliases["T1"])).read_bytes() == kept
    again(FIRST, NIGHT)
    told = [e["set"]["impact"] for e in record(git_repo)["timeline"] if "set" in e]
    assert told == ["low", "high"]


def test_an_event_of_earlier_than_the_last_import_is_written_with_its_own_time(git_repo, again) -> None:
    again(FIRST, NOON)
    base = git_repo.git("rev-parse", "HEAD").strip()
    again(FIRST.replace("high", "low"), EVENING)
    later = FIRST.replace("new,,,high", "in_progress,2026-01-02T15:00:00,,low")
    again(later, NIGHT)
    assert record(git_repo)["timeline"][-1] == {
        "at": NIGHT,
        "by": "importer",
        "state": "in_progress",
        "happened": "2026-01-02T15:00:00Z",
        "reason": "imported from old-desk",
    }
    assert findings(git_repo, base) == []
    assert again(later, NIGHT).counts["unchanged"] == 2
    done = later.replace(
        "in_progress,2026-01-02T15:00:00,", "resolved,2026-01-02T15:00:00,2026-01-05T09:00:00"
    )
    again(done, "2026-01-06T12:00:00Z")
    assert record(git_repo)["state"] == "resolved"
    assert record(git_repo)["timeline"][-1] == {
        "at": "2026-01-05T09:00:00Z",
        "by": "importer",
        "state": "resolved",
    }
    times = [e["at"] for e in record(git_repo)["timeline"]]
    assert all(a <= b for a, b in pairwise(times))
    assert findings(git_repo, base) == []


def test_the_team_of_each_time_is_replayed(git_repo, again) -> None:
    again(FIRST, NOON)
    again(FIRST.replace("ops,ann", "net,ann"), EVENING)
    changes = replay_of(record(git_repo)).values
    assert [(c.field, c.was, c.value) for c in changes] == [("assigned_team", "ops", "net")]


def test_what_somebody_wrote_still_stops_a_second_history(git_repo, again, run) -> None:
    again(FIRST, NOON)
    path = git_repo.root / git_repo.repo.locate(git_repo.repo.store().aliases["T1"])
    path.write_text(path.read_text() + f"- at: {EVENING}\n  by: ada\n  note: Called back.\n")
    report = again(FIRST.replace("high", "low"), NIGHT)
    assert [k.fields for k in report.kept] == [("impact", "timeline")]


def test_a_log_tells_its_own_changes_and_nothing_twice(git_repo, again) -> None:
    lines = EVENTS.splitlines(True)
    again("".join(lines[:3]), NOON, MAPPING)
    again(EVENTS, EVENING, MAPPING)
    told = [
        e for e in record(git_repo, "INC1")["timeline"] if str(e.get("reason", "")).startswith("imported")
    ]
    assert [sorted(e.get("set", {})) + sorted(e.get("was", {})) for e in told] == []


def test_a_record_that_was_archived_stays_archived(git_repo, again) -> None:
    again(FIRST, NOON)
    path = git_repo.root / git_repo.repo.locate(git_repo.repo.store().aliases["T1"])
    path.unlink()
    git_repo.write(list_of(2026), f"commit {git_repo.git('rev-parse', 'HEAD').strip()}\n{path.stem}\n")
    report = again(FIRST.replace("low,ops", "high,ops"), EVENING)
    assert not path.exists()
    assert (report.counts["unchanged"], report.counts["updated"], report.counts["created"]) == (1, 1, 0)
    assert [n.value for n in report.notes if "archived" in n.reason] == ["T1"]
