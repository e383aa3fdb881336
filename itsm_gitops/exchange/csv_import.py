"""Imports records and CMDB items from CSV: read all, decide all, judge all, then write; twice is like once.

Nothing is written before the whole table was understood, and nothing that `itsm check` would refuse. A
row that cannot become a valid document is left out with its reason, and the rest comes in. A document
that exists already (its alias is the old number) is compared with what the import would write: equal data
is left alone, different data is kept and reported, unless ``update`` takes the table's values over.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, groupby
from pathlib import Path

from itsm_gitops import documents
from itsm_gitops.exchange import quarantine as left_out
from itsm_gitops.exchange.candidates import Context, LinkedDocument, NewItem, RowDocument
from itsm_gitops.exchange.convert import Converter
from itsm_gitops.exchange.identifiers import Identifiers
from itsm_gitops.exchange.judging import ProposalJudge
from itsm_gitops.exchange.linking import Directory, Link, Linker
from itsm_gitops.exchange.mapping import CsvMapping, RelationMapping, TableMapping
from itsm_gitops.exchange.mapping_file import read_mapping
from itsm_gitops.exchange.merge import Managed
from itsm_gitops.exchange.provenance import Provenance
from itsm_gitops.exchange.records import Draft, Drafter, identify, render_items, repeatable
from itsm_gitops.exchange.relations import import_relations
from itsm_gitops.exchange.report import CREATED, DROPPED, KEPT, UPDATED, ImportReport, Kept, Skipped, Tally
from itsm_gitops.exchange.settling import Candidate, settle
from itsm_gitops.exchange.survey import survey
from itsm_gitops.exchange.tables import Row, Table, TableError
from itsm_gitops.model.errors import Refused
from itsm_gitops.model.text import safe_text
from itsm_gitops.repository import Repository, Store

Progress = Callable[[int], None]
File = tuple[str, bytes, bytes | None]  # path, content, what the file holds now


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
    left_out.check_path(repo.root, target)
    name = plan.kind.name if isinstance(plan, CsvMapping) else "links"
    report = ImportReport(path.name, plan.name, name, dry_run)
    tally = Tally()
    if isinstance(plan, RelationMapping):
        files, provenance = (
            import_relations(repo, path, plan, report, tally, _counted(plan, tally, report, progress)),
            None,
        )
    else:
        run = _Import(repo, path, plan, report, tally, update=update)
        files, provenance = run.files(progress), run.provenance
    report.notes = tally.notes()
    report.close()
    if strict and report.skipped:
        report.quarantine = ""
        raise StrictRefusal(report)
    if not dry_run:
        _write(repo.root, files, provenance)
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


def _write(root: Path, files: Iterable[File], provenance: Provenance | None) -> None:
    written = False
    for path, content, expected in files:
        documents.write_atomic(root / path, content, expected=expected, durable=False)
        written = True
    if written:
        if provenance:
            provenance.save()
        os.sync()


Counted = Callable[[Table], Iterator[Row]]


def _counted(plan: TableMapping, tally: Tally, report: ImportReport, progress: Progress | None) -> Counted:
    """Return what passes rows on, counting them and the values of columns that nobody asked for."""

    def counted(table: Table) -> Iterator[Row]:
        read = {place for name in plan.columns for place in table.positions(name)}
        unread = [
            (i, name)
            for i, name in enumerate(table.columns)
            if i not in read and name not in left_out.REASONS
        ]
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


class _Import:
    """One import of a table whose keys become documents."""

    def __init__(
        self,
        repo: Repository,
        source: Path,
        plan: CsvMapping,
        report: ImportReport,
        tally: Tally,
        *,
        update: bool,
    ) -> None:
        self._repo = repo
        self._source = source
        self._plan = plan
        self._report = report
        self._tally = tally
        self._store: Store = repo.store()
        self._identifiers = Identifiers(self._store, plan.people)
        self.provenance = Provenance(repo.root, plan.kind.plural, plan.name)
        self._context = Context(self._store, plan.kind, Managed(plan), self.provenance, tally, update=update)
        self._old_names: set[str] = set()
        self._items: dict[str, NewItem] = {}
        self._rows: list[RowDocument] = []
        self._linked: dict[str, LinkedDocument] = {}

    def files(self, progress: Progress | None) -> Iterator[File]:
        """Read and judge the table, fill the report, and return the files to write."""
        drafts = list(self._drafts(progress))
        self._plan.forget_times()
        self._identify(drafts)
        self._make(drafts)
        settle(ProposalJudge(self._repo, self._store), self._candidates)
        self._tell(drafts)
        return self._contents()

    def _drafts(self, progress: Progress | None) -> Iterator[Draft]:
        plan, report = self._plan, self._report
        with Table(self._source, plan.dialect) as table:
            newest_first = survey(table, plan)
        with Table(self._source, plan.dialect) as table:
            convert = Converter(plan, table, self._tally, self._identifiers, repeatable=repeatable(plan))
            drafter = Drafter(plan, self._store.book, convert, self._tally, newest_first=newest_first)
            rows = self._keyed(table, drafter, _counted(plan, self._tally, report, progress)(table))
            for key, group in self._groups(rows):
                yield drafter.draft(key, group)
            self._old_names = convert.old_names

    def _keyed(self, table: Table, drafter: Drafter, rows: Iterable[Row]) -> Iterator[tuple[str, Row]]:
        """Yield each row with its key; rows without one and those with too many cells are left out."""
        key_columns = " and ".join(self._plan.key.columns)
        for row in rows:
            if row.fault and self._plan.has_events:
                hint = "quote cells that contain the delimiter, or name the right delimiter in the mapping"
                raise table.error(row.number, row.fault, hint)
            if row.fault:
                self._report.skipped.append(Skipped("", row.number, row.fault))
                continue
            key = drafter.key(row)
            if key:
                yield key, row
            else:
                reason = f"no value in the key column '{key_columns}'"
                self._report.skipped.append(Skipped("", row.number, reason))

    def _groups(self, rows: Iterator[tuple[str, Row]]) -> Iterator[tuple[str, list[Row]]]:
        """Yield the rows of each key; where rows are events, those of a key must stand together."""
        if not self._plan.has_events:
            yield from ((key, [row]) for key, row in rows)
            return
        seen: dict[str, int] = {}
        for key, group in groupby(rows, lambda pair: pair[0]):
            together = [row for _, row in group]
            if key in seen:
                columns = " and ".join(self._plan.key.columns)
                raise TableError(
                    f"row {together[0].number}: '{safe_text(key)}' is back, having begun in row {seen[key]}",
                    f"sort the table by '{columns}' (and by time), so that the rows of one record are together",
                )
            seen[key] = together[0].number
            yield key, together

    def _identify(self, drafts: list[Draft]) -> None:
        """Give each draft its identifier; refuse those of which only one can have it."""
        by_key: defaultdict[str, list[Draft]] = defaultdict(list)
        for draft in drafts:
            by_key[draft.key].append(draft)
        for same in by_key.values():
            if len(same) > 1:
                numbers = ", ".join(str(d.rows[0]) for d in same[:5]) + (", …" if len(same) > 5 else "")
                for draft in same:
                    draft.refuse(
                        f"the key stands in {len(same)} rows ({numbers}), and each is a document of its own",
                        field="aliases",
                    )
        taken = dict.fromkeys(self._store.entries, "")
        for draft in drafts:
            if not draft.refusal:
                self._take(draft, taken)

    def _take(self, draft: Draft, taken: dict[str, str]) -> None:
        kind, store = self._plan.kind, self._store
        draft.id = store.aliases.get(draft.key, "")
        if not draft.id:
            draft.id = (
                identify(kind.prefix, draft, taken)
                if kind.is_record
                else self._identifiers.of(draft.key, kind.name)[0]
            )
        existing = store.entries.get(draft.id)
        if existing and existing.kind != kind.name:
            draft.refuse(f"{draft.id} is a {existing.kind} already")
        elif draft.id in store.broken:
            draft.refuse(f"{store.broken[draft.id]} exists and cannot be read")
        elif taken.get(draft.id):
            draft.refuse(f"{draft.id} came from '{taken[draft.id]}' already")
        else:
            taken[draft.id] = draft.key

    def _make(self, drafts: list[Draft]) -> None:
        """Make the candidates: items that are needed, a document of each draft, links in other documents."""
        good = [draft for draft in drafts if not draft.refusal]
        named = dict.fromkeys(chain.from_iterable(d.named for d in good))
        for data in render_items(self._plan, self._store.book, list(named), self._tally):
            identifier = str(data["id"])
            if identifier not in self._store.entries and identifier not in self._store.broken:
                self._items[identifier] = NewItem(self._context, data)
        directory = Directory(self._store, good, self._items)
        linker = Linker(self._store, self._plan.kind, self._plan.system, directory, self._tally)
        rows: dict[str, RowDocument] = {}
        elsewhere: list[Link] = []
        for draft in good:
            links, references = linker.links(draft)
            data = {"id": draft.id, **draft.data}
            linker.resolve_fields(draft, data, self._old_names)
            own = [link for link in links if link.source == draft.id]
            elsewhere += [link for link in links if link.source != draft.id]
            entries = [{"type": link.type, "target": link.target} for link in own]
            data |= {n: v for n, v in (("links", _once(entries)), ("external_refs", references)) if v}
            draft.packed = b""
            row = rows[draft.id] = RowDocument(self._context, draft, data, linker.reference)
            if own:
                row.numbers = {(link.type, link.target): link.number for link in own}
        self._rows = list(rows.values())
        for link in elsewhere:
            if link.source in rows:
                rows[link.source].add(link)
            elif link.source in self._store.entries:
                entry = self._store.entries[link.source]
                document = self._linked.setdefault(entry.id, LinkedDocument(self._store, entry, self._tally))
                document.add(link)

    def _candidates(self) -> Iterator[Candidate]:
        """Yield what would be written as things stand; items only where some row still needs them."""
        needed = {n.id for row in self._rows if not row.draft.refusal for n in row.draft.named}
        needed |= {str(raw["id"]) for raw in self._plan.create}
        yield from (item for item in self._items.values() if item.id in needed and item.proposal)
        yield from (row for row in self._rows if row.proposal and not row.draft.refusal)
        yield from (document for document in self._linked.values() if document.proposal)

    def _tell(self, drafts: list[Draft]) -> None:
        report = self._report
        for draft in drafts:
            if draft.refusal:
                report.skipped += [
                    Skipped(draft.key, n, draft.refusal, draft.code, draft.field) for n in draft.rows
                ]
        for row in self._rows:
            if row.draft.refusal:
                continue
            report.results[row.result] += len(row.draft.rows)
            if row.result == KEPT:
                report.kept.append(Kept(row.draft.id, row.fields))
            else:
                lists = {CREATED: report.created, UPDATED: report.updated}
                lists.get(row.result, report.unchanged).append(row.draft.id)
            if self._context.update:
                row.tell_stay()
        report.items += [c.id for c in self._candidates() if isinstance(c, NewItem)]
        report.linked += [c.entry.id for c in self._candidates() if isinstance(c, LinkedDocument)]

    def _contents(self) -> Iterator[File]:
        book, kind = self._store.book, self._plan.kind
        for candidate in self._candidates():
            proposal = candidate.proposal
            if proposal is None:
                continue
            if isinstance(candidate, NewItem):
                keys = book.kinds[candidate.kind.name].keys
                yield proposal.path, documents.dump(proposal.data, keys).encode(), None
            elif isinstance(candidate, LinkedDocument):
                yield proposal.path, candidate.content, candidate.raw
            elif isinstance(candidate, RowDocument) and candidate.result in (CREATED, UPDATED):
                content = candidate.content or documents.dump(proposal.data, kind.keys).encode()
                self.provenance.wrote(proposal.id, self._context.managed.values(candidate.data))
                yield proposal.path, content, candidate.raw


def _once(entries: list[dict[str, str]]) -> list[dict[str, str]]:
    return [e for i, e in enumerate(entries) if e not in entries[:i]]
