"""Order of events, formats of times, comments, names, and what an update takes away."""

from __future__ import annotations

from typing import Any

import pytest

from itsm_gitops.exchange import TableError
from itsm_gitops.exchange.report import ADJUSTED, DROPPED, RETAINED
from itsm_gitops.model.errors import ItsmError, Refused
from itsm_gitops.rules import check
from tests.exchange.test_drafts import FIELDS, SERVERS, data, errors, given

__all__ = ["given"]

END = (
    "resolution_code: {value: other, states: [resolved, closed]}, "
    "resolution_notes: {value: Done., states: [resolved, closed]}, "
    "closure_category: {value: IT, states: [closed]}, assigned_team: {value: ops}"
)
LOG = f"""\
kind: incident
key: id
times: {{format: iso, time_zone: Etc/UTC}}
columns: {{{FIELDS.replace("title: title", "title: {value: Slow}")}, {END}}}
timeline:
  opened: {{at: opened}}
  state: {{column: state, map: {{New: new, Active: in_progress, Done: resolved, Closed: closed}}}}
  events: {{at: at, by: {{column: who, slug: true}}}}
"""
ROWS = """\
T1,New,2024-02-01T08:00,2024-02-01T08:00,ann
T1,Active,2024-02-01T08:00,2024-02-01T09:00,ann
T1,Done,2024-02-01T08:00,2024-02-02T10:00,ben
T1,Closed,2024-02-01T08:00,2024-02-05T12:00,cat
"""
HEAD = "id,state,opened,at,who\n"


def states(git_repo, alias: str) -> list[str]:
    return [e["state"] for e in data(git_repo, alias)["timeline"] if "state" in e]


def test_a_log_that_is_newest_first_is_turned(given, run) -> None:
    lines = ROWS.splitlines(keepends=True)
    run(HEAD + "".join(reversed(lines)), LOG)
    assert states(given, "T1") == ["new", "in_progress", "resolved", "closed"]
    assert errors(given) == []
    assert run(HEAD + "".join(lines), LOG).counts["unchanged"] == 1


def test_events_of_one_time_keep_the_order_of_the_table(given, run) -> None:
    same = ROWS.replace("2024-02-01T09:00", "2024-02-02T10:00")
    run(HEAD + "".join(reversed(same.splitlines(keepends=True))), LOG)
    assert states(given, "T1") == ["new", "in_progress", "resolved", "closed"]


def test_events_in_no_order_are_sorted_and_told(given, run) -> None:
    first, second, third, fourth = ROWS.splitlines(keepends=True)
    report = run(HEAD + first + third + second + fourth, LOG)
    assert states(given, "T1") == ["new", "in_progress", "resolved", "closed"]
    assert any("no order of time" in n.reason for n in report.notes)


def test_a_slip_of_the_clock_in_a_log_that_is_in_order_changes_no_order(given, run) -> None:
    slip = ROWS.replace("2024-02-02T10:00", "2024-02-01T08:59")
    others = "".join(ROWS.replace("T1,", f"T{n},") for n in range(2, 8))
    report = run(HEAD + slip + others, LOG)
    assert states(given, "T1") == ["new", "in_progress", "resolved", "closed"]
    assert data(given, "T1")["timeline"][2]["at"] == "2024-02-01T09:00:00Z"
    assert any("before the event above it" in n.reason for n in report.notes)
    assert errors(given) == []


def test_a_format_is_refused_where_another_one_fits_every_row(given, run) -> None:
    rules = LOG.replace("format: iso", 'format: "%d/%m/%Y %H:%M"')
    table = HEAD + "T1,New,02/03/2024 01:16,02/03/2024 01:16,a\nT2,New,03/14/2024 04:40,03/14/2024 04:40,a\n"
    with pytest.raises(TableError) as caught:
        run(table, rules)
    assert (
        "'opened' is not written as %d/%m/%Y %H:%M: 1 of 2 different values do not fit"
        in caught.value.message
    )
    assert "and %m/%d/%Y %H:%M fits every one" in caught.value.message


def test_a_column_may_have_a_format_of_its_own(given, run) -> None:
    rules = LOG.replace("time_zone: Etc/UTC", 'time_zone: Etc/UTC, columns: {at: "%d/%m/%Y %H:%M"}')
    run(HEAD + "T1,New,2024-02-01,13/02/2024 01:16,ann\nT1,Active,2024-02-01,13/02/2024 02:16,ann\n", rules)
    assert data(given, "T1")["timeline"][1]["at"] == "2024-02-13T02:16:00Z"


def test_an_opening_that_cannot_be_read_is_no_other_time(given, run) -> None:
    report = run(HEAD + "T1,New,soon,2024-02-01T08:00,ann\nT2,New,,2024-02-01T08:00,ann\n", LOG)
    assert [(s.key, s.row) for s in report.skipped] == [("T1", 2)]
    assert data(given, "T2")["timeline"][0]["at"] == "2024-02-01T08:00:00Z"
    assert any(n.outcome == ADJUSTED and "first event" in n.reason for n in report.notes)


ONE_ROW = f"""\
kind: incident
key: id
times: {{format: iso, time_zone: Etc/UTC}}
columns: {{{FIELDS}}}
timeline:
  opened: {{at: opened}}
  state: {{value: new}}
  comments:
    - COMMENTS
"""


def texts(git_repo, alias: str) -> list[tuple[str, str, str, str]]:
    return [
        (e["at"], e["by"], kind, e[kind])
        for e in data(git_repo, alias)["timeline"]
        for kind in ("note", "comment")
        if kind in e
    ]


def test_comments_of_jira_in_columns_of_one_name(given, run) -> None:
    rules = ONE_ROW.replace("COMMENTS", '{column: Comment, form: jira, time_format: "%d/%b/%y %I:%M %p"}')
    table = (
        "id,title,opened,Comment,Comment\n"
        'T1,a,2024-01-01,"03/Jan/24 9:05 AM;Ann;Second; with\n\nlines",02/Jan/24 1:00 PM;Zoë;First\n'
        "T2,b,2024-01-01,no date at all,\n"
    )
    report = run(table, rules)
    assert texts(given, "T1") == [
        ("2024-01-02T13:00:00Z", "zoe", "comment", "First"),
        ("2024-01-03T09:05:00Z", "ann", "comment", "Second; with\n\nlines"),
    ]
    assert texts(given, "T2") == [("2024-01-01T00:00:00Z", "import", "comment", "no date at all")]
    assert [n.value for n in report.notes] == ["no date at all"]
    assert run(table, rules).counts["unchanged"] == 2


def test_the_journal_of_servicenow(given, run) -> None:
    rules = ONE_ROW.replace(
        "COMMENTS", '{column: journal, form: servicenow, time_format: "%Y-%m-%d %H:%M:%S"}'
    )
    journal = (
        "2024-01-03 10:15:22 - Ann Agent (Work notes)\nChecked - twice (yes)\n\n"
        "2024-01-02 09:00:00 - Bob (Additional comments)\nIt is slow\nagain\n"
    )
    run(f'id,title,opened,journal\nT1,a,2024-01-01,"{journal}"\n', rules)
    assert texts(given, "T1") == [
        ("2024-01-02T09:00:00Z", "bob", "comment", "It is slow\nagain"),
        ("2024-01-03T10:15:22Z", "ann-agent", "note", "Checked - twice (yes)"),
    ]
    assert errors(given) == []


def test_a_wrong_format_inside_of_comments_is_refused(given, run) -> None:
    rules = ONE_ROW.replace("COMMENTS", '{column: Comment, form: jira, time_format: "%d/%m/%Y %H:%M"}')
    with pytest.raises(TableError, match="'Comment' is not written as"):
        run("id,title,opened,Comment\nT1,a,2024-01-01,01/13/2024 10:00;ann;x\n", rules)


def test_a_long_comment_is_kept_whole_in_several_entries(given, run) -> None:
    rules = ONE_ROW.replace("COMMENTS", "{column: text, as: note}")
    text = "x" * 20_000 + "y" * 120_000
    report = run(f"id,title,opened,text\nT1,a,2024-01-01,{text}\n", rules)
    assert "".join(t for *_, t in texts(given, "T1")) == text
    assert (report.notes, errors(given)) == ([], [])


def test_the_first_value_of_a_tracked_column_is_not_lost(given, run) -> None:
    rules = LOG.replace("slug: true}}", "slug: true}, track: [{column: text, label: Said}]}")
    table = 'id,state,opened,at,who,text\nT1,New,2024-02-01,2024-02-01T09:00,ann,"one\ntwo"\n'
    run(table + "T1,New,2024-02-01,2024-02-01T10:00,ann,three\n", rules)
    assert [t for *_, t in texts(given, "T1")] == ["Said:\none\ntwo", "Said: one two → three"]


def test_nul_and_long_cells_do_not_stop_the_others(given, run) -> None:
    rules = ONE_ROW.replace("  comments:\n    - COMMENTS\n", "")
    report = run(
        "id,title,opened\nT1,a\0b,2024-01-01\nT2,b,2024-01-01\nT3," + "x" * 140_000 + ",2024-01-01\n", rules
    )
    assert report.counts["created"] == 3
    assert data(given, "T1")["title"] == "a b"
    assert {n.reason for n in report.notes} == {
        "characters that documents do not allow became blanks",
        "shortened to 200 characters",
    }


def test_no_step_is_taken_that_the_present_state_never_follows(given, run) -> None:
    rules = (
        ONE_ROW.replace("  comments:\n    - COMMENTS\n", "  steps: [{state: closed, at: closed}]\n")
        .replace("{value: new}", "{column: state}")
        .replace(FIELDS, FIELDS + ", cancellation_reason: {value: Twice., states: [cancelled]}, " + END)
    )
    report = run(
        "id,title,opened,state,closed\nT1,a,2024-01-01,cancelled,2024-01-03\nT2,b,2024-01-01,in_progress,2024-01-03\n",
        rules,
    )
    assert (states(given, "T1"), states(given, "T2")) == (["new", "cancelled"], ["new", "in_progress"])
    assert [n.times for n in report.notes if n.outcome == DROPPED] == [1, 1]
    assert errors(given) == []


PEOPLE = ONE_ROW.replace("  comments:\n    - COMMENTS\n", "").replace(
    "reported_by: {value: ann}", "reported_by: {column: who, slug: true}"
)


def reporters(git_repo, names: list[str], run, rules: str = PEOPLE) -> list[str]:
    table = "id,title,opened,who\n" + "".join(f"T{i},a,2024-01-01,{n}\n" for i, n in enumerate(names))
    run(table, rules)
    return [data(git_repo, f"T{i}")["reported_by"] for i in range(len(names))]


def test_people_are_never_fused(given, run) -> None:
    names = [
        "Zoë Müller",
        "Zoe Muller",
        "zoe  muller",
        "Nguyễn",
        "測試甲",
        "測試乙",
        "張偉",
        "章偉",
        "Проба",
        "😀",
        "😃",
        "--",
    ]
    found = reporters(given, names, run)
    assert found[0] == "zoe-muller"
    assert found[1] == found[2] != found[0]
    assert found[3] == "nguyen"
    assert found[8] == "proba"
    assert len(set(found)) == len(names) - 1
    assert errors(given) == []


def test_people_have_the_same_handle_in_another_order(given, run) -> None:
    first = dict(zip(names := ["測試甲", "章偉", "張偉"], reporters(given, names, run), strict=True))
    rules = PEOPLE.replace("key: id", "key: {template: 'again {id}'}")
    run("id,title,opened,who\n" + "".join(f"{n},a,2024-01-01,{n}\n" for n in reversed(names)), rules)
    assert {n: data(given, f"again {n}")["reported_by"] for n in names} == first


def test_a_look_up_table_names_people(given, run, table) -> None:
    rules = PEOPLE + "people: {Ann Lee: alee, 'Zoë': zm}\n"
    assert reporters(given, ["ann  lee", "Zoë", "Bob"], run, rules) == ["alee", "zm", "bob"]
    table("name,handle\nAnn Lee,ann-l\n", "people.csv")
    again = PEOPLE.replace("key: id", "key: {template: 'again {id}'}") + "people: people.csv\n"
    run("id,title,opened,who\nT0,a,2024-01-01,Ann Lee\n", again)
    assert data(given, "again T0")["reported_by"] == "ann-l"


def test_hosts_are_never_fused(given, run) -> None:
    report = run("host\nwëb\nweb\nweb_1\nweb.1\n", SERVERS)
    assert report.counts["created"] + report.counts["skipped"] == 4
    assert len(set(report.created)) == report.counts["created"] >= 3
    assert errors(given) == []
    assert run("host\nwëb\nweb\nweb_1\nweb.1\n", SERVERS).counts["unchanged"] == report.counts["created"]


def test_a_template_with_an_empty_cell_yields_nothing(given, run) -> None:
    rules = ONE_ROW.replace("  comments:\n    - COMMENTS\n", "").replace(
        FIELDS,
        FIELDS
        + ', assigned_team: {template: "Group {grp}", slug: true, ensure: team}, location: {template: "{a|}{b|}"}',
    )
    report = run("id,title,opened,grp,a,b\nT1,a,2024-01-01,,,\nT2,b,2024-01-01,5,,x\n", rules)
    assert report.items == ["group-5"]
    assert "assigned_team" not in data(given, "T1")
    assert "location" not in data(given, "T1")
    assert data(given, "T2")["location"] == "x"


def test_words_of_a_list_are_compared_without_case(given, run) -> None:
    rules = SERVERS.replace("lifecycle: {value: production}", "lifecycle: life, criticality: crit")
    report = run("host,life,crit\na,Production,HIGH\nb,test,hihg\n", rules)
    store = given.repo.store()
    assert (store.data("a")["lifecycle"], store.data("a")["criticality"]) == ("production", "high")
    assert any("did you mean high?" in n.reason for n in report.notes)


# What --update takes away.

SNAPSHOT = f"""\
kind: incident
key: id
system: old
times: {{format: iso, time_zone: Etc/UTC}}
columns:
  {{{FIELDS}, assigned_team: {{column: team}}, assignee: {{column: who}}, x.old.floor: floor}}
links: [{{column: other, type: relates_to}}]
timeline: {{opened: {{at: opened}}, state: {{value: new}}}}
"""
FULL = "id,title,opened,team,who,floor,other\nT1,a,2024-01-01,ops,ann,3,T2\nT2,b,2024-01-01,ops,ben,,T9\n"
LESS = "id,title,opened,team,who,floor,other\nT1,a,2024-01-01,,,,\nT2,b,2024-01-01,ops,,,\n"


def fields(git_repo, alias: str) -> dict[str, Any]:
    names = ("assigned_team", "assignee", "x", "links", "external_refs")
    return {n: v for n, v in data(git_repo, alias).items() if n in names}


def test_an_update_takes_away_what_the_import_wrote_and_the_table_no_longer_says(given, run) -> None:
    run(FULL, SNAPSHOT)
    assert set(run(LESS, SNAPSHOT).kept[0].fields) == {"assigned_team", "assignee", "x", "links"}
    run(LESS, SNAPSHOT, update=True)
    assert fields(given, "T1") == {}
    assert fields(given, "T2") == {"assigned_team": "ops"}
    assert run(LESS, SNAPSHOT).counts["unchanged"] == 2
    run(FULL, SNAPSHOT, update=True)
    assert fields(given, "T1")["x"] == {"old": {"floor": "3"}}


def test_an_update_leaves_what_somebody_edited(given, run) -> None:
    run(FULL, SNAPSHOT)
    path = given.root / given.repo.locate("T1")
    path.write_text(path.read_text().replace("assignee: ann", "assignee: zoe"))
    report = run(LESS, SNAPSHOT, update=True)
    assert fields(given, "T1")["assignee"] == "zoe"
    assert {n.column for n in report.notes if n.outcome == RETAINED} >= {"assignee"}
    assert fields(given, "T2") == {"assigned_team": "ops"}


def test_what_somebody_added_beside_the_mapping_does_not_count_as_an_edit(given, run) -> None:
    run(FULL, SNAPSHOT)
    path = given.root / given.repo.locate("T1")
    path.write_text(path.read_text().replace("aliases:", "labels:\n  a: b\nlocation: here\naliases:"))
    run(LESS, SNAPSHOT, update=True)
    assert fields(given, "T1") == {}
    assert data(given, "T1")["location"] == "here"


def test_another_mapping_takes_nothing_away(given, run, mapping, table) -> None:
    from itsm_gitops.exchange import import_csv

    run(FULL, SNAPSHOT)
    other = mapping(SNAPSHOT, "other.yaml")
    import_csv(given.repo, table(LESS), other, update=True)
    assert fields(given, "T1")["assignee"] == "ann"


def test_an_unreadable_memory_of_imports_stops_the_import(given, run) -> None:
    run(FULL, SNAPSHOT)
    memory = given.root / "imports/incidents.tsv"
    memory.write_text("<<<<<<< ours\n" + memory.read_text())
    with pytest.raises(Refused, match=r"imports/incidents.tsv:1:1"):
        run(LESS, SNAPSHOT, update=True)


def test_history_is_not_asked_about_its_process_but_about_everything_else(given, run) -> None:
    text = (
        "id: INC-160101-AAAAA\nkind: incident\ntitle: Old\nreported_by: ann\nservice: mail\ncategory: IT\nimpact: low\n"
        "urgency: low\nstate: closed\ntimeline:\n- at: 2016-01-01T00:00:00Z\n  by: ann\n  state: new\n"
        "- at: 2016-01-02T00:00:00Z\n  by: ann\n  state: closed\n"
    )
    path = "records/incidents/2016/01/INC-160101-AAAAA.yaml"
    given.write(path, text + "aliases: [T1]\n")
    run(HEAD, LOG)  # the fixture names the cut-over
    assert (errors(given), check(given.repo).history) == ([], 1)
    given.write(
        path, text.replace("service: mail", "service: fax").replace("title: Old\n", "") + "aliases: [T1]\n"
    )
    assert {code for code, *_ in errors(given)} == {"K001", "S002"}
    given.write(path, text)
    assert {code for code, *_ in errors(given)} == {"W006", "W007"}
    given.write(path, text.replace("2016-01-02", "2026-01-01") + "aliases: [T1]\n")
    assert {code for code, *_ in errors(given)} == {"W006", "W007"}


def test_settings_that_cannot_be_read_stop_an_import(given, run) -> None:
    run(HEAD, LOG)
    settings = given.root / "itsm.yaml"
    settings.write_text(settings.read_text().replace("2026-01-01", "2026-13-01"))
    with pytest.raises(ItsmError, match="there is no day '2026-13-01'"):
        run(HEAD + ROWS, LOG)
    assert not (given.root / "records").exists()


TRACKED = LOG.replace("assigned_team: {value: ops}", "assigned_team: team").replace(
    "impact: {value: low}", "impact: how"
)
SPAN = """\
id,state,opened,at,who,team,how
T1,New,2024-02-01T08:00,2024-02-01T08:00,ann,desk,low
T1,Active,2024-02-01T08:00,2024-02-01T09:00,ann,ops,low
T1,Active,2024-02-01T08:00,2024-02-01T10:00,ben,ops,high
T1,Done,2024-02-01T08:00,2024-02-02T10:00,ben,ops,high
"""


def test_changes_of_tracked_fields_are_entries_and_not_notes(given, run) -> None:
    rules = TRACKED.replace("events: {at: at,", "events: {track: [{column: team, label: Team}], at: at,")
    run(SPAN, rules)
    found = data(given, "T1")
    assert [(e.get("set"), e.get("was")) for e in found["timeline"]] == [
        (None, None),
        ({"assigned_team": "ops"}, {"assigned_team": "desk"}),
        ({"impact": "high"}, {"impact": "low"}),
        (None, None),
    ]
    assert not any("note" in e for e in found["timeline"])
    assert (found["assigned_team"], found["impact"]) == ("ops", "high")
    assert errors(given) == []
    assert run(SPAN, rules).counts["unchanged"] == 1


def test_a_value_that_is_not_understood_changes_nothing_until_one_is(given, run) -> None:
    run(SPAN.replace("ben,ops,high", "ben,ops,dreadful", 1), TRACKED)
    told = [(e.get("state"), e.get("set")) for e in data(given, "T1")["timeline"]]
    assert told == [
        ("new", None),
        ("in_progress", {"assigned_team": "ops"}),
        ("resolved", {"impact": "high"}),
    ]
    assert errors(given) == []
