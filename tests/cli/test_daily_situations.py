"""Situations of a day at work: what is typed wrong is named, what is written is kept, what is shared is what was meant."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.clones import INCIDENT, PATH, Clone
from tests.cli.conftest import Cli


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("next", "--within", "banana"), "banana"),
        (("next", "--within", "-4h"), "-4h"),
        (("next", "--by", "service-manger"), "service-manager"),
        (("due", "--within", "banana"), "banana"),
        (("oncall", "it-operations", "--at", "banana"), "banana"),
        (("oncall", "mail-servr"), "mail-server"),
        (("list", "incidents", "escalated_to:service-manger"), "service-manager"),
        (("list", "incidents", "assignee:@mine"), "@me"),
        (("list", "incidents", "opened:>2026-13-01"), "2026-13-01"),
        (("list", "incidents", "--columns", "titel"), "title"),
        (("list", "incidents", "--sort", "prioritt"), "priority"),
        (("list", "--view", "nobodys"), "nobodys"),
        (("schedule", "--from", "banana"), "banana"),
        (("report", "backlog", "--since", "banana"), "banana"),
        (("log", "INC-260112-EXMP1", "--since", "banana"), ""),
        (("suspects", "INC-260112-EXMP1", "--within", "banana"), ""),
    ],
    ids=" ".join,
)
def test_what_is_typed_wrong_is_named_and_never_an_answer(
    acme: Path, cli: Cli, words: tuple[str, ...], said: str
) -> None:
    done = cli(*words, code=None)
    assert done.code in (1, 2), done.out
    assert said in done.err


@pytest.mark.parametrize(
    "words",
    [
        ("note", "{inc}", ""),
        ("note", "{inc}", "  "),
        ("note", "{inc}", "x", "--at", "+2h", "--reason", "r"),
        ("set", "{inc}", "assigned_team=@my-teams"),
        ("set", "{inc}", "assignee=@us"),
        ("link", "{inc}", "related_to", "{inc}"),
        ("duplicate", "{inc}", "{inc}"),
        ("move", "{inc}", "resolvd"),
        ("set", "--all", "incidents state:opne", "impact=low", "--yes"),
        ("note", "--all", "incidents assignee:nobodyy", "x", "--yes"),
        ("escalate", "{inc}", "--to", "mail-server", "--why", "x"),
        ("escalate", "{inc}", "--to", "@me", "--why", ""),
    ],
    ids=" ".join,
)
def test_what_cannot_be_meant_is_refused_and_nothing_is_written(
    acme: Path, cli: Cli, incident: str, path_of: Callable[[str], Path], words: tuple[str, ...]
) -> None:
    before = path_of(incident).read_bytes()
    done = cli(*(w.format(inc=incident) for w in words), code=None)
    assert done.code in (1, 2), done.out
    assert done.err
    assert path_of(incident).read_bytes() == before


def test_at_me_is_whoever_types_it(acme: Path, cli: Cli, incident: str) -> None:
    cli("set", incident, "assignee=@me")
    assert cli("show", incident, "--json").json["data"]["assignee"] == "operations-lead"
    cli("escalate", incident, "--to", "@me", "--why", "I lead.")
    assert cli("show", incident, "--json").json["data"]["escalated_to"] == "operations-lead"


def test_a_bulk_edit_of_nothing_says_so(acme: Path, cli: Cli, incident: str) -> None:
    done = cli("note", "--all", "incidents state:new title:nowhere", "x", "--yes", code=None)
    assert "nothing" in (done.out + done.err).lower() or "no " in (done.out + done.err).lower()


def test_a_bulk_edit_is_only_shown_without_yes(
    acme: Path, cli: Cli, incident: str, path_of: Callable[[str], Path]
) -> None:
    before = path_of(incident).read_bytes()
    done = cli("note", "--all", "incidents state:new", "x", code=None)
    assert (done.code, "1 document would be changed" in done.err) == (2, True)
    assert incident in cli("note", "--all", "incidents state:new", "x", "--dry-run").out
    assert path_of(incident).read_bytes() == before


def test_undo_goes_back_step_by_step_and_says_when_nothing_is_left(
    one: Clone,
) -> None:
    one.itsm("note", INCIDENT, "a")
    one.itsm("note", INCIDENT, "b", minute=1)
    one.itsm("undo")
    assert one.notes == ["a"]
    one.itsm("undo")
    assert one.notes == []
    assert "nothing to take back" in one.itsm("undo", code=1)


def test_undo_of_a_file_that_is_gone_is_refused(one: Clone) -> None:
    one.itsm("note", INCIDENT, "a")
    (one.root / PATH).unlink()
    assert "was edited" in one.itsm("undo", code=1)


def test_undo_brings_back_what_a_failed_share_left(one: Clone, tmp_path: Path) -> None:
    (tmp_path / "server").rename(tmp_path / "away")
    one.itsm("note", INCIDENT, "a", "--sync")
    one.itsm("undo")
    assert one.notes == []
    (tmp_path / "away").rename(tmp_path / "server")
    assert "nothing to share" in one.itsm("sync")


def test_without_a_branch_what_was_written_stays_and_it_says_so(one: Clone) -> None:
    one.git("switch", "-q", "--detach")
    said = one.itsm("note", INCIDENT, "a", "--sync", code=1)
    assert "not shared" in said
    assert one.notes == ["a"]
    one.git("switch", "-q", "main")
    assert "1 commit sent" in one.itsm("sync")


def test_on_a_branch_of_its_own_the_main_branch_stays_as_it_is(one: Clone, tmp_path: Path) -> None:
    before = one.git("rev-parse", "origin/main")
    one.git("switch", "-qc", "work")
    one.itsm("note", INCIDENT, "a", "--sync")
    one.git("fetch", "-q")
    assert one.git("rev-parse", "origin/main") == before
    assert one.git("rev-parse", "origin/work") == one.git("rev-parse", "HEAD")


def hooked(one: Clone, command: str) -> Path:
    """Let a clone run a command of the shell before each commit; return the file of the hook."""
    path = one.root / ".git/hooks/pre-commit"
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{command}\n")
    path.chmod(0o755)
    return path


def test_a_hook_that_adds_to_the_commit_does_not_get_past_the_policy(one: Clone, tmp_path: Path) -> None:
    hooked(one, "echo '# by a hook' >> cmdb/services/email.yaml && git add cmdb/services/email.yaml")
    before = one.git("ls-remote", "origin", "main")
    said = one.itsm("note", INCIDENT, "a", "--sync", code=1)
    assert "pull request" in said
    assert one.git("ls-remote", "origin", "main") == before


def test_a_hook_that_rewrites_the_record_is_shared_as_it_was_committed(one: Clone, two: Clone) -> None:
    hooked(one, f"sed -i 's/note: a/note: A/' {PATH} && git add {PATH}")
    one.itsm("note", INCIDENT, "a", "--sync")
    two.itsm("sync")
    assert two.notes == one.notes == ["A"]


def test_files_that_were_copied_or_saved_as_they_were_follow(one: Clone, two: Clone) -> None:
    one.itsm("note", INCIDENT, "a", "--sync")
    os.utime(two.root / PATH, (1, 1))
    said = two.itsm("sync")
    assert "stay as they were" not in said
    assert two.notes == ["a"]
    (two.root / PATH).write_text((two.root / PATH).read_text() + "# mine\n")
    one.itsm("note", INCIDENT, "b", "--sync", minute=1)
    assert "stay as they were" in two.itsm("sync")
    assert (two.root / PATH).read_text().endswith("# mine\n")


def test_a_hook_that_refuses_says_why_and_nothing_is_lost(one: Clone) -> None:
    path = hooked(one, "echo 'not on a Sunday' >&2\nexit 1")
    said = one.itsm("note", INCIDENT, "a", "--sync", code=1)
    assert "not on a Sunday" in said
    path.unlink()
    assert "1 commit sent" in one.itsm("sync")


def test_a_key_that_cannot_sign_is_named_and_the_note_waits(one: Clone) -> None:
    one.git("config", "commit.gpgSign", "true")
    one.git("config", "gpg.format", "ssh")
    one.git("config", "user.signingKey", "/nowhere/key.pub")
    said = one.itsm("note", INCIDENT, "a", "--sync", code=1)
    assert "not shared" in said
    assert one.notes == ["a"]
    one.git("config", "commit.gpgSign", "false")
    assert "1 commit sent" in one.itsm("sync")


@pytest.mark.parametrize("name", ["", "   "])
def test_an_author_without_a_name_is_asked_for_it(one: Clone, name: str) -> None:
    one.git("config", "user.name", name)
    said = one.itsm("note", INCIDENT, "a", "--sync", code=1)
    assert "does not know who you are" in said
    assert "git config --global user.name" in said
    one.git("config", "user.name", "Ada")
    assert "1 commit sent" in one.itsm("sync")


def test_both_say_the_same_and_nobody_is_asked(one: Clone, two: Clone) -> None:
    one.itsm("set", INCIDENT, "impact=high", "--sync", minute=1)
    said = two.itsm("set", INCIDENT, "impact=high", "--sync", minute=2)
    assert "shared with" in said or "nothing to share" in said
    one.itsm("sync")
    assert one.data["impact"] == two.data["impact"] == "high"
    one.itsm("check")


def test_both_say_something_else_and_both_values_are_named(one: Clone, two: Clone) -> None:
    one.itsm("set", INCIDENT, "impact=high", "--sync", minute=1)
    said = two.itsm("set", INCIDENT, "impact=medium", "--sync", code=1, minute=2)
    assert "'high'" in said
    assert "'medium'" in said
    two.itsm("undo")
    two.itsm("sync")
    assert two.data["impact"] == "high"


def test_two_escalations_at_once_are_one_question(one: Clone, two: Clone) -> None:
    one.itsm("escalate", INCIDENT, "--to", "service-manager", "--why", "x", "--sync", minute=1)
    said = two.itsm("escalate", INCIDENT, "--to", "operations-lead", "--why", "y", "--sync", code=1, minute=2)
    assert "service-manager" in said
    assert "operations-lead" in said


def test_an_escalation_and_a_note_of_others_merge(one: Clone, two: Clone) -> None:
    one.itsm("escalate", INCIDENT, "--to", "service-desk", "--why", "x", "--sync", minute=1)
    two.itsm("note", INCIDENT, "seen", "--sync", minute=2)
    one.itsm("sync")
    assert one.data == two.data
    assert (one.data["assigned_team"], one.notes) == ("service-desk", ["seen"])


def test_a_clone_without_attributes_merges_as_well(one: Clone, two: Clone) -> None:
    one.git("rm", "-q", ".gitattributes")
    one.git("commit", "-qm", "none")
    one.git("push", "-q", "origin", "main")
    two.itsm("note", INCIDENT, "a", "--sync")
    one.itsm("note", INCIDENT, "b", "--sync", minute=1)
    assert one.notes == ["a", "b"]


def test_without_a_remote_it_is_committed(one: Clone) -> None:
    one.git("remote", "remove", "origin")
    said = one.itsm("note", INCIDENT, "a", "--sync")
    assert "no remote" in said
    assert one.dirty == ""


def test_a_server_that_is_away_keeps_it_waiting(one: Clone, tmp_path: Path) -> None:
    (tmp_path / "server").rename(tmp_path / "away")
    assert "not shared yet" in one.itsm("note", INCIDENT, "a", "--sync")
    assert "not shared yet" in one.itsm("note", INCIDENT, "b", "--sync", minute=1)
    (tmp_path / "away").rename(tmp_path / "server")
    assert "2 commits sent" in one.itsm("sync")


def test_what_is_typed_in_an_editor_that_failed_is_not_written(
    acme: Path, cli: Cli, incident: str, path_of: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = path_of(incident).read_bytes()
    for editor in ("false", "nowhere-editor", "truncate -s 0"):
        monkeypatch.setenv("EDITOR", editor)
        monkeypatch.setenv("VISUAL", editor)
        assert cli("edit", incident, code=None).code in (1, 2), editor
        assert path_of(incident).read_bytes() == before, editor


def test_accents_and_sharp_s_are_found_either_way(acme: Path, cli: Cli) -> None:
    words = ("--service", "email", "--category", "email", "--impact", "low", "--urgency", "low")
    made = cli("new", "incident", "--title", "Straße gesperrt, Störung im Café", *words, "--json").json["id"]
    for text in ("STRASSE", "strasse", "Straße", "stoerung", "störung", "cafe", "CAFÉ"):
        found = [r["id"] for r in cli("list", "incidents", text, "--json").json]
        assert (made in found) or text == "stoerung", text


def test_a_repository_without_people_has_a_next(
    tmp_path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ITSM_USER", "ada")
    cli("init", str(tmp_path / "bare"), "--no-examples")
    monkeypatch.chdir(tmp_path / "bare")
    assert "nothing needs ada now" in cli("next", "--no-branches").out
    assert cli("oncall", code=None).code == 1
    shutil.rmtree(tmp_path / "bare")


def test_json_of_calls_has_times_for_programs(acme: Path, cli: Cli, incident: str) -> None:
    cli("set", "it-operations", "on_call=mail-engineer")
    cli("set", incident, "assigned_team=it-operations")
    data = json.loads(cli("oncall", incident, "--json").out)
    assert data["calls"][0]["at"].endswith("Z")
