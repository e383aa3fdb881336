"""The quickest reader: documents laid out as our own writers lay them out, read line by line.

One key or one item stands on each line, texts of several lines are blocks (``|``, ``>``), and what is in brackets
holds words and texts in quotes; it stands on the line of its key, or on those below. Such a document needs no YAML parser, and reading it takes about half the
time of `fast`. Everything else, however slightly unusual, is a Doubt: then `fast` reads it. A differential
test holds both equal: what this reader gives is what the parser gives.
"""

from __future__ import annotations

import re
from functools import cache
from sys import intern
from typing import Any

from itsm_gitops.documents.problems import Doubt, Limits
from itsm_gitops.documents.scalars import CONSTANTS, FIRST, plain

_KEY = r"([A-Za-z_][A-Za-z0-9_./-]{0,63}(?: [A-Za-z0-9_./-]{1,63}){0,3}):(?: (.+))?"
# What begins something else than a plain word: brackets, quotes, blocks, and all that is refused.
_INDICATORS = frozenset("-?:,[]{}#&*!|>'\"%@` ")
_flow_key = re.compile(r"([A-Za-z_][A-Za-z0-9_.-]{0,63}): ").match
_WORD = r"[A-Za-z0-9_./+@*-]+(?::[A-Za-z0-9_./+@*-]+)*"
_flow_word = re.compile(rf"(?=[A-Za-z0-9_]){_WORD}(?: (?=[A-Za-z0-9_]){_WORD})*").match
_dashed = re.compile(rf"-{_WORD}").fullmatch
_QUOTED = r"'([^']*)'|\"([^\"\\]*)\""
_quoted = re.compile(_QUOTED).fullmatch
_flow_quoted = re.compile(_QUOTED).match
_BRACKETS = ("[", "{")


_MOST_KEYS = 4096  # remembered for each column


class _Entries:
    """Splits the lines that are entries of a mapping at a column into key and value.

    Nearly all keys have been seen before: looking one up is much faster than matching a pattern again. ``seen`` has them
    by what stands before the colon.
    """

    def __init__(self, beginning: str) -> None:
        """``beginning`` is what stands before the keys."""
        self._beginning = beginning
        self._match = re.compile(re.escape(beginning) + _KEY).fullmatch
        self.seen: dict[str, str] = {}

    def __call__(self, line: str) -> tuple[str, str | None] | None:
        """Return key and value (None where there is none on the line); None where the line is no such entry."""
        if line[-1:] == ":":
            known = self.seen.get(line[:-1])
            if known is not None:
                return known, None
        if not line.startswith(self._beginning):  # as behind the last entry: much faster than the pattern
            return None
        match = self._match(line)
        if match is None:
            return None
        key = intern(match[1])
        if len(self.seen) < _MOST_KEYS:
            self.seen[line[: match.end(1)]] = key
        return key, match[2]


@cache
def _entries(indent: int) -> _Entries:
    """Return what splits the entries of a mapping at a column; columns are bounded by the depth."""
    return _Entries(" " * indent)


@cache
def _items(indent: int) -> _Entries:
    """Return what splits the first entries of mappings that are items of a list at a column."""
    return _Entries(" " * indent + "- ")


def read(text: str, limits: Limits) -> Any:
    """Return the data of ``text``; raise Doubt (or ValueError for a number) when anything is unusual.

    ``text`` holds only allowed characters (`chars.clean_text`).
    """
    # Without spaces at the end of lines a line is empty or says something.
    if len(text) > limits.nodes or text[-1:] != "\n" or "\t" in text or "\r" in text or " \n" in text:
        raise Doubt
    lines = text.split("\n")  # the last one is empty: behind the end
    at = _skip(lines, 0)
    first = _entries(0)(lines[at])
    if first is None:
        raise Doubt
    data, at = _mapping(lines, at, 0, first, limits.depth)
    if at != len(lines) - 1:
        raise Doubt
    return data


def _skip(lines: list[str], at: int) -> int:
    """Return the next line that is neither empty nor a comment, or the end."""
    end = len(lines) - 1
    while at < end and (not lines[at] or lines[at].lstrip(" ")[0] == "#"):
        at += 1
    return at


def _mapping(
    lines: list[str], at: int, indent: int, entry: tuple[str, str | None], depth: int
) -> tuple[dict[str, Any], int]:
    """Read the mapping whose first entry is at hand; return it and the line behind it."""
    if not depth:
        raise Doubt
    data: dict[str, Any] = {}
    entries = _entries(indent)
    seen = entries.seen
    while True:
        key, value = entry
        if key in data or key in CONSTANTS:
            raise Doubt
        at += 1
        if value is None:
            data[key], at = _below(lines, at, indent, depth - 1)
        elif (first := value[0]) in _INDICATORS:
            data[key], at = _unusual(lines, at, indent, value, depth - 1)
        else:
            if ": " in value or " #" in value or value[-1] == ":":
                value = _before_comment(value)
            # What ends in a Z, as times do, is neither a number nor a constant.
            data[key] = plain(value) if first in FIRST and value[-1] != "Z" else value
        line = lines[at]
        before, colon, value = line.partition(": ")
        if colon and before in seen:
            entry = seen[before], value
            continue
        further = entries(line)
        if further is None:
            if line and line.lstrip(" ")[0] != "#":
                return data, at
            at = _skip(lines, at)
            further = entries(lines[at])
            if further is None:
                return data, at
        entry = further


def _below(lines: list[str], at: int, indent: int, depth: int) -> tuple[Any, int]:
    """Read what stands below a key without a value: a list, or a mapping further in."""
    at = _skip(lines, at)
    line = lines[at]
    column = len(line) - len(line.lstrip(" "))
    if line.startswith("- ", column):
        if column < indent:
            raise Doubt
        return _sequence(lines, at, column, depth)
    if line.startswith(_BRACKETS, column):
        return _bracketed(lines, at, indent, depth)
    entry = _entries(column)(line)
    if entry is None or column <= indent:
        raise Doubt
    return _mapping(lines, at, column, entry, depth)


def _bracketed(lines: list[str], at: int, indent: int, depth: int, begun: str = "") -> tuple[Any, int]:
    """Read what is in brackets on lines below its key: further in, and without an empty line.

    ``begun`` is what stands on the line of the key.
    """
    pad = " " * (indent + 1)
    parts = [begun] if begun else []
    while not parts or parts[-1][-1] not in "]}" or lines[at].startswith(pad):
        if not lines[at].startswith(pad):
            raise Doubt
        parts.append(lines[at].strip(" "))
        at += 1
    text = " ".join(parts)
    value, end = _flow(text, 0, depth)
    if end != len(text):
        raise Doubt
    return value, at


def _sequence(lines: list[str], at: int, indent: int, depth: int) -> tuple[list[Any], int]:
    """Read the list whose first item is at hand; return it and the line behind it."""
    if not depth:
        raise Doubt
    data: list[Any] = []
    dash = " " * indent + "- "
    inner, items = indent + 2, _items(indent)
    while True:
        line = lines[at]
        before, colon, value = line.partition(": ")
        entry = (items.seen[before], value) if colon and before in items.seen else items(line)
        if entry is not None:
            item, at = _mapping(lines, at, inner, entry, depth - 1)
            data.append(item)
        else:
            value = line[inner:]
            first = value[0]
            at += 1
            if first in _INDICATORS:
                item, at = _unusual(lines, at, indent, value, depth - 1)
                data.append(item)
            else:
                if ": " in value or " #" in value or value[-1] == ":":
                    value = _before_comment(value)
                data.append(plain(value) if first in FIRST else value)
        if not lines[at].startswith(dash):
            at = _skip(lines, at)
            if not lines[at].startswith(dash):
                return data, at


def _before_comment(value: str) -> str:
    """Return the plain word before a comment on its line."""
    word = value.partition(" #")[0].rstrip(" ")
    if ": " in word or word[-1] == ":":
        raise Doubt
    return word


def _unusual(lines: list[str], at: int, indent: int, value: str, depth: int) -> tuple[Any, int]:
    """Read a value that begins with an indicator: a block of text, one in quotes, words in brackets."""
    if value in ("|", "|-", ">", ">-"):
        return _block(lines, at, indent, value)
    quoted = _quoted(value)
    if quoted:
        return quoted[quoted.lastindex or 0], at
    if _dashed(value):
        return plain(value), at
    if value[0] in _BRACKETS and value[-1] not in "]}":
        return _bracketed(lines, at, indent, depth, value)
    item, end = _flow(value, 0, depth)
    if end != len(value):
        raise Doubt
    return item, at


def _flow(text: str, at: int, depth: int) -> tuple[Any, int]:
    """Read a list, a mapping or a word within brackets; return it and the place behind it."""
    first = text[at : at + 1]
    if first not in _BRACKETS:
        quoted = _flow_quoted(text, at) if first in ("'", '"') else None
        if quoted:
            return quoted[quoted.lastindex or 0], quoted.end()
        word = _flow_word(text, at)
        if word is None:
            raise Doubt
        return plain(word[0]), word.end()
    if not depth:
        raise Doubt
    close = "]" if first == "[" else "}"
    items: list[Any] = []
    data: dict[str, Any] = {}
    if text[at + 1 : at + 2] == close:
        return (items if first == "[" else data), at + 2
    while True:
        at += 1 if text[at] == first else 2  # behind the bracket, behind a comma and a space
        if first == "{":
            key, at = _key_within(text, at)
            if key in data or key in CONSTANTS:
                raise Doubt
            data[intern(key)], at = _flow(text, at, depth - 1)
        else:
            item, at = _flow(text, at, depth - 1)
            items.append(item)
        if text[at : at + 1] == close:
            return (items if first == "[" else data), at + 1
        if text[at : at + 2] != ", ":
            raise Doubt


def _key_within(text: str, at: int) -> tuple[str, int]:
    """Return a key within brackets, and the place of its value."""
    key = _flow_key(text, at)
    if key:
        return key[1], key.end()
    quoted = _flow_quoted(text, at)
    if quoted is None or text[quoted.end() : quoted.end() + 2] != ": ":
        raise Doubt
    return quoted[quoted.lastindex or 0], quoted.end() + 2


def _block(lines: list[str], at: int, indent: int, header: str) -> tuple[str, int]:
    """Read the text below a ``|`` or ``>``; its first line says how far in it stands."""
    line = lines[at]
    width = len(line) - len(line.lstrip(" "))
    if width <= indent:
        raise Doubt  # among them an empty first line
    pad, start, end = " " * width, at, len(lines) - 1
    while line.startswith(pad) or (not line and at < end):
        at += 1
        line = lines[at]
    last = at
    while not lines[last - 1]:
        last -= 1
    content = [line[width:] for line in lines[start:last]]
    if header[0] == ">" and not all(line and line[0] != " " for line in content):
        raise Doubt  # which lines are joined is not plain
    text = ("\n" if header[0] == "|" else " ").join(content)
    return (text if header[-1] == "-" else text + "\n"), at
