"""Whoever writes a former name of a person, team or service means the one that has another name now."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Cli

ANNOUNCED = """\
id: slow-mail
class: announcement
name: Mail is slow
description: We look into it.
owner: it-operations
type: disturbance
audience: public
start: 2026-11-22T08:00:00Z
end: 2026-11-22T20:00:00Z
services: [email]
"""


def rename(root: Path, folder: str, old: str, new: str) -> None:
    path = root / f"cmdb/{folder}/{old}.yaml"
    text = path.read_text().replace(f"id: {old}\n", f"id: {new}\n") + f"aliases:\n- {old}\n"
    (root / f"cmdb/{folder}/{new}.yaml").write_text(text)
    path.unlink()


@pytest.fixture
def renamed(acme: Path) -> Path:
    rota = acme / "cmdb/rotas/operations-rota.yaml"
    rota.write_text(rota.read_text().replace("lifecycle: planned", "lifecycle: production"))
    team = acme / "cmdb/teams/it-operations.yaml"
    team.write_text(team.read_text().replace("lead: ", "on_call: operations-rota\nlead: "))
    rename(acme, "people", "mail-engineer", "mail-lead")
    rename(acme, "teams", "it-operations", "platform")
    rename(acme, "services", "email", "mail")
    return acme


def incident(cli: Cli) -> str:
    words = ["--service", "mail", "--category", "email", "--impact", "high", "--urgency", "high"]
    made = cli("new", "incident", "--title", "Down", *words, "--assigned-team", "service-desk", "--json")
    return Path(made.json["path"]).stem


def test_a_turn_is_given_to_somebody_by_a_former_name(renamed: Path, cli: Cli) -> None:
    cli("oncall", "it-operations", "--swap", "mail-engineer", "--until", "+2h")
    (one,) = cli("oncall", "platform", "--json").json["on_call"]
    assert (one["team"], one["people"], one["override"]) == ("platform", ["mail-lead"], True)
    assert "person: mail-lead" in (renamed / "cmdb/rotas/operations-rota.yaml").read_text()


def test_a_record_is_handed_to_a_team_by_its_former_name(renamed: Path, cli: Cli) -> None:
    name = incident(cli)
    cli("escalate", name, "--why", "It is the server", "--to", "it-operations")
    found = cli("list", f"id:{name}", "--columns", "assigned_team,escalated_to", "--json").json[0]
    assert (found["assigned_team"], found["escalated_to"]) == ("platform", "platform")


def test_somebody_with_a_former_name_is_still_in_their_teams(
    renamed: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    def mine(name: str) -> list[str]:
        monkeypatch.setenv("ITSM_USER", name)
        return [row["id"] for row in cli("list", "items", "team:@my-teams", "--json").json]

    assert mine("mail-engineer") == mine("mail-lead") != []


def test_a_board_is_asked_for_by_its_former_name(renamed: Path, cli: Cli) -> None:
    rename(renamed, "teams", "change-management", "change-board")
    assert cli("cab", "agenda", "--board", "change-management", "--json").json["board"] == "change-board"


def test_an_announcement_about_a_renamed_service_is_on_its_page(renamed: Path, cli: Cli) -> None:
    path = renamed / "cmdb/announcements/slow-mail.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(ANNOUNCED)
    cli("site", "build")
    site = renamed / "build/site"
    status = json.loads((site / "status.json").read_text())
    assert [a["services"] for a in status["announcements"]] == [["mail"]]
    assert [(s["id"], s["status"]) for s in status["services"]] == [("mail", "degraded")]
    assert "it-announcement--disturbance" in (site / "services/mail.html").read_text()
