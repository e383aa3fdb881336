"""Whether a text fits a pattern, in time linear in the text: all ways through the pattern at once.

The states of a nondeterministic automaton that are reachable after some characters are one state of
a deterministic one, which is made when a text first leads to it. So nothing is ever tried again,
whatever the pattern is (K. Thompson, Regular Expression Search Algorithm, 1968).
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from itsm_gitops.schema.patterns import Alternatives, Anchor, InOrder, Node, OneOf, Ranges, Repeated, parse

_MOST_STATES = 2_000  # of the deterministic automaton that are remembered
_WORK = 3_000_000  # comparisons of a character with a class for one text: about a second


class _State:
    """Where a text can be in the pattern. ``fits`` is the verdict here, ``fits_at_end`` if the text ends here."""

    __slots__ = ("classes", "fits", "fits_at_end", "next")

    def __init__(self, classes: tuple[int, ...], *, fits: bool, fits_at_end: bool) -> None:
        self.classes = classes
        self.fits = fits
        self.fits_at_end = fits_at_end
        self.next: dict[str, _State] = {}


class Automaton:
    """A pattern that texts are compared with; made by `automaton`."""

    def __init__(self, node: Node) -> None:
        self._ranges: list[Ranges | None] = []  # of each class; None for what reads nothing
        self._edges: list[bool | None] = []  # True at the beginning, False at the end, else None
        self._follow: list[list[int]] = []
        self._accept = self._add()
        self._start = self._build(node, self._accept)
        self._states: dict[tuple[frozenset[int], bool], _State] = {}

    def _add(self, follow: Iterable[int] = (), ranges: Ranges | None = None, edge: bool | None = None) -> int:
        self._follow.append(list(follow))
        self._ranges.append(ranges)
        self._edges.append(edge)
        return len(self._follow) - 1

    def _build(self, node: Node, then: int) -> int:
        """Add the states of a tree in front of the state ``then`` and return the first of them."""
        match node:
            case OneOf(ranges):
                return self._add([then], ranges)
            case Anchor(at_start):
                return self._add([then], edge=at_start)
            case InOrder(parts):
                for part in reversed(parts):
                    then = self._build(part, then)
                return then
            case Alternatives(options):
                return self._add([self._build(option, then) for option in options])
            case Repeated(part, least, most):
                return self._repeat(part, least, most, then)

    def _repeat(self, part: Node, least: int, most: int | None, then: int) -> int:
        end = then
        if most is None:
            loop = self._add([then])
            self._follow[loop].append(self._build(part, loop))
            then = loop
        for _ in range(0 if most is None else most - least):
            then = self._add([self._build(part, then), end])
        for _ in range(least):
            then = self._build(part, then)
        return then

    def _reach(self, places: Iterable[int], *, at_start: bool, at_end: bool) -> set[int]:
        """Return the states that can be reached without reading a character."""
        reached: set[int] = set()
        waiting = list(places)
        while waiting:
            place = waiting.pop()
            edge = self._edges[place]
            if place in reached or (edge is not None and not (at_start if edge else at_end)):
                continue
            reached.add(place)
            if self._ranges[place] is None:
                waiting += self._follow[place]
        return reached

    def _state(self, places: frozenset[int], *, at_start: bool) -> _State:
        key = (places, at_start)
        state = self._states.get(key)
        if state is None:
            if len(self._states) >= _MOST_STATES:
                for old in self._states.values():
                    old.next.clear()
                self._states.clear()
            reached = self._reach(places, at_start=at_start, at_end=False)
            ending = self._reach(places, at_start=at_start, at_end=True)
            classes = tuple(p for p in reached if self._ranges[p] is not None)
            state = _State(classes, fits=self._accept in reached, fits_at_end=self._accept in ending)
            self._states[key] = state
        return state

    def _step(self, state: _State, character: str) -> _State:
        code = ord(character)
        places = {self._start}  # the pattern may also begin behind this character
        for place in state.classes:
            if any(low <= code <= high for low, high in self._ranges[place] or ()):
                places.update(self._follow[place])
        after = self._state(frozenset(places), at_start=False)
        state.next[character] = after
        return after

    def fits(self, text: str) -> bool:
        """Whether the pattern is found somewhere in the text; a text that takes too much work does not fit."""
        state = self._state(frozenset([self._start]), at_start=True)
        work = 0
        for character in text:
            if state.fits:
                return True
            after = state.next.get(character)
            if after is None:
                work += len(state.classes)
                if work > _WORK:
                    return False
                after = self._step(state, character)
            state = after
        return state.fits or state.fits_at_end


@cache
def automaton(pattern: str) -> Automaton:
    """Return the automaton of a pattern; raises BadPattern for what is none."""
    return Automaton(parse(pattern))


def fits(pattern: str, text: str) -> bool:
    """Whether a pattern is found in a text, as JSON Schema means it; raises BadPattern."""
    return automaton(pattern).fits(text)
