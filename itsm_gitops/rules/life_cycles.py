"""Rule S030: a life cycle as a whole leads from its beginning to an end, and nowhere to a place without a way out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from itsm_gitops.model.findings import WARNING, Pointer
from itsm_gitops.rules.book import BookContext
from itsm_gitops.rules.rule import RULEBOOK, Hit, Rule


def life_cycles_lead_somewhere(ctx: BookContext) -> Iterator[Hit]:
    """Follow the steps of each life cycle from its first state, and back from its last ones."""
    for path, flow in ctx.usable("schemas/workflows/", ".yaml"):
        if not ctx.refusals(path) and _named(flow) <= flow["states"].keys():
            for message, pointer, hint in _faults(flow):
                yield Hit(message, pointer, hint, path, at_key=True)


def _named(flow: Mapping[str, Any]) -> set[str]:
    """Return the states that a life cycle names; what there is not has a finding of its own."""
    return {flow["initial"], *(s for step in flow["transitions"] for s in (*step["from"], step["to"]))}


def _faults(flow: Mapping[str, Any]) -> Iterator[tuple[str, Pointer, str]]:
    states = flow["states"]
    ways: dict[str, set[str]] = {name: set() for name in states}
    back: dict[str, set[str]] = {name: set() for name in states}
    for step in flow["transitions"]:
        for source in step["from"]:
            if source in states and step["to"] in states:
                ways[source].add(step["to"])
                back[step["to"]].add(source)
    final = {name for name, about in states.items() if about.get("terminal")}
    if not final:
        yield (
            "this life cycle has no end: no state is terminal",
            ("states",),
            "say terminal: true of the last one",
        )
    reached, ending = _reached(ways, {flow["initial"]}), _reached(back, final)
    for name in states:
        at: Pointer = ("states", name)
        if name in final:
            if ways[name]:
                out = ", ".join(sorted(ways[name]))
                yield (
                    f"'{name}' is terminal, and steps lead out of it ({out})",
                    at,
                    "take one of the two away",
                )
        elif not ways[name] - {name}:
            hint = "add a step out of it, or say terminal: true"
            yield f"nothing leads out of '{name}': a record would stay there for ever", at, hint
        elif final and name not in ending:
            yield f"no way leads from '{name}' to an end", at, "add a step towards a terminal state"
        if name not in reached:
            yield (
                f"no way leads to '{name}': no record can get there",
                at,
                "add a step to it, or take it away",
            )


def _reached(ways: Mapping[str, set[str]], starts: set[str]) -> set[str]:
    found, queue = set(starts), sorted(starts)
    for name in queue:
        for other in sorted(ways[name] - found):
            found.add(other)
            queue.append(other)
    return found


RULES = (
    Rule(
        "S030",
        "Life cycle that leads nowhere",
        scope=RULEBOOK,
        severity=WARNING,
        why="A record in a state without a way out stays open for ever; a state that nothing leads to is never used.",
        hint="add the missing step, or say terminal: true",
        bad="states: {pending_vendor: {title: Pending vendor, category: waiting, …}}\n"
        "transitions:\n  - {name: ask_vendor, from: [in_progress], to: pending_vendor}",
        good="states: {pending_vendor: {title: Pending vendor, category: waiting, …}}\n"
        "transitions:\n  - {name: ask_vendor, from: [in_progress], to: pending_vendor}\n"
        "  - {name: vendor_answered, from: [pending_vendor], to: in_progress}",
        check=life_cycles_lead_somewhere,
    ),
)
