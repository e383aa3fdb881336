"""`itsm set`, `move`, `link` and `note` over a filter: a preview, a yes, all or none, each judged as a single one is."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import ABOUT_MAIL, Cli


@pytest.fixture
def mail(acme: Path, cli: Cli) -> list[str]:
    """Three new incidents about mail."""
    return [
        cli("new", "incident", "--title", f"Mail {n}", *ABOUT_MAIL, "--json").json["id"] for n in range(3)
    ]


def bytes_of(acme: Path) -> dict[Path, bytes]:
    return {p: p.read_bytes() for p in acme.rglob("*.yaml")}


def test_without_a_yes_a_script_is_told_and_nothing_is_written(acme: Path, mail: list[str], cli: Cli) -> None:
    before = bytes_of(acme)
    said = cli("set", "--all", "incidents state:new", "impact=high", code=None)
    assert said.code == 2
    assert "--yes" in said.err
    assert cli("set", "--all", "incidents state:new", "impact=high", "--dry-run").code == 0
    assert bytes_of(acme) == before


def test_all_of_a_filter_are_changed_and_say_so(mail: list[str], cli: Cli) -> None:
    done = cli("set", "--all", "incidents state:new", "impact=high", "--yes", "--json")
    assert sorted(w["id"] for w in done.json) == sorted(mail)
    assert {e["id"] for e in cli("list", "incidents", "impact=high", "state:new", "--json").json} == set(mail)
    again = cli("set", "--all", "incidents state:new", "impact=high", "--yes")
    assert "are so already" in again.out


def test_one_refusal_refuses_all_and_names_the_document(acme: Path, mail: list[str], cli: Cli) -> None:
    cli("move", mail[0], "in_progress", "--set", "assigned_team=it-operations")
    before = bytes_of(acme)
    said = cli(
        "move",
        "--all",
        f"id:{','.join(mail)}",
        "in_progress",
        "--set",
        "assigned_team=it-operations",
        "--yes",
        code=None,
    )
    assert said.code == 1
    assert mail[0] in said.err
    assert bytes_of(acme) == before


def test_what_a_rule_refuses_is_refused_for_all(acme: Path, mail: list[str], cli: Cli) -> None:
    before = bytes_of(acme)
    said = cli("set", "--all", "incidents state:new", "service=mail-server", "--yes", code=None)
    assert said.code in (1, 2)
    assert bytes_of(acme) == before


def test_a_file_that_changes_meanwhile_puts_the_others_back(
    acme: Path, mail: list[str], cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    from itsm_gitops.editing import bulk

    before, real, written = bytes_of(acme), bulk.write, []

    def write(repo: object, edit: object, **more: object) -> object:
        if len(written) == 2:
            raise OSError("no space left on device")
        written.append(edit)
        return real(repo, edit, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(bulk, "write", write)
    assert cli("note", "--all", "incidents state:new", "Looking at it.", "--yes", code=None).code != 0
    assert len(written) == 2
    assert bytes_of(acme) == before


def test_links_and_notes_and_moves(mail: list[str], cli: Cli) -> None:
    assert cli("link", "--all", "incidents state:new", "caused_by", "PRB-260112-EXMP2", "--yes").code == 0
    assert cli("note", "--all", "incidents state:new", "--yes", "The", "volume", "is", "full.").code == 0
    done = cli(
        "move",
        "--all",
        "incidents state:new",
        "in_progress",
        "--set",
        "assigned_team=it-operations",
        "--yes",
        "--json",
    )
    assert {w["state"] for w in done.json} == {"in_progress"}
    shown = cli("show", mail[1], "--json").json["data"]
    assert shown["links"] == [{"type": "caused_by", "target": "PRB-260112-EXMP2"}]
    assert [e.get("note") for e in shown["timeline"]][1] == "The volume is full."
    assert cli("check").code == 0


def test_links_that_one_document_stores_are_all_there(mail: list[str], cli: Cli) -> None:
    """Said from the other side, every link is stored in the incident that is named."""
    problem = "PRB-260112-EXMP2"
    assert cli("link", "--all", f"id:{problem}", "causes", mail[0], "--yes").code == 0
    assert cli("show", mail[0], "--json").json["data"]["links"] == [{"type": "caused_by", "target": problem}]


@pytest.mark.parametrize(
    "words",
    [
        ("set", "--all", "", "impact=low"),
        ("set", "--all", "incidents"),
        ("move", "--all", "incidents"),
        ("note", "--all", "incidents"),
        ("link", "--all", "incidents", "caused_by"),
        ("set",),
        ("note",),
        ("link", "a", "b"),
        ("move",),
    ],
)
def test_what_is_missing_is_said(acme: Path, cli: Cli, words: tuple[str, ...]) -> None:
    said = cli(*words, "--yes", code=None)
    assert said.code == 2, said.out
    assert "Traceback" not in said.err
