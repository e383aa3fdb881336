"""Invisible characters that a script needs: where they are part of correct writing, and where they only hide something.

Persian parts words with a zero width non-joiner, Indic scripts choose between forms of a cluster with both joiners, emoji
are put together with one, and text that runs from right to left needs a mark where it meets numbers or Latin words
(Unicode Standard chapter 23.2; RFC 5892, appendix A; UTS #51). Khmer, Thai, Lao and Burmese have no spaces
between words and mark with a zero width space where a line may break (chapter 16.4); Mongolian separates a final vowel
(chapter 13.5). Elsewhere these characters are invisible, so two texts that
look the same could differ: there they are refused.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_right

_NON_JOINER, _JOINER = "\u200c", "\u200d"
_MARKS = frozenset("\u061c\u200e\u200f")
_BREAK, _LAST_VOWEL = "\u200b", "\u180e"
NEEDED_SOMEWHERE = frozenset((_NON_JOINER, _JOINER, _BREAK, _LAST_VOWEL)) | _MARKS

# First and last letter of the blocks whose letters change their form by what stands beside them: Arabic, Syriac, N'Ko,
# Mandaic and their extensions; the scripts of South and Southeast Asia; Mongolian; presentation forms; Adlam.
_JOINING = (
    (0x0600, 0x07FF), (0x0840, 0x08FF), (0x0900, 0x0DFF), (0x0F00, 0x109F), (0x1700, 0x18AF), (0x1A20, 0x1C4F),
    (0xA800, 0xA82F), (0xA880, 0xA8DF), (0xA930, 0xA9DF), (0xAA00, 0xAADF), (0xABC0, 0xABFF), (0xFB50, 0xFDFF),
    (0xFE70, 0xFEFC), (0x10A00, 0x10A5F), (0x10D00, 0x10D3F), (0x11000, 0x11FFF), (0x1E900, 0x1E95F),
)  # fmt: skip
# Thai and Lao, Burmese, Khmer, and the scripts of the Tai.
_WITHOUT_BLANKS = (
    (0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x1950, 0x19FF), (0x1A20, 0x1AAF), (0xA9E0, 0xA9FF),
    (0xAA60, 0xAADF),
)  # fmt: skip
_MONGOLIAN, _VOWELS = ((0x1820, 0x18AA),), frozenset("\u1820\u1821")
_EMOJI = (
    (0x2190, 0x21FF), (0x2300, 0x23FF), (0x2460, 0x24FF), (0x25A0, 0x27BF), (0x2900, 0x297F), (0x2B00, 0x2BFF),
    (0xFE0F, 0xFE0F), (0x1F000, 0x1FAFF),
)  # fmt: skip


def _within(ranges: tuple[tuple[int, int], ...], character: str) -> bool:
    code = ord(character)
    at = bisect_right(ranges, (code, 0x110000)) - 1
    return at >= 0 and code <= ranges[at][1]


def _is_letter(ranges: tuple[tuple[int, int], ...], character: str) -> bool:
    return _within(ranges, character) and unicodedata.category(character)[0] in "LM"


def is_needed(text: str, index: int) -> bool:
    """Whether the character at ``index`` is invisible and part of correct writing where it stands."""
    character = text[index]
    if character not in NEEDED_SOMEWHERE or index == 0:
        return False
    before, after = text[index - 1], text[index + 1 : index + 2]
    if before in NEEDED_SOMEWHERE:
        return False  # several in a row write nothing
    if character in _MARKS:
        return _runs_from_right(text, index)
    if character == _BREAK:
        return bool(after) and _is_letter(_WITHOUT_BLANKS, before) and _is_letter(_WITHOUT_BLANKS, after)
    if character == _LAST_VOWEL:
        return _is_letter(_MONGOLIAN, before) and after in _VOWELS
    if _is_letter(_JOINING, before):
        return character == _JOINER or (bool(after) and _is_letter(_JOINING, after))
    return character == _JOINER and bool(after) and _within(_EMOJI, before) and _within(_EMOJI, after)


def _runs_from_right(text: str, index: int) -> bool:
    """Whether the line has a letter of a script that runs from right to left."""
    start, end = text.rfind("\n", 0, index) + 1, text.find("\n", index)
    line = text[start : end if end >= 0 else len(text)]
    return any(unicodedata.bidirectional(c) in ("R", "AL") for c in line if c not in _MARKS)
