"""Whether a table of figures has room on a telephone, by how wide its words are, and what becomes of it where it has none."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import unescape

from itsm_gitops.presentation.markup import Html

_ROOM = 326  # pixels of a telephone
_LETTER = 6.6  # a generous width of one letter of a table there
_GAP, _NARROW_GAP = 10, 6
_NAME = 120  # what the column of names and one of sentences need
_UNSEEN = re.compile(r'<span class="it-vh">.*?</span>|<[^>]+>', re.DOTALL)


def room_for(titles: Sequence[str], looks: Sequence[str], rows: Sequence[Sequence[Html]]) -> str:
    """Return the class of a table: none where it fits as it is.

    Where it fits without its first column, that stands above the figures of its row, and these below their heads. Else each
    figure stands with its name.
    """
    wide = [_width(titles[n], looks[n], [row[n] for row in rows]) for n in range(len(titles))]
    if sum(wide) + _GAP * (len(wide) - 1) <= _ROOM:
        return ""
    figures = all("it-c-num" in look for look in looks[1:])
    if figures and sum(wide[1:]) + _NARROW_GAP * (len(wide) - 2) <= _ROOM:
        return " it-figures--wide it-figures--even"
    return " it-figures--wide"


def _width(title: str, look: str, cells: Sequence[Html]) -> float:
    """Return how many pixels a column needs: a title breaks between its words, a figure does not."""
    texts = [unescape(_UNSEEN.sub("", cell)) for cell in cells]
    longest = max((len(word) for word in title.split()), default=0)
    if "it-c-text" in look or look == "it-c-first":
        return max(_NAME, longest * _LETTER)
    return max([longest, *map(len, texts)]) * _LETTER
