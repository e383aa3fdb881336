"""An item that was renamed is one and the same to lists and figures, whichever name a record of then or now has."""

from __future__ import annotations

import json
from typing import Any

import pytest
from click.testing import CliRunner

from itsm_gitops.cli.app import group
from tests.support import service

DAYS = {"AAAAA": "02", "BBBBB": "03"}


@pytest.fixture(params=["off", "always"])
def renamed(git_repo, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest):
    """Two incidents, one from before a team and a service got other names, and one from after that."""
    monkeypatch.setenv("ITSM_INDEX", request.param)
    monkeypatch.setenv("ITSM_NOW", "2026-11-04T12:00:00Z")
    git_repo.write("cmdb/services/mail.yaml", service("mail", extra="aliases: [post]\n"))
    git_repo.write(
        "cmdb/teams/platform.yaml",
        "id: platform\nclass: team\nname: Platform\nlifecycle: production\naliases: [unix]\n",
    )
    for name, (team, about) in {"AAAAA": ("unix", "post"), "BBBBB": ("platform", "mail")}.items():
        day = f"2026-11-{DAYS[name]}"
        told = (
            "set: {assigned_team: platform}, was: {assigned_team: unix}" if team == "platform" else "note: N"
        )
        git_repo.write(
            f"records/incidents/2026/11/INC-2611{DAYS[name]}-{name}.yaml",
            f"id: INC-2611{DAYS[name]}-{name}\nkind: incident\ntitle: T\nreported_by: ada\nservice: {about}\n"
            f"category: x\nimpact: low\nurgency: low\nassigned_team: {team}\nresolution_code: fixed\n"
            f"resolution_notes: Done.\nstate: resolved\ntimeline:\n"
            f"- {{at: {day}T08:00:00Z, by: ada, state: new}}\n"
            f"- {{at: {day}T09:00:00Z, by: ada, state: in_progress}}\n"
            f"- {{at: {day}T10:00:00Z, by: ada, {told}}}\n"
            f"- {{at: {day}T11:00:00Z, by: ada, state: resolved}}\n",
        )
    git_repo.commit("renamed")

    def run(*words: str) -> Any:
        result = CliRunner().invoke(group, ["-C", str(git_repo.root), *words, "--json"])
        assert result.exit_code == 0, result.output
        return json.loads(result.output)

    return run


@pytest.mark.parametrize(
    "asked",
    [
        "team:platform", "team:unix", "assigned_team:platform", "assigned_team=unix", "service:mail", "service:post",
        "service=mail", "reaches:post", "affects:mail", "affects:post",
    ],
)  # fmt: skip
def test_any_name_finds_the_records_of_all_names(renamed, asked: str) -> None:
    found = renamed("list", f"incidents {asked}")
    assert sorted(e["id"][-5:] for e in found) == ["AAAAA", "BBBBB"]


@pytest.mark.parametrize("scope", [(), ("--team", "platform"), ("--service", "mail")])
def test_figures_count_a_renamed_team_as_one_and_the_renaming_as_nothing(
    renamed, scope: tuple[str, ...]
) -> None:
    made = renamed("report", "quality", *scope)
    made = made[0] if isinstance(made, list) else made
    tables = {t["table"]: t for t in made["tables"]}
    teams = next(t for name, t in tables.items() if "team" in name)
    names = [c["name"] for c in teams["columns"]]
    rows = [r if isinstance(r, dict) else dict(zip(names, r, strict=True)) for r in teams["rows"]]
    assert [(r["team"], r["resolved"]) for r in rows] == [("platform", 2)]
    assert all(not r[n] for r in rows for n in names if n.startswith("reassign"))


@pytest.mark.parametrize("asked", [("--team", "platform"), ("--team", "unix"), ("--owner", "platform")])
def test_what_is_due_of_a_team_is_due_under_all_its_names(renamed, git_repo, asked: tuple[str, str]) -> None:
    git_repo.write(
        "cmdb/contracts/care.yaml",
        "id: care\nclass: contract\nname: Care\nowner: unix\nlifecycle: production\nsupplier: s\nend: 2026-11-01\n",
    )
    assert [row["id"] for row in renamed("due", *asked)] == ["care"]
