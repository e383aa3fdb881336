"""`itsm import` and `itsm export`."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TextIO

from itsm_gitops.documents import output_file

if TYPE_CHECKING:
    from itsm_gitops.exchange import ImportReport
    from itsm_gitops.model.entry import Entry
    from itsm_gitops.repository import Repository, Store


def import_csv(
    repo: Repository,
    source: Path,
    mapping: str,
    *,
    dry_run: bool = False,
    update: bool = False,
    strict: bool = False,
    quarantine: Path | None = None,
    progress: Callable[[int], None] | None = None,
) -> ImportReport:
    """Import a table by a mapping; see ``exchange.import_csv``."""
    from itsm_gitops import exchange

    return exchange.import_csv(
        repo, source, mapping, dry_run, update=update, strict=strict, quarantine=quarantine, progress=progress
    )


def write_report(repo: Repository, report: ImportReport, path: Path) -> None:
    """Write an import's report: JSON where the name ends so, else Markdown."""
    text = json.dumps(report.to_dict(), indent=2) + "\n" if path.suffix == ".json" else report.to_markdown()
    with output_file(path, repo.root) as file:
        file.write(text)


class Exported(NamedTuple):
    """How many documents were written, and the identifiers of those that cannot be read."""

    documents: int
    left_out: tuple[str, ...]


def export_json(
    repo: Repository, out: Path | None, *, kind: str | None, lines: bool, at: str | None
) -> Exported:
    """Export documents as one JSON document or as lines; ``out`` None is standard output."""
    from itsm_gitops import exchange

    if kind is not None:
        repo.book.kind(kind)
    store = repo.store(at)
    write = exchange.export_ndjson if lines else exchange.export_json
    with _open(out, repo) as file:
        return Exported(write(store, file, kind), _left_out(store, kind))


def export_csv(
    repo: Repository, kind: str, out: Path | None, *, columns: Sequence[str], raw: bool, at: str | None
) -> Exported:
    """Export the documents of one kind as CSV; ``raw`` leaves texts that look like formulas as they are."""
    from itsm_gitops import exchange

    repo.book.kind(kind)
    store = repo.store(at)
    with _open(out, repo) as file:
        names = list(columns) or None
        count = exchange.export_csv(store, kind, file, names, raw=raw, resolved=_resolved(store))
        return Exported(count, _left_out(store, kind))


def _resolved(store: Store) -> Callable[[Entry, Mapping[str, Any]], str]:
    """Return what says when a record was resolved for good, as the reports count it; empty while it is not."""
    from datetime import UTC, datetime

    from itsm_gitops.model import clock
    from itsm_gitops.repository import Document
    from itsm_gitops.service_levels.life import case_of, life_of

    now = int(clock.now().timestamp())

    def resolved(entry: Entry, data: Mapping[str, Any]) -> str:
        kind = store.book.kinds[entry.kind]
        lives = life_of(Document(entry.path, b"", data, kind, ()))
        case = case_of(entry, kind.workflow, lives[0].steps, "", now) if lives else None
        return clock.format_time(datetime.fromtimestamp(case.resolved, UTC)) if case and case.resolved else ""

    return resolved


def _left_out(store: Store, kind: str | None) -> tuple[str, ...]:
    return tuple(store.left_out([store.book.kind(kind).name] if kind else None))


def _open(out: Path | None, repo: Repository) -> AbstractContextManager[TextIO]:
    return output_file(out, repo.root) if out else nullcontext(sys.stdout)
