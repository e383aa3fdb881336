"""``--fix`` repairs what loses nothing, and leaves everything else alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from example_trees import NOW, build

from itsm_gitops.repository import Repository
from itsm_gitops.rules import CheckReport, check, explanations
from itsm_gitops.rules.fix import _REPAIRS

INCIDENT = "records/incidents/2026/11/INC-261120-AAAAA.yaml"
CHANGE = "records/changes/2026/11/CHG-261120-BBBBB.yaml"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ITSM_NOW", NOW)
    build(tmp_path / "repo", tmp_path / "no-overlay")
    return tmp_path / "repo"


def fix(root: Path) -> CheckReport:
    return check(Repository.open(root), fix=True)


def add_links(root: Path, path: str, links: str) -> str:
    text = (root / path).read_text()
    (root / path).write_text(text.replace("timeline:", f"links:\n{links}timeline:", 1))
    return text


def test_nothing_to_repair_writes_nothing(root: Path) -> None:
    before = {p: p.stat().st_mtime_ns for p in root.rglob("*")}
    assert fix(root).fixed == ()
    assert {p: p.stat().st_mtime_ns for p in root.rglob("*")} == before


def test_state_follows_the_timeline_and_comments_stay(root: Path) -> None:
    text = (root / INCIDENT).read_text()
    text = text.replace("state: in_progress\nassigned", "state: new  # as reported\nassigned")
    (root / INCIDENT).write_text(text)
    report = fix(root)
    assert [(r.code, r.path) for r in report.fixed] == [("W002", INCIDENT)]
    assert report.findings == ()
    assert (root / INCIDENT).read_text() == text.replace("state: new  #", "state: in_progress  #")


def test_an_identical_link_goes_and_one_with_a_note_stays(root: Path) -> None:
    one = "  - type: caused_by\n    target: CHG-261120-BBBBB\n"
    add_links(root, INCIDENT, one * 3 + one + "    note: Seen in the log.\n")
    report = fix(root)
    assert [r.code for r in report.fixed] == ["S009", "S009"]
    assert [f.code for f in report.findings] == ["K005"]
    assert (root / INCIDENT).read_text().count("caused_by") == 2


def test_a_link_that_says_less_than_an_earlier_one_goes(root: Path) -> None:
    one = "  - type: caused_by\n    target: CHG-261120-BBBBB\n"
    add_links(root, INCIDENT, one + "    note: Seen in the log.\n" + one)
    report = fix(root)
    assert [r.code for r in report.fixed] == ["K005"]
    assert report.findings == ()
    assert "note: Seen in the log." in (root / INCIDENT).read_text()


def test_an_inverse_link_moves_to_its_side_with_its_note(root: Path) -> None:
    before = add_links(root, CHANGE, "  - type: causes\n    target: INC-261120-AAAAA\n    note: At once.\n")
    report = fix(root)
    assert [r.code for r in report.fixed] == ["K006"]
    assert report.findings == ()
    assert "causes" not in (root / CHANGE).read_text()
    assert (root / CHANGE).read_text().replace("links: []\n", "") == before
    moved = (root / INCIDENT).read_text()
    assert "type: caused_by" in moved
    assert "target: CHG-261120-BBBBB" in moved
    assert "note: At once." in moved


def test_an_inverse_link_to_nothing_stays(root: Path) -> None:
    add_links(root, CHANGE, "  - type: causes\n    target: INC-261120-ZZZZZ\n")
    text = (root / CHANGE).read_text()
    report = fix(root)
    assert report.fixed == ()
    assert sorted(f.code for f in report.findings) == ["K001", "K006"]
    assert (root / CHANGE).read_text() == text


def test_files_move_where_they_belong(root: Path) -> None:
    wrong = root / "records/incidents/INC-261120-AAAAA.yaml"
    (root / INCIDENT).rename(wrong)
    other = root / "cmdb/teams/ops.yaml"
    other.rename(other.with_suffix(".yml"))
    report = fix(root)
    assert {(r.code, r.message) for r in report.fixed} == {
        ("I002", f"moved to {INCIDENT}"),
        ("I009", "moved to cmdb/teams/ops.yaml"),
    }
    assert report.findings == ()
    assert not wrong.exists()


def test_a_move_never_overwrites(root: Path) -> None:
    wrong = root / "records/incidents/INC-261120-AAAAA.yaml"
    wrong.write_text("id: INC-261120-AAAAA\n")
    kept = (root / INCIDENT).read_text()
    assert fix(root).fixed == ()
    assert (root / INCIDENT).read_text() == kept
    assert wrong.exists()


def test_byte_order_mark_and_normal_form(root: Path) -> None:
    text = (root / INCIDENT).read_text().replace("slow", "slow in the cafe\u0301")
    (root / INCIDENT).write_bytes(text.encode())
    (root / CHANGE).write_bytes(b"\xef\xbb\xbf" + (root / CHANGE).read_bytes())
    report = fix(root)
    assert sorted(r.code for r in report.fixed) == ["P002", "P012"]
    assert report.findings == ()
    assert "caf\u00e9" in (root / INCIDENT).read_text()


def test_only_the_named_paths_are_repaired(root: Path) -> None:
    for path in (INCIDENT, CHANGE):
        (root / path).write_bytes(b"\xef\xbb\xbf" + (root / path).read_bytes())
    report = check(Repository.open(root), fix=True, paths=[CHANGE])
    assert [r.path for r in report.fixed] == [CHANGE]
    assert [f.path for f in check(Repository.open(root)).findings] == [INCIDENT]


def test_what_is_repaired_is_explained_so_and_nothing_else() -> None:
    assert {e.code for e in explanations() if e.fixable} == set(_REPAIRS)
