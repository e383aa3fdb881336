"""What a request can alter through the CMDB: documents that read its items, and open changes near to them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any

from itsm_gitops.graph.asking import impact_graph
from itsm_gitops.graph.collisions import depth
from itsm_gitops.model import facts, meaning, rotas
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.kinds import Kind
from itsm_gitops.model.roles import ON_CALL, names
from itsm_gitops.model.rulebook import CHANGE_CONTROL, ROLES
from itsm_gitops.repository.lazy_store import LazyStore
from itsm_gitops.rules.alterations import Alteration, Alterations, Ids
from itsm_gitops.rules.looks import Looks

_CAUSES = "causes"
_ALIKE = ("template", "category")
_TERM = ("start", "end", "renewal", "perpetual")  # of an agreement that others use
_AROUND = frozenset(("redundancy",))  # fields that say how items hold each other, beside links and state


class ItemReach:
    """What follows from the items among the alterations of a request.

    ``looks`` says what the rule book's conditions read of other documents; ``refused`` tells whether the schema
    refuses anything of a document.
    """

    def __init__(self, altered: Alterations, looks: Looks, refused: Callable[[LazyStore, str], bool]) -> None:
        self._altered = altered
        self._looks = looks
        self._refused = refused

    # -- items as others read them -------------------------------------------------------------------

    @cached_property
    def _followed(self) -> tuple[Ids, Ids, int]:
        """The fields that rules read of an item that a document names, of items further on, and how far they go."""
        first, later, steps_most = {"teams", "form", *_TERM}, set[str](), 1
        if self._altered.book.playing(meaning.ORGANISATION):
            # Who decides works for an organisation, which is a part of another.
            first.update(("roles", "organisation"))
            later.add("parent")
            steps_most = 3
        for path in self._looks.paths:
            steps = path.split(".")
            first.update(steps[1:2])
            later.update(steps[2:])
            steps_most = max(steps_most, len(steps) - 1)
        for about in self._altered.book.policy(ROLES).get("roles", {}).values():
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
                later.add(ON_CALL)
                steps_most = max(steps_most, 3)
                if self._altered.book.playing(meaning.ROTA):  # on: a rota, and its calendars of holidays
                    later.update(("dates", *rotas.FIELDS))
                    steps_most = max(steps_most, 5)
        return frozenset(first), frozenset(later), steps_most

    def levels(self, a: Alteration) -> int:
        """Return how far from an item documents can be that read what is different about it; 0 for none."""
        first, later, steps_most = self._followed
        sides = [s for s, e in ((self._altered.base, a.before), (self._altered.head, a.after)) if e]
        if a.exists or (a.fields and any(self._refused(store, a.id) for store in sides)):
            return steps_most
        if a.fields & later:
            return steps_most
        kinds = [self._altered.book.kinds[e.kind] for e in a.entries]
        return int(bool(a.fields & (first | {_state_field(k) for k in kinds})))

    def readers(self) -> Ids:
        """Return the documents that read something of a changed item, or of an item that leads to one."""
        found: set[str] = set()
        for a in self._altered:
            if not self._altered.is_item(a):
                continue
            level = {a.id}
            for _ in range(self.levels(a)):
                entries = [e for name in sorted(level) for e in self._altered.head.mentioning(name)]
                found.update(e.id for e in entries)
                through = {e.id for e in entries if not self._altered.book.kinds[e.kind].is_record}
                level = through | self._items_changed_too(level)
        return frozenset(found)

    def _items_changed_too(self, level: set[str]) -> set[str]:
        """Return the changed items that name one of some items on either side."""
        return {
            a.id
            for a in self._altered
            if self._altered.is_item(a) and any(e.target in level for entry in a.entries for e in entry.edges)
        }

    # -- how failure travels -------------------------------------------------------------------------

    @cached_property
    def shifted(self) -> Ids:
        """The items at which the change altered how failure travels: themselves, and where their relations lead."""
        ways = [n for n, link in self._altered.book.links.items() if link.impact or link.symmetric]
        found: set[str] = set()
        for a in self._altered:
            found.update(target for _, target in a.edges(*ways))
            around = self._altered.is_item(a) and (
                self._altered.seen_from_sources(a) or bool(a.fields & _AROUND)
            )
            if around or a.edges(*ways):
                found.add(a.id)
        return frozenset(found)

    def _near(self, items: Ids) -> Ids:
        """Return the items whose work, or whose failure, comes near to some items on either side."""
        found: set[str] = set()
        steps = depth(self._altered.book.policy(CHANGE_CONTROL))
        for store in self._altered.sides:
            graph = impact_graph(self._altered.network(store))
            above, level = set(items), set(items)
            for _ in range(max(1, steps)):
                level = {d for i in level for d in graph.dependents.get(i, ())} - above
                above |= level
            found |= above | graph.carriers(sorted(above))
        return frozenset(found)

    # -- open changes --------------------------------------------------------------------------------

    @cached_property
    def _open(self) -> list[Entry]:
        return self._altered.head.of_kinds(self._altered.book.playing(meaning.CHANGE), open_only=True)

    def _changes_near(self, items: Ids) -> Ids:
        """Return the open changes that affect what is near to some items."""
        near = self._near(items) if items else items
        return frozenset(e.id for e in self._open if near & set(facts.affected(e))) if near else frozenset()

    def in_calendars(self) -> Ids:
        """Return the open changes for which a freeze or a maintenance window may be another."""
        if any(self._altered.plays(a, meaning.CALENDAR) for a in self._altered):
            return frozenset(e.id for e in self._open)
        if self.shifted and any(
            names(self._altered.head.data(e.id).get("applies_to"))
            for e in self._altered.head.of_kinds(self._altered.book.playing(meaning.CALENDAR))
        ):
            return frozenset(e.id for e in self._open)
        return frozenset()

    def planned_near(self) -> Ids:
        """Return the open changes that may collide otherwise, or miss a team that is gone."""
        if any(a.exists and self._altered.plays(a, meaning.TEAM) for a in self._altered):
            return frozenset(e.id for e in self._open)
        return self._changes_near(self.shifted)

    def at_risk(self) -> Ids:
        """Return the open changes whose computed risk may be another."""
        weighed = {a.id for a in self._altered if self._altered.is_item(a) and "criticality" in a.fields}
        found = self._changes_near(self.shifted | weighed)
        sorts = {s for e in self._past() for s in _sorts(e)}
        return found | frozenset(e.id for e in self._open if sorts & set(_sorts(e))) if sorts else found

    def _past(self) -> Iterator[Entry]:
        """Yield the finished changes that may count otherwise among the failures: themselves, or by their effects."""
        causing = [n for n, link in self._altered.book.links.items() if link.inverse == _CAUSES]
        for a in self._altered:
            if self._altered.plays(a, meaning.CHANGE) and any(e.columns.get("outcome") for e in a.entries):
                yield from a.entries
            for _, target in a.edges(*causing, _CAUSES):
                yield from (e for store in self._altered.sides for e in [store.entries.get(target)] if e)
            if a.edges(_CAUSES):
                yield from a.entries


def _sorts(entry: Entry) -> list[tuple[str, Any]]:
    return [(key, entry.columns[key]) for key in _ALIKE if entry.columns.get(key)]


def _state_field(kind: Kind) -> str:
    return kind.stages.state_field if kind.stages else kind.state_field
