"""What a request can alter: for each way in which a finding depends on other documents, the documents to judge again.

A rule says in ``reach`` what else than the document itself its findings depend on. For each of those words a function
here, or in ``item_reach`` where items lead to them, returns the documents whose findings a change of other documents
can alter. Each answer may be too large, never too small: both sides are then judged for the same documents, and what
both say is no news.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property

from itsm_gitops.graph.asking import impact_graph
from itsm_gitops.graph.circles import mixed_circles
from itsm_gitops.graph.licences import COUNTED
from itsm_gitops.model import facts, meaning
from itsm_gitops.repository.lazy_store import LazyStore
from itsm_gitops.rules.alterations import Alteration, Alterations, Ids
from itsm_gitops.rules.item_reach import ItemReach
from itsm_gitops.rules.looks import looks
from itsm_gitops.rules.rule import (
    AGREEMENTS,
    CALENDARS,
    CIRCLE,
    CMDB,
    GUARDS,
    ITEMS,
    LICENCES,
    NAMES,
    PEOPLE,
    PLANS,
    RISKS,
    SOURCES,
    TARGETS,
)


class Reach:
    """The documents that a request can have altered; ``base`` and ``head`` are its sides."""

    def __init__(self, base: LazyStore, head: LazyStore, refused: Callable[[LazyStore, str], bool]) -> None:
        """Take both sides; ``refused`` tells whether the schema refuses anything of a document."""
        self._altered = Alterations(base, head)
        self._book = head.book
        self._looks = looks(head.book)
        self._items = ItemReach(self._altered, self._looks, refused)

    @property
    def changed(self) -> Ids:
        """The documents that the request changes."""
        return self._altered.changed

    def expected(self) -> Iterator[str]:
        """Yield the words that will be looked for in text: what others may hold of items that are read otherwise now."""
        for a in self._altered:
            if self._altered.is_item(a) and self._items.levels(a):
                yield a.id

    def named(self) -> Iterator[str]:
        """Yield the identifiers and old numbers that will be asked for: who links to them, who has them."""
        for a in self._altered:
            if self._altered.seen_from_sources(a) or any(
                self._book.kinds[e.kind].operational for e in a.entries
            ):
                yield a.id  # of items: which changes authorise the edit
            elif self._seen_along_links(a) and any(e.kind in self._led_to for e in a.entries):
                yield a.id  # who is linked with it may be guarded by what it is now
            for entry in a.entries:
                yield from entry.aliases
        for entry in (a.after for a in self._altered if a.after):
            for edge in entry.edges:
                if (
                    not edge.open
                    and edge.target not in self._altered.head.entries
                    and edge.target not in self._altered.head.broken
                ):
                    yield edge.target

    def of(self, word: str) -> Ids:
        """Return the documents that a request can have altered in one way, the changed ones included."""
        return self.changed | self._answers[word]

    @cached_property
    def _answers(self) -> Mapping[str, Ids]:
        return _Words(
            {
                TARGETS: self._of_targets,
                SOURCES: self._of_sources,
                NAMES: self._of_names,
                CIRCLE: self._of_circles,
                ITEMS: self._items.readers,
                CALENDARS: self._items.in_calendars,
                PLANS: self._items.planned_near,
                RISKS: self._items.at_risk,
                PEOPLE: self._of_people,
                AGREEMENTS: self._of_agreements,
                LICENCES: self._of_licences,
                GUARDS: self._of_guards,
                CMDB: frozenset[str],
            }
        )

    # -- one function for each word that is not about items ------------------------------------------

    def _of_targets(self) -> Ids:
        seen = {a.id for a in self._altered if self._altered.seen_from_sources(a)}
        for a in self._altered:  # old names came or went: links by them lead to something now, or to nothing
            before, after = (set(e.aliases) if e else set() for e in (a.before, a.after))
            seen |= before ^ after
        return frozenset(source for identifier in seen for source, _ in self._altered.head.into(identifier))

    def _of_sources(self) -> Ids:
        found: set[str] = set()
        symmetric = {n for n, link in self._book.links.items() if link.symmetric}
        for a in self._altered:
            for entry in a.entries:
                every = self._book.kinds[entry.kind].operational
                wanted = symmetric | (
                    {"member_of"} if facts.is_a(self._book, entry, meaning.PERSON) else set()
                )
                found.update(e.target for e in entry.edges if every or e.relation in wanted)
        if any(a.broken[0] != a.broken[1] and self._place_of_item(a) for a in self._altered):
            found |= self._altered.of_kinds(n for n in self._book.kinds if self._book.kinds[n].operational)
        if any(a.exists and self._altered.plays(a, meaning.PERSON) for a in self._altered):
            found |= self._altered.of_kinds(self._book.playing(meaning.TEAM))
        return frozenset(found)

    def _place_of_item(self, a: Alteration) -> bool:
        paths = (h for store in self._altered.sides for h in [store.holder(a.id).broken] if h)
        return any(p.startswith("cmdb/") for p in paths)

    def _of_names(self) -> Ids:
        aliases = {alias for a in self._altered for e in a.entries for alias in e.aliases}
        aliases |= {a.id for a in self._altered if a.exists}
        return frozenset(e.id for alias in aliases for e in self._altered.head.having_alias(alias))

    def _of_circles(self) -> Ids:
        found: set[str] = set()
        for name, link in self._book.links.items():
            if link.acyclic:
                for store in self._altered.sides:
                    found |= self._altered.network(store).cycles_from(name, self.changed)[1]
        if self._items.shifted:
            for store in self._altered.sides:
                found |= mixed_circles(impact_graph(self._altered.network(store)), self.changed)[1]
        return frozenset(found)

    def _of_guards(self) -> Ids:
        """What is linked, by a type that guards look along, with what changed or reads an item that changed."""
        relations = self._looks.relations
        if not relations:
            return frozenset()
        found: set[str] = set()
        seen = {a.id for a in self._altered if self._seen_along_links(a)}
        if self._looks.paths:
            seen |= self._answers[ITEMS]
        for a in self._altered:
            found.update(target for _, target in a.edges(*relations))
        for name in sorted(seen):
            for store in self._altered.sides:
                entry = store.entries.get(name)
                if entry is not None:
                    found.update(e.target for e in entry.edges if e.relation in relations)
                    into = store.into(name) if entry.kind in self._led_to else ()
                    found.update(s for s, e in into if e.relation in relations)
        return frozenset(found)

    def _seen_along_links(self, a: Alteration) -> bool:
        """Whether guards of what is linked with it see a difference: it came or went, its state, a field."""
        if not self._looks.relations or a.exists or a.before is None or a.after is None:
            return bool(self._looks.relations)
        return a.before.state != a.after.state or bool(a.fields & self._looks.fields)

    @cached_property
    def _led_to(self) -> Ids:
        """The kinds to which links lead that guards look along."""
        links = (self._book.links[name] for name in self._looks.relations)
        return frozenset().union(*(self._book.members(link.targets) for link in links))

    @cached_property
    def touches_people(self) -> bool:
        """Whether a person or a team came, went or is described otherwise."""
        return any(self._altered.plays(a, meaning.PERSON, meaning.TEAM) for a in self._altered)

    def _of_people(self) -> Ids:
        if not self.touches_people:
            return frozenset()
        return frozenset(self._altered.of_kinds(self._book.playing(meaning.PERSON)))

    def _of_agreements(self) -> Ids:
        """Return all service levels where one, or a calendar, is another: there are few."""
        if not any(self._altered.plays(a, meaning.SERVICE_LEVEL, meaning.CALENDAR) for a in self._altered):
            return frozenset()
        return frozenset(self._altered.of_kinds(self._book.playing(meaning.SERVICE_LEVEL)))

    def _of_licences(self) -> Ids:
        """Return all licences and contracts where an item changed that may be counted: one of another number, product or stage."""
        counted = (a for a in self._altered if self._altered.is_item(a))
        if not any(a.exists or a.fields & COUNTED or self._altered.seen_from_sources(a) for a in counted):
            return frozenset()
        return frozenset(
            self._altered.of_kinds(
                [*self._book.playing(meaning.LICENCE), *self._book.playing(meaning.CONTRACT)]
            )
        )


class _Words(dict[str, Ids]):
    """The answer to each word, worked out once and when it is asked for."""

    def __init__(self, functions: Mapping[str, Callable[[], Ids]]) -> None:
        super().__init__()
        self._functions = functions

    def __missing__(self, word: str) -> Ids:
        found = self[word] = self._functions[word]()
        return found
