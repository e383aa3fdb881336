from __future__ import annotations

from typing import Any

import pytest

from itsm_gitops import documents
from itsm_gitops.exchange import TableError
from itsm_gitops.exchange.report import (
    ADJUSTED,
    DEFAULTED,
    DROPPED,
    NOT_UNDERSTOOD,
    SUPERSEDED,
    ImportReport,
    Tally,
)
from itsm_gitops.model import ids
from itsm_gitops.model.errors import NotFound
from tests.exchange.samples import EVENTS, MAPPING


def stored(git_repo, alias: str) -> dict[str, Any]:
    store = git_repo.repo.store()
    return store.data(store.aliases[alias])


def path_of(git_repo, alias: str):
    return git_repo.root / git_repo.repo.locate(alias)


def tree(git_repo) -> dict[str, bytes]:
    folders = [git_repo.root / name for name in ("records", "cmdb")]
    return {str(p): p.read_bytes() for f in folders if f.is_dir() for p in sorted(f.rglob("*.yaml"))}


def notes(report: ImportReport, outcome: str) -> set[tuple[str, str, int]]:
    return {(n.column, n.value, n.times) for n in report.notes if n.outcome == outcome}


def test_events_fold_into_a_timeline(git_repo, run) -> None:
    run()
    data = stored(git_repo, "INC1")
    assert data["timeline"] == [
        {"at": "2024-03-01T08:00:00Z", "by": "opener", "state": "new"},
        {"at": "2024-03-01T09:00:00Z", "by": "ann", "state": "in_progress"},
        {
            "at": "2024-03-01T10:00:00Z",
            "by": "ben",
            "set": {"assigned_team": "group-9"},
            "was": {"assigned_team": "group-56"},
        },
        {"at": "2024-03-01T11:00:00Z", "by": "ben", "state": "on_hold", "note": "Awaiting Vendor"},
        {"at": "2024-03-01T12:00:00Z", "by": "ben", "note": "Awaiting Caller"},
        {
            "at": "2024-03-02T08:00:00Z",
            "by": "ann",
            "state": "closed",
            "set": {"priority_override.priority": "P2"},  # what the matrix does not say by then
        },
    ]
    assert data["state"] == "closed"


def test_fields_come_from_the_last_row(git_repo, run) -> None:
    run()
    data = stored(git_repo, "INC1")
    assert (data["title"], data["reported_by"], data["assigned_team"]) == (
        "Problem of Caller 7",
        "caller-7",
        "group-9",
    )
    assert data["x"] == {"old": {"group": "Group 9"}}
    assert data["resolution_code"] == "other"
    assert data["aliases"] == ["INC1"]
    assert list(data) == [k for k in git_repo.repo.book.kind("incident").keys if k in data]


def test_a_field_is_left_out_where_its_state_is_not_reached(git_repo, run) -> None:
    run()
    assert "resolution_code" not in stored(git_repo, "INC2")


def test_what_is_missing_or_unknown_is_reported(git_repo, run) -> None:
    report = run()
    data = stored(git_repo, "INC2")
    assert (data["reported_by"], data["urgency"], data["state"]) == ("nobody", "low", "new")
    assert data["timeline"][0]["by"] == "importer"
    assert "assigned_team" not in data
    assert notes(report, NOT_UNDERSTOOD) == {("state", "-100", 1)}
    assert notes(report, DEFAULTED) == {("caller", "", 1), ("urgency", "", 1)}
    assert notes(report, DROPPED) == {("oddity", "(every value)", 7)}
    assert notes(report, SUPERSEDED) == {("priority", "3 - Moderate", 1)}


def test_a_priority_is_stored_only_where_the_matrix_says_another(git_repo, run) -> None:
    run()
    assert stored(git_repo, "INC1")["priority_override"] == {
        "priority": "P2",
        "by": "importer",
        "reason": "imported from servicenow",
    }
    run(EVENTS.replace("INC1", "INC3").replace("2 - High", "3 - Moderate"))
    data = stored(git_repo, "INC3")
    assert "priority_override" not in data
    assert "priority" not in data


def test_a_number_becomes_a_link_where_it_is_known_and_a_reference_where_not(git_repo, run) -> None:
    run()
    assert stored(git_repo, "INC1")["external_refs"] == [{"system": "servicenow", "id": "PRB1"}]
    report = run(
        "number,state,who,when,opened,by,caller,group,impact,urgency,priority,problem,oddity\n"
        "INC4,New,Ann,1/3/2024 08:05,1/3/2024 08:00,O,C,G,1 - High,?,?,INC1,\n"
    )
    assert stored(git_repo, "INC4")["links"] == [
        {"type": "caused_by", "target": git_repo.repo.store().aliases["INC1"]}
    ]
    assert report.counts["created"] == 1


def test_items_that_records_need_are_created_once(git_repo, run) -> None:
    report = run()
    assert report.items == ["importers", "it", "group-9"]
    store = git_repo.repo.store()
    assert store.data("group-9") == {
        "id": "group-9",
        "class": "team",
        "name": "Group 9",
        "description": "Was Group 9, is group-9.",
    }


def test_an_item_that_exists_is_left_alone(git_repo, run) -> None:
    mine = git_repo.write("cmdb/teams/group-9.yaml", "id: group-9\nclass: team\nname: Mine\n")
    assert "group-9" not in run().items
    assert "Mine" in mine.read_text()


def test_an_item_with_the_name_of_another_class_gets_a_name_of_its_own(git_repo, run) -> None:
    git_repo.write("cmdb/people/group-9.yaml", "id: group-9\nclass: person\nname: Nine\n")
    report = run()
    team = stored(git_repo, "INC1")["assigned_team"]
    assert team == f"group-9-{ids.fingerprint('group 9')}"
    assert git_repo.repo.store().entries[team].kind == "team"
    assert any("has the plain identifier already" in n.reason for n in report.notes)
    assert run().counts["unchanged"] == 2


def test_identifiers_are_the_same_every_time(git_repo, run) -> None:
    report = run()
    assert report.created == [
        f"INC-240301-{ids.derive('INC', _moment(8, 0), 'INC1')[-5:]}",
        f"INC-240301-{ids.derive('INC', _moment(8, 10), 'INC2')[-5:]}",
    ]


def _moment(hour: int, minute: int):
    from datetime import UTC, datetime

    return datetime(2024, 3, 1, hour, minute, tzinfo=UTC)


def test_importing_twice_changes_nothing(git_repo, run) -> None:
    run()
    git_repo.commit("import")
    before = {p: (c, (git_repo.root / p).stat().st_mtime_ns) for p, c in tree(git_repo).items()}
    report = run()
    assert report.counts == {"created": 0, "updated": 0, "unchanged": 2, "kept": 0, "skipped": 0, "items": 0}
    assert not report.written
    assert git_repo.git("status", "--porcelain") == ""
    assert {p: (c, (git_repo.root / p).stat().st_mtime_ns) for p, c in tree(git_repo).items()} == before


def test_a_dry_run_reports_the_same_and_writes_nothing(git_repo, run) -> None:
    planned = run(dry_run=True)
    assert tree(git_repo) == {}
    done = run()
    assert (planned.created, planned.items, planned.notes) == (done.created, done.items, done.notes)


def test_a_comment_or_other_layout_is_no_difference(git_repo, run) -> None:
    run()
    path = path_of(git_repo, "INC1")
    path.write_text("# looked at\n" + path.read_text().replace("closed\n", "'closed'\n"))
    assert run().counts["unchanged"] == 2


def test_a_record_that_was_edited_is_kept(git_repo, run) -> None:
    run()
    path = path_of(git_repo, "INC1")
    path.write_text(path.read_text().replace("title: Problem of Caller 7", "title: Printer on fire  # Ada"))
    edited = path.read_bytes()
    report = run()
    assert [k.fields for k in report.kept] == [("title",)]
    assert path.read_bytes() == edited


def test_update_takes_over_what_differs_and_keeps_the_rest(git_repo, run) -> None:
    run(EVENTS.replace(next(line for line in EVENTS.splitlines(True) if "Closed" in line), ""))
    path = path_of(git_repo, "INC1")
    text = path.read_text().replace("state: on_hold", "state: on_hold  # waiting", 1)
    path.write_text(text.replace("aliases:", "labels:\n  floor: '3'\naliases:"))
    assert set(run().kept[0].fields) == {
        "timeline",
        "state",
        "external_refs",
        "resolution_code",
        "priority_override",
        "on_hold_reason",
    }
    report = run(update=True)
    assert report.updated == [path.stem]
    assert "# waiting" in path.read_text()
    data = stored(git_repo, "INC1")
    assert (data["state"], data["timeline"][-2]["state"], data["labels"]) == (
        "closed",
        "closed",
        {"floor": "3"},
    )
    assert data["timeline"][-1]["was"] == {
        "on_hold_reason": "awaiting_caller"
    }  # what the step cleared is kept
    assert run().counts["unchanged"] == 2


def test_update_never_rewrites_a_timeline(git_repo, run) -> None:
    run()
    path = path_of(git_repo, "INC1")
    path.write_text(path.read_text() + "- at: 2024-03-03T08:00:00Z\n  by: ada\n  note: Called back.\n")
    edited = path.read_bytes()
    report = run(update=True)
    assert [k.fields for k in report.kept] == [("timeline",)]
    assert path.read_bytes() == edited


def test_colliding_identifiers_get_the_next_one(git_repo, run, monkeypatch) -> None:
    derive = ids.derive
    monkeypatch.setattr(
        ids,
        "derive",
        lambda prefix, opened, source, attempt=0: derive(prefix, _moment(0, 0), "same", attempt),
    )
    report = run()
    assert len(set(report.created)) == 2
    assert run().counts["unchanged"] == 2
    swapped = EVENTS.splitlines(keepends=True)
    report = run("".join([swapped[0], swapped[-1], *swapped[1:-1]]))
    assert report.counts["unchanged"] == 2


def test_a_record_that_is_taken_by_an_unreadable_file_is_skipped(git_repo, run) -> None:
    run()
    path = path_of(git_repo, "INC1")
    path.write_text("id: [")
    report = run()
    assert [(s.key, s.row) for s in report.skipped] == [("INC1", row) for row in range(2, 8)]
    assert "cannot be read" in report.skipped[0].reason
    assert path.read_text() == "id: ["


def test_an_alias_of_another_kind_is_skipped(git_repo, run) -> None:
    git_repo.write("cmdb/people/ann.yaml", "id: ann\nclass: person\nname: Ann\naliases: [INC1]\n")
    report = run()
    assert {s.reason for s in report.skipped} == {"ann is a person already"}


def test_rows_of_one_record_must_be_together(git_repo, run) -> None:
    lines = EVENTS.splitlines(keepends=True)
    before = tree(git_repo)
    with pytest.raises(TableError) as caught:
        run("".join([*lines, lines[1]]))
    assert "row 9: 'INC1' is back, having begun in row 2" in caught.value.message
    assert "sort the table by 'number'" in caught.value.hint
    assert tree(git_repo) == before


def test_rows_without_key_or_opening_are_skipped(git_repo, run) -> None:
    head, *rest = EVENTS.splitlines(keepends=True)
    report = run(head + rest[0].replace("INC1", " ? ") + rest[-1].replace("1/3/2024", "32/3/2024"))
    assert [(s.key, s.row, s.reason) for s in report.skipped] == [
        ("", 2, "no value in the key column 'number'"),
        ("INC2", 3, "'opened' is not a time in the format named"),
    ]
    assert ("opened", "32/3/2024 08:10", 1) in notes(report, NOT_UNDERSTOOD)


def test_an_event_without_time_takes_the_one_before(git_repo, run) -> None:
    report = run(EVENTS.replace("1/3/2024 10:00", "?"))
    assert stored(git_repo, "INC1")["timeline"][2]["at"] == "2024-03-01T09:00:00Z"
    assert notes(report, ADJUSTED) == {("when", "", 1)}


def test_times_that_the_clock_skipped_or_showed_twice_are_counted(git_repo, run) -> None:
    report = run(
        EVENTS.replace("1/3/2024 09:00", "31/3/2024 01:30")
        .replace("1/3/2024 10:00", "27/10/2024 01:30")
        .replace("-100", "Active")
    )
    doubtful = {(n.column, n.value, n.times) for n in report.notes if "clock" in n.reason}
    assert doubtful == {("when", "31/3/2024 01:30", 1), ("when", "27/10/2024 01:30", 1)}


def test_a_missing_column_stops_before_anything_is_written(git_repo, run) -> None:
    with pytest.raises(NotFound) as caught:
        run(EVENTS.replace("caller,", "callr,", 1))
    assert caught.value.message == "log.csv has no column 'caller'"
    assert caught.value.hint == "did you mean callr?"
    assert tree(git_repo) == {}


ONE_ROW = """\
kind: request
key: nr
times: {format: iso, time_zone: Europe/Berlin}
columns:
  title: subject
  requested_by: {column: from, regex: "<([^@>]+)@", slug: true, default: someone}
  offering: {value: laptop}
timeline:
  opened: {at: opened, by: {column: from, regex: "<([^@>]+)@", slug: true}}
  state: {column: state, map: {Open: in_fulfilment, Waiting: awaiting_approval, Done: closed, Junk: null}}
  steps:
    - {state: in_fulfilment, at: taken, by: {column: agent, slug: true}}
    - {state: fulfilled, at: done, by: {column: agent, slug: true}}
    - {state: closed, at: closed}
"""
ROWS = """\
nr,subject,from,state,opened,taken,agent,done,closed
7,"Two
lines",Ann Lee <ann.lee@example.org>,Done,2024-03-01 08:00,2024-03-01 09:00,Bob,2024-03-01 10:00,2024-03-08
8,=CMD(),nobody,Waiting,2024-03-01 08:00,,,,
9,Junk,x <x@y>,Junk,2024-03-01 08:00,,,,
"""


LAPTOP = "id: laptop\nclass: offering\nname: Laptop\nowner: it\ncategory: IT\nservice: it\nform: {}\n"


def test_a_table_with_one_row_for_each_record(git_repo, run) -> None:
    git_repo.write("cmdb/offerings/laptop.yaml", LAPTOP)
    report = run(ROWS, ONE_ROW)
    first, second, third = (stored(git_repo, n) for n in "789")
    assert first["timeline"] == [
        {"at": "2024-03-01T07:00:00Z", "by": "ann-lee", "state": "submitted"},
        {"at": "2024-03-01T08:00:00Z", "by": "bob", "state": "in_fulfilment"},
        {"at": "2024-03-01T09:00:00Z", "by": "bob", "state": "fulfilled"},
        {"at": "2024-03-07T23:00:00Z", "by": "import", "state": "closed"},
    ]
    assert first["title"] == "Two lines"
    assert second["timeline"][-1] == {
        "at": "2024-03-01T07:00:00Z",
        "by": "import",
        "state": "awaiting_approval",
        "note": "Waiting",
    }
    assert (second["title"], second["requested_by"]) == ("=CMD()", "someone")
    assert third["state"] == "submitted"
    assert [e["state"] for e in third["timeline"]] == ["submitted"]
    assert ("state", "Waiting", 1) in notes(report, ADJUSTED)
    assert ("from", "nobody", 2) in notes(report, NOT_UNDERSTOOD)
    assert not any(n.value == "Junk" for n in report.notes)


SERVERS = """\
kind: server
key: host
times: {format: "%m/%d/%Y", time_zone: America/New_York}
source: {delimiter: ";"}
columns:
  name: host
  owner: {column: team, slug: true, ensure: team}
  lifecycle: {column: status, map: {live: production, old: retired}, default: planned}
  description: notes
  x.bought: {column: bought, type: date}
  x.cores: {column: cores, type: integer}
  x.load: {column: load, type: number}
  x.virtual: {column: virtual, type: boolean}
  x.tags: {column: tags, type: list, separator: ","}
"""
HOSTS = """\
host;team;status;notes;bought;cores;load;virtual;tags
Web 01;Platform;live;"a\r\nb";12/31/2023;8;0.5;yes;"x, y,x"
web-01;Platform;live;;;;;;
DB 01;plat form;broken;\x07bell;31/12/2023;many;nan;perhaps;
"""


def test_cmdb_items_from_a_table(git_repo, run) -> None:
    report = run(HOSTS, SERVERS)
    store = git_repo.repo.store()
    web, db = store.data("web-01"), store.data("db-01")
    assert web["x"] == {"bought": "2023-12-31", "cores": 8, "load": 0.5, "virtual": True, "tags": ["x", "y"]}
    assert (web["name"], web["lifecycle"], web["description"]) == ("Web 01", "production", "a\nb")
    assert web["aliases"] == ["Web 01"]
    assert "x" not in db
    assert (db["owner"], db["lifecycle"], db["description"]) == ("plat-form", "planned", "bell")
    assert [(s.key, s.reason) for s in report.skipped] == [
        ("web-01", "the alias 'web-01' already belongs to web-01 (I007)")
    ]
    assert {c for c, _, _ in notes(report, NOT_UNDERSTOOD)} == {
        "bought",
        "cores",
        "load",
        "virtual",
        "status",
    }
    assert notes(report, ADJUSTED) == {("notes", "\x07bell", 1), ("host", "web-01", 1)}
    assert report.items == ["platform", "plat-form"]
    assert run(HOSTS, SERVERS).counts["unchanged"] == 2


def test_two_names_with_one_identifier_are_reported(git_repo, run) -> None:
    report = run(HOSTS.replace("plat form", "PLATFORM!"), SERVERS)
    assert ("team", "PLATFORM!", 1) in notes(report, ADJUSTED)


def test_values_are_fitted_to_the_schema(git_repo, run) -> None:
    rules = MAPPING.replace("x.old.group: group", "origin: group\n  location: caller")
    report = run(EVENTS.replace("Caller 7", "L" * 500), rules)
    data = stored(git_repo, "INC1")
    assert "origin" not in data
    assert len(data["location"]) == 120
    assert any(n.reason.startswith("not one of phone, email") for n in report.notes)
    assert any(n.reason == "shortened to 120 characters" for n in report.notes)


def test_a_formula_mark_of_our_own_export_is_taken_off(git_repo, run) -> None:
    git_repo.write("cmdb/offerings/laptop.yaml", LAPTOP)
    run(ROWS.replace("=CMD()", "'=CMD()"), ONE_ROW + "source: {escaped: true}\n")
    assert stored(git_repo, "8")["title"] == "=CMD()"


def test_an_apostrophe_of_another_tool_stays(git_repo, run) -> None:
    git_repo.write("cmdb/offerings/laptop.yaml", LAPTOP)
    run(ROWS.replace("=CMD()", "'-f' breaks tar"), ONE_ROW)
    assert stored(git_repo, "8")["title"] == "'-f' breaks tar"


def test_the_tally_is_bounded() -> None:
    tally = Tally()
    for row in range(1000):
        tally.add("c", ADJUSTED, "why", f"value {row}", row)
    found = tally.notes()
    assert len(found) == 51
    assert sum(n.times for n in found) == 1000
    assert max(found, key=lambda n: n.times).value == "(other values)"


def test_the_report_as_data_and_as_markdown(git_repo, run) -> None:
    report = run(EVENTS.replace("-100", "<b>|*x*"))
    data = report.to_dict()
    assert (data["format"], data["version"], data["rows"]) == ("itsm-gitops/import-report", 1, 7)
    assert data["counts"]["created"] == len(data["created"]) == 2
    assert {
        "column": "state",
        "outcome": NOT_UNDERSTOOD,
        "reason": "not in the map",
        "value": "<b>|*x*",
        "times": 1,
        "rows": [4],
    } in data["values"]
    text = report.to_markdown()
    assert "| state | &lt;b&gt;\\|\\*x\\* | 1 | not in the map | 4 |" in text
    assert "| created | 2 |" in text
    edited = path_of(git_repo, "INC1")
    edited.write_text(edited.read_text().replace("category: imported", "category: other"))
    again = run(EVENTS.replace("-100", "<b>").replace("INC2", " "))
    assert "## Kept as they are" in again.to_markdown()
    assert "## Skipped" in again.to_markdown()


def test_progress_is_told(git_repo, table, mapping) -> None:
    from itsm_gitops.exchange import import_csv

    told: list[int] = []
    head, first = EVENTS.splitlines()[:2]
    rows = [first.replace("INC1", f"INC{n}") for n in range(2500)]
    import_csv(git_repo.repo, table("\n".join([head, *rows])), mapping(), True, progress=told.append)
    assert told == [1000, 2000]


def test_documents_written_are_canonical(git_repo, run) -> None:
    run()
    for path, content in tree(git_repo).items():
        kind = git_repo.repo.book.kind_at(path.removeprefix(f"{git_repo.root}/"))
        assert documents.dump(documents.load(content).data, kind.keys).encode() == content
