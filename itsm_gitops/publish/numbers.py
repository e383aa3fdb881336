"""How the search index writes the numbers of the documents that have a word: as differences, a character or two each.

A difference is written in the printable characters of ASCII that JSON leaves as they are. Its last character is one of
the first 76 of them, those before that one are of the other 16, so nothing stands between two differences. Eight in ten are
below 76. ``numbersOf`` in ``words.js`` reads the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import accumulate, chain
from operator import sub

_CHARACTERS = "".join(c for c in map(chr, range(0x21, 0x7F)) if c not in '"\\')
_LAST, _BEFORE = _CHARACTERS[:76], _CHARACTERS[76:]
_parts = re.compile(f"[{re.escape(_BEFORE)}]*[{re.escape(_LAST)}]").findall


class _Texts(dict[int, str]):
    """The text of each difference that was asked for."""

    def __missing__(self, number: int) -> str:
        rest, last = divmod(number, len(_LAST))
        text = _LAST[last]
        while rest:
            rest, digit = divmod(rest, len(_BEFORE))
            text = _BEFORE[digit] + text
        self[number] = text
        return text


class _Numbers(dict[str, int]):
    """The difference that each text stands for."""

    def __missing__(self, text: str) -> int:
        number = 0
        for character in text[:-1]:
            number = number * len(_BEFORE) + _BEFORE.index(character)
        number = self[text] = number * len(_LAST) + _LAST.index(text[-1])
        return number


_text_of = _Texts().__getitem__
_number_of = _Numbers().__getitem__


def differences(numbers: Sequence[int]) -> list[int]:
    """Return the first number and how much greater each other one is than that before it."""
    return list(map(sub, numbers, chain((0,), numbers)))


def written(steps: Iterable[int]) -> str:
    """Return differences as text."""
    return "".join(map(_text_of, steps))


def parts_of(text: str) -> list[str]:
    """Return the text of each difference."""
    return _parts(text)


def numbers_of(parts: Iterable[str]) -> Iterable[int]:
    """Yield the numbers that the texts of differences stand for."""
    return accumulate(map(_number_of, parts))
