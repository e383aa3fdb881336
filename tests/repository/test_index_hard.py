"""The index under hard conditions: killed, shared, damaged, copied, forged, and where nothing can be written."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from itsm_gitops.repository import Repository
from itsm_gitops.repository.index import database, freshness, making, service
from itsm_gitops.repository.index.indexed_store import IndexedStore
from tests.repository.file_modes import bound_by_modes
from tests.repository.index_process import text
from tests.repository.random_steps import incident, item
from tests.repository.test_index import compare
from tests.support import GitRepo, first_seed, rounds, run_apart

PROCESS = Path(__file__).with_name("index_process.py")
SECONDS = float(os.environ.get("ITSM_SECONDS", rounds(8, 30)))  # read before a fixture hides it


@pytest.fixture(autouse=True)
def _always(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ITSM_INDEX", "always")


@pytest.fixture
def world(make_repo: Callable[..., GitRepo]) -> GitRepo:
    repo = make_repo()
    for name in ("payments", "payments-db", "mail"):
        repo.write(f"cmdb/applications/{name}.yaml", item(name, needs="mail" if name == "payments" else ""))
    for number in range(12):
        name = f"INC-261120-{number:05d}"
        repo.write(f"records/incidents/2026/11/{name}.yaml", incident(name, service="payments"))
    repo.commit("World")
    compare(repo)
    return repo


def the_file(repo: GitRepo) -> Path:
    files = database.files_of(repo.root)
    assert len(files) == 1
    return files[0]


def forged(repo: GitRepo, statement: str) -> None:
    with sqlite3.connect(the_file(repo)) as connection:
        connection.execute(statement)
    connection.close()


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TRIGGER evil AFTER INSERT ON document BEGIN DELETE FROM document; END",
        "CREATE VIEW evil AS SELECT * FROM document",
        "DROP INDEX document_id",
        "UPDATE meta SET value = 'other' WHERE name = 'code'",
        "UPDATE meta SET value = '0' WHERE name = 'format'",
        "UPDATE meta SET value = '1:1' WHERE name = 'identity'",
        "DELETE FROM meta",
        "UPDATE document SET edges = 'nonsense'",
        "UPDATE meta SET value = 'x' WHERE name = 'generation'",
    ],
)
def test_a_file_that_is_not_ours_is_made_anew(world: GitRepo, statement: str) -> None:
    forged(world, statement)
    world.write("cmdb/applications/web.yaml", item("web"))
    assert "web" in compare(world).entries


@pytest.mark.parametrize("damage", ["empty", "cut", "noise", "zeros", "text", "link", "folder"])
def test_a_damaged_file_is_made_anew(world: GitRepo, damage: str) -> None:
    path = the_file(world)
    raw = path.read_bytes()
    for end in ("-wal", "-shm"):
        Path(f"{path}{end}").unlink(missing_ok=True)
    if damage == "link":
        path.rename(path.with_suffix(".old"))
        path.symlink_to(path.with_suffix(".old"))
    elif damage == "folder":
        path.unlink()
        path.mkdir()
    else:
        dice = random.Random(7)
        bad = {
            "empty": b"",
            "cut": raw[: len(raw) // 2],
            "noise": raw[:8192] + dice.randbytes(len(raw) - 8192),
            "zeros": bytes(len(raw)),
            "text": b"This is no database.\n" * 100,
        }
        path.write_bytes(bad[damage])
    compare(world)
    world.write("cmdb/applications/web.yaml", item("web"))
    assert "web" in compare(world).entries


def test_a_copied_repository_does_not_bring_its_index(world: GitRepo, tmp_path: Path) -> None:
    shutil.copytree(world.root, tmp_path / "copy", symlinks=True)
    copy = GitRepo(tmp_path / "copy")
    # An index that says other things than the documents, as an attacker would send it along.
    for path in (copy.root / ".git/itsm").glob("*.db"):
        with sqlite3.connect(path) as connection:
            connection.execute("UPDATE document SET title = 'All is well', state = 'closed'")
        connection.close()
        path.rename(path.with_name(database.new_name(copy.root)))
    assert "All is well" not in {e.title for e in compare(copy).entries.values()}


def test_an_index_of_other_code_is_made_anew(world: GitRepo, monkeypatch: pytest.MonkeyPatch) -> None:
    before = the_file(world)
    for module in (database, making):
        monkeypatch.setattr(module, "package_sign", lambda: "newer")
    compare(world)
    assert the_file(world) != before


def test_nothing_is_needed_where_nothing_can_be_written(world: GitRepo) -> None:
    shutil.rmtree(world.root / ".git/itsm")
    (world.root / ".git").chmod(0o555)
    try:
        with bound_by_modes():
            with pytest.raises(PermissionError):
                (world.root / ".git/probe").touch()
            compare(world)
        assert not (world.root / ".git/itsm").exists()
    finally:
        (world.root / ".git").chmod(0o755)


def test_no_index_on_a_network_file_system(world: GitRepo, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.rmtree(world.root / ".git/itsm")
    monkeypatch.setattr(database, "is_remote", lambda _: True)
    assert not isinstance(compare(world), IndexedStore)
    assert not isinstance(compare(world), IndexedStore)
    assert database.files_of(world.root) == []


def test_no_index_is_made_in_ci_unless_it_is_asked_for(
    world: GitRepo, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.rmtree(world.root / ".git/itsm")
    monkeypatch.setattr(service, "WORTH", 0)
    monkeypatch.delenv("ITSM_INDEX")
    monkeypatch.setenv("CI", "true")
    compare(world)
    assert database.files_of(world.root) == []
    monkeypatch.delenv("CI")
    compare(world)
    assert isinstance(compare(world), IndexedStore)


def test_a_file_in_the_place_of_the_folder_does_no_harm(world: GitRepo) -> None:
    shutil.rmtree(world.root / ".git/itsm")
    (world.root / ".git/itsm").write_text("mine")
    compare(world)
    assert (world.root / ".git/itsm").read_text() == "mine"


def test_who_cannot_write_reads_everything(world: GitRepo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "WAIT", 0.05)
    with sqlite3.connect(the_file(world), isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        world.write("cmdb/applications/web.yaml", item("web"))
        assert "web" in compare(world).entries
    other.close()


def test_each_working_tree_has_its_own(world: GitRepo, tmp_path: Path) -> None:
    world.git("worktree", "add", "-q", "-b", "side", str(tmp_path / "side"))
    side = GitRepo(tmp_path / "side")
    side.write("cmdb/applications/web.yaml", item("web"))
    assert "web" in compare(side).entries
    assert "web" not in compare(world).entries
    assert isinstance(compare(side), IndexedStore)
    assert isinstance(compare(world), IndexedStore)


def test_a_repository_below_the_top_of_git(make_repo: Callable[..., GitRepo], tmp_path: Path) -> None:
    inner = make_repo("inner", committed=False)
    shutil.rmtree(inner.root / ".git")
    top = GitRepo(tmp_path / "top")
    top.root.mkdir()
    top.git("init", "-q")
    shutil.move(inner.root, top.root / "inner")
    below = GitRepo(top.root / "inner")
    below.write("cmdb/applications/web.yaml", item("web"))
    top.commit("All")
    compare(below)
    below.write("cmdb/applications/web.yaml", item("web", title="Web shop"))
    store = compare(below)
    assert isinstance(store, IndexedStore)
    assert store.entries["web"].title == "Web shop"


def test_only_what_moved_is_read_again(world: GitRepo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(freshness, "RACY", 0)
    compare(world)
    world.write("cmdb/applications/mail.yaml", item("mail", title="Post"))
    store = compare(world)
    assert isinstance(store, IndexedStore)
    assert store.connection.execute("SELECT value FROM meta WHERE name = 'reading'").fetchone() == ("1",)
    generation = int(
        store.connection.execute("SELECT value FROM meta WHERE name = 'generation'").fetchone()[0]
    )
    changed = "SELECT path FROM {} WHERE generation = ?"
    asked = store.connection.execute(changed.format("document"), (generation,))
    assert asked.fetchall() == [("cmdb/applications/mail.yaml",)]
    (world.root / "cmdb/applications/mail.yaml").unlink()
    store = compare(world)
    assert isinstance(store, IndexedStore)
    asked = store.connection.execute(changed.format("gone"), (generation + 1,))
    assert asked.fetchall() == [("cmdb/applications/mail.yaml",)]


def _start(root: Path, what: str, seconds: float, seed: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(PROCESS), str(root), what, str(seconds), str(seed)],
        cwd=Path(__file__).parents[2],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _together(world: GitRepo, readers: int, writers: int, seconds: float) -> None:
    for seed in range(writers):
        for name in (f"one-{seed}", f"two-{seed}"):
            (world.root / f"cmdb/applications/{name}.yaml").write_bytes(text(name, 0))
    running = [_start(world.root, "write", seconds, n) for n in range(writers)]
    running += [_start(world.root, "read", seconds, n) for n in range(readers)]
    for process in running:
        said, _ = process.communicate(timeout=seconds + 60)
        assert process.returncode == 0, said
        assert "locked" not in said
    compare(world)


def test_readers_and_writers_at_once(world: GitRepo) -> None:
    _together(world, 3, 1, 2)


@pytest.mark.slow
def test_eight_readers_and_two_writers(world: GitRepo) -> None:
    _together(world, 8, 2, SECONDS)


def _killed(world: GitRepo, dice: random.Random, times: int) -> None:
    longest = 0.6
    for _ in range(times):
        name = f"app-{dice.randint(1, 9)}"
        place = f"cmdb/applications/{name}.yaml"
        world.write(place, item(name, title=str(dice.random())))
        if dice.random() < 0.4:
            shutil.rmtree(world.root / ".git/itsm", ignore_errors=True)
        process = subprocess.Popen(
            [sys.executable, "-m", "itsm_gitops", "list", "items", "--json"],
            cwd=world.root,
            env=dict(os.environ),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(dice.random() * longest)
        process.send_signal(signal.SIGKILL)
        process.wait()
        compare(world)
    done = run_apart(["list", "items", "--json"], world.root)
    assert done.returncode == 0
    names = {row["id"] for row in json.loads(done.stdout)}
    assert names == {e.id for e in Repository(world.root).store().of_kinds(["application"])}
    assert len(database.files_of(world.root)) <= 1
    assert not list(database.leftovers(world.root / ".git/itsm"))


def test_a_killed_command_does_no_harm(world: GitRepo) -> None:
    _killed(world, random.Random(first_seed()), 6)


@pytest.mark.slow
def test_many_killed_commands_do_no_harm(world: GitRepo) -> None:
    _killed(world, random.Random(first_seed()), rounds(30, 200))
