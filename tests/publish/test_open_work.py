"""How much is open has one answer: what each page of the living example says is what its link leads to."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from browsing import CHECKOUT
from test_explorer import data_of, rows_of, site_files

from tests.support import run_apart


@pytest.fixture(scope="module")
def open_rows(example: Path) -> list[dict[str, Any]]:
    """What the explorer shows under *Open*."""
    return [r for r in rows_of(site_files(example)) if r["chunk"]["status"] == "open"]


@pytest.fixture(scope="module")
def by_team(open_rows: list[dict[str, Any]]) -> Counter[str]:
    return Counter(team for row in open_rows for team in row["team"])


def test_the_records_page_counts_what_its_link_shows(example: Path, open_rows: list[dict[str, Any]]) -> None:
    html = (example / "records/index.html").read_text(encoding="utf-8")
    said = re.search(r'explore\.html"?>All (\d+) open records', html)
    assert said
    assert int(said[1]) == len(open_rows)
    assert not {"published", "closed"} & {state for row in open_rows for state in row["state"]}


def test_the_backlog_counts_what_its_links_show(
    example: Path, open_rows: list[dict[str, Any]], by_team: Counter[str]
) -> None:
    report = json.loads((example / "reports/backlog.json").read_text())
    tables = {table["table"]: table["rows"] for table in report["tables"]}
    kinds, teams = tables["kinds"], tables["teams"]
    assert sum(row["open"] for row in kinds) == len(open_rows)
    nobody = sum(not row["team"] for row in open_rows)
    assert {row["team"]: row["open"] for row in teams} == {**by_team, "": nobody}
    html = (example / "reports/backlog.html").read_text(encoding="utf-8")
    for team, count in by_team.items():
        assert re.search(rf'explore\.html\?team={team}"?>{count}<', html)


def test_the_lists_and_the_page_of_a_team_count_what_the_explorer_shows(
    example: Path, by_team: Counter[str]
) -> None:
    names = data_of("explore/names.js", (example / "explore/names.js").read_bytes())["team"]
    html = (example / "cmdb/teams/index.html").read_text(encoding="utf-8")
    for team in names:
        [row] = [
            r for r in html.split("<tr>") if f"/{team}.html>" in r.partition("Lead")[0] and "it-c-title" in r
        ]
        cell = re.search(r'data-label="?open"?>(?:<[^>]*>)?(\d+)', row)
        assert cell, row
        assert int(cell[1]) == by_team[team], team
        page = (example / f"cmdb/teams/{team}.html").read_text(encoding="utf-8")
        shown = re.search(r"href=#work>Open <strong>(\d+)", page)
        assert int(shown[1] if shown else 0) == by_team[team], team


def test_records_without_a_team_are_called_so_and_lead_to_the_explorer(example: Path) -> None:
    html = (example / "reports/backlog.html").read_text(encoding="utf-8")
    assert re.search(r'explore\.html\?team=none"?>No team</a>', html)


def test_the_command_of_the_explorer_lists_what_its_tab_shows(open_rows: list[dict[str, Any]]) -> None:
    done = run_apart(["list", "status:open -state:published", "--json"], CHECKOUT)
    assert done.returncode == 0, done.stderr
    assert {row["id"] for row in json.loads(done.stdout)} == {row["id"] for row in open_rows}
