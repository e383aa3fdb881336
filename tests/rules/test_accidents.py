"""What happened to a file is one finding, whatever file of the repository it is."""

from __future__ import annotations

import os
import shutil
import socket
from pathlib import Path

import pytest
from example_trees import NOW, build

from itsm_gitops.repository import Repository
from itsm_gitops.rules import check

POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 12\n"
RECORD = "records/incidents/2026/11/INC-261120-AAAAA.yaml"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ITSM_NOW", NOW)
    build(tmp_path / "repo", tmp_path / "none")
    return tmp_path / "repo"


def found(root: Path, path: str) -> list[tuple[str, int]]:
    return [(f.code, f.line) for f in check(Repository.open(root)).findings if f.path == path]


def conflicted(raw: bytes) -> bytes:
    lines = raw.splitlines(keepends=True)
    middle = len(lines) // 2
    return b"".join(
        [*lines[:middle], b"<<<<<<< HEAD\n", lines[middle], b"=======\n>>>>>>> x\n", *lines[middle + 1 :]]
    )


def test_every_file_names_an_unfinished_merge_and_a_pointer_once(root: Path) -> None:
    paths = [
        p for folder in ("schemas", "cmdb", "records") for p in (root / folder).rglob("*.*") if p.is_file()
    ]
    checked = [root / "itsm.yaml", *(p for p in paths if p.suffix in (".yaml", ".json"))]
    one_of_each = {(p.parent, p.suffix): p for p in checked}
    for file in [*one_of_each.values(), *(root / "schemas" / "policies").glob("*.yaml")]:
        path, raw = file.relative_to(root).as_posix(), file.read_bytes()
        file.write_bytes(conflicted(raw))
        assert found(root, path) == [("P015", len(raw.splitlines()) // 2 + 1)], path
        file.write_bytes(POINTER)
        assert found(root, path) == [("P016", 1)], path
        file.write_bytes(raw)


def test_what_is_no_file_is_called_what_it_is(root: Path) -> None:
    file = root / RECORD
    raw = file.read_bytes()
    file.unlink()

    def message() -> str:
        named = [
            f.message for f in check(Repository.open(root)).findings if f.path == RECORD and f.code == "P013"
        ]
        assert len(named) == 1
        return named[0]

    os.mkfifo(file)
    assert "named pipe" in message()
    file.unlink()
    file.symlink_to("/etc/hostname")
    assert "symbolic link" in message()
    file.unlink()
    file.mkdir()
    assert "folder with the name of a file" in message()
    file.rmdir()
    with socket.socket(socket.AF_UNIX) as end:
        here = Path.cwd()
        os.chdir(file.parent)  # the name of a socket is short
        end.bind(file.name)
        os.chdir(here)
        assert "socket" in message()
    file.unlink()
    file.write_bytes(raw)
    assert found(root, RECORD) == []


@pytest.mark.parametrize("where", ["records/incidents/2026/11", "cmdb/services", "schemas/workflows"])
def test_a_draft_that_a_killed_writer_left_is_named_and_never_read(root: Path, where: str) -> None:
    path = f"{where}/.itsm-write-0123456789ABCDEFGHJKMNPQRS"
    (root / path).write_bytes(b"id: half")
    assert found(root, path) == [("P013", 1)]
    (root / where / ".hidden.yaml").write_bytes(b"id: half")
    assert found(root, f"{where}/.hidden.yaml") == []


@pytest.mark.parametrize(
    "place", ["records", "cmdb", "records/incidents", "cmdb/services", "records/incidents/2026"]
)
def test_a_file_in_place_of_a_folder_is_named_and_missed(root: Path, place: str) -> None:
    shutil.rmtree(root / place)
    (root / place).write_bytes(b"")
    assert found(root, place) == [("P013", 1)]
    assert place in {gap.path for gap in Repository.open(root).store().gaps()}
