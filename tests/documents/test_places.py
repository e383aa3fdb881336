"""Output below a repository is not led elsewhere by links; what lies outside belongs to whoever named it."""

from __future__ import annotations

from pathlib import Path

import pytest

from itsm_gitops.documents import output_file, write_atomic
from itsm_gitops.documents.places import open_folder
from itsm_gitops.model.errors import ItsmError, Refused, UsageError
from tests.support import GitRepo, run_apart


@pytest.fixture
def places(tmp_path: Path) -> tuple[Path, Path]:
    root, away = tmp_path / "repo", tmp_path / "away"
    (root / "sub/deep").mkdir(parents=True)
    away.mkdir()
    (away / "mine").write_text("mine")
    (root / "link").symlink_to(away)
    (root / "sub/link").symlink_to(away)
    (root / "file").symlink_to(away / "mine")
    (root / "sub/deep/file").symlink_to(away / "mine")
    (tmp_path / "door").symlink_to(root)
    return root, away


LED_AWAY = ("link/new", "sub/link/new", "file", "sub/deep/file", "sub/../link/new", "link/mine")


@pytest.mark.parametrize("name", LED_AWAY)
@pytest.mark.parametrize("way", ["repo", "door"])
def test_links_below_the_root_are_not_followed(
    tmp_path: Path, places: tuple[Path, Path], name: str, way: str
) -> None:
    root, away = places
    with pytest.raises(ItsmError, match="link"), output_file(tmp_path / way / name, root) as file:
        file.write("new")
    assert [p.name for p in away.iterdir()] == ["mine"]
    assert (away / "mine").read_text() == "mine"


@pytest.mark.parametrize("name", ["link", "link/new", "sub/link/a/b", "file/a"])
def test_folders_are_not_made_through_links(places: tuple[Path, Path], name: str) -> None:
    root, away = places
    with pytest.raises(ItsmError, match="not a folder but a link"):
        open_folder(root / name, root)
    assert [p.name for p in away.iterdir()] == ["mine"]


def test_what_lies_outside_may_be_a_link(tmp_path: Path, places: tuple[Path, Path]) -> None:
    root, away = places
    (tmp_path / "mine").symlink_to(away / "mine")
    with output_file(tmp_path / "mine", root) as file:
        file.write("new")
    assert (away / "mine").read_text() == "new"
    with output_file(root / "sub/deep/new", root) as file:
        file.write("new")
    assert (root / "sub/deep/new").read_text() == "new"


def test_no_folder_is_made_for_a_file(places: tuple[Path, Path]) -> None:
    missing = places[0] / "nowhere/file"
    with pytest.raises(UsageError, match="No such file"), output_file(missing, places[0]) as file:
        file.write("new")
    assert not (places[0] / "nowhere").exists()


@pytest.mark.parametrize("level", ["records", "records/incidents", "records/incidents/2026"])
def test_documents_are_not_written_through_a_link_at_any_level(tmp_path: Path, level: str) -> None:
    root, away = tmp_path / "repo", tmp_path / "away"
    away.mkdir()
    (root / level).parent.mkdir(parents=True)
    (root / "itsm.yaml").write_text("version: 1\n")
    (root / level).symlink_to(away)
    with pytest.raises(Refused, match="symbolic link"):
        write_atomic(root / "records/incidents/2026/03/INC-260304-00001.yaml", b"x", expected=None)
    assert not list(away.iterdir())


COMMANDS = (
    ("export", "json", "--out"),
    ("export", "csv", "incident", "--out"),
    ("schedule", "--ics"),
)


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_no_command_writes_through_a_link_of_the_repository(
    git_repo: GitRepo, tmp_path: Path, words: tuple[str, ...]
) -> None:
    away = tmp_path / "away.txt"
    away.write_text("mine")
    (git_repo.root / "out").symlink_to(away)
    done = run_apart([*words, "out"], git_repo.root)
    assert done.returncode in (1, 2)
    assert "link" in done.stderr
    assert away.read_text() == "mine"
