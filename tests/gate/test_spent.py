"""What lands is judged, progress is no edit of the plan, and a signed approval counts once: the rows of ``table_spent``."""

from __future__ import annotations

from pathlib import Path

import pytest

from itsm_gitops.evidence.hook import Update, _forward
from itsm_gitops.gate.approvals import ApprovalQuery, approvals
from itsm_gitops.gate.types import PASSING
from itsm_gitops.git import mainline
from itsm_gitops.git.changeset import first_parent_changes
from itsm_gitops.git.merging import merge_result, with_results
from itsm_gitops.snapshots.identity import new_identity, pinned
from tests.gate.situations import Situation
from tests.gate.table_spent import ROWS, USES, Play, Use
from tests.gate.test_signed import Scene
from tests.gate.test_situations import play, told
from tests.gate.world import POLICY_PATH, SERVER, World


@pytest.fixture(scope="session")
def organisation(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    return Scene.make(tmp_path_factory.mktemp("spent"))


@pytest.fixture
def world(organisation: Scene, tmp_path: Path) -> World:
    return World.copy(organisation.world, tmp_path / "repo")


@pytest.mark.parametrize("row", ROWS, ids=lambda r: r.name.replace(" ", "-"))
def test_situation(row: Situation, world: World) -> None:
    found = play(row, world)
    assert found.result == row.result, told(found)
    assert any(row.says in text for text in told(found)), told(found)
    assert not row.code or row.code in {r.code for r in found.rejected}, found.rejected


@pytest.mark.parametrize("row", USES, ids=lambda r: r.name.replace(" ", "-"))
def test_use(row: Use, organisation: Scene, tmp_path: Path) -> None:
    stage = Play(Scene.copy(organisation, tmp_path))
    row.play(stage)
    found = stage.assess()
    assert found.result == row.result, told(found)
    assert any(row.says in text for text in told(found)), told(found)
    assert not row.code or row.code in {r.code for r in found.rejected}, found.rejected


def test_the_table_has_enough_honest_flows_and_no_row_twice() -> None:
    names = [r.name for r in (*ROWS, *USES)]
    assert len(names) == len(set(names)) >= 60
    passing = {r.name for r in (*ROWS, *USES) if r.result in PASSING}
    assert len(passing) >= 15
    assert passing == {n for n in names if n.startswith("honest: ")}


@pytest.mark.parametrize("tag", ["main", "origin/main", "refs/heads/main"])
def test_a_tag_never_stands_in_for_a_branch(tag: str, world: World) -> None:
    """Anybody who may push can make a tag, and everybody fetches it."""
    tip = world.head
    world.git("update-ref", "refs/remotes/origin/main", tip)
    world.git("checkout", "-q", "--detach")
    text = (world.root / POLICY_PATH).read_text()
    world.write(POLICY_PATH, text.replace("count: 1", "count: 0").replace("count: 2", "count: 0"))
    world.git("tag", tag, world.commit("Ask nobody"))
    git = world.repo.history
    for name in ("main", "origin/main"):
        assert git.resolve(name) == tip
        assert git.resolve(f"{name}^0") == tip
    world.git("checkout", "-q", "-B", "topic", tip)
    world.edit(SERVER, "lifecycle:", "description: New.\nlifecycle:")
    world.commit()
    assert not approvals(world.repo, ApprovalQuery(base="main")).passes


def test_other_names_are_git_s_to_find(world: World) -> None:
    world.git("tag", "v1")
    git = world.repo.history
    assert {
        git.resolve(n) for n in ("HEAD", "@", "v1", "v1^{}", "main@{0}", "refs/heads/main", world.head[:12])
    } == {world.head}


def _commit(world: World, message: str, *parents: str) -> str:
    """Make a commit with the files of main, without a branch."""
    words = [w for p in parents for w in ("-p", p)]
    who = {
        f"GIT_{side}_{part}": value
        for side in ("AUTHOR", "COMMITTER")
        for part, value in (("NAME", "ann"), ("EMAIL", "ann@example.org"))
    }
    return world.git("commit-tree", "-m", message, *words, "HEAD^{tree}", env=who)


def test_the_present_tip_has_to_be_a_first_parent(world: World) -> None:
    """Whoever takes the branch into other work would choose what its history is."""
    git, tip = world.repo.history, world.head
    root = _commit(world, "another beginning")
    theirs = _commit(world, "on main", tip)
    own = _commit(world, "my own", tip)
    turned = {
        tip: [_commit(world, "another root first", root, tip)],
        theirs: [_commit(world, "as git pull makes it", own, theirs), _commit(world, "twice", root, theirs)],
    }
    for old, news in turned.items():
        for new in (*news, *(_commit(world, "and more", n) for n in news)):
            decision = _forward(git, Update(old, new, "refs/heads/main"), "'main'")
            assert decision is not None
            assert not decision.allowed
            assert "is not among the first parents" in decision.reason
            assert "git rebase origin/main" in decision.reason
    straight = _commit(world, "the work into main", theirs, own)
    for old, new in ((tip, own), (theirs, straight), (tip, straight), (tip, _commit(world, "on", straight))):
        assert _forward(git, Update(old, new, "refs/heads/main"), "'main'") is None
    assert mainline.on_line(git, tip, tip)
    assert not mainline.on_line(git, straight, tip)


def test_settings_that_cannot_be_read_keep_the_identity(world: World) -> None:
    for text, wanted in (
        ("identity: " + "a" * 32, "a" * 32),
        ("identity: [", "a" * 32),
        ("identity: 7", "a" * 32),
        ("", ""),
    ):
        world.write("itsm.yaml", f"version: 1\n{text}\n")
        assert pinned(world.repo.history, world.commit()) == wanted


def test_a_merge_depends_on_the_commits_alone(world: World) -> None:
    """Attributes, settings and drivers of this clone have no say, and nothing is written into it."""
    world.write("a.txt", "1\n2\n3\n")
    world.commit()
    world.git("checkout", "-q", "-b", "left")
    world.write("a.txt", "1\nleft\n3\n")
    left = world.commit()
    world.git("checkout", "-q", "-b", "right", "main")
    world.write("a.txt", "1\nright\n3\n")
    right = world.commit()
    world.write(".gitattributes", "* merge=union\n")
    world.write(".git/info/attributes", "* merge=mine\n")
    world.git("config", "merge.mine.driver", "true")
    world.git("config", "merge.renames", "false")
    before = world.git("count-objects")
    git = world.repo.history
    assert merge_result(git, left, right).conflicts == ("a.txt",)
    assert world.git("count-objects") == before
    other = world.git("rev-parse", "main")
    clean = merge_result(git, other, right)
    assert not clean.conflicts
    assert with_results(git).run("cat-file", "-t", clean.tree).strip() == b"tree"


def test_first_parent_changes_are_one_log(world: World) -> None:
    start = world.head
    world.write("a b.txt", "1\n")
    one = world.commit()
    world.git("checkout", "-q", "-b", "side")
    world.write("a b.txt", "2\n")
    world.commit()
    world.git("checkout", "-q", "main")
    world.git("merge", "-q", "--no-ff", "--no-edit", "side")
    world.write("other", "x\n")
    world.commit()
    steps = list(first_parent_changes(world.repo.history, start, world.head, ["a b.txt"]))
    assert [(c, [x.status for x in found]) for c, found in steps] == [
        (world.git("rev-parse", "HEAD~1"), ["M"]),
        (one, ["A"]),
    ]
    assert next(first_parent_changes(world.repo.history, "", start, [SERVER]))[1][0].status == "A"


def test_an_identity_is_text_without_quotes() -> None:
    for _ in range(20):
        value = new_identity()
        assert len(value) == 32
        assert value[0] in "abcdef"
