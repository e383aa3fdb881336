"""Small tables and mappings to import."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from itsm_gitops.exchange import ImportReport, import_csv
from tests.exchange.samples import EVENTS, MAPPING


@pytest.fixture
def table(tmp_path: Path) -> Callable[..., Path]:
    """Write a table beside the repository: text in UTF-8, or bytes as they are."""

    def write(content: str | bytes = EVENTS, name: str = "log.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


@pytest.fixture
def mapping(tmp_path: Path) -> Callable[..., Path]:
    """Write a mapping file beside the repository."""

    def write(text: str = MAPPING, name: str = "map.yaml") -> Path:
        path = tmp_path / name
        path.write_text(dedent(text), encoding="utf-8")
        return path

    return write


@pytest.fixture
def run(git_repo, table, mapping) -> Callable[..., ImportReport]:
    """Import a table by a mapping into ``git_repo``, where what was finished before 2026 is history."""
    settings = git_repo.root / "itsm.yaml"
    settings.write_text(settings.read_text() + 'cut_over: "2026-01-01"\n')

    def run(content: str | bytes = EVENTS, rules: str = MAPPING, **options: bool) -> ImportReport:
        dry_run = options.pop("dry_run", False)
        return import_csv(git_repo.repo, table(content), mapping(rules), dry_run, **options)

    return run
