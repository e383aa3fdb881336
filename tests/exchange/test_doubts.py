"""What is not known is not guessed: states, priorities and types that the mapping does not know, and steps filled in."""

from __future__ import annotations

from itertools import pairwise

import pytest
from yaml import safe_load

from itsm_gitops.exchange.report import ADJUSTED, DEFAULTED, NOT_UNDERSTOOD
from itsm_gitops.exchange.routes import Routes
from tests.exchange.test_drafts import FIELDS, INCIDENTS, SERVERS, data, errors, given  # noqa: F401
from tests.exchange.test_histories import LOG, states

MAP = "{column: state, map: {New: new, Active: in_progress, Closed: closed, Odd: null}}"
ROW = INCIDENTS.replace("{value: new}", MAP).replace(FIELDS, FIELDS + ", assigned_team: {value: ops}")
STEPS = ROW.replace(MAP, f"{MAP}, steps: [{{state: in_progress, at: begun}}]")


@pytest.mark.parametrize(
    ("rules", "row", "state"),
    [
        (ROW, "New,", "new"),
        (ROW, "active,", "in_progress"),
        (ROW, "Odd,", "new"),
        (ROW, "Finished,", "'state' says 'Finished', not in the map"),
        (ROW, "-100,", "'state' says '-100', not in the map"),
        (ROW, ",", "no state in 'state'"),
        (ROW.replace("Odd: null}", "Odd: null}, default: new"), "Finished,", "new"),
        (ROW.replace("Odd: null}", "Odd: null}, default: new"), ",", "new"),
        (
            ROW.replace(", map: {New: new, Active: in_progress, Closed: closed, Odd: null}", ""),
            "Gone,",
            "S005",
        ),
        (STEPS, "Finished,2024-01-02", "'state' says 'Finished', not in the map"),
        (STEPS, ",2024-01-02", "in_progress"),
        (STEPS, ",", "no state in 'state'"),
        (STEPS, ",soon", "no state in 'state'"),
    ],
)
def test_a_row_whose_state_is_not_known_is_set_aside(given, run, rules: str, row: str, state: str) -> None:  # noqa: F811
    report = run(f"id,title,opened,state,begun\nT1,Slow,2024-01-01,{row}\n", rules)
    if report.skipped:
        assert (report.skipped[0].field, report.counts["created"]) == ("state", 0)
        assert state in report.skipped[0].reason
    else:
        assert states(given, "T1")[-1] == state
    assert errors(given) == []


def event(key: str, state: str, day: int) -> str:
    return f"{key},{state},2024-01-01,2024-01-0{day},ann\n"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("New", "Active"), ["new", "in_progress"]),
        (("New", "-100", "Active"), ["new", "in_progress"]),
        (("New", "Active", ""), ["new", "in_progress"]),
        (("New", "Active", "-100"), "'state' says '-100', not in the map"),
        (("New", "Active", "-100", ""), "'state' says '-100', not in the map"),
        (("-100",), "'state' says '-100', not in the map"),
        (("", ""), "no state in 'state'"),
    ],
)
def test_a_record_whose_last_state_is_not_known_is_set_aside(given, run, words, expected) -> None:  # noqa: F811
    table = "id,state,opened,at,who\n" + "".join(event("A", w, i) for i, w in enumerate(words, 1))
    report = run(table + event("B", "New", 1), LOG)
    if isinstance(expected, list):
        assert states(given, "A") == expected
    else:
        assert [s.row for s in report.skipped] == list(range(2, len(words) + 2))
        assert expected in report.skipped[0].reason
    assert ("-100" in words) == any(n.value == "-100" for n in report.notes)
    assert report.results["created"] + report.results["skipped"] == report.rows


@pytest.mark.parametrize(
    ("rule", "cell", "field", "told"),
    [
        ("impact: {column: v, map: {Big: high}}", "Huge", "impact", "'v' says 'Huge', not in the map"),
        ("impact: v", "huge", "impact", "'v' says 'huge', not one of"),
        ("impact: v", "", "impact", "the field 'impact' is missing"),
        ("urgency: {column: v, regex: '^(low|high)$'}", "mid", "urgency", "'v' says 'mid', does not match"),
    ],
)
def test_a_value_that_a_field_must_have_is_not_guessed(given, run, rule, cell, field, told) -> None:  # noqa: F811
    rules = INCIDENTS.replace(f"{field}: {{value: low}}", rule)
    report = run(f"id,title,opened,v\nT1,Slow,2024-01-01,{cell}\n", rules)
    assert (report.counts["created"], report.skipped[0].field) == (0, field)
    assert told in report.skipped[0].reason


@pytest.mark.parametrize(("cell", "told"), [("P9", True), ("urgent", True), ("", False), ("P4", False)])
def test_a_priority_that_is_not_known_is_a_doubt_and_no_priority(given, run, cell, told) -> None:  # noqa: F811
    report = run(
        f"id,title,opened,p\nT1,Slow,2024-01-01,{cell}\n", INCIDENTS.replace(FIELDS, FIELDS + ", priority: p")
    )
    assert "priority_override" not in data(given, "T1")
    assert [n.value for n in report.notes if n.outcome == NOT_UNDERSTOOD] == ([cell] if told else [])


def test_a_default_is_told(given, run) -> None:  # noqa: F811
    rules = INCIDENTS.replace("impact: {value: low}", "impact: {column: v, map: {Big: high}, default: low}")
    report = run("id,title,opened,v\nT1,Slow,2024-01-01,Huge\nT2,Hot,2024-01-01,\n", rules)
    assert sum(n.times for n in report.notes if n.outcome == DEFAULTED) == 2


def test_the_stage_of_an_item_is_not_guessed(given, run) -> None:  # noqa: F811
    rules = SERVERS.replace("{value: production}", "{column: life, map: {live: production}}")
    report = run("host,life\na,live\nb,mothballed\nc,\n", rules)
    assert report.created == ["a"]
    assert "'life' says 'mothballed', not in the map" in report.skipped[0].reason
    assert report.skipped[1].field == "lifecycle"


def test_all_reasons_are_given_at_once(given, run) -> None:  # noqa: F811
    report = run("id,title,opened\nT1,,2024-01-01\n", INCIDENTS.replace(", impact: {value: low}", ""))
    assert "'title' is missing" in report.skipped[0].reason
    assert "'impact' is missing" in report.skipped[0].reason


# Steps that are filled in.


def test_no_filled_step_is_one_that_the_rules_refuse(git_repo) -> None:
    for kind in git_repo.repo.book.kinds.values():
        flow = kind.workflow
        if flow is None or not kind.is_record:
            continue
        written = safe_load((git_repo.root / f"schemas/workflows/{flow.name}.yaml").read_text())
        wordings = {f: v for t in written["transitions"] for f, v in t.get("when", {}).items()}
        worlds = [{}, *({f: v} for f, vs in wordings.items() for v in (*vs, "other"))]
        for world in worlds:
            for source in flow.states:
                for target in flow.states:
                    line = [{"at": "1", "by": "a", "state": s} for s in (source, target)]
                    filled = [e["state"] for e in Routes(flow).fill(line, world)]
                    legal = [flow.step(a, b, world) is not None for a, b in pairwise(filled)]
                    assert all(legal) or filled == [source, target], (kind.name, world, filled)


JUMP = "transitions:\n  - {name: jump, title: Jump, from: [new], to: closed, when: {service: [mail]}}\n"


def test_conditions_look_at_the_record_as_it_will_be(given, run) -> None:  # noqa: F811
    flow = given.root / "schemas/workflows/incident.yaml"
    flow.write_text(flow.read_text().replace("transitions:\n", JUMP))
    given.write(
        "cmdb/services/mail.yaml",
        given.root.joinpath("cmdb/services/mail.yaml").read_text() + "aliases: [E-Mail]\n",
    )
    ends = (
        ", resolution_code: {value: other}, resolution_notes: {value: Done.}, closure_category: {value: IT}"
    )
    rules = INCIDENTS.replace("state: {value: new}", "state: {value: closed}, fill_steps: true").replace(
        FIELDS, FIELDS.replace("service: {value: mail}", "service: svc") + ends
    )
    report = run("id,title,opened,svc\nT1,Slow,2026-02-01,E-Mail\nT2,Slow,2026-02-01,mail\n", rules)
    assert [s.reason for s in report.skipped] == []
    assert states(given, "T1") == states(given, "T2") == ["new", "closed"]


def test_filled_steps_are_told(given, run) -> None:  # noqa: F811
    ends = (
        ", resolution_code: {value: other}, resolution_notes: {value: Done.}, closure_category: {value: IT}"
    )
    rules = INCIDENTS.replace("state: {value: new}", "state: {value: closed}, fill_steps: true").replace(
        FIELDS, FIELDS + ends
    )
    report = run("id,title,opened\nT1,Slow,2026-02-01\n", rules)
    assert [n.column for n in report.notes if n.outcome == ADJUSTED and "filled in" in n.reason] == [
        "resolved"
    ]
    assert errors(given) == []
