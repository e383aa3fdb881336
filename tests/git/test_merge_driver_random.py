"""Random edits of two people, merged by real Git with the real driver: nothing lost, nothing invented, true conflicts only."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from itsm_gitops.commands.merging import install
from tests.editing.merge_world import ID, World, judge, worlds
from tests.support import GitRepo, path_of

EXAMPLES = 15  # of each half a dozen processes; the same property runs on many more in tests/editing
PATH = path_of(ID)
WAYS = {
    "merge": ["merge", "-q", "--no-edit", "theirs"],
    "rebase": ["rebase", "-q", "main"],
    "cherry-pick": ["cherry-pick", "--keep-redundant-commits", "theirs"],
}


@pytest.fixture
def world_of_git(git_repo: GitRepo, monkeypatch: pytest.MonkeyPatch) -> GitRepo:
    """A repository whose Git knows the driver; `itsm` of this environment is the one that it calls."""
    bin_folder = Path(__file__).parents[2] / ".venv" / "bin"
    monkeypatch.setenv("PATH", f"{bin_folder}{os.pathsep}{os.environ['PATH']}")
    install(git_repo.repo)
    git_repo.commit()
    git_repo.git("tag", "start")
    return git_repo


@pytest.mark.slow
def test_whatever_git_does_with_two_sides(world_of_git: GitRepo) -> None:
    @settings(max_examples=EXAMPLES)
    @given(world=worlds(), way=st.sampled_from(sorted(WAYS)))
    def check(world: World, way: str) -> None:
        clean, text = merged_by_git(world_of_git, world.texts(), way)
        assert judge(world, text, clean=clean) == [], text

    check()


def merged_by_git(made: GitRepo, texts: tuple[str, str, str], way: str) -> tuple[bool, str]:
    """Return whether Git came through, and the file; the rebase puts theirs on ours, the others the other way round."""
    base, ours, theirs = texts
    made.git("checkout", "-qfB", "main", "start")
    made.write(PATH, base)
    made.commit("base")
    made.git("branch", "-f", "theirs")
    made.write(PATH, ours)
    made.commit("ours")
    made.git("checkout", "-q", "theirs")
    made.write(PATH, theirs)
    made.commit("theirs")
    if way != "rebase":
        made.git("checkout", "-q", "main")
    done = subprocess.run(["git", *WAYS[way]], cwd=made.root, capture_output=True, text=True, check=False)
    text = (made.root / PATH).read_text(encoding="utf-8")
    unmerged = made.git("ls-files", "-u")
    assert done.returncode == 0 or unmerged, done.stderr
    if unmerged:
        made.git(way, "--abort")
    return not unmerged, text
