"""One loader for the working tree, the index and any commit: the same files, the same bytes."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from itsm_gitops.git import PIPE, REGULAR, SUBMODULE, SYMLINK, Git
from itsm_gitops.git.process import Blob
from itsm_gitops.model.errors import GitError, ItsmError, NotFound
from itsm_gitops.snapshots import IndexTree, Snapshot, WorkingTree, read_config, read_rulebook
from itsm_gitops.snapshots import snapshot as snapshot_module
from tests.support import GitRepo

WEIRD = [
    b"records/incidents/line\nbreak.yaml",
    b"records/incidents/\x1b[2Jescape.yaml",
    b"records/incidents/latin-\xe4.yaml",
    b"records/incidents/tab\there.yaml",
    b'records/incidents/"quoted" \\back.yaml',
    "records/incidents/übung.yaml".encode(),
    b"records/incidents/:(top)x.yaml",
    b"records/incidents/CASE.yaml",
    b"records/incidents/case.yaml",
]


def listed(snapshot: Snapshot) -> list[tuple[str, str]]:
    return [(info.path, info.mode) for info in snapshot.files()]


def content(snapshot: Snapshot) -> dict[str, bytes]:
    return dict(snapshot.read_many(i.path for i in snapshot.files()))


def all_three(made: GitRepo) -> tuple[Snapshot, Snapshot, Snapshot]:
    return made.repo.snapshot(), made.repo.snapshot(":"), made.repo.snapshot("HEAD")


def test_three_snapshots_are_equal(git_repo: GitRepo) -> None:
    for number, name in enumerate(WEIRD):
        path = os.fsencode(git_repo.root) + b"/" + name
        Path(os.fsdecode(path)).parent.mkdir(parents=True, exist_ok=True)
        Path(os.fsdecode(path)).write_bytes(b"id: %d\r\nx: \xff\x00\n" % number)
    git_repo.write("cmdb/services/tool.yaml", "id: tool\n").chmod(0o755)
    git_repo.write("cmdb/empty.yaml", "")
    git_repo.write("cmdb/.hidden/x.yaml", "no")
    git_repo.write("cmdb/.secret.yaml", "no")
    git_repo.write("elsewhere/x.yaml", "no")
    git_repo.commit()
    tree, index, commit = all_three(git_repo)
    assert listed(tree) == listed(index) == listed(commit)
    assert content(tree) == content(index) == content(commit)
    paths = [p for p, _ in listed(tree)]
    assert {os.fsencode(p) for p in paths} >= set(WEIRD)
    assert not [p for p in paths if ".hidden" in p or ".secret" in p or "elsewhere" in p]
    assert {m for _, m in listed(tree)} == {REGULAR}
    for snapshot in (tree, index, commit):
        latin = os.fsdecode(WEIRD[2])
        assert snapshot.read(latin) == b"id: 2\r\nx: \xff\x00\n"
        assert [i.path for i in snapshot.files("cmdb")] == ["cmdb/empty.yaml", "cmdb/services/tool.yaml"]
        assert snapshot.files("nowhere") == []


def test_links_submodules_and_pipes_are_listed_and_never_read(git_repo: GitRepo, tmp_path: Path) -> None:
    secret = tmp_path / "secret.yaml"
    secret.write_text("secret: yes\n")
    git_repo.write("records/real.yaml", "id: real\n")
    (git_repo.root / "records/link.yaml").symlink_to(secret)
    (git_repo.root / "records/folder").symlink_to(tmp_path)
    module = GitRepo(git_repo.root / "records/module")
    module.root.mkdir()
    module.git("init", "-q")
    module.write("inside.yaml", "id: inside\n")
    module.commit()
    git_repo.git("-c", "advice.addEmbeddedRepo=false", "add", "-A")
    git_repo.git("commit", "-q", "-m", "evil")
    expected = [
        ("records/folder", SYMLINK),
        ("records/link.yaml", SYMLINK),
        ("records/module", SUBMODULE),
        ("records/real.yaml", REGULAR),
    ]
    for snapshot in all_three(git_repo):
        assert [(i.path, i.mode) for i in snapshot.files("records")] == expected
        assert list(snapshot.read_many(p for p, _ in expected)) == [("records/real.yaml", b"id: real\n")]
        for path, mode in expected:
            if mode != REGULAR:
                with pytest.raises(ItsmError, match="cannot be read"):
                    snapshot.read(path)
        with pytest.raises(ItsmError):
            snapshot.read("records/folder/secret.yaml")
    os.mkfifo(git_repo.root / "records/pipe.yaml")
    assert ("records/pipe.yaml", PIPE) in listed(git_repo.repo.snapshot())


def test_a_data_root_that_is_a_link(git_repo: GitRepo, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/x.yaml").write_text("id: x\n")
    (git_repo.root / "records").symlink_to(tmp_path / "outside")
    git_repo.commit()
    for snapshot in all_three(git_repo):
        assert [(i.path, i.mode) for i in snapshot.files("records")] == [("records", SYMLINK)]
        with pytest.raises(ItsmError):
            snapshot.read("records/x.yaml")


@pytest.mark.parametrize(
    "path", ["../secret.yaml", "records/../../secret.yaml", "/etc/passwd", "records//etc", "nowhere.yaml"]
)
def test_nothing_outside_the_root_is_read(git_repo: GitRepo, tmp_path: Path, path: str) -> None:
    (tmp_path / "secret.yaml").write_text("secret: yes\n")
    for snapshot in all_three(git_repo):
        with pytest.raises(NotFound, match="there is no file"):
            snapshot.read(path)
        assert list(snapshot.read_many([path])) == []


def test_unreadable_files_are_left_out(git_repo: GitRepo) -> None:
    git_repo.write("records/a.yaml", "id: a\n")
    tree = git_repo.repo.snapshot()
    assert list(tree.read_many(["records/gone.yaml", "records/a.yaml", "records"])) == [
        ("records/a.yaml", b"id: a\n")
    ]


def test_the_index_is_what_will_be_committed(git_repo: GitRepo) -> None:
    git_repo.write("itsm.yaml", "version: 1\norganisation: Staged\n")
    git_repo.git("add", "itsm.yaml")
    git_repo.write("itsm.yaml", "version: 1\norganisation: Working\n")
    tree, index, commit = all_three(git_repo)
    texts = [s.read("itsm.yaml").decode() for s in (tree, index, commit)]
    assert ["Working" in texts[0], "Staged" in texts[1], "Example Ltd" in texts[2]] == [True] * 3


def test_the_temporary_index_of_a_partial_commit_is_honoured(git_repo: GitRepo) -> None:
    """``git commit FILE`` shows its hooks an index without the other staged changes."""
    seen = git_repo.root / "seen"
    hook = git_repo.write(
        ".git/hooks/pre-commit",
        f'#!/bin/sh\nprintf %s "$GIT_INDEX_FILE" > \'{seen}\'\ncp "$GIT_INDEX_FILE" .git/kept.lock\n',
    )
    hook.chmod(0o755)
    git_repo.write("records/a.yaml", "id: a\n")
    git_repo.write("records/b.yaml", "id: b\n")
    git_repo.git("add", "-A")
    git_repo.git("commit", "-q", "-m", "only a", "records/a.yaml")
    named = Path(seen.read_text())
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(git_repo.root)
        patch.setenv("GIT_INDEX_FILE", str(named.parent / "kept.lock"))
        paths = [i.path for i in git_repo.repo.snapshot(":").files("records")]
    assert paths == ["records/a.yaml"]


def test_an_unmerged_index_is_refused(git_repo: GitRepo) -> None:
    git_repo.git("checkout", "-q", "-b", "side")
    git_repo.write("itsm.yaml", "organisation: Side\n")
    git_repo.commit()
    git_repo.git("checkout", "-q", "main")
    git_repo.write("itsm.yaml", "organisation: Main\n")
    git_repo.commit()
    with pytest.raises(AssertionError):
        git_repo.git("merge", "side")
    with pytest.raises(GitError, match=r"itsm\.yaml is unmerged"):
        IndexTree(git_repo.repo.history).files()


def test_crlf_stays_as_it_is_stored(git_repo: GitRepo) -> None:
    """Git converts between commits and the working tree where told to; snapshots show both sides."""
    git_repo.write(".gitattributes", "*.yaml text eol=crlf\n")
    git_repo.write("records/a.yaml", "id: a\r\n")
    git_repo.commit()
    tree, index, commit = all_three(git_repo)
    assert tree.read("records/a.yaml") == b"id: a\r\n"
    assert index.read("records/a.yaml") == commit.read("records/a.yaml") == b"id: a\n"


def test_a_missing_root_has_no_files(tmp_path: Path) -> None:
    assert WorkingTree(tmp_path).files() == []


def test_a_rule_book_of_a_commit_is_read_in_one_go(
    git_repo: GitRepo, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has fifty files, and a process for each one was most of the time of a gate."""
    started: list[int] = []
    blobs = Git.blobs

    def counted(self: Git, oids: Iterable[str]) -> Iterator[Blob]:
        started.append(1)
        return blobs(self, oids)

    monkeypatch.setattr(Git, "blobs", counted)
    for at in ("HEAD", ":"):
        started.clear()
        snapshot = git_repo.repo.snapshot(at)
        kinds = read_rulebook(snapshot).kinds
        assert len(list(kinds.values())) == len(kinds)
        assert read_config(snapshot).organisation == "Example Ltd"
        assert len(started) == 1
    # What would take too much memory is still read, when it is needed.
    monkeypatch.setattr(snapshot_module, "_AHEAD", 5000)
    tree = git_repo.repo.snapshot("HEAD")
    assert all(tree.read(i.path) == (git_repo.root / i.path).read_bytes() for i in tree.files("schemas"))
