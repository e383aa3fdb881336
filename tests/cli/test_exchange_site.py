"""`import`, `export`, `site`, `completion`: the wiring; what they do is tested in their rooms."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Cli

MAPPING = """\
title: Test
kind: incident
key: number
system: old-desk
actor: import
times: {format: "%Y-%m-%d %H:%M", time_zone: Europe/Berlin}
columns:
  title: {column: summary}
  reported_by: {column: who, slug: true}
  service: {value: email}
  category: {value: email}
  impact: {value: low}
  urgency: {value: low}
timeline:
  opened: {at: opened}
  state: {column: state, map: {open: new}}
"""


def test_export_json_and_lines(acme: Path, cli: Cli, tmp_path: Path) -> None:
    whole = cli("export", "json").json
    assert len(whole["documents"]) == 32
    lines = cli("export", "json", "incidents", "--lines").out.splitlines()
    assert [json.loads(line)["data"]["id"] for line in lines] == ["INC-260112-EXMP1"]
    result = cli("export", "json", "--out", str(tmp_path / "all.json"))
    assert "32 documents written" in result.err
    assert json.loads((tmp_path / "all.json").read_text()) == whole
    assert "did you mean incident" in cli("export", "json", "incidnts", code=1).err


def test_export_csv_neutralises_formulas_unless_raw(acme: Path, cli: Cli) -> None:
    cli("set", "EXMP2", "title==1+1")
    rows = list(csv.DictReader(io.StringIO(cli("export", "csv", "problems", "--columns", "id,title").out)))
    assert rows[0]["title"] == "'=1+1"
    assert "=1+1" in cli("export", "csv", "problems", "--columns", "id,title", "--raw").out.replace("'", "")
    assert "1+1" not in cli("export", "csv", "problems", "--at", "HEAD").out
    assert "did you mean title" in cli("export", "csv", "problems", "--columns", "titel", code=1).err


def test_export_to_a_place_that_cannot_be_written_is_usage(acme: Path, cli: Cli) -> None:
    assert "cannot be written" in cli("export", "json", "-o", "/nowhere/x.json", code=2).err


def test_import_csv_twice(acme: Path, cli: Cli, tmp_path: Path) -> None:
    mapping, table = tmp_path / "mapping.yaml", tmp_path / "old.csv"
    mapping.write_text(MAPPING)
    table.write_text("number,summary,who,state,opened\nINC0001,Mail is slow,Ben,open,2026-11-01 09:00\n")
    words = ["import", "csv", str(table), "--mapping", str(mapping)]
    assert "dry run: nothing was written" in cli(*words, "--dry-run").out
    assert len(cli("list", "incidents", "--json").json) == 1
    out = cli(*words, "--report", str(tmp_path / "report.md")).out
    assert "created    1" in out
    assert "# Import of" in (tmp_path / "report.md").read_text()
    assert cli("show", "inc0001").out.splitlines()[1] == "Mail is slow"
    assert "no findings" in cli("check").out
    again = cli(*words, "--json").json
    assert again["counts"] == {
        "created": 0,
        "updated": 0,
        "unchanged": 1,
        "kept": 0,
        "skipped": 0,
        "items": 0,
    }
    assert "missing option" in cli(*words[:3], code=2).err


def test_site_build_writes_a_site(acme: Path, cli: Cli, tmp_path: Path) -> None:
    result = cli("site", "build", "--out", str(tmp_path / "public"))
    assert "built" in result.out
    assert (tmp_path / "public/index.html").is_file()
    pages = {p.name for p in (tmp_path / "public").rglob("*.html")}
    assert any("EXMP1" in p or "exmp1" in p for p in pages) or any(
        "INC-260112-EXMP1" in str(p) for p in (tmp_path / "public").rglob("*")
    )
    found = cli("site", "build", "--out", str(tmp_path / "public"), "--json").json
    assert found["written"] == 0
    assert found["records"] == 5


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script(shell: str, cli: Cli) -> None:
    out = cli("completion", shell).out
    assert "_ITSM_COMPLETE" in out
    assert "itsm completion" in out.splitlines()[0]


def _complete(acme: Path, words: str, position: int) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", "import sys; sys.argv[0] = 'itsm'; from itsm_gitops.cli import main; main()"],
        cwd=acme, capture_output=True, text=True, check=False,
        env={**os.environ, "COMP_WORDS": words, "COMP_CWORD": str(position), "_ITSM_COMPLETE": "bash_complete"},
    )  # fmt: skip
    assert done.stderr == ""
    return [line.split(",", 1)[1] for line in done.stdout.splitlines() if line]


@pytest.mark.parametrize(
    ("words", "position", "found"),
    [
        ("itsm se", 1, ["set"]),
        ("itsm show INC", 2, ["INC-260112-EXMP1"]),
        ("itsm show exmp4", 2, ["CHG-260115-EXMP4"]),
        ("itsm move EXMP4 a", 3, ["assess"]),
        ("itsm move EXMP2 resolved --code fix", 5, ["fix_applied"]),
        ("itsm set EXMP1 imp", 3, ["impact="]),
        ("itsm set EXMP1 impact=h", 3, ["impact=high"]),
        ("itsm set EXMP1 service=e", 3, ["service=email"]),
        ("itsm link EXMP1 caused", 3, ["caused_by"]),
        ("itsm unlink EXMP1 caus", 3, ["caused_by", "causes"]),
        ("itsm new inc", 2, ["incident"]),
        ("itsm new incident --urg", 3, ["--urgency"]),
        ("itsm new incident --link caused_by:PRB", 4, ["caused_by:PRB-260112-EXMP2"]),
        ("itsm list prob", 2, ["problems"]),
        ("itsm list incidents --state res", 4, ["resolved"]),
        ("itsm list --service em", 3, ["email"]),
        ("itsm list --team it", 3, ["it-operations"]),
        ("itsm impact core", 2, ["core-switch"]),
        ("itsm explain W00", 2, ["W001"]),
        ("itsm log EXMP1 --field urg", 4, ["urgency"]),
        ("itsm diff ma", 2, ["main"]),
        ("itsm new change --template normal", 4, ["normal-change"]),
        ("itsm show zzz", 2, []),
    ],
)
def test_completion_knows(words: str, position: int, found: list[str], acme: Path) -> None:
    offered = _complete(acme, words, position)
    assert offered[: len(found)] == found if found else offered == []


def test_completion_outside_of_a_repository_is_quiet(tmp_path: Path) -> None:
    assert _complete(tmp_path, "itsm show x", 2) == []
