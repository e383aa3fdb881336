"""The two columns of a record's page, and on which side what fits into both of them stands."""

from __future__ import annotations

import re

from itsm_gitops.presentation.markup import EMPTY, Html, join
from itsm_gitops.presentation.pages.parts import two_columns

_FOLDED = re.compile(r"<details\b.*?</details>|<svg\b.*?</svg>", re.DOTALL)
_BLOCK = re.compile(r"<(?:p|li|dt|h\d|tr|summary)\b")
_TAG = re.compile(r"<[^>]*>")
_WIDE, _NARROW = 90, 36  # letters of a line of the text and of what stands beside it
_MOST_STAYING = 24  # lines that fit on a screen


def columns(main: Html, side: Html, rest: Html, similar: Html) -> Html:
    """Return a record's text with what stands beside it; similar records stand where there is room for them."""
    if not main:
        main, rest = rest, EMPTY
    if side and _lines(side, _NARROW) + _lines(similar, _NARROW) <= _lines(join([main, rest]), _WIDE):
        side = join([side, similar])
    else:
        rest = join([rest, similar])
    return two_columns(main, side, rest, stays=_lines(side, _NARROW) <= _MOST_STAYING)


def _lines(html: Html, letters: int) -> int:
    """Return about how many lines a part of a page takes, without what is folded."""
    shown = _FOLDED.sub("", html)
    return len(_BLOCK.findall(shown)) + len(_TAG.sub("", shown)) // letters
