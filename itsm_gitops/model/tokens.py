"""Words of a text as the search of a site and the likeness of records compare them."""

from __future__ import annotations

import re

from itsm_gitops.model.text import without_accents

_LONGEST = 32
_WORD = re.compile(r"[^\W_]+")
# Scripts that are written without blanks between words: pairs of letters stand for words.
_CJK = re.compile(
    "[\u1100-\u11ff\u2e80-\u2fdf\u3005\u3007\u3021-\u3029\u3041-\u30ff\u3130-\u318f\u31f0-\u31ff\u3400-\u4dbf"
    "\u4e00-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\U00020000-\U0003ffff]+"
)
_FOLDED = str.maketrans(
    {"æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "ß": "ss", "ς": "σ"}
)
# What each character of ASCII is in a word: most texts have no others, and this is faster than a pattern.
_ASCII_IN_WORDS = "".join(c.lower() if c.isalnum() else " " for c in map(chr, range(128)))


def fold(text: str) -> str:
    """Return a text in lower case, without accents, ligatures and letters that keyboards lack."""
    return without_accents(text).lower().translate(_FOLDED)


def in_order(text: str) -> list[str]:
    """Return the words of a text in their order, as they are indexed."""
    found = []
    for run in _WORD.findall(fold(text)):
        last = 0
        for match in _CJK.finditer(run):
            found += [run[last : match.start()]] if match.start() > last else []
            found += [match[0][n : n + 2] for n in range(len(match[0]))]
            last = match.end()
        found += [run[last:]] if last < len(run) else []
    return [word[:_LONGEST] for word in found]


def tokens(text: str) -> set[str]:
    """Return the words of a text as they are indexed: lower case, without accents, at most 32 long."""
    if text.isascii():
        words = set(text.translate(_ASCII_IN_WORDS).split())
    else:
        folded = fold(text)
        words = set(in_order(text) if _CJK.search(folded) else _WORD.findall(folded))
    if words and len(max(words, key=len)) > _LONGEST:
        return {w[:_LONGEST] for w in words}
    return words
