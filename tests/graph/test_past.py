"""What incidents did to services: the quick way against asking at every moment."""

from __future__ import annotations

import random
from itertools import pairwise
from typing import Any

import pytest

from itsm_gitops.graph.declared import Declaration, felt
from itsm_gitops.graph.impact import Effect, ImpactGraph
from itsm_gitops.graph.network import Network
from itsm_gitops.graph.past import IncidentSpan, spells
from itsm_gitops.snapshots import load_store

SERVICES, SERVERS = 6, 14


def estate(git_repo: Any, rng: random.Random) -> ImpactGraph:
    """Write services and servers that need each other, many of them through redundancy groups."""
    names = [f"server-{n}" for n in range(SERVERS)] + [f"service-{n}" for n in range(SERVICES)]
    for place, name in enumerate(names):
        kind = name.split("-")[0]
        needs = rng.sample(names[:place], min(place, rng.randrange(0, 5)))
        links = "".join(f"- {{type: depends_on, target: {n}}}\n" for n in needs)
        text = f"id: {name}\nclass: {kind}\nname: {name}\nlifecycle: production\n"
        if needs:
            text += f"links:\n{links}"
        if len(needs) > 1:
            members = ", ".join(needs[: rng.randrange(2, len(needs) + 1)])
            text += f"redundancy:\n- {{name: r, members: [{members}], min_up: {rng.randrange(1, 3)}}}\n"
        git_repo.write(f"cmdb/{kind}s/{name}.yaml", text)
    store, _ = load_store(git_repo.repo.snapshot())
    return ImpactGraph(Network(store))


@pytest.mark.parametrize("seed", range(1, 7))
def test_spells_are_what_propagating_at_every_moment_says(git_repo: Any, seed: int) -> None:
    rng = random.Random(seed)
    graph = estate(git_repo, rng)
    items = sorted(graph.network.entries)
    faults = []
    for number in range(40):
        start = rng.randrange(0, 60)
        hit = tuple(rng.sample(items, rng.choice([1, 1, 1, 2])))
        effect = rng.choice([Effect.DEGRADED, Effect.OUTAGE])
        safe = frozenset(rng.sample(items, rng.choice([0, 0, 1, 2]))) - set(hit)
        faults.append(
            IncidentSpan(f"INC-{number}", Declaration(hit, effect, safe), start, start + rng.randrange(1, 12))
        )
    services = [i for i in items if i.startswith("service")]
    found = list(spells(graph, services, faults))
    together = 0
    for start, end in pairwise(sorted({f.start for f in faults} | {f.end for f in faults})):
        hits = felt(graph, [f.declared for f in faults if f.start <= start < f.end])
        for service in services:
            effect = hits[service].effect if service in hits else Effect.NONE
            covering = [s for s in found if s.service == service and s.start <= start and end <= s.end]
            told = max((s.effect for s in covering), default=Effect.NONE)
            assert told == (effect if effect > Effect.AT_RISK else Effect.NONE), (service, start)
            together += any(len(s.causes) > 1 for s in covering)
    assert together, "no failure of two at once in this estate: the test tests nothing"


@pytest.mark.parametrize("seed", range(1, 4))
def test_a_further_incident_never_makes_the_past_better(git_repo: Any, seed: int) -> None:
    rng = random.Random(seed)
    graph = estate(git_repo, rng)
    items = sorted(graph.network.entries)
    services = [i for i in items if i.startswith("service")]

    def worst(faults: list[IncidentSpan]) -> dict[tuple[str, int], Effect]:
        found: dict[tuple[str, int], Effect] = {}
        for spell in spells(graph, services, faults):
            for moment in range(spell.start, spell.end):
                at = (spell.service, moment)
                found[at] = max(spell.effect, found.get(at, Effect.NONE))
        return found

    faults: list[IncidentSpan] = []
    before = worst(faults)
    for number in range(30):
        start, hit = rng.randrange(0, 40), tuple(rng.sample(items, rng.choice([1, 1, 2])))
        effect = rng.choice([Effect.DEGRADED, Effect.OUTAGE])
        safe = frozenset(rng.sample(items, rng.choice([0, 0, 1]))) - set(hit)
        span = IncidentSpan(
            f"INC-{number}", Declaration(hit, effect, safe), start, start + rng.randrange(1, 12)
        )
        faults.append(span)
        after = worst(faults)
        assert all(after.get(at, Effect.NONE) >= effect for at, effect in before.items())
        before = after
