"""The lives that were gathered while documents were loaded, with the questions that a store answers."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Protocol

from itsm_gitops.model.entry import Entry
from itsm_gitops.model.lifetime import Wanted, lifetime_of
from itsm_gitops.model.timeline import Replay
from itsm_gitops.service_levels.life import Life

if TYPE_CHECKING:
    from itsm_gitops.repository import Store


class LifeSource(Protocol):
    """Who knows the lives of the records of one snapshot; a store does."""

    def lives(self, wanted: Wanted) -> Iterable[tuple[Entry, Replay]]:
        """The records that are wanted, and perhaps others, by identifier, with what can be replayed of them."""
        ...

    def first_opened(self, now: int, kinds: Collection[str]) -> int | None:
        """When the first record of some kinds was opened, None where none was by ``now``."""
        ...


class GatheredLives:
    """Lives in memory."""

    def __init__(self, store: Store, lives: Iterable[Life]) -> None:
        self._book = store.book
        self._steps: dict[str, tuple[Entry, Replay]] = {}
        self._kinds: dict[str, list[tuple[Entry, Replay]]] = {}
        for life in sorted(lives, key=lambda one: one.id):
            entry = store.entries.get(life.id)
            if entry is not None:
                self._steps[entry.id] = (entry, life.replay)
                self._kinds.setdefault(entry.kind, []).append((entry, life.replay))

    def lives(self, wanted: Wanted) -> Iterable[tuple[Entry, Replay]]:
        """Return the records of the kinds or with the identifiers that are wanted."""
        if wanted.ids:
            return [self._steps[i] for i in sorted(wanted.ids) if i in self._steps]
        some = [pair for kind in wanted.kinds for pair in self._kinds.get(kind, ())]
        return sorted(some, key=lambda pair: pair[0].id) if len(wanted.kinds) > 1 else some

    def first_opened(self, now: int, kinds: Collection[str]) -> int | None:
        """Return when the first record of some kinds was opened, None where none was by ``now``."""
        found = (
            lifetime_of(self._book.kinds[entry.kind].workflow, replay.steps)
            for kind in kinds
            for entry, replay in self._kinds.get(kind, ())
        )
        return min((life.first for life in found if life and life.first <= now), default=None)
