"""An approval survives whatever leaves the content alone, and nothing else: random histories, real Git."""

from __future__ import annotations

import itertools
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from itsm_gitops.gate.digest import ReviewedContent, changeset_digest, content, nothing_ignored
from itsm_gitops.git.changeset import Changed, digest
from itsm_gitops.git.client import Git
from tests.support import copy_tree, rounds

_COUNT = itertools.count()
FEW = settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
MANY = settings(max_examples=rounds(60, 150), deadline=None, suppress_health_check=list(HealthCheck))

# A step: what is done to which of a side's five files, with a number to make contents differ.
STEP = st.tuples(
    st.sampled_from(["edit", "edit", "delete", "mode", "rename", "add"]),
    st.integers(0, 4),
    st.integers(0, 99),
)
COMMITS = st.lists(st.lists(STEP, min_size=1, max_size=3), min_size=1, max_size=4)
KINDNESS = st.lists(
    st.sampled_from(["rebase", "update", "squash", "reword", "empty"]), min_size=1, max_size=3
)
Steps = list[list[tuple[str, int, int]]]


class Lab:
    """A repository with five files of the target's and five of the request's."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(parents=True)
        self.git("init", "-q", "-b", "main")
        for side, number in itertools.product("mt", range(5)):
            self.put(f"{side}{number}.yaml", text(number))
        self.commit()
        self.git("branch", "topic")

    def git(self, *args: str) -> str:
        number = next(_COUNT)
        when = f"2026-01-01T{number // 3600 % 24:02d}:{number // 60 % 60:02d}:{number % 60:02d}Z"
        env = {**os.environ, "GIT_AUTHOR_DATE": when, "GIT_COMMITTER_DATE": when}
        done = subprocess.run(
            ["git", *args], cwd=self.root, env=env, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"git {args}: {done.stdout}{done.stderr}"
        return done.stdout.strip()

    def put(self, path: str, words: str) -> None:
        (self.root / path).write_text(words)

    def commit(self, *options: str) -> None:
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "change", *options)

    def work(self, side: str, commits: Steps) -> None:
        """Make commits that touch one side's files only."""
        self.git("checkout", "-q", "topic" if side == "t" else "main")
        for steps in commits:
            for step in steps:
                self.do(side, *step)
            self.commit()

    def do(self, side: str, verb: str, number: int, value: int) -> None:
        file = self.root / f"{side}{number}.yaml"
        if verb == "add":
            self.put(f"{side}-new-{number}.yaml", text(value))
        elif not file.exists() or verb == "edit":
            self.put(file.name, text(value))
        elif verb == "delete":
            file.unlink()
        elif verb == "mode":
            file.chmod(0o755 if file.stat().st_mode & 0o100 == 0 else 0o644)
        else:
            file.rename(self.root / f"{side}-moved-{number}.yaml")

    def be_kind(self, how: str) -> None:
        """Do something to the request that leaves its content alone."""
        self.git("checkout", "-q", "topic")
        if how == "rebase":
            self.git("rebase", "-q", "--keep-empty", "main")
        elif how == "update":
            self.git("merge", "-q", "--no-edit", "--no-ff", "main")
        elif how == "squash":
            self.git("reset", "-q", "--soft", self.merge_base)
            self.commit()
        elif how == "reword":
            self.git("commit", "-q", "--allow-empty", "--amend", "-m", "other words")
        else:
            self.commit()

    @property
    def merge_base(self) -> str:
        return self.git("merge-base", "main", "topic")

    @property
    def head(self) -> str:
        return self.git("rev-parse", "topic")

    def seen(self) -> ReviewedContent:
        """What reviewers saw, compared with the request as it is now."""
        git = Git(self.root)
        now = content(git, self.merge_base, self.head, nothing_ignored)
        return ReviewedContent(git, self.git("rev-parse", "main"), now, nothing_ignored)


def text(value: int) -> str:
    return f"name: thing\nrisk:\n  level: {value}\nplan: |\n  one\n  two {value}\n"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Lab(tmp_path_factory.mktemp("lab") / "repo").root


Make = Callable[[], Lab]


@pytest.fixture
def make(template: Path, tmp_path: Path) -> Make:
    """Make a new laboratory for each example."""

    def new() -> Lab:
        lab = Lab.__new__(Lab)
        lab.root = tmp_path / f"lab{next(_COUNT)}"
        copy_tree(template, lab.root)
        return lab

    return new


def kindness_keeps(make: Make, topic: Steps, main: Steps, how: list[str]) -> None:
    lab = make()
    lab.work("t", topic)
    approved = lab.head
    lab.work("m", main)
    for deed in how:
        lab.be_kind(deed)
        assert lab.seen().current(approved), (deed, lab.seen().voided_by(approved))


@FEW
@given(topic=COMMITS, main=COMMITS, how=KINDNESS)
def test_rebase_update_and_squash_keep_every_approval(
    make: Make, topic: Steps, main: Steps, how: list[str]
) -> None:
    kindness_keeps(make, topic, main, how)


@pytest.mark.slow
@MANY
@given(topic=COMMITS, main=COMMITS, how=KINDNESS)
def test_rebase_update_and_squash_keep_every_approval_often(
    make: Make, topic: Steps, main: Steps, how: list[str]
) -> None:
    kindness_keeps(make, topic, main, how)


def _reindent(lab: Lab) -> None:
    lab.put("t0.yaml", text(7).replace("  level", "level"))


def _edit(lab: Lab) -> None:
    lab.put("t0.yaml", text(8))


def _space(lab: Lab) -> None:
    lab.put("t0.yaml", text(7).replace("two 7\n", "two 7 \n"))


def _mode(lab: Lab) -> None:
    (lab.root / "t0.yaml").chmod(0o755)


def _rename(lab: Lab) -> None:
    (lab.root / "t0.yaml").rename(lab.root / "t0-renamed.yaml")


def _delete(lab: Lab) -> None:
    (lab.root / "t0.yaml").unlink()


def _add(lab: Lab) -> None:
    lab.put("t-added.yaml", text(1))


def _link(lab: Lab) -> None:
    (lab.root / "t0.yaml").unlink()
    (lab.root / "t0.yaml").symlink_to("t1.yaml")


def _revert(lab: Lab) -> None:
    """Take back, without a word, what the target branch did meanwhile."""
    lab.put("m0.yaml", text(0))


def _move(lab: Lab) -> None:
    """Put what was approved in one place, byte for byte, into another one."""
    (lab.root / "t-fresh-1.yaml").rename(lab.root / "t-elsewhere.yaml")


def _swap(lab: Lab) -> None:
    """Let two approved files change places."""
    lab.put("t-fresh-1.yaml", text(92))
    lab.put("t-fresh-2.yaml", text(91))


MALICE = (_reindent, _edit, _space, _mode, _rename, _delete, _add, _link, _revert, _move, _swap)
HIDING = ("commit", "amend", "evil merge", "rebase")


def malice_voids(make: Make, topic: Steps, main: Steps, deed: Callable[[Lab], None], hidden: str) -> None:
    lab = make()
    lab.work("t", [*topic, [("edit", 0, 7)]])
    if not (lab.root / "t0.yaml").exists() or (lab.root / "t0.yaml").stat().st_mode & 0o100:
        lab.put("t0.yaml", text(7))
        (lab.root / "t0.yaml").chmod(0o644)
        lab.commit()
    lab.put("t-fresh-1.yaml", text(91))
    lab.put("t-fresh-2.yaml", text(92))
    lab.commit()
    approved = lab.head
    lab.work("m", [*main, [("delete", 0, 0)], [("add", 0, 3)]])
    lab.put("m0.yaml", text(55))
    lab.commit()
    lab.git("checkout", "-q", "topic")
    lab.be_kind("update" if hidden == "evil merge" else "rebase")
    deed(lab)
    lab.commit(*(["--amend"] if hidden in ("amend", "evil merge") else []))
    if hidden == "rebase":
        lab.be_kind("squash")
    seen = lab.seen()
    assert not seen.current(approved)
    assert ".yaml" in seen.voided_by(approved)


@FEW
@given(topic=COMMITS, main=COMMITS, deed=st.sampled_from(MALICE), hidden=st.sampled_from(HIDING))
def test_every_edit_voids_every_approval(
    make: Make, topic: Steps, main: Steps, deed: Callable[[Lab], None], hidden: str
) -> None:
    malice_voids(make, topic, main, deed, hidden)


@pytest.mark.slow
@MANY
@given(topic=COMMITS, main=COMMITS, deed=st.sampled_from(MALICE), hidden=st.sampled_from(HIDING))
def test_every_edit_voids_every_approval_often(
    make: Make, topic: Steps, main: Steps, deed: Callable[[Lab], None], hidden: str
) -> None:
    malice_voids(make, topic, main, deed, hidden)


@FEW
@given(
    topic=COMMITS,
    mine=st.integers(100, 199),
    theirs=st.integers(200, 299),
    how=st.sampled_from(["merge", "rebase"]),
)
def test_own_version_of_what_the_target_branch_changed_voids(
    make: Make, topic: Steps, mine: int, theirs: int, how: str
) -> None:
    """The files of the request stay as they were, and yet it takes somebody else's edit back now."""
    lab = make()
    lab.git("checkout", "-q", "topic")
    lab.put("m1.yaml", text(mine))
    lab.commit()
    lab.work("t", topic)
    approved = lab.head
    lab.git("checkout", "-q", "main")
    lab.put("m1.yaml", text(theirs))
    lab.commit()
    lab.git("checkout", "-q", "topic")
    lab.git(
        *(
            ("merge", "--no-edit", "-X", "ours")
            if how == "merge"
            else ("rebase", "--keep-empty", "-X", "theirs")
        ),
        "main",
    )
    assert (lab.root / "m1.yaml").read_text() == text(mine)
    assert not lab.seen().current(approved)
    assert lab.seen().voided_by(approved) == "m1.yaml: the target branch changed it meanwhile"


@pytest.mark.parametrize("deed", MALICE, ids=lambda d: d.__name__.strip("_"))
def test_each_kind_of_edit_voids(make: Make, deed: Callable[[Lab], None]) -> None:
    malice_voids(make, [[("edit", 1, 3)]], [[("edit", 2, 4)]], deed, "evil merge")


def test_a_file_that_both_sides_change_is_something_nobody_has_seen(make: Make) -> None:
    lab = make()
    lab.git("checkout", "-q", "topic")
    lab.put("m1.yaml", text(1) + "last: 1\n")
    lab.commit()
    approved = lab.head
    lab.git("checkout", "-q", "main")
    lab.put("m1.yaml", "first: 1\n" + text(1))
    lab.commit()
    lab.be_kind("update")
    assert not lab.seen().current(approved)
    assert lab.seen().voided_by(approved) == "m1.yaml: first added"


def test_the_digest_is_the_one_that_is_written_down() -> None:
    """The formula is part of what signed statements and evidence rely on for years."""
    found = digest([Changed("100644", "100755", "a" * 40, "b" * 40, "M", "records/x.yaml")])
    line = b"100644 100755 " + b"a" * 40 + b" " + b"b" * 40 + b" M records/x.yaml\0"
    import hashlib

    assert found == "sha256:" + hashlib.sha256(b"itsm-changeset-v1\n" + line).hexdigest()


def test_generated_paths_are_left_out(make: Make) -> None:
    lab = make()
    lab.work("t", [[("edit", 0, 7)]])
    git = Git(lab.root)
    before = content(git, lab.merge_base, lab.head, lambda p: p == "t1.yaml").digest
    assert before == changeset_digest(git, lab.merge_base, lab.head)
    lab.work("t", [[("edit", 1, 7)]])
    assert content(git, lab.merge_base, lab.head, lambda p: p == "t1.yaml").digest == before
    assert changeset_digest(git, lab.merge_base, lab.head) != before
