"""Dependency tracking: which data of the view each page was made from.

The traced view notes a key (see ``keys``) for every piece of data that a page reads. A page must be made again only
when the data behind one of its keys has changed. A member of the view that this module does not know counts
as a dependency on everything, so a page that reads something new is made too often, never too rarely.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any, TypeVar, cast

from itsm_gitops.graph.risk import RiskBook
from itsm_gitops.graph.similar import title_words
from itsm_gitops.graph.status import Health
from itsm_gitops.model.clock import parse_time
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.meaning import CHANGE, PERSON
from itsm_gitops.presentation.markup import Html
from itsm_gitops.presentation.view import View
from itsm_gitops.publish import keys

V = TypeVar("V")

_ANYTHING = (keys.ALL, keys.NOW)
# What depends on its arguments and on what is the same for a whole build; where something cannot be read (gaps), nothing
# is compared with another build.
_PLAIN = (
    "book", "config", "zone", "audience", "kind", "priority_title", "state_name", "time", "moment", "day", "age", "measures",
    "major_status", "gaps",
)  # fmt: skip
# Questions whose answer depends on one document alone, asked by its identifier or by its entry.
_BY_ID = dict.fromkeys(("url", "title", "id_link", "link"), "")
_BY_ENTRY = (
    "is_open",
    "priority",
    "urgency",
    "major",
    "major_stage",
    "state_chip",
    "priority_chip",
    "is_major",
)
_OF_LINKS = ("related", "others", "out", "into")
_MOST_PICTURES = 1_000


class Tracer:
    """The keys of the data that was read since ``begin``."""

    def __init__(self) -> None:
        self.keys: set[str] = set()

    def begin(self, identifier: str) -> None:
        """Forget everything: the page of a document begins."""
        self.keys = {identifier}

    def by_id(self, ask: Callable[..., V], prefix: str) -> Callable[..., V]:
        """Return a question about an identifier that is noted."""

        def asked(identifier: str, *rest: Any) -> V:
            if prefix or len(identifier) <= keys.LONGEST_ID:
                self.keys.add(prefix + identifier)
            return ask(identifier, *rest)

        return asked

    def by_call(self, ask: Callable[..., V], note: Callable[..., Iterable[str]]) -> Callable[..., V]:
        """Return a question that is noted by the keys that ``note`` returns for its arguments."""

        def asked(*arguments: Any) -> V:
            self.keys.update(note(*arguments))
            return ask(*arguments)

        return asked


class _Part:
    """Something that pages ask, whose members note what is read; one that it does not know notes ``otherwise``."""

    entries: Mapping[str, Entry]
    aliases: Mapping[str, str]

    def __init__(
        self,
        inner: Any,
        tracer: Tracer,
        plain: Iterable[str] = (),
        ids: Mapping[str, str] | None = None,
        calls: Mapping[str, Callable[..., Iterable[str]]] | None = None,
        otherwise: Iterable[str] = (keys.ALL,),
    ) -> None:
        """Take the members that note nothing, those that are asked by identifier, and what others note."""
        self._inner = inner
        self._tracer = tracer
        self._otherwise = otherwise
        for name in plain:
            setattr(self, name, getattr(inner, name))
        for name, prefix in (ids or {}).items():
            setattr(self, name, tracer.by_id(getattr(inner, name), prefix))
        for name, note in (calls or {}).items():
            setattr(self, name, tracer.by_call(getattr(inner, name), note))

    def __getattr__(self, name: str) -> Any:
        self._tracer.keys.update(self._otherwise)
        return getattr(self._inner, name)


class _TracedView(_Part):
    """A view that notes the key of everything that is read from it; pages use it as a ``View``."""

    def __init__(self, view: View, tracer: Tracer) -> None:
        self._view = view
        calls: dict[str, Callable[..., Iterable[str]]] = {
            **dict.fromkeys(_BY_ENTRY, lambda entry: (entry.id,)),
            **dict.fromkeys(("of_role", "open_of_role"), self._kinds_of),
            "data_url": lambda entry: (entry.id, keys.DATA + view.data_url(entry)),
            "reason": _neighbour,
        }
        ids = {**_BY_ID, "traits": keys.TRAITS, "health_chip": keys.HEALTH}
        ids |= dict.fromkeys(("of_kind", "open_of_kind"), keys.KIND)
        super().__init__(view, tracer, _PLAIN, ids, calls, _ANYTHING)
        self.entries = _Answers(view.entries, tracer)
        for name, prefix in {**keys.ANSWERS, "conflicts": keys.CONFLICT}.items():
            setattr(self, name, _Answers(getattr(view, name), tracer, prefix))
        self.course = tracer.by_call(view.course, self._of_course) if view.course else None
        self.asking = tracer.by_call(view.asking, self._of_asking) if view.asking else None
        self.network = _Part(view.network, tracer, ["book"], calls=dict.fromkeys(_OF_LINKS, self._of_links))
        # The document's own key, which every page of it has, stands for its root.
        self.store = _Part(view.store, tracer, ["book", "config", "root_of"], {"data": ""})
        self.network.entries = self.store.entries = self.entries
        self.store.aliases = _Answers(view.store.aliases, tracer)
        self.graph = _Part(view.graph, tracer, otherwise=(keys.GRAPH,))
        self.similar = _Part(view.similar, tracer, calls={"of": _alike})
        self.pictures = _Pictures(tracer)
        changes = self._kinds_of(CHANGE)
        self._values: Mapping[str, Iterable[str]] = {
            "now": (keys.NOW,),
            "today": (keys.TODAY,),
            "updated": (keys.UPDATED,),
            "majors": (keys.MAJORS,),
            "dues": (keys.DUES, keys.ITEMS, keys.NOW),
            "duties": (keys.DUES, keys.ITEMS, keys.NOW),
            "calendars": (keys.ITEMS, keys.GRAPH),
            "plan": (keys.ITEMS, keys.GRAPH, keys.NOW, *changes),
        }

    def __getattr__(self, name: str) -> Any:
        self._tracer.keys.update(self._values.get(name, _ANYTHING))
        return getattr(self._view, name)

    @property
    def history(self) -> Any:
        self._tracer.keys.add(keys.HISTORY)
        return self._history

    @cached_property
    def _history(self) -> _Part | None:
        history = self._view.history
        if history is None:
            return None
        people = self._kinds_of(PERSON)  # they are known by their addresses

        def note(path: str) -> Iterable[str]:
            ahead = [keys.NOW] if history.is_ahead(path) else []
            return keys.EDITED + path, *people, *ahead

        return _Part(history, self._tracer, calls={"of": note})

    @cached_property
    def risks(self) -> _Part:
        """What makes changes risky: the change, the items and how failures travel, and how past changes ended."""
        always = (keys.ITEMS, keys.GRAPH, keys.FAILURES, keys.NOW)
        note = {RiskBook.assess.__name__: lambda entry, data: (*always, *self._around(entry, data))}
        return _Part(self._view.risks, self._tracer, calls=note, otherwise=_ANYTHING)

    def _of_links(self, identifier: str, *_: object) -> Iterator[str]:
        """Yield what the links of a document depend on: those that name it, by any name, and whose the names are that it uses."""
        if len(identifier) <= keys.LONGEST_ID:
            yield keys.LINKS + identifier
        entries = self._view.entries
        if identifier not in entries:
            return
        entry = entries[identifier]
        if not self._view.kind(entry).is_record:
            yield from (keys.LINKS + name for name in entry.aliases if len(name) <= keys.LONGEST_ID)
        for edge in entry.edges:
            if edge.target not in entries and len(edge.target) <= keys.LONGEST_ID:
                yield edge.target

    def _kinds_of(self, role: str) -> list[str]:
        return [keys.KIND + name for name in self._view.book.playing(role)]

    def _of_course(self, identifier: str) -> Iterator[str]:
        """Yield what the work on a record depends on: its own life, the levels and calendars, and while it runs now."""
        entry = self._view.entries[identifier]
        yield from (identifier, keys.ITEMS)
        updated = parse_time(entry.updated)
        if self._view.is_open(entry) or updated is None or updated > self._view.now:
            yield keys.NOW
        yield keys.BACK  # for a moment before its end, a finished record is not finished yet

    def _of_asking(self, entry: Entry, data: Mapping[str, Any]) -> Iterable[str]:
        """Return what the policy's answer about a change depends on: the change, what it is linked with, the items."""
        return keys.ITEMS, keys.NOW, *self._around(entry, data)

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
        return {entry.id, keys.LINKS + entry.id, *(o for o in others if len(o) <= keys.LONGEST_ID)}


def _neighbour(health: Health) -> list[str]:
    """Return the neighbour that the reason of a status names, where it may be one."""
    return [name for name in [health.reason.rpartition(" ")[2]] if len(name) <= keys.LONGEST_ID]


def _alike(entry: Entry) -> Iterable[str]:
    return entry.id, keys.SIMILAR, *(keys.WORD + word for word in title_words(entry))


def traced(view: View, tracer: Tracer) -> View:
    """Return a view that notes the keys of what is read from it in ``tracer``."""
    return cast(View, _TracedView(view, tracer))


class _Answers(Mapping[str, V]):
    """A mapping by identifier that notes each key that is looked up, present or not."""

    def __init__(self, answers: Mapping[str, V], tracer: Tracer, prefix: str = "") -> None:
        self._answers = answers
        self._tracer = tracer
        self._prefix = prefix

    def _note(self, key: object) -> None:
        if isinstance(key, str) and len(key) <= keys.LONGEST_ID:
            self._tracer.keys.add(self._prefix + key)

    def __getitem__(self, key: str) -> V:
        self._note(key)
        return self._answers[key]

    def get(self, key: str, default: Any = None) -> Any:
        if len(key) <= keys.LONGEST_ID:
            self._tracer.keys.add(self._prefix + key)
        return self._answers.get(key, default)

    def __contains__(self, key: object) -> bool:
        self._note(key)
        return key in self._answers

    def __iter__(self) -> Iterator[str]:
        self._tracer.keys.add(keys.ALL)
        return iter(self._answers)

    def __len__(self) -> int:
        self._tracer.keys.add(keys.ALL)
        return len(self._answers)


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
