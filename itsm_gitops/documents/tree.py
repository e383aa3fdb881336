"""A document as a tree of values that know where they stand in the text."""

from __future__ import annotations

from typing import Any

from itsm_gitops.documents.problems import LIMITS, Limits
from itsm_gitops.documents.scalars import NotANumber, plain

SCALAR, MAPPING, SEQUENCE = "scalar", "mapping", "sequence"


class Node:
    """A value and its place: character offsets into the text, line and column from 0.

    ``end`` is where the value's own text ends: behind the last child for block collections, behind
    the bracket for flow collections, behind the trailing line breaks for block scalars.
    ``style`` is ``"`` ``'`` ``|`` ``>`` or empty for plain scalars; collections have ``flow``.
    ``pairs`` holds (key, value) of a mapping, ``items`` the values of a sequence.
    """

    __slots__ = ("column", "end", "flow", "items", "kind", "line", "pairs", "start", "style", "value")

    def __init__(self, kind: str, event: Any) -> None:
        mark = event.start_mark
        self.kind = kind
        self.start: int = mark.index
        self.end: int = event.end_mark.index
        self.line: int = mark.line
        self.column: int = mark.column
        self.flow = False
        self.style = ""
        self.value: Any = None
        self.items: list[Node] = []
        self.pairs: list[tuple[Node, Node]] = []

    @property
    def empty(self) -> bool:
        """Whether nothing is written here (the null after ``key:``)."""
        return self.kind == SCALAR and self.start == self.end

    def children(self) -> list[Node]:
        """Keys and values, or items, in the order of the text."""
        return self.items or [node for pair in self.pairs for node in pair]

    def data(self) -> Any:
        """The value as plain data."""
        if self.kind == MAPPING:
            return {key.value: value.data() for key, value in self.pairs}
        if self.kind == SEQUENCE:
            return [item.data() for item in self.items]
        return self.value


class _Builder:
    """Builds nodes from events and keeps what was finished when the text breaks off."""

    def __init__(self, text: str, limits: Limits, pure: bool) -> None:
        from itsm_gitops.documents import events

        self.types: Any = events.events
        self.errors: tuple[type[Exception], ...] = (events.YAMLError, ValueError, OverflowError)
        self.get = events.open_events(text, pure=pure)
        self.limits = limits
        self.nodes = 0

    def document(self) -> Node | None:
        self.get()
        if isinstance(self.get(), self.types.StreamEndEvent):
            return None
        return self.node(self.get(), self.limits.depth + 2)

    def node(self, event: Any, depth: int) -> Node:
        self.nodes += 1
        if not depth or self.nodes > self.limits.nodes or not hasattr(event, "anchor"):
            raise ValueError
        if isinstance(event, self.types.MappingStartEvent):
            return self.mapping(Node(MAPPING, event), bool(event.flow_style), depth)
        if isinstance(event, self.types.SequenceStartEvent):
            return self.sequence(Node(SEQUENCE, event), bool(event.flow_style), depth)
        node = Node(SCALAR, event)
        node.style = getattr(event, "style", None) or ""
        node.value = _meaning(getattr(event, "value", None), node.style)
        return node

    def mapping(self, node: Node, flow: bool, depth: int) -> Node:
        node.flow = flow
        while not isinstance(event := self.get(), self.types.MappingEndEvent):
            key = self.node(event, depth - 1)
            node.pairs.append((key, self.node(self.get(), depth - 1)))
        node.end = event.end_mark.index if flow else node.pairs[-1][1].end
        return node

    def sequence(self, node: Node, flow: bool, depth: int) -> Node:
        node.flow = flow
        while not isinstance(event := self.get(), self.types.SequenceEndEvent):
            node.items.append(self.node(event, depth - 1))
        node.end = event.end_mark.index if flow else node.items[-1].end
        return node


def _meaning(value: str | None, style: str) -> Any:
    if style or value is None:
        return value
    try:
        return plain(value)
    except NotANumber:
        return value


def parse(text: str, *, limits: Limits = LIMITS, pure: bool = False) -> Node | None:
    """Build the tree of a document; None when it is empty or cannot be read to its end."""
    builder = _Builder(text, limits, pure)
    try:
        return builder.document()
    except builder.errors:
        return None
