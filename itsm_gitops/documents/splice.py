"""Changes one place of a document's text and leaves every other byte alone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from itsm_gitops.documents import render
from itsm_gitops.documents.render import Layout
from itsm_gitops.documents.tree import MAPPING, SCALAR, SEQUENCE, Node, parse
from itsm_gitops.model.findings import Pointer

_WIDEST_STEP = 9  # the indentation indicator of a block scalar has one digit
_GAP = re.compile(r"(?:\s|#[^\n]*)*")
_COMMENT = re.compile(r"[ \t]+#[^\r\n]*")
_EMPTY_LINES = re.compile(r"(?:[ \t]*\n)*")
_HEADER = re.compile(r"[|>]([-+0-9]*)")


class Cut(NamedTuple):
    """One change of a text: what stands from ``start`` to ``end`` is replaced by ``new``."""

    start: int
    end: int
    new: str


class _Place(NamedTuple):
    """A value, the collection it is in, and where its colon or dash ends."""

    node: Node
    owner: Node | None
    after: int


class Text:
    """The text of a sound document and its tree. Line breaks are LF here; `lines` restores each as it was."""

    def __init__(self, text: str) -> None:
        root = parse(text)
        if root is None:
            raise ValueError("the text does not parse")
        self.text = text
        self.root = root
        self.layout = _layout(root)

    def replace(self, pointer: Pointer, value: Any) -> Cut:
        """Write ``value`` over the value at ``pointer``."""
        place = self._find(pointer)
        node, owner = place.node, place.owner
        if owner is None:
            return self._replace_root(value)
        if owner.flow:
            new = self._restyle(node, value, 0, 0, in_flow=True)
            return self._put(place, new)
        step = self._step(node, owner)
        self._fit_before(self._content_end(node))
        new = self._restyle(node, value, owner.column + step, step, in_flow=False)
        if new is not None and "\n" not in new and self._inline(place):
            return self._put(place, new)
        return self._rewrite(place, value, new)

    def insert(self, pointer: Pointer, name: str, value: Any, key_order: Sequence[str]) -> Cut:
        """Add the key ``name`` to the mapping at ``pointer``, which has other keys."""
        mapping = self._find(pointer).node
        position = position_of([key.value for key, _ in mapping.pairs], name, key_order)
        if mapping.flow:
            return self._insert_flow(mapping, position, f"{render.flow_key(name)}: {render.flow(value)}")
        end = self._line_end(self._content_end(mapping.pairs[position - 1][1])) if position else 0
        if position:
            self._fit_before(end)
        margin = " " * mapping.column
        new = "\n".join(
            render.pair_lines(margin + render.key(name) + ":", value, mapping.column, self.layout)
        )
        if position == 0:
            return Cut(mapping.start, mapping.start, new.lstrip(" ") + "\n" + margin)
        return Cut(end, end, "\n" + new)

    def insert_item(self, pointer: Pointer, position: int, value: Any) -> Cut:
        """Add ``value`` at a position of the list at ``pointer``, which has other items."""
        items = self._find(pointer).node
        if items.flow:
            return self._insert_flow(items, position, render.flow(value))
        new = "\n".join(render.item_lines(value, items.column, self.layout))
        if position == 0:
            return Cut(items.start, items.start, new.lstrip(" ") + "\n" + " " * items.column)
        end = self._line_end(self._content_end(items.items[position - 1]))
        self._fit_before(end)
        new = "\n".join(render.item_lines(value, items.column, self.layout))
        return Cut(end, end, "\n" + new)

    def remove(self, pointer: Pointer) -> Cut:
        """Take out the value at ``pointer``, which is not the last of its collection."""
        place = self._find(pointer)
        node, owner = place.node, place.owner
        if owner is None:
            raise ValueError("the whole document cannot be removed")
        if owner.flow:
            return self._remove_flow(owner, pointer[-1])
        if owner.kind == SEQUENCE:
            start = place.after - 1
        else:
            key = next(key for key, _ in owner.pairs if key.value == pointer[-1])
            start = owner.start if key is owner.pairs[0][0] else key.start
        line = self.text.rfind("\n", 0, start) + 1
        end = self._line_end(self._content_end(node)) + 1
        if self.text[line:start].strip(" ?"):
            # `- first: 1`: the next key or dash moves up behind the dash.
            gap = re.compile(r"\s*").match(self.text, end)
            return Cut(start, gap.end() if gap else end, "")
        if self._keeps_breaks_before(owner, pointer[-1], line):
            # Empty lines that follow would become part of the block scalar above them.
            empty = _EMPTY_LINES.match(self.text, end)
            end = empty.end() if empty else end
        return Cut(line, end, "")

    # -- finding ---------------------------------------------------------------------------------

    def _find(self, pointer: Pointer) -> _Place:
        place = _Place(self.root, None, 0)
        for part in pointer:
            owner = place.node
            if owner.kind == MAPPING:
                key, node = next(pair for pair in owner.pairs if pair[0].value == part)
                place = _Place(node, owner, self._behind(key.end, ":"))
            else:
                index = int(part)
                before = self._content_end(owner.items[index - 1]) if index else owner.start
                after = before if owner.flow else self._behind(before, "-")
                place = _Place(owner.items[index], owner, after)
        return place

    def _behind(self, start: int, indicator: str) -> int:
        """Where the text goes on behind ``indicator``, or ``start`` when that is not written."""
        gap = _GAP.match(self.text, start)
        at = gap.end() if gap else start
        return at + 1 if self.text[at : at + 1] == indicator else start

    def _keeps_breaks_before(self, owner: Node, part: str | int, line: int) -> bool:
        """Whether a block scalar that keeps the empty lines below it (``|+``) ends where ``part`` begins, at ``line``."""
        values = [value for _, value in owner.pairs] or owner.items
        names = [key.value for key, _ in owner.pairs] or list(range(len(values)))
        index = names.index(part)
        node = values[index - 1] if index else None
        while node is not None and not node.flow and node.kind != SCALAR:
            node = node.children()[-1]
        if node is None or node.style not in ("|", ">"):
            return False
        header = _HEADER.match(self.text, node.start)
        return bool(header and "+" in header.group(1)) and not self.text[node.end : line].strip()

    def _inline(self, place: _Place) -> bool:
        node = place.node
        simple = node.style not in ("|", ">") if node.kind == SCALAR else node.flow
        return simple and not node.empty and "\n" not in self.text[place.after : node.start]

    def _content_end(self, node: Node) -> int:
        """Where the last line of ``node`` that belongs to its value ends."""
        while not node.flow and node.kind != SCALAR:
            node = node.children()[-1]
        if node.style not in ("|", ">"):
            return node.end
        source = self.text[node.start : node.end]
        header = _HEADER.match(source)
        if header and "+" in header.group(1):
            return node.end - 1 if source.endswith("\n") else node.end
        return self._line_end(node.start + len(source.rstrip()))

    def _line_end(self, index: int) -> int:
        end = self.text.find("\n", index)
        return len(self.text) if end < 0 else end

    def _fit_before(self, end: int) -> None:
        """Write no block that would take in the empty lines which stand behind ``end``."""
        below = self.text[self._line_end(end) + 1 :].split("\n", 1)
        self.layout = self.layout._replace(keep=bool(below[0].strip()) or below == [""])

    # -- writing ---------------------------------------------------------------------------------

    def _put(self, place: _Place, new: str | None) -> Cut:
        """Write one line over an inline value; ``new`` is None only for block collections."""
        node = place.node
        if not node.empty:
            return Cut(node.start, node.end, new or "")
        colon = "" if self.text[place.after - 1] in ":-[," else ":"
        behind = self.text[place.after : place.after + 1]
        space = "" if behind.isspace() or behind in ",]}" else " "
        return Cut(place.after, place.after, f"{colon} {new}{space}")

    def _rewrite(self, place: _Place, value: Any, new: str | None) -> Cut:
        """Write the whole value anew, from its colon or dash to the end of its last line."""
        node, owner = place.node, place.owner
        column = owner.column if owner else 0
        end = self._content_end(node)
        comment = self._comment(place, end)
        stop = self._line_end(end)
        if new is not None:
            first, _, rest = new.partition("\n")
            return Cut(place.after, stop, f" {first}{comment}" + ("\n" + rest if _ else ""))
        if owner and owner.kind == SEQUENCE:
            body = render.lines(value, column + render.INDENT, self.layout)
            if not comment:
                return Cut(place.after, stop, " " + "\n".join(body).lstrip(" "))
        else:
            offset = self.layout.dash if render.is_list(value) else self.layout.indent
            body = render.lines(value, column + offset, self.layout)
        return Cut(place.after, stop, comment + "\n" + "\n".join(body))

    def _comment(self, place: _Place, end: int) -> str:
        """The comment behind the colon, the block header or the end of a value about to be rewritten."""
        node = place.node
        starts = [place.after]
        if node.kind == SCALAR or node.flow:
            starts.append(end)
            header = _HEADER.match(self.text, node.start) if node.style in ("|", ">") else None
            if header:
                starts = [header.end()]
        for start in starts:
            match = _COMMENT.match(self.text, start)
            if match:
                return match.group().rstrip()
        return ""

    def _replace_root(self, value: Any) -> Cut:
        root = self.root
        line = self.text.rfind("\n", 0, root.start) + 1
        if value and not self.text[line : root.start].strip():
            return Cut(line, self._content_end(root), "\n".join(render.lines(value, 0, self.layout)))
        return Cut(root.start, self._content_end(root), render.flow(value))

    def _insert_flow(self, node: Node, position: int, new: str) -> Cut:
        children = [pair[0] for pair in node.pairs] or node.items
        if self.text[node.start] not in "[{":  # `[a: 1]`: a mapping without braces
            inner = self.text[node.start : node.end]
            joined = f"{new}, {inner}" if position == 0 else f"{inner}, {new}"
            return Cut(node.start, node.end, "{" + joined + "}")
        if position == 0:
            return Cut(children[0].start, children[0].start, new + ", ")
        last = node.pairs[position - 1][1] if node.pairs else children[position - 1]
        at = max(last.end, node.pairs[position - 1][0].end if node.pairs else 0)
        return Cut(at, at, ", " + new)

    def _remove_flow(self, owner: Node, part: str | int) -> Cut:
        spans = [(k.start, max(v.end, k.end)) for k, v in owner.pairs] or [
            (item.start, item.end) for item in owner.items
        ]
        names = [key.value for key, _ in owner.pairs] or list(range(len(owner.items)))
        index = names.index(part)
        start, end = spans[index]
        if index + 1 < len(spans):
            return Cut(start, spans[index + 1][0], "")
        before = spans[index - 1][1]
        if "#" not in self.text[before:start]:
            return Cut(before, end, "")
        behind = re.compile(r"\s*,?").match(self.text, end)  # the comma before the comment stays
        return Cut(start, behind.end() if behind and behind.group().endswith(",") else end, "")

    # -- style -----------------------------------------------------------------------------------

    def _step(self, node: Node, owner: Node) -> int:
        """How far the lines of a block scalar stand in from their key; as before when there is one."""
        if node.style in ("|", ">"):
            for line in self.text[node.start : node.end].split("\n")[1:]:
                width = len(line) - len(line.lstrip(" "))
                if line.strip() and owner.column < width:
                    header = _HEADER.match(self.text, node.start)
                    digits = re.sub(r"\D", "", header.group(1)) if header else ""
                    return int(digits) if digits else width - owner.column
        return render.INDENT if owner.kind == SEQUENCE else self.layout.indent

    def _restyle(self, node: Node, value: Any, margin: int, step: int, *, in_flow: bool) -> str | None:
        """Write ``value`` as a scalar, in the style of the scalar it replaces where that is possible.

        None for collections that are to be written in block style.
        """
        if not isinstance(value, str):
            if in_flow or not value:
                return render.flow(value)
            return None if isinstance(value, dict | list) else render.render_number(value)
        style = node.style
        if style == '"':
            return render.double_quote(value)
        if style == "'" and "\n" not in value and render.can_be_quoted(value):
            return "'" + value.replace("'", "''") + "'"
        if in_flow:
            return render.flow(value)
        if step > _WIDEST_STEP:
            return render.quote(value)
        fits = self.layout.keep or not value.endswith("\n\n")
        if style in ("|", ">") and fits and render.can_be_block(value):
            folded = render.folded(value, margin) if style == ">" else None
            return folded or render.block(value, margin, step)
        return render.leaf(value, margin, step, keep=self.layout.keep)


def _layout(root: Node) -> Layout:
    """How the document indents: as its first nested mapping and its first list do."""
    steps: dict[str, int] = {}
    todo = [root]
    while todo and len(steps) < 2:
        node = todo.pop(0)
        if node.flow:
            continue
        for key, value in node.pairs:
            if value.kind != SCALAR and not value.flow and value.line > key.line:
                steps.setdefault(value.kind, value.column - node.column)
        todo += [value for _, value in node.pairs] + node.items
    return Layout(steps.get(MAPPING, render.INDENT), steps.get(SEQUENCE, 0))


def position_of(names: Sequence[str], name: str, key_order: Sequence[str]) -> int:
    """Where a new key belongs: behind the key that precedes it most closely in ``key_order``."""
    rank = {key: position for position, key in enumerate(key_order)}
    if name not in rank:
        return len(names)
    before = [(rank[key], at) for at, key in enumerate(names) if rank.get(key, len(rank)) < rank[name]]
    return max(before)[1] + 1 if before else 0
