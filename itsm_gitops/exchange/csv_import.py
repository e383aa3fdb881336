"""Imports records and CMDB items from CSV: read all, decide all, judge all, then write; twice is like once.

Nothing is written before the whole table was understood, and nothing that `itsm check` would refuse. A
row that cannot become a valid document is left out with its reason, and the rest comes in. A document
that exists already (its alias is the old number) is compared with what the import would write: equal data
is left alone, different data is kept and reported, unless ``update`` takes the table's values over.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from itsm_gitops import documents
from itsm_gitops.exchange import quarantine as left_out
from itsm_gitops.exchange.document_import import Counted, DocumentImport, File
from itsm_gitops.exchange.mapping import CsvMapping, RelationMapping, TableMapping
from itsm_gitops.exchange.mapping_file import read_mapping
from itsm_gitops.exchange.provenance import NameRegister, RecordOrigins
from itsm_gitops.exchange.relations import import_relations
from itsm_gitops.exchange.report import DROPPED, ImportReport, Tally
from itsm_gitops.exchange.tables import CsvRow, CsvTable
from itsm_gitops.model.errors import Refused
from itsm_gitops.repository import Repository

Progress = Callable[[int], None]


def import_csv(
    repo: Repository,
    source: Path | str,
    mapping: Path | str,
    dry_run: bool = False,
    *,
    update: bool = False,
    strict: bool = False,
    quarantine: Path | None = None,
    progress: Progress | None = None,
) -> ImportReport:
    """Import a table into the working tree by a mapping file (or a mapping's name).

    Rows that cannot come in are written to ``quarantine`` (by default below ``build/``); with ``strict``
    nothing at all is written when there are some. ``progress`` is called with the number of rows read so
    far. Raises TableError, MappingError, NotFound, UsageError or Refused before anything is written.
    """
    path = Path(source)
    plan = read_mapping(repo, mapping)
    target = quarantine or left_out.default_path(repo.root, path)
    left_out.check_path(repo.root, target, path)
    name = plan.kind.name if isinstance(plan, CsvMapping) else "links"
    report = ImportReport(path.name, plan.name, name, dry_run)
    tally = Tally()
    if isinstance(plan, RelationMapping):
        files = import_relations(repo, path, plan, report, tally, _counted(plan, tally, report, progress))
        memories: tuple[RecordOrigins | NameRegister, ...] = ()
    else:
        run = DocumentImport(repo, path, plan, report, tally, update=update)
        files = run.files(_counted(plan, tally, report, progress))
        memories = (run.provenance, run.register)
    report.notes = tally.notes()
    report.close()
    if strict and report.skipped:
        report.quarantine = ""
        raise StrictRefusal(report)
    if not dry_run:
        _write(repo.root, files, memories)
        _set_aside(repo.root, path, plan, report, target, default=quarantine is None)
    return report


class StrictRefusal(Refused):
    """An import that was asked to leave nothing out, and had to; ``report`` says what. Nothing was written."""

    def __init__(self, report: ImportReport) -> None:
        first = report.skipped[0]
        count = f"{len(report.skipped):,} of {report.rows:,} rows"
        super().__init__(
            f"{count} cannot be imported, so nothing was written: row {first.row}: {first.reason}",
            "without --strict the other rows come in, and these go to a file with their reasons",
        )
        self.report = report


def _set_aside(
    root: Path, source: Path, plan: TableMapping, report: ImportReport, target: Path, *, default: bool
) -> None:
    if report.skipped:
        left_out.write(target, source, plan.dialect, {s.row: s for s in report.skipped})
        inside = target.absolute().is_relative_to(root)
        report.quarantine = target.absolute().relative_to(root).as_posix() if inside else str(target)
    elif default:
        left_out.clear(target)


def _write(root: Path, files: Iterable[File], memories: Iterable[RecordOrigins | NameRegister]) -> None:
    written = False
    for path, content, expected in files:
        documents.write_atomic(root / path, content, expected=expected, durable=False)
        written = True
    if written:
        for memory in memories:
            memory.save()
        os.sync()


def _counted(plan: TableMapping, tally: Tally, report: ImportReport, progress: Progress | None) -> Counted:
    """Return what passes rows on, counting them and the values of columns that nobody asked for."""

    def counted(table: CsvTable) -> Iterator[CsvRow]:
        read = {place for name in plan.columns for place in table.positions(name)}
        unread = [(i, name) for i, name in enumerate(table.columns) if i not in read]
        counts, firsts = [0] * len(unread), [0] * len(unread)
        if table.heading:
            tally.add(
                "",
                DROPPED,
                "the first row has headings, and the mapping gives others",
                ", ".join(table.heading)[:200],
                1,
            )
        for row in table.rows():
            report.rows += 1
            if progress and report.rows % 1000 == 0:
                progress(report.rows)
            for place, (position, _) in enumerate(() if row.fault else unread):
                text = row.cells[position]
                if text and text.strip() not in plan.missing:
                    counts[place] += 1
                    firsts[place] = firsts[place] or row.number
            yield row
        for (_, name), count, first in zip(unread, counts, firsts, strict=True):
            if count:
                tally.add(
                    name, DROPPED, "the mapping does not use this column", "(every value)", first, count
                )

    return counted
