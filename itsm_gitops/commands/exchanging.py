"""`itsm import` and `itsm export`."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TextIO

from itsm_gitops.documents import output_file

if TYPE_CHECKING:
    from itsm_gitops.exchange import ImportReport
    from itsm_gitops.exchange.analytics import Exposure
    from itsm_gitops.exchange.parquet import ParquetReport
    from itsm_gitops.publish.audience import VisibleDocument
    from itsm_gitops.repository import Repository
    from itsm_gitops.snapshots import Store
    from itsm_gitops.snapshots.loading import Visit


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
    from itsm_gitops.exchange.lives import resolved_times
    from itsm_gitops.model import clock

    repo.book.kind(kind)
    store = repo.store(at)
    with _open(out, repo) as file:
        names = list(columns) or None
        count = exchange.export_csv(
            store, kind, file, names, raw=raw, resolved=resolved_times(store, clock.now())
        )
        return Exported(count, _left_out(store, kind))


def export_parquet(
    repo: Repository, folder: Path, *, audience: str | None, at: str | None
) -> tuple[ParquetReport, tuple[str, ...]]:
    """Export a snapshot as Parquet files for an audience (default: everything).

    Returns what was written, and the identifiers of the files that cannot be read and are missing in it.
    """
    from itsm_gitops.documents.places import plain_path
    from itsm_gitops.exchange.parquet import export_parquet as export
    from itsm_gitops.model import clock

    store, exposure, left_out = _exposed(repo, audience, at)
    return export(store, plain_path(folder), exposure, clock.now(), repo.root), left_out


def _exposed(repo: Repository, name: str | None, at: str | None) -> tuple[Store, Exposure, tuple[str, ...]]:
    """Return a snapshot as an audience may see it, what it may have of it, and what cannot be read."""
    from functools import partial

    from itsm_gitops.exchange.analytics import Exposure
    from itsm_gitops.model.audience import INTERNAL
    from itsm_gitops.model.screen import visible_fields
    from itsm_gitops.publish.audience import audience_store
    from itsm_gitops.snapshots import read_rulebook
    from itsm_gitops.snapshots.config import read_audience

    snapshot = repo.snapshot(at)
    book = read_rulebook(snapshot)
    audience = read_audience(snapshot, book, name or INTERNAL)
    if audience.everything:
        store = repo.store(at)
        return store, Exposure(audience.name), _left_out(store, None)
    unread: list[str] = []

    def load(visit: Visit[VisibleDocument]) -> tuple[Store, list[VisibleDocument]]:
        full, seen = repo.load(snapshot, visit=visit)
        unread.extend(full.left_out())
        return full, seen

    store = audience_store(load, book, audience)
    fields = partial(visible_fields, audience=audience)
    exposure = Exposure(audience.name, False, fields, audience.sources, audience.reports)
    return store, exposure, tuple(unread)


def _left_out(store: Store, kind: str | None) -> tuple[str, ...]:
    return tuple(store.left_out([store.book.kind(kind).name] if kind else None))


def _open(out: Path | None, repo: Repository) -> AbstractContextManager[TextIO]:
    return output_file(out, repo.root) if out else nullcontext(sys.stdout)
