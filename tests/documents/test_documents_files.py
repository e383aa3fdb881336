"""Writing never loses what somebody else wrote, and never leaves the folder."""

from __future__ import annotations

import fcntl
import os
import stat
from pathlib import Path

import pytest

from itsm_gitops.documents import delete_atomic, drafts, output_file, write_atomic
from itsm_gitops.model.errors import ChangedMeanwhile, ItsmError, Refused, UsageError


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("durable", [True, False])
def test_a_new_file(tmp_path: Path, durable: bool) -> None:
    path = tmp_path / "records" / "2026" / "a.yaml"
    write_atomic(path, b"id: a\n", expected=None, durable=durable)
    assert path.read_bytes() == b"id: a\n"
    assert names(path.parent) == ["a.yaml"]
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~mask


def test_a_new_file_takes_no_name_that_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(b"old")
    with pytest.raises(ChangedMeanwhile, match="exists already"):
        write_atomic(path, b"new", expected=None)
    (tmp_path / "b.yaml").symlink_to(tmp_path / "nowhere")
    with pytest.raises(ChangedMeanwhile):
        write_atomic(tmp_path / "b.yaml", b"new", expected=None)
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["a.yaml", "b.yaml"]


def test_replacing_keeps_the_mode(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(b"old")
    path.chmod(0o640)
    write_atomic(path, b"new", expected=b"old")
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert names(tmp_path) == ["a.yaml"]


@pytest.mark.parametrize("current", [b"other", b"old and more", b"ol", b""])
def test_a_file_that_changed_meanwhile(tmp_path: Path, current: bytes) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(current)
    with pytest.raises(ChangedMeanwhile, match="changed meanwhile"):
        write_atomic(path, b"new", expected=b"old")
    with pytest.raises(ChangedMeanwhile, match="changed meanwhile"):
        delete_atomic(path, expected=b"old")
    assert path.read_bytes() == current
    assert names(tmp_path) == ["a.yaml"]


def test_a_file_that_was_deleted_meanwhile(tmp_path: Path) -> None:
    with pytest.raises(ChangedMeanwhile, match="deleted meanwhile"):
        write_atomic(tmp_path / "a.yaml", b"new", expected=b"old")
    assert names(tmp_path) == []


def test_symbolic_links_are_refused(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_bytes(b"old")
    link = tmp_path / "a.yaml"
    link.symlink_to(target)
    with pytest.raises(Refused, match="not a regular file"):
        write_atomic(link, b"new", expected=b"old")
    with pytest.raises(Refused, match="not a regular file"):
        delete_atomic(link, expected=b"old")
    assert target.read_bytes() == b"old"


@pytest.mark.parametrize("expected", [None, b"old"])
def test_a_linked_folder_is_refused(tmp_path: Path, expected: bytes | None) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "a.yaml").write_bytes(b"old")
    (tmp_path / "linked").symlink_to(tmp_path / "real")
    with pytest.raises(Refused, match="symbolic link"):
        write_atomic(tmp_path / "linked" / "a.yaml", b"new", expected=expected)
    assert (tmp_path / "real" / "a.yaml").read_bytes() == b"old"


def test_a_failed_write_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(b"old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_atomic(path, b"new", expected=b"old")
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["a.yaml"]


def test_a_file_system_without_hard_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unsupported(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", unsupported)
    write_atomic(tmp_path / "a.yaml", b"new", expected=None)
    with pytest.raises(ChangedMeanwhile):
        write_atomic(tmp_path / "a.yaml", b"newer", expected=None)
    assert (tmp_path / "a.yaml").read_bytes() == b"new"
    assert names(tmp_path) == ["a.yaml"]


def test_deleting(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(b"old")
    delete_atomic(path, expected=b"old")
    assert names(tmp_path) == []


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    root = tmp_path / "repo"
    (root / ".git").mkdir(parents=True)
    (root / "itsm.yaml").write_text("organisation: x\n")
    return root


def drafts_made(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """Names and flags of the files that are created from now on."""
    made: list[tuple[str, int]] = []
    real = os.open

    def noted(path: str, flags: int, *args: int, dir_fd: int | None = None) -> int:
        if flags & os.O_CREAT:
            made.append((str(path), flags))
        return real(path, flags, *args, dir_fd=dir_fd)

    monkeypatch.setattr(os, "open", noted)
    return made


def test_a_draft_has_a_random_name_and_is_created_exclusively(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = drafts_made(monkeypatch)
    for number in range(20):
        write_atomic(repository / "records" / f"{number}.yaml", b"x", expected=None)
        write_atomic(repository / "records" / f"{number}.yaml", b"y", expected=b"x")
    assert len({name for name, _ in made}) == len(made) == 40
    assert all(flags & os.O_EXCL and flags & os.O_NOFOLLOW for _, flags in made)
    assert not any(str(os.getpid()) in name for name, _ in made)
    assert names(repository / ".git") == []


def test_drafts_of_dead_writers_are_removed_and_nobody_elses_files(repository: Path) -> None:
    folder = repository / "records"
    folder.mkdir()
    dead = drafts.new_name()
    for place in (repository / ".git", folder):
        (place / dead).write_bytes(b"half")
        (place / ".itsm-write-own-notes").write_bytes(b"not a name that we give, and new")
    old = folder / ".itsm-write-123-0"  # of a version that took no lock
    old.write_bytes(b"half")
    os.utime(old, (1, 1))
    write_atomic(folder / "a.yaml", b"x", expected=None)
    assert names(folder) == [".itsm-write-own-notes", "a.yaml"]
    assert names(repository / ".git") == [".itsm-write-own-notes"]


def test_a_draft_of_a_living_writer_stays(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever writes holds the lock; another one waits, and says so in the end."""
    monkeypatch.setattr(drafts, "_PATIENCE", 0.05)
    living = repository / ".git" / drafts.new_name()
    living.write_bytes(b"half")
    handle = os.open(repository, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    with pytest.raises(ItsmError, match="another process has been writing"):
        write_atomic(repository / "a.yaml", b"x", expected=None)
    with pytest.raises(ItsmError, match="another process has been writing"):
        delete_atomic(repository / "itsm.yaml", expected=b"organisation: x\n")
    assert living.exists()
    assert not (repository / "a.yaml").exists()
    os.close(handle)
    write_atomic(repository / "a.yaml", b"x", expected=None)
    assert not living.exists()


@pytest.mark.parametrize("error", [18, 13, 30])
def test_git_s_folder_on_another_file_system(
    repository: Path, monkeypatch: pytest.MonkeyPatch, error: int
) -> None:
    """Then a draft lies beside its file."""
    inside = os.open(repository / ".git", os.O_RDONLY)
    elsewhere = os.fstat(inside).st_ino
    os.close(inside)
    for name in ("link", "rename"):
        real = getattr(os, name)

        def refused(*args: str, _real: object = real, src_dir_fd: int, **named: object) -> object:
            if os.fstat(src_dir_fd).st_ino == elsewhere:
                raise OSError(error, os.strerror(error))
            return _real(*args, src_dir_fd=src_dir_fd, **named)  # type: ignore[operator]

        monkeypatch.setattr(os, name, refused)
    write_atomic(repository / "cmdb" / "a.yaml", b"x", expected=None)
    write_atomic(repository / "cmdb" / "a.yaml", b"y", expected=b"x")
    assert (repository / "cmdb" / "a.yaml").read_bytes() == b"y"
    assert names(repository / "cmdb") == ["a.yaml"]
    assert names(repository / ".git") == []


def test_a_work_tree_whose_git_folder_is_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / ".git").write_text("gitdir: ../real\n")
    (tmp_path / "real" / drafts.new_name()).write_bytes(b"half")
    write_atomic(tmp_path / "tree" / "a.yaml", b"x", expected=None)
    assert names(tmp_path / "real") == []


def test_a_link_anywhere_on_the_way_is_refused(repository: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    (outside / "incidents").mkdir(parents=True)
    (repository / "records").symlink_to(outside)
    for path in ("records/incidents/a.yaml", "records/new/deep/a.yaml", "records/a.yaml"):
        with pytest.raises(Refused, match="symbolic link"):
            write_atomic(repository / path, b"x", expected=None)
    assert names(outside) == ["incidents"]
    assert names(outside / "incidents") == []


def test_a_write_is_read_back(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = repository / "a.yaml"
    path.write_bytes(b"old")
    real = os.rename

    def raced(*args: str, src_dir_fd: int, dst_dir_fd: int) -> None:
        real(*args, src_dir_fd=src_dir_fd, dst_dir_fd=dst_dir_fd)
        other = repository / "other"  # an editor that knows no lock
        other.write_bytes(b"theirs")
        other.replace(path)

    monkeypatch.setattr(os, "rename", raced)
    with pytest.raises(ChangedMeanwhile, match="another program replaced"):
        write_atomic(path, b"new", expected=b"old")
    assert path.read_bytes() == b"theirs"

    def spoiled(*args: str, src_dir_fd: int, dst_dir_fd: int) -> None:
        real(*args, src_dir_fd=src_dir_fd, dst_dir_fd=dst_dir_fd)
        path.write_bytes(b"???")

    monkeypatch.setattr(os, "rename", spoiled)
    with pytest.raises(ItsmError, match="does not hold what was written"):
        write_atomic(path, b"new", expected=b"theirs")


def test_a_pipe_with_the_name_of_a_document_is_refused(repository: Path) -> None:
    os.mkfifo(repository / "a.yaml")
    with pytest.raises(Refused, match="not a regular file"):
        write_atomic(repository / "a.yaml", b"x", expected=b"y")


def test_a_refusal_names_the_file_and_no_draft(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left") as caught:
        write_atomic(repository / "a.yaml", b"x", expected=None)
    assert caught.value.filename == str(repository / "a.yaml")
    assert names(repository / ".git") == []


def test_a_program_may_be_run(repository: Path) -> None:
    write_atomic(repository / "hook", b"#!/bin/sh\n", expected=None, executable=True)
    assert (repository / "hook").stat().st_mode & 0o100


def test_output_is_whole_or_not_there(repository: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    out.write_text("before")
    with pytest.raises(UnicodeEncodeError), output_file(out) as file:
        file.write("half \ud800")
    assert out.read_text() == "before"
    with output_file(out) as file:
        file.write("a\r\nä\n")
    assert out.read_bytes() == "a\r\nä\n".encode()
    link = tmp_path / "link.csv"
    link.symlink_to(out)
    with output_file(link) as file:
        file.write("through")
    assert link.is_symlink()
    assert out.read_text() == "through"
    for path in (tmp_path / "nowhere" / "x", tmp_path):
        with pytest.raises(UsageError, match="cannot be written"), output_file(path) as file:
            file.write("x")
    assert names(tmp_path) == ["link.csv", "out.csv", "repo"]


def test_output_into_a_pipe(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    end = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    with output_file(pipe) as file:
        file.write("through a pipe")
    assert os.read(end, 100) == b"through a pipe"
    os.close(end)
