"""Finds the comments of a document and the entry that each belongs to."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from typing import NamedTuple

from itsm_gitops.documents.tree import MAPPING, SCALAR, Node

_COMMENT = re.compile(r"#[^\n]*")
_BLOCK = ("|", ">")


class Comment(NamedTuple):
    """The text from ``#`` on, and whether an empty line stands before it."""

    text: str
    blank: bool


class CommentedEntry:
    """A key with its value, or a list item, with the comments that travel with it.

    ``leading`` stand on lines above it, ``trailing`` on its own line, ``foot`` on lines below it that
    are indented as if they belonged to it. ``blank``: an empty line stands above it.
    """

    __slots__ = (
        "blank",
        "children",
        "column",
        "flow",
        "foot",
        "key",
        "leading",
        "node",
        "parent",
        "start",
        "trailing",
    )

    def __init__(
        self, key: Node | None, node: Node, start: int, column: int, parent: CommentedEntry | None
    ) -> None:
        self.key = key
        self.node = node
        self.start = start
        self.column = column
        self.parent = parent
        self.flow = False
        self.blank = False
        self.leading: list[Comment] = []
        self.trailing: Comment | None = None
        self.foot: list[Comment] = []
        self.children: list[CommentedEntry] = []

    @property
    def reach(self) -> int:
        """How far a comment below must be indented to belong here: more than a dash under its key."""
        if self.key is None and self.parent is not None and self.parent.key is not None:
            return self.column + (self.column <= self.parent.column)
        return self.column


class Outline(NamedTuple):
    """All entries of a document as a tree, and the comments that belong to the file as a whole."""

    entries: list[CommentedEntry]
    head: list[Comment]
    tail: list[Comment]


def outline(text: str, root: Node) -> Outline:
    """Attach every comment of ``text`` (with LF line ends) to an entry of ``root``."""
    top = CommentedEntry(None, root, -1, -1, None)
    _grow(text, top)
    entries = sorted(_all(top), key=lambda entry: entry.start)
    starts = [entry.start for entry in entries]
    head: list[Comment] = []
    tail: list[Comment] = []
    for entry in entries:
        entry.blank = not entry.flow and _blank_above(text, entry.start)
    for at in _comments(text, root):
        line = text.rfind("\n", 0, at) + 1
        end = text.find("\n", at)
        comment = Comment(text[at : end if end >= 0 else len(text)].rstrip(), _blank_above(text, at))
        index = bisect_right(starts, at)
        before = entries[index - 1] if index else None
        after = entries[index] if index < len(entries) else None
        if not entries:
            (head if at < root.start else tail).append(comment)
        elif text[line:at].strip():
            _attach_behind(before, after, comment)
        else:
            _attach_line(before, after, comment, at, at - line, tail)
    return Outline(top.children, head or _head(entries), tail)


def _grow(text: str, entry: CommentedEntry) -> None:
    node = entry.node
    pairs: list[tuple[Node | None, Node]] = [(key, value) for key, value in node.pairs]
    pairs += [(None, item) for item in node.items]
    position = node.start
    for key, value in pairs:
        start = key.start if key else value.start
        if key is None and not node.flow:
            start = _dash(text, position)
        child = CommentedEntry(key, value, start, start - text.rfind("\n", 0, start) - 1, entry)
        child.flow = node.flow
        _grow(text, child)
        entry.children.append(child)
        position = value.end


def _dash(text: str, position: int) -> int:
    """Index of the next dash, past white space and comments."""
    gap = re.compile(r"(?:\s|#[^\n]*)*").match(text, position)
    return gap.end() if gap else position


def _all(entry: CommentedEntry) -> Iterator[CommentedEntry]:
    for child in entry.children:
        yield child
        yield from _all(child)


def _scalars(node: Node) -> Iterator[Node]:
    if node.kind == SCALAR:
        yield node
    for child in node.children():
        yield from _scalars(child)


def _comments(text: str, root: Node) -> Iterator[int]:
    """Where comments start: every ``#`` outside of scalars, as anchors and tags are refused before."""
    position = 0
    for scalar in _scalars(root):
        yield from (m.start() for m in _COMMENT.finditer(text, position, max(position, scalar.start)))
        if scalar.style in _BLOCK:
            header = text.find("\n", scalar.start)
            header = len(text) if header < 0 else header
            yield from (m.start() for m in _COMMENT.finditer(text, scalar.start, header))
        position = max(position, scalar.end)
    yield from (m.start() for m in _COMMENT.finditer(text, position))


def _blank_above(text: str, index: int) -> bool:
    line = text.rfind("\n", 0, index) + 1
    if text[line:index].strip(" -"):
        return False
    above = text.rfind("\n", 0, max(line - 1, 0)) + 1
    return line > 0 and text[above:line].rstrip() in ("", "---")


def _attach_behind(before: CommentedEntry | None, after: CommentedEntry | None, comment: Comment) -> None:
    """A comment behind something else on its line."""
    owner = before or after
    if owner is None:
        return
    if owner is before and owner.trailing is None:
        owner.trailing = comment._replace(blank=False)
    else:
        owner.leading.append(comment)


def _attach_line(
    before: CommentedEntry | None,
    after: CommentedEntry | None,
    comment: Comment,
    at: int,
    column: int,
    tail: list[Comment],
) -> None:
    """A comment on a line of its own: for the entry below, unless it is indented like the one above."""
    bracket = _bracket(before, at)
    if bracket is not None:
        inside = after is not None and after.start < bracket.node.end
        if inside and after is not None:
            after.leading.append(comment)
        else:
            _attach_behind(bracket, None, comment)
    elif after is not None and column <= after.column:
        after.leading.append(comment)
    elif after is None and column == 0:
        tail.append(comment)
    else:
        owner = before
        while owner is not None and owner.parent is not None and (owner.flow or owner.reach > column):
            owner = owner.parent
        if owner is None or owner.parent is None:
            (after.leading if after else tail).append(comment)
        else:
            owner.foot.append(comment)


def _bracket(before: CommentedEntry | None, at: int) -> CommentedEntry | None:
    """The entry around ``at`` whose value is written in brackets that are still open there."""
    while before is not None:
        if before.node.flow and before.node.start < at < before.node.end:
            return before
        before = before.parent
    return None


def _head(entries: list[CommentedEntry]) -> list[Comment]:
    """Take the comments off the first entry that an empty line separates from it."""
    if not entries:
        return []
    first = entries[0]
    marks = [comment.blank for comment in first.leading[1:]] + [first.blank]
    cut = max((at + 1 for at, blank in enumerate(marks[: len(first.leading)]) if blank), default=0)
    head, first.leading = first.leading[:cut], first.leading[cut:]
    if head and first.leading:
        first.leading[0] = first.leading[0]._replace(blank=False)
    elif head:
        first.blank = False
    return head


def is_mapping(entry: CommentedEntry) -> bool:
    """Whether the entry's value is a mapping with keys."""
    return entry.node.kind == MAPPING and bool(entry.children)
