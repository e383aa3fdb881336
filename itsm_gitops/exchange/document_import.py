"""The import of a table whose keys become documents: drafts of all rows, judged together, then compared."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, groupby
from pathlib import Path
from typing import Any

from itsm_gitops import documents
from itsm_gitops.exchange.candidates import Context, RowDocument
from itsm_gitops.exchange.companions import LinkedDocument, NewItem
from itsm_gitops.exchange.convert import Converter
from itsm_gitops.exchange.holes import Holes
from itsm_gitops.exchange.identifiers import Identifiers
from itsm_gitops.exchange.judging import ProposalJudge
from itsm_gitops.exchange.linking import Link, Linker, NumberIndex
from itsm_gitops.exchange.mapping import CsvMapping
from itsm_gitops.exchange.merge import Managed
from itsm_gitops.exchange.provenance import NameRegister, RecordOrigins
from itsm_gitops.exchange.records import Drafter, RowDraft, identify, render_items, repeatable
from itsm_gitops.exchange.report import (
    ADJUSTED,
    CREATED,
    KEPT,
    RETAINED,
    UNCHANGED,
    UPDATED,
    ImportReport,
    KeptDocument,
    Skipped,
    Tally,
)
from itsm_gitops.exchange.retelling import Reteller
from itsm_gitops.exchange.routes import Routes
from itsm_gitops.exchange.settling import Candidate, settle
from itsm_gitops.exchange.survey import survey
from itsm_gitops.exchange.tables import HEADINGS, CsvRow, CsvTable, TableError
from itsm_gitops.model.text import safe_text
from itsm_gitops.repository import Repository
from itsm_gitops.snapshots import Store

File = tuple[str, bytes, bytes | None]  # path, content, what the file holds now
_ARCHIVED = "the record is archived; it stays as it is"
Counted = Callable[[CsvTable], Iterator[CsvRow]]  # the rows of a table, counted on the way


class DocumentImport:
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
        self.register = NameRegister(repo.root)
        self._identifiers = Identifiers(
            self._store, plan.people, self.register, plan.create, own_export=plan.dialect.escaped
        )
        self.provenance = RecordOrigins(repo.root, plan.kind.plural, plan.name)
        flow = plan.kind.workflow
        reteller = Reteller(plan, flow.track if flow else ())
        self._context = Context(
            self._store, plan.kind, Managed(plan), reteller, self.provenance, tally, update=update
        )
        self._routes = Routes(flow)
        self._old_names: set[str] = set()
        self._holes: dict[str, str] = {}
        self._items: dict[str, NewItem] = {}
        self._rows: list[RowDocument] = []
        self._linked: dict[str, LinkedDocument] = {}

    def files(self, counted: Counted) -> Iterator[File]:
        """Read and judge the table, fill the report, and return the files to write."""
        self._report.unreadable = self._store.left_out()
        drafts = list(self._drafts(counted))
        self._plan.forget_times()
        self._identify(drafts)
        self._make(drafts)
        settle(ProposalJudge(self._repo, self._store), self._candidates)
        self._tell(drafts)
        return self._contents()

    def _drafts(self, counted: Counted) -> Iterator[RowDraft]:
        plan = self._plan
        with CsvTable(self._source, plan.dialect) as table:
            order = survey(table, plan)
        with CsvTable(self._source, plan.dialect) as table:
            convert = Converter(plan, table, self._tally, self._identifiers, repeatable=repeatable(plan))
            drafter = Drafter(plan, self._store.book, convert, self._tally, order=order)
            rows = self._keyed(table, drafter, counted(table))
            for key, group in self._groups(rows):
                yield drafter.draft(key, group)
            self._old_names = convert.old_names

    def _keyed(
        self, table: CsvTable, drafter: Drafter, rows: Iterable[CsvRow]
    ) -> Iterator[tuple[str, CsvRow]]:
        """Yield each row with its key; rows that have none or cannot be read are left out."""
        columns = self._plan.key.columns
        missing = f"no value in the key column '{' and '.join(columns)}'"
        holes = Holes(key_first=[table.position(c) for c in columns] == [0])
        for row in rows:
            key = "" if row.fault == HEADINGS else drafter.key(_padded(row, len(table.columns)))
            if row.fault or not key:
                self._report.skipped.append(Skipped(key, row.number, row.fault or missing))
                if row.fault not in ("", HEADINGS):
                    holes.unreadable(row.number, key, row.fault)
                continue
            holes.readable(key)
            yield key, row
        holes.readable("")
        self._holes = holes.reasons if self._plan.has_events else {}

    def _groups(self, rows: Iterator[tuple[str, CsvRow]]) -> Iterator[tuple[str, list[CsvRow]]]:
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

    def _identify(self, drafts: list[RowDraft]) -> None:
        """Give each draft its identifier; refuse those of which only one can have it."""
        by_key: defaultdict[str, list[RowDraft]] = defaultdict(list)
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
            if draft.key in self._holes:
                draft.refuse(self._holes[draft.key], field="timeline")
            if not draft.refusal:
                self._take(draft, taken)

    def _take(self, draft: RowDraft, taken: dict[str, str]) -> None:
        kind, store = self._plan.kind, self._store
        draft.id = store.aliases.get(draft.key, "")
        if not draft.id and kind.is_record:
            draft.id = identify(kind.prefix, draft, taken)
        elif not draft.id:
            draft.id, remark = self._identifiers.of(draft.key, kind.name)
            if remark:
                columns = " and ".join(self._plan.key.columns)
                self._tally.add(columns, ADJUSTED, remark, draft.key, draft.rows[0])
        existing = store.entries.get(draft.id)
        if existing and existing.kind != kind.name:
            draft.refuse(f"{draft.id} is a {existing.kind} already")
        elif draft.id in store.archived:
            draft.archived = True
            taken[draft.id] = draft.key
        elif draft.id in store.broken:
            draft.refuse(f"{store.broken[draft.id]} exists and cannot be read")
        elif taken.get(draft.id):
            draft.refuse(f"{draft.id} came from '{taken[draft.id]}' already")
        else:
            taken[draft.id] = draft.key

    def _make(self, drafts: list[RowDraft]) -> None:
        """Make the candidates: items that are needed, a document of each draft, links in other documents."""
        good = [draft for draft in drafts if not draft.refusal and not draft.archived]
        named = dict.fromkeys(chain.from_iterable(d.named for d in good))
        for data in render_items(self._plan, self._store.book, list(named), self._tally):
            identifier = str(data["id"])
            if identifier not in self._store.entries and identifier not in self._store.broken:
                self._items[identifier] = NewItem(self._store, data, self._tally)
        index = NumberIndex(self._store, [*good, *(d for d in drafts if d.archived)], self._items)
        linker = Linker(self._store, self._plan.kind, self._plan.system, index, self._tally)
        rows: dict[str, RowDocument] = {}
        elsewhere: list[Link] = []
        for draft in good:
            links, references = linker.links(draft)
            data = {"id": draft.id, **draft.data}
            linker.resolve_fields(draft, data, self._old_names)
            self._fill(draft, data)
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

    def _fill(self, draft: RowDraft, data: dict[str, Any]) -> None:
        """Enter the steps that the table has no time for, where the mapping asks for that."""
        if not self._plan.timeline or not self._plan.timeline.fill_steps:
            return
        timeline = data["timeline"]
        data["timeline"] = self._routes.fill(timeline, data)
        filled = [e["state"] for e in data["timeline"] if e not in timeline]
        if filled:
            reason = "steps that the table has no time for are filled in before this state"
            state = data[self._plan.kind.state_field]
            self._tally.add(", ".join(filled), ADJUSTED, reason, state, draft.rows[-1])

    def _candidates(self) -> Iterator[Candidate]:
        """Yield what would be written as things stand; items only where some row still needs them."""
        needed = {n.id for row in self._rows if not row.draft.refusal for n in row.draft.named}
        needed |= {str(raw["id"]) for raw in self._plan.create}
        yield from (item for item in self._items.values() if item.id in needed and item.proposal)
        yield from (row for row in self._rows if row.proposal and not row.draft.refusal)
        yield from (document for document in self._linked.values() if document.proposal)

    def _tell(self, drafts: list[RowDraft]) -> None:
        report = self._report
        for draft in drafts:
            if draft.refusal:
                report.skipped += [
                    Skipped(draft.key, n, draft.refusal, draft.code, draft.field) for n in draft.rows
                ]
            elif draft.archived:
                report.results[UNCHANGED] += len(draft.rows)
                report.unchanged.append(draft.id)
                self._tally.add("", RETAINED, _ARCHIVED, draft.key, draft.rows[-1])
        for row in self._rows:
            if row.draft.refusal:
                continue
            report.results[row.result] += len(row.draft.rows)
            if row.result == KEPT:
                report.kept.append(KeptDocument(row.draft.id, row.fields))
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


def _padded(row: CsvRow, width: int) -> CsvRow:
    """Return a row with empty cells where it has none, so that what stands in the others can be looked at."""
    return row._replace(cells=[*row.cells, *[""] * (width - len(row.cells))]) if row.fault else row


def _once(entries: list[dict[str, str]]) -> list[dict[str, str]]:
    return [e for i, e in enumerate(entries) if e not in entries[:i]]
