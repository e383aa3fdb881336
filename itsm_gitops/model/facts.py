"""Facts of a document that everybody asks for: what it affects, its priority, its state, who has it.

One answer for lists, rules, the approval gate, impact, status, schedule, site and reports. Everything follows from
the document (or its `Entry`) and the rule book: relations of fields (``x-ref``), types of links, and the roles of
kinds and states (`meaning.py`). No other module compares a kind or a state with a name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from itsm_gitops.model import meaning
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.findings import Pointer
from itsm_gitops.model.kinds import ANY_INDEX, Kind
from itsm_gitops.model.priority import Priority
from itsm_gitops.model.priority import priority as _priority
from itsm_gitops.model.rulebook import CHANGE_CONTROL, PRIORITY, RuleBook

AFFECTS = "affects"
SPARES = "not_affected"
_OWNED = "owned_by"

Data = Mapping[str, Any]


def affected(entry: Entry) -> list[str]:
    """Return the services and items that a record affects by any field or link, in document order, each once."""
    return targets(entry, AFFECTS)


def spared(entry: Entry) -> list[str]:
    """Return the services and items of which a record says that they do not suffer."""
    return targets(entry, SPARES)


def targets(entry: Entry, relation: str) -> list[str]:
    """Return what a document names by one relation, whatever field or link says it, each once."""
    return list(dict.fromkeys([e.target for e in entry.edges if e.relation == relation]))


def affected_places(kind: Kind, data: Data) -> dict[str, Pointer]:
    """Return what a document affects, with the place of each name: the answer of `affected`, from the data.

    Names that stand where the schema allows none (one text instead of a list) count as well: whoever asks here
    decides by the answer, and a document may come from somebody who wants it to be overlooked.
    """
    places: dict[str, Pointer] = {}
    for reference in kind.references:
        if reference.relation == AFFECTS:
            for name, place in _names(data, reference.pointer, ()):
                places.setdefault(name, place)
    links = data.get("links")
    for index, link in enumerate(links if isinstance(links, list) else ()):
        if isinstance(link, Mapping) and link.get("type") == AFFECTS:
            for name, place in _names(link.get("target"), (), ("links", index, "target")):
                places.setdefault(name, place)
    return places


def touched_places(book: RuleBook, kind: Kind, data: Data) -> dict[str, Pointer]:
    """Return what the work of a record touches, with places: what it affects but for the services it is for."""
    services = set(book.playing(meaning.SERVICE))
    served = {r.pointer[0] for r in kind.references if r.relation == AFFECTS and services >= set(r.targets)}
    return {name: place for name, place in affected_places(kind, data).items() if place[0] not in served}


def affecting_fields(kind: Kind) -> frozenset[str]:
    """Return the top-level fields by which a kind names what it affects, ``links`` among them."""
    fields = {str(r.pointer[0]) for r in kind.references if r.relation == AFFECTS}
    return frozenset(fields | ({"links"} & kind.fields.keys()))


def _names(node: Any, rest: Pointer, at: Pointer) -> Iterator[tuple[str, Pointer]]:
    """Yield each text that stands at a place, or above it, or in lists at it."""
    if isinstance(node, str):
        yield node, at
    elif isinstance(node, list):
        tail = rest[1:] if rest and rest[0] == ANY_INDEX else rest
        for index, item in enumerate(node):
            yield from _names(item, tail, (*at, index))
    elif isinstance(node, Mapping) and rest:
        step, tail = (rest[1], rest[2:]) if rest[0] == ANY_INDEX and len(rest) > 1 else (rest[0], rest[1:])
        if step in node:
            yield from _names(node[step], tail, (*at, step))


def priority(book: RuleBook, entry: Entry) -> Priority | None:
    """Return the priority of a record by the rule book; None when it has none."""
    return _priority(book.policy(PRIORITY), entry.columns)


def is_a(book: RuleBook, entry: Entry | None, role: str) -> bool:
    """Whether there is such an entry and its kind plays a role, as ``meaning.INCIDENT``."""
    return entry is not None and entry.kind in book.playing(role)


def of_role(book: RuleBook, entries: Iterable[Entry], *roles: str) -> Iterator[Entry]:
    """Yield the entries whose kind plays one of the roles, in their order."""
    kinds = frozenset(kind for role in roles for kind in book.playing(role))
    return (entry for entry in entries if entry.kind in kinds)


def stage(book: RuleBook, entry: Entry) -> str:
    """Return the state of an entry, of a class without a life cycle its stage of life; empty where it has none."""
    kind = book.kinds[entry.kind]
    return entry.state or stage_of(kind, entry.columns)


def stage_of(kind: Kind, data: Data) -> str:
    """Return the state or stage of life that a document of a kind is in; empty where it has none."""
    value = data.get(kind.stages.state_field if kind.stages else kind.state_field)
    return value if isinstance(value, str) else ""


def plays(book: RuleBook, entry: Entry, role: str) -> bool:
    """Whether the state of an entry plays a role, as ``meaning.RUNNING``."""
    return stage(book, entry) in book.states(entry.kind, role)


def state_plays(kind: Kind, state: object, role: str) -> bool:
    """Whether a state of a kind plays a role."""
    return kind.stages is not None and state in kind.stages.playing(role)


def is_open(book: RuleBook, entry: Entry) -> bool:
    """Whether work on a record is still to be done, by its life cycle."""
    workflow = book.kinds[entry.kind].workflow
    return workflow is not None and workflow.is_open(entry.state)


def is_published(book: RuleBook, kind: str, state: str) -> bool:
    """Whether a state of a kind is one in which a record is offered to readers: it is nobody's work any more."""
    return state in book.states(kind, meaning.PUBLISHED)


def is_work(book: RuleBook, entry: Entry) -> bool:
    """Whether a record is open work: its life cycle has not ended, and it is not published for readers."""
    return is_open(book, entry) and not is_published(book, entry.kind, entry.state)


def is_running(book: RuleBook, entry: Entry) -> bool:
    """Whether the work of a record is going on."""
    return plays(book, entry, meaning.RUNNING)


def is_carried_out(book: RuleBook, entry: Entry) -> bool:
    """Whether the work of a record was done, well or not."""
    return plays(book, entry, meaning.CARRIED_OUT)


def is_cancelled(book: RuleBook, entry: Entry) -> bool:
    """Whether a record was given up."""
    workflow = book.kinds[entry.kind].workflow
    return workflow is not None and workflow.is_cancelled(entry.state)


def is_to_be_done(book: RuleBook, entry: Entry) -> bool:
    """Whether the work of a record is still ahead or going on."""
    return is_open(book, entry) and not is_carried_out(book, entry)


def is_firm(book: RuleBook, kind: str, state: str) -> bool:
    """Whether in a state of a kind the work may be done and is not over: its window is kept free."""
    return state in book.states(kind, meaning.AUTHORISED) - book.states(kind, meaning.CARRIED_OUT)


def authorised_states(book: RuleBook, kind: Kind) -> tuple[str, ...]:
    """Return the states of a kind in which the work may be done, in the order of its life cycle.

    Where the policy of change control names some itself, those count.
    """
    named = book.policy(CHANGE_CONTROL).get("authorised_states")
    if isinstance(named, list) and named:
        return tuple(n for n in named if isinstance(n, str))
    roles = kind.stages.playing(meaning.AUTHORISED) if kind.stages else frozenset()
    return tuple(s for s in (kind.stages.states if kind.stages else ()) if s in roles)


def is_retired(book: RuleBook, entry: Entry) -> bool:
    """Whether an entry is out of use for good."""
    return plays(book, entry, meaning.RETIRED)


def is_inactive(kind: Kind, data: Data) -> bool:
    """Whether a document says of what it describes that it does not exist yet, or is out of use for good."""
    state = stage_of(kind, data)
    return state_plays(kind, state, meaning.PLANNED) or state_plays(kind, state, meaning.RETIRED)


def used_states(kind: Kind) -> frozenset[str]:
    """Return the states of an item in use, be it taken out of use for a while."""
    if kind.stages is None:
        return frozenset()
    return kind.stages.playing(meaning.PRODUCTION) | kind.stages.playing(meaning.SUSPENDED)


def is_in_force(kind: Kind, data: Data) -> bool:
    """Whether a document is in production, or its kind or itself has no stage of life."""
    state = stage_of(kind, data)
    return kind.stages is None or not state or state_plays(kind, state, meaning.PRODUCTION)


def in_production(book: RuleBook, entry: Entry) -> bool:
    """Whether an item is in use; items of classes without a life cycle are."""
    if book.kinds[entry.kind].workflow is None and not stage(book, entry):
        return True
    return plays(book, entry, meaning.PRODUCTION)


def is_offered(book: RuleBook, entry: Entry) -> bool:
    """Whether readers are offered an entry: it is published, or in use where nothing of its kind is ever published."""
    if book.states(entry.kind, meaning.PUBLISHED):
        return plays(book, entry, meaning.PUBLISHED)
    return is_in_force(book.kinds[entry.kind], entry.columns)


def is_draft(kind: Kind, state: str) -> bool:
    """Whether a document of a kind that is published is not yet: it is for its writers only."""
    if kind.workflow is None or not kind.workflow.playing(meaning.PUBLISHED):
        return False
    return not state_plays(kind, state, meaning.PUBLISHED) and not kind.workflow.is_done(state)


def owner(entry: Entry) -> str:
    """Return who answers for an entry; empty where nobody does."""
    return next(iter(targets(entry, _OWNED)), "")
