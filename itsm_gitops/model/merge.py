"""Merges three versions of data by meaning: mappings by key, lists by what their items are about.

Both sides changed a document that they had in common (the base). A key that one side changed is taken from there; lists
unite, and what one side took out is gone. Only a key that both changed, and differently, is a conflict. A merge is
asked for twice, once for each side that a conflict prefers: what differs between the answers is what somebody has to
decide about.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from itsm_gitops.model.diff import identity, same
from itsm_gitops.model.findings import Pointer


class _Absent:
    """Stands for a key or an item that is not there."""

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = _Absent()
_AGAIN = "\0"  # between the name of an item and how often it stood there before


class Conflict(NamedTuple):
    """A value that both sides changed differently. ``pointer`` names it by keys, and list items by what they are about.

    ABSENT stands for a value that a side does not have.
    """

    pointer: Pointer
    base: Any
    ours: Any
    theirs: Any


class Merge:
    """One merge; ``conflicts`` fills while values are merged.

    ``theirs_first`` says which side a conflict prefers.
    """

    def __init__(self, *, theirs_first: bool = False) -> None:
        self.theirs_first = theirs_first
        self.conflicts: list[Conflict] = []

    def values(self, base: Any, ours: Any, theirs: Any, at: Pointer = ()) -> Any:
        """Return what two versions of a value become; ABSENT where nothing is left of it."""
        if _alike(ours, theirs):
            return ours
        if _alike(base, ours):
            return theirs
        if _alike(base, theirs):
            return ours
        if isinstance(ours, Mapping) and isinstance(theirs, Mapping):
            return self._mappings(base if isinstance(base, Mapping) else {}, ours, theirs, at)
        if any(isinstance(v, list) for v in (ours, theirs)) and all(
            v is ABSENT or isinstance(v, list) for v in (base, ours, theirs)
        ):
            one, two, three = ([] if v is ABSENT else v for v in (base, ours, theirs))
            return self._lists(one, two, three, at) or ABSENT
        return self._conflict(base, ours, theirs, at)

    def _conflict(self, base: Any, ours: Any, theirs: Any, at: Pointer) -> Any:
        self.conflicts.append(Conflict(at, base, ours, theirs))
        return theirs if self.theirs_first else ours

    def _mappings(
        self, base: Mapping[str, Any], ours: Mapping[str, Any], theirs: Mapping[str, Any], at: Pointer
    ) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key in _order(list(ours), list(theirs)):
            one, two, three = (side.get(key, ABSENT) for side in (base, ours, theirs))
            value = self.values(one, two, three, (*at, key))
            if value is not ABSENT:
                found[key] = value
        return found

    def _lists(
        self, base: Sequence[Any], ours: Sequence[Any], theirs: Sequence[Any], at: Pointer
    ) -> list[Any]:
        lists = (base, ours, theirs)
        named = zip(_names(*lists), lists, strict=True)
        sides = [dict(zip(names, items, strict=True)) for names, items in named]
        found = []
        for name in _order(list(sides[1]), list(sides[2])):
            one, two, three = (side.get(name, ABSENT) for side in sides)
            value = self.values(one, two, three, (*at, _shown(name)))
            if value is not ABSENT:
                found.append(value)
        return found


def _alike(one: Any, other: Any) -> bool:
    if one is ABSENT or other is ABSENT:
        return one is other
    return same(one, other)


def _order(ours: list[str], theirs: list[str]) -> list[str]:
    """Return the names of both: ours in their order, each of theirs behind the one that it follows there.

    What both added at one place stands in their order: ours, then theirs.
    """
    found, known, also = list(ours), set(ours), set(theirs)
    behind = ""
    for name in theirs:
        if name not in known:
            place = found.index(behind) + 1 if behind else 0
            while place < len(found) and found[place] not in also:
                place += 1
            found.insert(place, name)
        behind = name
    return found


def _names(*lists: Sequence[Any]) -> Iterator[list[str]]:
    """Yield for each list the names of its items: what they are about where that tells them apart, else the value."""
    about = [[identity(item) for item in items] for items in lists]
    if any(len(set(names)) < len(names) for names in about):
        about = [[_text(item) for item in items] for items in lists]
    for names in about:
        count: dict[str, int] = {}
        for position, name in enumerate(names):
            count[name] = count.get(name, 0) + 1
            if count[name] > 1:
                names[position] = f"{name}{_AGAIN}{count[name]}"
        yield names


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def _shown(name: str) -> str:
    """Return the name of an item for people."""
    name = name.partition(_AGAIN)[0]
    if name.startswith("\n"):  # telling keys, then their values
        words = name[1:].split("\n")
        return " ".join(words[len(words) // 2 :])
    return name.strip('"')
