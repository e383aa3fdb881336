"""The present names of the teams, services and people that records name.

A finished record keeps the name of its time; a renamed item has that name among its aliases. Figures count both as one,
and a renaming is not a reassignment.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from itsm_gitops.graph.loaded import present_entry, present_name
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.rulebook import RuleBook
from itsm_gitops.model.timeline import Replay

if TYPE_CHECKING:
    from itsm_gitops.snapshots import Store


class PresentNames:
    """The present names of the items of one snapshot."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._book: RuleBook = store.book
        self._known: dict[str, str] = {}

    def of(self, name: str) -> str:
        """Return the present name of an item; any other name stays as it is."""
        if name not in self._known:
            self._known[name] = name if name[:1].isupper() else present_name(self._store, name)
        return self._known[name]

    def entry(self, entry: Entry) -> Entry:
        """Return an entry that names items by their present names."""
        if all(self.of(e.target) == e.target for e in entry.edges if not e.target[:1].isupper()):
            return entry
        return present_entry(self._store, entry)

    def replay(self, kind: str, replay: Replay) -> Replay:
        """Return a replay with present names; a change from an old name to the present one is left out."""
        if not replay.values:
            return replay
        fields = {r.pointer[0] for r in self._book.kinds[kind].references if len(r.pointer) == 1}
        if not any(
            v.field in fields and (v.was, v.value) != self._pair(v.was, v.value) for v in replay.values
        ):
            return replay
        told = []
        for v in replay.values:
            was, value = self._pair(v.was, v.value) if v.field in fields else (v.was, v.value)
            if was != value:
                told.append(v._replace(was=was, value=value))
        return replace(replay, values=tuple(told))

    def _pair(self, was: Any, value: Any) -> tuple[Any, Any]:
        first, second = (self.of(v) if isinstance(v, str) else v for v in (was, value))
        return first, second
