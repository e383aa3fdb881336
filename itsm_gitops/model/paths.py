"""Patterns of paths, compared in time linear in the path: all ways through the pattern at once."""

from __future__ import annotations

import re
from functools import cache

_WORDS = re.compile(r"\*\*/|\*\*|\*|\?|[^*?]")
_WILD = re.compile(r"[*?]")
_LIMITS = re.compile(r"[*?/]")  # a slash after ** may be no slash at all
_ONE, _FOLDER, _DEEP, _ENTRY, _FOLDERS = "?", "*", "**", "entry", "**/"


class PathPattern:
    """A pattern of paths; made by `glob`."""

    def __init__(self, pattern: str) -> None:
        self._begin = _WILD.split(pattern, maxsplit=1)[0]
        self._end = _LIMITS.split(pattern)[-1]
        self._steps: list[str] = []
        for word in _WORDS.findall(pattern):
            self._steps += [_ENTRY, _FOLDERS] if word == _FOLDERS else [word]

    def fullmatch(self, path: str) -> bool:
        """Whether the pattern describes the whole path."""
        # Nearly all patterns differ from nearly all paths in their first or last letters.
        if not (path.startswith(self._begin) and path.endswith(self._end)):
            return False
        places = self._reach({0})
        for character in path:
            places = self._reach({n for p in places for n in self._read(p, character)})
            if not places:
                return False
        return len(self._steps) in places

    def _reach(self, places: set[int]) -> set[int]:
        """Add the places that are reached without reading a character."""
        reached: set[int] = set()
        waiting = list(places)
        while waiting:
            place = waiting.pop()
            if place not in reached:
                reached.add(place)
                step = self._steps[place] if place < len(self._steps) else ""
                if step in (_FOLDER, _DEEP, _ENTRY):
                    waiting.append(place + 1)
                if step == _ENTRY:  # no folder at all
                    waiting.append(place + 2)
        return reached

    def _read(self, place: int, character: str) -> tuple[int, ...]:
        """Return the places behind ``place`` once a character is read."""
        step = self._steps[place] if place < len(self._steps) else ""
        if step == _FOLDERS:
            return (place, place + 1) if character == "/" else (place,)
        if step == _DEEP:
            return (place,)
        if step == _FOLDER:
            return (place,) if character != "/" else ()
        return (place + 1,) if step == character or (step == _ONE and character != "/") else ()


@cache
def glob(pattern: str) -> PathPattern:
    """Return a path pattern: ``*`` and ``?`` stay within one folder, ``**`` crosses folders."""
    return PathPattern(pattern)
