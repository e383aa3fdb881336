"""Plants breaches in a fresh repository, takes them out again, and returns what the rules find."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from itsm_gitops.commands.init import init
from itsm_gitops.repository import Repository
from itsm_gitops.rules import check

NOW = "2026-11-28T12:00:00Z"
# A file, and OLD=>NEW, lines before its links or timeline (else at its end), or the whole text of a new file.
Planting = tuple[str, str]


def fresh_repository(factory: pytest.TempPathFactory) -> Path:
    """Make a repository as `itsm init` makes it at ``NOW``."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ITSM_NOW", NOW)
        root = factory.mktemp("fresh") / "demo"
        init(root)
    return root


@contextmanager
def planted(root: Path, plantings: Sequence[Planting], *, whole: Collection[str] = ()) -> Iterator[None]:
    """Plant in files of a repository for a while; those named in ``whole`` are replaced."""
    files = {root / path for path, _ in plantings}
    former = {file: file.read_bytes() if file.exists() else None for file in files}
    try:
        for path, lines in plantings:
            _plant(root / path, lines, whole=path in whole)
        yield
    finally:
        for file, content in former.items():
            if content is not None:
                file.write_bytes(content)
            else:
                file.unlink(missing_ok=True)


def _plant(file: Path, lines: str, *, whole: bool) -> None:
    if whole or not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(lines)
        return
    text = file.read_text()
    old, arrow, new = lines.partition("=>")
    if arrow:
        assert text.count(old) == 1, f"{file.name} should hold this once: {old}"
        file.write_text(text.replace(old, new))
        return
    places = [at for word in ("\nlinks:", "\ntimeline:") if (at := text.find(word)) >= 0]
    at = min(places) + 1 if places else len(text)
    file.write_text(text[:at] + lines + text[at:])


def findings(root: Path) -> list[tuple[str, int, str]]:
    """Return path, line and code of each finding."""
    return [(f.path, f.line, f.code) for f in check(Repository.open(root)).findings]


def place(root: Path, path: str, text: str) -> tuple[str, int]:
    """Return a path, and the number of the first line of its file that holds a text."""
    lines = (root / path).read_text().splitlines()
    return path, next(number for number, line in enumerate(lines, 1) if text in line)
