"""Values with levels, such as categories: ``network/vpn`` is below ``network``.

The rule book says that a slash separates levels. What people type instead, capitals and spaces make no difference,
so that a rule about a category cannot be escaped by writing it another way.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from functools import lru_cache

_SEPARATOR = re.compile(r"[/\\>|:]+")


@lru_cache(maxsize=1 << 14)
def levels(text: str) -> tuple[str, ...]:
    """Return the levels of a value, in a form in which case, width and spaces make no difference."""
    parts = (" ".join(p.split()) for p in _SEPARATOR.split(unicodedata.normalize("NFKC", text).casefold()))
    return tuple(part for part in parts if part)


def is_at_or_below(text: str, top: tuple[str, ...]) -> bool:
    """Whether a value is one with the levels ``top``, or one below it, or looks as if it were."""
    return is_at_or_below_one(text, (top,))


def is_at_or_below_one(text: str, tops: Collection[tuple[str, ...]]) -> bool:
    """Whether a value is one with the levels of one of ``tops``, or one below it, or looks as if it were."""
    found = levels(text)
    for top in tops:  # no generator: conditions ask this of most documents
        if top and found[: len(top)] == top:
            return True
    return not text.isascii() and _looks_at_or_below(text, tops)


def _looks_at_or_below(text: str, tops: Collection[tuple[str, ...]]) -> bool:
    from itsm_gitops.model.door import lookalike  # hardly any value needs it

    found = levels(lookalike(text))
    return any(top and found[: len(top)] == tuple(map(lookalike, top)) for top in tops)
