"""Imports a table whose rows are links: from one document to another, with a word of the link vocabulary."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from itsm_gitops.exchange.companions import LinkedDocument
from itsm_gitops.exchange.convert import Converter
from itsm_gitops.exchange.identifiers import Identifiers
from itsm_gitops.exchange.judging import ProposalJudge
from itsm_gitops.exchange.linking import Link, NumberIndex, stored
from itsm_gitops.exchange.mapping import RelationMapping, ValueRule
from itsm_gitops.exchange.provenance import NameRegister
from itsm_gitops.exchange.report import UNCHANGED, UPDATED, ImportReport, Skipped, Tally
from itsm_gitops.exchange.settling import settle
from itsm_gitops.exchange.tables import CsvRow, CsvTable
from itsm_gitops.repository import Repository
from itsm_gitops.snapshots import Store

Counted = Callable[[CsvTable], Iterator[CsvRow]]


def import_relations(
    repo: Repository,
    source: Path,
    plan: RelationMapping,
    report: ImportReport,
    tally: Tally,
    counted: Counted,
) -> Iterator[tuple[str, bytes, bytes | None]]:
    """Read and judge the links of a table, fill the report, and return the files to write.

    A row is updated where its link is added, unchanged where it is there already, and left out where an
    end is not known, the word is none, or a rule is against the link.
    """
    store = repo.store()
    report.unreadable = store.left_out()
    run = _Relations(store, plan, report, tally)
    with CsvTable(source, plan.dialect) as table:
        convert = Converter(plan, table, tally, Identifiers(store, plan.people, NameRegister(repo.root)))
        for row in counted(table):
            run.take(row, convert)
    settle(ProposalJudge(repo, store), lambda: [d for d in run.documents.values() if d.proposal])
    run.tell()
    return ((d.entry.path, d.content, d.raw) for d in run.documents.values() if d.links)


class _Relations:
    def __init__(self, store: Store, plan: RelationMapping, report: ImportReport, tally: Tally) -> None:
        self._store = store
        self._plan = plan
        self._report = report
        self._tally = tally
        self._index = NumberIndex(store, (), ())
        self._links: list[Link] = []
        self._present: set[int] = set()
        self.documents: dict[str, LinkedDocument] = {}

    def take(self, row: CsvRow, convert: Converter) -> None:
        """Take one row: a link, or a reason why there is none."""
        reason, link = row.fault, None
        if not reason:
            reason, link = self._link(row, convert)
        if link is None:
            self._report.skipped.append(Skipped("", row.number, reason))
            return
        if link.source not in self._store.entries:
            reason = f"the file of {link.source} cannot be read, and the link would be stored there"
            self._report.skipped.append(Skipped(link.number, row.number, reason))
            return
        entry = self._store.entries[link.source]
        if entry.id not in self.documents:
            self.documents[entry.id] = LinkedDocument(self._store, entry, self._tally)
        self._links.append(link)
        if not self.documents[entry.id].add(link):
            self._present.add(row.number)

    def _link(self, row: CsvRow, convert: Converter) -> tuple[str, Link | None]:
        ends = []
        for rule in (self._plan.source, self._plan.target):
            text = self._text(rule, row, convert)
            identifier = self._index.find(text) if text else ""
            if not identifier:
                columns = " and ".join(rule.columns)
                missing = (
                    f"nothing has the identifier or old number '{text}'"
                    if text
                    else f"no value in '{columns}'"
                )
                return missing, None
            ends.append((identifier, text))
        word = self._text(self._plan.type, row, convert)
        book = self._store.book
        if word not in book.links and word not in book.inverses:
            return (
                f"there is no link type '{word}'; the mapping can say what it means (relations.type.map)",
                None,
            )
        (source, _), (target, number) = ends
        return "", stored(book.inverses, source, word, target, number, row.number)

    def _text(self, rule: ValueRule, row: CsvRow, convert: Converter) -> str:
        return next(iter(convert.texts(rule, row)), "")

    def tell(self) -> None:
        """Say what became of each row."""
        for link in self._links:
            document = self.documents[link.source]
            finding = next((f for bad, f in document.refused.items() if bad[:3] == link[:3]), None)
            if finding:
                reason = f"{finding.message} ({finding.code})"
                self._report.skipped.append(Skipped(link.number, link.row, reason, finding.code, "links"))
            elif link.row in self._present:
                self._report.results[UNCHANGED] += 1
                self._report.unchanged.append(f"{link.source} {link.type} {link.target}")
            else:
                self._report.results[UPDATED] += 1
                self._report.updated.append(f"{link.source} {link.type} {link.target}")
