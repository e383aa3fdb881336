"""`itsm next`: what needs somebody, group by group."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.cli.conftest import Cli

WORDS = (
    "--service",
    "email",
    "--category",
    "email/sending",
    "--impact",
    "high",
    "--urgency",
    "high",
    "--reported-by",
    "duty-agent",
)


def commit(root: Path, message: str) -> None:
    subprocess.run(["git", "add", "-A"], cwd=root, check=True)
    subprocess.run(["git", "commit", "-q", "-m", message], cwd=root, check=True)


def test_each_group_has_what_belongs_to_it(acme: Path, cli: Cli) -> None:
    mine = cli(
        "new",
        "incident",
        "--title",
        "Mail is down",
        *WORDS,
        "--assigned-team",
        "it-operations",
        "--assignee",
        "mail-engineer",
        "--json",
    ).json["id"]
    free = cli(
        "new", "incident", "--title", "Mail is slow", *WORDS, "--assigned-team", "it-operations", "--json"
    ).json["id"]
    cli("set", "cloud-contract", "end=2026-11-30", "renewal=express")
    found = cli("next", "--by", "mail-engineer", "--json").json
    assert found["who"] == "mail-engineer"
    assert mine in [e["id"] for e in found["assigned"]]
    assert free in [e["id"] for e in found["unassigned"]]
    assert mine not in [e["id"] for e in found["unassigned"]]
    assert {"cloud-contract"} <= {d["id"] for d in found["due"]}
    assert {(p["id"], p["metric"]) for p in found["promises"]} >= {(mine, "response"), (free, "response")}
    assert all(p["due"].endswith("Z") for p in found["promises"] if p["due"])


def test_a_branch_that_waits_for_somebody_is_theirs_to_approve(acme: Path, cli: Cli) -> None:
    subprocess.run(["git", "switch", "-q", "-c", "topic"], cwd=acme, check=True)
    made = cli(
        "new",
        "change",
        "--template",
        "normal-change",
        "--title",
        "Raise the limit",
        "--service",
        "email",
        "--ci",
        "mailbox-db",
        "--requested-by",
        "duty-agent",
        "--assigned-team",
        "it-operations",
        "--risk",
        "low",
        "--why",
        "Clients wait.",
        "--implementer",
        "duty-agent",
        "--start",
        "2026-12-07 20:00",
        "--end",
        "2026-12-07 21:00",
        "--implementation",
        "Set it.",
        "--backout",
        "Set it back.",
        "--test",
        "Send.",
        "--set",
        "impact_statement=None.",
        "--json",
    ).json
    for state in ("assess", "authorize", "scheduled"):
        cli("move", made["id"], state, "--by", "change-manager")
    commit(acme, "Raise the limit")
    (waiting,) = cli("next", "--by", "operations-lead", "--json").json["approvals"]
    assert waiting["changes"] == [made["id"]]
    assert any(n.startswith("owner-of-each-item") for n in waiting["needs"])
    assert cli("next", "--by", "service-manager", "--json").json["approvals"] == []
    assert cli("next", "--by", "operations-lead", "--no-branches", "--json").json["branches"] == {
        "judged": 0,
        "waiting": 0,
    }


def test_the_screen_fits_80_columns_and_nothing_is_said_so(acme: Path, cli: Cli) -> None:
    cli(
        "new",
        "incident",
        "--title",
        "A very long title about mail that goes on and on until nobody reads it any more",
        *WORDS,
        "--assigned-team",
        "it-operations",
        "--assignee",
        "mail-engineer",
    )
    lines = cli("next", "--by", "mail-engineer").out.splitlines()
    assert any(line.startswith("mine (") for line in lines)
    assert max(map(len, lines)) <= 80
    assert (
        "nothing needs security-officer now" in cli("next", "--by", "security-officer").out
        or cli("next", "--by", "security-officer").code == 0
    )


def test_somebody_who_is_not_there(acme: Path, cli: Cli) -> None:
    said = cli("next", "--by", "mail-enginer", code=None)
    assert said.code == 1
    assert "did you mean mail-engineer?" in said.err
