"""Words in the boxes of diagrams: how wide they are, and where their lines end."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import combinations, pairwise

MOST_LINES = 3
_MOST_KEPT = 16_384  # titles: the same items stand in many diagrams

# How wide letters are in a wide bold face, in ems: readers have other fonts, most of them narrower.
_WIDTHS = {
    **dict.fromkeys("ijlI.,:;'!| ", 0.36),
    **dict.fromkeys("ftr-()[]/", 0.46),
    **dict.fromkeys("cksvxyz", 0.64),
    **dict.fromkeys("mwM%@W", 1.05),
}
_LETTER, _CAPITAL = 0.7, 0.76


def wide(text: str) -> float:
    """Return how wide a text is at most, in ems."""
    return sum(_WIDTHS.get(one, _CAPITAL if one.isupper() else _LETTER) for one in text)


def _most(text: str, room: float) -> int:
    """Return how many letters of a text have room, at least one."""
    return next((n for n in range(len(text), 1, -1) if wide(text[:n]) <= room), 1)


def cut(text: str, room: float) -> str:
    """Return a text on one line; what has no room is cut."""
    return text if wide(text) <= room else f"{text[: _most(text, room - 1)].rstrip()}…"


def wrapped(text: str, room: float, most: int = MOST_LINES) -> list[str]:
    """Return the lines of a text, broken between words where that can be; what has no room on the last is cut."""
    lines: list[str] = []
    rest = text.strip()
    while rest and len(lines) < most - 1 and wide(rest) > room:
        end = _most(rest, room)
        space = rest.rfind(" ", 0, end + 1)
        lines.append(rest[: space if space > 0 else end])
        rest = rest[space if space > 0 else end :].strip()
    return [*lines, cut(rest, room)] if rest else lines


def title_lines(title: str, room: float) -> list[str]:
    """Break a title into two lines of a box, as even as can be, or else three, between words where that can be."""
    return list(_title_lines(title, room))


@lru_cache(_MOST_KEPT)
def _title_lines(title: str, room: float) -> Sequence[str]:
    if wide(title) > MOST_LINES * room:
        return wrapped(title, room)
    words = title.split(" ")
    for most in range(1, MOST_LINES + 1):
        ways = ([*cuts, len(words)] for cuts in combinations(range(1, len(words)), most - 1))
        broken = ([" ".join(words[a:b]) for a, b in pairwise([0, *way])] for way in ways)
        fitting = [lines for lines in broken if all(wide(line) <= room for line in lines)]
        if fitting:
            return min(fitting, key=lambda lines: max(map(len, lines)))
    return wrapped(title, room)
