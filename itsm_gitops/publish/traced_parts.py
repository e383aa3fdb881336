"""The parts of a view that note the key of everything that is read from them (see ``tracing``)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from itsm_gitops.graph.similar import title_words
from itsm_gitops.model.entry import Entry
from itsm_gitops.publish.keys import (
    ALL,
    EDITED,
    FAILURES,
    GRAPH,
    ITEMS,
    KIND,
    LINKS,
    LONGEST_ID,
    NOW,
    SIMILAR,
    WORD,
)
from itsm_gitops.publish.markup import Html
from itsm_gitops.publish.view import View

V = TypeVar("V")

_OF_LINKS = ("related", "others", "out", "into")
_MOST_PICTURES = 1_000


class Tracer:
    """The keys of the data that was read since ``begin``."""

    def __init__(self) -> None:
        self.keys: set[str] = set()

    def begin(self, identifier: str) -> None:
        """Forget everything: the page of a document begins."""
        self.keys = {identifier}


class TracedAnswers(Mapping[str, V]):
    """A mapping by identifier that records each key that is looked up, present or not."""

    def __init__(self, answers: Mapping[str, V], tracer: Tracer, prefix: str = "") -> None:
        self._answers = answers
        self._tracer = tracer
        self._prefix = prefix

    def _note(self, key: object) -> None:
        if isinstance(key, str) and len(key) <= LONGEST_ID:
            self._tracer.keys.add(self._prefix + key)

    def __getitem__(self, key: str) -> V:
        self._note(key)
        return self._answers[key]

    def get(self, key: str, default: Any = None) -> Any:
        """Return the answer about an identifier."""
        if len(key) <= LONGEST_ID:
            self._tracer.keys.add(self._prefix + key)
        return self._answers.get(key, default)

    def __contains__(self, key: object) -> bool:
        self._note(key)
        return key in self._answers

    def __iter__(self) -> Iterator[str]:
        self._tracer.keys.add(ALL)
        return iter(self._answers)

    def __len__(self) -> int:
        self._tracer.keys.add(ALL)
        return len(self._answers)


class _Behind:
    """A part of the view; a member that this class does not know counts as a dependency on everything."""

    def __init__(self, inner: Any, tracer: Tracer, entries: Mapping[str, Entry] | None = None) -> None:
        self._inner = inner
        self._tracer = tracer
        self.entries = entries

    def __getattr__(self, name: str) -> Any:
        self._tracer.keys.add(ALL)
        return getattr(self._inner, name)


class TracedNetwork(_Behind):
    """The relations of a snapshot."""

    def __init__(self, inner: Any, tracer: Tracer, entries: Mapping[str, Entry]) -> None:
        super().__init__(inner, tracer, entries)
        self.book = inner.book
        for name in _OF_LINKS:
            setattr(self, name, self._noting(getattr(inner, name)))

    def _noting(self, ask: Callable[..., Any]) -> Callable[..., Any]:
        def asked(identifier: str, *relations: str) -> Any:
            self._tracer.keys.add(LINKS + identifier)
            return ask(identifier, *relations)

        return asked


class TracedStore(_Behind):
    """The documents of a snapshot."""

    def __init__(self, inner: Any, tracer: Tracer, entries: Mapping[str, Entry]) -> None:
        super().__init__(inner, tracer, entries)
        self.book, self.config = inner.book, inner.config

    def data(self, identifier: str) -> Any:
        """Return a whole document."""
        self._tracer.keys.add(identifier)
        return self._inner.data(identifier)

    def root_of(self, path: str) -> Any:
        """Return the root of a document: its own key, which every page of it has, stands for that."""
        return self._inner.root_of(path)


class TracedHistory(_Behind):
    """The edits of documents."""

    def __init__(self, inner: Any, tracer: Tracer, people: Sequence[str]) -> None:
        super().__init__(inner, tracer)
        self._people = people

    def of(self, path: str) -> Any:
        """Return the edits of a document."""
        self._tracer.keys.update(
            (EDITED + path, *(KIND + name for name in self._people))
        )  # people are known by their addresses
        return self._inner.of(path)


class TracedSimilar(_Behind):
    """Which records are like which."""

    def of(self, entry: Entry) -> Any:
        """Return the records that are like one."""
        self._tracer.keys.update((entry.id, SIMILAR, *(WORD + w for w in title_words(entry))))
        return self._inner.of(entry)


class TracedRisks:
    """What makes changes risky: the change, the items and how failures travel, and how past changes ended."""

    def __init__(
        self, view: View, tracer: Tracer, around: Callable[[Entry, Mapping[str, Any]], set[str]]
    ) -> None:
        self._view = view
        self._tracer = tracer
        self._around = around

    def __getattr__(self, name: str) -> Any:
        self._tracer.keys.update((ALL, NOW))
        return getattr(self._view.risks, name)

    def assess(self, entry: Entry, data: Mapping[str, Any]) -> Any:
        """Say how risky a change is."""
        self._tracer.keys.update((ITEMS, GRAPH, FAILURES, NOW, *self._around(entry, data)))
        return self._view.risks.assess(entry, data)


class TracedGraph:
    """The graph of failures; one key for all of it, as it changes seldom."""

    def __init__(self, inner: Any, tracer: Tracer) -> None:
        self._inner = inner
        self._tracer = tracer

    def __getattr__(self, name: str) -> Any:
        self._tracer.keys.add(GRAPH)
        return getattr(self._inner, name)


class TracedPictures(dict[tuple[str, ...], Html]):
    """Pictures that several pages show: each page that shows one gets the keys that the picture depends on."""

    def __init__(self, tracer: Tracer) -> None:
        super().__init__()
        self._tracer = tracer
        self._from: dict[tuple[str, ...], set[str]] = {}
        self._outer: list[set[str]] = []

    def __contains__(self, roots: object) -> bool:
        if super().__contains__(roots):
            return True
        self._outer.append(self._tracer.keys)
        self._tracer.keys = set()
        return False

    def __setitem__(self, roots: tuple[str, ...], picture: Html) -> None:
        if len(self) >= _MOST_PICTURES:  # 100,000 records rarely have the same one
            oldest = next(iter(self))
            del self[oldest], self._from[oldest]
        super().__setitem__(roots, picture)
        self._from[roots] = self._tracer.keys
        self._tracer.keys = self._outer.pop()

    def __getitem__(self, roots: tuple[str, ...]) -> Html:
        self._tracer.keys |= self._from[roots]
        return super().__getitem__(roots)
