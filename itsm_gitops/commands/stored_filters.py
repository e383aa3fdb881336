"""Filters that stand in files of the rule book: what reports and maps of standards ask of a snapshot."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from itsm_gitops.commands.filter_conditions import enough_fulfilling, fulfilling
from itsm_gitops.commands.filter_meaning import FilterMeaning
from itsm_gitops.commands.filters import Filters, read_filter
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.kinds import Kind

if TYPE_CHECKING:
    from itsm_gitops.repository import Store
    from itsm_gitops.repository.gaps import Gap


class FilterAnswer(NamedTuple):
    """What a filter of the rule book finds: its kinds, the entries in order of identifier, and what was unreadable.

    ``complete`` is False where more entries may fulfil it than were asked for.
    """

    kinds: tuple[Kind, ...]
    entries: list[Entry]
    gaps: tuple[Gap, ...]
    complete: bool = True


class StoredFilters:
    """Answers filters about one loaded snapshot, each text once."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._answers: dict[tuple[str, int], FilterAnswer] = {}

    def ask(self, text: str, enough: int = 0) -> FilterAnswer:
        """Return what a filter finds, written as ``itsm list`` takes it: kinds first, then conditions.

        With ``enough``, no more documents are read once there are so many. Nobody in particular asks, so ``@me`` is
        refused. Raises UsageError and NotFound for what means nothing.
        """
        if (text, enough) not in self._answers:
            self._answers[text, enough] = self._ask(text, enough)
        return self._answers[text, enough]

    def _ask(self, text: str, enough: int) -> FilterAnswer:
        store = self._store
        asked = read_filter(store.book, (text,), Filters())
        names = {k.name for k in asked.kinds}
        condition = FilterMeaning(None, store, asked.kinds).condition(asked.node)
        complete = True
        if enough:
            entries, complete = enough_fulfilling(store, names, condition, enough)
        else:
            entries = fulfilling(store, names, condition)
        entries = sorted(entries, key=lambda e: e.id)
        return FilterAnswer(asked.kinds, entries, tuple(store.gaps(names)), complete)
