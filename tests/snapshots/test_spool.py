"""Documents that were parsed once are the same the second time, whoever parsed them, without their files."""

from __future__ import annotations

from pathlib import Path

import pytest

from itsm_gitops.snapshots import load_store
from itsm_gitops.snapshots import spool as spool_module
from itsm_gitops.snapshots.spool import spooled
from tests.support import GitRepo, fill, path_of


@pytest.mark.parametrize("jobs", [1, 2, 3])
def test_what_was_parsed_is_read_again_without_its_files(
    git_repo: GitRepo, tmp_path: Path, jobs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spool_module, "_FLUSH", 500)  # several writes
    fill(git_repo, 40)
    text = 'title: "Ünïcode \\U0001F4A5 and numbers"\nnumber: 9223372036854775807\nratio: 0.1\nnothing: null\nyes: [true, []]\n'
    git_repo.write(path_of("INC-260304-WIDER"), f"id: INC-260304-WIDER\nkind: incident\n{text}")
    git_repo.write(path_of("INC-260304-BADXX"), "id: [\n")
    plain = load_store(git_repo.repo.snapshot())[0]
    expected = [(e.id, data) for e, data in plain.documents()]
    assert dict(expected)["INC-260304-WIDER"]["number"] == 9223372036854775807
    with spooled(tmp_path / "spool") as spool:
        store, _ = load_store(git_repo.repo.snapshot(), jobs=jobs, spool=spool)
        for entry in store.entries.values():
            (git_repo.root / entry.path).unlink()
        assert [(e.id, data) for e, data in store.documents()] == expected
        back = list(store.read_documents(reversed(store.entries.values())))
        assert [(e.id, data) for e, data in back] == expected[::-1]
        assert list((tmp_path / "spool").iterdir()) == []  # the files have no name


def test_what_is_not_in_the_spool_is_read_from_its_file(git_repo: GitRepo, tmp_path: Path) -> None:
    fill(git_repo, 9)
    with spooled(tmp_path) as spool:
        assert spool is not None
        store, _ = load_store(git_repo.repo.snapshot(), spool=spool)
        expected = [(e.id, data) for e, data in store.documents()]
        records = [e.path for e in store.entries.values() if e.path.startswith("records/")]
        for path in records[::2]:
            del spool.places[path]
        assert [(e.id, data) for e, data in store.documents()] == expected
        (git_repo.root / records[0]).unlink()
        assert [e.path for e, _ in store.documents() if e.path.startswith("records/")] == records[1:]


def test_where_there_can_be_no_spool_files_are_read(
    git_repo: GitRepo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(git_repo, 3)
    monkeypatch.delattr("os.pread")
    with spooled(tmp_path) as spool:
        assert spool is None
        store, _ = load_store(git_repo.repo.snapshot(), spool=spool)
        assert len(list(store.documents())) == len(store.entries)
