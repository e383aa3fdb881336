"""What may stand at the cursor: keys, values of a choice, states, words for links, identifiers with their titles."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from itsm_gitops.editing.fields import expected
from itsm_gitops.editing.identifiers import kinds_of
from itsm_gitops.editing.opening import timeline
from itsm_gitops.editing.steps import next_steps
from itsm_gitops.language.place import Place, place_at
from itsm_gitops.language.session import Session
from itsm_gitops.language.shape import Schema, Shape, is_list, properties_of
from itsm_gitops.model.categories import CATEGORIES, CategoryTree
from itsm_gitops.model.kind_heads import in_group
from itsm_gitops.model.kinds import Kind

MOST = 200  # identifiers in one answer; more come with the next letters
KEY, VALUE, STATE, REFERENCE, WORD = "key", "value", "state", "reference", "word"


class WordProposal(NamedTuple):
    """One answer: its text, its sort, the remark beside it, and its place in the list."""

    text: str
    sort: str
    detail: str = ""
    about: str = ""
    label: str = ""
    first: bool = False


class WordProposals(NamedTuple):
    """The proposals for one place; ``whole`` is False where more exist than are listed."""

    place: Place
    proposals: tuple[WordProposal, ...]
    whole: bool = True


def complete(session: Session, path: str, text: str, line: int, column: int) -> WordProposals | None:
    """Return what may stand at a position of a text (counted from 0); None where nothing is known."""
    place = place_at(text, line, column)
    data = known_data(text) if place else {}
    shape = session.shape_of(path, data) if place else None
    if place is None or shape is None:
        return None
    schemas = shape.at(place.pointer)
    if not place.at_key:
        return _answer(place, _values(session, shape, data, place, schemas))
    if place.dash and is_list(schemas):
        item = (*place.pointer, 0)
        below = shape.at(item)
        first = [f"{k}: " for k in properties_of(below)][:1]
        found = [WordProposal(k, KEY) for k in first] or list(
            _values(session, shape, data, place._replace(pointer=item), below)
        )
        return _answer(place, (p._replace(text=f"- {p.text}", label=p.label or p.text) for p in found))
    keys = properties_of(schemas)
    if keys:
        return _answer(place, _keys(keys, schemas, place))
    # An item of a list that holds plain values: what looks like the beginning of a key is a value.
    if place.pointer and isinstance(place.pointer[-1], int):
        return _answer(place, _values(session, shape, data, place, schemas))
    return None


def _answer(place: Place, proposals: Iterable[WordProposal]) -> WordProposals:
    """Keep what fits the word: what begins so, then what contains it."""
    word = place.word.strip().lower()
    every = list(proposals)
    begins = [p for p in every if p.text.lower().removeprefix("- ").startswith(word)]
    others = [p for p in every if p not in begins and word in f"{p.text} {p.detail}".lower()] if word else []
    found = [*begins, *others]
    return WordProposals(place, tuple(found[:MOST]), whole=len(found) <= MOST and not word)


def known_data(text: str) -> Mapping[str, Any]:
    """Return what is known of the document: all of it, or the plain fields at its top where it cannot be read yet."""
    from itsm_gitops.documents import load
    from itsm_gitops.language.place import outline

    data = load(text.encode("utf-8", "replace")).data
    if isinstance(data, dict):
        return data
    found: dict[str, Any] = {}
    about = outline(text)
    for slot in about.slots:
        if len(slot.pointer) == 1 and not slot.bare and slot.value[1] > slot.value[0]:
            found[str(slot.pointer[0])] = about.lines[slot.line][slice(*slot.value)].strip("'\" ")
    return found


def _keys(keys: Mapping[str, Schema], schemas: list[Schema], place: Place) -> Iterator[WordProposal]:
    required = {name for s in schemas for name in s.get("required") or ()}
    for name, schema in keys.items():
        if name not in place.siblings:
            about = str(schema.get("description", ""))
            yield WordProposal(f"{name}: ", KEY, expected(schema), about, name, name in required)


def _values(
    session: Session, shape: Shape, data: Mapping[str, Any], place: Place, schemas: list[Schema]
) -> Iterator[WordProposal]:
    kind = shape.kind
    if kind is not None:
        own = _words_of_kind(session, kind, data, place)
        if own is not None:
            yield from own
            return
    for schema in schemas:
        yield from _choice(schema)
        reference = schema.get("x-ref")
        if isinstance(reference, Mapping):
            wanted = kinds_of(session.book, reference.get("to", ("any",)))
            yield from _identifiers(session, [k.name for k in wanted], place.word)
        if schema.get("x-vocabulary") is True:
            tree = CategoryTree(session.book.policy(CATEGORIES))
            for name in tree.names:
                yield WordProposal(str(name), WORD, about=str(tree.say(str(name), "description") or ""))


def _choice(schema: Schema) -> Iterator[WordProposal]:
    import json

    options = schema.get("enum") or ((True, False) if schema.get("type") == "boolean" else ())
    if "const" in schema:
        options = (schema["const"],)
    for option in options:
        yield WordProposal(option if isinstance(option, str) else json.dumps(option), VALUE)


def _words_of_kind(
    session: Session, kind: Kind, data: Mapping[str, Any], place: Place
) -> Iterable[WordProposal] | None:
    """Return the words that the rule book, and no schema, gives for a place; None where it gives none."""
    pointer = place.pointer
    if pointer == (kind.tag,):
        return [WordProposal(kind.name, WORD, kind.title)]
    if pointer == ("id",):
        return []
    if pointer == (kind.state_field,) and kind.workflow is not None:
        return _states(kind, data)
    if len(pointer) == 3 and pointer[0] == "timeline" and pointer[2] == "state" and kind.workflow:
        return [WordProposal(s.name, STATE, s.title, s.description) for s in kind.workflow.states.values()]
    if len(pointer) == 3 and pointer[0] == "links":
        return _link(session, kind, data, place)
    return None


def _states(kind: Kind, data: Mapping[str, Any]) -> Iterator[WordProposal]:
    """Yield the states of a life cycle: those that can follow now first."""
    flow = kind.workflow
    if flow is None:
        return
    present = [e["state"] for e in timeline(data) if isinstance(e.get("state"), str)][-1:]
    before = {**data, kind.state_field: present[0]} if present else data  # the field itself is being typed
    following = {s.state: s for s in next_steps(kind, before)}
    for name, state in sorted(flow.states.items(), key=lambda item: item[0] not in following):
        step = following.get(name)
        lack = f"; needs {', '.join(n.field for n in step.needs)}" if step and step.needs else ""
        yield WordProposal(name, STATE, f"{state.title}{lack}", state.description, first=step is not None)


def _link(
    session: Session, kind: Kind, data: Mapping[str, Any], place: Place
) -> Iterator[WordProposal] | None:
    pointer = place.pointer
    if pointer[2] == "type":
        return _link_types(session, kind)
    if pointer[2] != "target":
        return None
    links, position = data.get("links"), pointer[1]
    written = (
        links[position]
        if isinstance(links, list) and isinstance(position, int) and position < len(links)
        else {}
    )
    word = written.get("type") if isinstance(written, dict) else None
    link = session.book.links.get(word) if isinstance(word, str) else None
    targets = sorted(session.book.members(link.targets)) if link else list(session.book.kinds)
    return (p for p in _identifiers(session, targets, place.word) if p.text != data.get("id"))


def _link_types(session: Session, kind: Kind) -> Iterator[WordProposal]:
    for name, link in session.book.links.items():
        if link.in_links and any(
            source == kind.name or (source in _GROUPS and in_group(kind, source)) for source in link.sources
        ):
            yield WordProposal(name, WORD, f"{link.title} {', '.join(link.targets)}", link.description)


_GROUPS = ("record", "ci", "item", "any")


def _identifiers(session: Session, kinds: Iterable[str], word: str) -> Iterator[WordProposal]:
    """Yield the entries of some kinds whose identifier or title contains a word, one more than is shown at most.

    Records come newest first, as their identifiers begin with the day.
    """
    wanted, left = word.strip().lower(), MOST + 1
    names = session.named(tuple(kinds))
    for name in names if wanted else names[: MOST + 1]:
        if not wanted or wanted in name.id.lower() or wanted in name.title.lower():
            yield WordProposal(name.id, REFERENCE, name.title, name.about)
            left -= 1
            if not left:
                return
