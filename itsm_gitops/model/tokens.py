"""Words of a text as the search of a site and the likeness of records compare them."""

from __future__ import annotations

import re

from itsm_gitops.model.text import without_accents

_LONGEST = 32
_WORD = re.compile(r"[^\W_]+")
# What each character of ASCII is in a word: most texts have no others, and this is faster than a pattern.
_ASCII_IN_WORDS = "".join(c.lower() if c.isalnum() else " " for c in map(chr, range(128)))


def tokens(text: str) -> set[str]:
    """Return the words of a text as they are indexed: lower case, without accents, at most 32 long."""
    if text.isascii():
        words = set(text.translate(_ASCII_IN_WORDS).split())
    else:
        words = set(_WORD.findall(without_accents(text).lower()))
    if words and len(max(words, key=len)) > _LONGEST:
        return {w[:_LONGEST] for w in words}
    return words
