"""The lives that were gathered while documents were loaded, with the questions that a store answers."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from itsm_gitops.model.entry import Entry
from itsm_gitops.model.lifetime import Wanted, lifetime_of, open_before, open_spans
from itsm_gitops.model.timeline import Replay
from itsm_gitops.service_levels.life import Life

if TYPE_CHECKING:
    from itsm_gitops.snapshots import Store


class LifeSource(Protocol):
    """Who knows the lives of the records of one snapshot; a store does."""

    def lives(self, wanted: Wanted) -> Iterable[tuple[Entry, Replay]]:
        """The records that are wanted, and perhaps others, by identifier, with what can be replayed of them."""
        ...

    def first_opened(self, now: int, kinds: Collection[str]) -> int | None:
        """When the first record of some kinds was opened, None where none was by ``now``."""
        ...

    def open_before(self, moments: Sequence[int], kinds: Collection[str]) -> list[int]:
        """How many records of some kinds were open just before each moment (seconds since 1970, UTC)."""
        ...


class LifeShelf(Iterable[Life], Protocol):
    """Lives of which one can be had without the others."""

    def of(self, entry: Entry) -> Life | None:
        """The life of one record, None where it has none."""
        ...


class GatheredLives:
    """Lives that were gathered; only questions about many records ask for all of them."""

    def __init__(self, store: Store, lives: Iterable[Life] | LifeShelf) -> None:
        self._book = store.book
        self._entries = store.entries
        self._lives = lives

    @cached_property
    def _kinds(self) -> Mapping[str, list[tuple[Entry, Replay]]]:
        kinds: dict[str, list[tuple[Entry, Replay]]] = {}
        for life in sorted(self._lives, key=lambda one: one.id):
            entry = self._entries.get(life.id)
            if entry is not None:
                kinds.setdefault(entry.kind, []).append((entry, life.replay))
        return kinds

    @cached_property
    def _of(self) -> Callable[[Entry], Life | None]:
        """What tells the life of one record."""
        of: Callable[[Entry], Life | None] | None = getattr(self._lives, "of", None)
        if of is not None:
            return of
        by_id = {life.id: life for life in self._lives}
        return lambda entry: by_id.get(entry.id)

    def _one(self, identifier: str) -> Iterator[tuple[Entry, Replay]]:
        entry = self._entries.get(identifier)
        life = self._of(entry) if entry else None
        if entry and life:
            yield entry, life.replay

    def lives(self, wanted: Wanted) -> Iterable[tuple[Entry, Replay]]:
        """Return the records of the kinds or with the identifiers that are wanted."""
        if wanted.ids:
            return [pair for i in sorted(wanted.ids) for pair in self._one(i)]
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

    def open_before(self, moments: Sequence[int], kinds: Collection[str]) -> list[int]:
        """Return how many records of some kinds were open just before each moment (seconds since 1970, UTC)."""
        spans = (
            span
            for kind in kinds
            for _, replay in self._kinds.get(kind, ())
            for span in open_spans(self._book.kinds[kind].workflow, replay.steps)
        )
        return open_before(spans, moments)
