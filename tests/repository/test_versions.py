"""The last edits of all documents from one log: branches, merges, shallow clones, no Git at all."""

from __future__ import annotations

import subprocess
from pathlib import Path

from itsm_gitops.repository import Repository
from itsm_gitops.repository.versions import changes_of, versions
from tests.support import GitRepo

PATH = "records/incidents/2026/03/INC-260304-K7QF3.yaml"
OTHER = "cmdb/services/mail.yaml"


def text(**fields: object) -> str:
    return "".join(f"{k}: {v}\n" for k, v in {"id": "INC-260304-K7QF3", **fields}.items())


def edits(made: GitRepo, at: str | None = None, path: str = PATH) -> list[tuple[str, str, object, object]]:
    found = versions(made.repo, at)
    told = changes_of(made.repo.history, {path: found.get(path, ())})
    return [(v.author, "/".join(map(str, c.pointer)), c.old, c.new) for _, v, some in told for c in some]


def test_edits_newest_first_and_nothing_of_what_was_only_added(git_repo: GitRepo) -> None:
    git_repo.write(PATH, text(title="Printer", state="new"))
    git_repo.write(OTHER, "id: mail\nclass: service\n")
    first = git_repo.commit("open", author="bob")
    assert versions(git_repo.repo) == {}
    git_repo.write(PATH, text(title="Printer", state="closed"))
    git_repo.write("itsm.yaml", "version: 1\n")
    git_repo.commit("close", author="eve")
    git_repo.write(PATH, "# a comment\n" + text(title="Printer on fire", state="closed"))
    git_repo.commit("rename", author="bob")
    git_repo.write(PATH, text(title="Not committed"))
    assert edits(git_repo) == [
        ("bob", "title", "Printer", "Printer on fire"),
        ("eve", "state", "new", "closed"),
    ]
    assert edits(git_repo, "HEAD~1") == [("eve", "state", "new", "closed")]
    assert edits(git_repo, first) == []
    assert set(versions(git_repo.repo)) == {PATH}


def test_only_so_many_versions_of_one_document(git_repo: GitRepo) -> None:
    for number in range(5):
        git_repo.write(PATH, text(title=f"Number {number}"))
        git_repo.commit(f"n {number}")
    (found,) = versions(git_repo.repo, most=3).values()
    assert len(found) == 3
    assert [c.new for _, _, some in changes_of(git_repo.repo.history, {PATH: found}) for c in some] == [
        "Number 4",
        "Number 3",
        "Number 2",
    ]


def test_a_merge_tells_what_it_decided_and_not_what_it_took(git_repo: GitRepo) -> None:
    git_repo.write(PATH, text(title="Printer", state="new", urgency="low"))
    git_repo.commit("open")
    git_repo.git("checkout", "-q", "-b", "topic")
    git_repo.write(PATH, text(title="Printer in hall A", state="new", urgency="low"))
    git_repo.commit("topic", author="eve")
    git_repo.git("checkout", "-q", "main")
    git_repo.write(PATH, text(title="Printer in hall B", state="new", urgency="low"))
    git_repo.commit("main", author="bob")
    subprocess.run(["git", "merge", "-q", "topic"], cwd=git_repo.root, check=False, capture_output=True)
    git_repo.write(PATH, text(title="Printers", state="new", urgency="low"))
    git_repo.commit("both", author="ann")
    found = edits(git_repo)
    assert found[0] == ("ann", "title", "Printer in hall B", "Printers")
    assert sorted(found[1:]) == [
        ("bob", "title", "Printer", "Printer in hall B"),
        ("eve", "title", "Printer", "Printer in hall A"),
    ]


def test_what_cannot_be_told_is_not_told(git_repo: GitRepo, tmp_path: Path) -> None:
    git_repo.write(PATH, text(title="One"))
    git_repo.commit("one")
    git_repo.write(PATH, text(title="Two"))
    git_repo.commit("two")
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", "--depth", "1", f"file://{git_repo.root}", str(clone)], check=True)
    assert versions(Repository.open(clone)) == {}
    assert versions(git_repo.repo) != {}
    assert versions(git_repo.repo, "no-such-revision") == {}
    bare = tmp_path / "plain"
    bare.mkdir()
    (bare / "itsm.yaml").write_text("version: 1\n")
    assert versions(Repository.open(bare)) == {}
    assert list(changes_of(git_repo.repo.history, {})) == []


def test_a_version_that_is_no_yaml_counts_as_empty(git_repo: GitRepo) -> None:
    git_repo.write(PATH, "id: [\n")
    git_repo.commit("broken")
    git_repo.write(PATH, text(title="Whole"))
    git_repo.commit("whole")
    assert ("Ada Example", "title", None, "Whole") in edits(git_repo)
