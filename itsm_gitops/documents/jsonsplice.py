"""Changes one place of a JSON document and leaves every other byte alone: the counterpart of `splice`."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from itsm_gitops.documents import render
from itsm_gitops.documents.splice import Cut, position_of
from itsm_gitops.documents.tree import MAPPING, Node, parse
from itsm_gitops.model.findings import Pointer

_ESCAPE = re.compile(r"\\u[0-9a-fA-F]{4}")


def is_json(raw: bytes) -> bool:
    """Whether a sound document is JSON, too."""
    if not raw.lstrip().startswith(b"{"):
        return False
    try:
        json.loads(raw)
    except (ValueError, RecursionError):
        return False
    return True


class Json:
    """The text of a JSON document and its tree; line breaks are LF here."""

    def __init__(self, text: str) -> None:
        root = parse(text)
        if root is None:
            raise ValueError("the text does not parse")
        self.text = text
        self.root = root
        self._ascii = text.isascii() and bool(_ESCAPE.search(text))
        self._step = self._indentation()
        self._colon = self._between_key_and_value()

    def replace(self, pointer: Pointer, value: Any) -> Cut:
        """Write ``value`` over the value at ``pointer``."""
        node, owner = self._find(pointer)
        spread = self._spread(owner) if owner else self._step is not None
        if node.items or node.pairs:  # a list or an object keeps its own form
            spread = self._spread(node)
        return Cut(node.start, node.end, self._write(value, self._margin(node.start), spread))

    def insert(self, pointer: Pointer, name: str, value: Any, key_order: Sequence[str]) -> Cut:
        """Add the key ``name`` to the object at ``pointer``, which has other keys."""
        node, _ = self._find(pointer)
        position = position_of([key.value for key, _ in node.pairs], name, key_order)
        return self._insert(node, position, value, self._text(name) + self._colon)

    def insert_item(self, pointer: Pointer, position: int, value: Any) -> Cut:
        """Add ``value`` at a position of the list at ``pointer``, which has other items."""
        node, _ = self._find(pointer)
        return self._insert(node, position, value, "")

    def remove(self, pointer: Pointer) -> Cut:
        """Take out the value at ``pointer``, which is not the last of its collection."""
        _, owner = self._find(pointer)
        if owner is None:
            raise ValueError("the whole document cannot be removed")
        spans = _spans(owner)
        names = [key.value for key, _ in owner.pairs] or list(range(len(owner.items)))
        index = names.index(pointer[-1])
        if index + 1 < len(spans):
            return Cut(spans[index][0], spans[index + 1][0], "")
        return Cut(spans[index - 1][1], spans[index][1], "")

    def _find(self, pointer: Pointer) -> tuple[Node, Node | None]:
        node, owner = self.root, None
        for part in pointer:
            owner = node
            if node.kind == MAPPING:
                node = next(value for key, value in node.pairs if key.value == part)
            else:
                node = node.items[int(part)]
        return node, owner

    def _insert(self, node: Node, position: int, value: Any, head: str) -> Cut:
        """Put a member before or behind another one, with the white space that stands between them."""
        spans = _spans(node)
        near = spans[max(0, position - 1)]
        spread = self._spread(node)
        members = [member for _, member in node.pairs] or node.items
        model = members[max(0, position - 1)]
        alike = self._spread(model) if model.children() and isinstance(value, dict | list) else spread
        new = head + self._write(value, self._margin(spans[0][0]), spread and alike)
        gap = self.text[node.start + 1 : spans[0][0]] if spread else self._comma(spans)
        if position == 0:
            return Cut(near[0], near[0], f"{new},{gap}")
        return Cut(near[1], near[1], f",{gap}{new}")

    def _comma(self, spans: list[tuple[int, int]]) -> str:
        """Return the white space behind a comma on one line: as here, else as behind colons."""
        if len(spans) > 1:
            return self.text[spans[0][1] : spans[1][0]].partition(",")[2]
        return " " if self._colon.endswith(" ") else ""

    def _spread(self, node: Node) -> bool:
        """Whether the members of a collection stand on lines of their own; an empty one does as the text."""
        spans = _spans(node)
        return "\n" in self.text[node.start : spans[0][0]] if spans else self._step is not None

    def _margin(self, at: int) -> str:
        """Return the indentation of a line."""
        line = self.text[self.text.rfind("\n", 0, at) + 1 : at]
        return line[: len(line) - len(line.lstrip())]

    def _indentation(self) -> str | None:
        """Return how far the keys at the top stand in; None where all is on one line."""
        gap = self.text[self.root.start + 1 : self.root.pairs[0][0].start] if self.root.pairs else ""
        return gap.rpartition("\n")[2] if "\n" in gap else None

    def _between_key_and_value(self) -> str:
        if not self.root.pairs:
            return ": "
        key, value = self.root.pairs[0]
        return self.text[key.end : value.start] if "\n" not in self.text[key.end : value.start] else ": "

    def _text(self, text: str) -> str:
        return json.dumps(text, ensure_ascii=self._ascii)

    def _write(self, value: Any, margin: str, spread: bool) -> str:
        _check(value)
        comma = ", " if self._colon.endswith(" ") else ","
        if not spread:
            return json.dumps(value, ensure_ascii=self._ascii, separators=(comma, self._colon))
        step = self._step if self._step is not None else "  "
        text = json.dumps(value, ensure_ascii=self._ascii, indent=step, separators=(",", self._colon))
        return text.replace("\n", f"\n{margin}")


def _spans(node: Node) -> list[tuple[int, int]]:
    return [(key.start, value.end) for key, value in node.pairs] or [(i.start, i.end) for i in node.items]


def _check(value: Any) -> None:
    """Raise ValueError for what a document cannot hold, though JSON could."""
    if isinstance(value, str):
        render.double_quote(value)
    elif isinstance(value, dict):
        for key, item in value.items():
            render.double_quote(key)
            _check(item)
    elif isinstance(value, list):
        for item in value:
            _check(item)
