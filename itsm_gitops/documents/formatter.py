"""The canonical form of a document: what `dump` would write, with the comments where they belong."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence

from itsm_gitops.documents import render
from itsm_gitops.documents.comments import Comment, CommentedEntry, Outline, is_mapping, outline
from itsm_gitops.documents.dumper import ordered
from itsm_gitops.documents.reader import load
from itsm_gitops.documents.tree import parse
from itsm_gitops.model.errors import ItsmError, Refused

_HEADER = re.compile(r">([0-9]?)([-+]?)([0-9]?)")


def fmt(raw: bytes, key_order: Sequence[str] = ()) -> bytes:
    """Return the canonical form of ``raw``.

    Top-level keys in ``key_order``, block style, two spaces, plain scalars, LF, no spaces at line ends, a
    final newline. Comments stay with their key or item, single empty lines stay, folded texts keep their lines. The data
    stays equal, and formatting twice changes nothing. Raises Refused when the document has problems.
    """
    loaded = load(raw)
    if loaded.problems:
        first = loaded.problems[0]
        raise Refused(f"line {first.line}: {first.message}", first.hint)
    text = raw.decode().replace("\r\n", "\n")
    root = parse(text)
    if root is None:
        raise ItsmError("the document cannot be formatted")
    plan = outline(text, root)
    result = "\n".join(_CanonicalWriter(text).document(plan, key_order)) + "\n"
    again = load(result.encode())
    if again.problems or json.dumps(again.data, sort_keys=True) != json.dumps(loaded.data, sort_keys=True):
        raise ItsmError(
            "formatting would change the data; nothing was changed", "simplify the layout by hand"
        )
    _check_comments(plan, result)
    return result.encode()


def comments_in(raw: bytes) -> Counter[str]:
    """Return the texts of all comments of a sound document, and how often each stands there."""
    text = raw.decode().replace("\r\n", "\n")
    root = parse(text)
    return _texts(outline(text, root)) if root is not None else Counter()


def _check_comments(plan: Outline, after: str) -> None:
    """Formatting must never lose a comment."""
    root = parse(after)
    if root is None or _texts(plan) != _texts(outline(after, root)):
        raise ItsmError("formatting would lose a comment; nothing was changed", "move it to its own line")


def _texts(plan: Outline) -> Counter[str]:
    count = Counter(comment.text for comment in [*plan.head, *plan.tail])
    todo = list(plan.entries)
    while todo:
        entry = todo.pop()
        comments = [*entry.leading, *entry.foot, *([entry.trailing] if entry.trailing else [])]
        count.update(comment.text for comment in comments)
        todo += entry.children
    return count


class _CanonicalWriter:
    """Collects the lines of the canonical text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.out: list[str] = []
        self.open_block = False  # the last line is in a block that keeps the empty lines below it

    def document(self, plan: Outline, key_order: Sequence[str]) -> list[str]:
        by_name = {entry.key.value: entry for entry in plan.entries if entry.key}
        self._comments(plan.head, 0)
        if plan.head:
            self._blank()
        for position, name in enumerate(ordered(list(by_name), key_order)):
            self._entry(by_name[name], 0, blank=position > 0 or bool(plan.head))
        if not plan.entries:
            self.out.append("{}")
        self._comments(plan.tail, 0)
        return self.out

    def _blank(self) -> None:
        if self.out and self.out[-1] and not self.open_block:
            self.out.append("")

    def _comments(self, comments: Sequence[Comment], indent: int, *, blank: bool = True) -> None:
        for comment in comments:
            if comment.blank and blank:
                self._blank()
            self.out.append(" " * indent + comment.text)
            self.open_block = False
            blank = True

    def _entry(self, entry: CommentedEntry, indent: int, *, blank: bool, lead: str = "") -> None:
        """Write an entry; ``lead`` is what stands before it on its line (dashes), or empty."""
        leading = [] if lead else _hoisted(entry)
        self._comments(leading, indent, blank=blank)
        if entry.blank and not lead and (blank or leading):
            self._blank()
        start = lead or " " * indent
        if entry.key is None:
            self._item(entry, indent, start + "- ")
        else:
            self._value(entry, indent, start + render.key(entry.key.value) + ":")
        self._comments(entry.foot, max(indent, render.INDENT) if entry.key else indent + render.INDENT)

    def _item(self, entry: CommentedEntry, indent: int, start: str) -> None:
        if not entry.children:
            self._value(entry, indent, start.rstrip(" "))
            return
        for position, child in enumerate(entry.children):
            lead = "" if position else start
            self._entry(child, indent + render.INDENT, blank=position > 0, lead=lead)

    def _value(self, entry: CommentedEntry, indent: int, head: str) -> None:
        behind = f" {entry.trailing.text}" if entry.trailing else ""
        if entry.children:
            self.out.append(head + behind)
            self.open_block = False
            below = indent + render.INDENT if is_mapping(entry) else indent
            for position, child in enumerate(entry.children):
                self._entry(child, below, blank=position > 0)
            return
        value = entry.node.data()
        text = self._folded(entry, indent + render.INDENT)
        if text is None:
            text = render.leaf(value, indent + render.INDENT, render.INDENT)
        first, *rest = text.split("\n")
        self.out += [f"{head} {first}{behind}", *rest]
        self.open_block = "+" in first and first[0] in "|>" and bool(rest)

    def _folded(self, entry: CommentedEntry, margin: int) -> str | None:
        """A folded text with its lines as they are, only indented anew; None for anything else."""
        node = entry.node
        header = _HEADER.match(self.text, node.start) if node.style == ">" else None
        if header is None or not node.value.strip():
            return None
        lines = self.text[node.start : node.end].split("\n")[1:]
        body = "\n".join(lines).rstrip("\n").split("\n")
        if header.group(1) or header.group(3) or body[0].strip(" ") == "":
            return None
        old = len(body[0]) - len(body[0].lstrip(" "))
        keep = lines[len(body) : -1] if header.group(2) == "+" else []
        moved = [" " * margin + line[old:] if line[old:] else "" for line in body]
        return "\n".join([f">{header.group(2)}", *moved, *([""] * len(keep))])


def _hoisted(entry: CommentedEntry) -> list[Comment]:
    """The comments above an entry. A list item takes those of the keys that share its dash's line."""
    comments = list(entry.leading)
    while entry.key is None and entry.children:
        if entry.trailing:
            comments.append(entry.trailing)
        entry = entry.children[0]
        comments += entry.leading
    return comments
