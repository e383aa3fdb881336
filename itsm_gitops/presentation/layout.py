"""Layered layout of a small directed graph, for diagrams drawn while the site is built.

The method is Sugiyama's: break circles, put each node one layer beyond everything that points to
it, bend long edges at every layer they cross, order the layers by the barycentres of their
neighbours. Sources come first (left); the same input always gives the same picture.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

_SWEEPS = 6


@dataclass(frozen=True, slots=True)
class Placed:
    """Where everything is: ``layers`` of node names (bends have names of their own) and routes.

    ``position`` gives each node its layer and its vertical place in units of one node. A route is
    the names an edge passes, both ends included.
    """

    layers: tuple[tuple[str, ...], ...]
    position: Mapping[str, tuple[int, float]]
    routes: Mapping[tuple[str, str], tuple[str, ...]]


def place(nodes: Sequence[str], edges: Iterable[tuple[str, str]]) -> Placed:
    """Lay out ``nodes`` with ``edges`` (from, to); edges to unknown nodes and to oneself are left out."""
    node_set = set(nodes)
    pairs = sorted({(a, b) for a, b in edges if a in node_set and b in node_set and a != b})
    # Many pictures have the same shape: names matter only by their order, so each shape is laid out once.
    names = sorted(node_set)
    number = {name: f"{i:06}" for i, name in enumerate(names)}
    shape = _place(tuple(number[n] for n in nodes), tuple((number[a], number[b]) for a, b in pairs))
    name_of = dict(zip(number.values(), names, strict=True))

    def real_name(part: str) -> str:
        # Bends have the names of both ends in theirs.
        return "\0".join(name_of.get(piece, piece) for piece in part.split("\0"))

    return Placed(
        tuple(tuple(map(real_name, layer)) for layer in shape.layers),
        {real_name(n): at for n, at in shape.position.items()},
        {(real_name(a), real_name(b)): tuple(map(real_name, way)) for (a, b), way in shape.routes.items()},
    )


@lru_cache(maxsize=4096)
def _place(nodes: tuple[str, ...], pairs: tuple[tuple[str, str], ...]) -> Placed:
    forward = _without_circles(nodes, list(pairs))
    layer = _layers(nodes, forward)
    routes: dict[tuple[str, str], tuple[str, ...]] = {}
    columns: list[list[str]] = [[] for _ in range(max(layer.values(), default=0) + 1)]
    for node in nodes:
        columns[layer[node]].append(node)
    segments: list[tuple[str, str]] = []
    for a, b in pairs:
        start, end = (a, b) if layer[a] < layer[b] else (b, a)
        bends = [f"{start}\0{end}\0{i}" for i in range(layer[start] + 1, layer[end])]
        for i, bend in enumerate(bends, layer[start] + 1):
            columns[i].append(bend)
        path = (start, *bends, end)
        segments += pairwise(path)
        routes[a, b] = path if (start, end) == (a, b) else tuple(reversed(path))
    _order(columns, segments)
    return Placed(tuple(tuple(c) for c in columns), _positions(columns, segments), routes)


def _without_circles(nodes: Sequence[str], edges: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Turn round the edges that close a circle in a depth-first walk."""
    after: dict[str, list[str]] = {n: [] for n in nodes}
    for a, b in edges:
        after[a].append(b)
    finished: set[str] = set()
    forward: list[tuple[str, str]] = []
    for start in nodes:
        if start in finished:
            continue
        path = {start: iter(after[start])}
        while path:
            node = next(reversed(path))
            for child in path[node]:
                forward.append((child, node) if child in path else (node, child))
                if child not in finished and child not in path:
                    path[child] = iter(after[child])
                    break
            else:
                finished.add(node)
                del path[node]
    return forward


def _layers(nodes: Sequence[str], edges: list[tuple[str, str]]) -> dict[str, int]:
    """Longest path from any source, then sources pulled next to what they point to."""
    layer = dict.fromkeys(nodes, 0)
    for _ in nodes:
        changed = False
        for a, b in edges:
            if layer[b] <= layer[a]:
                layer[b] = layer[a] + 1
                changed = True
        if not changed:
            break
    targets: dict[str, list[int]] = {}
    pointed = {b for _, b in edges}
    for a, b in edges:
        targets.setdefault(a, []).append(layer[b])
    for node in nodes:
        if node not in pointed and node in targets:
            layer[node] = min(targets[node]) - 1
    return layer


def _order(columns: list[list[str]], segments: list[tuple[str, str]]) -> None:
    """Sort each column by where its neighbours in the column before (then after) stand."""
    before: dict[str, list[str]] = {}
    after: dict[str, list[str]] = {}
    for a, b in segments:
        before.setdefault(b, []).append(a)
        after.setdefault(a, []).append(b)
    for sweep in range(_SWEEPS):
        forward = sweep % 2 == 0
        indices = range(1, len(columns)) if forward else range(len(columns) - 2, -1, -1)
        near = before if forward else after
        for i in indices:
            rank = {n: k for k, n in enumerate(columns[i - 1 if forward else i + 1])}
            own = {n: k for k, n in enumerate(columns[i])}
            wish = {n: _barycentre(near.get(n, ()), rank, own[n]) for n in columns[i]}
            columns[i].sort(key=wish.__getitem__)


def _barycentre(neighbours: Iterable[str], rank: Mapping[str, int], own: int) -> float:
    places = [rank[n] for n in neighbours if n in rank]
    return sum(places) / len(places) if places else float(own)


def _positions(columns: list[list[str]], segments: list[tuple[str, str]]) -> dict[str, tuple[int, float]]:
    """Give each node a vertical place near its neighbours', at least one unit (bend: half) apart."""
    height = max((len(c) for c in columns), default=0)
    place_of: dict[str, float] = {}
    for column in columns:
        offset = (height - len(column)) / 2
        place_of.update({n: k + offset for k, n in enumerate(column)})
    near: dict[str, list[str]] = {}
    for a, b in segments:
        near.setdefault(a, []).append(b)
        near.setdefault(b, []).append(a)
    for _ in range(_SWEEPS):
        for column in columns:
            wish = [
                sum(place_of[m] for m in near[n]) / len(near[n]) if near.get(n) else place_of[n]
                for n in column
            ]
            place_of.update(zip(column, _spread(wish, column), strict=True))
    lowest = min(place_of.values(), default=0.0)
    return {n: (i, place_of[n] - lowest) for i, column in enumerate(columns) for n in column}


def _spread(wish: list[float], column: list[str]) -> list[float]:
    """Move wished places apart, keeping their order and their common centre."""
    if not wish:
        return []
    gaps = [0.5 if "\0" in a or "\0" in b else 1.0 for a, b in pairwise(column)]
    placed = [wish[0]]
    for target, gap in zip(wish[1:], gaps, strict=True):
        placed.append(max(target, placed[-1] + gap))
    drift = (sum(wish) - sum(placed)) / len(wish)
    return [p + drift for p in placed]
