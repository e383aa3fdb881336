"""What a tag must agree with before anything is built."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

import itsm_gitops

ROOT = Path(__file__).resolve().parents[1]
_spec = importlib.util.spec_from_file_location("release_notes", ROOT / ".ci/release_notes.py")
assert _spec is not None
assert _spec.loader is not None
release_notes = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(release_notes)

CHANGELOG = """\
# Changelog

## [0.3.0] - 2027-01-31

### Added

- It syncs.

## [0.2.0] - 2026-12-01

- It was there.
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "itsm_gitops").mkdir()
    (tmp_path / "itsm_gitops/__init__.py").write_text('__version__ = "0.3.0"\n')
    (tmp_path / "news").mkdir()
    (tmp_path / "news/template.md.jinja").write_text("{{ text }}\n")
    (tmp_path / "CHANGELOG.md").write_text(CHANGELOG)
    return tmp_path


def test_the_notes_are_the_section_of_the_version(tree: Path) -> None:
    assert release_notes.notes("v0.3.0", tree) == "### Added\n\n- It syncs."


def test_another_tag_than_the_version_is_refused(tree: Path) -> None:
    with pytest.raises(SystemExit, match=r"the tag is v0\.2\.0, and .* says 0\.3\.0"):
        release_notes.notes("v0.2.0", tree)


def test_lines_that_are_in_no_changelog_yet_are_refused(tree: Path) -> None:
    (tree / "news/sync.added.md").write_text("It syncs.\n")
    with pytest.raises(SystemExit, match=r"not in the changelog yet: sync\.added\.md"):
        release_notes.notes("v0.3.0", tree)


@pytest.mark.parametrize("text", ["# Changelog\n", "## [0.3.0] - 2027-01-31\n\n## [0.2.0]\n\n- x\n"])
def test_a_changelog_that_is_silent_is_refused(tree: Path, text: str) -> None:
    (tree / "CHANGELOG.md").write_text(text)
    with pytest.raises(SystemExit, match=r"CHANGELOG\.md says nothing of 0\.3\.0"):
        release_notes.notes("v0.3.0", tree)


def test_the_version_of_this_checkout_is_one_that_can_be_released() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+(\.dev0)?", itsm_gitops.__version__)
