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


@pytest.fixture
def renamed(acme: Path) -> Path:
    """The repository after the mailbox database and the mail engineer got other names."""
    for path, old, new in (
        ("cmdb/databases", "mailbox-db", "mailbox-store"),
        ("cmdb/people", "mail-engineer", "mail-specialist"),
    ):
        text = (acme / path / f"{old}.yaml").read_text()
        (acme / path / f"{old}.yaml").unlink()
        (acme / path / f"{new}.yaml").write_text(
            f"{text.replace(f'id: {old}', f'id: {new}')}aliases:\n- {old}\n"
        )
    return acme


def test_a_former_name_means_the_present_one_wherever_a_name_is_typed(renamed: Path, cli: Cli) -> None:
    made = cli(
        "new", "incident", "--title", "No mail", "--service", "email", "--ci", "mailbox-db", "--category", "email",
        "--impact", "low", "--urgency", "low", "--reported-by", "mail-engineer", "--json",
    ).json["id"]  # fmt: skip
    data = cli("show", made, "--json", "--no-links").json["data"]
    assert (data["cis"], data["reported_by"]) == (["mailbox-store"], "mail-specialist")
    cli("set", made, "assignee=mail-engineer")
    cli("link", made, "affects", "mailbox-db", code=None)
    assert cli("show", made, "--json", "--no-links").json["data"]["assignee"] == "mail-specialist"


def test_a_former_number_of_a_record_means_it_in_a_link(incident: str, acme: Path, cli: Cli) -> None:
    cli("set", "EXMP2", "aliases=INC0012345")
    cli("link", incident, "caused_by", "INC0012345")
    links = cli("show", incident, "--json", "--no-links").json["data"]["links"]
    assert links == [{"type": "caused_by", "target": "PRB-260112-EXMP2"}]
