"""Patterns that a backtracking engine can read one text with in ever more ways (CWE-1333).

`automaton.py` is linear for every pattern, but editors and browsers read the same patterns with
engines that try one way after the other. A pattern with two ways round the same loop for the same
text doubles the ways with every turn: ``(a+)+``, ``(a|a)*``, ``(a?b?)*``. It is found on the
positions of the pattern (V. Glushkov, 1961) by walking two ways side by side (A. Weber and
H. Seidl, On the degree of ambiguity of finite automata, 1991).

Counts above three are loops here: thirty turns are as bad as no bound.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache

from itsm_gitops.schema.patterns import Alternatives, Anchor, InOrder, Node, OneOf, Ranges, Repeated, parse

_FEW = 3
_MOST = 120  # positions that are compared with each other

Part = tuple[bool, frozenset[int], frozenset[int]]  # whether it may be empty, its first and last positions
_EMPTY: Part = (True, frozenset(), frozenset())


class _Positions:
    """The positions of a pattern, and how often the pattern lets one follow another."""

    def __init__(self) -> None:
        self.ranges: list[Ranges] = []
        self.follow: Counter[tuple[int, int]] = Counter()

    def read(self, node: Node) -> Part:
        match node:
            case OneOf(ranges):
                self.ranges.append(ranges)
                own = frozenset([len(self.ranges) - 1])
                return False, own, own
            case Anchor():
                return _EMPTY
            case InOrder(parts):
                whole = _EMPTY
                for part in parts:
                    whole = self._joined(whole, self.read(part))
                return whole
            case Alternatives(options):
                return self._either(self.read(option) for option in options)
            case Repeated(part, least, most):
                return self._repeated(part, least, most)

    def _joined(self, one: Part, other: Part) -> Part:
        self.follow.update((last, first) for last in one[2] for first in other[1])
        first = one[1] | other[1] if one[0] else one[1]
        last = one[2] | other[2] if other[0] else other[2]
        return one[0] and other[0], first, last

    def _either(self, parts: Iterable[Part]) -> Part:
        empty, first, last = False, frozenset[int](), frozenset[int]()
        for part in parts:
            empty, first, last = empty or part[0], first | part[1], last | part[2]
        return empty, first, last

    def _repeated(self, part: Node, least: int, most: int | None) -> Part:
        if most == least:  # a fixed count: nothing to choose, only positions that follow each other
            whole = _EMPTY
            for _ in range(min(least, _FEW)):
                whole = self._joined(whole, self.read(part))
            return whole
        if most is not None and most <= _FEW:
            whole = _EMPTY
            for number in range(most, 0, -1):
                one = self._joined(self.read(part), whole)
                whole = (True, one[1], one[2]) if number > least else one
            return whole
        empty, first, last = self.read(part)
        self.follow.update((end, start) for end in last for start in first)
        return empty or least == 0, first, last


@cache
def is_ambiguous(pattern: str) -> bool:
    """Whether a loop of the pattern has two ways round for one text; raises BadPattern for no pattern."""
    positions = _Positions()
    positions.read(parse(pattern))
    follow: dict[int, set[int]] = {}
    for one, other in positions.follow:
        follow.setdefault(one, set()).add(other)
    reach = {p: _reachable(follow, [p]) for p in follow}
    looping = {p for p in follow if p in reach[p]}
    if len(looping) > _MOST:
        return True
    if any(n > 1 and one in reach.get(other, ()) for (one, other), n in positions.follow.items()):
        return True
    return _diverges(positions.ranges, {p: follow[p] & looping & _loop(reach, p) for p in looping})


def _loop(reach: Mapping[int, set[int]], place: int) -> set[int]:
    return {other for other in reach[place] if place in reach.get(other, ())}


def _reachable(follow: Mapping[int, Iterable[int]], start: Iterable[int]) -> set[int]:
    reached: set[int] = set()
    waiting = [other for place in start for other in follow.get(place, ())]
    while waiting:
        place = waiting.pop()
        if place not in reached:
            reached.add(place)
            waiting += follow.get(place, ())
    return reached


Pair = tuple[int, int]


def _diverges(ranges: list[Ranges], follow: Mapping[int, set[int]]) -> bool:
    """Whether two ways over one text can part and meet again within a loop."""
    meets = {(p, q) for p in follow for q in follow if _overlap(ranges[p], ranges[q])}
    ahead: dict[Pair, list[Pair]] = {}
    back: dict[Pair, list[Pair]] = {}
    waiting: list[Pair] = [(p, p) for p in follow]
    parted: set[Pair] = set()
    while waiting:
        pair = waiting.pop()
        for other in ((a, b) for a in follow[pair[0]] for b in follow[pair[1]] if (a, b) in meets):
            ahead.setdefault(pair, []).append(other)
            back.setdefault(other, []).append(pair)
            if other[0] != other[1] and other not in parted:
                parted.add(other)
                waiting.append(other)
    joined: set[Pair] = set()
    returning = [pair for p in follow for pair in back.get((p, p), ()) if pair[0] != pair[1]]
    while returning:
        pair = returning.pop()
        if pair not in joined:
            joined.add(pair)
            returning += [other for other in back.get(pair, ()) if other[0] != other[1]]
    return bool(parted & joined)


def _overlap(one: Ranges, other: Ranges) -> bool:
    return any(
        low <= other_high and other_low <= high for low, high in one for other_low, other_high in other
    )
