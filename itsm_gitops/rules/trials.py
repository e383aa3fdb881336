"""Tries the examples of rules and life cycles: a rule must find its bad example and accept its good one.

An example is a list of documents: the first one is judged, the others are its surroundings. They need only the
fields that matter; other demands of the schema do not apply.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from itsm_gitops.graph.linked import EntrySubject
from itsm_gitops.model.entry import Edge, Entry, summarise
from itsm_gitops.model.findings import Pointer
from itsm_gitops.model.guards import Breach, breaches, stops
from itsm_gitops.model.kinds import Kind
from itsm_gitops.model.rulebook import RuleBook
from itsm_gitops.model.timeline import value_in
from itsm_gitops.model.user_rules import BAD, GOOD, documents_of
from itsm_gitops.model.workflow import Workflow

Data = Mapping[str, Any]
_FIRST = "EXAMPLE"  # what the judged document is called where it says no identifier


@dataclass(frozen=True, slots=True)
class Trial:
    """How one example came out: of which rule or life cycle, ``side`` bad or good, and what was found.

    ``wrong`` says what is not as it should be; empty where it is. ``path`` and ``pointer`` are the place of the example.
    """

    name: str
    title: str
    side: str
    said: tuple[str, ...]
    wrong: str
    path: str
    pointer: Pointer = ()


class ExampleWorld:
    """The documents of one example, with the interface of a snapshot."""

    def __init__(self, book: RuleBook, documents: Sequence[Data], now: datetime) -> None:
        self.book = book
        self.now = now
        self.first: Entry | None = None
        self.kind: Kind | None = None
        self.entries: dict[str, Entry] = {}
        self._data: dict[str, Data] = {}
        for number, data in enumerate(documents):
            name = str(data.get("id", _FIRST if number == 0 else f"{_FIRST}-{number}"))
            kind = book.kinds.get(str(data.get("kind", data.get("class"))))
            if kind is not None:
                entry = summarise(kind, f"{name}.yaml", data)
                self.entries[name], self._data[name] = entry, data
                if number == 0:
                    self.first, self.kind = entry, kind

    def find(self, name: str) -> Entry | None:
        """Return the entry of an identifier."""
        return self.entries.get(name)

    def data(self, entry: Entry) -> Data:
        """Return the fields of a document."""
        return self._data[entry.id]

    def into(self, identifier: str) -> Iterator[tuple[Entry, Edge]]:
        """Yield the relations that lead to a document."""
        for entry in self.entries.values():
            yield from ((entry, edge) for edge in entry.edges if edge.target == identifier)


def trials(book: RuleBook, now: datetime) -> Iterator[Trial]:
    """Try every example of the repository's own rules and of its life cycles."""
    for rule in book.user_rules:
        for side, documents in ((BAD, rule.bad), (GOOD, rule.good)):
            world = ExampleWorld(book, documents, now)
            found: tuple[Breach, ...] = ()
            wrong = _no_kind(documents)
            if world.first is not None and world.first.kind not in book.members(rule.kinds):
                wrong = f"the rule is not for a {world.first.kind}"
            elif world.first is not None:
                found = tuple(breaches((rule.guard,), EntrySubject(world, world.first)))
                wrong = _judged(side, found)
            yield Trial(rule.code, rule.title, side, _words(found), wrong, rule.path, (side,))
    for flow, raw in book.workflow_examples:
        yield from _of_flow(book, flow, raw, now)


def _of_flow(book: RuleBook, flow: Workflow, examples: Sequence[Data], now: datetime) -> Iterator[Trial]:
    for index, example in enumerate(examples):
        side = BAD if BAD in example else GOOD
        world = ExampleWorld(book, documents_of(example[side]), now)
        found: tuple[Breach, ...] = ()
        wrong = _no_kind(documents_of(example[side]))
        if world.first is not None and world.kind is not None:
            own = (world.kind.workflow, *world.kind.inner)
            if flow.name not in (f.name for f in own if f):
                wrong = f"a {world.kind.name} has another life cycle"
            else:
                found = tuple(_judge_state(flow, world, world.first, example.get("to")))
                wrong = _judged(side, found)
        path = f"schemas/workflows/{flow.name}.yaml"
        title = str(example.get("why", flow.title))
        yield Trial(flow.name, title, side, _words(found), wrong, path, ("examples", index, side))


def _judge_state(flow: Workflow, world: ExampleWorld, entry: Entry, target: Any) -> Iterator[Breach]:
    """Yield what the life cycle says of a document in its state, or of its step to another one."""
    subject, data = EntrySubject(world, entry), world.data(entry)
    state = str(value_in(data, flow.state_field))
    if target is not None:
        step = flow.step(state, str(target), data, subject)
        if step is None:
            yield Breach(f"'{state}' cannot become '{target}'", "")
            return
        yield from stops([*flow.refuse, *step.refuse], str(target), subject)
        state = str(target)
    if state not in flow.states:
        yield Breach(f"there is no state '{state}'", "")
        return
    yield from (Breach(f"'{n}' is needed", "", (n,)) for n in flow.missing(state, data, subject))
    yield from breaches(flow.states[state].guards, subject)


def _words(found: Sequence[Breach]) -> tuple[str, ...]:
    return tuple(b.message for b in found)


def _judged(side: str, found: Sequence[Breach]) -> str:
    if side == BAD and not found:
        return "the bad example is accepted"
    if side == GOOD and found:
        return f"the good example is refused: {found[0].message}"
    return ""


def _no_kind(documents: Sequence[Data]) -> str:
    name = documents[0].get("kind", documents[0].get("class")) if documents else None
    return f"there is no kind or class '{name}'" if name else "the first document says no kind (or class)"
