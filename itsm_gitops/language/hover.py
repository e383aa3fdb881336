"""What something under the cursor is: the entry that an identifier names, the meaning of a field, a state, a link."""

from __future__ import annotations

from typing import NamedTuple

from itsm_gitops.editing.fields import expected
from itsm_gitops.language.completion import known_data
from itsm_gitops.language.place import outline
from itsm_gitops.language.session import Session
from itsm_gitops.language.shape import Shape
from itsm_gitops.model import facts
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.findings import Pointer
from itsm_gitops.model.text import safe_text


class Explained(NamedTuple):
    """Text (plain, lines apart) about a stretch of one line; ``path`` is that of the document it is about, if any."""

    lines: tuple[str, ...]
    span: tuple[int, int]
    path: str = ""


def explain(session: Session, path: str, text: str, line: int, column: int) -> Explained | None:
    """Return what stands at a position of a text (counted from 0); None where there is nothing."""
    about = outline(text)
    slot = about.at(line, column) if line not in about.prose else None
    shape = session.shape_of(path, known_data(text)) if slot else None
    if slot is None or shape is None:
        return None
    if slot.key[0] <= column < slot.key[1]:
        lines = _of_field(shape, slot.pointer)
        return Explained(lines, slot.key) if lines else None
    span = _word(about.lines[line], slot.value, column)
    word = about.lines[line][slice(*span)].strip("'\" ")
    return _of_value(session, shape, slot.pointer, word, span)


def _word(line: str, value: tuple[int, int], column: int) -> tuple[int, int]:
    """Return the columns of the word under the cursor within a value."""
    stops = " ,[]{}'\""
    start = end = min(column, value[1])
    while start > value[0] and line[start - 1] not in stops:
        start -= 1
    while end < value[1] and line[end] not in stops:
        end += 1
    return start, end


def _of_field(shape: Shape, pointer: Pointer) -> tuple[str, ...]:
    for schema in shape.at(pointer):
        if schema.get("description"):
            return (str(schema["description"]), f"takes: {expected(schema)}")
    return ()


def _of_value(
    session: Session, shape: Shape, pointer: Pointer, word: str, span: tuple[int, int]
) -> Explained | None:
    kind = shape.kind
    entry = session.entry(word)
    if entry is not None:
        return Explained(of_entry(session, entry), span, entry.path)
    if kind is None or kind.workflow is None:
        return None
    link = session.book.links.get(word) if pointer[-1:] == ("type",) and pointer[:1] == ("links",) else None
    if link is not None:
        return Explained((link.title, *([link.description] if link.description else [])), span)
    names_state = pointer == (kind.state_field,) or (
        pointer[:1] == ("timeline",) and pointer[-1:] == ("state",)
    )
    state = kind.workflow.states.get(word) if names_state else None
    if state is not None:
        return Explained((state.title, *([state.description] if state.description else [])), span)
    return None


def of_entry(session: Session, entry: Entry) -> tuple[str, ...]:
    """Say what an entry is: its title, its kind and state, its owner or team."""
    kind = session.book.kinds[entry.kind]
    state = entry.state.replace("_", " ")
    owner = facts.owner(entry) or str(entry.columns.get("assigned_team", ""))
    lines = [safe_text(entry.title), " · ".join(p for p in (entry.id, kind.title, state, owner) if p)]
    return tuple(lines)
