"""Filters in files of the rule book, which reports and maps of standards run over a snapshot."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from itsm_gitops.commands.filter_conditions import fulfilling
from itsm_gitops.commands.filter_meaning import FilterMeaning
from itsm_gitops.commands.filters import Filters, read_filter
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.kinds import Kind

if TYPE_CHECKING:
    from itsm_gitops.repository import Store
    from itsm_gitops.repository.gaps import Gap


class FilterAnswer(NamedTuple):
    """What a filter of the rule book finds: its kinds, the entries in order of identifier, and what was unreadable."""

    kinds: tuple[Kind, ...]
    entries: list[Entry]
    gaps: tuple[Gap, ...]


class StoredFilters:
    """Answers filters about one loaded snapshot, each text once."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._answers: dict[str, FilterAnswer] = {}

    def ask(self, text: str) -> FilterAnswer:
        """Return what a filter finds, written as ``itsm list`` takes it: kinds first, then conditions.

        No person runs it, so ``@me`` is refused. Raises UsageError for an invalid filter, NotFound for unknown names.
        """
        if text not in self._answers:
            self._answers[text] = self._ask(text)
        return self._answers[text]

    def _ask(self, text: str) -> FilterAnswer:
        store = self._store
        asked = read_filter(store.book, (text,), Filters())
        names = {k.name for k in asked.kinds}
        condition = FilterMeaning(None, store, asked.kinds).condition(asked.node)
        entries = sorted(fulfilling(store, names, condition), key=lambda e: e.id)
        return FilterAnswer(asked.kinds, entries, tuple(store.gaps(names)))
