"""What declarations do to items: what people say has failed, how badly, and what they say is safe.

What a declaration names is hit at least as badly as declared; redundancy softens only what follows from it
(`impact.py`). What a declaration says is safe is not hit through that declaration; others may still hit it.
So a further declaration, or a further item in one, never makes anything better.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from itsm_gitops.graph.impact import Effect, Impacted, ImpactGraph
from itsm_gitops.graph.loaded import present_entry
from itsm_gitops.model import facts
from itsm_gitops.model.entry import Entry

# How the impact that a record declares reads as an effect on what it affects. Low impact (one person)
# says nothing about the service.
_EFFECTS = {"high": Effect.OUTAGE, "medium": Effect.DEGRADED}


class Declaration(NamedTuple):
    """Items that have failed, how badly, and those that are safe all the same."""

    items: tuple[str, ...]
    effect: Effect
    safe: frozenset[str] = frozenset()


def declaration_of(graph: ImpactGraph, entry: Entry) -> Declaration | None:
    """Return what a record declares of items that exist; None where it hits nothing.

    An item that it says is safe is so even where another field names it: an incident must name a service.
    """
    effect = _EFFECTS.get(str(entry.columns.get("impact")))
    entry = present_entry(graph.network.loaded, entry)
    safe = frozenset(facts.spared(entry))
    items = tuple(i for i in facts.affected(entry) if i in graph.network.entries and i not in safe)
    return Declaration(items, effect, safe) if effect is not None and items else None


def felt(graph: ImpactGraph, declarations: Iterable[Declaration]) -> Mapping[str, Impacted]:
    """Return every item that is hit by some declarations together, those that they name included."""
    return _felt(graph, frozenset(declarations), {})


def _felt(
    graph: ImpactGraph,
    some: frozenset[Declaration],
    known: dict[frozenset[Declaration], Mapping[str, Impacted]],
) -> Mapping[str, Impacted]:
    if some not in known:
        failed: dict[str, Effect] = {}
        for one in some:
            for item in one.items:
                failed[item] = max(one.effect, failed.get(item, Effect.NONE))
        held = {}
        for item in sorted({i for one in some for i in one.safe}):
            # What is safe from some declarations is hit as the others hit it.
            held[item] = _felt(graph, frozenset(d for d in some if item not in d.safe), known).get(item)
        known[some] = graph.propagate(failed, held)
    return known[some]
