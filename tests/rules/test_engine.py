"""``check`` as a whole: settings, what is reported, and what happened between two commits."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from example_trees import EXAMPLES, NOW, build, commit, located

from itsm_gitops.model.errors import GitError, NotFound, UsageError
from itsm_gitops.model.paths import glob
from itsm_gitops.repository import Repository
from itsm_gitops.rules import check, explain

INCIDENT = "records/incidents/2026/11/INC-261120-AAAAA.yaml"
CHANGE = "records/changes/2026/11/CHG-261120-BBBBB.yaml"
DATABASE = "cmdb/databases/payments-db.yaml"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ITSM_NOW", NOW)
    built = tmp_path / "repo"
    build(built, tmp_path / "no-overlay")
    return built


def edit(root: Path, path: str, old: str, new: str) -> None:
    text = (root / path).read_text()
    assert old in text
    (root / path).write_text(text.replace(old, new, 1))


def settings(root: Path, text: str) -> None:
    with (root / "itsm.yaml").open("a") as file:
        file.write(text)


def codes(root: Path, **how: object) -> list[str]:
    return [f.code for f in check(Repository.open(root), **how).findings]  # type: ignore[arg-type]


def test_a_good_repository_has_no_findings(root: Path) -> None:
    report = check(Repository.open(root))
    assert report.findings == ()
    assert (report.records, report.snapshot, report.base) == (2, "working tree", "")
    assert report.files > 60
    assert not report.fails("info")


def test_all_findings_of_all_files_sorted(root: Path) -> None:
    edit(root, INCIDENT, "impact: medium", "impact: huge")
    edit(root, INCIDENT, "service: payments", "service: paymnts")
    edit(root, CHANGE, "title:", "titel:")
    (root / DATABASE).write_text("- x\n")
    report = check(Repository.open(root))
    assert located(report) == [
        f"{DATABASE}:1:1 P011",
        f"{CHANGE}:1:1 S002",
        f"{CHANGE}:3:1 S001",
        f"{INCIDENT}:5:10 K001",
        f"{INCIDENT}:7:9 S004",
    ]
    assert report.touched == 3
    assert report.fails()


def test_what_the_schema_refuses_causes_no_other_findings(root: Path) -> None:
    edit(root, CHANGE, "timeline:\n", "timeline: soon\nx_timeline:\n")
    edit(root, CHANGE, "state: authorize", "state: [authorize]")
    assert codes(root) == ["S003", "S003", "S001"]


def test_severity_is_configurable(root: Path) -> None:
    edit(root, INCIDENT, "service: payments", "service: paymnts")
    settings(root, "severity:\n  K001: warning\n")
    report = check(Repository.open(root))
    assert [(f.code, f.severity) for f in report.findings] == [("K001", "warning")]
    assert not report.fails()
    assert report.fails("warning")


def test_a_rule_can_be_switched_off(root: Path) -> None:
    edit(root, INCIDENT, "service: payments", "service: paymnts")
    settings(root, "severity:\n  K001: off\n")
    assert codes(root) == []


@pytest.mark.parametrize(("path", "expected"), [("records/**", []), ("records/*", ["K001"]), (INCIDENT, [])])
def test_an_ignore_holds_for_its_paths(root: Path, path: str, expected: list[str]) -> None:
    edit(root, INCIDENT, "service: payments", "service: paymnts")
    settings(root, f"ignore:\n  - {{code: K001, path: {path}, reason: Known., until: 2026-12-31}}\n")
    assert codes(root) == expected


def test_an_ignore_that_ran_out_brings_the_finding_back(root: Path) -> None:
    edit(root, INCIDENT, "service: payments", "service: paymnts")
    settings(root, "ignore:\n  - {code: K001, path: '**', reason: Known., until: 2026-11-21}\n")
    assert codes(root) == ["S024", "K001"]


def test_an_ignore_without_reason_does_not_hold(root: Path) -> None:
    edit(root, INCIDENT, "service: payments", "service: paymnts")
    settings(root, "ignore:\n  - {code: K001, path: '**', until: 2026-12-31}\n")
    assert codes(root) == ["S023", "K001"]


def test_globs() -> None:
    assert glob("cmdb/**/x.yaml").fullmatch("cmdb/x.yaml")
    assert glob("cmdb/**/x.yaml").fullmatch("cmdb/a/b/x.yaml")
    assert glob("cmdb/?.yaml").fullmatch("cmdb/x.yaml")
    assert not glob("cmdb/*").fullmatch("cmdb/a/x.yaml")
    assert not glob("a.b").fullmatch("a+b")


def test_paths_limit_what_is_reported(root: Path) -> None:
    edit(root, INCIDENT, "service: payments", "service: paymnts")
    edit(root, DATABASE, "port: 5432", "port: 0")
    repo = Repository.open(root)
    for path in ("records", "records/", INCIDENT, root / INCIDENT):
        assert [f.code for f in check(repo, paths=[path]).findings] == ["K001"]
    assert len(check(repo, paths=["."]).findings) == 2
    assert check(repo, paths=["cmdb/data"]).findings == ()
    with pytest.raises(UsageError, match="outside"):
        check(repo, paths=["/etc/passwd"])


def test_any_commit_and_the_index_can_be_judged(root: Path) -> None:
    commit(root, "good")
    edit(root, INCIDENT, "service: payments", "service: paymnts")
    assert codes(root) == ["K001"]
    assert codes(root, at="HEAD") == []
    assert codes(root, at=":") == []
    commit(root, "bad")
    assert codes(root, at="HEAD") == codes(root, at=":") == ["K001"]
    with pytest.raises(GitError, match="no revision"):
        check(Repository.open(root), at="nowhere")
    with pytest.raises(UsageError, match="working tree"):
        check(Repository.open(root), at="HEAD", fix=True)


def test_an_unusable_rule_book_is_a_finding(root: Path) -> None:
    (root / "schemas/workflows/incident.yaml").write_text("workflow: incident\n")
    report = check(Repository.open(root))
    assert {f.code for f in report.findings} == {"S021"}
    assert {f.path for f in report.findings} == {"schemas/workflows/incident.yaml"}
    shutil.rmtree(root / "schemas")
    report = check(Repository.open(root))
    assert [(f.code, f.path) for f in report.findings] == [("S022", "schemas")]


def test_broken_json_of_the_rule_book_is_located(root: Path) -> None:
    (root / "schemas/records/incident.schema.json").write_text('{\n  "title": "Incident",\n  "title": 1\n}\n')
    assert located(check(Repository.open(root))) == ["schemas/records/incident.schema.json:3:3 P004"]


def test_links_to_a_broken_file_are_not_findings(root: Path) -> None:
    (root / DATABASE).write_text("id: payments-db\nid: payments-db\n")
    assert codes(root) == ["P004"]


def test_unknown_codes_are_explained_with_the_nearest() -> None:
    assert explain("k001").code == "K001"
    with pytest.raises(NotFound) as caught:
        explain("K0001")
    assert "K001" in caught.value.hint


# ---- two commits


def test_only_what_the_range_changed_is_reported(root: Path) -> None:
    edit(root, INCIDENT, "service: payments", "service: paymnts")
    commit(root, "already wrong")
    edit(root, CHANGE, "title: Enlarge", "titel: Enlarge")
    commit(root, "now this too")
    assert codes(root, base="HEAD~1") == ["S002", "S001"]
    assert sorted(codes(root)) == ["K001", "S001", "S002"]


def test_base_means_the_merge_base(root: Path) -> None:
    from example_trees import _git

    commit(root, "start")
    _git(root, "switch", "-q", "-c", "topic")
    edit(root, INCIDENT, "title: ", "title: Again ")
    commit(root, "topic")
    _git(root, "switch", "-q", "-")
    (root / INCIDENT).unlink()
    commit(root, "elsewhere")
    _git(root, "switch", "-q", "topic")
    assert codes(root, base="@{-1}") == []


def test_uncommitted_changes_are_compared_too(root: Path) -> None:
    commit(root, "start")
    (root / INCIDENT).unlink()
    assert codes(root, base="HEAD") == ["W107"]
    assert codes(root, base="HEAD", at=":") == []


def test_a_deleted_target_is_reported_where_it_is_linked(root: Path) -> None:
    edit(root, INCIDENT, "service: payments", "service: paymnts")
    commit(root, "start, with an old mistake")
    (root / DATABASE).unlink()
    report = check(Repository.open(root), base="HEAD")
    assert located(report) == [
        "cmdb/servers/db-server-1.yaml:1:5 D010",
        "cmdb/services/payments.yaml:14:13 W106",
        f"{CHANGE}:6:7 W106",
    ]


def test_the_rule_book_of_base_judges_the_moves(root: Path) -> None:
    """Nobody makes an illegal move legal in the request that makes it."""
    commit(root, "start")
    edit(
        root,
        "schemas/workflows/incident.yaml",
        "{name: close, title: Close, from: [resolved]",
        "{name: close, title: Close, from: [resolved, in_progress]",
    )
    edit(
        root,
        INCIDENT,
        "state: in_progress\nassigned_team: ops\n",
        "state: closed\nassigned_team: ops\nresolution_code: fixed\nresolution_notes: Done.\nclosure_category: application\n",
    )
    with (root / INCIDENT).open("a") as file:
        file.write("  - at: 2026-11-20T11:00:00Z\n    by: somebody\n    state: closed\n")
    assert codes(root) == []
    assert codes(root, base="HEAD") == ["W102", "S101"]


def test_settings_of_base_hold_for_the_range(root: Path) -> None:
    commit(root, "start")
    settings(root, "severity:\n  C101: off\n")
    edit(root, DATABASE, "port: 5432", "port: 5433")
    assert codes(root, base="HEAD") == ["C101", "S101"]


def test_every_kind_of_violation_at_once_and_nothing_else(root: Path) -> None:
    """The acceptance line: one range with all of them, each at its line."""
    for case in ("AAAAA", "CCCCC", "DDDDD", "EEEEE", "FFFFF", "GGGGG"):
        name = INCIDENT.replace("AAAAA", case)
        if case != "AAAAA":
            (root / name).write_text((root / INCIDENT).read_text().replace("AAAAA", case))
    closed = (EXAMPLES / "W105/negative/closed-incident-made-worse/base" / INCIDENT).read_text()
    for case in ("DDDDD", "EEEEE"):
        (root / INCIDENT.replace("AAAAA", case)).write_text(closed.replace("AAAAA", case))
    edit(
        root,
        INCIDENT.replace("AAAAA", "FFFFF"),
        "timeline:",
        "links:\n  - type: relates_to\n    target: INC-261120-GGGGG\ntimeline:",
    )
    draft = (EXAMPLES / "W104/negative/change-becomes-emergency/base" / CHANGE).read_text()
    (root / CHANGE).write_text(draft)
    commit(root, "before")
    done = "    by: anna-berg\n    state: {}\n"
    # skipped state, illegal move, rewritten timeline, edited closed record
    (root / INCIDENT).write_text(
        closed.replace("  - at: 2026-11-20T10:00:00Z\n    by: anna-berg\n    state: resolved\n", "")
    )
    reopened = INCIDENT.replace("AAAAA", "DDDDD")
    edit(root, reopened, "state: closed\n", "state: in_progress\n")
    with (root / reopened).open("a") as file:
        file.write("  - at: 2026-11-22T09:00:00Z\n" + done.format("in_progress"))
    edit(root, INCIDENT.replace("AAAAA", "CCCCC"), "09:00:00Z", "08:00:00Z")
    edit(root, INCIDENT.replace("AAAAA", "EEEEE"), "impact: medium", "impact: low")
    # deleted record that others link to, immutable field, unauthorised edit
    (root / INCIDENT.replace("AAAAA", "GGGGG")).unlink()
    edit(root, CHANGE, "type: normal", "type: emergency")
    edit(root, DATABASE, "port: 5432", "port: 5433")
    commit(root, "after")
    assert located(check(Repository.open(root), base="HEAD~1")) == [
        f"{DATABASE}:9:7 C101",
        f"{CHANGE}:4:7 W104",
        f"{INCIDENT}:23:12 W102",
        f"{INCIDENT.replace('AAAAA', 'CCCCC')}:12:5 W103",
        f"{INCIDENT.replace('AAAAA', 'DDDDD')}:29:12 W101",
        f"{INCIDENT.replace('AAAAA', 'EEEEE')}:7:9 W105",
        f"{INCIDENT.replace('AAAAA', 'FFFFF')}:13:13 W106",
    ]


def test_without_git_there_is_no_base(root: Path) -> None:
    with pytest.raises(GitError):
        check(Repository.open(root), base="HEAD")


def test_what_is_remembered_of_a_rule_book_never_outlives_a_change_of_it(root: Path) -> None:
    """A served site judges again and again in one process, and somebody edits the schemas meanwhile."""
    before = codes(root)
    schema = "schemas/records/incident.schema.json"
    text = (root / schema).read_text()
    edit(root, schema, '"required": [', '"required": ["resolution", ')
    assert codes(root) != before
    (root / schema).write_text(text)
    assert codes(root) == before
