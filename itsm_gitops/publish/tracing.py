"""Dependency tracking: which data of the view each page was made from.

The traced view records a key for every piece of data that a page reads. A page must be made again only
when the data behind one of its keys has changed. A member of the view that this module does not know counts
as a dependency on everything, so a page that reads something new is made too often, never too rarely.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar, cast

from itsm_gitops.graph.similar import title_words
from itsm_gitops.graph.status import Health
from itsm_gitops.model.clock import parse_time
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.meaning import PERSON
from itsm_gitops.publish.markup import Html
from itsm_gitops.publish.view import View

V = TypeVar("V")

ALL = "*"  # any document
NOW = "now"
BACK = "back"  # that the moment is not before that of the last build
GRAPH = "graph"  # how failures travel
HEALTH = "health:"
KNOWN = "known:"  # the known errors and articles that are offered for an item
PAST = "past:"  # the last days of a service
EVENTS = "events:"  # what incidents did to a service
HIT = "hit:"  # what a record makes unwell
HISTORY = "history"  # whether Git has anything to tell
EDITED = "edited:"  # the last edits of a file, by its path
PROOF = "proof:"  # the evidence about a change
CONFLICT = "conflict:"  # what is in the way of a change
WORD = "word:"  # the records whose titles have a word
SIMILAR = "similar"  # how many records there are to be like
ITEMS = "items"  # any item of the CMDB
FAILURES = "failures"  # how past changes ended, and what they caused
TODAY = "today"
KEPT = "kept:"  # how the service level of a service was kept
KIND = "kind:"  # the documents of a kind
DATA = "data:"  # the JSON file of finished records, by its address
LINKS = "links:"  # what is linked to a document and from it
# Questions whose answer depends on one document alone, asked by its identifier or by its entry.
_BY_ID = ("url", "title", "id_link", "link")
_BY_ENTRY = ("is_open", "priority", "urgency", "major", "major_stage", "state_chip", "priority_chip")
_OF_LINKS = ("related", "others", "out", "into")
_LONGEST_ID = 63
_MOST_PICTURES = 1_000


class Tracer:
    """The keys of the data that was read since ``begin``."""

    def __init__(self) -> None:
        self.keys: set[str] = set()

    def begin(self, identifier: str) -> None:
        """Forget everything: the page of a document begins."""
        self.keys = {identifier}


class _Traced:
    """A view that records the key of everything that is read from it; pages use it as a ``View``."""

    def __init__(self, view: View, tracer: Tracer) -> None:
        self._view = view
        self._tracer = tracer
        self.entries = _Answers(view.entries, tracer)
        self.health = _Answers(view.health, tracer, HEALTH)
        self.offers = _Answers(view.offers, tracer, KNOWN)
        self.past = _Answers(view.past, tracer, PAST)
        self.histories = _Answers(view.histories, tracer, EVENTS)
        self.measures = view.measures  # the same in every build of one version
        self.kept = _Answers(view.kept, tracer, KEPT)
        self.hit_by = _Answers(view.hit_by, tracer, HIT)
        self.proofs = _Answers(view.proofs, tracer, PROOF)
        self.conflicts = _Answers(view.conflicts, tracer, CONFLICT)
        self._history = _History(view.history, tracer, view.book.playing(PERSON)) if view.history else None
        self.similar = _Similar(view.similar, tracer)
        self.course = self._course if view.course else None
        self.asking = self._asking if view.asking else None
        self.network = _Network(view.network, tracer, self.entries)
        self.store = _Store(view.store, tracer, self.entries)
        self.graph = _Graph(view.graph, tracer)
        self.pictures = _Pictures(tracer)
        # These depend on their arguments and on what is the same for a whole build.
        self.book, self.config, self.zone, self.audience = view.book, view.config, view.zone, view.audience
        self.kind, self.priority_title = view.kind, view.priority_title
        self.state_name, self.time, self.moment = view.state_name, view.time, view.moment
        self.age = view.age
        self.major_status = view.major_status
        for name in _BY_ID:
            setattr(self, name, self._noting(getattr(view, name)))
        for name in _BY_ENTRY:
            setattr(self, name, self._noting_entry(getattr(view, name)))

    def _noting(self, ask: Callable[[str], V]) -> Callable[[str], V]:
        def asked(identifier: str) -> V:
            self._note(identifier)
            return ask(identifier)

        return asked

    def _noting_entry(self, ask: Callable[[Entry], V]) -> Callable[[Entry], V]:
        def asked(entry: Entry) -> V:
            self._note(entry.id)
            return ask(entry)

        return asked

    def __getattr__(self, name: str) -> Any:
        self._tracer.keys.update((ALL, NOW))
        return getattr(self._view, name)

    @property
    def now(self) -> Any:
        self._tracer.keys.add(NOW)
        return self._view.now

    @property
    def history(self) -> Any:
        self._tracer.keys.add(HISTORY)
        return self._history

    @property
    def today(self) -> Any:
        self._tracer.keys.add(TODAY)
        return self._view.today

    def _course(self, identifier: str) -> Any:
        """How the work on a record went: by its own life, the levels and calendars, and while it runs by now."""
        entry = self._view.entries[identifier]
        self._tracer.keys.update((identifier, ITEMS))
        updated = parse_time(entry.updated)
        if self._view.is_open(entry) or updated is None or updated > self._view.now:
            self._tracer.keys.add(NOW)
        self._tracer.keys.add(BACK)  # for a moment before its end, a finished record is not finished yet
        course = self._view.course
        return course(identifier) if course else None

    def _asking(self, entry: Entry, data: Mapping[str, Any]) -> Any:
        """What the policy asks for a change: by the change, the records it is linked with, and the items."""
        self._tracer.keys.update((ITEMS, NOW, *self._around(entry, data)))
        asking = self._view.asking
        return asking(entry, data) if asking else None

    @property
    def risks(self) -> _Risks:
        return _Risks(self._view, self._tracer, self._around)

    def _around(self, entry: Entry, data: Mapping[str, Any]) -> set[str]:
        """Return the keys of a document and of everything it is linked with, whichever side stores the link."""
        links = data.get("links")
        listed = (
            [link.get("target") for link in links if isinstance(link, dict)]
            if isinstance(links, list)
            else []
        )
        others = {r.other for r in self._view.network.related(entry.id)}
        others |= {t for t in listed if isinstance(t, str)}
        return {entry.id, LINKS + entry.id, *(o for o in others if len(o) <= _LONGEST_ID)}

    def of_kind(self, name: str) -> list[Entry]:
        self._tracer.keys.add(KIND + name)
        return self._view.of_kind(name)

    def of_role(self, role: str) -> list[Entry]:
        self._tracer.keys.update(KIND + name for name in self.book.playing(role))
        return self._view.of_role(role)

    def data_url(self, entry: Entry) -> str:
        url = self._view.data_url(entry)
        self._tracer.keys.update((entry.id, DATA + url))
        return url

    def health_chip(self, identifier: str) -> Html:
        self._tracer.keys.add(HEALTH + identifier)
        return self._view.health_chip(identifier)

    def reason(self, health: Health) -> str:
        self._note(health.reason.rpartition(" ")[2])
        return self._view.reason(health)

    def _note(self, identifier: str) -> None:
        if len(identifier) <= _LONGEST_ID:  # nothing longer names a document
            self._tracer.keys.add(identifier)


def traced(view: View, tracer: Tracer) -> View:
    """Return a view that records the keys of what is read from it in ``tracer``."""
    return cast(View, _Traced(view, tracer))


class _Answers(Mapping[str, V]):
    """A mapping by identifier that records each key that is looked up, present or not."""

    def __init__(self, answers: Mapping[str, V], tracer: Tracer, prefix: str = "") -> None:
        self._answers = answers
        self._tracer = tracer
        self._prefix = prefix

    def _note(self, key: object) -> None:
        if isinstance(key, str) and len(key) <= _LONGEST_ID:
            self._tracer.keys.add(self._prefix + key)

    def __getitem__(self, key: str) -> V:
        self._note(key)
        return self._answers[key]

    def get(self, key: str, default: Any = None) -> Any:
        if len(key) <= _LONGEST_ID:
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


class _Network(_Behind):
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


class _Store(_Behind):
    def __init__(self, inner: Any, tracer: Tracer, entries: Mapping[str, Entry]) -> None:
        super().__init__(inner, tracer, entries)
        self.book, self.config = inner.book, inner.config

    def data(self, identifier: str) -> Any:
        self._tracer.keys.add(identifier)
        return self._inner.data(identifier)

    def root_of(self, path: str) -> Any:
        # The document's own key, which every page of it has, stands for that.
        return self._inner.root_of(path)


class _History(_Behind):
    def __init__(self, inner: Any, tracer: Tracer, people: Sequence[str]) -> None:
        super().__init__(inner, tracer)
        self._people = people

    def of(self, path: str) -> Any:
        self._tracer.keys.update(
            (EDITED + path, *(KIND + name for name in self._people))
        )  # people are known by their addresses
        return self._inner.of(path)


class _Similar(_Behind):
    def of(self, entry: Entry) -> Any:
        self._tracer.keys.update((entry.id, SIMILAR, *(WORD + w for w in title_words(entry))))
        return self._inner.of(entry)


class _Risks:
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
        self._tracer.keys.update((ITEMS, GRAPH, FAILURES, NOW, *self._around(entry, data)))
        return self._view.risks.assess(entry, data)


class _Graph:
    """The graph of failures; one key for all of it, as it changes seldom."""

    def __init__(self, inner: Any, tracer: Tracer) -> None:
        self._inner = inner
        self._tracer = tracer

    def __getattr__(self, name: str) -> Any:
        self._tracer.keys.add(GRAPH)
        return getattr(self._inner, name)


class _Pictures(dict[tuple[str, ...], Html]):
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
