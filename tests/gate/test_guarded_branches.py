"""`itsm doctor` says which branches a plain server guards, and complains where people work on another one."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest

from itsm_gitops.gate.doctor_branches import branch_checks
from itsm_gitops.gate.guard import BRANCHES, read_guard
from itsm_gitops.git import Git
from itsm_gitops.model.decisions import POLICY

_EMPTY = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"  # the tree without files
_POLICY = 'version: 1\nbranches: [main, "release/*"]\n'


def _git(where: Path, *words: str, author: str = "ann") -> str:
    names = {f"GIT_{side}_{what}": f"{author}{'@example.org' * (what == 'EMAIL')}" for side in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}  # fmt: skip
    done = subprocess.run(
        ["git", *words], cwd=where, env={**os.environ, **names}, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def _commit(bare: Path, tree: str, *parents: str, author: str = "ann", message: str = "x") -> str:
    above = [word for parent in parents for word in ("-p", parent)]
    return _git(bare, "commit-tree", *above, "-m", message, tree, author=author)


def _tree(bare: Path, text: str) -> str:
    blob = bare / "blob"
    blob.write_text(text)
    oid = _git(bare, "hash-object", "-w", "--no-filters", str(blob))
    for name in reversed(POLICY.split("/")):
        row = f"{'100644 blob' if name.endswith('.yaml') else '040000 tree'} {oid}\t{name}\n"
        done = subprocess.run(["git", "mktree"], cwd=bare, input=row, capture_output=True, text=True, check=True)  # fmt: skip
        oid = done.stdout.strip()
    return oid


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A server whose main branch has one commit with the rule book; a branch is one commit beyond it."""
    bare = tmp_path_factory.mktemp("branches") / "server.git"
    _git(bare.parent, "init", "-q", "--bare", "-b", "main", str(bare))
    rules = _commit(bare, _tree(bare, _POLICY))
    other = _commit(bare, _tree(bare, _POLICY), rules, author="bob", message="more")
    _git(bare, "update-ref", "refs/heads/main", rules)
    _git(bare, "update-ref", "refs/heads/topic", other)
    return bare


@pytest.fixture
def bare(template: Path, tmp_path: Path) -> Path:
    place = tmp_path / "server.git"
    shutil.copytree(template, place)
    return place


def _look(bare: Path, target: str = "main") -> dict[str, tuple[str, str]]:
    return {c.subject: (c.result, c.message) for c in branch_checks(bare, target)}


def _step(bare: Path, steps: Iterable[str]) -> None:
    for step in steps:
        _git(bare, *step.split())


def test_a_server_as_the_handbook_makes_it(bare: Path) -> None:
    assert _look(bare) == {"guarded branches": ("ok", "main")}


def test_release_branches_that_the_rule_book_lists(bare: Path) -> None:
    _step(bare, ["branch release/1 main"])
    assert _look(bare, "release/1") == {"guarded branches": ("ok", "main, release/1")}


@pytest.mark.parametrize(
    ("steps", "target", "subject", "result", "says"),
    [
        (["branch -m main live", "branch -D topic", "symbolic-ref HEAD refs/heads/main"], "live", "guarded branches", "failed", "none of these is there: main"),
        (["branch -m main live", "symbolic-ref HEAD refs/heads/main"], "live", "branch live", "failed", "is not guarded: it holds the rule book, and no guarded branch does"),
        (["symbolic-ref HEAD refs/heads/nothing"], "main", "HEAD of the server", "warning", "names 'nothing', which is not there"),
        (["update-ref --no-deref HEAD main"], "main", "HEAD of the server", "warning", "names no branch"),
        ([], "topic", "branch topic", "warning", "work is brought to it from here"),
    ],
)  # fmt: skip
def test_a_branch_that_people_use_and_nobody_guards(
    bare: Path, steps: list[str], target: str, subject: str, result: str, says: str
) -> None:
    _step(bare, steps)
    found = _look(bare, target)
    assert found[subject][0] == result
    assert says in found[subject][1]


def test_rules_on_another_branch_than_the_guarded_one(bare: Path) -> None:
    _step(bare, ["branch live main"])
    page = _commit(bare, _EMPTY)
    _git(bare, "update-ref", "refs/heads/main", page)
    found = _look(bare)
    assert found["guarded branches"] == ("failed", f"main, without {POLICY}: nothing can be judged")
    assert found["branch live"][0] == "failed"


def test_a_branch_with_a_history_of_its_own(bare: Path) -> None:
    alone = _commit(bare, _git(bare, "rev-parse", "main^{tree}"), message="begun anew")
    _git(bare, "update-ref", "refs/heads/live", alone)
    assert _look(bare)["branch live"] == ("failed", "is not guarded: it has a history of its own")


def test_a_branch_to_which_several_people_have_brought_much(bare: Path) -> None:
    tip, tree = _git(bare, "rev-parse", "topic"), _git(bare, "rev-parse", "main^{tree}")
    for number in range(9):
        tip = _commit(bare, tree, tip, message=str(number))
    _git(bare, "update-ref", "refs/heads/live", tip)
    said = "is not guarded: 2 people brought 10 commits to it while main stood still"
    assert _look(bare)["branch live"] == ("warning", said)
    _git(bare, "update-ref", "refs/heads/main", _commit(bare, tree, "main", message="main goes on"))
    assert "branch live" not in _look(bare)


def test_a_list_of_branches_that_is_none(bare: Path) -> None:
    wrong = _commit(bare, _tree(bare, f"version: 1\n{BRANCHES}: main\n"), "main")
    _git(bare, "update-ref", "refs/heads/main", wrong)
    guard = read_guard(Git(bare, {"GIT_DIR": str(bare)}))
    assert guard.covers("refs/heads/main")
    assert "cannot be read" in guard.idle("refs/heads/topic", rules=True)
    assert _look(bare)["list of branches"] == ("failed", f"{POLICY} of main cannot be read")


@pytest.mark.parametrize("suffix", ["", "~1", "^{commit}~1", "^1"])
@pytest.mark.parametrize("branch", ["main", "origin/main", "feature/x"])
def test_a_tag_does_not_stand_in_for_the_branch_of_its_name(bare: Path, branch: str, suffix: str) -> None:
    """Anybody may push a tag, and every clone fetches it."""
    second = _commit(bare, _git(bare, "rev-parse", "main^{tree}"), "main", message="second")
    place = "refs/remotes/" if branch.startswith("origin/") else "refs/heads/"
    _git(bare, "update-ref", f"{place}{branch}", second)
    _git(bare, "update-ref", f"refs/tags/{branch}", _git(bare, "rev-parse", "topic"))
    git = Git(bare, {"GIT_DIR": str(bare)})
    assert git.resolve(f"{branch}{suffix}") == _git(bare, "rev-parse", f"{place}{branch}{suffix}")
    assert git.resolve(f"refs/tags/{branch}") == _git(bare, "rev-parse", "topic")
