"""A plain Git server: its own pre-receive hook, real pushes, approvals signed with real keys."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from itsm_gitops.evidence.hook import Update, pre_receive, read_updates
from itsm_gitops.gate.guard import read_guard
from itsm_gitops.git import Git
from itsm_gitops.model.errors import GitError, UsageError
from tests.gate.world import NUMBERS, SERVER, World, person
from tests.support import run_here
from tests.warm import Warm

NOW = "2026-11-22T12:00:00Z"


def _key(folder: Path, name: str) -> Path:
    key = folder / name
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(key)], check=True)
    return key


class Server:
    """A bare repository with the hook, and one clone of it."""

    def __init__(self, folder: Path, warm: Warm) -> None:
        self.keys = {name: _key(folder, name) for name in ("bob", "carl")}
        world = World.make(folder / "work")
        for name in ("bob", "carl"):
            public = " ".join(self.keys[name].with_suffix(".pub").read_text().split()[:2])
            said = f"\n  - type: ssh\n    fingerprint: {name}\n    public_key: {public}\n"
            world.write(f"cmdb/people/{name}.yaml", person(name, "ops", NUMBERS[name], signing_keys=said))
        world.commit("Keys", by="cab-one")
        self.world = world
        self.bare = folder / "server.git"
        subprocess.run(["git", "clone", "-q", "--bare", str(world.root), str(self.bare)], check=True)
        world.git("remote", "add", "origin", str(self.bare))
        hook = self.bare / "hooks" / "pre-receive"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\nexec {shlex.join(warm.command())} hook pre-receive\n")
        hook.chmod(0o755)

    def push(self, *refs: str) -> tuple[bool, str]:
        done = subprocess.run(
            ["git", "push", "-q", "origin", *refs],
            cwd=self.world.root,
            env={**os.environ, "ITSM_NOW": NOW},
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode == 0, done.stderr

    def approve(self, who: str, *, when: str = NOW, reject: bool = False) -> str:
        """Sign what HEAD would bring to main; returns the reference."""
        words = [
            "approve",
            "--sign",
            "--by",
            who,
            "--key",
            str(self.keys[who]),
            "--base",
            "origin/main",
        ]
        about = ["--head", "HEAD", "--target", "main", *["--reject"] * reject]
        done = run_here([*words, *about], self.world.root, env={"ITSM_NOW": when})
        assert done.returncode == 0, done.stdout + done.stderr
        return "refs/itsm/approvals/*:refs/itsm/approvals/*"

    @property
    def main(self) -> str:
        done = subprocess.run(
            ["git", "rev-parse", "main"], cwd=self.bare, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    def copy(self, folder: Path) -> Server:
        """Return the same server and clone in another folder, much faster than making them."""
        made = object.__new__(Server)
        made.keys = self.keys
        made.world = World.copy(self.world, folder / "work")
        made.bare = folder / "server.git"
        shutil.copytree(self.bare, made.bare)
        made.world.git("remote", "set-url", "origin", str(made.bare))
        return made


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory, warm: Warm) -> Server:
    made = Server(tmp_path_factory.mktemp("server"), warm)
    made.world.git("fetch", "-q", "origin")
    return made


@pytest.fixture
def server(template: Server, tmp_path: Path) -> Server:
    return template.copy(tmp_path)


def _edit(server: Server, text: str = "Holds the shop.") -> str:
    server.world.edit(SERVER, "owner: ops\n", f"description: {text}\nowner: ops\n")
    return server.world.commit("Describe s1")


def test_unapproved_is_refused_with_the_reason_and_approved_lands(server: Server) -> None:
    before = server.main
    head = _edit(server)
    landed, said = server.push("main")
    assert not landed
    assert server.main == before
    assert "refs/heads/main: approvals are missing" in said
    assert "owner of s1" in said
    assert "could: bob, carl" in said
    assert "itsm approve --sign" in said

    assert server.push(server.approve("bob"))[0]
    landed, said = server.push("main")
    assert landed, said
    assert server.main == head


def test_an_edit_after_the_approval_is_refused_and_named(server: Server) -> None:
    _edit(server)
    handed_in, said = server.push(server.approve("bob"))
    assert handed_in, said
    server.world.edit(SERVER, "Holds the shop.", "Holds nothing.")
    server.world.commit("One more thing")
    landed, said = server.push("main")
    assert not landed
    assert "not counted, bob" in said
    assert "description was Holds the shop., is Holds nothing." in said


def test_a_forged_statement_is_refused(server: Server) -> None:
    """Bob's signature under words that say it was Carl."""
    _edit(server)
    server.approve("bob")
    name = server.world.git("for-each-ref", "--format=%(refname)", "refs/itsm")
    text = server.world.git("cat-file", "blob", name)
    forged = server.world.root.parent / "forged"
    forged.write_text(text.replace("bob", "carl") + "\n")
    oid = server.world.git("hash-object", "-w", str(forged))
    for ref in ("refs/itsm/approvals/forged/carl-1", name.replace("bob", "carl")):
        landed, said = server.push(f"{oid}:{ref}")
        assert not landed
        assert "itsm: refs/itsm/approvals/" in said
        assert "by what it says, its name is" in said
    proper = re.search(r"its name is (\S+);", said)
    assert proper
    landed, said = server.push(f"{oid}:{proper[1]}")
    assert not landed
    assert "no key that carl has on main today made this signature" in said


def test_errors_in_documents_are_refused_before_anything_else(server: Server) -> None:
    server.world.edit(SERVER, "lifecycle: production\n", "lifecycle: produktion\n")
    server.world.commit("Typing error")
    landed, said = server.push("main")
    assert not landed
    assert "1 error in what is pushed" in said
    assert f"{SERVER}:5:12 S" in said


def test_history_is_not_rewritten_and_branches_are_free(server: Server) -> None:
    server.world.git("checkout", "-q", "-b", "topic", "HEAD~1")
    _edit(server)
    assert server.push("topic")[0]
    assert server.push("+topic~1:topic")[0]
    landed, said = server.push("+topic:main")
    assert not landed
    assert "only goes forward" in said
    landed, said = server.push(":main")
    assert not landed
    assert "cannot be deleted" in said


def test_other_branches_can_be_protected(server: Server) -> None:
    subprocess.run(["git", "config", "--add", "itsm.protected", "release/*"], cwd=server.bare, check=True)
    assert server.push("main:release/1")[0]
    _edit(server)
    landed, said = server.push("main:release/1")
    assert not landed
    assert "refs/heads/release/1: approvals are missing" in said
    landed, said = server.push("main:release/2")
    assert not landed


def test_a_no_after_a_yes_arrives_and_counts(server: Server) -> None:
    _edit(server)
    yes = server.approve("bob", when="2026-11-22T11:00:00Z")
    assert server.push(yes)[0]
    server.approve("bob", reject=True)
    names = server.world.git("for-each-ref", "--format=%(refname)", "refs/itsm").split()
    assert len(names) == 2
    handed_in, said = server.push(*names)
    assert handed_in, said
    landed, said = server.push("main")
    assert not landed
    assert "bob asks for changes" in said


def test_approvals_and_the_branch_in_one_push(server: Server) -> None:
    head = _edit(server)
    landed, said = server.push(server.approve("bob"), "main")
    assert landed, said
    assert server.main == head


def test_a_refused_branch_takes_the_statements_of_its_push_with_it(server: Server) -> None:
    before = server.main
    _edit(server)
    server.approve("bob", reject=True)
    name = server.world.git("for-each-ref", "--format=%(refname)", "refs/itsm")
    landed, said = server.push(name, "main")
    assert not landed
    said = " ".join(said.replace("remote: ", "").split())
    assert "so the 1 good statement in it did not arrive either" in said
    assert f"hand them in first: git push origin {name}" in said
    assert server.main == before
    assert server.push(name)[0]


def test_the_first_push_makes_the_rules(server: Server, tmp_path: Path) -> None:
    empty = tmp_path / "empty.git"
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(empty)], check=True)
    hook = server.bare / "hooks" / "pre-receive"
    (empty / "hooks").mkdir(exist_ok=True)
    (empty / "hooks" / "pre-receive").write_text(hook.read_text())
    (empty / "hooks" / "pre-receive").chmod(0o755)
    server.world.git("remote", "set-url", "origin", str(empty))
    assert server.push("main")[0]
    _edit(server)
    assert not server.push("main")[0]


@pytest.mark.parametrize(
    "line", ["", "x y refs/heads/main", f"{'1' * 40} {'2' * 40} main", f"{'1' * 40} {'2' * 39}g refs/x"]
)
def test_what_is_no_hook_input(line: str) -> None:
    with pytest.raises(UsageError):
        read_updates([line])


def test_updates_are_read() -> None:
    zero, one = "0" * 40, "1" * 40
    assert read_updates([f"{zero} {one} refs/heads/a b\n"]) == [Update("", one, "refs/heads/a b")]


def test_outside_of_a_hook() -> None:
    with pytest.raises(GitError, match="not a hook"):
        pre_receive([], {})


def _config(server: Server, *words: str) -> None:
    subprocess.run(["git", *words], cwd=server.bare, check=True)


def _only(server: Server, branch: str) -> None:
    """Leave a server with one branch, which nothing names, and a HEAD that names another."""
    _config(server, "branch", "-m", "main", branch)
    _config(server, "symbolic-ref", "HEAD", "refs/heads/master")


@pytest.mark.parametrize("ref", ["main:live", "main:topic", "main~1:refs/heads/master"])
def test_a_server_that_would_guard_nothing_takes_nothing(server: Server, ref: str) -> None:
    _only(server, "live")
    _edit(server)
    landed, said = server.push(ref)
    assert not landed
    assert "this server guards 'master', 'main', 'trunk', and none of these is there" in said
    assert "git config --add itsm.protected" in said


def test_a_setting_names_the_branch_where_head_does_not(server: Server) -> None:
    _only(server, "live")
    _config(server, "config", "--add", "itsm.protected", "live")
    assert server.push("main:topic")[0]
    _edit(server)
    landed, said = server.push("main:live")
    assert not landed
    assert "refs/heads/live: approvals are missing" in said


@pytest.mark.parametrize(
    ("steps", "ref"),
    [
        # HEAD names a branch that is there, and people push another one.
        ([("branch", "master", "main~1"), ("symbolic-ref", "HEAD", "refs/heads/master")], "main"),
        ([("branch", "other", "main~1"), ("symbolic-ref", "HEAD", "refs/heads/other")], "main"),
        # A commit is checked out.
        ([("update-ref", "--no-deref", "HEAD", "main")], "main"),
        # A name that stands for the guarded branch.
        ([("symbolic-ref", "refs/heads/live", "refs/heads/main")], "live"),
        # Where letters have no case it is the same branch.
        ([], "Main"),
        # A tag that the server is told to guard.
        ([("config", "--add", "itsm.protected", "refs/tags/v*")], "refs/tags/v1"),
    ],
)  # fmt: skip
def test_what_is_not_approved_does_not_land_on_a_guarded_branch(
    server: Server, steps: list[tuple[str, ...]], ref: str
) -> None:
    for step in steps:
        _config(server, *step)
    before = server.main
    _edit(server)
    landed, said = server.push(f"main:{ref}")
    assert not landed, said
    assert "approvals are missing" in said
    assert server.main == before


@pytest.mark.parametrize(
    ("steps", "ref", "guarded"),
    [
        ([], "refs/heads/release/1", True),  # the rule book names them
        ([("config", "itsm.protected", "refs/heads/live")], "refs/heads/live", True),
        ([("config", "itsm.protected", "heads/stable/*")], "refs/heads/stable/1", True),
        ([("config", "itsm.protected", "live")], "refs/heads/master", True),  # the usual names stay
        ([("config", "itsm.protected", "live")], "refs/heads/MASTER", True),
        ([("symbolic-ref", "HEAD", "refs/heads/other")], "refs/heads/other", True),
        ([("symbolic-ref", "refs/heads/a", "refs/heads/b"), ("symbolic-ref", "refs/heads/b", "refs/heads/main")], "refs/heads/a", True),
        ([("symbolic-ref", "refs/deploy/now", "refs/heads/main")], "refs/deploy/now", True),
        ([("config", "itsm.protected", "live")], "refs/heads/lively", False),
        ([], "refs/heads/topic", False),
        ([], "refs/heads/topic/main", False),
        ([], "refs/tags/main", False),  # a tag is no branch, whatever it is called
    ],
)  # fmt: skip
def test_which_references_are_guarded(
    template: Server, tmp_path: Path, steps: list[tuple[str, ...]], ref: str, guarded: bool
) -> None:
    bare = tmp_path / "server.git"
    shutil.copytree(template.bare, bare)
    for step in steps:
        subprocess.run(["git", *step], cwd=bare, check=True)
    guard = read_guard(Git(bare, {"GIT_DIR": str(bare)}))
    assert guard.covers(guard.meant(ref)) is guarded
    assert guard.main == "refs/heads/main"


def test_a_push_through_a_linked_work_tree_is_judged_by_the_head_of_the_repository(
    server: Server, tmp_path: Path
) -> None:
    """Git runs the hook with the work tree's own folder, whose HEAD is another branch."""
    _config(server, "config", "--add", "itsm.protected", "nothing")
    _config(server, "branch", "-m", "main", "live")
    _config(server, "symbolic-ref", "HEAD", "refs/heads/live")
    _config(server, "worktree", "add", "-q", "-b", "side", str(tmp_path / "side"), "live")
    server.world.git("remote", "set-url", "origin", str(tmp_path / "side"))
    _edit(server)
    landed, said = server.push("main:live")
    assert not landed
    assert "refs/heads/live: approvals are missing" in said


def test_a_list_that_cannot_be_read_leaves_no_branch_open(server: Server) -> None:
    world = server.world
    world.git("checkout", "-q", "-b", "broken")
    world.edit("schemas/policies/approvals.yaml", 'branches: [main, "release/*"]', "branches: main")
    _config(server, "fetch", "-q", str(world.root), "main")
    world.commit("A list that is none", by="cab-one")
    _config(server, "fetch", "-q", str(world.root), "+broken:main")
    landed, said = server.push("broken:topic")
    assert not landed
    assert "approvals.yaml of main cannot be read, so it is not known whether topic is guarded" in said


def test_rules_beside_a_guarded_branch_without_any(server: Server, tmp_path: Path) -> None:
    """Somebody once pushed a page to the branch that HEAD names; people work on another one."""
    empty = tmp_path / "empty.git"
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(empty)], check=True)
    world = server.world
    world.git(
        "push",
        "-q",
        str(empty),
        f"{world.git('commit-tree', '-m', 'x', world.git('mktree'))}:refs/heads/main",
    )
    (empty / "hooks").mkdir(exist_ok=True)
    shutil.copy(server.bare / "hooks" / "pre-receive", empty / "hooks" / "pre-receive")
    world.git("remote", "set-url", "origin", str(empty))
    landed, said = server.push("main:live")
    assert not landed
    assert "no branch that this server guards (main) holds schemas/policies/approvals.yaml" in said


def test_an_empty_server_takes_a_guarded_branch_first(server: Server, tmp_path: Path) -> None:
    empty = tmp_path / "empty.git"
    subprocess.run(["git", "init", "-q", "--bare", "-b", "master", str(empty)], check=True)
    (empty / "hooks").mkdir(exist_ok=True)
    shutil.copy(server.bare / "hooks" / "pre-receive", empty / "hooks" / "pre-receive")
    server.world.git("remote", "set-url", "origin", str(empty))
    landed, said = server.push("main:live")
    assert not landed
    assert "none of these is there" in said
    assert server.push("main")[0]
    _edit(server)
    landed, said = server.push("main")
    assert not landed
    assert "approvals are missing" in said
