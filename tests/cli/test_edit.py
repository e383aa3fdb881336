"""`set`, `note`, `link`, `unlink`: the smallest edit, or a refusal that says why."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from itsm_gitops import documents
from itsm_gitops.editing import change as editing
from itsm_gitops.model.errors import ChangedMeanwhile
from tests.cli.conftest import Cli

PathOf = Callable[[str], Path]


def test_set_changes_one_value_and_keeps_every_other_byte(cli: Cli, acme: Path) -> None:
    path = acme / "records/incidents/2026/01/INC-260112-EXMP1.yaml"
    problem = acme / "records/problems/2026/01/PRB-260112-EXMP2.yaml"
    before = problem.read_bytes()
    out = cli("set", "exmp2", "impact=high").out
    assert "~ impact    medium → high" in out
    assert "+ timeline  operations-lead impact medium → high" in out
    text, _, told = problem.read_bytes().partition(before.replace(b"impact: medium", b"impact: high"))
    assert (text, told.splitlines()[2:]) == (
        b"",
        [b"  set:", b"    impact: high", b"  was:", b"    impact: medium"],
    )
    assert path.read_bytes().startswith(b"# An example.")


def test_set_understands_lists_parts_and_removal(cli: Cli, incident: str, path_of: PathOf) -> None:
    cli("set", incident, "cis+=core-switch,mail-server", "watchers=ben", "labels.floor=3", "description=A\nB")
    cli("set", incident, "cis-=mailbox-db", "watchers=", "labels.floor=")
    data = documents.load(path_of(incident).read_bytes()).data
    assert data["cis"] == ["core-switch", "mail-server"]
    assert data["description"] == "A\nB"
    assert not {"watchers", "labels"} & set(data)


def test_several_entries_are_taken_from_a_list_at_once(cli: Cli, incident: str, path_of: PathOf) -> None:
    """Each removal moves what follows it, so this once took other entries than were named."""
    cli("set", incident, "cis=mailbox-db,core-switch,mail-server")
    cli("set", incident, "cis-=mailbox-db,core-switch")
    assert documents.load(path_of(incident).read_bytes()).data["cis"] == ["mail-server"]


def test_what_would_not_say_what_was_asked_for_is_not_written(
    cli: Cli, incident: str, path_of: PathOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = path_of(incident).read_bytes()
    monkeypatch.setattr(editing, "edits_between", lambda old, new: [])
    assert "something else than was asked for" in " ".join(
        cli("set", incident, "title=Other", code=1).err.split()
    )
    assert path_of(incident).read_bytes() == before


def test_adding_what_is_there_changes_nothing(cli: Cli, incident: str) -> None:
    assert "unchanged" in cli("set", incident, "cis+=mailbox-db").out


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["impct=low"], 1, "did you mean impact?"),
        (["impact"], 2, "write field=value"),
        (["impact=hgih"], 2, "did you mean high?"),
        (["state=closed"], 1, "itsm move"),
        (["id=x"], 1, "never changes"),
        (["kind=problem"], 1, "never changes"),
        (["timeline=[]"], 1, "the timeline only grows"),
        (["links=[]"], 1, "itsm link"),
        (["service=mailbox-db"], 1, "there is no service 'mailbox-db'"),
        (["title="], 1, "the field 'title' is missing"),
        (["title+=x"], 2, "is not a list"),
        (["watchers="], 2, "is not set"),
        (["cis-=core-switch"], 2, "does not hold 'core-switch'"),
        (["time_spent=long"], 2, "not a whole number"),
        (["review=soon"], 2, "this is not JSON"),
        (["labels.A=1"], 1, "nothing was written"),
    ],
)
def test_set_refuses_with_the_reason(
    words: list[str], code: int, said: str, incident: str, cli: Cli, path_of: PathOf
) -> None:
    before = path_of(incident).read_bytes()
    assert said in " ".join(cli("set", incident, *words, code=code).err.split())
    assert path_of(incident).read_bytes() == before


def test_the_type_of_a_change_never_changes(acme: Path, cli: Cli) -> None:
    assert "never changes once written" in cli("set", "EXMP4", "type=emergency", code=1).err


def test_a_fault_that_was_there_does_not_stop_an_unrelated_edit(
    cli: Cli, incident: str, path_of: PathOf
) -> None:
    path = path_of(incident)
    path.write_bytes(path.read_bytes().replace(b"urgency: medium", b"urgency: soon"))
    cli("set", incident, "impact=low")
    assert "nothing was written" in cli("set", incident, "title=" + "x" * 300, code=1).err


def test_a_note_is_for_colleagues_and_a_comment_for_the_requester(
    cli: Cli, incident: str, path_of: PathOf, later: Callable[[int], None]
) -> None:
    later(5)
    cli("note", incident, "Disk", "is", "full.", "--by", "mail-engineer")
    cli("note", incident, "--comment", "We are on it.")
    entries = documents.load(path_of(incident).read_bytes()).data["timeline"]
    assert entries[1:] == [
        {"at": "2026-11-22T12:05:00Z", "by": "mail-engineer", "note": "Disk is full."},
        {"at": "2026-11-22T12:05:00Z", "by": "operations-lead", "comment": "We are on it."},
    ]


def test_a_clock_that_is_behind_does_not_turn_the_timeline_round(
    cli: Cli, incident: str, path_of: PathOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ITSM_NOW", "2026-11-22T11:00:00Z")
    cli("note", incident, "Earlier?")
    assert documents.load(path_of(incident).read_bytes()).data["timeline"][-1]["at"] == "2026-11-22T12:00:00Z"


def test_items_have_no_timeline_and_empty_notes_are_refused(cli: Cli, incident: str) -> None:
    assert "has no timeline" in cli("note", "email", "x", code=1).err
    assert "the note is empty" in cli("note", incident, " ", code=2).err


def test_a_link_is_stored_once_and_found_from_both_ends(cli: Cli, incident: str, path_of: PathOf) -> None:
    cli("link", "EXMP2", "causes", incident, "--note", "Same volume.")
    links = documents.load(path_of(incident).read_bytes()).data["links"]
    assert links == [{"type": "caused_by", "target": "PRB-260112-EXMP2", "note": "Same volume."}]
    assert "already" in cli("link", incident, "caused_by", "EXMP2", code=1).err
    assert f"caused {incident}" in " ".join(cli("show", "EXMP2").out.split())
    cli("unlink", "EXMP2", "causes", incident)
    assert "links" not in documents.load(path_of(incident).read_bytes()).data


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["email", "depnds_on", "mail-server"], "did you mean depends_on"),
        (["email", "depends_on", "email"], "cannot be linked to itself"),
        (
            ["mail-server", "depends_on", "email"],
            "this would close a circle of 'depends_on' hint: mail-server → email",
        ),
        (["email", "caused_by", "mail-server"], "does not go from a service"),
        (["email", "owned_by", "it-operations"], "itsm set email owner=it-operations"),
        (["email", "depends_on", "nothing-here"], "nothing is called 'nothing-here'"),
    ],
)
def test_links_that_make_no_sense_are_refused(words: list[str], said: str, acme: Path, cli: Cli) -> None:
    assert said in " ".join(cli("link", *words, code=1).err.split())


def test_unlink_says_what_there_is(acme: Path, cli: Cli) -> None:
    assert "its links: depends_on mail-server" in cli("unlink", "email", "runs_on", "mail-server", code=1).err
    assert "itsm set email owner=" in cli("unlink", "email", "owned_by", "it-operations", code=1).err


def test_a_file_that_changed_meanwhile_is_not_overwritten(
    cli: Cli, incident: str, path_of: PathOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = path_of(incident)
    other = path.read_bytes() + b"# somebody else was here\n"
    write = documents.write_atomic

    def meanwhile(target: Path, content: bytes, *, expected: bytes | None) -> None:
        path.write_bytes(other)
        write(target, content, expected=expected)

    monkeypatch.setattr(documents, "write_atomic", meanwhile)
    result = cli("set", incident, "impact=low", code=ChangedMeanwhile.exit_code)
    assert "changed" in result.err
    assert path.read_bytes() == other


def test_a_dry_run_tells_and_does_not_write(cli: Cli, incident: str, path_of: PathOf) -> None:
    before = path_of(incident).read_bytes()
    assert "would be changed" in cli("move", incident, "cancelled", "--note", "Twice.", "--dry-run").out
    assert "would be changed" in cli("set", incident, "impact=low", "--dry-run").out
    assert path_of(incident).read_bytes() == before


def test_the_result_as_json(cli: Cli, incident: str) -> None:
    found = cli("move", incident, "cancelled", "--note", "Reported twice.", "--json").json
    assert found["state"] == "cancelled"
    assert found["written"] is True
    assert {"pointer": ["state"], "op": "change", "old": "new", "new": "cancelled"} in found["changes"]
    assert found["next"] == []


def test_somebody_without_the_role_is_warned(cli: Cli, incident: str) -> None:
    cli(
        "move",
        incident,
        "resolved",
        "--code",
        "fixed",
        "--note",
        "Done.",
        "--set",
        "assigned_team=it-operations",
    )
    out = cli("move", incident, "closed", "--set", "closure_category=email", "--by", "change-manager").out
    assert "warning:" in out
    assert "W008" in out


def test_moves_are_listed_without_a_state(cli: Cli, incident: str) -> None:
    out = cli("move", incident).out
    assert "on_hold" in out
    assert "needs assigned_team, on_hold_reason" in out
    steps = cli("move", incident, "--json").json
    assert [s["state"] for s in steps] == ["in_progress", "on_hold", "resolved", "cancelled"]
    assert (
        "'fixd' is not one of the values" in cli("move", incident, "resolved", "--code", "fixd", code=2).err
    )
    assert "demands no code" in cli("move", incident, "cancelled", "--code", "x", code=1).err
