"""The sweep finds what comparing every pair with every other finds (benchmarks/plan.py says how fast)."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from itsm_gitops.graph.collisions import (
    DEPENDENCY,
    IMPLEMENTER,
    KINDS,
    PART,
    REDUNDANCY,
    SAME,
    Neighbourhood,
    collisions,
    depth,
    severities,
)
from itsm_gitops.graph.impact import ImpactGraph
from itsm_gitops.graph.planned import Planned
from itsm_gitops.model.rulebook import CHANGE_CONTROL, RuleBook
from tests.gate.snapshots import change, graph_of, group, item


class BruteForce:
    """Compares all pairs by the definitions. What is asked again and again is remembered, no more."""

    def __init__(self, graph: ImpactGraph, steps: int) -> None:
        self.graph, self.steps = graph, steps
        self._near: dict[tuple[int, str], set[str]] = {}
        self.groups = [
            (one, {m for m in one.members if graph.in_production(m)})
            for owner, groups in graph.groups.items()
            if graph.in_production(owner)
            for one in groups
        ]

    def near(self, side: Any, start: str) -> set[str]:
        if (id(side), start) not in self._near:
            found, level = {start}, {start}
            for _ in range(self.steps):
                level = {n for i in level for n in side.get(i, {})}
                found |= level
            self._near[id(side), start] = found - {start}
        return self._near[id(side), start]

    def meets(self, side: Any, a: Planned, b: Planned) -> bool:
        """Whether an item of ``a`` needs (or contains) one of ``b``, and neither says it is not touched."""
        return any(
            y in self.near(side, x) and x not in b.excluded and y not in a.excluded
            for x in a.items
            for y in b.items
        )

    def taken(self, change: Planned) -> dict[int, set[str]]:
        items = set(change.items)
        found = {
            number: {m for m in alive if items & ({m} | self.near(self.graph.needs, m))}
            for number, (_, alive) in enumerate(self.groups)
        }
        return {number: members for number, members in found.items() if members}

    def short(self, one: dict[int, set[str]], two: dict[int, set[str]]) -> bool:
        def spared(number: int, members: set[str]) -> bool:
            group_, alive = self.groups[number]
            return len(alive - members) >= group_.min_up

        return any(
            spared(n, one[n]) and spared(n, two[n]) and not spared(n, one[n] | two[n])
            for n in one.keys() & two.keys()
        )

    def kind(self, a: Planned, b: Planned, taken: dict[str, dict[int, set[str]]]) -> str | None:
        """The first way in which two changes meet through their items."""
        ways = (
            (SAME, bool(set(a.items) & set(b.items))),
            (PART, self.meets(self.graph.parts, a, b) or self.meets(self.graph.parts, b, a)),
            (DEPENDENCY, self.meets(self.graph.needs, a, b) or self.meets(self.graph.needs, b, a)),
            (REDUNDANCY, self.short(taken[a.id], taken[b.id])),
        )
        return next((k for k, holds in ways if holds), None)


def brute_force(changes: Sequence[Planned], graph: ImpactGraph, steps: int) -> set[tuple[str, str, str]]:
    force = BruteForce(graph, steps)
    taken = {c.id: force.taken(c) for c in changes}
    found = set()
    for number, a in enumerate(changes):
        for b in changes[number + 1 :]:
            if not (a.start < b.end and b.start < a.end) or b.id in a.coordinated or a.id in b.coordinated:
                continue
            one, two = sorted((a.id, b.id))
            kind = force.kind(a, b, taken)
            if kind:
                found.add((kind, one, two))
            if set(a.implementers) & set(b.implementers):
                found.add((IMPLEMENTER, one, two))
    return found


def swept(changes: Sequence[Planned], graph: ImpactGraph, steps: int = 1) -> set[tuple[str, str, str]]:
    found = collisions(changes, Neighbourhood(graph, steps))
    assert len({(c.kind, c.first.id, c.second.id) for c in found}) == len(found)
    return {(c.kind, *sorted((c.first.id, c.second.id))) for c in found}


def cmdb(book: RuleBook, luck: random.Random, count: int) -> tuple[ImpactGraph, list[str]]:
    """Services over applications over servers, with parts, pairs and items out of use."""
    names = [f"ci-{n:04d}" for n in range(count)]
    documents = []
    for number, name in enumerate(names):
        lower = names[number + 1 : number + 1 + max(20, count // 10)]
        needs = luck.sample(lower, min(len(lower), luck.randrange(4)))
        whole = luck.sample(names[:number][-20:], 1) if number and luck.random() < 0.2 else []
        about: dict[str, Any] = (
            {"redundancy": group(needs, luck.randrange(1, len(needs)))}
            if len(needs) > 1 and luck.random() < 0.5
            else {}
        )
        if luck.random() < 0.05:
            about["lifecycle"] = "retired"
        documents.append(item(name, needs=needs, part_of=whole, **about))
    return graph_of(book, documents), names


def some_changes(luck: random.Random, names: Sequence[str], count: int, hours: float) -> list[Planned]:
    made = []
    for number in range(count):
        start = luck.uniform(0, hours)
        end = start + luck.choice([0.5, 1, 2, 4, 8])
        made.append(
            change(
                number,
                start,
                end,
                luck.sample(names, luck.randrange(1, min(5, len(names)))),
                implementers=tuple(luck.sample(["ann", "bob", "cleo", "dan"], luck.randrange(3)))
                if count < 100
                else (f"person-{luck.randrange(200)}",),
                excluded=frozenset(luck.sample(names, 1)) if luck.random() < 0.2 else frozenset(),
                coordinated=frozenset([f"CHG-261120-{luck.randrange(count):05d}"])
                if luck.random() < 0.1
                else frozenset(),
                opened=f"2026-11-20T{luck.randrange(24):02d}:00:00Z",
            )
        )
    return made


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32), size=st.integers(3, 25), count=st.integers(2, 20), steps=st.integers(0, 3))
def test_the_sweep_agrees_with_brute_force(
    book: RuleBook, seed: int, size: int, count: int, steps: int
) -> None:
    luck = random.Random(seed)
    graph, names = cmdb(book, luck, size)
    changes = some_changes(luck, names, count, 12)
    assert swept(changes, graph, steps) == brute_force(changes, graph, steps)


@pytest.mark.slow
def test_two_thousand_changes_over_five_thousand_items(book: RuleBook) -> None:
    luck = random.Random(3)
    graph, names = cmdb(book, luck, 5000)
    changes = some_changes(luck, names, 2000, 24 * 14)
    found = collisions(changes, Neighbourhood(graph))
    assert {c.kind for c in found} == set(KINDS)
    assert {(c.kind, *sorted((c.first.id, c.second.id))) for c in found} == brute_force(changes, graph, 1)


def only(book: RuleBook, changes: Iterable[Planned], *documents: dict[str, Any]) -> list[tuple[str, str]]:
    return [(c.kind, c.reason) for c in collisions(list(changes), Neighbourhood(graph_of(book, documents)))]


def test_windows_that_touch_do_not_collide(book: RuleBook) -> None:
    assert only(book, [change(1, 0, 2, ["db"]), change(2, 2, 4, ["db"])], item("db")) == []


def test_each_way_of_meeting_is_told(book: RuleBook) -> None:
    web, db = item("web", needs=["db"]), item("db")
    assert only(book, [change(1, 0, 2, ["db"]), change(2, 1, 4, ["db", "web"])], web, db) == [
        (SAME, "both change db")
    ]
    assert only(book, [change(1, 0, 2, ["db"]), change(2, 1, 4, ["web"])], web, db) == [
        (DEPENDENCY, "web needs db")
    ]
    rack, disk = item("rack"), item("disk", part_of=["rack"])
    assert only(book, [change(1, 0, 2, ["disk"]), change(2, 1, 4, ["rack"])], rack, disk) == [
        (PART, "rack contains disk")
    ]
    people = {"implementers": ("ann",)}
    assert only(book, [change(1, 0, 2, ["db"], **people), change(2, 1, 4, ["rack"], **people)], db, rack) == [
        (IMPLEMENTER, "ann carries out both")
    ]


def test_two_changes_that_each_pass_alone_break_a_pair_together(book: RuleBook) -> None:
    web = item("web", needs=["node-1", "node-2"], redundancy=group(["node-1", "node-2"]))
    nodes = [
        item("node-1", needs=["host-1"]),
        item("node-2", needs=["host-2"]),
        item("host-1"),
        item("host-2"),
    ]
    both = [change(1, 0, 2, ["host-1"]), change(2, 1, 3, ["node-2"])]
    told = "together they leave too few of what web needs (node-1 and node-2)"
    assert only(book, both, web, *nodes) == [(REDUNDANCY, told)]
    third = item("node-3")
    three = item(
        "web", needs=["node-1", "node-2", "node-3"], redundancy=group(["node-1", "node-2", "node-3"])
    )
    assert only(book, both, three, third, *nodes) == []


def test_a_change_that_leaves_too_few_by_itself_is_not_made_worse_by_another(book: RuleBook) -> None:
    web = item("web", needs=["node-1", "node-2"], redundancy=group(["node-1", "node-2"]))
    changes = [change(1, 0, 2, ["node-1", "node-2"]), change(2, 1, 3, ["other"])]
    assert only(book, changes, web, item("node-1"), item("node-2"), item("other")) == []


def test_excluded_items_and_agreements_are_heeded(book: RuleBook) -> None:
    documents = (item("web", needs=["db"]), item("db"))
    apart = [change(1, 0, 2, ["db"]), change(2, 1, 4, ["web"], excluded=frozenset(["db"]))]
    assert only(book, apart, *documents) == []
    agreed = [change(1, 0, 2, ["db"], coordinated=frozenset(["CHG-261120-00002"])), change(2, 1, 4, ["db"])]
    assert only(book, agreed, *documents) == []


def test_the_younger_change_is_the_one_to_move(book: RuleBook) -> None:
    old, new = (
        change(1, 3, 5, ["db"], opened="2026-11-01T00:00:00Z"),
        change(2, 0, 4, ["db"], opened="2026-11-02T00:00:00Z"),
    )
    (found,) = collisions([new, old], Neighbourhood(graph_of(book, [item("db")])))
    assert (found.first, found.second) == (old, new)
    assert (found.overlap.end - found.overlap.start).seconds == 3600


@pytest.mark.parametrize("off", KINDS)
def test_a_policy_turns_a_kind_off(off: str) -> None:
    assert set(
        severities({"collisions": {off: "off", "same": "error"} if off != "same" else {"same": "off"}})
    ) == {*KINDS} - {off}


def test_the_shipped_policy_warns_of_everything_one_step_away(book: RuleBook) -> None:
    policy = book.policy(CHANGE_CONTROL)
    assert severities(policy) == dict.fromkeys(KINDS, "warning")
    assert depth(policy) == 1
