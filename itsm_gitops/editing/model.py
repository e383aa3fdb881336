"""`itsm model`: the items of a sheet, created or changed together, or not at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from itsm_gitops.editing.assign import questions_of
from itsm_gitops.editing.change import Rewrite, Written, prepare, written
from itsm_gitops.editing.create import NewDocument, start, text_of
from itsm_gitops.editing.fields import Reader, Schema
from itsm_gitops.editing.identifiers import resolve_reference
from itsm_gitops.editing.link import add_link, find_link
from itsm_gitops.editing.migrate import all_or_nothing
from itsm_gitops.editing.model_sheet import SheetFault, SheetRefused, SheetRow, read_sheet
from itsm_gitops.editing.opening import Opened, open_document, read_document
from itsm_gitops.editing.validation import DocumentRejected, judged
from itsm_gitops.model.diff import diff
from itsm_gitops.model.entry import edges_of
from itsm_gitops.model.errors import ItsmError, NotFound, Refused, UsageError, did_you_mean
from itsm_gitops.model.findings import Finding
from itsm_gitops.model.link_types import LinkType
from itsm_gitops.model.words import a_kind

if TYPE_CHECKING:
    from itsm_gitops.repository import Repository


@dataclass
class _Item:
    """One document on the way: as it is on disk (None: it is new), and the data that it is to have."""

    row: SheetRow | None
    draft: NewDocument | None
    opened: Opened
    data: dict[str, Any]

    @property
    def now(self) -> Opened:
        return self.opened._replace(data=self.data)


def apply_sheet(repo: Repository, name: str, raw: bytes, *, dry_run: bool = False) -> list[Written]:
    """Create or change the items of a sheet and return what became of each, in its order.

    ``name`` is that of the sheet, for messages; one that ends with .csv is CSV. Everything is judged together. Raises
    SheetRefused with all mistakes of the sheet, DocumentRejected where rules are broken; nothing is written then.
    """
    return _Model(repo, name, read_sheet(repo.book, name, raw)).apply(dry_run)


class _Model:
    def __init__(self, repo: Repository, name: str, rows: list[SheetRow]) -> None:
        self.repo = repo
        self.name = name
        self.rows = rows
        self.faults: list[SheetFault] = []
        self.faulty: set[str] = set()
        self.items: dict[str, _Item] = {}
        known = {row.id for row in rows}

        def resolve(reference: Mapping[str, Any], text: str) -> str:
            return text if text in known else resolve_reference(repo, reference, text)

        self.reader = Reader(repo.config.timezone, resolve, lambda data: questions_of(repo, data))

    def apply(self, dry_run: bool) -> list[Written]:
        for step in (self._open, self._fields, self._links, self._complete):
            for row in self.rows:
                if row.id in self.items or step == self._open:
                    self._try(row, lambda row=row, step=step: step(row))
        if self.faults:
            raise SheetRefused(self.name, self.faults)
        edits = {i: self._rewrite(item) for i, item in self.items.items()}
        changed = {i: e for i, e in edits.items() if e.changes}
        found = self._judge(changed)
        if not dry_run:
            self._write(changed)
        return [self._said(i, edits[i], dry_run, found) for i in self.items]

    def _try(self, row: SheetRow, step: Any) -> None:
        """Do one step for one row, and note a mistake at its place instead of stopping at it."""
        try:
            step()
        except ItsmError as error:
            self.faulty.add(row.id)
            self.faults.append(SheetFault(row.line, row.column, f"{row.id}: {error.message}", error.hint))

    def _open(self, row: SheetRow) -> None:
        book = self.repo.book
        path = book.path_for(row.kind, row.id)
        if (self.repo.root / path).is_file():
            document = read_document(book, path, self.repo.snapshot().read(path))
            self.items[row.id] = _Item(row, None, document, dict(document.data))
            return
        draft = start(self.repo, row.kind.name, identifier=row.id)
        self.items[row.id] = _Item(row, draft, draft.opened, dict(draft.data))

    def _fields(self, row: SheetRow) -> None:
        item, kind = self.items[row.id], row.kind
        given = {k.replace("-", "_"): v for k, v in row.values.items()}
        if item.draft is not None:
            mine = {k: v for k, v in row.defaults.items() if k in kind.fields}
            given = {**mine, **given}
        for field, value in given.items():
            if field in kind.fields and field != "links":
                schema = kind.fields[field]
                item.data[field] = _united(item.data.get(field), self._value(schema, value, field, row.typed))
            elif not self._is_link(field):
                words = [*kind.fields, *(n for n, k in self.repo.book.links.items() if k.in_links)]
                hint = did_you_mean(field, words) or f"itsm explain {kind.name} lists the fields"
                raise NotFound(f"{a_kind(kind)} has no field or link '{field}'", hint)
        known = {k: item.data[k] for k in kind.keys if k in item.data}
        item.data = {**known, **{k: v for k, v in item.data.items() if k not in known}}

    def _value(self, schema: Schema, value: Any, field: str, typed: bool) -> Any:
        """Return a value as it is stored: text is read as on a command line, data is taken as it stands."""
        if isinstance(value, str) and (typed or schema.get("x-ref") or schema.get("type") == "array"):
            return self.reader.value(schema, value, field)
        return value

    def _is_link(self, word: str) -> bool:
        return word == "links" or word in self.repo.book.links or word in self.repo.book.inverses

    def _links(self, row: SheetRow) -> None:
        for word, value in row.values.items():
            word = word.replace("-", "_")
            if word in row.kind.fields or not self._is_link(word):
                continue
            targets = (
                value if isinstance(value, list) else str(value).replace(",", " ").replace(";", " ").split()
            )
            link, forward = find_link(self.repo.book, word)
            for target in targets:
                self._link(row, link, forward, str(target))

    def _link(self, row: SheetRow, link: LinkType, forward: bool, target: str) -> None:
        if target not in self.items:
            document = open_document(self.repo, target)
            target = document.id
            self.items.setdefault(target, _Item(None, None, document, dict(document.data)))
        ends = (row.id, target) if forward else (target, row.id)
        holder, other = (self.items[i] for i in ends)
        if holder is other:
            raise Refused(f"{row.id} cannot be linked to itself")
        sides = ((holder, other), (other, holder)) if link.symmetric else ((holder, other),)
        if any(_linked(one, link, two.opened.id) for one, two in sides):
            return
        holder.data = add_link(self.repo.book, link, holder.now, other.now)

    def _complete(self, row: SheetRow) -> None:
        item = self.items[row.id]
        if item.draft is not None and row.id not in self.faulty:  # what is wrong is not missing as well
            item.draft.data = item.data
            missing = item.draft.missing()
            if missing:
                about = (
                    f"{name}: {row.kind.fields.get(name, {}).get('description', '')}" for name in missing
                )
                raise UsageError(f"{a_kind(row.kind)} also needs {', '.join(missing)}", "\n".join(about))

    def _rewrite(self, item: _Item) -> Rewrite:
        if item.draft is None:
            return prepare(item.opened, item.data)
        keys = item.opened.kind.keys
        item.draft.data = {k: item.data[k] for k in (*keys, *item.data) if k in item.data}
        return Rewrite(item.opened, item.draft.data, text_of(item.draft), tuple(diff({}, item.draft.data)))

    def _judge(self, changed: Mapping[str, Rewrite]) -> list[Finding]:
        after = {e.document.path: e.raw for e in changed.values()}
        before = {e.document.path: e.document.raw for e in changed.values() if e.document.raw}
        try:
            return judged(self.repo, after, before) if after else []
        except DocumentRejected as error:
            raise DocumentRejected(list(self._placed(error.findings))) from error

    def _placed(self, findings: tuple[Finding, ...]) -> Iterator[Finding]:
        """Put findings about documents that are not there yet to the line of the sheet that makes them."""
        places = {
            i.opened.path: i.row for i in self.items.values() if i.row is not None and i.draft is not None
        }
        for finding in findings:
            row = places.get(finding.path)
            if row is None:
                yield finding
                continue
            message = f"{row.id}: {finding.message}"
            yield replace(finding, path=self.name, line=row.line, column=row.column, message=message)

    def _write(self, changed: Mapping[str, Rewrite]) -> None:
        with all_or_nothing(self.repo.root) as undo:
            for edit in changed.values():
                undo.write(edit.document.path, edit.raw, edit.document.raw or None)

    def _said(self, identifier: str, edit: Rewrite, dry_run: bool, found: list[Finding]) -> Written:
        document = edit.document
        done = bool(edit.changes) and not dry_run
        said = written(identifier, document.path, document.kind, edit.data, edit.changes, done)
        return replace(said, findings=tuple(f for f in found if f.path == document.path))


def _united(present: Any, said: Any) -> Any:
    """Return what a field is to hold: of a list everything that is there, and what the sheet adds."""
    if isinstance(present, list) and isinstance(said, list):
        return [*present, *(v for v in said if v not in present)]
    return said


def _linked(item: _Item, link: LinkType, target: str) -> bool:
    return any(e.relation == link.name and e.target == target for e in edges_of(item.opened.kind, item.data))
