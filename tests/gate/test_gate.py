"""What a hostile repository or history does to the gate, besides the table of attacks."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from itsm_gitops.gate.assess import assess
from itsm_gitops.gate.explain import as_json
from itsm_gitops.gate.types import ERROR, SATISFIED, UNSATISFIED
from itsm_gitops.model.errors import GitError
from itsm_gitops.repository import Repository
from tests.gate.world import CHANGE_PATH, NOW, World, change, review, server


@pytest.fixture(scope="module")
def organisation(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World.make(tmp_path_factory.mktemp("organisation") / "repo")


@pytest.fixture
def world(organisation: World, tmp_path: Path) -> World:
    made = World.copy(organisation, tmp_path / "repo")
    made.git("checkout", "-q", "-b", "topic")
    made.write(CHANGE_PATH, change())
    made.commit()
    return made


def _conflict(world: World) -> None:
    """Merge the target branch by hand, because both sides changed the same lines."""
    world.on_main()
    world.write("README.md", "# Of main\n")
    world.commit(by="cab-one")
    world.on_topic()
    world.write("README.md", "# Of topic\n")
    world.commit()
    world.git("merge", "-q", "main", check=False)
    world.write("README.md", "# Of both\n")
    world.commit("merge", by="bob")


def test_no_command_of_the_repository_is_run(world: World, tmp_path: Path) -> None:
    """A repository that came as an archive brings settings: they can name commands for merging."""
    mark = tmp_path / "ran"
    for name in ("evil", "e=v.il"):
        world.git("config", f"merge.{name}.name", name)
        world.git("config", f"merge.{name}.driver", f"touch {mark}")
    world.git("config", "filter.evil.clean", f"touch {mark}")
    world.git("config", "merge.renormalize", "true")
    _conflict(world)
    for name in ("evil", "e=v.il"):
        (world.root / ".git/info").mkdir(exist_ok=True)
        (world.root / ".git/info/attributes").write_text(f"* merge={name} filter=evil\n")
        found = world.assess([review("bob", world.head)])
        assert found.result == UNSATISFIED
        assert "bob" in found.separated
        assert not mark.exists()


def test_a_replaced_commit_changes_nothing(world: World) -> None:
    """``git replace`` lets a reference change what a commit says; here it would hide its author."""
    ours = world.head
    world.git("commit", "-q", "--amend", "--no-edit", "--author", "carl <carl@example.org>")
    world.git("replace", ours, world.head)
    world.git("update-ref", "refs/heads/topic", ours)
    found = world.assess([review("ann", ours)])
    assert found.result == UNSATISFIED
    assert found.authors == ("ann",)


def test_a_shallow_clone_knows_too_little(world: World, tmp_path: Path) -> None:
    """Here the commit of the second author is cut off, while the difference is all there."""
    world.write("docs/a.md", "A\n")
    world.commit(by="bob")
    world.write("docs/b.md", "B\n")
    world.commit(by="ann")
    world.on_main()
    world.write("docs/c.md", "C\n")
    world.commit(by="cab-one")
    world.on_topic()
    world.git("merge", "-q", "--no-edit", "main")
    clone = tmp_path / "clone"
    words = ["git", "clone", "-q", "--depth", "2", "--no-single-branch", f"file://{world.root}", str(clone)]
    subprocess.run(words, check=True)
    with pytest.raises(GitError, match="shallow"):
        assess(Repository(clone), base="origin/main", head="origin/topic", now=NOW)


@pytest.mark.parametrize("author", [b"bob\0 <bob@example.org>", b"bob", b"", b"bob <bob@example.org\0>"])
def test_a_malformed_author_is_nobody(world: World, author: bytes) -> None:
    tree, parent = world.git("rev-parse", "HEAD^{tree}"), world.head
    body = b"tree %s\nparent %s\nauthor %s 1700000000 +0000\ncommitter ann <ann@example.org> 1700000000 +0000\n\nx\n"
    made = subprocess.run(
        ["git", "hash-object", "-t", "commit", "-w", "--stdin", "--literally"],
        cwd=world.root, input=body % (tree.encode(), parent.encode(), author), capture_output=True, check=True,
    )  # fmt: skip
    head = made.stdout.decode().strip()
    world.git("update-ref", "refs/heads/topic", head)
    assert world.assess([review("bob", head)]).result == ERROR


def test_paths_that_are_no_text_are_told_to_programs_and_people(world: World) -> None:
    (world.root / os.fsdecode(b"in\xff\n.txt")).write_bytes(b"x\n")
    world.commit()
    found = world.assess([review("bob", world.head)])
    assert found.result == SATISFIED
    assert json.loads(json.dumps(as_json(found)))["paths"][0] == os.fsdecode(b"in\xff\n.txt")


def test_many_items_ask_their_owner_once_each(world: World) -> None:
    """Also a request of thousands of files is judged whole; nothing is left out beyond some number."""
    for number in range(3000):
        world.write(f"cmdb/servers/n{number}.yaml", server(f"n{number}", owner="net"))
    head = world.commit()
    found = world.assess([review("bob", head)])
    asked = [v for v in found.verdicts if v.requirement.subject.startswith("n")]
    assert len(asked) == 3000
    assert {v.could for v in asked} == {("mia",)}
    assert world.assess([review("bob", head), review("mia", head)]).result == SATISFIED
