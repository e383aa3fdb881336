"""What a pattern asks for, in words: people cannot read a pattern, and the message is for them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from itsm_gitops.schema.patterns import Anchor, BadPattern, InOrder, Node, OneOf, Ranges, Repeated, parse

# What people call some characters.
_LOWER, _UPPER, _DIGITS = (frozenset(map(chr, range(ord(a), ord(b) + 1))) for a, b in ("az", "AZ", "09"))
_NAMED = (
    (_LOWER | _UPPER, "letter"), (_LOWER, "lower-case letter"), (_UPPER, "capital letter"), (_DIGITS, "digit"),
)  # fmt: skip
_MOST_ALONE = 6
# Patterns that say something simple in a way that has no few words.
_KNOWN = {
    r"^[^\r\n]+$": "one line",
    r"^[^\r\n]*[^\s][^\r\n]*$": "one line",
    "^([01][0-9]|2[0-3]):[0-5][0-9]$": "a time of day such as 09:30",
    "^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$": "a time of day such as 09:30",
    r'^https?://[^\s<>"]+$': "an address that begins with https:// or http://",
}
_ASCII = range(0x21, 0x7F)


def in_words(pattern: str) -> str:
    """Return what a pattern asks for (``3 capital letters``); empty where few words do not say it."""
    if pattern in _KNOWN:
        return _KNOWN[pattern]
    try:
        tree = parse(pattern)
    except BadPattern:
        return ""
    parts = tree.parts if isinstance(tree, InOrder) else ()
    ends = (parts[0], parts[-1]) if len(parts) > 2 else ()
    if not (ends and all(isinstance(end, Anchor) for end in ends)):
        return ""
    said: list[str] = []
    alone = False
    for part in parts[1:-1]:
        letter = _letter(part)
        said[len(said) - (alone and bool(letter)) :] = [
            said[-1] + letter if alone and letter else letter or _part(part)
        ]
        alone = bool(letter)
    return ", then ".join(said) if all(said) else ""


def _letter(node: Node) -> str:
    """Return the only character that can stand here; empty where several can."""
    ranges = node.ranges if isinstance(node, OneOf) else ()
    return chr(ranges[0][0]) if len(ranges) == 1 and ranges[0][0] == ranges[0][1] in _ASCII else ""


def _part(node: Node) -> str:
    least, most = (node.least, node.most) if isinstance(node, Repeated) else (1, 1)
    inner = node.part if isinstance(node, Repeated) else node
    names = list(_names(inner.ranges)) if isinstance(inner, OneOf) else []
    if not names:
        return ""
    if least == most:
        return f"{least} {_either(names, least)}"
    several = _either(names, 2)
    if most is None:
        return f"{least} or more {several}" if least else f"any number of {several}"
    return f"{least} to {most} {several}" if least else f"up to {most} {several}"


def _either(names: Sequence[tuple[str, bool]], number: int) -> str:
    words = [f"{name}s" if is_class and number > 1 else name for name, is_class in names]
    return " or ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def _names(ranges: Ranges) -> Iterator[tuple[str, bool]]:
    """Yield what a class is made of, and whether that is a class with a name; nothing where it has no few words."""
    if any(low not in _ASCII or high not in _ASCII for low, high in ranges):
        return
    rest = {chr(code) for low, high in ranges for code in range(low, high + 1)}
    found: list[tuple[str, bool]] = []
    for known, name in _NAMED:
        if known <= rest:
            rest -= known
            found.append((name, True))
    if len(rest) <= _MOST_ALONE:
        yield from found
        yield from ((letter, False) for letter in sorted(rest))
