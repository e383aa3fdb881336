"""People in clones of one server: what they write reaches the others, whatever the clone looks like."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from itsm_gitops.git import journal
from itsm_gitops.git.client import Git
from tests.cli.clones import CHANGE, INCIDENT, NOW, PATH, Clone, hook
from tests.support import copy_tree, run_here


def test_notes_of_two_people_reach_both(one: Clone, two: Clone) -> None:
    one.itsm("note", INCIDENT, "b", minute=5)
    two.itsm("note", INCIDENT, "a", "--sync", minute=3)
    said = one.itsm("sync")
    assert "1 commit sent, 1 commit received, 1 document merged" in " ".join(said.split())
    two.itsm("sync")
    assert one.notes == two.notes == ["a", "b"]
    assert (one.dirty, two.dirty) == ("", "")
    assert one.git("rev-parse", "HEAD") == two.git("rev-parse", "HEAD") == one.git("rev-parse", "origin/main")
    assert one.git("log", "-1", "--format=%s") == f"{INCIDENT}: note"
    assert "no findings" in one.itsm("check", "--base", "HEAD~2")


def test_what_the_command_says_stays_json(one: Clone) -> None:
    done = run_here(
        ["note", INCIDENT, "x", "--sync", "--json"],
        one.root,
        env={"ITSM_USER": "duty-agent", "ITSM_NOW": NOW.format(1)},
    )
    assert json.loads(done.stdout)["id"] == INCIDENT
    assert "shared with origin/main" in done.stderr


def test_a_setting_shares_always_and_an_option_does_not(one: Clone, server: Callable[..., str]) -> None:
    one.git("config", "itsm.sync", "always")
    one.itsm("note", INCIDENT, "x")
    assert "note" in server("log", "-1", "--format=%s", "main")
    one.itsm("set", INCIDENT, "impact=high", "--no-sync")
    assert "impact" not in server("log", "-1", "--format=%s", "main")
    one.itsm("sync")
    assert "impact low → high" in server("log", "-1", "--format=%s", "main")


def test_only_what_the_tool_wrote_goes(one: Clone, two: Clone) -> None:
    (one.root / "README.md").write_text("edited\n")
    (one.root / "staged.txt").write_text("staged\n")
    one.git("add", "staged.txt")
    other = one.root / "records/incidents/2026/01/INC-260112-EXMP1.yaml"
    other.write_text(other.read_text() + "# by hand\n")
    one.itsm("note", INCIDENT, "x", "--sync")
    assert one.git("show", "--format=", "--name-only", "HEAD") == PATH
    assert one.dirty.splitlines() == [
        "M README.md",
        " M records/incidents/2026/01/INC-260112-EXMP1.yaml",
        "A  staged.txt",
    ]
    two.itsm("note", INCIDENT, "y", "--sync", minute=2)
    one.itsm("sync")  # others' commits come, edits and staged files stay
    assert one.notes == ["x", "y"]
    assert one.dirty.splitlines() == [
        "M README.md",
        " M records/incidents/2026/01/INC-260112-EXMP1.yaml",
        "A  staged.txt",
    ]


def test_a_file_that_was_also_edited_by_hand_is_left_and_named(one: Clone) -> None:
    one.itsm("note", INCIDENT, "x")
    path = one.root / PATH
    path.write_text(path.read_text().replace("slow", "down"))
    said = " ".join(one.itsm("sync").split())
    assert "edited by hand" in said
    assert one.git("log", "origin/main", "-1", "--format=%s") == "incident"
    assert "shared" in one.itsm("sync", "--all")
    assert one.dirty == ""


def test_what_takes_a_pull_request_stays_and_is_named(one: Clone) -> None:
    one.itsm("set", "email", "description=Mail for all.")
    one.itsm("note", CHANGE, "seen")
    said = " ".join(one.itsm("sync").split())
    assert "services take a pull request" in said
    assert one.dirty == "M cmdb/services/email.yaml"
    assert one.git("log", "-1", "--format=%s") == f"{CHANGE}: note"
    one.git("switch", "-qc", "topic")
    assert "shared with origin/topic" in one.itsm("sync")
    assert one.dirty == ""


def test_commits_that_take_a_pull_request_are_not_pushed_along(one: Clone) -> None:
    (one.root / "README.md").write_text("edited\n")
    one.git("commit", "-qam", "readme")
    said = " ".join(one.itsm("note", INCIDENT, "x", "--sync", code=1).split())
    assert "README.md: it is no document of a kind" in said
    assert one.notes == ["x"]


def test_offline_it_waits_and_says_so(one: Clone, tmp_path: Path) -> None:
    (tmp_path / "server").rename(tmp_path / "away")
    said = one.itsm("note", INCIDENT, "x", "--sync")
    assert "not shared yet" in said
    assert one.dirty == ""
    one.itsm("note", INCIDENT, "y", "--sync", minute=1)
    (tmp_path / "away").rename(tmp_path / "server")
    assert "2 commits sent" in one.itsm("sync")


def test_a_true_conflict_says_what_both_say_and_nothing_is_lost(one: Clone, two: Clone) -> None:
    two.itsm("set", INCIDENT, "title=Mail is down", "--sync", minute=1)
    one.itsm("note", INCIDENT, "mine", minute=2)
    said = " ".join(one.itsm("set", INCIDENT, "title=Mail is wet", "--sync", code=1, minute=3).split())
    assert "they say 'Mail is down', you say 'Mail is wet'" in said
    assert one.data["title"] == "Mail is wet"
    assert one.dirty == ""
    assert "takes all of them back" in one.itsm("undo", code=1)
    one.git("fetch", "-q")
    one.git("rebase", "-q", "origin/main", code=1)
    assert "waits for you" in one.itsm("merge", "--continue", code=1)
    path = one.root / PATH
    text = path.read_text()
    assert text.count("<<<<<<<") == 1
    start, end = text.index("<<<<<<<"), text.index(">>>>>>>")
    path.write_text(text[:start] + "title: Mail is wet\n" + text[text.index("\n", end) + 1 :])
    assert "finished a rebase" in one.itsm("merge", "--continue")
    one.itsm("sync")
    assert (one.data["title"], one.notes) == ("Mail is wet", ["mine"])


def test_undo_of_a_conflict_lets_one_say_it_again(one: Clone, two: Clone) -> None:
    two.itsm("move", INCIDENT, "in_progress", "--sync", minute=1)
    one.itsm("move", INCIDENT, "cancelled", "--note", "Raised in error.", "--sync", code=1, minute=2)
    one.itsm("undo")
    assert "1 commit received" in one.itsm("sync")
    assert one.data["state"] == "in_progress"
    assert one.dirty == ""


def test_a_chosen_state_becomes_an_entry(one: Clone, two: Clone) -> None:
    two.itsm("move", INCIDENT, "in_progress", "--sync", minute=4)
    one.itsm("move", INCIDENT, "on_hold", "--set", "on_hold_reason=awaiting_caller", minute=2)
    one.itsm("sync", code=1)
    one.git("fetch", "-q")
    one.git("rebase", "-q", "origin/main", code=1)
    one.itsm("merge", "--continue", code=1)
    path = one.root / PATH
    text = path.read_text()
    middle = text[text.index("=======\n") + 8 : text.index(">>>>>>>")]
    path.write_text(
        text[: text.index("<<<<<<<")] + middle + text[text.index("\n", text.index(">>>>>>>")) + 1 :]
    )
    one.itsm("merge", "--continue", minute=6)
    assert one.data["state"] == one.data["timeline"][-1]["state"] == "on_hold"
    assert "no findings" in one.itsm("check", PATH)


def test_undo(one: Clone) -> None:
    before = (one.root / PATH).read_bytes()
    one.itsm("note", INCIDENT, "x")
    assert "taken back" in one.itsm("undo")
    assert (one.root / PATH).read_bytes() == before
    assert "nothing to take back" in one.itsm("undo", code=1)
    one.itsm(
        "new",
        "incident",
        "--title",
        "T",
        "--service",
        "email",
        "--category",
        "email/sending",
        "--impact",
        "low",
        "--urgency",
        "low",
    )
    one.itsm("undo")
    assert one.dirty == ""
    one.itsm("note", INCIDENT, "y", "--sync")
    assert "shared already" in one.itsm("undo", code=1)
    one.itsm("note", INCIDENT, "z")
    path = one.root / PATH
    path.write_text(path.read_text() + "# hand\n")
    assert "was edited after" in one.itsm("undo", code=1)


def test_undo_takes_a_commit_that_waits(one: Clone, tmp_path: Path) -> None:
    (tmp_path / "server").rename(tmp_path / "away")
    head = one.git("rev-parse", "HEAD")
    one.itsm("note", INCIDENT, "x", "--sync")
    assert one.git("rev-parse", "HEAD") != head
    one.itsm("undo")
    assert one.git("rev-parse", "HEAD") == head
    assert (one.notes, one.dirty) == ([], "")


def test_a_protected_branch_gets_records_by_a_workflow(
    one: Clone, two: Clone, tmp_path: Path, server: Callable[..., str]
) -> None:
    refuse = '[ "$ROBOT" ] && exit 0; while read old new ref; do [ $ref = refs/heads/main ] && { echo "GH013: protected branch"; exit 1; }; done; exit 0'
    hook(tmp_path, "pre-receive", refuse)
    said = " ".join(one.itsm("note", INCIDENT, "x", "--sync", minute=1).split())
    assert "main takes no pushes" in said
    two.itsm("note", INCIDENT, "y", "--sync", minute=2)
    assert len(server("for-each-ref", "refs/heads/itsm/records").splitlines()) == 2
    robot = Clone(tmp_path / "robot", "robot")
    subprocess.run(["git", "clone", "-q", str(tmp_path / "server"), str(robot.root)], check=True)
    os.environ["ROBOT"] = "1"
    try:
        said = robot.itsm("sync", "--waiting", minute=3)
    finally:
        del os.environ["ROBOT"]
    assert said.count("merged") == 2
    assert server("for-each-ref", "refs/heads/itsm/records") == ""
    for person in (one, two):
        person.itsm("sync", minute=4)
        assert person.notes == ["x", "y"]
        assert person.git("rev-parse", "HEAD") == server("rev-parse", "main").strip()


def test_the_workflow_refuses_what_takes_a_pull_request(
    one: Clone, tmp_path: Path, server: Callable[..., str]
) -> None:
    one.git("switch", "-qc", "itsm/records/evil/1")
    one.itsm("set", "email", "description=Changed.")
    one.itsm("sync", "--all")
    one.git("switch", "-q", "main")
    assert "take a pull request" in " ".join(one.itsm("sync", "--waiting", code=1).split())
    assert "evil" in server("for-each-ref", "refs/heads/itsm/records")


def test_a_server_that_refuses_says_why(one: Clone, tmp_path: Path) -> None:
    hook(tmp_path, "update", 'echo "the books are closed today"; exit 1')
    said = one.itsm("note", INCIDENT, "x", "--sync", code=1)
    assert "the books are closed today" in " ".join(said.split())


def test_states_of_a_clone_that_cannot_share(one: Clone, tmp_path: Path) -> None:
    one.itsm("note", INCIDENT, "x")
    one.git("switch", "-q", "--detach")
    assert "no branch is checked out" in one.itsm("sync", code=1)
    one.git("switch", "-q", "main")
    (one.root / ".git/MERGE_HEAD").write_text(one.git("rev-parse", "HEAD") + "\n")
    assert "a merge is not finished" in one.itsm("sync", code=1)
    (one.root / ".git/MERGE_HEAD").unlink()
    one.git("remote", "remove", "origin")
    assert "no remote" in one.itsm("sync")
    assert one.dirty == ""
    for name in ("a", "b"):
        one.git("remote", "add", name, str(tmp_path / "server"))
    assert "follows none of the remotes" in one.itsm("sync", code=1)


def test_a_hook_of_ones_own_may_refuse(one: Clone) -> None:
    path = one.root / ".git/hooks/pre-commit"
    path.parent.mkdir(exist_ok=True)
    path.write_text("#!/bin/sh\necho not on Sundays >&2; exit 1\n")
    path.chmod(0o755)
    assert "not on Sundays" in one.itsm("note", INCIDENT, "x", "--sync", code=1)
    path.unlink()
    assert "1 commit sent" in one.itsm("sync")


def test_signed_commits_stay_signed(one: Clone, two: Clone, tmp_path: Path) -> None:
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    for name, value in (("gpg.format", "ssh"), ("user.signingKey", str(key)), ("commit.gpgSign", "true")):
        one.git("config", name, value)
    two.itsm("note", INCIDENT, "y", "--sync", minute=1)
    one.itsm("note", INCIDENT, "x", "--sync", minute=2)
    assert "gpgsig" in one.git("cat-file", "commit", "HEAD")
    assert one.notes == ["y", "x"]


def test_an_edit_in_the_way_keeps_the_files_and_says_so(one: Clone, two: Clone) -> None:
    two.itsm("note", INCIDENT, "y", "--sync", minute=1)
    path = one.root / PATH
    path.write_text(path.read_text() + "# mine\n")
    said = " ".join(one.itsm("sync").split())
    assert "the files here stay as they were" in said
    assert path.read_text().endswith("# mine\n")
    one.git("stash")
    one.itsm("sync")
    assert one.notes == ["y"]


def test_a_shallow_clone_and_a_folder_below_the_top(one: Clone, two: Clone, tmp_path: Path) -> None:
    two.itsm("note", INCIDENT, "y", "--sync", minute=1)
    shallow = Clone(tmp_path / "shallow", "duty-agent")
    subprocess.run(
        ["git", "clone", "-q", "--depth", "1", f"file://{tmp_path / 'server'}", str(shallow.root)], check=True
    )
    shallow.itsm("note", INCIDENT, "z", "--sync", minute=2)
    two.itsm("sync")
    assert two.notes == ["y", "z"]
    inner = Clone(tmp_path / "mono" / "service-desk", "duty-agent")
    shutil.copytree(two.root, inner.root, ignore=shutil.ignore_patterns(".git"))
    inner.git("init", "-q", "..")
    inner.git("add", "-A", "..")
    inner.git("commit", "-qm", "all")
    inner.git("init", "-q", "--bare", str(tmp_path / "other"))
    inner.git("remote", "add", "origin", str(tmp_path / "other"))
    inner.git("push", "-q", "-u", "origin", "main")
    inner.itsm("note", INCIDENT, "inner", "--sync", minute=3)
    assert inner.git("show", "--format=", "--name-only", "origin/main") == f"service-desk/{PATH}"


def test_a_killed_sync_is_finished_by_the_next_one(one: Clone, two: Clone) -> None:
    """Killed after the push, before the files followed; and in the middle of the files."""
    two.itsm("note", INCIDENT, "y", "--sync", minute=1)
    one.itsm("note", INCIDENT, "x", minute=2)
    killed = (
        "import os, sys; from itsm_gitops.git import shared_branch as s; from itsm_gitops.cli.app import run\n"
        "s.follow = lambda *_: os.kill(os.getpid(), 9)\nrun(['sync'])"
    )
    env = {**os.environ, "ITSM_USER": "mail-engineer", "ITSM_NOW": NOW.format(3)}
    done = subprocess.run(
        [sys.executable, "-c", killed], cwd=one.root, env=env, capture_output=True, check=False
    )
    assert done.returncode == -9
    head = one.git("rev-parse", "HEAD")
    one.git(
        "read-tree", "-m", "-u", "HEAD", "origin/main"
    )  # as far as a kill inside of follow would have come
    assert one.git("rev-parse", "HEAD") == head
    one.itsm("sync", minute=4)
    assert (one.notes, one.dirty) == (["y", "x"], "")
    assert one.git("rev-parse", "HEAD") == one.git("rev-parse", "origin/main")
    assert one.git("rev-list", "--count", "HEAD") == "4"


def test_one_sync_at_a_time_in_a_clone(one: Clone, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "_PATIENCE", 0.05)
    one.itsm("note", INCIDENT, "x")
    handle = os.open(journal.folder(Git(one.root)) / "sync.lock", os.O_RDWR | os.O_CREAT)
    fcntl.flock(handle, fcntl.LOCK_EX)
    try:
        assert "another itsm has been sharing" in one.itsm("sync", code=1)
    finally:
        os.close(handle)
    assert "1 commit sent" in one.itsm("sync")


def test_several_people_at_once_lose_nothing(one: Clone, two: Clone, tmp_path: Path) -> None:
    """Four people write three notes each into one incident, at the same time."""
    copy_tree(one.root, tmp_path / "three")
    copy_tree(two.root, tmp_path / "four")
    clones = [
        one,
        two,
        Clone(tmp_path / "three", "service-manager"),
        Clone(tmp_path / "four", "operations-lead"),
    ]
    script = 'for n in 1 2 3; do $PYTHON -m itsm_gitops note $ID "$ITSM_USER $n" --sync || exit 1; done'
    running = [
        subprocess.Popen(
            ["sh", "-c", script],
            cwd=clone.root,
            env={
                **os.environ,
                "PYTHON": sys.executable,
                "ID": INCIDENT,
                "ITSM_USER": clone.person,
                "ITSM_NOW": NOW.format(1),
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for clone in clones
    ]
    for process in running:
        out, _ = process.communicate()
        assert process.returncode == 0, out
    for clone in clones:
        clone.itsm("sync", minute=9)
        assert sorted(clone.notes) == sorted(f"{c.person} {n}" for c in clones for n in (1, 2, 3))
        assert clone.dirty == ""
    assert "no findings" in one.itsm("check", PATH, minute=9)


def test_the_first_commit_is_not_a_document_alone(one: Clone) -> None:
    one.git("checkout", "-q", "--orphan", "anew")
    one.git("reset", "-q")
    one.itsm("note", INCIDENT, "x")
    said = run_here(["sync"], one.root, env={"ITSM_USER": "duty-agent", "ITSM_NOW": NOW.format(1)})
    assert said.returncode == 1
    assert "nothing has been committed here yet" in said.stderr
    assert "git add -A" in said.stderr
    assert one.git("branch", "--list", "anew") == ""
