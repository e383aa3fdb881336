"""Filters in files of the rule book, which reports and maps of standards run over a snapshot.

A site asks all of them of all documents, at each build. So a document is marked when it is read: with a bit for each
filter that it fulfils, of those that ask nothing but the document itself. Marks are kept from build to build.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from itsm_gitops.commands.filter_conditions import (
    FilterCondition,
    ReadDocument,
    enough_fulfilling,
    fulfilling,
)
from itsm_gitops.commands.filter_meaning import FilterMeaning
from itsm_gitops.commands.filter_names import read_for
from itsm_gitops.commands.filters import Filters, read_filter
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.errors import ItsmError
from itsm_gitops.model.filter_language import words_of
from itsm_gitops.model.kinds import Kind

if TYPE_CHECKING:
    from itsm_gitops.snapshots import Store
    from itsm_gitops.snapshots.gaps import Gap
    from itsm_gitops.snapshots.store import Document

_MOST_MARKS = 62  # bits of a number in SQLite


class FilterAnswer(NamedTuple):
    """What a filter of the rule book finds: its kinds, the entries in order of identifier, and what was unreadable.

    ``complete`` is False where more entries may fulfil it than were asked for.
    """

    kinds: tuple[Kind, ...]
    entries: list[Entry]
    gaps: tuple[Gap, ...]
    complete: bool = True


class FilterMarks:
    """The places of filters in the marks of documents, by kind: a function of the rule book and of the filters' texts."""

    def __init__(self, store: Store, texts: Iterable[str]) -> None:
        """Take a store (the CMDB is enough) and the filters; one that asks more, or is invalid, has no place."""
        self._store = store
        self._conditions: dict[str, list[FilterCondition]] = {}
        self.places: dict[str, dict[str, int]] = {}  # bits by kind, by text
        for text in sorted(set(texts)):
            try:
                asked = read_filter(store.book, (text,), Filters())
                about = FilterMeaning(None, store, asked.kinds)
                if about.asks_the_document_alone(asked.node):
                    self._place(text, asked.kinds, about.condition(asked.node))
            except ItsmError:
                continue  # whoever asks it is told why

    def _place(self, text: str, kinds: Iterable[Kind], condition: FilterCondition) -> None:
        some = [self._conditions.setdefault(kind.name, []) for kind in kinds]
        if all(len(conditions) < _MOST_MARKS for conditions in some):
            self.places[text] = {k.name: 1 << len(self._conditions[k.name]) for k in kinds}
            for conditions in some:
                conditions.append(condition)

    def of(self, document: Document) -> int:
        """Return the marks of a document that was just read."""
        entry = document.entry
        if entry is None:
            return 0
        found = ReadDocument(document.path, document.raw, document.data)
        conditions = self._conditions.get(entry.kind, ())
        return sum(1 << n for n, condition in enumerate(conditions) if condition.holds(entry, found))


class StoredFilters:
    """Answers filters about one loaded snapshot, each text once."""

    def __init__(
        self, store: Store, places: FilterMarks | None = None, marks: Mapping[str, int] | None = None
    ) -> None:
        """Take also the marks of all documents by path, where they have some, and what they mean."""
        self._store = store
        self._answers: dict[tuple[str, int], FilterAnswer] = {}
        self._marked = _by_filter(store, places, marks) if places and marks is not None else {}

    def ask(self, text: str, enough: int = 0) -> FilterAnswer:
        """Return what a filter finds, written as ``itsm list`` takes it: kinds first, then conditions.

        With ``enough``, reading stops at that number of matches. No person runs it, so ``@me`` is refused. Raises
        UsageError for an invalid filter, NotFound for unknown names.
        """
        if (text, enough) not in self._answers:
            self._answers[text, enough] = self._ask(text, enough)
        return self._answers[text, enough]

    def _ask(self, text: str, enough: int) -> FilterAnswer:
        store = self._store
        asked = read_filter(store.book, (text,), Filters())
        names = {k.name for k in asked.kinds}
        gaps = tuple(store.gaps(names | read_for(store.book, words_of(asked.node))))
        complete = True
        if text in self._marked:
            return FilterAnswer(asked.kinds, self._marked[text], gaps)
        condition = FilterMeaning(None, store, asked.kinds).condition(asked.node)
        if enough:
            entries, complete = enough_fulfilling(store, names, condition, enough)
        else:
            entries = fulfilling(store, names, condition)
        entries = sorted(entries, key=lambda e: e.id)
        return FilterAnswer(asked.kinds, entries, gaps, complete)


def _by_filter(store: Store, places: FilterMarks, marks: Mapping[str, int]) -> dict[str, list[Entry]]:
    """Return what each filter that has a place finds, in order of identifier."""
    found: dict[str, list[Entry]] = {text: [] for text in places.places}
    lists: dict[str, list[tuple[int, list[Entry]]]] = {}
    for text, bits in places.places.items():
        for kind, bit in bits.items():
            lists.setdefault(kind, []).append((bit, found[text]))
    by_marks: dict[tuple[str, int], list[list[Entry]]] = {}
    for entry in store.entries.values():
        key = entry.kind, marks.get(entry.path, 0)
        if key not in by_marks:
            by_marks[key] = [some for bit, some in lists.get(entry.kind, ()) if bit & key[1]]
        for some in by_marks[key]:
            some.append(entry)
    return found
