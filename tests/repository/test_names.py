"""A fragment is found by a listing of names exactly as by a listing of all files."""

from __future__ import annotations

import random

import pytest

from itsm_gitops.git.modes import REGULAR
from itsm_gitops.model import ids
from itsm_gitops.model.errors import Ambiguous, ItsmError
from itsm_gitops.snapshots.names import naming
from itsm_gitops.snapshots.snapshot import CMDB, RECORDS, WorkingTree
from itsm_gitops.snapshots.store import identifier_of, is_document
from tests.support import GitRepo

PATHS = [
    "records/incidents/2026/11/INC-261122-K7QF3.yaml",
    "records/incidents/2026/11/INC-261122-K7QF4.yaml",
    "records/incidents/2025/01/INC-261122-AAAAA.yaml",  # in the wrong folder
    "records/changes/2026/11/CHG-261122-K7QF3.yaml",
    "records/README.md",
    "cmdb/services/print.yaml",
    "cmdb/services/print-server.yaml",
    "cmdb/databases/print.yaml",  # a name used twice
    "cmdb/.hidden/secret.yaml",
    "cmdb/services/.draft.yaml",
    "cmdb/services/inner/.git/HEAD",
    "cmdb/services/inner/below.yaml",
]


@pytest.fixture
def repository(git_repo: GitRepo) -> GitRepo:
    for path in PATHS:
        git_repo.write(path, "a: b\n")
    (git_repo.root / "cmdb/services/link.yaml").symlink_to("print.yaml")
    (git_repo.root / "cmdb/linked").symlink_to("services")
    return git_repo


def listed(git_repo: GitRepo, fragment: str) -> dict[str, str]:
    """The long way: list all files, then compare."""
    found: dict[str, str] = {}
    for info in WorkingTree(git_repo.root).files(CMDB, RECORDS):
        name = identifier_of(info.path)
        if info.mode == REGULAR and is_document(info.path) and fragment.lower() in name.lower():
            found.setdefault(name, info.path)
    return found


def test_both_ways_find_the_same(repository: GitRepo) -> None:
    dice = random.Random(8)
    names = [identifier_of(p) for p in PATHS]
    for _ in range(300):
        name = dice.choice(names)
        start = dice.randrange(len(name))
        fragment = name[start : start + dice.randint(1, 9)]
        fragment = dice.choice([fragment, fragment.lower(), fragment.upper(), fragment + "x"])
        assert naming(repository.root, fragment) == listed(repository, fragment), fragment


@pytest.mark.parametrize("fragment", ["", "\n", "../", "print.yaml", ".draft", "secret", "below", "link"])
def test_what_is_no_name_finds_nothing(repository: GitRepo, fragment: str) -> None:
    assert naming(repository.root, fragment) == {}


def test_a_fragment_is_located_wherever_the_file_lies(repository: GitRepo) -> None:
    repo = repository.repo
    assert repo.locate("AAAA") == "records/incidents/2025/01/INC-261122-AAAAA.yaml"
    assert repo.locate("print-") == "cmdb/services/print-server.yaml"
    with pytest.raises(Ambiguous, match="3 identifiers"):
        repo.locate("k7qf")
    with pytest.raises(ItsmError, match="nothing is called"):
        repo.locate("zzzz")


def test_an_exact_name_wins(repository: GitRepo) -> None:
    assert ids.find("print", naming(repository.root, "print")) == "print"
