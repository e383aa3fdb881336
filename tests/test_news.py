"""Lines of the changelog to come: each file of news/ is called and written as a release needs it."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["towncrier"]
TYPES = "|".join(t["directory"] for t in SETTINGS["type"])
NAME = re.compile(rf"[a-z0-9]+(-[a-z0-9]+)*\.({TYPES})\.md")
FILES = sorted(p for p in (ROOT / "news").iterdir() if p.name not in SETTINGS["ignore"])


def faults(name: str, text: str) -> list[str]:
    """What keeps a file from being a line of the changelog."""
    said = text.strip()
    return [
        fault
        for fault, there in {
            f"is called WHAT-IT-IS.TYPE.md, TYPE one of {TYPES}": not NAME.fullmatch(name),
            "says nothing": not said,
            "ends with a full stop and a line break": not text.endswith((".\n", ".`\n", ".)\n")),
            "is one paragraph without heading or bullet": "\n\n" in said or said.startswith(("#", "-", "*")),
            "is a sentence or three, not a page (500 characters)": len(said) > 500,
        }.items()
        if there
    ]


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.name)
def test_a_file_is_a_line_of_the_changelog(path: Path) -> None:
    assert faults(path.name, path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("name", "text", "fault"),
    [
        ("sync.feature.md", "It syncs.\n", "is called"),
        ("Sync.added.md", "It syncs.\n", "is called"),
        ("sync.added.txt", "It syncs.\n", "is called"),
        ("sync.added.md", "\n", "says nothing"),
        ("sync.added.md", "It syncs", "ends with"),
        ("sync.added.md", "- It syncs.\n", "is one paragraph"),
        ("sync.added.md", "It syncs.\n\nIt does.\n", "is one paragraph"),
        ("sync.added.md", "It syncs a lot. " * 40 + "Really.\n", "is a sentence"),
    ],
)
def test_what_is_no_line_is_told(name: str, text: str, fault: str) -> None:
    assert any(f.startswith(fault) for f in faults(name, text))


def test_a_release_finds_its_place_in_the_changelog() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert text.count(SETTINGS["start_string"]) == 1
