"""`itsm impact`: what a failure would hit, and what something needs, with redundancy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from itsm_gitops.graph.impact import DOWN, UP, Branch, Effect, Group, Impacted, ImpactGraph
from itsm_gitops.graph.network import Network
from itsm_gitops.model import facts, meaning
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.errors import Refused
from itsm_gitops.model.words import a_kind

if TYPE_CHECKING:
    from itsm_gitops.repository import Repository

BOTH = "both"


@dataclass(frozen=True)
class Impact:
    """The answer for one item. A side is None where it was not asked for.

    ``hits`` is what a complete failure does, by identifier; ``groups`` the redundancy of every
    item in the trees; ``entries`` what the trees and the hits name, ``services`` the services among them, and
    ``used`` the items of the trees that are in production; ``roots`` says of each item that is from a root from which.
    """

    entry: Entry
    down: Branch | None
    up: Branch | None
    hits: dict[str, Impacted]
    groups: dict[str, tuple[Group, ...]]
    entries: dict[str, Entry]
    services: frozenset[str] = frozenset()
    used: frozenset[str] = frozenset()
    roots: Mapping[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return the answer as JSON data."""
        hits = [
            {
                "id": h.id,
                "kind": self.entries[h.id].kind,
                "name": self.entries[h.id].title,
                "effect": h.effect.label,
                "via": h.via or None,
                "reason": h.reason,
                **({"root": self.roots[h.id]} if h.id in self.roots else {}),
            }
            for h in sorted(self.hits.values(), key=lambda h: (-h.effect, h.id))
            if h.id != self.entry.id
        ]
        return {
            "id": self.entry.id,
            "kind": self.entry.kind,
            "hits": hits if self.down else None,
            "down": _branch_json(self.down) if self.down else None,
            "up": _branch_json(self.up) if self.up else None,
            "redundancy": {
                i: [g._asdict() for g in groups] for i, groups in sorted(self.groups.items()) if groups
            },
        }


def _branch_json(branch: Branch) -> dict[str, Any]:
    found: dict[str, Any] = {"id": branch.id, "relation": branch.relation, "effect": branch.effect.label}
    if branch.repeated:
        found["repeated"] = True
    found["children"] = [_branch_json(c) for c in branch.children]
    return found


def impact(
    repo: Repository, fragment: str, *, direction: str = BOTH, depth: int = 0, at: str | None = None
) -> Impact:
    """Walk the dependencies of one item; raises Refused for something that cannot fail."""
    store = repo.store(at)
    entry = store.find(fragment)
    kind = store.book.kinds[entry.kind]
    if not kind.operational:
        raise Refused(
            f"{entry.id} is {a_kind(kind)}: it cannot fail",
            "itsm impact takes services and configuration items",
        )
    graph = ImpactGraph(Network(store))
    down = graph.tree(entry.id, DOWN, depth) if direction in (DOWN, BOTH) else None
    up = graph.tree(entry.id, UP, depth) if direction in (UP, BOTH) else None
    inside = {b.id for tree in (down, up) if tree for b in branches(tree)}
    hits = graph.propagate({entry.id: Effect.OUTAGE}) if down else {}
    graph.groups.prepare(inside)
    entries = {i: e for i in sorted({*inside, *hits}) if (e := store.entries.get(i)) is not None}
    return Impact(
        entry=entry,
        down=down,
        up=up,
        hits=hits,
        groups={i: graph.groups.get(i, ()) for i in sorted(inside)},
        entries=entries,
        services=frozenset(e.id for e in facts.of_role(store.book, entries.values(), meaning.SERVICE)),
        used=frozenset(i for i in inside if graph.in_production(i)),
        roots={i: root for i, e in entries.items() if (root := store.root_of(e.path))},
    )


def branches(branch: Branch) -> Iterator[Branch]:
    """Yield a branch and everything below it."""
    yield branch
    for child in branch.children:
        yield from branches(child)


def mermaid(found: Impact) -> str:
    """Return the trees as a Mermaid flow chart; arrows point from what fails to what it hits."""
    numbers: dict[str, str] = {}  # not the identifiers: some (``end``) are words of Mermaid
    lines: list[str] = []

    def node(identifier: str) -> str:
        return numbers.setdefault(identifier, f"n{len(numbers) + 1}")

    for tree, downward in ((found.up, False), (found.down, True)):
        for branch in branches(tree) if tree else ():
            node(branch.id)
            for child in branch.children:
                ends = (branch.id, child.id) if downward else (child.id, branch.id)
                line = f"  {node(ends[0])} -->|{_text(child.relation.replace('_', ' '))}| {node(ends[1])}"
                if line not in lines:
                    lines.append(line)
    boxes = [f'  {number}["{_label(found, identifier)}"]' for identifier, number in numbers.items()]
    hits = sorted((numbers[i], hit) for i, hit in found.hits.items() if i in numbers and hit.effect)
    styled = [f"  class {number} {hit.effect.name.lower()}" for number, hit in hits]
    return "\n".join(["flowchart LR", *boxes, *lines, *(_CLASSES if styled else ()), *styled]) + "\n"


_CLASSES = (
    "  classDef outage stroke:#c62828,stroke-width:2px",
    "  classDef degraded stroke:#ef6c00,stroke-width:2px",
    "  classDef at_risk stroke:#f9a825,stroke-dasharray:4 3",
)


def _label(found: Impact, identifier: str) -> str:
    entry = found.entries.get(identifier)
    name = entry.title if entry else ""
    return _text(f"{identifier}: {name}" if name and name.lower() != identifier else identifier)


def _text(text: str) -> str:
    """Write text so that Mermaid shows it: letters, digits and harmless signs, all else as its number."""
    return "".join(c if c.isalnum() or c in " -_.,:" else f"#{ord(c)};" for c in text)
