"""Dependency tracking: which data of the view each page was made from.

The traced view records a key for every piece of data that a page reads. A page must be made again only
when the data behind one of its keys has changed. A member of the view that this module does not know counts
as a dependency on everything, so a page that reads something new is made too often, never too rarely.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

from itsm_gitops.graph.status import Health
from itsm_gitops.model.clock import parse_time
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.meaning import CHANGE, PERSON
from itsm_gitops.publish.keys import (
    ALL,
    BACK,
    CONFLICT,
    DATA,
    DUES,
    GRAPH,
    HEALTH,
    HISTORY,
    HIT,
    ITEMS,
    KEPT,
    KIND,
    KNOWN,
    LINKS,
    LONGEST_ID,
    NOW,
    PAST,
    PROOF,
    TODAY,
    TRAITS,
    UPDATED,
)
from itsm_gitops.publish.markup import Html
from itsm_gitops.publish.traced_parts import (
    TracedAnswers,
    TracedGraph,
    TracedHistory,
    TracedNetwork,
    TracedPictures,
    TracedRisks,
    TracedSimilar,
    TracedStore,
    Tracer,
)
from itsm_gitops.publish.view import View

V = TypeVar("V")

# Questions whose answer depends on one document alone, asked by its identifier or by its entry.
_BY_ID = ("url", "title", "id_link", "link")
_BY_ENTRY = ("is_open", "priority", "urgency", "major", "major_stage", "state_chip", "priority_chip")


class _Traced:
    """A view that records the key of everything that is read from it; pages use it as a ``View``."""

    def __init__(self, view: View, tracer: Tracer) -> None:
        self._view = view
        self._tracer = tracer
        self.entries = TracedAnswers(view.entries, tracer)
        self.health = TracedAnswers(view.health, tracer, HEALTH)
        self.offers = TracedAnswers(view.offers, tracer, KNOWN)
        self.past = TracedAnswers(view.past, tracer, PAST)
        self.kept = TracedAnswers(view.kept, tracer, KEPT)
        self.hit_by = TracedAnswers(view.hit_by, tracer, HIT)
        self.proofs = TracedAnswers(view.proofs, tracer, PROOF)
        self.conflicts = TracedAnswers(view.conflicts, tracer, CONFLICT)
        self._history = (
            TracedHistory(view.history, tracer, view.book.playing(PERSON)) if view.history else None
        )
        self.similar = TracedSimilar(view.similar, tracer)
        self.course = self._course if view.course else None
        self.asking = self._asking if view.asking else None
        self.network = TracedNetwork(view.network, tracer, self.entries)
        self.store = TracedStore(view.store, tracer, self.entries)
        self.graph = TracedGraph(view.graph, tracer)
        self.pictures = TracedPictures(tracer)
        # Where something cannot be read, nothing is compared with another build.
        self.gaps = view.gaps
        # These depend on their arguments and on what is the same for a whole build.
        self.book, self.config, self.zone, self.audience = view.book, view.config, view.zone, view.audience
        self.kind, self.priority_title = view.kind, view.priority_title
        self.state_name, self.time, self.moment = view.state_name, view.time, view.moment
        self.major_status = view.major_status
        for name in _BY_ID:
            setattr(self, name, self._noting(getattr(view, name)))
        for name in _BY_ENTRY:
            setattr(self, name, self._noting_entry(getattr(view, name)))

    def _noting(self, ask: Callable[[str], V]) -> Callable[[str], V]:
        def asked(identifier: str) -> V:
            self._note(identifier)
            return ask(identifier)

        return asked

    def _noting_entry(self, ask: Callable[[Entry], V]) -> Callable[[Entry], V]:
        def asked(entry: Entry) -> V:
            self._note(entry.id)
            return ask(entry)

        return asked

    def __getattr__(self, name: str) -> Any:
        self._tracer.keys.update((ALL, NOW))
        return getattr(self._view, name)

    @property
    def now(self) -> Any:
        self._tracer.keys.add(NOW)
        return self._view.now

    @property
    def history(self) -> Any:
        self._tracer.keys.add(HISTORY)
        return self._history

    @property
    def today(self) -> Any:
        self._tracer.keys.add(TODAY)
        return self._view.today

    @property
    def updated(self) -> Any:
        self._tracer.keys.add(UPDATED)
        return self._view.updated

    @property
    def dues(self) -> Any:
        self._tracer.keys.update((DUES, ITEMS, NOW))
        return self._view.dues

    @property
    def plan(self) -> Any:
        """What is planned: by the changes, the calendars among the items, and how failures travel."""
        self._tracer.keys.update((ITEMS, GRAPH, NOW, *(KIND + name for name in self.book.playing(CHANGE))))
        return self._view.plan

    @property
    def calendars(self) -> Any:
        self._tracer.keys.update((ITEMS, GRAPH))
        return self._view.calendars

    def _course(self, identifier: str) -> Any:
        """How the work on a record went: by its own life, the levels and calendars, and while it runs by now."""
        entry = self._view.entries[identifier]
        self._tracer.keys.update((identifier, ITEMS))
        updated = parse_time(entry.updated)
        if self._view.is_open(entry) or updated is None or updated > self._view.now:
            self._tracer.keys.add(NOW)
        self._tracer.keys.add(BACK)  # for a moment before its end, a finished record is not finished yet
        course = self._view.course
        return course(identifier) if course else None

    def _asking(self, entry: Entry, data: Mapping[str, Any]) -> Any:
        """What the policy asks for a change: by the change, the records it is linked with, and the items."""
        self._tracer.keys.update((ITEMS, NOW, *self._around(entry, data)))
        asking = self._view.asking
        return asking(entry, data) if asking else None

    @property
    def risks(self) -> TracedRisks:
        return TracedRisks(self._view, self._tracer, self._around)

    def _around(self, entry: Entry, data: Mapping[str, Any]) -> set[str]:
        """Return the keys of a document and of everything it is linked with, whichever side stores the link."""
        links = data.get("links")
        listed = (
            [link.get("target") for link in links if isinstance(link, dict)]
            if isinstance(links, list)
            else []
        )
        others = {r.other for r in self._view.network.related(entry.id)}
        others |= {t for t in listed if isinstance(t, str)}
        return {entry.id, LINKS + entry.id, *(o for o in others if len(o) <= LONGEST_ID)}

    def of_kind(self, name: str) -> list[Entry]:
        self._tracer.keys.add(KIND + name)
        return self._view.of_kind(name)

    def of_role(self, role: str) -> list[Entry]:
        self._tracer.keys.update(KIND + name for name in self.book.playing(role))
        return self._view.of_role(role)

    def traits(self, identifier: str) -> Any:
        if len(identifier) <= LONGEST_ID:
            self._tracer.keys.add(TRAITS + identifier)
        return self._view.traits(identifier)

    def data_url(self, entry: Entry) -> str:
        url = self._view.data_url(entry)
        self._tracer.keys.update((entry.id, DATA + url))
        return url

    def health_chip(self, identifier: str) -> Html:
        self._tracer.keys.add(HEALTH + identifier)
        return self._view.health_chip(identifier)

    def reason(self, health: Health) -> str:
        self._note(health.reason.rpartition(" ")[2])
        return self._view.reason(health)

    def _note(self, identifier: str) -> None:
        if len(identifier) <= LONGEST_ID:  # nothing longer names a document
            self._tracer.keys.add(identifier)


def traced(view: View, tracer: Tracer) -> View:
    """Return a view that records the keys of what is read from it in ``tracer``."""
    return cast(View, _Traced(view, tracer))
