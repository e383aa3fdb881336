"""Circles in which failure travels along several kinds of relation: no kind has a circle by itself, together they do."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from itsm_gitops.graph.impact import ImpactGraph
from itsm_gitops.graph.network import circles_of
from itsm_gitops.model.findings import Pointer


class ImpactCircle(NamedTuple):
    """Items of which each needs or contains the next one, and the last the first; ``words`` are the relations.

    ``holder`` is the document that stores the first of these relations, at ``pointer``.
    """

    members: tuple[str, ...]
    words: tuple[str, ...]
    holder: str
    pointer: Pointer

    @property
    def way(self) -> str:
        """The circle in words."""
        after = (*self.members[1:], self.members[0])
        return ", ".join(f"{a} {w} {b}" for a, w, b in zip(self.members, self.words, after, strict=True))


def mixed_circles(
    graph: ImpactGraph, starts: Iterable[str] | None = None
) -> tuple[list[ImpactCircle], frozenset[str]]:
    """Return the circles of several kinds of relation, and everything that lies on circles.

    With ``starts`` those that some items lead to; what a circle runs through can be reached from each of its members.
    """
    queue = sorted({*graph.needs, *graph.parts} if starts is None else set(starts))
    seen, after = set(queue), dict[str, list[str]]()
    for item in queue:
        causes = sorted({*graph.needs.get(item, ()), *graph.parts.get(item, ())} - {item})
        if causes:
            after[item] = causes
        for cause in causes:
            if cause not in seen:
                seen.add(cause)
                queue.append(cause)
    circles, members = circles_of(after)
    found = [_circle(graph, c) for c in circles]
    return [c for c in found if not _is_of_one(graph, c)], members


def _circle(graph: ImpactGraph, members: tuple[str, ...]) -> ImpactCircle:
    pairs = list(zip(members, (*members[1:], members[0]), strict=True))
    words = tuple(graph.needs.get(a, {}).get(b) or graph.parts[a][b] for a, b in pairs)
    links = graph.network.book.links
    first, other = pairs[0] if words[0] in links else pairs[0][::-1]
    name = words[0] if words[0] in links else graph.network.book.inverses[words[0]].name
    edges = graph.network.entries[first].edges
    pointer = next((e.pointer for e in edges if e.relation == name and e.target == other), ())
    return ImpactCircle(members, words, first, pointer)


def _is_of_one(graph: ImpactGraph, circle: ImpactCircle) -> bool:
    """Whether one relation without circles runs all the way: that has a finding of its own."""
    book = graph.network.book
    names = {w if w in book.links else book.inverses[w].name for w in circle.words}
    return len(names) == 1 and book.links[names.pop()].acyclic
