"""How much of a time services lose to planned work, alone and together."""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest

from itsm_gitops.graph.availability import Availability, project
from itsm_gitops.graph.impact import Effect, ImpactGraph
from itsm_gitops.graph.planned import Planned
from itsm_gitops.model.rulebook import RuleBook
from tests.gate.snapshots import DAY, change, graph_of, group, item

MINUTE = timedelta(minutes=1)


def pair(min_up: int = 1, nodes: int = 2) -> list[dict[str, Any]]:
    """A service over an application over nodes of which so many must be up."""
    names = [f"node-{n}" for n in range(1, nodes + 1)]
    return [
        item("shop", "service", needs=["web"]),
        item("web", needs=names, redundancy=group(names, min_up)),
        *(item(n) for n in names),
    ]


def projected(
    book: RuleBook,
    documents: Iterable[dict[str, Any]],
    *changes: Planned,
    hours: tuple[float, float] = (0, 24),
    services: Iterable[str] | None = None,
) -> dict[str, Availability]:
    start, end = (DAY + timedelta(hours=h) for h in hours)
    found = project(graph_of(book, documents), changes, start, end, services)
    return {a.service: a for a in found}


def down(found: dict[str, Availability]) -> dict[str, tuple[int, int]]:
    return {name: (a.outage, a.degraded) for name, a in found.items()}


def test_an_interruption_travels_up_to_the_services(book: RuleBook) -> None:
    documents = [item("shop", "service", needs=["db"]), item("wiki", "service"), item("db")]
    found = projected(book, documents, change(1, 20, 22, ["db"], outage=36))
    assert down(found) == {"shop": (36, 0)}
    assert found["shop"].percent == pytest.approx(97.5)
    assert [(c.changes, c.effect, c.minutes) for c in found["shop"].causes] == [
        (("CHG-261120-00001",), Effect.OUTAGE, 36)
    ]


def test_a_change_without_an_interruption_costs_nothing(book: RuleBook) -> None:
    documents = [item("shop", "service", needs=["db"]), item("db")]
    assert projected(book, documents, change(1, 20, 22, ["db"])) == {}


def test_only_the_services_that_a_change_names_go_down_where_it_names_some(book: RuleBook) -> None:
    documents = [
        item("shop", "service", needs=["db"]),
        item("wiki", "service", needs=["db"]),
        item("portal", "service", needs=["wiki"]),
        item("db"),
    ]
    found = projected(book, documents, change(1, 20, 22, ["db"], outage=10, interrupted=("wiki",)))
    assert down(found) == {"portal": (10, 0), "wiki": (10, 0)}


def test_a_failed_part_degrades_what_contains_it(book: RuleBook) -> None:
    documents = [item("shop", "service"), item("search", "application", part_of=["shop"])]
    assert down(projected(book, documents, change(1, 20, 22, ["search"], outage=15))) == {"shop": (0, 15)}


def test_redundancy_holds_one_interruption_back_but_not_two_at_once(book: RuleBook) -> None:
    one = change(1, 20, 22, ["node-1"], outage=90)
    later, meanwhile = change(2, 22, 24, ["node-2"], outage=90), change(2, 21, 23, ["node-2"], outage=90)
    assert projected(book, pair(), one) == {}
    assert projected(book, pair(), one, later) == {}
    found = projected(book, pair(), one, meanwhile)
    assert down(found) == {"shop": (60, 0)}  # an hour is all that both windows share
    assert found["shop"].causes[0].changes == (one.id, meanwhile.id)


def test_three_together_break_what_any_two_leave_standing(book: RuleBook) -> None:
    three = [change(n, 20, 22, [f"node-{n}"], outage=30 * n) for n in (1, 2, 3)]
    assert projected(book, pair(nodes=3), *three[:2]) == {}
    found = projected(book, pair(nodes=3), *three)
    assert down(found) == {"shop": (30, 0)}
    assert found["shop"].causes[0].changes == tuple(c.id for c in three)


def test_what_lies_outside_the_time_does_not_count(book: RuleBook) -> None:
    documents = [item("shop", "service", needs=["db"]), item("db")]
    work = change(1, 20, 22, ["db"], outage=100)
    assert down(projected(book, documents, work, hours=(21, 24))) == {"shop": (60, 0)}
    assert projected(book, documents, work, hours=(22, 24)) == {}
    full = projected(book, documents, work, change(2, 20, 22, ["db"], outage=100), hours=(20, 22))
    assert (full["shop"].outage, full["shop"].percent) == (120, 0.0)


def test_the_worst_comes_first_and_others_can_be_left_out(book: RuleBook) -> None:
    documents = [
        item("shop", "service", needs=["db"]),
        item("wiki", "service", needs=["host"]),
        item("db"),
        item("host"),
    ]
    work = change(1, 20, 22, ["db"], outage=10), change(2, 3, 5, ["host"], outage=50)
    assert list(projected(book, documents, *work)) == ["wiki", "shop"]
    assert list(projected(book, documents, *work, services=["shop"])) == ["shop"]


@pytest.mark.slow
def test_a_hopeless_schedule_is_still_answered(book: RuleBook) -> None:
    """Hundreds of interruptions at once: every service is told, and it does not take for ever."""
    documents = [
        *pair(nodes=4),
        *(item(f"db-{n}") for n in range(300)),
        *(item(f"s-{n}", "service", needs=[f"db-{n}"]) for n in range(300)),
    ]
    work = [change(n, 0, 24, [f"db-{n}"], outage=5) for n in range(300)]
    assert len(projected(book, documents, *work)) == 300


def minute_by_minute(graph: ImpactGraph, changes: list[Planned], hours: int) -> set[str]:
    """The services that are down or degraded in some minute in which every window's work interrupts."""
    hit = set()
    for minute in range(hours * 60):
        moment = DAY + minute * MINUTE
        failed = {i: Effect.OUTAGE for c in changes if c.start <= moment < c.end for i in c.items}
        hits = graph.propagate(failed).values()
        hit |= {
            h.id for h in hits if graph.network.entries[h.id].kind == "service" and h.effect > Effect.AT_RISK
        }
    return hit


@pytest.mark.parametrize("seed", range(12))
def test_the_same_services_as_minute_by_minute(book: RuleBook, seed: int) -> None:
    luck = random.Random(seed)
    nodes = [f"node-{n}" for n in range(6)]
    documents = [item(n) for n in nodes]
    for number in range(5):
        needs = luck.sample(nodes, luck.randrange(1, 5))
        spare = {"redundancy": group(needs, luck.randrange(1, len(needs) + 1))} if len(needs) > 1 else {}
        documents.append(item(f"s-{number}", "service", needs=needs, **spare))
    graph = graph_of(book, documents)
    work = []
    for number in range(4):
        start = luck.randrange(6)
        work.append(change(number, start, start + luck.randrange(1, 4), luck.sample(nodes, 1), outage=1))
    found = project(graph, work, DAY, DAY + timedelta(hours=10))
    assert {a.service for a in found} == minute_by_minute(graph, work, 10)
