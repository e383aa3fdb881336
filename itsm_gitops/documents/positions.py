"""Where the value of a JSON pointer stands in the text of a document."""

from __future__ import annotations

from typing import NamedTuple

from itsm_gitops.documents import chars
from itsm_gitops.documents.problems import RULEBOOK_LIMITS
from itsm_gitops.documents.tree import MAPPING, Node, parse
from itsm_gitops.model.findings import Pointer


class TextSpan(NamedTuple):
    """A stretch of text: character offsets into the decoded text; line and column count from 1."""

    start: int
    end: int
    line: int
    column: int


_TOP = TextSpan(0, 0, 1, 1)


class SourceMap:
    """Positions of all keys and values of one document."""

    def __init__(self, root: Node | None) -> None:
        self._values: dict[Pointer, TextSpan] = {}
        self._keys: dict[Pointer, TextSpan] = {}
        if root is not None:
            self._add((), root)

    def _add(self, pointer: Pointer, node: Node) -> None:
        self._values[pointer] = _span(node)
        if node.kind == MAPPING:
            for key, value in node.pairs:
                below = (*pointer, key.value)
                self._keys[below] = _span(key)
                self._add(below, value)
        else:
            for position, item in enumerate(node.items):
                self._add((*pointer, position), item)

    def value(self, pointer: Pointer) -> TextSpan | None:
        """The place of the value at ``pointer``; None when there is none."""
        return self._values.get(pointer)

    def key(self, pointer: Pointer) -> TextSpan | None:
        """The place of the key that ``pointer`` ends with; None for list positions."""
        return self._keys.get(pointer)

    def nearest(self, pointer: Pointer) -> TextSpan:
        """The place of the value at ``pointer`` or of the deepest value around it that exists.

        For a value that is not written (``key:`` and nothing after it) the place of the key.
        """
        while pointer:
            span = self._values.get(pointer)
            if span:
                return span if span.end > span.start else self._keys.get(pointer, span)
            pointer = pointer[:-1]
        return self._values.get((), _TOP)


def _span(node: Node) -> TextSpan:
    return TextSpan(node.start, node.end, node.line + 1, node.column + 1)


def locate(raw: bytes) -> SourceMap:
    """Map the positions of a document; an empty map for one that cannot be read.

    Works for JSON files too, as JSON is YAML. Costs about 1.5 times `load`.
    """
    text = chars.clean_text(raw)
    return SourceMap(parse(text, limits=RULEBOOK_LIMITS) if text else None)
