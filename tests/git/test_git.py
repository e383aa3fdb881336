"""The git command stays harmless in a repository that wants it to do harm."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from itsm_gitops.git import Git
from itsm_gitops.git import client as git_module
from itsm_gitops.git import process as git_process
from itsm_gitops.model.errors import GitError
from itsm_gitops.repository import Repository
from itsm_gitops.repository.history import changed_files, field_history
from itsm_gitops.snapshots import CommitTree
from tests.support import GitRepo, children

ALL_PATHS = ("itsm.yaml", "schemas/common.schema.json")


def ask_everything(made: GitRepo) -> None:
    """Put every question this package has to Git."""
    repo = made.repo
    git = repo.history
    for at in (None, ":", "HEAD"):
        snapshot = repo.snapshot(at)
        assert {i.path for i in snapshot.files()} >= set(ALL_PATHS)
        assert snapshot.read("itsm.yaml").startswith(b"version: 1")
    assert not git.shallow
    assert git.directory == made.root / ".git"
    assert git.merge_base("HEAD", "HEAD~1") == git.resolve("HEAD~1")
    assert field_history(repo, "itsm.yaml")
    changed_files(repo, "HEAD~1", "HEAD")
    changed_files(repo, "HEAD~1")
    changed_files(repo, "HEAD~1", ":")


def test_configuration_of_the_repository_runs_nothing(git_repo: GitRepo) -> None:
    pwned = git_repo.root / "PWNED"
    evil = git_repo.write(
        ".git/evil", f'#!/bin/sh\necho "$0 $@" >> \'{pwned}\'\ncat "$1" 2>/dev/null\nexit 0\n'
    )
    evil.chmod(0o755)
    git_repo.write("itsm.yaml", "version: 1\norganisation: Evil\n")
    git_repo.commit("second")
    git_repo.write(".git/info/attributes", "* diff=evil filter=evil merge=evil\n")
    hooks = git_repo.root / ".git/evil-hooks"
    hooks.mkdir()
    for hook in ("post-checkout", "post-index-change", "fsmonitor-watchman", "reference-transaction"):
        shutil.copy(evil, hooks / hook)
    for key, value in {
        "core.fsmonitor": str(evil),
        "core.hooksPath": str(hooks),
        "core.pager": str(evil),
        "core.sshCommand": str(evil),
        "core.gitProxy": str(evil),
        "core.alternateRefsCommand": str(evil),
        "diff.external": str(evil),
        "diff.evil.command": str(evil),
        "diff.evil.textconv": str(evil),
        "filter.evil.clean": str(evil),
        "filter.evil.smudge": str(evil),
        "filter.evil.process": str(evil),
        "gpg.program": str(evil),
        "gpg.ssh.program": str(evil),
        "log.showSignature": "true",
        "pager.log": str(evil),
        "alias.log": f"!{evil}",
        "alias.rev-parse": f"!{evil}",
        "credential.helper": f"!{evil}",
        "log.follow": "true",
        "log.decorate": "full",
        "log.diffMerges": "remerge",
        "diff.renames": "copies",
        "diff.noprefix": "true",
        "color.ui": "always",
        "core.quotePath": "true",
    }.items():
        git_repo.git("config", "--local", key, value)
    os.utime(git_repo.root / "itsm.yaml", (1, 1))  # looks changed: Git would filter it to compare

    # A signature that Git would verify by running gpg.program.
    body = git_repo.git("cat-file", "commit", "HEAD", env={"GIT_CONFIG_COUNT": "0"})
    header, _, message = body.partition("\n\n")
    signed = f"{header}\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n AAAA\n -----END PGP SIGNATURE-----\n\n{message}\n"
    oid = git_repo.git("hash-object", "-t", "commit", "-w", "--stdin", text=signed)
    git_repo.write(".git/refs/heads/main", oid + "\n")
    pwned.unlink(missing_ok=True)

    ask_everything(git_repo)

    assert not pwned.exists(), pwned.read_text()


def test_a_missing_object_of_a_partial_clone_opens_no_connection(git_repo: GitRepo) -> None:
    pwned = git_repo.root / "PWNED"
    evil = git_repo.write(".git/evil", f"#!/bin/sh\ntouch '{pwned}'\n")
    evil.chmod(0o755)
    git_repo.write("itsm.yaml", "version: 1\norganisation: Acme\n")
    git_repo.commit()  # as a file of its own, which can be removed
    blob = git_repo.git("rev-parse", "HEAD:itsm.yaml")
    git_repo.git("config", "core.repositoryFormatVersion", "1")
    git_repo.git("config", "extensions.partialClone", "origin")
    git_repo.git("config", "protocol.file.allow", "always")
    git_repo.git("config", "remote.origin.promisor", "true")
    git_repo.git("config", "remote.origin.url", str(git_repo.root))
    git_repo.git("config", "remote.origin.uploadpack", str(evil))
    (git_repo.root / ".git/objects" / blob[:2] / blob[2:]).unlink()
    with pytest.raises(GitError) as caught:
        git_repo.repo.snapshot("HEAD").read("itsm.yaml")
    assert caught.value.hint
    assert not pwned.exists()


@pytest.mark.parametrize(
    "revision",
    [
        "--output=PWNED",
        "-n1",
        "--help",
        "--exec=touch PWNED",
        "",
        "a\nb",
        "\x1b[2J",
        "HEAD\0",
        "@{upstream}",
        "HEAD:itsm.yaml",
    ],
)
def test_text_is_never_an_option(git_repo: GitRepo, revision: str) -> None:
    repo = git_repo.repo
    for question in (
        lambda: repo.snapshot(revision),
        lambda: changed_files(repo, revision, "HEAD"),
        lambda: changed_files(repo, "HEAD", revision),
        lambda: field_history(repo, "itsm.yaml", revision),
        lambda: repo.history.merge_base("HEAD", revision),
    ):
        with pytest.raises(GitError) as caught:
            question()
        assert caught.value.hint
    assert sorted(p.name for p in git_repo.root.iterdir()) == [".git", "itsm.yaml", "schemas"]


def test_a_path_is_never_a_pattern_or_an_option(git_repo: GitRepo) -> None:
    for path in (":(top)itsm.yaml", "*.yaml", "--output=PWNED"):
        with pytest.raises(Exception, match="no commit has"):
            field_history(git_repo.repo, path)
    assert not (git_repo.root / "PWNED").exists()


def test_replacement_objects_do_not_change_what_a_commit_says(git_repo: GitRepo) -> None:
    blob = git_repo.git("rev-parse", "HEAD:itsm.yaml")
    other = git_repo.git("hash-object", "-w", "--stdin", text="organisation: Mallory\n")
    git_repo.git("replace", blob, other)
    assert b"Example Ltd" in git_repo.repo.snapshot("HEAD").read("itsm.yaml")


def test_the_environment_cannot_redirect_git(
    git_repo: GitRepo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = git_repo.git("rev-parse", "HEAD")
    for name in (
        "GIT_DIR",
        "GIT_WORK_TREE",
        "GIT_OBJECT_DIRECTORY",
        "GIT_CONFIG",
        "GIT_NAMESPACE",
        "GIT_INDEX_FILE",
    ):
        monkeypatch.setenv(name, str(tmp_path / "elsewhere"))
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", "/bin/false")
    assert git_repo.repo.history.resolve("HEAD") == head
    assert len(git_repo.repo.snapshot(":").files()) > 3


def test_a_git_in_the_current_folder_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "git").write_text("#!/bin/sh\nexit 7\n")
    (tmp_path / "git").chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f".{os.pathsep}{os.pathsep}{os.environ['PATH']}")
    git_process.executable.cache_clear()
    try:
        assert Path(git_process.executable()).parent != tmp_path
        monkeypatch.setenv("PATH", ".")
        git_process.executable.cache_clear()
        with pytest.raises(GitError, match="not installed"):
            git_process.executable()
    finally:
        git_process.executable.cache_clear()


def test_unknown_revisions_name_a_near_one(git_repo: GitRepo) -> None:
    git_repo.git("branch", "release-2026")
    with pytest.raises(GitError, match="no revision 'relase-2026'") as caught:
        git_repo.repo.snapshot("relase-2026")
    assert caught.value.hint == "did you mean release-2026?"


def test_no_commit_yet(make_repo: Callable[..., GitRepo]) -> None:
    made = make_repo(committed=False)
    with pytest.raises(GitError, match="no revision 'HEAD'") as caught:
        made.repo.snapshot("HEAD")
    assert caught.value.hint == "nothing has been committed yet"


def test_outside_git(tmp_path: Path) -> None:
    (tmp_path / "itsm.yaml").write_text("version: 1\n")
    repo = Repository.open(tmp_path)
    assert repo.git is None
    assert [i.path for i in repo.snapshot().files()] == ["itsm.yaml"]
    with pytest.raises(GitError, match="not in a Git repository") as caught:
        repo.snapshot("HEAD")
    assert "git init" in caught.value.hint


def test_another_users_repository_is_explained(git_repo: GitRepo) -> None:
    other = Git(
        git_repo.root, {"GIT_TEST_ASSUME_DIFFERENT_OWNER": "1"}
    )  # Git's own switch for tests like this
    with pytest.raises(GitError, match="another user owns it") as caught:
        other.resolve("HEAD")
    assert "safe.directory" in caught.value.hint


def test_a_bare_repository_inside_a_folder_is_not_used(git_repo: GitRepo) -> None:
    inner = git_repo.root / "inner"
    shutil.copytree(git_repo.root / ".git", inner)
    (inner / "itsm.yaml").write_text("version: 1\n")
    git_repo.git("config", "--file", str(inner / "config"), "core.bare", "true")
    with pytest.raises(GitError, match="bare repository"):
        Git(inner).resolve("HEAD")


def test_timeouts_are_reported(git_repo: GitRepo) -> None:
    with pytest.raises(GitError, match="took longer"):
        git_repo.repo.history.run("rev-parse", "HEAD", timeout=0.0)


def test_shallow_clones_answer_no_question_about_history(git_repo: GitRepo, tmp_path: Path) -> None:
    for number in range(3):
        git_repo.write("itsm.yaml", f"version: 1\norganisation: Number {number}\n")
        git_repo.commit()
    git_repo.git("clone", "-q", "--depth=1", f"file://{git_repo.root}", str(tmp_path / "shallow"))
    repo = Repository.open(tmp_path / "shallow")
    assert repo.history.shallow
    with pytest.raises(GitError, match="shallow clone") as caught:
        field_history(repo, "itsm.yaml")
    assert "--unshallow" in caught.value.hint
    with pytest.raises(GitError, match="no revision 'HEAD~1'") as caught:
        repo.snapshot("HEAD~1")
    assert "--unshallow" in caught.value.hint
    assert b"Number 2" in repo.snapshot("HEAD").read("itsm.yaml")


def test_histories_without_a_common_commit(git_repo: GitRepo) -> None:
    git_repo.git("checkout", "-q", "--orphan", "other")
    git_repo.commit("unrelated")
    with pytest.raises(GitError, match="no commit in common"):
        git_repo.repo.history.merge_base("main", "other")


def test_detached_head_and_tags(git_repo: GitRepo) -> None:
    first = git_repo.git("rev-parse", "HEAD")
    git_repo.git("tag", "-a", "v1", "-m", "one")
    git_repo.write("itsm.yaml", "version: 1\norganisation: Later\n")
    git_repo.commit()
    git_repo.git("checkout", "-q", "--detach", "v1")
    tree = git_repo.repo.snapshot("v1")
    assert isinstance(tree, CommitTree)
    assert (tree.name, tree.commit) == ("v1", first)
    assert git_repo.repo.snapshot("HEAD").read("itsm.yaml") == git_repo.repo.snapshot().read("itsm.yaml")


def test_a_huge_blob_is_cut_not_held(git_repo: GitRepo) -> None:
    git_repo.write("records/huge.yaml", b"a" * (5 << 20))
    git_repo.write("records/zzz.yaml", b"id: z\n")
    git_repo.commit()
    read = dict(git_repo.repo.snapshot("HEAD").read_many(["records/huge.yaml", "records/zzz.yaml"]))
    assert {p: len(raw) for p, raw in read.items()} == {
        "records/huge.yaml": git_module.BLOB_MAX,
        "records/zzz.yaml": 6,
    }
    assert len(git_repo.repo.snapshot().read("records/huge.yaml")) == git_module.BLOB_MAX


def test_a_reader_that_stops_early_leaves_no_process(git_repo: GitRepo) -> None:
    git = git_repo.repo.history
    oids = [i.oid for i in git_repo.repo.snapshot("HEAD").files()] * 50
    before = children()
    blobs = git.blobs(oids)
    assert next(blobs).oid == oids[0]
    blobs.close()
    assert children() <= before


def test_a_repository_inside_a_larger_one(git_repo: GitRepo) -> None:
    inner = GitRepo(git_repo.root / "teams" / "itsm")
    inner.write("itsm.yaml", "version: 1\norganisation: Inner\n")
    inner.write("cmdb/teams/blue.yaml", "id: blue\n")
    git_repo.commit()
    repo = inner.repo
    assert repo.root == inner.root
    for at in (None, ":", "HEAD"):
        assert [i.path for i in repo.snapshot(at).files()] == ["cmdb/teams/blue.yaml", "itsm.yaml"]
        assert repo.snapshot(at).read("cmdb/teams/blue.yaml") == b"id: blue\n"
    assert [f.path for f in changed_files(repo, "HEAD~1", "HEAD")] == ["cmdb/teams/blue.yaml", "itsm.yaml"]
    assert field_history(repo, "cmdb/teams/blue.yaml")[0].new == "blue"


def test_a_hash_that_was_found_is_not_looked_for_again_and_a_name_is(
    git_repo: GitRepo, monkeypatch: pytest.MonkeyPatch
) -> None:
    git = git_repo.repo.history
    first = git.resolve("HEAD")
    second = git_repo.commit("Another")
    assert git.resolve("HEAD") == second, "a name may mean something else by now"
    asked: list[tuple[str, ...]] = []
    monkeypatch.setattr(Git, "run", lambda _, *args, **__: asked.append(args))
    assert git.resolve(first) == first
    assert git.resolve(second) == second
    assert asked == []
