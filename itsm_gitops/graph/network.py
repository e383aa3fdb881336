"""Relations of all documents of one snapshot, both ways. Inverses are derived, never stored."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from operator import attrgetter
from typing import Any, NamedTuple

from itsm_gitops.graph.loaded import Loaded, old_names, present_edge, present_entry, present_name
from itsm_gitops.model import facts
from itsm_gitops.model.entry import Edge, Entry
from itsm_gitops.model.findings import Pointer
from itsm_gitops.model.questions import Derivation, EntryQuestions


class ItemsOnly(EntryQuestions):
    """The CMDB of a loaded snapshot, without its records; its documents are remembered."""

    def __init__(self, loaded: Loaded) -> None:
        self.book = loaded.book
        self.aliases = loaded.aliases
        self._loaded = loaded
        items = [k.name for k in loaded.book.kinds.values() if not k.is_record]
        self._entries = {e.id: e for e in loaded.of_kinds(items)}
        self._documents: dict[str, Mapping[str, Any]] = {}

    @property
    def entries(self) -> Mapping[str, Entry]:
        """The items by identifier."""
        return self._entries

    def data(self, identifier: str) -> Mapping[str, Any]:
        """Return the whole document of an item."""
        if identifier not in self._documents:
            self._documents[identifier] = self._loaded.data(identifier)
        return self._documents[identifier]

    def derived(self, what: str, derive: Derivation, entries: Iterable[Entry]) -> dict[str, Any]:
        """Return what the whole snapshot derives of the documents of some items."""
        return self._loaded.derived(what, derive, entries)


def of_role(loaded: Loaded, *roles: str, open_only: bool = False) -> list[Entry]:
    """Return the entries whose kind plays one of some roles, by identifier; or those with work to be done."""
    kinds = {kind for role in roles for kind in loaded.book.playing(role)}
    return loaded.of_kinds(kinds, open_only=open_only)


class Relation(NamedTuple):
    """One relation as seen from one of its ends.

    ``relation`` is the stored name where ``outgoing``, else the inverse's name; ``title`` is how
    people read it from this end. ``pointer`` is the place in the storing document.
    """

    relation: str
    title: str
    other: str
    outgoing: bool
    pointer: Pointer


class Network:
    """All relations of a loaded snapshot, and its entries by what they play."""

    def __init__(self, loaded: Loaded) -> None:
        self.entries = loaded.entries
        self.book = loaded.book
        self.data: Callable[[str], Mapping[str, Any]] = loaded.data
        self.loaded = loaded
        self._last: tuple[str | None, Sequence[Relation]] = None, ()

    def of_role(self, *roles: str, open_only: bool = False) -> list[Entry]:
        """Return the entries whose kind plays one of some roles, by identifier; or those with work to be done."""
        return of_role(self.loaded, *roles, open_only=open_only)

    def out(self, identifier: str) -> list[Relation]:
        """Return the relations that the document itself stores, in document order."""
        entry = self.entries.get(identifier)
        return [self._outgoing(present_edge(self.loaded, e)) for e in entry.edges] if entry else []

    def present(self, name: str) -> str:
        """Return what an item is called now that had a name before; any other name stays as it is."""
        return present_name(self.loaded, name)

    def affected(self, entry: Entry) -> list[str]:
        """Return the services and items that a record affects, by their present names, each once."""
        return facts.affected(present_entry(self.loaded, entry))

    def linked(self, relation: str, targets: Iterable[str], kinds: Collection[str]) -> list[Entry]:
        """Return the entries of some kinds that store a relation to one of the targets, by any name it has had."""
        names = {name for target in targets for name in (target, *self.old_names(target))}
        return self.loaded.linked(relation, names, kinds)

    def _outgoing(self, edge: Edge) -> Relation:
        known = self.book.links.get(edge.relation)
        title = known.title if known else edge.relation
        return Relation(edge.relation, title, edge.target, True, edge.pointer)

    def incoming(self, identifier: str) -> Sequence[tuple[str, Edge]]:
        """Return the stored edges that lead to a document, with the documents that store them.

        Those that name an item by an old name count as well.
        """
        old = self.old_names(identifier)
        if not old:
            return self.loaded.into(identifier)
        return [pair for name in (identifier, *old) for pair in self.loaded.into(name)]

    def old_names(self, identifier: str) -> list[str]:
        """Return the names that an item had before, as far as no other document has one of them now."""
        return old_names(self.loaded, identifier)

    def into(self, identifier: str) -> list[Relation]:
        """Return the relations other documents store to this one, named by their inverse."""
        found = []
        for source, edge in self.incoming(identifier):
            known = self.book.links.get(edge.relation)
            name = known.inverse if known else edge.relation
            title = known.inverse_title if known else edge.relation
            found.append(Relation(name, title, source, False, edge.pointer))
        return found

    def related(self, identifier: str) -> Sequence[Relation]:
        """Return all relations of a document, each pair of name and other end once.

        Sorted by title, then by the other end. Where two fields and a link say the same, the
        first one stays. The last answer is kept: a page asks for the same one several times.
        """
        if self._last[0] != identifier:
            unique: dict[tuple[str, str], Relation] = {}
            for relation in [*self.out(identifier), *self.into(identifier)]:
                unique.setdefault((relation.relation, relation.other), relation)
            self._last = identifier, sorted(unique.values(), key=attrgetter("title", "other"))
        return self._last[1]

    def others(self, identifier: str, *relations: str) -> list[str]:
        """Return the other ends of the named relations (stored or inverse), sorted, each once."""
        return sorted({r.other for r in self.related(identifier) if r.relation in relations})

    def pairs(self, *relations: str) -> Sequence[tuple[str, Edge]]:
        """Return the stored edges of some relations, each with the document that stores it; they name items as they are called now."""
        return [(source, present_edge(self.loaded, edge)) for source, edge in self.loaded.pairs(*relations)]

    def ends(self, relation: str) -> Mapping[str, list[str]]:
        """Return the other ends of one relation (stored or inverse) for every document that has some: as ``others`` does."""
        links = self.book.links
        inverse = {name for name, link in links.items() if link.inverse == relation}
        inverse |= {relation} - links.keys()
        ends: dict[str, set[str]] = {}
        for source, edge in self.pairs(*{relation, *inverse}):
            if edge.relation == relation:
                ends.setdefault(source, set()).add(edge.target)
            if edge.relation in inverse:
                ends.setdefault(edge.target, set()).add(source)
        return {identifier: sorted(others) for identifier, others in ends.items()}

    def cycles(self, relation: str) -> list[tuple[str, ...]]:
        """Return the circles in which one relation runs, each once, starting at its lowest name."""
        after: dict[str, list[str]] = {}
        for source, edge in self.pairs(relation):
            if edge.target in self.entries and edge.target != source:
                after.setdefault(source, []).append(edge.target)
        return circles_of(after)[0]

    def cycles_from(
        self, relation: str, starts: Iterable[str]
    ) -> tuple[list[tuple[str, ...]], frozenset[str]]:
        """Return the circles of one relation that some documents lead to, and everything that lies on circles there.

        What a circle runs through can be reached from each of its members, so that none of them is cut.
        """
        after: dict[str, list[str]] = {}
        queue = sorted(set(starts))
        seen = set(queue)
        for source in queue:
            entry = self.entries.get(source)
            for edge in (present_edge(self.loaded, e) for e in entry.edges) if entry else ():
                if edge.relation != relation or edge.target == source or edge.target not in self.entries:
                    continue
                after.setdefault(source, []).append(edge.target)
                if edge.target not in seen:
                    seen.add(edge.target)
                    queue.append(edge.target)
        return circles_of(after)


def circles_of(after: Mapping[str, list[str]]) -> tuple[list[tuple[str, ...]], frozenset[str]]:
    """Return one circle of each strongly connected part, and the members of all those parts."""
    parts = [part for part in _components(after) if len(part) > 1]
    return sorted(_circle(part, after) for part in parts), frozenset().union(*parts)


def _components(after: Mapping[str, list[str]]) -> list[set[str]]:
    """Return the strongly connected components (Tarjan 1972), without recursion."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    on_stack: set[str] = set()
    found: list[set[str]] = []
    for root in sorted(after):
        if root in index:
            continue
        work: list[tuple[str, Iterator[str]]] = [(root, iter(after[root]))]
        index[root] = low[root] = len(index)
        stack.append(root)
        on_stack.add(root)
        while work:
            node, rest = work[-1]
            for child in rest:
                if child not in index:
                    index[child] = low[child] = len(index)
                    stack.append(child)
                    on_stack.add(child)
                    work.append((child, iter(after.get(child, ()))))
                    break
                if child in on_stack:
                    low[node] = min(low[node], index[child])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    part = set(_pop_until(stack, node))
                    on_stack -= part
                    found.append(part)
    return found


def _pop_until(stack: list[str], last: str) -> Iterable[str]:
    while True:
        node = stack.pop()
        yield node
        if node == last:
            return


def _circle(part: set[str], after: Mapping[str, list[str]]) -> tuple[str, ...]:
    """Return the shortest circle through the lowest name of a component."""
    start = min(part)
    came_from: dict[str, str] = {}
    queue = [start]
    for node in queue:
        for child in sorted(after.get(node, ())):
            if child == start:
                path = [node]
                while path[-1] != start:
                    path.append(came_from[path[-1]])
                return tuple(reversed(path))
            if child in part and child not in came_from:
                came_from[child] = node
                queue.append(child)
    raise AssertionError("a strongly connected component has a circle through each of its members")
