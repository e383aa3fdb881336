"""Text for terminals without rich: colours, wrapping, facts. Fast to load, so `show` uses it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import IO, Any

from itsm_gitops.model.text import safe_text, shorten, width

_CODES = {
    "bold": "1",
    "dim": "2",
    "red": "31",
    "green": "32",
    "yellow": "33",
    "blue": "34",
    "magenta": "35",
    "cyan": "36",
}
# How states look, by the category their life cycle gives them.
CATEGORY_STYLES = {
    "new": "blue",
    "active": "yellow",
    "waiting": "magenta",
    "done": "green",
    "cancelled": "dim",
}
PRIORITY_STYLES = {"P1": "bold red", "P2": "red", "P3": "yellow"}
SEVERITY_STYLES = {"error": "red", "warning": "yellow", "info": "blue"}


class Style:
    """Colours for one stream; with ``on`` False everything stays plain."""

    __slots__ = ("on",)

    def __init__(self, on: bool) -> None:
        self.on = on

    def paint(self, text: str, style: str) -> str:
        """Return text in a style such as ``bold red``; plain where colours are off."""
        if not self.on or not style or not text:
            return text
        codes = ";".join(_CODES[word] for word in style.split())
        return f"\x1b[{codes}m{text}\x1b[0m"

    def error(self, text: str) -> str:
        """Return text as the label of an error."""
        return self.paint(text, "bold red")

    def warning(self, text: str) -> str:
        """Return text as the label of a warning."""
        return self.paint(text, "bold yellow")

    def dim(self, text: str) -> str:
        """Return text that stands back."""
        return self.paint(text, "dim")

    def bold(self, text: str) -> str:
        """Return text that stands out."""
        return self.paint(text, "bold")

    def name(self, text: str) -> str:
        """Return an identifier."""
        return self.paint(text, "cyan")

    def good(self, text: str) -> str:
        """Return text about something that went well."""
        return self.paint(text, "green")

    def bad(self, text: str) -> str:
        """Return text about something that went badly."""
        return self.paint(text, "bold red")


def wants_colour(stream: IO[str]) -> bool:
    """Whether a stream gets colours: a capable terminal, unless NO_COLOR or FORCE_COLOR decide."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR") or os.environ.get("CLICOLOR_FORCE"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def styles(stream: IO[str]) -> Style:
    """Return the colours for a stream."""
    return Style(wants_colour(stream))


def wrap(text: str, columns: int) -> list[str]:
    """Break safe text into lines of at most ``columns`` cells, at spaces where there are any.

    Line feeds stay; the indentation of a line is kept on its continuation lines.
    """
    lines: list[str] = []
    for paragraph in text.split("\n"):
        lines.extend(_wrap_line(paragraph.rstrip(), columns))
    return lines


_ITEM = re.compile(r"\s*(?:[-*+]|\d{1,3}[.)])\s+")
_BLOCK = ("|", ">", "#", "```", "~~~")


def reflow(text: str) -> str:
    """Join the lines of each paragraph and list item, as Markdown does; tables, quotes and code keep theirs."""
    lines: list[str] = []
    fenced = goes_on = in_item = False
    for line in text.split("\n"):
        stripped = line.strip()
        fence = stripped.startswith(("```", "~~~"))
        item = bool(_ITEM.match(line))
        prose = bool(stripped) and not fenced and not stripped.startswith(_BLOCK)
        indented = line[:1].isspace() and not in_item
        if prose and goes_on and not item and not indented:
            lines[-1] += f" {stripped}"
        else:
            lines.append(line.rstrip())
            in_item = prose and item
        # A line goes on with the next one, unless it ends as Markdown's hard break.
        goes_on = prose and (item or in_item or not indented) and not line.endswith(("  ", "\\"))
        fenced = fenced != fence
    return "\n".join(lines)


def _wrap_line(line: str, columns: int) -> Iterator[str]:
    if width(line) <= columns:  # as it is: it may hold aligned columns
        yield line
        return
    indent = line[: len(line) - len(line.lstrip())][: columns // 2]
    current = indent
    item = _ITEM.match(line)
    hanging = " " * min(item.end(), columns // 2) if item else indent
    for word in line.split():
        gap = " " if current != indent else ""
        if width(current) + len(gap) + width(word) <= columns:
            current += gap + word
            continue
        if current != indent:
            yield current
            indent = hanging
        current = indent + word
        while width(current) > columns:
            head = _head(current, columns)
            yield head
            indent = hanging
            current = indent + current[len(head) :]
    yield current.rstrip()


def _head(text: str, columns: int) -> str:
    """Return the longest beginning of text that fits."""
    end = min(len(text), columns)
    while width(text[:end]) > columns:
        end -= 1
    return text[: max(end, 1)]


def pad(text: str, cells: int) -> str:
    """Fill text with spaces up to ``cells`` terminal cells."""
    return text + " " * (cells - width(text))


def facts(rows: Sequence[tuple[str, str]], columns: int, style: Style, indent: str = "  ") -> Iterator[str]:
    """Yield two aligned columns, the second wrapped."""
    if not rows:
        return
    label_width = min(max(width(label) for label, _ in rows), columns * 2 // 5)
    for label, value in rows:
        head = pad(shorten(label, label_width), label_width)
        lead = len(indent) + label_width + 2
        for index, line in enumerate(wrap(value, max(20, columns - lead))):
            yield f"{indent}{style.dim(head) if index == 0 else ' ' * label_width}  {line}".rstrip()


def brief(value: Any, cells: int = 60) -> str:
    """Say any value in one safe, short line: lists with commas, mappings as ``key: value``."""
    return shorten(safe_text(_plain(value)), cells)


def plain(value: Any) -> str:
    """Say any value in words, safe; only multi-line text keeps its lines."""
    return safe_text(_plain(value), lines=True)


def _plain(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return ", ".join(f"{k}: {_inner(v)}" for k, v in value.items())
    if isinstance(value, list):
        joint = "; " if any(isinstance(v, dict) for v in value) else ", "
        return joint.join(_inner(v) for v in value)
    return str(value)


def _inner(value: Any) -> str:
    return " ".join(_plain(value).split())


def words(name: str) -> str:
    """Turn a field or state name into words."""
    return name.replace("_", " ").replace("-", " ")


def listing(names: Iterable[str], most: int = 12) -> str:
    """Join names with commas, leaving out what is too much."""
    all_names = list(names)
    more = f" and {len(all_names) - most} more" if len(all_names) > most else ""
    return ", ".join(all_names[:most]) + more
