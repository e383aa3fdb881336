"""Real Git calls the driver: merges, rebases, picked commits, stashes, and what happens where it is missing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from itsm_gitops.commands.merging import install
from itsm_gitops.documents import load
from itsm_gitops.git.merge_driver import OURS, THEIRS, is_installed, published_side
from tests.support import GitRepo, incident, path_of, run_here

ID = "INC-260304-00001"
PATH = path_of(ID)


def entry(minute: int, text: str) -> str:
    return f"  - at: 2026-03-04T10:{minute:02}:00Z\n    by: ada\n    {text}\n"


@pytest.fixture
def world(git_repo: GitRepo, monkeypatch: pytest.MonkeyPatch) -> GitRepo:
    """A repository whose Git knows the driver; `itsm` of this environment is the one that it calls."""
    monkeypatch.setenv(
        "PATH", f"{Path(__file__).parents[2] / '.venv' / 'bin'}{os.pathsep}{os.environ['PATH']}"
    )
    git_repo.write(PATH, incident(ID))
    install(git_repo.repo)
    git_repo.commit()
    git_repo.git("branch", "other")
    return git_repo


def two_sides(world: GitRepo, ours: str, theirs: str) -> None:
    """Commit one text on main and one on the branch ``other``; main is checked out."""
    world.git("switch", "-q", "other")
    world.write(PATH, theirs)
    world.commit("theirs")
    world.git("switch", "-q", "main")
    world.write(PATH, ours)
    world.commit("ours")


def notes(world: GitRepo) -> list[str]:
    data = load((world.root / PATH).read_bytes()).data
    return [e["note"] for e in data["timeline"] if "note" in e]


BASE = incident(ID)


@pytest.mark.parametrize("way", ["merge", "rebase", "cherry-pick"])
def test_both_notes_are_there_whatever_git_does(world: GitRepo, way: str) -> None:
    two_sides(world, BASE + entry(9, "note: b"), BASE + entry(3, "note: a"))
    words = {
        "merge": ["merge", "--no-edit", "other"],
        "rebase": ["rebase", "-q", "other"],
        "cherry-pick": ["cherry-pick", "other"],
    }
    world.git(*words[way])
    assert notes(world) == ["a", "b"]
    assert world.git("status", "--porcelain") == ""
    said = json.loads(run_here(["check", "--json", PATH], world.root).stdout)
    assert not [f for f in said["findings"] if f["code"].startswith(("W", "P"))]


def test_a_stash_is_put_on_what_came_meanwhile(world: GitRepo) -> None:
    world.write(PATH, BASE + entry(3, "note: a"))
    world.git("stash")
    world.write(PATH, BASE + entry(9, "note: b"))
    world.commit("others")
    world.git("stash", "pop", "-q")
    assert notes(world) == ["a", "b"]


def test_a_true_conflict_stops_git_and_says_what_both_said(world: GitRepo) -> None:
    two_sides(world, BASE.replace("broken", "on fire"), BASE.replace("broken", "wet") + entry(3, "note: a"))
    with pytest.raises(AssertionError, match="CONFLICT"):
        _failing_merge(world)
    text = (world.root / PATH).read_text()
    assert text.count("<<<<<<<") == 1
    assert "Printer is on fire\n=======\ntitle: Printer is wet\n" in text
    assert "note: a" in text
    assert "P015" in run_here(["check", PATH], world.root).stdout


def _failing_merge(world: GitRepo) -> None:
    done = subprocess.run(
        ["git", "merge", "other"], cwd=world.root, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


@pytest.fixture
def bare_path(world: GitRepo, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No program is found but Git and a shell, as in an editor that was not started from a terminal."""
    (tmp_path / "bin").mkdir()
    for name in ("git", "sh"):
        target = next(
            Path(f) / name for f in os.environ["PATH"].split(os.pathsep) if (Path(f) / name).exists()
        )
        (tmp_path / "bin" / name).symlink_to(target)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))


@pytest.mark.usefixtures("bare_path")
def test_an_itsm_that_is_not_found_is_the_one_that_made_the_setting(world: GitRepo) -> None:
    two_sides(world, BASE + entry(9, "note: b"), BASE + entry(3, "note: a"))
    world.git("merge", "-q", "--no-edit", "other")
    assert notes(world) == ["a", "b"]


@pytest.mark.usefixtures("bare_path")
def test_a_clone_without_itsm_shows_both_sides(world: GitRepo) -> None:
    two_sides(world, BASE + entry(9, "note: b"), BASE + entry(3, "note: a"))
    driver = world.git("config", "merge.itsm.driver")
    world.git("config", "merge.itsm.driver", driver.replace(sys.executable, "/gone/python"))
    with pytest.raises(AssertionError, match="CONFLICT"):
        _failing_merge(world)
    text = (world.root / PATH).read_text()
    assert "<<<<<<< ours" in text
    assert "note: a" in text
    assert "note: b" in text


def test_a_deleted_record_is_for_people(world: GitRepo) -> None:
    world.git("switch", "-q", "other")
    world.git("rm", "-q", PATH)
    world.git("commit", "-qm", "gone")
    world.git("switch", "-q", "main")
    world.write(PATH, BASE + entry(3, "note: a"))
    world.commit("ours")
    with pytest.raises(AssertionError, match="modify/delete"):
        _failing_merge(world)
    assert notes(world) == ["a"]


def test_an_item_that_was_renamed_takes_the_edits_along(world: GitRepo) -> None:
    item = "id: print\nclass: service\nname: Print\nowner: desk\nlifecycle: production\ndescription: A long text that says what the service is for.\n"
    world.write("cmdb/services/print.yaml", item)
    world.commit()
    world.git("switch", "-qC", "other")
    world.git("mv", "cmdb/services/print.yaml", "cmdb/services/printing.yaml")
    world.write(
        "cmdb/services/printing.yaml",
        item.replace("id: print", "id: printing\naliases: [print]").replace("owner: desk", "owner: net"),
    )
    world.commit("renamed")
    world.git("switch", "-q", "main")
    world.write("cmdb/services/print.yaml", item.replace("name: Print", "name: Printers"))
    world.commit("named")
    world.git("merge", "-q", "--no-edit", "other")
    data = load((world.root / "cmdb/services/printing.yaml").read_bytes()).data
    assert (data["id"], data["name"], data["owner"]) == ("printing", "Printers", "net")


def test_the_driver_is_set_up_once_and_somebody_elses_stays(world: GitRepo) -> None:
    assert install(world.repo) == (False, False)
    world.git("config", "merge.itsm.driver", "true")
    assert install(world.repo) == (False, False)
    assert world.git("config", "merge.itsm.driver") == "true"
    world.git("config", "--remove-section", "merge.itsm")
    assert not is_installed(world.repo.history)
    assert install(world.repo).settings


def test_who_is_published_already(world: GitRepo, tmp_path: Path) -> None:
    git = world.repo.history
    tip, other = world.git("rev-parse", "main"), world.git("rev-parse", "other")
    assert published_side(git, {}) == OURS
    assert published_side(git, {f"GITHEAD_{other}": "main"}) == THEIRS
    assert published_side(git, {f"GITHEAD_{other}": "other"}) == OURS
    world.git("init", "-q", "--bare", str(tmp_path / "server"))
    world.git("remote", "add", "origin", str(tmp_path / "server"))
    world.git("push", "-q", "origin", "other")
    world.write(PATH, BASE + entry(3, "note: a"))
    tip = world.commit()
    assert published_side(git, {f"GITHEAD_{other}": "x"}) == THEIRS
    assert published_side(git, {f"GITHEAD_{tip}": "x"}) == ""
    world.git("switch", "-q", "other")
    assert published_side(git, {f"GITHEAD_{tip}": "x"}) == OURS


def test_a_virtual_base_has_no_marks(world: GitRepo) -> None:
    """Two branches that merged each other have two bases, which Git merges first, unseen."""
    two_sides(world, BASE.replace("broken", "on fire"), BASE + entry(3, "note: a"))
    one, two = world.git("rev-parse", "main"), world.git("rev-parse", "other")
    world.git("merge", "-q", "--no-edit", two)
    world.write(PATH, (world.root / PATH).read_text() + entry(5, "note: c"))
    world.commit()
    world.git("switch", "-q", "other")
    world.git("merge", "-q", "--no-edit", one)
    world.write(PATH, (world.root / PATH).read_text() + entry(7, "note: d"))
    world.commit()
    world.git("merge", "-q", "--no-edit", "main")
    assert notes(world) == ["a", "c", "d"]
