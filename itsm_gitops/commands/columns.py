"""Columns of lists: which there are, and their values, derived ones included."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from itsm_gitops.model import clock
from itsm_gitops.model.column_names import CLOCK, DERIVED
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.priority import priority, rank
from itsm_gitops.model.rulebook import PRIORITY

if TYPE_CHECKING:
    from itsm_gitops.commands.clocks import RecordClocks
    from itsm_gitops.model.standing import Promise
    from itsm_gitops.snapshots import Store


class Row(NamedTuple):
    """One listed document: its entry and the values of all columns asked for."""

    entry: Entry
    values: dict[str, Any]


class Rows:
    """Computes the values of columns; whole documents are read only where a column needs them."""

    def __init__(self, store: Store, columns: Sequence[str]) -> None:
        self._store = store
        self._columns = columns
        self._now = clock.now()
        self._policy = store.book.policy(PRIORITY)

    @cached_property
    def _clocks(self) -> RecordClocks:
        from itsm_gitops.commands.clocks import RecordClocks

        return RecordClocks(self._store)

    def clock(self, entry: Entry) -> Promise | None:
        """Return the clock of a record that matters most; None where nothing is promised."""
        from itsm_gitops.model.promises import pressing

        if not self._store.book.kinds[entry.kind].is_record:
            return None
        return pressing(self._clocks.promises(entry.id))

    def row(self, entry: Entry) -> Row:
        """Return one listed document."""
        return Row(entry, {name: self.value(entry, name) for name in self._columns})

    def value(self, entry: Entry, name: str) -> Any:
        """Return the value of a column; None where the document has none."""
        value = self.at_hand(entry, name)
        kind = self._store.book.kinds[entry.kind]
        if value is None and name in kind.fields and name != kind.label:
            return self._store.data(entry.id).get(name)
        return value

    def at_hand(self, entry: Entry, name: str) -> Any:
        """Return the value of a column as far as the entry has it; None where the document may have one."""
        if name == "priority":
            return self.priority(entry)
        if name == CLOCK:
            from itsm_gitops.model.promises import in_words

            promise = self.clock(entry)
            return in_words(promise) if promise else None
        if name == "age":
            span = self.age(entry)
            return clock.age(*span) if span else None
        if name == "root":
            return self._store.root_of(entry.path) or None
        if name in DERIVED and (found := getattr(entry, name)):
            return found
        if name == self._store.book.kinds[entry.kind].label:
            return entry.title or None
        return entry.columns.get(name)

    def age(self, entry: Entry) -> tuple[datetime, datetime] | None:
        """Return from when to when a record is or was open: an open one until now, None where that is unknown."""
        first, last = clock.parse_time(entry.opened), clock.parse_time(entry.entered or entry.updated)
        workflow = self._store.book.kinds[entry.kind].workflow
        if first is None or last is None:
            return None
        done = workflow is not None and not workflow.is_open(entry.state)
        return first, last if done else self._now

    def priority(self, entry: Entry) -> str | None:
        """Return the derived priority; None for a document without one."""
        found = priority(self._policy, entry.columns)
        return found.name if found else None

    def urgency(self, entry: Entry) -> tuple[bool, int, str, str]:
        """Return the usual order: open before finished, the most urgent and the oldest first."""
        workflow = self._store.book.kinds[entry.kind].workflow
        is_item = not self._store.book.kinds[entry.kind].is_record
        finished = workflow is not None and not is_item and not workflow.is_open(entry.state)
        return (finished, self.rank(entry), entry.opened, entry.id)

    def rank(self, entry: Entry) -> int:
        """Return the place of the priority, the most urgent first."""
        return rank(self._policy, self.priority(entry) or "")
