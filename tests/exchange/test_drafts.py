"""Nothing is written that the check refuses: drafts are judged, and rows that do not fit are set aside."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from itsm_gitops.exchange import StrictRefusal, TableError, import_csv
from itsm_gitops.exchange.report import ADJUSTED, DROPPED, NOT_UNDERSTOOD
from itsm_gitops.model.errors import UsageError
from itsm_gitops.rules import check

TEAM = "id: ops\nclass: team\nname: Operations\n"
SERVICE = "id: mail\nclass: service\nname: Mail\ndescription: Mail.\nowner: ops\nlifecycle: production\ncategory: IT\n"
FIELDS = "title: title, reported_by: {value: ann}, service: {value: mail}, category: {value: IT}, impact: {value: low}, urgency: {value: low}"
INCIDENTS = f"""\
kind: incident
key: id
system: old
times: {{format: iso, time_zone: Etc/UTC}}
columns: {{{FIELDS}}}
timeline: {{opened: {{at: opened}}, state: {{value: new}}}}
"""
SERVERS = """\
kind: server
key: host
columns: {name: host, owner: {value: ops}, lifecycle: {value: production}}
"""


@pytest.fixture
def given(git_repo):
    """A repository with a team and a service, and no findings."""
    git_repo.write("cmdb/teams/ops.yaml", TEAM)
    git_repo.write("cmdb/services/mail.yaml", SERVICE)
    return git_repo


def errors(git_repo) -> list[tuple[str, str, str]]:
    return [(f.code, f.path, f.message) for f in check(git_repo.repo).findings if f.severity == "error"]


def data(git_repo, alias: str) -> dict[str, Any]:
    store = git_repo.repo.store()
    return store.data(store.aliases[alias])


def rows(path: Path) -> list[list[str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def test_a_row_without_a_field_that_its_schema_demands_is_set_aside(given, run) -> None:
    table = "id,title,opened\nT1,,2024-01-01\nT2,Mail is slow,2024-01-01\n"
    planned = run(table, INCIDENTS, dry_run=True)
    assert [(s.row, s.key, s.code) for s in planned.skipped] == [(2, "T1", "S002")]
    assert planned.skipped[0].field == "title"
    assert "'title' is missing" in planned.skipped[0].reason
    assert not (given.root / "build").exists()
    done = run(table, INCIDENTS)
    assert done.counts["created"] == 1
    assert done.quarantine == "build/quarantine/log.csv"
    found = rows(given.root / done.quarantine)
    assert found[0] == ["id", "title", "opened", "itsm_row", "itsm_field", "itsm_rule", "itsm_reason"]
    assert found[1][:6] == ["T1", "", "2024-01-01", "2", "title", "S002"]
    assert errors(given) == []


def test_a_row_that_was_set_aside_can_be_corrected_and_imported(given, run) -> None:
    run("id,title,opened\nT1,,2024-01-01\n", INCIDENTS)
    aside = given.root / "build/quarantine/log.csv"
    corrected = aside.read_text().replace("T1,,", "T1,Mail is slow,")
    report = run(corrected, INCIDENTS)
    assert (report.counts["created"], report.notes) == (1, [])
    assert not aside.exists()


def test_a_corrected_file_is_not_replaced_by_what_still_does_not_fit(given, run, mapping) -> None:
    run("id,title,opened\nT1,,2024-01-01\nT2,,2024-01-01\n", INCIDENTS)
    aside = given.root / "build/quarantine/log.csv"
    corrected = aside.read_text().replace("T1,,", "T1,Mail is slow,")
    aside.write_text(corrected)
    report = import_csv(given.repo, aside, mapping(INCIDENTS))
    assert (report.counts["created"], report.quarantine) == (1, "build/quarantine/log-again.csv")
    assert aside.read_text() == corrected
    assert len(rows(given.root / report.quarantine)) == 2


def test_a_file_with_something_else_is_not_overwritten(given, table, mapping) -> None:
    notes = given.write("notes.txt", "mine")
    with pytest.raises(UsageError, match="holds something else"):
        import_csv(given.repo, table("host\n"), mapping(SERVERS), quarantine=notes)
    with pytest.raises(UsageError, match="is the table itself"):
        import_csv(given.repo, (t := table("host\n")), mapping(SERVERS), quarantine=t)


def test_with_strict_nothing_is_written_where_a_row_does_not_fit(given, run) -> None:
    with pytest.raises(StrictRefusal, match="1 of 2 rows"):
        run("id,title,opened\nT1,,2024-01-01\nT2,Slow,2024-01-01\n", INCIDENTS, strict=True)
    assert given.repo.store().aliases == {}


@pytest.mark.parametrize("folder", ["records", "cmdb/teams", "schemas", ".git"])
def test_rows_are_never_set_aside_among_documents(given, table, mapping, folder: str) -> None:
    with pytest.raises(UsageError, match="lies in"):
        import_csv(given.repo, table("a\n"), mapping(SERVERS), quarantine=given.root / folder / "x.csv")


def test_an_illegal_step_is_set_aside_unless_the_record_is_history(given, run) -> None:
    rules = INCIDENTS.replace(
        "state: {value: new}", "state: {column: state}, steps: [{state: closed, at: closed}]"
    )
    table = "id,title,opened,state,closed\nT1,Old,2016-01-01,closed,2016-01-02\nT2,New,2026-02-01,closed,2026-02-02\n"
    report = run(table, rules)
    assert [(s.key, s.code) for s in report.skipped] == [("T2", "W006")]
    assert data(given, "T1")["state"] == "closed"
    assert errors(given) == []
    assert check(given.repo).history == 1


def test_steps_can_be_filled_in(given, run) -> None:
    rules = INCIDENTS.replace(
        "state: {value: new}",
        "state: {column: state}, fill_steps: true, steps: [{state: closed, at: closed}]",
    ).replace(
        FIELDS,
        FIELDS
        + ", resolution_code: {value: other}, resolution_notes: {value: Done.}, closure_category: {value: IT}",
    )
    report = run("id,title,opened,state,closed\nT2,New,2026-02-01,closed,2026-02-02\n", rules)
    assert report.counts["created"] == 1
    assert [e["state"] for e in data(given, "T2")["timeline"]] == ["new", "resolved", "closed"]
    assert errors(given) == []


LINKED = SERVERS + "links: [{column: on, type: runs_on}]\n"


def targets(git_repo, identifier: str) -> list[str]:
    return [link["target"] for link in git_repo.repo.store().data(identifier).get("links", [])]


def test_links_lead_forward_backward_and_to_what_is_there(given, run) -> None:
    given.write(
        "cmdb/servers/old-host.yaml",
        "id: old-host\nclass: server\nname: Old\nowner: ops\nlifecycle: production\naliases: [H-7]\n",
    )
    table = "host,on\na,b\nb,\nc,a\nd,old-host\ne,H-7\n"
    report = run(table, LINKED)
    assert [targets(given, i) for i in "abcde"] == [["b"], [], ["a"], ["old-host"], ["old-host"]]
    assert report.notes == []
    assert errors(given) == []
    assert run(table, LINKED).counts["unchanged"] == 5


def test_a_link_that_a_rule_is_against_is_left_out_and_told(given, run) -> None:
    table = "host,on\na,mail\nb,b\nc,nothing\nd,e\ne,d\nf,ops\n"
    report = run(table, LINKED)
    assert report.counts["created"] == 6
    assert errors(given) == []
    reasons = {n.value: n.reason for n in report.notes if n.outcome == NOT_UNDERSTOOD}
    assert "K004" in reasons["b"]
    assert "nothing has this identifier" in reasons["nothing"]
    assert "K008" in reasons["e"]
    assert "K002" in reasons["ops"]
    assert targets(given, "e") == ["d"]
    assert run(table, LINKED).counts["unchanged"] == 6


def test_several_numbers_in_a_cell_and_in_columns_of_one_name(given, run) -> None:
    rules = INCIDENTS + "links: [{column: other, type: relates_to, separator: ';'}]\n"
    table = "id,title,opened,other,other\nT1,a,2024-01-01,T2; T3,T4\nT2,b,2024-01-01,,\nT3,c,2024-01-01,,T9\nT4,d,2024-01-01,,\n"
    run(table, rules)
    store = given.repo.store()
    assert targets(given, store.aliases["T1"]) == [store.aliases[t] for t in ("T2", "T3", "T4")]
    assert data(given, "T3")["external_refs"] == [{"system": "old", "id": "T9"}]
    assert run(table, rules).counts["unchanged"] == 4


def test_numbers_in_one_cell_are_told_apart_where_all_are_known(given, run) -> None:
    rules = INCIDENTS + "links: [{column: other, type: relates_to}]\n"
    run('id,title,opened,other\nT1,a,2024-01-01,"T2,T3"\nT2,b,2024-01-01,\nT3,c,2024-01-01,\n', rules)
    store = given.repo.store()
    assert targets(given, store.aliases["T1"]) == [store.aliases["T2"], store.aliases["T3"]]


def test_a_symmetric_link_is_stored_once(given, run) -> None:
    rules = INCIDENTS + "links: [{column: other, type: relates_to}]\n"
    table = "id,title,opened,other\nT1,a,2024-01-01,T2\nT2,b,2024-01-01,T1\n"
    run(table, rules)
    assert sum(len(data(given, t).get("links", [])) for t in ("T1", "T2")) == 1
    assert errors(given) == []
    assert run(table, rules).counts["unchanged"] == 2


def test_an_inverse_word_stores_the_link_on_the_other_side(given, run) -> None:
    rules = SERVERS + "links: [{column: runs, type: runs}]\n"
    given.write(
        "cmdb/applications/app.yaml",
        "id: app\nclass: application\nname: App  # ours\nowner: ops\nlifecycle: production\n",
    )
    table = "host,runs\na,\nb,a\nc,app\n"
    report = run(table, rules)
    assert (targets(given, "a"), targets(given, "app"), report.linked) == (["b"], ["c"], ["app"])
    assert "# ours" in (given.root / "cmdb/applications/app.yaml").read_text()
    again = run(table, rules)
    assert (again.counts["unchanged"], again.written) == (3, False)


def test_a_link_to_a_row_that_was_left_out_becomes_a_reference(given, run) -> None:
    rules = INCIDENTS + "links: [{column: other, type: relates_to}]\n"
    report = run("id,title,opened,other\nT1,a,2024-01-01,T2\nT2,,2024-01-01,\n", rules)
    assert data(given, "T1")["external_refs"] == [{"system": "old", "id": "T2"}]
    assert any("row 3, which it names, was left out" in n.reason for n in report.notes)
    both = "id,title,opened,other\nT1,a,2024-01-01,T2\nT2,b,2024-01-01,\n"
    run(both, rules, update=True)
    assert "external_refs" not in data(given, "T1")
    assert len(data(given, "T1")["links"]) == 1


RELATIONS = (
    "relations: {from: parent, type: {column: word, map: {Hosts: runs, Needs: depends_on}}, to: child}\n"
)


def test_a_table_whose_rows_are_links(given, run) -> None:
    run("host,on\na,\nb,\nc,\n", LINKED)
    table = (
        "parent,word,child\na,Hosts,b\nc,Needs,a\na,Hosts,b\nc,Likes,a\nx,Needs,a\na,Needs,a\nops,Needs,a\n"
    )
    report = run(table, RELATIONS)
    assert (targets(given, "b"), targets(given, "c")) == (["a"], ["a"])
    assert dict(report.results) == {"updated": 2, "unchanged": 1, "skipped": 4}
    assert [(s.row, s.code) for s in report.skipped] == [(5, ""), (6, ""), (7, "K004"), (8, "K002")]
    assert errors(given) == []
    again = run(table, RELATIONS)
    assert (again.results["unchanged"], again.results["updated"]) == (3, 0)


def test_a_reference_field_takes_old_names_and_leaves_out_what_is_not_there(given, run) -> None:
    run("host,on\nweb,\n", LINKED)
    given.write(
        "cmdb/servers/db.yaml",
        "id: db\nclass: server\nname: DB\nowner: ops\nlifecycle: production\naliases: [DB-7]\n",
    )
    rules = INCIDENTS.replace(FIELDS, FIELDS + ', cis: {column: items, separator: ","}')
    report = run('id,title,opened,items\nT1,a,2024-01-01,"web,DB-7,ghost,ops,No such"\n', rules)
    assert data(given, "T1")["cis"] == ["web", "db"]
    assert {n.value for n in report.notes if n.outcome == NOT_UNDERSTOOD} == {"ghost", "ops", "No such"}
    assert errors(given) == []


def test_a_row_goes_where_a_demanded_reference_leads_nowhere(given, run) -> None:
    rules = INCIDENTS.replace("service: {value: mail}", "service: svc")
    report = run("id,title,opened,svc\nT1,a,2024-01-01,mail\nT2,b,2024-01-01,fax\n", rules)
    assert [(s.key, s.code, s.field) for s in report.skipped] == [("T2", "K001", "service")]


def test_items_that_come_along_are_fitted_or_not_made(given, run) -> None:
    rules = INCIDENTS.replace(FIELDS, FIELDS + ", cis: {column: item, slug: true, ensure: application}")
    table = f"id,title,opened,item\nT1,a,2024-01-01,{'Gateway ' * 40}\n"
    report = run(table, rules + "items: {application: {owner: ops, lifecycle: production}}\n")
    assert len(report.items) == 1
    assert any(n.outcome == ADJUSTED and n.column == "application.name" for n in report.notes)
    assert errors(given) == []
    without = run(table.replace("T1", "T2").replace("Gateway", "Bridge"), rules)
    assert (without.items, without.counts["created"]) == ([], 1)
    assert any("cannot be made" in n.reason for n in without.notes)
    assert errors(given) == []


def test_two_rows_with_one_key_are_a_finding(given, run) -> None:
    report = run("host\nbox\nbox\nother\n", SERVERS)
    assert [(s.row, s.key) for s in report.skipped] == [(2, "box"), (3, "box")]
    assert dict(report.results) == {"created": 1, "skipped": 2}
    assert not (given.root / "cmdb/servers/box.yaml").exists()


def test_a_row_with_too_many_cells_is_set_aside_with_all_of_them(given, run) -> None:
    report = run("host\nbox\na,b\n", SERVERS)
    assert [(s.row, s.reason) for s in report.skipped] == [(3, "has 2 cells, but there are 1 columns")]
    found = rows(given.root / report.quarantine)[1]
    assert found[:5] == ["a", "3", "", "", "has 2 cells, but there are 1 columns"]
    assert found[-1] == "b"


def test_a_text_where_a_mapping_belongs_is_not_taken(given, run) -> None:
    rules = INCIDENTS.replace(FIELDS, FIELDS + ", major: big, watchers: who")
    report = run("id,title,opened,big,who\nT1,a,2024-01-01,yes,ann\n", rules)
    assert "major" not in data(given, "T1")
    assert data(given, "T1")["watchers"] == ["ann"]
    assert any("the field is a mapping" in n.reason for n in report.notes)


def test_counts_add_up_or_the_import_stops(given, run) -> None:
    report = run("host\na\nb\n", SERVERS)
    report.results["created"] += 1
    with pytest.raises(RuntimeError, match="add up to 3"):
        report.close()


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b'{"issues": [{"id": 1}]}', "JSON"),
        (b'[\n  {"id": 1}\n]', "JSON"),
        (b"PK\x03\x04rest", "Excel"),
        (b"<html><table>", "HTML"),
        (b"%PDF-1.7", "PDF"),
    ],
)
def test_a_file_that_is_no_table_is_called_what_it_is(given, run, content: bytes, name: str) -> None:
    with pytest.raises(TableError, match=name):
        run(content, SERVERS)


def test_a_heading_that_the_mapping_replaces_is_no_row(given, run) -> None:
    rules = SERVERS + "source: {header: [host, x2]}\n"
    report = run("host,host\nweb,1\n", rules)
    assert (report.rows, report.counts["created"]) == (1, 1)
    assert any(n.outcome == DROPPED and "headings" in n.reason for n in report.notes)
    told = run("name,more\nweb,1\n", rules.replace("x2]", "x2], header_row: true"))
    assert told.counts["unchanged"] == 1
    assert run("host,x2\nweb,1\n", rules.replace("x2]", "x2], header_row: false")).rows == 2
