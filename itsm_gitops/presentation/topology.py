"""The network of configuration items as data for the map's script: the items, their relations and their health now.

One file holds the whole network in a compact form, because any item can be the start of a map: a table
of items, edges as numbers of rows, and what is not well with its reason. Five thousand items are half a
megabyte, a fifth of it compressed. It is a script that hands its data over, like the search index, so
that the map works from a disk, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from itsm_gitops.model.entry import Entry
from itsm_gitops.model.kinds import Kind
from itsm_gitops.presentation import urls
from itsm_gitops.presentation.data.text import as_json
from itsm_gitops.presentation.diagram import SIGNS
from itsm_gitops.presentation.language import t
from itsm_gitops.presentation.markup import shorten, visible, words
from itsm_gitops.presentation.view import View

VERSION = 1
_LONGEST_TITLE = 300
# What an item can look like, the worst first: at risk is well with less redundancy than it should have.
LOOKS = {
    "outage": "Outage",
    "degraded": "Degraded",
    "risk": "At risk",
    "unknown": "Unknown",
    "maintenance": "Maintenance",
    "operational": "Operational",
    "": "Not in production",
}


def look_of(view: View, identifier: str) -> str:
    """Return the look of an item: its status now, one of ``LOOKS``."""
    health = view.health.get(identifier)
    if health is None:
        return ""
    return "risk" if health.status == "operational" and health.causes else health.status


class Way(NamedTuple):
    """A type of relation, from the one that needs to the needed; ``impact`` says whether failure travels."""

    name: str
    title: str
    inverse: str
    impact: bool


class Topology:
    """The operational items of a view that have a page, and the relations between them."""

    def __init__(self, view: View) -> None:
        self._view = view
        entries = [
            e for kind in view.book.kinds.values() if kind.operational for e in view.of_kind(kind.name)
        ]
        self.items: Sequence[Entry] = sorted(entries, key=lambda e: e.id)
        self._rows = {e.id: row for row, e in enumerate(self.items)}
        self._ways: dict[str, Way] = {}
        self.edges: Sequence[tuple[int, int, str]] = sorted(set(self._edges()))
        used = {name for _, _, name in self.edges}
        self.ways: Sequence[Way] = [w for w in self._ways.values() if w.name in used]
        with_items = {e.kind for e in self.items}
        self.classes: Sequence[Kind] = [k for k in view.book.kinds.values() if k.name in with_items]

    def _edges(self) -> Iterable[tuple[int, int, str]]:
        """Yield each relation as rows: first what needs or contains, then what is needed or a part."""
        self._ways = {
            link.name: _way(link.name, link.title, link.inverse_title, link.impact)
            for link in self._view.book.links.values()
        }
        for entry in self.items:
            for edge in entry.edges:
                link, target = self._view.book.links.get(edge.relation), self._rows.get(edge.target)
                if link is None or target is None or edge.target == entry.id:
                    continue
                pair = (self._rows[entry.id], target)
                if link.impact == "from_source" or (not link.impact and pair[0] > pair[1]):
                    pair = (pair[1], pair[0])
                yield (*pair, link.name)

    def data(self) -> Mapping[str, Any]:
        """Return everything the script needs, as plain data."""
        view = self._view
        others = _Others(view)
        states: dict[str, int] = {}
        classes = {kind.name: number for number, kind in enumerate(self.classes)}
        ways = {way.name: number for number, way in enumerate(self.ways)}
        numbers = {look: number for number, look in enumerate(LOOKS)}
        items, reasons = [], {}
        for row, entry in enumerate(self.items):
            state = states.setdefault(self._state(entry), len(states))
            owner = entry.columns.get("owner")
            by = others.number(owner) if isinstance(owner, str) else -1
            look = numbers[look_of(view, entry.id)]
            items.append([entry.id, _bounded(entry.title), classes[entry.kind], look, state, by])
            health = view.health.get(entry.id)
            if health and health.causes:
                causes = [others.number(c) for c in health.causes]
                reasons[str(row)] = [_bounded(view.reason(health)), causes]
        return {
            "version": VERSION,
            "classes": [[k.name, k.title, k.plural_title, urls.folder(k)] for k in self.classes],
            "looks": [[look, t(title), SIGNS[look]] for look, title in LOOKS.items()],
            "states": list(states),
            "ways": self.ways,
            "items": items,
            "edges": [number for a, b, name in self.edges for number in (a, b, ways[name])],
            "groups": self._groups(),
            "reasons": reasons,
            "others": others.rows,
        }

    def _state(self, entry: Entry) -> str:
        workflow = self._view.kind(entry).workflow
        state = workflow.states.get(entry.state) if workflow else None
        return state.title if state else visible(words(entry.state))

    def _groups(self) -> list[list[Any]]:
        """Return the redundancy groups: row of the dependent, name, how many must be up, members' rows."""
        groups = []
        for row, entry in enumerate(self.items):
            for group in self._view.graph.groups.get(entry.id, ()):
                members = [self._rows[m] for m in group.members if m in self._rows]
                groups.append([row, visible(group.name), group.min_up, members])
        return groups


class _Others:
    """What is named beside the items: owners, and the records behind a fault."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._numbers: dict[str, int] = {}
        self.rows: list[list[str]] = []

    def number(self, identifier: str) -> int:
        if identifier not in self._numbers:
            self._numbers[identifier] = len(self.rows)
            title = _bounded(self._view.title(identifier))
            self.rows.append([visible(identifier), title, self._view.url(identifier)])
        return self._numbers[identifier]


def _bounded(text: str) -> str:
    return visible(shorten(text, _LONGEST_TITLE))


def _way(name: str, title: str, inverse: str, impact: str) -> Way:
    """Turn a link type so that it reads from the one that suffers to what it suffers from."""
    if impact == "from_source":
        return Way(name, inverse, title, True)
    return Way(name, title, inverse, bool(impact))


def data_file(topology: Topology) -> tuple[str, bytes]:
    """Return the file (name and content) that hands the network to the map's script."""
    return urls.MAP_DATA, b"itsmMap(" + as_json(topology.data()).strip() + b");\n"
