"""Figures counted by hand."""

from __future__ import annotations

import re

import pytest

from itsm_gitops.commands.reporting import report, table_of
from itsm_gitops.model.errors import NotFound, Refused, UsageError
from itsm_gitops.model.report import BUSINESS, COUNT, DURATION, Column, Table, as_csv, shown
from itsm_gitops.model.wording import duration
from itsm_gitops.reports.catalogue import REPORTS

P1 = "impact: high\nurgency: high\n"
P4 = "impact: low\nurgency: low\n"
HOUR = 3600
DAY = 24 * HOUR


def day(text: str, clock: str = "10:00") -> str:
    return f"2026-{text}T{clock}:00Z"


def test_a_reopened_record_with_a_pause(record, figures) -> None:
    record(
        "INC-261102-AAAAA",
        [
            (day("11-02"), "new"),
            (day("11-02", "10:30"), "in_progress"),
            (day("11-02", "12:00"), "on_hold"),
            (day("11-02", "15:00"), "in_progress"),
            (day("11-02", "16:00"), "resolved"),
            (day("11-03"), "in_progress"),
            (day("11-03", "12:00"), "resolved"),
            (day("11-09"), "closed"),
        ],
        P1,
    )
    found = figures()
    assert found["times.respond"]["P1 Critical"]["median_s"] == 30 * 60
    row = found["times.resolve"]["P1 Critical"]
    assert (
        row["median_s"] == row["p90_s"] == 8 * HOUR
    )  # 10:00 to 16:00 and 10:00 to 12:00: resolved between, not to the closing
    assert (row["held"], row["on_hold_s"], row["work_s"]) == (1, 3 * HOUR, 5 * HOUR)
    week = found["flow.incidents_weeks"]["2026-11-02"]
    assert (week["opened"], week["resolved"], week["backlog"]) == (1, 1, 0)


def test_median_and_ninetieth_of_eleven(record, figures) -> None:
    for hours in range(1, 12):
        record(
            f"INC-261102-AAA{hours:02d}",
            [(day("11-02", "00:00"), "new"), (day("11-02", f"{hours:02d}:00"), "resolved")],
            P4,
        )
    row = figures()["times.resolve"]["P4 Low"]
    assert (row["count"], row["median_s"], row["p90_s"]) == (11, 6 * HOUR, 10 * HOUR)
    assert (row["held"], row["on_hold_s"]) == (0, None)


def test_weeks_begin_on_monday_in_the_zone_of_the_repository(record, figures) -> None:
    """In Berlin it is Monday from 23:00 UTC on Sunday in winter, from 22:00 in summer."""
    record("INC-261108-AAAAA", [(day("11-08", "22:59"), "new")], P4)
    record("INC-261108-BBBBB", [(day("11-08", "23:00"), "new")], P4)
    record("INC-260913-CCCCC", [(day("09-13", "22:00"), "new")], P4)
    found = figures()
    weeks = {name: row["opened"] for name, row in found["flow.incidents_weeks"].items() if row["opened"]}
    assert weeks == {"2026-11-02": 1, "2026-11-09": 1, "2026-09-14": 1}
    months = {name: row["opened"] for name, row in found["flow.incidents_months"].items()}
    assert months == {"2026-09": 1, "2026-10": 0, "2026-11": 2}


def test_cancelled_records_are_neither_resolved_nor_open(record, figures) -> None:
    record("INC-261116-AAAAA", [(day("11-16"), "new"), (day("11-17"), "cancelled")], P4)
    found = figures()
    week = found["flow.incidents_weeks"]["2026-11-16"]
    assert (week["opened"], week["resolved"], week["cancelled"], week["backlog"]) == (1, 0, 1, 0)
    assert found["times.respond"]["P4 Low"]["count"] == 0
    assert found["times.resolve"] == {}
    assert found["caused.months"] == {}


def test_ages_fall_into_the_band_that_begins_there(record, figures) -> None:
    for name, opened in (("A", "11-22"), ("B", "11-21"), ("C", "11-15"), ("D", "10-23"), ("E", "08-24")):
        record(f"INC-26{opened.replace('-', '')}-AAAA{name}", [(day(opened, "12:00"), "new")], P4)
    row = figures()["backlog.priorities"]["P4 Low"]
    assert [row[c] for c in ("open", "d1", "d7", "d30", "d90", "older")] == [5, 1, 1, 1, 1, 1]


def test_known_errors_are_no_backlog(git_repo, record, reports) -> None:
    """The parts of the backlog add up to the whole."""
    git_repo.write(
        "records/known-errors/2026/11/KE-261102-AAAAA.yaml",
        "id: KE-261102-AAAAA\nkind: known-error\ntitle: T\nstate: published\n"
        f"timeline:\n- at: {day('11-02')}\n  by: ada\n  state: published\n",
    )
    assert git_repo.repo.store().entries["KE-261102-AAAAA"].kind == "known-error"
    record("INC-261102-AAAAA", [(day("11-02"), "new")], P4)
    record("PRB-261102-BBBBB", [(day("11-02"), "new")], P4)
    found = reports()["backlog"]
    assert found.headline.startswith("2 open")
    assert [sum(t.values("open")) for t in found.tables] == [2, 1, 2, 2]


def test_what_happens_after_the_moment_of_the_report_has_not_happened(record, figures) -> None:
    record("INC-261120-AAAAA", [(day("11-20"), "new"), (day("11-23"), "resolved")], P4)
    record("INC-261123-BBBBB", [(day("11-23"), "new")], P4)
    found = figures()
    assert found["backlog.kinds"]["Incidents"]["open"] == 1
    assert found["flow.incidents_weeks"]["2026-11-16"]["opened"] == 1


def change(outcome: str, kind: str = "normal") -> str:
    return f"type: {kind}\noutcome: {outcome}\nservice: pay\nassigned_team: dba\n"


CHANGED = [
    (day("10-05"), "draft"),
    (day("10-06"), "implement"),
    (day("10-07"), "review"),
    (day("10-08"), "closed"),
]


@pytest.fixture
def changed(git_repo, record) -> None:
    """Four closed changes, two incidents from one of them and one from another, one of those cancelled."""
    git_repo.write("cmdb/services/pay.yaml", "id: pay\nclass: service\nname: Pay\nlifecycle: production\n")
    git_repo.write("cmdb/teams/dba.yaml", "id: dba\nclass: team\nname: Databases\n")
    record("CHG-261005-AAAAA", CHANGED, change("successful"))
    record("CHG-261005-BBBBB", CHANGED, change("successful_with_issues"))
    record("CHG-261005-CCCCC", CHANGED, change("backed_out"))
    record("CHG-261005-DDDDD", CHANGED, change("successful", "standard"))
    record("CHG-261005-EEEEE", [*CHANGED[:1], (day("10-06"), "cancelled")], change("unsuccessful"))
    link = "links:\n- type: caused_by\n  target: {}\n"
    record("INC-261008-AAAAA", [(day("10-08"), "new")], P1 + link.format("CHG-261005-AAAAA"))
    record("INC-261009-BBBBB", [(day("10-09"), "new")], P4 + link.format("CHG-261005-AAAAA"))
    record(
        "INC-261010-CCCCC",
        [(day("10-10"), "new"), (day("10-11"), "cancelled")],
        link.format("CHG-261005-DDDDD"),
    )
    record("INC-261011-DDDDD", [(day("10-11"), "new")], P4 + "service: pay\n")


def test_success_and_failure_of_changes(changed, figures) -> None:
    found = figures()
    row = found["changes.outcomes"]["Normal"]
    assert (row["closed"], row["successful"], row["successful_with_issues"]) == (3, 1, 1)
    assert (row["unsuccessful"], row["backed_out"]) == (0, 1)
    rates = found["changes.rates"]
    assert rates["Normal"]["success_rate"] == pytest.approx(2 / 3)
    assert rates["Normal"]["failure_rate"] == pytest.approx(2 / 3)  # backed out, or caused an incident
    assert rates["Normal"]["caused_incidents"] == 1
    assert rates["Standard"]["failure_rate"] == 0  # the only incident it caused was cancelled
    assert rates["All"]["closed"] == 4


def test_incidents_caused_by_change(changed, figures) -> None:
    found = figures()
    month = found["caused.months"]["2026-10"]
    assert (month["incidents"], month["caused"]) == (3, 2)
    assert month["share"] == pytest.approx(2 / 3)
    rows = found["caused.changes"]
    assert list(rows) == ["CHG-261005-AAAAA"]
    assert (rows["CHG-261005-AAAAA"]["incidents"], rows["CHG-261005-AAAAA"]["most_urgent"]) == (2, "P1")


def test_limits(changed, figures, reports) -> None:
    by_service = figures(service="pay")
    assert by_service["backlog.kinds"]["Incidents"]["open"] == 1
    assert by_service["changes.rates"]["All"]["caused_incidents"] == 1  # whatever the incident names
    by_team = figures(team="dba")
    assert "Incidents" not in by_team["backlog.kinds"]
    assert by_team["changes.teams"]["dba"]["closed"] == 4
    later = reports(since="2026-11-01")
    assert later["changes"].headline == "no change was closed"
    assert later["caused"].headline == "no incident was opened"
    assert later["backlog"].headline.startswith("3 open")


def test_problems(record, figures) -> None:
    record("PRB-261102-AAAAA", [(day("11-02", "12:00"), "new"), (day("11-12", "12:00"), "assess")], P4)
    record(
        "PRB-261001-BBBBB",
        [(day("10-01"), "new"), (day("10-11"), "resolved"), (day("10-20"), "closed")],
        "assigned_team: dba\n",
    )
    link = "links:\n- type: caused_by\n  target: PRB-261102-AAAAA\n"
    record("INC-261102-AAAAA", [(day("11-02"), "new")], link)
    found = figures()
    row = found["problems.oldest"]["PRB-261102-AAAAA"]
    assert (row["state"], row["age_s"], row["in_state_s"], row["incidents"]) == (
        "In assessment",
        20 * DAY,
        10 * DAY,
        1,
    )
    assert found["problems.states"]["In assessment"]["d30"] == 1
    assert found["problems.resolved"]["dba"]["median_s"] == 10 * DAY


def test_top_services_and_items(git_repo, record, figures) -> None:
    for name, kind in (("pay", "service"), ("pay-db", "database")):
        folder = {"service": "services", "database": "databases"}[kind]
        git_repo.write(
            f"cmdb/{folder}/{name}.yaml", f"id: {name}\nclass: {kind}\nname: N\nlifecycle: production\n"
        )
    both = "service: pay\ncis:\n- pay-db\n"
    record("INC-261102-AAAAA", [(day("11-02"), "new")], P1 + both + "cause_ci: pay-db\n")
    record("INC-261102-BBBBB", [(day("11-02"), "new"), (day("11-03"), "resolved")], P4 + both)
    record("INC-261102-CCCCC", [(day("11-02"), "new"), (day("11-03"), "cancelled")], P4 + both)
    found = figures()
    row = found["top.services"]["pay"]
    assert (row["incidents"], row["urgent"], row["open"]) == (2, 1, 1)
    row = found["top.items"]["pay-db"]
    assert (row["incidents"], row["open"], row["at_fault"]) == (2, 1, 1)


def test_an_empty_repository_has_reports_that_say_so(reports) -> None:
    found = reports()
    assert list(found) == [*REPORTS, "improvements", "knowledge", "releases", "suppliers"]
    assert found["backlog"].headline == "nothing is open"
    assert found["times"].headline == "no incident was resolved"
    assert all(not t.rows for r in found.values() for t in r.tables)


def test_broken_timelines_stop_nothing(git_repo, record, figures) -> None:
    record("INC-261102-AAAAA", [(day("11-03"), "new"), (day("11-02"), "resolved")], P4)
    record("INC-261102-BBBBB", [("yesterday", "new"), (day("11-04"), "in_progress")], P4)
    record("INC-261102-CCCCC", [(day("11-04"), "nonsense")], P4)
    git_repo.write("records/incidents/2026/11/INC-261102-DDDDD.yaml", "timeline: 7\nstate: [a]\n")
    found = figures()
    assert found["times.resolve"]["P4 Low"]["median_s"] == 0
    assert found["backlog.kinds"]["Incidents"]["open"] == 1


def test_every_figure_has_a_definition_and_a_source(reports) -> None:
    for one in reports().values():
        assert one.measures
        for measure in one.measures:
            assert measure.name
            assert len(measure.definition) > 40, measure
            assert measure.source, measure


def test_charts_are_drawn_from_columns_that_are_there(changed, reports) -> None:
    charts = [(t, t.chart) for r in reports().values() for t in r.tables if t.chart]
    assert charts
    for table, chart in charts:
        assert len(chart.columns) == len(chart.looks)
        assert all(table.column(name).name == name for name in chart.columns)


@pytest.mark.parametrize(
    ("limits", "error"),
    [
        ({"names": ("backlogs",)}, NotFound),
        ({"service": "nothing"}, NotFound),
        ({"service": "dba"}, Refused),
        ({"since": "soon"}, UsageError),
        ({"since": "2027-01-01"}, UsageError),
    ],
)
def test_wrong_words(changed, git_repo, limits: dict, error: type[Exception]) -> None:
    with pytest.raises(error):
        report(git_repo.repo, **limits)


def test_a_wrong_table_is_told_with_those_there_are(changed, reports) -> None:
    with pytest.raises(NotFound, match="no table 'outcome'") as caught:
        table_of(reports()["changes"], "outcome")
    assert "outcomes" in caught.value.hint


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (59.4, "59 s"),
        (90, "2 min"),
        (3599, "1 h"),
        (5 * HOUR + 20 * 60, "5 h 20 min"),
        (3 * DAY + 4 * HOUR + 29 * 60, "3 d 4 h"),
        (DAY - 1, "1 d"),
        (100 * DAY + 3 * HOUR, "100 d"),
    ],
)
def test_durations_in_words(seconds: float, said: str) -> None:
    assert duration(seconds) == said
    assert shown(Column("d", "D", DURATION), seconds) == said


def test_nothing_is_nought_and_what_is_not_known_a_dash() -> None:
    for form in (COUNT, DURATION, BUSINESS):
        assert (shown(Column("d", "D", form), 0), shown(Column("d", "D", form), None)) == ("0", "–")
    assert [shown(Column("d", "D"), value) for value in (0.0, 0.7, 1.28, 3)] == ["0", "0.70", "1.28", "3"]


def test_csv_has_raw_values_and_no_formulas() -> None:
    columns = (
        Column("change", "Change", "record"),
        Column("title", "Title", "text"),
        Column("n_s", "N", DURATION),
    )
    text = as_csv(Table("t", "T", columns, (("CHG", "=1+1", 90), ("CHG", 'a,"b"', None))))
    assert text == 'change,title,n_s\nCHG,\'=1+1,90\nCHG,"a,""b""",\n'


def test_the_sentence_on_changes_adds_up_with_its_table(example_repo) -> None:
    [found] = report(example_repo, ("changes",))
    closed, share, *ended = map(int, re.findall(r"\d+", found.headline))
    [outcomes] = [t for t in found.tables if t.name == "outcomes"]
    known = ("successful", "successful_with_issues", "unsuccessful", "backed_out")
    assert [sum(outcomes.values(c)) for c in known] == ended
    assert sum(outcomes.values("closed")) == closed
    assert sum(ended) == closed
    assert share == round(100 * sum(ended[:2]) / closed)
