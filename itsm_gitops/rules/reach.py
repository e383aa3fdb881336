"""What a request can alter: for each way in which a finding depends on other documents, the documents to judge again.

A rule says in ``reach`` what else than the document itself its findings depend on. For each of those words a function
here returns the documents whose findings a change of other documents can alter. Each answer may be too large, never
too small: both sides are then judged for the same documents, and what both say is no news.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from itsm_gitops.graph.asking import AskingNetwork, impact_graph
from itsm_gitops.graph.circles import mixed_circles
from itsm_gitops.graph.collisions import depth
from itsm_gitops.graph.licences import COUNTED
from itsm_gitops.model import facts, meaning
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.kinds import Kind
from itsm_gitops.model.roles import names
from itsm_gitops.model.rulebook import CHANGE_CONTROL, ROLES, RuleBook
from itsm_gitops.repository.lazy_store import LazyStore
from itsm_gitops.repository.store import identifier_of, is_document
from itsm_gitops.rules.context import AcceptedPart
from itsm_gitops.rules.looks import Looks, looks
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

Ids = frozenset[str]
_CAUSES = "causes"
_ALIKE = ("template", "category")
_TERM = ("start", "end", "renewal", "perpetual")  # of an agreement that others use
_AROUND = frozenset(("redundancy",))  # fields that say how items hold each other, beside links and state


@dataclass(frozen=True, slots=True)
class Alteration:
    """One identifier before and after: its entry on both sides (None for none), and the fields that differ."""

    id: str
    before: Entry | None
    after: Entry | None
    fields: Ids
    broken: tuple[bool, bool]

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The entries that there are."""
        return tuple(e for e in (self.before, self.after) if e is not None)

    @property
    def exists(self) -> bool:
        """Whether it came, went, became another kind, or became readable or unreadable."""
        kinds = {e.kind if e else "" for e in (self.before, self.after)}
        return len(kinds) > 1 or self.broken[0] != self.broken[1]

    def edges(self, *relations: str) -> set[tuple[str, str]]:
        """Return relation and target of what it links to on one side and not, or otherwise, on the other."""
        sides = [
            {(e.relation, e.target) for e in entry.edges if not relations or e.relation in relations}
            if entry
            else set()
            for entry in (self.before, self.after)
        ]
        return sides[0] ^ sides[1]


class Reach:
    """The documents that a request can have altered; ``base`` and ``head`` are its sides."""

    def __init__(self, base: LazyStore, head: LazyStore, refused: Callable[[LazyStore, str], bool]) -> None:
        """Take both sides; ``refused`` tells whether the schema refuses anything of a document."""
        self.base = base
        self.head = head
        self.book: RuleBook = head.book
        self._refused = refused
        paths = [p for p in head.side.request.differences if is_document(p) and head.pool.kind_at(p)]
        self.changed: Ids = frozenset(map(identifier_of, paths))
        self.alterations: list[Alteration] = [self._alteration(i) for i in sorted(self.changed)]

    def _alteration(self, identifier: str) -> Alteration:
        holders = [store.holder(identifier) for store in (self.base, self.head)]
        before, after = (h.entry for h in holders)
        old = self.base.data(identifier) if before else {}
        new = self.head.data(identifier) if after else {}
        fields = frozenset(str(k) for k in old.keys() | new.keys() if old.get(k) != new.get(k))
        return Alteration(
            identifier, before, after, fields, (bool(holders[0].broken), bool(holders[1].broken))
        )

    def expected(self) -> Iterator[str]:
        """Yield the words that will be looked for in text: what others may hold of items that are read otherwise now."""
        for a in self.alterations:
            if self._is_item(a) and self._item_levels(a):
                yield a.id

    def named(self) -> Iterator[str]:
        """Yield the identifiers and old numbers that will be asked for: who links to them, who has them."""
        for a in self.alterations:
            if self._seen_from_sources(a) or any(self.book.kinds[e.kind].operational for e in a.entries):
                yield a.id  # of items: which changes authorise the edit
            elif self._seen_along_links(a) and any(e.kind in self._led_to for e in a.entries):
                yield a.id  # who is linked with it may be guarded by what it is now
            for entry in a.entries:
                yield from entry.aliases
        for entry in (a.after for a in self.alterations if a.after):
            for edge in entry.edges:
                if (
                    not edge.open
                    and edge.target not in self.head.entries
                    and edge.target not in self.head.broken
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
                ITEMS: self._of_items,
                CALENDARS: self._of_calendars,
                PLANS: self._of_plans,
                RISKS: self._of_risks,
                PEOPLE: self._of_people,
                AGREEMENTS: self._of_agreements,
                LICENCES: self._of_licences,
                GUARDS: self._of_guards,
                CMDB: frozenset[str],
            }
        )

    # -- what came of the change ---------------------------------------------------------------------

    def _is_item(self, a: Alteration) -> bool:
        return any(not self.book.kinds[e.kind].is_record for e in a.entries)

    def _plays(self, a: Alteration, *roles: str) -> bool:
        return any(facts.is_a(self.book, e, role) for e in a.entries for role in roles)

    def _seen_from_sources(self, a: Alteration) -> bool:
        """Whether those who link to it see a difference: it came or went, its kind, its stage, that it was given up."""
        if a.exists or a.before is None or a.after is None:
            return a.exists
        if self.book.kinds[a.after.kind].is_record:
            return facts.is_cancelled(self.book, a.before) != facts.is_cancelled(self.book, a.after)
        return facts.stage(self.book, a.before) != facts.stage(self.book, a.after)

    @cached_property
    def _shifted(self) -> Ids:
        """The items at which the change altered how failure travels: themselves, and where their relations lead."""
        ways = [n for n, link in self.book.links.items() if link.impact or link.symmetric]
        found: set[str] = set()
        for a in self.alterations:
            found.update(target for _, target in a.edges(*ways))
            around = self._is_item(a) and (self._seen_from_sources(a) or bool(a.fields & _AROUND))
            if around or a.edges(*ways):
                found.add(a.id)
        return frozenset(found)

    def _near(self, items: Ids) -> Ids:
        """Return the items whose work, or whose failure, comes near to some items on either side."""
        found: set[str] = set()
        steps = depth(self.book.policy(CHANGE_CONTROL))
        for store in (self.base, self.head):
            graph = impact_graph(self._network(store))
            above, level = set(items), set(items)
            for _ in range(max(1, steps)):
                level = {d for i in level for d in graph.dependents.get(i, ())} - above
                above |= level
            found |= above | graph.carriers(sorted(above))
        return frozenset(found)

    def _network(self, store: LazyStore) -> AskingNetwork:
        return AskingNetwork(AcceptedPart(store.entries, self.book, store.data, store))

    def _changes_near(self, items: Ids) -> Ids:
        """Return the open changes that affect what is near to some items."""
        near = self._near(items) if items else items
        return frozenset(e.id for e in self._open if near & set(facts.affected(e))) if near else frozenset()

    # -- one function for each word ------------------------------------------------------------------

    def _of_targets(self) -> Ids:
        seen = {a.id for a in self.alterations if self._seen_from_sources(a)}
        for (
            a
        ) in self.alterations:  # old names came or went: links by them lead to something now, or to nothing
            before, after = (set(e.aliases) if e else set() for e in (a.before, a.after))
            seen |= before ^ after
        return frozenset(source for identifier in seen for source, _ in self.head.into(identifier))

    def _of_sources(self) -> Ids:
        found: set[str] = set()
        symmetric = {n for n, link in self.book.links.items() if link.symmetric}
        for a in self.alterations:
            for entry in a.entries:
                every = self.book.kinds[entry.kind].operational
                wanted = symmetric | (
                    {"member_of"} if facts.is_a(self.book, entry, meaning.PERSON) else set()
                )
                found.update(e.target for e in entry.edges if every or e.relation in wanted)
        if any(a.broken[0] != a.broken[1] and self._place_of_item(a) for a in self.alterations):
            found |= self._all(n for n in self.book.kinds if self.book.kinds[n].operational)
        if any(a.exists and self._plays(a, meaning.PERSON) for a in self.alterations):
            found |= self._all(self.book.playing(meaning.TEAM))
        return frozenset(found)

    def _is_operational(self, identifier: str) -> bool:
        entries = (store.entries.get(identifier) for store in (self.base, self.head))
        return any(self.book.kinds[e.kind].operational for e in entries if e is not None)

    def _place_of_item(self, a: Alteration) -> bool:
        paths = (h for store in (self.base, self.head) for h in [store.holder(a.id).broken] if h)
        return any(p.startswith("cmdb/") for p in paths)

    def _all(self, kinds: Iterable[str]) -> set[str]:
        return {e.id for e in self.head.of_kinds(list(kinds))}

    def _of_names(self) -> Ids:
        aliases = {alias for a in self.alterations for e in a.entries for alias in e.aliases}
        aliases |= {a.id for a in self.alterations if a.exists}
        return frozenset(e.id for alias in aliases for e in self.head.having_alias(alias))

    def _of_circles(self) -> Ids:
        found: set[str] = set()
        for name, link in self.book.links.items():
            if link.acyclic:
                for store in (self.base, self.head):
                    found |= self._network(store).cycles_from(name, self.changed)[1]
        if self._shifted:
            for store in (self.base, self.head):
                found |= mixed_circles(impact_graph(self._network(store)), self.changed)[1]
        return frozenset(found)

    @cached_property
    def _looks(self) -> Looks:
        return looks(self.book)

    def _seen_along_links(self, a: Alteration) -> bool:
        """Whether guards of what is linked with it see a difference: it came or went, its state, a field."""
        if not self._looks.relations or a.exists or a.before is None or a.after is None:
            return bool(self._looks.relations)
        return a.before.state != a.after.state or bool(a.fields & self._looks.fields)

    @cached_property
    def _led_to(self) -> Ids:
        """The kinds to which links lead that guards look along."""
        links = (self.book.links[name] for name in self._looks.relations)
        return frozenset().union(*(self.book.members(link.targets) for link in links))

    def _of_guards(self) -> Ids:
        """What is linked, by a type that guards look along, with what changed or reads an item that changed."""
        relations = self._looks.relations
        if not relations:
            return frozenset()
        found: set[str] = set()
        seen = {a.id for a in self.alterations if self._seen_along_links(a)}
        if self._looks.paths:
            seen |= self._of_items()
        for a in self.alterations:
            found.update(target for _, target in a.edges(*relations))
        for name in sorted(seen):
            for store in (self.base, self.head):
                entry = store.entries.get(name)
                if entry is not None:
                    found.update(e.target for e in entry.edges if e.relation in relations)
                    into = store.into(name) if entry.kind in self._led_to else ()
                    found.update(s for s, e in into if e.relation in relations)
        return frozenset(found)

    @cached_property
    def touches_people(self) -> bool:
        """Whether a person came, went or is described otherwise."""
        return any(self._plays(a, meaning.PERSON) for a in self.alterations)

    def _of_people(self) -> Ids:
        if not self.touches_people:
            return frozenset()
        return frozenset(self._all(self.book.playing(meaning.PERSON)))

    def _of_agreements(self) -> Ids:
        """Return all service levels where one, or a calendar, is another: there are few."""
        if not any(self._plays(a, meaning.SERVICE_LEVEL, meaning.CALENDAR) for a in self.alterations):
            return frozenset()
        return frozenset(self._all(self.book.playing(meaning.SERVICE_LEVEL)))

    def _of_licences(self) -> Ids:
        """Return all licences and contracts where an item changed that may be counted: one of another number, product or stage."""
        counted = (a for a in self.alterations if self._is_item(a))
        if not any(a.exists or a.fields & COUNTED or self._seen_from_sources(a) for a in counted):
            return frozenset()
        return frozenset(
            self._all([*self.book.playing(meaning.LICENCE), *self.book.playing(meaning.CONTRACT)])
        )

    # -- items as others read them -------------------------------------------------------------------

    @cached_property
    def _followed(self) -> tuple[Ids, Ids, int]:
        """The fields that rules read of an item that a document names, of items further on, and how far they go."""
        first, later, steps_most = {"teams", "form", *_TERM}, set[str](), 1
        for path in self._looks.paths:
            steps = path.split(".")
            first.update(steps[1:2])
            later.update(steps[2:])
            steps_most = max(steps_most, len(steps) - 1)
        for about in self.book.policy(ROLES).get("roles", {}).values():
            if not isinstance(about, dict):
                continue
            for path in names(about.get("fields")):
                steps = path.split(".")
                first.update(steps[1:2])
                later.update(steps[2:])
                steps_most = max(steps_most, len(steps))
            for path in names(about.get("manager_of")):
                steps = [*path.split("."), "manager"]
                first.update(steps[1:2])
                later.update(steps[2:])
                steps_most = max(steps_most, len(steps))
            if about.get("owners") or about.get("on_call"):
                first.add("owner")
                steps_most = max(steps_most, 2)
            if about.get("on_call"):
                later.add("on_call")
                steps_most = max(steps_most, 3)
        return frozenset(first), frozenset(later), steps_most

    def _item_levels(self, a: Alteration) -> int:
        """Return how far from an item documents can be that read what is different about it; 0 for none."""
        first, later, steps_most = self._followed
        sides = [s for s, e in ((self.base, a.before), (self.head, a.after)) if e]
        if a.exists or (a.fields and any(self._refused(store, a.id) for store in sides)):
            return steps_most
        if a.fields & later:
            return steps_most
        kinds = [self.book.kinds[e.kind] for e in a.entries]
        return int(bool(a.fields & (first | {_state_field(k) for k in kinds})))

    def _of_items(self) -> Ids:
        found: set[str] = set()
        for a in self.alterations:
            if not self._is_item(a):
                continue
            level = {a.id}
            for _ in range(self._item_levels(a)):
                entries = [e for name in sorted(level) for e in self.head.mentioning(name)]
                found.update(e.id for e in entries)
                through = {e.id for e in entries if not self.book.kinds[e.kind].is_record}
                level = through | self._items_changed_too(level)
        return frozenset(found)

    def _items_changed_too(self, level: set[str]) -> set[str]:
        """Return the changed items that name one of some items on either side."""
        return {
            a.id
            for a in self.alterations
            if self._is_item(a) and any(e.target in level for entry in a.entries for e in entry.edges)
        }

    def _of_calendars(self) -> Ids:
        if any(self._plays(a, meaning.CALENDAR) for a in self.alterations):
            return frozenset(e.id for e in self._open)
        if self._shifted and any(
            names(self.head.data(e.id).get("applies_to"))
            for e in self.head.of_kinds(self.book.playing(meaning.CALENDAR))
        ):
            return frozenset(e.id for e in self._open)
        return frozenset()

    # -- changes -------------------------------------------------------------------------------------

    @cached_property
    def _open(self) -> list[Entry]:
        return self.head.of_kinds(self.book.playing(meaning.CHANGE), open_only=True)

    def _of_plans(self) -> Ids:
        if any(a.exists and self._plays(a, meaning.TEAM) for a in self.alterations):
            return frozenset(e.id for e in self._open)
        return self._changes_near(self._shifted)

    def _of_risks(self) -> Ids:
        weighed = {a.id for a in self.alterations if self._is_item(a) and "criticality" in a.fields}
        found = self._changes_near(self._shifted | weighed)
        sorts = {s for e in self._past() for s in _sorts(e)}
        return found | frozenset(e.id for e in self._open if sorts & set(_sorts(e))) if sorts else found

    def _past(self) -> Iterator[Entry]:
        """Yield the finished changes that may count otherwise among the failures: themselves, or by their effects."""
        causing = [n for n, link in self.book.links.items() if link.inverse == _CAUSES]
        for a in self.alterations:
            if self._plays(a, meaning.CHANGE) and any(e.columns.get("outcome") for e in a.entries):
                yield from a.entries
            for _, target in a.edges(*causing, _CAUSES):
                yield from (e for store in (self.base, self.head) for e in [store.entries.get(target)] if e)
            if a.edges(_CAUSES):
                yield from a.entries


class _Words(dict[str, Ids]):
    """The answer to each word, worked out once and when it is asked for."""

    def __init__(self, functions: Mapping[str, Callable[[], Ids]]) -> None:
        super().__init__()
        self._functions = functions

    def __missing__(self, word: str) -> Ids:
        found = self[word] = self._functions[word]()
        return found


def _sorts(entry: Entry) -> list[tuple[str, Any]]:
    return [(key, entry.columns[key]) for key in _ALIKE if entry.columns.get(key)]


def _state_field(kind: Kind) -> str:
    return kind.stages.state_field if kind.stages else kind.state_field
