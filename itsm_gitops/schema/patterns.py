r"""Patterns of a rule book, read as a subset of ECMA-262 that means the same everywhere.

A rule book's patterns are read by our own matcher (`automaton.py`), by jsonschema-rs, by editors
and by the browser of somebody who fills in a form. So only what all of them understand alike is a
pattern here: characters, classes, groups, alternatives, repetitions, ``^`` and ``$``. Look-around,
back references, word boundaries, flags and property classes are refused, with the place.

A pattern becomes a tree; `canonical` writes the tree with each class spelt out, so no engine's own
notion of ``\s``, ``\w`` or ``.`` counts. ``ambiguity`` (in `ambiguity.py`) finds those that would
keep a backtracking engine busy for ever.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

Ranges = tuple[tuple[int, int], ...]

LAST = 0x10FFFF
SIZE = 2_000  # classes after repetitions are written out
_DEPTH = 20
_COUNT = 2_000
_SURROGATES = range(0xD800, 0xE000)


class BadPattern(ValueError):
    """A text that is no pattern here; the message says why and at which character (from 1)."""


@dataclass(frozen=True, slots=True)
class OneOf:
    """One character of a class, as sorted ranges of code points that do not touch."""

    ranges: Ranges


@dataclass(frozen=True, slots=True)
class Anchor:
    """The beginning of the text, or its very end."""

    at_start: bool


@dataclass(frozen=True, slots=True)
class InOrder:
    """Parts that follow each other."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Alternatives:
    """Alternatives."""

    options: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Repeated:
    """A part that stands at least ``least`` and at most ``most`` times; None is without bound."""

    part: Node
    least: int
    most: int | None


Node = OneOf | Anchor | InOrder | Alternatives | Repeated


def _merged(ranges: list[tuple[int, int]]) -> Ranges:
    merged: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return tuple(merged)


def _without(ranges: Ranges) -> Ranges:
    """Return all other characters."""
    rest, low = [], 0
    for start, end in ranges:
        if start > low:
            rest.append((low, start - 1))
        low = end + 1
    return tuple([*rest, (low, LAST)] if low <= LAST else rest)


def _of(text: str) -> list[tuple[int, int]]:
    return [(ord(c), ord(c)) for c in text]


# ECMA-262: white space and line ends (21.2.2.12), digits and word characters without locale.
_SPACES = _merged([(9, 13), *_of(" \u00a0\u1680\u2028\u2029\u202f\u205f\u3000\ufeff"), (0x2000, 0x200A)])
_DIGITS: Ranges = ((48, 57),)
_WORD: Ranges = ((48, 57), (65, 90), (95, 95), (97, 122))
_CLASSES: dict[str, Ranges] = {
    "d": _DIGITS, "D": _without(_DIGITS),
    "w": _WORD, "W": _without(_WORD),
    "s": _SPACES, "S": _without(_SPACES),
}  # fmt: skip
_ANY = _without(_merged(_of("\n\r\u2028\u2029")))
_CONTROLS = {"t": 9, "n": 10, "v": 11, "f": 12, "r": 13}


class _Reader:
    """Reads a pattern from left to right."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def fail(self, why: str) -> BadPattern:
        return BadPattern(f"{why} (character {min(self.at, len(self.text) - 1) + 1})")

    def peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def take(self, word: str) -> bool:
        if self.text.startswith(word, self.at):
            self.at += len(word)
            return True
        return False

    def either(self, depth: int) -> Node:
        if depth > _DEPTH:
            raise self.fail(f"groups are nested more than {_DEPTH} deep")
        options = [self.in_order(depth)]
        while self.take("|"):
            options.append(self.in_order(depth))
        return options[0] if len(options) == 1 else Alternatives(tuple(options))

    def in_order(self, depth: int) -> Node:
        parts: list[Node] = []
        while self.peek() not in ("", "|", ")"):
            parts.append(self.repeated(self.atom(depth)))
        return parts[0] if len(parts) == 1 else InOrder(tuple(parts))

    def atom(self, depth: int) -> Node:
        character = self.peek()
        if character in "*+?{":
            raise self.fail(f"'{character}' repeats nothing here; write \\{character} for the character")
        if character in "]}":
            raise self.fail(f"'{character}' closes nothing; write \\{character} for the character")
        if character == "(":
            return self.group(depth)
        if character == "[":
            return self.one_of()
        self.at += 1
        if character in "^$":
            return Anchor(at_start=character == "^")
        if character == ".":
            return OneOf(_ANY)
        return OneOf(self.escape() if character == "\\" else self.single(character))

    def single(self, character: str) -> Ranges:
        if ord(character) in _SURROGATES:
            raise self.fail("half of a character")
        return ((ord(character), ord(character)),)

    def group(self, depth: int) -> Node:
        self.at += 1
        if not self.take("?:") and self.peek() == "?":
            raise self.fail("only plain groups (…) and (?:…): no look-around, names or flags")
        node = self.either(depth + 1)
        if not self.take(")"):
            raise self.fail("a group is not closed")
        return node

    def escape(self) -> Ranges:
        """Read what follows a backslash."""
        character = self.peek()
        self.at += 1
        if character in _CLASSES:
            return _CLASSES[character]
        if character in _CONTROLS:
            return ((_CONTROLS[character],) * 2,)
        if character in ("x", "u"):
            return self.number(2 if character == "x" else 4)
        if not character or character.isalnum():
            self.at -= 1
            raise self.fail(
                f"there is no \\{character}; known are \\d \\w \\s \\t \\n \\r \\f \\v \\xHH \\uHHHH"
            )
        return self.single(character)

    def number(self, digits: int) -> Ranges:
        code = self.text[self.at : self.at + digits]
        if len(code) < digits or not all(c in "0123456789abcdefABCDEF" for c in code):
            raise self.fail(f"{digits} hexadecimal digits are missing")
        self.at += digits
        return self.single(chr(int(code, 16)))

    def one_of(self) -> Node:
        """Read a class in brackets."""
        self.at += 1
        inverse = self.take("^")
        ranges: list[tuple[int, int]] = []
        if self.peek() == "]":
            raise self.fail("an empty class; write \\] for the bracket")
        while not self.take("]"):
            low = self.member()
            if self.peek() == "-" and self.text[self.at + 1 : self.at + 2] not in ("]", ""):
                self.at += 1
                high = self.member()
                if not _single(low) or not _single(high) or low[0][0] > high[0][0]:
                    raise self.fail("a range runs from one character to a later one; write \\- for the sign")
                low = ((low[0][0], high[0][0]),)
            ranges += low
        merged = _merged(ranges)
        node = _without(merged) if inverse else merged
        if not node:
            raise self.fail("a class that no character is in")
        return OneOf(node)

    def member(self) -> Ranges:
        character = self.peek()
        if not character:
            raise self.fail("a class is not closed")
        self.at += 1
        return self.escape() if character == "\\" else self.single(character)

    def repeated(self, part: Node) -> Node:
        bounds = self.bounds()
        if bounds is None:
            return part
        if isinstance(part, Anchor):
            raise self.fail("the beginning or end of the text cannot be repeated")
        self.take("?")  # lazy or not: whether the text fits is the same
        if self.peek() in ("*", "+", "?", "{"):
            raise self.fail("a repetition is repeated")
        return Repeated(part, *bounds)

    def bounds(self) -> tuple[int, int | None] | None:
        for sign, bounds in (("*", (0, None)), ("+", (1, None)), ("?", (0, 1))):
            if self.take(sign):
                return bounds
        if not self.take("{"):
            return None
        least = self.count()
        most: int | None = least
        if self.take(","):
            most = None if self.peek() == "}" else self.count()
        if not self.take("}"):
            raise self.fail("write a count as {2}, {2,} or {2,5}, and \\{ for the character")
        if most is not None and (most < least or most == 0):
            raise self.fail("a count that runs backwards or is nought")
        return least, most

    def count(self) -> int:
        start = self.at
        while self.peek() in tuple("0123456789"):
            self.at += 1
        digits = self.text[start : self.at]
        if not digits or len(digits) > 6 or int(digits) > _COUNT:
            raise self.fail(f"a count is a number up to {_COUNT}; bound longer texts with maxLength")
        return int(digits)


def _single(ranges: Ranges) -> bool:
    return len(ranges) == 1 and ranges[0][0] == ranges[0][1]


@cache
def parse(pattern: str) -> Node:
    """Return the tree of a pattern; raises BadPattern with the reason."""
    reader = _Reader(pattern)
    node = reader.either(0)
    if reader.peek():
        raise reader.fail("a group is closed that was not opened")
    if size(node) > SIZE:
        raise BadPattern(
            "its counts multiply to a pattern that is too large; bound long texts with maxLength"
        )
    return node


def size(node: Node) -> int:
    """Return how many classes a tree has when its repetitions are written out."""
    match node:
        case OneOf() | Anchor():
            return 1
        case InOrder(parts) | Alternatives(parts):
            return 1 + sum(map(size, parts))
        case Repeated(part, least, most):
            return size(part) * max(1, least + 1 if most is None else most)


@cache
def canonical(pattern: str) -> str:
    """Return the pattern in the words of Rust's regular expressions, classes spelt out; raises BadPattern."""
    return _written(parse(pattern))


def _written(node: Node) -> str:
    match node:
        case OneOf(ranges):
            return "[" + "".join(f"\\u{{{low:X}}}-\\u{{{high:X}}}" for low, high in ranges) + "]"
        case Anchor(at_start):
            return "^" if at_start else "$"
        case InOrder(parts):
            return "(?:" + "".join(map(_written, parts)) + ")"
        case Alternatives(options):
            return "(?:" + "|".join(map(_written, options)) + ")"
        case Repeated(part, least, most):
            bound = "" if most is None else most
            return f"(?:{_written(part)}){{{least},{bound}}}"
