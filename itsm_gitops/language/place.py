"""Where the cursor is in a document that may be half typed: of which field it is the key or the value.

Documents are block YAML with a flow collection here and there, so indentation and dashes say enough. Nothing is claimed
where they do not: in prose, in comments, in flow collections of several lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from itsm_gitops.model.findings import Pointer

_DASH = re.compile(r"-(?: +|$)")
_KEY = re.compile(r"(?P<quote>[\"']?)(?P<key>[A-Za-z_$][\w$.-]*)(?P=quote)\s*:(?=\s|$)")
_PROSE = re.compile(r"[|>][+\-0-9]*\s*(?:#.*)?$")
_COMMENT = re.compile(r"(?:^|\s)#.*$")


class Slot(NamedTuple):
    """One key with its value, or one item of a list, on one line.

    ``pointer`` leads to the value. ``key`` is the span of columns of the key (empty for an item), ``value`` that of
    what stands behind it on the line. ``bare`` is text without a colon where a key could stand: of it ``pointer`` leads
    to what surrounds it.
    """

    line: int
    pointer: Pointer
    key: tuple[int, int]
    value: tuple[int, int]
    bare: bool = False


class Place(NamedTuple):
    """What is being typed: ``word`` stands before the cursor, ``span`` are the columns that an answer replaces.

    With ``at_key`` it is a key of the mapping at ``pointer``, which has the keys ``siblings`` already; else the value
    at ``pointer``. ``dash`` says that an item of a list has to begin with one.
    """

    pointer: Pointer
    at_key: bool
    word: str
    span: tuple[int, int]
    siblings: frozenset[str] = frozenset()
    dash: bool = False


@dataclass
class _Frame:
    """A collection that is open at a line: its column, and the key or position that comes last in it."""

    column: int
    step: str | int
    sequence: bool


@dataclass
class TextOutline:
    """What a text says by its indentation, line by line."""

    lines: list[str]
    slots: list[Slot] = field(default_factory=list)
    prose: set[int] = field(default_factory=set)
    frames: dict[int, tuple[_Frame, ...]] = field(default_factory=dict)

    def keys(self, around: Pointer) -> frozenset[str]:
        """Return the keys of the mapping at a pointer."""
        return frozenset(
            str(s.pointer[-1]) for s in self.slots if not s.bare and s.pointer[:-1] == around and s.pointer
        )

    def at(self, line: int, column: int) -> Slot | None:
        """Return the slot whose key or value covers a position."""
        for slot in self.slots:
            if slot.line == line and (_covers(slot.key, column) or _covers(slot.value, column)):
                return slot
        return None


def _covers(span: tuple[int, int], column: int) -> bool:
    return span[0] <= column <= span[1] and span[1] > span[0]


def outline(text: str) -> TextOutline:
    """Read a text line by line."""
    found = TextOutline(text.split("\n"))
    stack: list[_Frame] = []
    prose_above = -1  # lines that stand deeper than this column belong to a block of prose
    for number, raw in enumerate(found.lines):
        line = raw.rstrip("\r")
        indent = len(line) - len(line.lstrip(" "))
        if prose_above >= 0 and (indent > prose_above or not line.strip()):
            found.prose.add(number)
            continue
        prose_above = -1
        content = _COMMENT.sub("", line) if "#" in line else line
        if content.strip() and not content.startswith(("---", "...", "%")):
            for slot in _slots(number, content, indent, stack):
                found.slots.append(slot)
            if found.slots and _PROSE.search(content) and found.slots[-1].line == number:
                prose_above = indent
        found.frames[number] = tuple(_Frame(f.column, f.step, f.sequence) for f in stack)
    return found


def _slots(number: int, line: str, column: int, stack: list[_Frame]) -> Iterator[Slot]:
    """Yield what stands on a line, and leave the collections open that it opens."""
    while dash := _DASH.match(line, column):
        _close(stack, column, sequence=True)
        if stack and stack[-1].sequence and stack[-1].column == column:
            stack[-1].step = int(stack[-1].step) + 1
        else:
            stack.append(_Frame(column, 0, sequence=True))
        column = dash.end()
    _close(stack, column, sequence=False)
    rest = line.rstrip()
    match = _KEY.match(line, column)
    if match is None:
        pointer = _pointer(stack, column)
        if column < len(rest) or line.lstrip(" ").startswith("-"):
            yield Slot(number, pointer, (0, 0), (column, max(column, len(rest))), bare=True)
        return
    if stack and not stack[-1].sequence and stack[-1].column == column:
        stack[-1].step = match["key"]
    else:
        stack.append(_Frame(column, match["key"], sequence=False))
    start = match.end()
    while start < len(line) and line[start] == " ":
        start += 1
    span = (min(start, len(line)), max(start, len(rest)) if start < len(rest) else min(start, len(line)))
    yield Slot(number, tuple(f.step for f in stack), (column, match.end() - 1), span)


def _close(stack: list[_Frame], column: int, *, sequence: bool) -> None:
    """Close the collections that a line at a column is no part of."""
    while stack and stack[-1].column > column:
        stack.pop()
    # A list may stand in the column of its key; a key in the column of a list ends the list.
    while not sequence and stack and stack[-1].sequence and stack[-1].column >= column:
        stack.pop()


def _pointer(stack: list[_Frame], column: int) -> Pointer:
    """Return the pointer of what a line without a key at a column is in."""
    return tuple(f.step for f in stack if f.sequence or f.column < column)


def place_at(text: str, line: int, column: int) -> Place | None:
    """Return what is being typed at a position (from 0); None in prose, comments and where it is not clear."""
    about = outline(text)
    if line in about.prose or line >= len(about.lines):
        return None
    typed = about.lines[line].rstrip("\r")
    before = typed[:column]
    if _COMMENT.search(before):
        return None
    slot = next((s for s in about.slots if s.line == line), None)
    if slot is None:
        return _on_an_empty_line(about, line, column) if not before.strip() else None
    if slot.bare:
        if column < slot.value[0]:
            return None
        # An item of a list: a value, or the first key of a mapping. The schema tells.
        word = before[slot.value[0] :]
        if word.startswith("{"):
            return _in_braces(typed, before, slot, column)
        if word.startswith("["):
            return None
        return Place(slot.pointer, True, word, slot.value, about.keys(slot.pointer))
    if column <= slot.key[1] and column >= slot.key[0]:
        around = slot.pointer[:-1]
        word = before[slot.key[0] :]
        return Place(around, True, word, slot.key, about.keys(around) - {str(slot.pointer[-1])})
    if column <= slot.key[1] + 1:
        return None  # between the colon and the blank that has to follow it
    return _in_value(typed, before, slot, column)


def _on_an_empty_line(about: TextOutline, line: int, column: int) -> Place | None:
    """Return the place on a line with nothing on it: the column says to which collection it belongs."""
    above = next((about.frames[n] for n in range(line - 1, -1, -1) if n in about.frames), ())
    kept = [f for f in above if f.column <= column]
    while kept and kept[-1].sequence and kept[-1].column == column:
        kept.pop()
    if kept and kept[-1].column == column:
        around = tuple(f.step for f in kept[:-1])
        return Place(around, True, "", (column, column), about.keys(around))
    pointer = tuple(f.step for f in kept)
    return Place(pointer, True, "", (column, column), about.keys(pointer), dash=True)


def _in_value(typed: str, before: str, slot: Slot, column: int) -> Place | None:
    start = min(slot.value[0], column)
    value = before[start:]
    if value.startswith("["):
        first = max(before.rfind("["), before.rfind(",")) + 1
        first += len(before[first:]) - len(before[first:].lstrip(" "))
        if value.count("[") > 1 or "{" in value or "]" in value:
            return None
        end = _end(typed, column, ",]")
        return Place((*slot.pointer, value.count(",")), False, before[first:], (first, end))
    if value.startswith("{"):
        return _in_braces(typed, before, slot, column)
    end = max(len(typed.rstrip()), column)
    quoted = value[:1] in ("'", '"')
    return Place(slot.pointer, False, value[1:] if quoted else value, (start, end))


def _in_braces(typed: str, before: str, slot: Slot, column: int) -> Place | None:
    inner = before[slot.value[0] + 1 :]
    if any(c in inner for c in "{}[]"):
        return None
    first = max(before.rfind("{"), before.rfind(",")) + 1
    first += len(before[first:]) - len(before[first:].lstrip(" "))
    key, colon, value = before[first:].partition(":")
    if colon:
        start = first + len(key) + 1
        start += len(value) - len(value.lstrip(" "))
        return Place((*slot.pointer, key.strip()), False, before[start:], (start, _end(typed, column, ",}")))
    said = frozenset(re.findall(r"(\w+)\s*:", typed[slot.value[0] :]))
    return Place(slot.pointer, True, key, (first, _end(typed, column, ",}:")), said)


def _end(typed: str, column: int, stops: str) -> int:
    """Return where the word ends that the cursor is in."""
    while column < len(typed) and typed[column] not in stops:
        column += 1
    return column
