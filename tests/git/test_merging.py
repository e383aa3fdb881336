"""Merge results that exist nowhere: what they hold, and that making them leaves no trace."""

from __future__ import annotations

import pytest

from itsm_gitops.git.merging import merged_tree
from itsm_gitops.model.errors import GitError
from itsm_gitops.repository import Repository
from tests.support import GitRepo, service


@pytest.fixture
def branches(git_repo: GitRepo) -> GitRepo:
    """Three branches from one commit, each with a service of its own; ``main`` is checked out."""
    git_repo.write("cmdb/services/print.yaml", service("print"))
    git_repo.commit()
    for name in ("mail", "pay", "wiki"):
        git_repo.git("switch", "-qc", name, "main")
        git_repo.write(f"cmdb/services/{name}.yaml", service(name))
        git_repo.commit()
    git_repo.git("switch", "-q", "main")
    return git_repo


def test_it_holds_what_every_branch_brings(branches: GitRepo) -> None:
    repo = branches.repo
    assert set(repo.merged("HEAD", ["mail"]).entries) == {"print", "mail"}
    assert set(repo.merged("wiki", ["mail", "pay"]).entries) == {"print", "wiki", "mail", "pay"}
    assert set(repo.merged("HEAD", []).entries) == {"print"}


def test_it_is_what_git_merge_makes(branches: GitRepo) -> None:
    tree = merged_tree(branches.repo.history, "HEAD", ["mail", "pay"])
    branches.git("merge", "-q", "--no-edit", "mail")
    branches.git("merge", "-q", "--no-edit", "pay")
    assert branches.git("rev-parse", "HEAD^{tree}") == tree


def test_no_branch_file_or_index_changes_and_asking_again_writes_nothing(branches: GitRepo) -> None:
    branches.write("cmdb/services/print.yaml", service("print", extra="criticality: high\n"))
    before = branches.git("status", "--porcelain"), branches.git("for-each-ref")
    branches.repo.merged("HEAD", ["mail", "pay", "wiki"])
    objects = branches.git("count-objects")
    store = branches.repo.merged("HEAD", ["mail", "pay", "wiki"])
    assert branches.git("count-objects") == objects
    assert (branches.git("status", "--porcelain"), branches.git("for-each-ref")) == before
    assert "criticality" not in store.data("print")


def test_a_repository_in_a_folder_of_a_larger_one(branches: GitRepo) -> None:
    # The same files, one folder deeper.
    branches.git("config", "user.name", "Ada")
    inner = branches.root / "it"
    branches.git("switch", "-q", "main")
    inner.mkdir()
    for name in ("schemas", "cmdb", "itsm.yaml"):
        branches.git("mv", name, f"it/{name}")
    branches.commit("Move")
    branches.git("switch", "-qc", "deep")
    branches.write("it/cmdb/services/pay.yaml", service("pay"))
    branches.commit()
    branches.git("switch", "-q", "main")
    assert set(Repository.open(inner).merged("main", ["deep"]).entries) == {"print", "pay"}


def test_contradictions_and_strangers_are_refused(branches: GitRepo) -> None:
    for name, word in (("one", "high"), ("two", "low")):
        branches.git("switch", "-qc", name, "main")
        branches.write("cmdb/services/print.yaml", service("print", extra=f"criticality: {word}\n"))
        branches.commit()
    with pytest.raises(GitError, match="'two' cannot be merged into one without deciding"):
        branches.repo.merged("one", ["two"])
    with pytest.raises(GitError, match="'two' cannot be merged into main with one without"):
        branches.repo.merged("main", ["one", "two"])
    branches.git("switch", "-q", "--orphan", "stranger")
    branches.write("README.md", "Another story\n")
    branches.commit()
    branches.git("switch", "-q", "main")
    with pytest.raises(GitError, match="no commit in common"):
        branches.repo.merged("main", ["stranger"])
    with pytest.raises(GitError, match="no revision '--upload-pack=x'"):
        branches.repo.merged("main", ["--upload-pack=x"])
