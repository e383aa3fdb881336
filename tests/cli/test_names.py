"""Names that people type: what exists nowhere is refused with the nearest, and there is a way to mean it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Cli

WORDS = (
    "--title",
    "Mail",
    "--service",
    "email",
    "--category",
    "email/sending",
    "--impact",
    "low",
    "--urgency",
    "low",
)


@pytest.fixture
def incident(acme: Path, cli: Cli) -> str:
    (acme / "itsm.yaml").write_text(
        (acme / "itsm.yaml").read_text().replace("directory: closed", "directory: open")
    )
    made: str = cli("new", "incident", *WORDS, "--json").json["id"]
    return made


def test_whoever_gets_work_must_exist(incident: str, cli: Cli) -> None:
    said = cli("set", incident, "assignee=bobb", code=None)
    assert said.code == 1
    assert "nobody is called 'bobb'" in said.err
    assert "bobb! if this name is meant" in said.err
    near = cli("set", incident, "assignee=mail-enginer", code=None)
    assert "did you mean mail-engineer?" in near.err
    assert "assignee" not in cli("show", incident, "--json").json["data"]


def test_an_exclamation_mark_says_that_it_is_meant_and_from_then_on_it_is_known(
    incident: str, cli: Cli
) -> None:
    cli("set", incident, "assignee=bobb!")
    assert cli("show", incident, "--json").json["data"]["assignee"] == "bobb"
    other = cli("new", "incident", *WORDS, "--json").json["id"]
    cli("set", other, "assignee=bobb")


def test_a_requester_may_be_anybody_but_not_nearly_somebody(incident: str, cli: Cli) -> None:
    cli("set", incident, "reported_by=grocer-jones")
    said = cli("set", incident, "reported_by=duty-agnt", code=None)
    assert "did you mean duty-agent" in said.err
    cli("set", incident, "reported_by=duty-agnt!")


def test_at_me_is_whoever_acts_also_where_nobody_knows_them(
    incident: str, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    cli("set", incident, "assignee=@me")
    assert cli("show", incident, "--json").json["data"]["assignee"] == "operations-lead"
    monkeypatch.setenv("ITSM_USER", "night-shift")
    cli("set", incident, "assignee=night-shift")
