"""Sharing when something is in the way: faster people, lost answers, locks. Nothing that was typed is lost."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from itsm_gitops.documents import load
from itsm_gitops.editing import sync as syncing
from itsm_gitops.git import journal
from itsm_gitops.git import locks as git_locks
from itsm_gitops.git.client import Git
from tests.cli.clones import INCIDENT, PATH, Clone, hook

# Somebody else's commit gets onto main inside of the first COUNT pushes, after the pushing Git has seen the branch.
FASTER = """
count=$(cat hooks/count 2>/dev/null || echo 0); echo $((count + 1)) > hooks/count
[ $count -lt {count} ] || exit 0
unset GIT_QUARANTINE_PATH
tree=$(git rev-parse main^{{tree}})
new=$(GIT_AUTHOR_NAME=x GIT_AUTHOR_EMAIL=x@x GIT_COMMITTER_NAME=x GIT_COMMITTER_EMAIL=x@x \\
  git commit-tree -p main -m "faster $count" $tree) && git update-ref refs/heads/main $new
"""
NEXT = "the next itsm sync takes it along"


def words(said: str) -> str:
    return " ".join(said.split())


@pytest.fixture
def on_main(server: Callable[..., str]) -> Callable[[], list[str]]:
    """The notes that the server has."""

    def notes() -> list[str]:
        data = load(server("show", f"main:{PATH}").encode()).data
        return [e["note"] for e in data["timeline"] if "note" in e]

    return notes


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Nobody waits between attempts; returns the attempts that were in vain."""
    waited: list[int] = []
    monkeypatch.setattr(syncing, "pause", waited.append)
    return waited


def test_who_is_slower_seven_times_gets_through(
    one: Clone, tmp_path: Path, at_once: list[int], on_main: Callable[[], list[str]]
) -> None:
    hook(tmp_path, "update", FASTER.format(count=7))
    said = one.itsm("note", INCIDENT, "x", "--sync")
    assert "1 commit sent, 7 commits received" in words(said)
    assert at_once == [1, 2, 3, 4, 5, 6, 7]
    assert (one.notes, on_main(), one.dirty) == (["x"], ["x"], "")


def test_who_never_gets_through_keeps_it_and_sends_it_next_time(
    one: Clone,
    tmp_path: Path,
    at_once: list[int],
    monkeypatch: pytest.MonkeyPatch,
    on_main: Callable[[], list[str]],
) -> None:
    monkeypatch.setattr(syncing, "_ATTEMPTS", 4)
    hook(tmp_path, "update", FASTER.format(count=4))
    said = words(one.itsm("note", INCIDENT, "x", "--sync", code=1))
    assert "written here, but not shared: others were faster 4 times" in said
    assert NEXT in said
    assert (one.notes, on_main(), one.dirty) == (["x"], [], "")
    one.itsm("note", INCIDENT, "y", "--sync", minute=1)
    assert on_main() == one.notes == ["x", "y"]
    assert len(at_once) == 4


def test_a_push_whose_answer_was_lost_is_not_made_again(
    one: Clone, tmp_path: Path, at_once: list[int], server: Callable[..., str]
) -> None:
    """The server ends in the moment after it has moved the branch."""
    hook(tmp_path, "reference-transaction", '[ "$1" = committed ] && kill -9 $PPID; exit 0')
    said = words(one.itsm("note", INCIDENT, "x", "--sync"))
    assert "shared with origin/main: 1 commit sent" in said
    assert at_once == [1]
    assert server("log", "--format=%s", "main").splitlines() == [f"{INCIDENT}: note", "incident", *OLDER]
    assert one.git("rev-parse", "HEAD") == server("rev-parse", "main").strip()
    assert one.dirty == ""


OLDER = ["Start the ITSM repository"]


def test_a_server_that_stumbles_is_asked_again(one: Clone, tmp_path: Path, at_once: list[int]) -> None:
    """Twice it cannot move the branch although nobody else did; the third time it can."""
    hook(
        tmp_path,
        "reference-transaction",
        '[ "$1" = prepared ] || exit 0; echo x >> hooks/count; [ $(wc -l < hooks/count) -gt 2 ]',
    )
    assert "1 commit sent" in one.itsm("note", INCIDENT, "x", "--sync")
    assert at_once == [1, 2]


def test_a_server_that_goes_on_stumbling_is_told_and_waited_for(
    one: Clone, tmp_path: Path, at_once: list[int], on_main: Callable[[], list[str]]
) -> None:
    hook(tmp_path, "reference-transaction", '[ "$1" != prepared ]')
    said = words(one.itsm("note", INCIDENT, "x", "--sync", code=1))
    assert "written here, but not shared: git push:" in said
    assert NEXT in said
    assert len(at_once) == 3
    (tmp_path / "server" / "hooks" / "reference-transaction").unlink()
    assert "1 commit sent" in one.itsm("sync")
    assert on_main() == ["x"]


@pytest.mark.parametrize("name", ["index.lock", "refs/remotes/origin/main.lock"])
def test_a_lock_that_another_git_holds_is_waited_for(
    one: Clone, two: Clone, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    two.itsm("note", INCIDENT, "y", "--sync", minute=1)
    lock = one.root / ".git" / name
    waited: list[float] = []

    class Patience:
        monotonic = staticmethod(lambda: 0.0)

        @staticmethod
        def sleep(seconds: float) -> None:
            waited.append(seconds)
            if len(waited) == 3:
                lock.unlink()

    monkeypatch.setattr(git_locks, "time", Patience)
    lock.write_text("")
    assert "1 commit sent" in one.itsm("note", INCIDENT, "x", "--sync", minute=2)
    assert len(waited) == 3
    assert (one.notes, one.dirty) == (["y", "x"], "")


def test_a_lock_that_stays_is_named_and_nothing_is_lost(
    one: Clone, monkeypatch: pytest.MonkeyPatch, on_main: Callable[[], list[str]]
) -> None:
    monkeypatch.setattr(git_locks, "_PATIENCE", 0.0)
    lock = one.root / ".git" / "index.lock"
    lock.write_text("")
    said = words(one.itsm("note", INCIDENT, "x", "--sync", code=1))
    assert "index.lock" in said
    assert "delete it, then try again" in said
    assert NEXT in said
    assert one.notes == ["x"]
    lock.unlink()
    one.itsm("note", INCIDENT, "y", "--sync", minute=1)
    assert on_main() == ["x", "y"]


def test_another_sync_that_does_not_end(one: Clone, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "_PATIENCE", 0.0)
    handle = os.open(journal.folder(Git(one.root)) / "sync.lock", os.O_RDWR | os.O_CREAT)
    fcntl.flock(handle, fcntl.LOCK_EX)
    try:
        said = words(one.itsm("note", INCIDENT, "x", "--sync", code=1))
    finally:
        os.close(handle)
    assert "written here, but not shared: another itsm has been sharing" in said
    assert NEXT in said
    assert "1 commit sent" in one.itsm("sync")
    assert one.notes == ["x"]


def test_a_journal_that_cannot_be_written_is_told(
    one: Clone, monkeypatch: pytest.MonkeyPatch, on_main: Callable[[], list[str]]
) -> None:
    monkeypatch.setattr(journal, "_PATIENCE", 0.0)
    handle = os.open(journal.folder(Git(one.root)) / "journal.lock", os.O_RDWR | os.O_CREAT)
    fcntl.flock(handle, fcntl.LOCK_EX)
    try:
        said = words(one.itsm("note", INCIDENT, "x", "--sync", code=1))
    finally:
        os.close(handle)
    assert "written here, but not noted for itsm sync" in said
    assert "itsm sync --all takes it along" in said
    one.itsm("sync", "--all")
    assert on_main() == ["x"]


def test_what_was_written_while_a_rebase_is_not_finished_is_kept(one: Clone, two: Clone) -> None:
    two.itsm("set", INCIDENT, "title=Mail is down", "--sync", minute=1)
    one.itsm("set", INCIDENT, "title=Mail is wet", "--sync", code=1, minute=2)
    one.git("fetch", "-q")
    one.git("rebase", "-q", "origin/main", code=1)
    other = "PRB-260112-EXMP2"
    said = words(one.itsm("note", other, "x", "--sync", code=1, minute=3))
    assert "written here, but not shared: a rebase is not finished here" in said
    one.git("checkout", "-q", "--ours", PATH)
    one.git("add", PATH)
    said = words(one.itsm("merge", "--continue", code=1, minute=4))
    assert f"{other}.yaml: written while the rebase waits" in said
    one.git("stash", "-q")
    assert "finished a rebase" in one.itsm("merge", "--continue", minute=4)
    one.git("stash", "pop", "-q")
    one.itsm("sync", minute=5)
    two.itsm("sync", minute=6)
    assert "note: x" in next((two.root / "records").rglob(f"{other}.yaml")).read_text()
