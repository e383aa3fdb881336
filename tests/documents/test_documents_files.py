"""Writing never loses what somebody else wrote, and never leaves the folder."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from itsm_gitops.documents import delete_atomic, write_atomic
from itsm_gitops.model.errors import ChangedMeanwhile, Refused


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
