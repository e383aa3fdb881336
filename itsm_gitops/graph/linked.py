"""Documents with what is linked with them, as conditions ask about them (`model.conditions`)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import partial
from typing import Any, Protocol

from itsm_gitops.model import clock, facts
from itsm_gitops.model.conditions import OtherEnd
from itsm_gitops.model.entry import Edge, Entry
from itsm_gitops.model.kinds import Kind
from itsm_gitops.model.once import Once
from itsm_gitops.model.rulebook import RuleBook
from itsm_gitops.model.subjects import DocumentSubject

Data = Mapping[str, Any]


class Surroundings(Protocol):
    """What knows the documents around one: a context of network rules is such."""

    @property
    def entries(self) -> Mapping[str, Entry]:
        """Every entry by identifier."""
        ...

    @property
    def book(self) -> RuleBook:
        """The rule book."""
        ...

    @property
    def now(self) -> datetime:
        """The present."""
        ...

    def data(self, entry: Entry, /) -> Data:
        """The fields of a document."""
        ...

    def find(self, name: str, /) -> Entry | None:
        """The entry of an identifier, or of an old name that no document has as its identifier."""
        ...

    def into(self, identifier: str, /) -> Iterable[tuple[Entry, Edge]]:
        """Every relation that a document stores to this one, with its entry."""
        ...


class EntrySubject(DocumentSubject):
    """A document that is read only where its entry lacks the value.

    With ``until``, records that were opened after that moment are not linked with it yet.
    """

    def __init__(self, around: Surroundings, entry: Entry, until: datetime | None = None) -> None:
        linked = partial(linked_documents, around, entry, until=until)
        super().__init__(None, partial(item_of, around), linked, around.now)
        self._around = around
        self._entry = entry

    def values(self, path: str) -> list[Any] | None:
        """Return the values at a path."""
        if path in self._entry.columns:
            return [self._entry.columns[path]]
        if path and is_short(self._around.book, self._entry.kind, path):
            return []  # the entry would have it
        if self._data is None:
            self._data = self._around.data(self._entry)
        return super().values(path)


def is_short(book: RuleBook, kind: str, path: str) -> bool:
    """Whether an entry has the value of a field whenever its document has one."""
    found = book.kinds[kind]
    return path in _short(found, make=lambda: _short_fields(found))


_short: Once[frozenset[str]] = Once(1024)


def _short_fields(kind: Kind) -> frozenset[str]:
    return frozenset(
        name
        for name, field in kind.fields.items()
        if "enum" in field or field.get("type") in ("boolean", "integer", "number")
    )


def item_of(around: Surroundings, name: str) -> Data | None:
    """Return the fields of an item of the CMDB; None where no item has this name."""
    entry = around.find(name)
    if entry is None or around.book.kinds[entry.kind].is_record:
        return None
    return around.data(entry)


def linked_documents(
    around: Surroundings, entry: Entry, relation: str, until: datetime | None = None
) -> list[OtherEnd]:
    """Return what is linked with a document by a type of link, or by the inverse name of one.

    With ``until``, without the records that were opened after that moment.
    """
    found = linked_entries(around, entry, relation)
    return [_document(around, e) for e in found if until is None or not opened_after(e, until)]


def opened_after(entry: Entry, moment: datetime) -> bool:
    """Whether a record was opened after a moment; no item is."""
    opened = clock.parse_time(entry.opened) if entry.opened else None
    return opened is not None and opened > moment


def linked_entries(around: Surroundings, entry: Entry, relation: str) -> list[Entry]:
    """Return the entries at the other end of a document's links of one name, each once."""
    names: list[str] = []
    link = around.book.links.get(relation)
    if link is not None:
        names += [e.target for e in entry.edges if e.relation == relation]
    if link is None or link.symmetric:
        stored = relation if link is not None else _stored(around.book, relation)
        names += [source.id for source, edge in around.into(entry.id) if edge.relation == stored]
    if not names:  # as of most documents and most links
        return []
    known = (around.find(name) for name in names)
    return list({e.id: e for e in known if e is not None}.values())


def _stored(book: RuleBook, inverse: str) -> str:
    link = book.inverses.get(inverse)
    return link.name if link else ""


def _document(around: Surroundings, entry: Entry) -> OtherEnd:
    flow = around.book.kinds[entry.kind].workflow
    state = facts.stage(around.book, entry)
    known = flow.states.get(state) if flow else None
    make: Callable[[], DocumentSubject] = partial(EntrySubject, around, entry)
    roles = frozenset(known.roles) if known else frozenset()
    return OtherEnd(entry.id, entry.kind, state, known.category if known else "", make, roles)
