"""A small repository whose figures can be counted by hand, with the clock standing still."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from itsm_gitops.commands.reporting import report
from itsm_gitops.model.report import Report

NOW = "2026-11-22T12:00:00Z"  # a Sunday, 13:00 in Berlin

FOLDERS = {"INC": "incidents", "CHG": "changes", "PRB": "problems", "REQ": "requests"}
KINDS = {"INC": "incident", "CHG": "change", "PRB": "problem", "REQ": "request"}

Figures = Callable[..., dict[str, dict[Any, dict[str, Any]]]]


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ITSM_NOW", NOW)


@pytest.fixture
def record(git_repo: Any) -> Callable[..., None]:
    """Write a record: its identifier, its states with their times, and any other fields as YAML."""

    def write(identifier: str, steps: list[tuple[str, str]], fields: str = "") -> None:
        prefix, day, _ = identifier.split("-")
        timeline = "".join(f"- at: {at}\n  by: ada\n  state: {state}\n" for at, state in steps)
        git_repo.write(
            f"records/{FOLDERS[prefix]}/20{day[:2]}/{day[2:4]}/{identifier}.yaml",
            f"id: {identifier}\nkind: {KINDS[prefix]}\ntitle: T {identifier}\n{fields}"
            f"state: {steps[-1][1]}\ntimeline:\n{timeline}",
        )

    return write


@pytest.fixture
def reports(git_repo: Any) -> Callable[..., dict[str, Report]]:
    """Make all reports and return them by name."""
    return lambda **limits: {r.name: r for r in report(git_repo.repo, **limits)}


@pytest.fixture
def figures(reports: Callable[..., dict[str, Report]]) -> Figures:
    """Make all reports and return their tables: `report.table`, then the first cell of the row."""

    def make(**limits: str) -> dict[str, dict[Any, dict[str, Any]]]:
        found = {}
        for one in reports(**limits).values():
            for table in one.as_json()["tables"]:
                first = table["columns"][0]["name"]
                found[f"{one.name}.{table['table']}"] = {row[first]: row for row in table["rows"]}
        return found

    return make
