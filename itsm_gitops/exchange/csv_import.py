"""Imports records and CMDB items from CSV: read all, decide all, then write; twice is like once.

Nothing is written before the whole table was understood. A document that exists already (its alias
is the old number) is compared with what the import would write: equal data is left alone, different
data is kept and reported, unless ``update`` takes the table's values over.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from itsm_gitops import documents
from itsm_gitops.exchange.convert import Converter
from itsm_gitops.exchange.mapping import CsvMapping, read_mapping
from itsm_gitops.exchange.merge import merge
from itsm_gitops.exchange.records import Draft, Drafter, identify, render_items
from itsm_gitops.exchange.report import DROPPED, ImportReport, Kept, Skipped, Tally
from itsm_gitops.exchange.tables import Row, Table, TableError
from itsm_gitops.model import ids
from itsm_gitops.model.errors import Refused
from itsm_gitops.model.text import safe_text
from itsm_gitops.repository import Repository, Store

Progress = Callable[[int], None]


def import_csv(
    repo: Repository,
    source: Path | str,
    mapping: Path | str,
    dry_run: bool = False,
    *,
    update: bool = False,
    progress: Progress | None = None,
) -> ImportReport:
    """Import a table into the working tree by a mapping file (or a mapping's name).

    ``progress`` is called with the number of rows read so far. Raises TableError, MappingError,
    NotFound or Refused before anything is written.
    """
    plan = read_mapping(repo, mapping)
    store = repo.store()
    report = ImportReport(Path(source).name, plan.name, plan.kind.name, dry_run)
    tally = Tally()
    with Table(Path(source), plan.dialect) as table:
        convert = Converter(plan, table, tally)
        writer = _Writer(repo, store, plan, report, update)
        drafter = Drafter(plan, store.book, convert, tally)
        for key, rows in _groups(_counted(table, plan, tally, report, progress), convert, plan.key, report):
            writer.take(drafter.draft(key, rows, writer.aliases))
    writer.take_items(render_items(plan, list(convert.named)))
    report.notes = tally.notes()
    if not dry_run:
        writer.write()
    return report


def _counted(
    table: Table, plan: CsvMapping, tally: Tally, report: ImportReport, progress: Progress | None
) -> Iterator[Row]:
    """Pass the rows on, counting them and the values of columns that nobody asked for."""
    read = set(plan.columns)
    unread = [(i, name) for i, name in enumerate(table.columns) if name not in read]
    counts, firsts = [0] * len(unread), [0] * len(unread)
    for row in table.rows():
        report.rows += 1
        if progress and report.rows % 1000 == 0:
            progress(report.rows)
        for place, (position, _) in enumerate(unread):
            text = row.cells[position]
            if text and text.strip() not in plan.missing:
                counts[place] += 1
                firsts[place] = firsts[place] or row.number
        yield row
    for (_, name), count, first in zip(unread, counts, firsts, strict=True):
        if count:
            tally.add(name, DROPPED, "the mapping does not use this column", "(every value)", first, count)


def _groups(
    rows: Iterator[Row], convert: Converter, column: str, report: ImportReport
) -> Iterator[tuple[str, list[Row]]]:
    """Yield the rows of each key; a table with events must have the rows of a key together."""
    seen: dict[str, int] = {}
    for key, group in groupby(rows, lambda row: convert.cell(row, column)):
        together = list(group)
        first = together[0].number
        if not key:
            report.skipped.extend(
                Skipped("", row.number, f"no value in the key column '{column}'") for row in together
            )
            continue
        if key in seen:
            raise TableError(
                f"row {first}: '{safe_text(key)}' is back, having begun in row {seen[key]}",
                f"sort the table by '{column}' (and by time), so that the rows of one record are together",
            )
        seen[key] = first
        yield key, together


class _Writer:
    """Decides what becomes of each draft, then writes everything at once."""

    def __init__(
        self, repo: Repository, store: Store, plan: CsvMapping, report: ImportReport, update: bool
    ) -> None:
        self._root = repo.root
        self._store = store
        self._plan = plan
        self._report = report
        self._update = update
        self._files: list[tuple[str, bytes, bytes | None]] = []
        self._taken = dict.fromkeys(store.entries, "")
        self.aliases = dict(store.aliases)

    def take(self, draft: Draft) -> None:
        """Decide about one key of the table."""
        kind = self._plan.kind
        if draft.refusal:
            self._report.skipped.append(Skipped(draft.key, draft.row, draft.refusal))
            return
        known = self._store.aliases.get(draft.key, "")
        if not kind.is_record:
            known = known or ids.slug(draft.key)
        identifier = known or identify(kind.prefix, draft, self._taken)
        existing = self._store.entries.get(identifier)
        if existing and existing.kind != kind.name:
            reason = f"{identifier} is a {existing.kind} already"
            self._report.skipped.append(Skipped(draft.key, draft.row, reason))
            return
        if identifier in self._store.broken:
            reason = f"{self._store.broken[identifier]} exists and cannot be read"
            self._report.skipped.append(Skipped(draft.key, draft.row, reason))
            return
        if self._taken.get(identifier):
            reason = f"{identifier} came from '{self._taken[identifier]}' already"
            self._report.skipped.append(Skipped(draft.key, draft.row, reason))
            return
        self._taken[identifier] = draft.key
        self.aliases[draft.key] = identifier
        data = {"id": identifier, **draft.data}
        if existing:
            self._compare(identifier, existing.path, data)
        else:
            self._add(self._store.book.path_for(kind, identifier), data, kind.keys)
            self._report.created.append(identifier)

    def take_items(self, items: Sequence[dict[str, Any]]) -> None:
        """Create those CMDB items that do not exist; raises Refused for a name used otherwise."""
        book = self._store.book
        for data in items:
            identifier, kind = str(data["id"]), book.kind(str(data["class"]))
            existing = self._store.entries.get(identifier)
            if existing is None and identifier not in self._taken:
                self._add(book.path_for(kind, identifier), data, kind.keys)
                self._taken[identifier] = identifier
                self._report.items.append(identifier)
            elif existing and existing.kind != kind.name:
                raise Refused(
                    f"the import needs {identifier} as a {kind.name}, but it is a {existing.kind}",
                    "rename one of them, or map the column with a regex that gives other names",
                )

    def _add(self, path: str, data: dict[str, Any], keys: Sequence[str]) -> None:
        self._files.append((path, documents.dump(data, keys).encode(), None))

    def _compare(self, identifier: str, path: str, data: dict[str, Any]) -> None:
        raw = self._store.raw(path)
        if raw == documents.dump(data, self._plan.kind.keys).encode():
            self._report.unchanged.append(identifier)
            return
        old = self._store.data(identifier)
        differing = tuple(name for name, value in data.items() if old.get(name) != value)
        if not differing:
            self._report.unchanged.append(identifier)
            return
        content = merge(raw, old, data, self._plan.kind.keys) if self._update else None
        if content is None:
            self._report.kept.append(Kept(identifier, differing))
        else:
            self._files.append((path, content, raw))
            self._report.updated.append(identifier)

    def write(self) -> None:
        """Write every file that was decided upon."""
        for path, content, expected in self._files:
            documents.write_atomic(self._root / path, content, expected=expected, durable=False)
        os.sync()
