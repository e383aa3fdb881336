"""Figures of reports worked out by hand, equal in the library, on the command line (JSON and CSV) and on the site."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from itsm_gitops.cli.app import run
from itsm_gitops.commands.reporting import SnapshotReporter, report
from itsm_gitops.reports.catalogue import REPORTS
from itsm_gitops.repository import Repository
from itsm_gitops.snapshots import packaged_rulebook_root
from tests.support import GitRepo, copy_tree

NOW = "2026-11-22T12:00:00Z"
MINUTE, HOUR, DAY = 60, 3600, 86400

Steps = list[tuple[str, str] | tuple[str, str, dict[str, Any]]]
P1 = {"impact": "high", "urgency": "high", "service": "mail", "assigned_team": "desk"}
P4 = {**P1, "impact": "low", "urgency": "low"}
NET = {"set": {"assigned_team": "net"}, "was": {"assigned_team": "desk"}}


def at(text: str) -> str:
    return f"2026-11-{text.replace(' ', 'T')}:00Z"


INCIDENTS: dict[str, tuple[dict[str, Any], Steps]] = {
    "INC-261102-AAAA1": (P1, [("02 08:00", "new"), ("02 08:10", "in_progress"), ("02 09:00", "resolved")]),
    "INC-261103-AAAA2": (P1, [("03 08:00", "new"), ("03 08:20", "in_progress"), ("03 10:00", "resolved")]),
    "INC-261104-AAAA3": (
        P1,
        [
            ("04 08:00", "new"),
            ("04 08:30", "in_progress"),
            ("04 12:00", "resolved"),
            ("05 08:00", "in_progress"),
            ("05 09:00", "resolved"),
        ],
    ),
    "INC-261109-AAAA4": (P4, [("09 08:00", "new"), ("09 08:20", "resolved")]),
    "INC-261109-AAAA5": (
        {**P4, "assigned_team": "net"},
        [
            ("09 10:00", "new"),
            ("09 10:30", "in_progress"),
            ("09 10:45", "", NET),
            ("09 11:00", "on_hold"),
            ("09 13:00", "in_progress"),
            ("09 14:00", "resolved"),
        ],
    ),
    "INC-261110-AAAA6": (
        {
            **P1,
            "started_at": at("10 07:30"),
            "mitigated_at": at("10 10:00"),
            "links": [
                {"type": "caused_by", "target": "CHG-261101-AAAAA"},
                {"type": "resolved_by", "target": "CHG-261110-BBBBB"},
            ],
        },
        [("10 08:00", "new"), ("10 08:05", "in_progress"), ("10 12:00", "resolved")],
    ),
    "INC-261120-AAAA7": (P4, [("20 12:00", "new")]),
    "INC-261111-AAAA8": (P4, [("11 08:00", "new"), ("11 09:00", "cancelled")]),
}
CHANGES: dict[str, tuple[dict[str, Any], Steps]] = {
    "CHG-261101-AAAAA": (
        {
            "type": "normal",
            "outcome": "successful",
            "planned_start": at("05 20:00"),
            "planned_end": at("05 22:00"),
            "actual_start": at("05 20:00"),
            "actual_end": at("05 21:30"),
        },
        [
            ("01 08:00", "draft"),
            ("01 09:00", "assess"),
            ("01 10:00", "authorize"),
            ("02 08:00", "scheduled"),
            ("05 20:00", "implement"),
            ("05 22:00", "review"),
            ("06 08:00", "closed"),
        ],
    ),
    "CHG-261110-BBBBB": (
        {
            "type": "emergency",
            "outcome": "successful",
            "planned_start": at("10 09:00"),
            "planned_end": at("10 09:30"),
            "actual_start": at("10 09:00"),
            "actual_end": at("10 10:00"),
        },
        [("10 08:30", "draft"), ("10 09:00", "implement"), ("10 10:00", "review"), ("11 08:00", "closed")],
    ),
    "CHG-261107-CCCCC": (
        {
            "type": "normal",
            "outcome": "unsuccessful",
            "planned_start": at("09 20:00"),
            "planned_end": at("09 22:00"),
            "actual_start": at("07 20:00"),
            "actual_end": at("09 21:00"),
        },
        [
            ("07 08:00", "draft"),
            ("07 09:00", "assess"),
            ("07 10:00", "authorize"),
            ("08 08:00", "scheduled"),
            ("09 20:00", "implement"),
            ("09 22:00", "review"),
            ("10 08:00", "closed"),
        ],
    ),
    "CHG-261112-DDDDD": ({"type": "normal"}, [("12 08:00", "draft"), ("12 09:00", "cancelled")]),
}


def deployed(
    change: str, start: str, end: str, outcome: str, environment: str = "production"
) -> tuple[dict[str, Any], Steps]:
    fields = {"change": change, "service": "mail", "environment": environment, "outcome": outcome}
    return {**fields, "started_at": at(start), "finished_at": at(end)}, [(end, "registered")]


DEPLOYMENTS = {
    "DEP-261105-AAAA1": deployed("CHG-261101-AAAAA", "05 20:00", "05 20:10", "failed"),
    "DEP-261105-AAAA2": deployed("CHG-261101-AAAAA", "05 21:00", "05 21:30", "successful"),
    "DEP-261110-BBBB1": deployed("CHG-261110-BBBBB", "10 09:30", "10 10:00", "successful"),
    "DEP-261109-CCCC1": deployed("CHG-261107-CCCCC", "09 20:00", "09 20:45", "rolled_back"),
    "DEP-261109-CCCC2": deployed("CHG-261107-CCCCC", "09 19:00", "09 19:10", "successful", "staging"),
}
PROBLEMS: dict[str, tuple[dict[str, Any], Steps]] = {"PRB-261101-AAAAA": (P4, [("01 12:00", "new")])}

# Report, table, row, column, figure, and how it is worked out.
FIGURES: list[tuple[str, str, str, str, Any, str]] = [
    ("times", "respond", "P1 Critical", "count", 4, "A1, A2, A3, A6"),
    ("times", "respond", "P1 Critical", "mean_s", 16.25 * MINUTE, "(10 + 20 + 30 + 5) / 4 min"),
    ("times", "respond", "P1 Critical", "median_s", 15 * MINUTE, "5, 10, 20, 30: (10 + 20) / 2"),
    ("times", "respond", "P1 Critical", "p90_s", 30 * MINUTE, "rank ceil(0.9 * 4) = 4 of 5, 10, 20, 30"),
    ("times", "resolve", "P1 Critical", "count", 4, "A1, A2, A3, A6"),
    ("times", "resolve", "P1 Critical", "mean_s", 3 * HOUR, "(60 + 120 + 300 + 240) / 4 min; A3 is 240 + 60"),
    ("times", "resolve", "P1 Critical", "median_s", 3 * HOUR, "60, 120, 240, 300: (120 + 240) / 2"),
    ("times", "resolve", "P1 Critical", "p90_s", 5 * HOUR, "the fourth of four"),
    ("times", "resolve", "P4 Low", "mean_s", 130 * MINUTE, "(20 + 240) / 2"),
    ("times", "resolve", "P4 Low", "p90_s", 4 * HOUR, "the second of two"),
    ("times", "resolve", "P4 Low", "held", 1, "A5"),
    ("times", "resolve", "P4 Low", "on_hold_s", 2 * HOUR, "A5: 11 to 13"),
    ("times", "resolve", "P4 Low", "work_s", 70 * MINUTE, "20 and 240 - 120: (20 + 120) / 2"),
    ("times", "restore", "P1 Critical", "mean_s", 157.5 * MINUTE, "(60 + 120 + 300 + 150) / 4; A6 is 7:30 to 10"),
    ("times", "restore", "P1 Critical", "median_s", 135 * MINUTE, "60, 120, 150, 300: (120 + 150) / 2"),
    ("times", "restore", "P1 Critical", "p90_s", 5 * HOUR, "the fourth of four"),
    ("times", "teams", "desk", "count", 5, "all that were resolved but A5"),
    ("times", "teams", "net", "median_s", 4 * HOUR, "A5: 10 to 14"),
    ("quality", "kinds", "Incidents", "resolved", 6, "A1 to A6"),
    ("quality", "kinds", "Incidents", "reopened", 1, "A3"),
    ("quality", "kinds", "Incidents", "reopen_rate", 1 / 6, "1 of 6"),
    ("quality", "kinds", "Incidents", "reassignments", 0.17, "A5 once: 1 / 6, to two places"),
    ("quality", "kinds", "Incidents", "first_contact_rate", 1 / 6, "A4: after 20 min, by the first team"),
    ("quality", "team_times", "desk", "count", 6, "A1 to A6 lay with it"),
    ("quality", "team_times", "desk", "mean_s", 7850, "(60 + 120 + 300 + 20 + 45 + 240) / 6 min"),
    ("quality", "team_times", "desk", "median_s", 90 * MINUTE, "20, 45, 60, 120, 240, 300: (60 + 120) / 2"),
    ("quality", "team_times", "net", "mean_s", 195 * MINUTE, "A5: 10:45 to 14"),
    ("flow", "incidents_weeks", "2026-11-02", "opened", 3, "A1, A2, A3"),
    ("flow", "incidents_weeks", "2026-11-02", "backlog", 0, "all three resolved by the 5th"),
    ("flow", "incidents_weeks", "2026-11-09", "opened", 4, "A4, A5, A6, A8"),
    ("flow", "incidents_weeks", "2026-11-09", "resolved", 3, "A4, A5, A6"),
    ("flow", "incidents_weeks", "2026-11-09", "cancelled", 1, "A8"),
    ("flow", "incidents_weeks", "2026-11-16", "backlog", 1, "A7"),
    ("backlog", "priorities", "P4 Low", "d7", 1, "A7 is two days old"),
    ("backlog", "services", "mail", "open", 2, "A7 and the problem"),
    ("backlog", "services", "mail", "oldest_s", 21 * DAY, "the problem, from the 1st at noon to the 22nd at noon"),
    ("caused", "months", "2026-11", "incidents", 7, "without the cancelled A8"),
    ("caused", "months", "2026-11", "caused", 1, "A6"),
    ("caused", "months", "2026-11", "share", 1 / 7, "1 of 7"),
    ("top", "services", "mail", "incidents", 7, "A1 to A7"),
    ("top", "services", "mail", "urgent", 4, "A1, A2, A3, A6"),
    ("changes", "rates", "All", "closed", 3, "A, B and C; D was cancelled"),
    ("changes", "rates", "All", "success_rate", 2 / 3, "A and B"),
    ("changes", "rates", "All", "failure_rate", 2 / 3, "A caused an incident, C was unsuccessful"),
    ("changes", "rates", "Emergency", "of_all", 1 / 3, "B"),
    ("changes", "discipline", "All", "emergency_share", 1 / 3, "B"),
    ("changes", "discipline", "All", "unauthorised_share", 1 / 3, "C began on the 7th, authorised on the 8th"),
    ("changes", "discipline", "All", "out_of_window_share", 2 / 3, "B ended half an hour late, C began early"),
    ("changes", "discipline", "Normal", "unauthorised", 1, "C"),
    ("dora", "all", "All", "changes", 3, "A, B and C"),
    ("dora", "all", "All", "per_week", 0.99, "3 / (508 h / 168 h): from the 1st 8:00 to the 22nd 12:00"),
    ("dora", "all", "All", "lead_time_s", 61 * HOUR, "109.5 h, 1.5 h and 61 h: the middle one"),
    ("dora", "all", "All", "failure_rate", 2 / 3, "A and C"),
    ("dora", "all", "All", "recovery_s", 150 * MINUTE, "A6: 7:30 to 10"),
    ("dora", "all", "All", "rework_rate", 1 / 3, "B repaired what A had broken"),
    ("dora", "deployments", "All", "deployments", 4, "two of A, B and C; the fifth went to staging"),
    ("dora", "deployments", "All", "per_week", 0.99, "3 / (508 h / 168 h): the first of A failed"),
    ("dora", "deployments", "All", "lead_time_s", 55.5 * HOUR, "A 109.5 h and B 1.5 h: the mean of two"),
    ("dora", "deployments", "All", "failure_rate", 3 / 4, "A failed, then caused A6; C was rolled back"),
    ("dora", "deployments", "All", "recovery_s", 97.5 * MINUTE, "A6: 150 min, C: 45 min"),
    ("dora", "deployments", "All", "rework_rate", 1 / 4, "B resolved A6"),
    ("dora", "deployed_services", "mail", "deployments", 4, "all are of one service"),
    ("dora", "deployment_months", "2026-11", "failure_rate", 3 / 4, "all were in November"),
    ("problems", "states", "New", "d30", 1, "21 days old"),
    ("problems", "oldest", "PRB-261101-AAAAA", "age_s", 21 * DAY, "from the 1st to the 22nd"),
]  # fmt: skip


def document(identifier: str, kind: str, fields: dict[str, Any], steps: Steps) -> str:
    timeline = [
        {"at": at(when), "by": "ada", **({"state": state} if state else {}), **(more[0] if more else {})}
        for when, state, *more in steps
    ]
    state = [e["state"] for e in timeline if "state" in e][-1]
    head = {"id": identifier, "kind": kind, "title": identifier, "reported_by": "ada", "category": "x"}
    data = {**head, **fields, "state": state, "timeline": timeline}
    return "".join(f"{key}: {json.dumps(value)}\n" for key, value in data.items())


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> GitRepo:
    return write_world(tmp_path_factory.mktemp("figures"), DEPLOYMENTS)


def write_world(root: Path, deployments: Mapping[str, tuple[dict[str, Any], Steps]]) -> GitRepo:
    repo = GitRepo(root)
    repo.git("init", "-q")
    copy_tree(packaged_rulebook_root() / "schemas", repo.root / "schemas")
    repo.write("itsm.yaml", "timezone: Europe/Berlin\n")
    repo.write("cmdb/services/mail.yaml", "id: mail\nclass: service\nname: Mail\nlifecycle: production\n")
    for folder, kind, some in (
        ("incidents", "incident", INCIDENTS),
        ("changes", "change", CHANGES),
        ("problems", "problem", PROBLEMS),
        ("deployments", "deployment", deployments),
    ):
        for name, (fields, steps) in some.items():
            repo.write(f"records/{folder}/2026/11/{name}.yaml", document(name, kind, fields, steps))
    return repo


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ITSM_NOW", NOW)


Cells = dict[tuple[str, str, str, str], Any]


def cells(reports: list[dict[str, Any]]) -> Cells:
    """Every cell by report, table, first cell of the row and column."""
    return {
        (r["report"], t["table"], str(next(iter(row.values()))), name): value
        for r in reports
        for t in r["tables"]
        for row in t["rows"]
        for name, value in row.items()
    }


@pytest.fixture(scope="module")
def library(world: GitRepo) -> Cells:
    patch = pytest.MonkeyPatch()
    patch.setenv("ITSM_NOW", NOW)
    found = cells([r.as_json() for r in report(Repository(world.root))])
    patch.undo()
    return found


def test_there_are_forty_of_them_and_more() -> None:
    assert len({f[:4] for f in FIGURES}) >= 50


@pytest.mark.parametrize(("name", "table", "row", "column", "figure", "why"), FIGURES)
def test_a_figure_is_the_one_worked_out_by_hand(
    library: Cells, name: str, table: str, row: str, column: str, figure: Any, why: str
) -> None:
    assert library[name, table, row, column] == pytest.approx(figure), why


def test_the_site_has_the_same_figures(world: GitRepo, library: Cells) -> None:
    reporter = SnapshotReporter()
    store, lives = world.repo.visited(lambda _, d: reporter.visit(d))
    made = reporter.reports(store, lives, datetime(2026, 11, 22, 12, tzinfo=UTC))
    site = cells([r.as_json() for r in made])
    assert {f[:4]: site[f[:4]] for f in FIGURES} == {f[:4]: library[f[:4]] for f in FIGURES}


def test_the_command_line_has_the_same_figures(
    world: GitRepo, library: Cells, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["-C", str(world.root), "report", "--json"]) == 0
    said = cells(json.loads(capsys.readouterr().out))
    assert {f[:4]: said[f[:4]] for f in FIGURES} == {f[:4]: library[f[:4]] for f in FIGURES}
    assert run(["-C", str(world.root), "report", "dora", "--table", "all", "--csv"]) == 0
    (row,) = csv.DictReader(io.StringIO(capsys.readouterr().out))
    assert {k: float(v) for k, v in row.items() if k != "scope"} == {
        k: pytest.approx(library["dora", "all", "All", k]) for k in row if k != "scope"
    }


def test_until_a_moment_the_figures_are_those_of_then(world: GitRepo) -> None:
    then = cells(
        [r.as_json() for r in report(Repository(world.root), ("times", "backlog"), until="2026-11-04")]
    )
    assert then["times", "resolve", "P1 Critical", "count"] == 3  # A3 had been resolved, and not yet reopened
    assert then["times", "resolve", "P1 Critical", "p90_s"] == 4 * HOUR
    assert then["backlog", "kinds", "Problems", "open"] == 1


def test_of_fewer_than_three_deployments_there_is_data_and_one_sentence(tmp_path: Path) -> None:
    world = write_world(tmp_path, dict(list(DEPLOYMENTS.items())[:2]))
    (made,) = report(Repository(world.root), ("dora",))
    assert made.note == "Deployments get figures of their own once there are 3."
    assert [t.quiet for t in made.tables if "deploy" in t.name] == [True] * 3
    assert cells([made.as_json()])["dora", "deployments", "All", "deployments"] == 2


def test_no_two_columns_of_a_table_have_one_title(world: GitRepo) -> None:
    for one in report(Repository(world.root)):
        for table in one.tables:
            titles = [c.title for c in table.columns]
            assert len(set(titles)) == len(titles), (one.name, table.name)


def test_the_help_names_every_report(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["report", "--help"]) == 0
    said = capsys.readouterr().out
    assert [name for name in REPORTS if f"  {name} " in said] == list(REPORTS)
