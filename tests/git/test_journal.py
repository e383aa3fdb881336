"""The journal of what commands wrote: bounded where nobody shares."""

from __future__ import annotations

from pathlib import Path

import pytest

from itsm_gitops.git import journal
from itsm_gitops.model.recording import FileWrite
from itsm_gitops.repository import Repository
from tests.support import GitRepo


def entry(root: Path, number: int) -> journal.JournalEntry:
    write = FileWrite(root / f"records/{number}.yaml", b"before " * 50, b"after %d" % number)
    made = journal.made_of(root, [write], "2026-11-22T09:00:00Z", "itsm set")
    assert made is not None
    return made


def test_a_journal_that_nobody_shares_stays_small(git_repo: GitRepo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "_JOURNAL_MAX", 20_000)
    monkeypatch.setattr(journal, "_LINES_MOST", 40)
    git = Repository.open(git_repo.root).history
    path = journal.folder(git) / "journal"
    for number in range(200):
        journal.add(git, entry(git_repo.root, number))
        assert path.stat().st_size < 40_000
    found = journal.read(git)
    assert [e.files[0].path for e in found[-3:]] == [f"records/{n}.yaml" for n in (197, 198, 199)]
    assert found[-1].whole
    assert found[-1].files[0].former == b"before " * 50
    assert not found[0].whole
    assert found[0].files[0].former is None


def test_a_half_written_line_is_passed_over(git_repo: GitRepo) -> None:
    git = Repository.open(git_repo.root).history
    journal.add(git, entry(git_repo.root, 1))
    path = journal.folder(git) / "journal"
    path.write_bytes(path.read_bytes() + path.read_bytes()[:40] + b"\n")
    journal.add(git, entry(git_repo.root, 2))
    assert [e.files[0].path for e in journal.read(git)] == ["records/1.yaml", "records/2.yaml"]
