"""The auditor's page, followed word by word: the population is what Git says, the sample opens, the exceptions are those."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import subprocess
import zipfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from tests.docs import console
from tests.support import run_here
from tests.warm import Warm

PAGE = console.ROOT / "site/docs/handbook/34-auditing.md"
CELL = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
NOW = {"ITSM_NOW": "2026-11-23T12:00:00Z"}


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory, warm: Warm) -> Path:
    """The repository that somebody has who did everything the page says."""
    home = tmp_path_factory.mktemp("auditor").resolve()
    _, faults = console.play(PAGE, home, warm)
    assert not faults, "\n\n".join(faults)
    return home / "acme"


def git(folder: Path, *words: str) -> list[str]:
    done = subprocess.run(["git", *words], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def answer(folder: Path, *words: str) -> Any:
    done = run_here(("audit", *words, "--json"), folder, env=NOW)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.slow
def test_the_page_of_the_auditor(played: Path) -> None:
    line = git(played, "rev-list", "--first-parent", "main")
    rules = git(
        played, "log", "--diff-filter=A", "--format=%H", "main", "--", "schemas/policies/approvals.yaml"
    )
    assert rules == line[-1:], "the audit begins with the commit that brought the policy"

    rows = answer(played, "export")
    assert [r["merge"] for r in rows if r["row"] == "merge"] == line[-2::-1]
    records = {Path(p).stem for p in git(played, "ls-tree", "-r", "--name-only", "main", "records/changes")}
    assert {r["changes"] for r in rows if r["row"] == "change"} == records

    table = list(csv.DictReader(io.StringIO((played / "november.csv").read_text())))
    assert [r["merge"] for r in table if r["row"] == "merge"] == line[-2::-1]

    (planted,) = git(played, "log", "--first-parent", "--format=%H", "--grep=Just this once", "main")
    found = [(d["code"], d["merge"]) for d in answer(played, "exceptions")]
    assert found == [("BYPASSED", planted), ("NO_CHANGE", planted)], "all that was planted, and nothing else"

    with zipfile.ZipFile(played / "sample.zip") as sample:
        assert sample.testzip() is None
        manifest = json.loads(sample.read("manifest.json"))
        assert set(sample.namelist()) == {*manifest["files"], "manifest.json"}
        for name, about in manifest["files"].items():
            assert hashlib.sha256(sample.read(name)).hexdigest() == about["sha256"], name
    again = answer(played, "sample", "--seed", "november", "--since", "2026-11-01")
    assert again["sample"] == manifest["sample"]

    with zipfile.ZipFile(played / "november.xlsx") as book:
        sheets = [ET.fromstring(book.read(n)) for n in book.namelist() if "worksheets/" in n]
    assert [len(s.findall(f".//{CELL}row")) for s in sheets][:2] == [2, 3], "heads, one change, two merges"
