"""Git that remembers answers as Git does: the same bytes, or the same refusal, for everything it is asked."""

from __future__ import annotations

import random
import subprocess
from pathlib import Path

import pytest

from itsm_gitops.git.changeset import changeset, clean_merge, contributors, merge_bases
from itsm_gitops.git.client import Git
from itsm_gitops.git.mainline import landed, origin
from itsm_gitops.git.merging import MergeResult, merge_result
from itsm_gitops.model.errors import GitError
from itsm_gitops.snapshots.recall import RecallingGit
from itsm_gitops.snapshots.trees import CommitTree

ENV = {"GIT_AUTHOR_NAME": "ann", "GIT_AUTHOR_EMAIL": "ann@example.org", "GIT_COMMITTER_NAME": "ann",
       "GIT_COMMITTER_EMAIL": "ann@example.org", "GIT_AUTHOR_DATE": "2026-11-22T10:00:00Z",
       "GIT_COMMITTER_DATE": "2026-11-22T10:00:00Z", "GIT_CONFIG_GLOBAL": "/dev/null", "PATH": "/usr/bin:/bin:/usr/local/bin"}  # fmt: skip
NAMES = ("cmdb/a.yaml", "cmdb/b.yaml", "cmdb/a/x.yaml", "cmdb/a.b/y.yaml", "records/r/1.yaml", "schemas/s.yaml", "docs/é.md", "itsm.yaml")  # fmt: skip


def run(folder: Path, *words: str) -> str:
    return subprocess.run(["git", *words], cwd=folder, env=ENV, capture_output=True, text=True, check=True).stdout.strip()  # fmt: skip


def grow(folder: Path, seed: int) -> list[str]:
    """Make a history of edits, removals, renames, and merges of all kinds; return its commits."""
    chance = random.Random(seed)
    folder.mkdir()
    run(folder, "init", "-q", "-b", "main")
    (folder / "itsm.yaml").write_text("version: 1\n")
    run(folder, "add", "-A")
    run(folder, "commit", "-q", "-m", "first")
    heads = [run(folder, "rev-parse", "HEAD")]
    for number in range(14):
        run(folder, "checkout", "-q", "--detach", chance.choice(heads[-4:]))
        if number % 3 == 2:
            other = chance.choice(heads[-4:])
            done = subprocess.run(["git", "merge", "-q", "--no-ff", "-m", "merge", other], cwd=folder, env=ENV, capture_output=True, check=False)  # fmt: skip
            if done.returncode:
                run(folder, "reset", "-q", "--hard")
        for _ in range(chance.randint(1, 2)):
            path = folder / chance.choice(NAMES)
            if path.exists() and chance.random() < 0.3 and path.name != "itsm.yaml":
                path.unlink()
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(f"n: {chance.randint(0, 3)}\n" * chance.randint(1, 3))
            if chance.random() < 0.2 and path.exists():
                path.chmod(0o755)
        run(folder, "add", "-A")
        run(
            folder,
            "commit",
            "-q",
            "--allow-empty",
            "-m",
            f"edit {number}\n\nCo-authored-by: bob <bob@example.org>",
        )
        heads.append(run(folder, "rev-parse", "HEAD"))
        run(folder, "branch", f"b{number}")
    return heads


def answer(question: object, *words: object) -> object:
    try:
        return question(*words)  # type: ignore[operator]
    except GitError as error:
        return error.message


@pytest.mark.parametrize("seed", range(3))
def test_every_answer_is_that_of_git(seed: int, tmp_path: Path) -> None:
    heads = grow(tmp_path / "repo", seed)
    plain = Git(tmp_path / "repo")
    pairs = [(a, b) for a in heads for b in heads if a != b][seed::7]
    known = 0
    with RecallingGit.of(plain) as git:
        for one, other in pairs:
            assert changeset(git, one, other) == changeset(plain, one, other)
            assert answer(merge_bases, git, one, other) == answer(merge_bases, plain, one, other)
            assert contributors(git, one, other) == contributors(plain, one, other)
            tree = plain.run("rev-parse", f"{one}^{{tree}}").decode().strip()
            merged = answer(merge_result, plain, one, other)
            assert answer(merge_result, git, one, other) == merged
            quick = git.plain_merge(one, other)
            assert not quick or (isinstance(merged, MergeResult) and merged == MergeResult(quick))
            known += bool(quick)
            assert clean_merge(git, [one, other], tree) == clean_merge(plain, [one, other], tree)
        for commit in heads:
            assert CommitTree(git, commit).files() == CommitTree(plain, commit).files()
            assert origin(git, commit) == origin(plain, commit)
            assert landed(git, commit) == landed(plain, commit)
            oids = [i.oid for i in CommitTree(plain, commit).files()]
            assert list(git.blobs(oids)) == list(plain.blobs(oids))
            assert list(git.blobs(oids, 3)) == list(plain.blobs(oids, 3))
    assert known, "none of the merges was a plain one"


def test_what_is_not_there_is_an_error(tmp_path: Path) -> None:
    grow(tmp_path / "repo", 1)
    with RecallingGit.of(Git(tmp_path / "repo")) as git:
        with pytest.raises(GitError, match="missing"):
            list(git.blobs(["f" * 40]))
        with pytest.raises(GitError, match="is not the name of an object"):
            list(git.blobs(["HEAD\nHEAD"]))
        with pytest.raises(GitError, match="no revision"):
            git.resolve("nowhere")
