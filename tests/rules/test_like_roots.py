"""Rule I012: a folder or file beside the data roots that is called like one of them but for capitals."""

from __future__ import annotations

from pathlib import Path

import pytest

from itsm_gitops.rules import check
from tests.rules.planting import NOW, fresh_repository
from tests.support import GitRepo


@pytest.fixture
def made(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> GitRepo:
    root = fresh_repository(tmp_path_factory)
    monkeypatch.setenv("ITSM_NOW", NOW)
    return GitRepo(root)


def found(made: GitRepo, **side: str) -> list[str]:
    return [f.path for f in check(made.repo, **side).findings if f.code == "I012"]


def test_a_folder_in_capitals_is_found_wherever_it_is(made: GitRepo) -> None:
    base = made.commit()
    made.write("CMDB/services/pay.yaml", "id: pay\n")
    made.write("Records/readme.md", "x\n")
    assert found(made) == ["CMDB", "Records"]
    assert found(made) == ["CMDB", "Records"]  # and not forgotten
    assert found(made, base=base) == ["CMDB", "Records"]
    made.git("add", "-A")
    assert found(made, at=":") == ["CMDB", "Records"]
    head = made.commit()
    assert found(made, at=head) == ["CMDB", "Records"]
    assert found(made, at=base) == []
    assert found(made, base=base) == ["CMDB", "Records"]
    made.write("cmdb/teams/note.md", "x\n")
    made.commit()
    assert found(made, base=head) == []  # there already


def test_what_git_ignores_and_an_empty_folder_are_nobodys(made: GitRepo) -> None:
    (made.root / "CMDB").mkdir()
    made.write("Schemas/notes.txt", "x\n")
    with Path(made.root, ".gitignore").open("a") as file:
        file.write("/Schemas/\n")
    made.commit()
    assert found(made) == []
