"""What was added to a timeline: entries at its end, and entries that a merge put between those that were there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from itsm_gitops.model.diff import same
from itsm_gitops.model.timeline import SET, STATE, WAS

Data = Mapping[str, Any]
Entries = Sequence[Data]


def added(base: Entries, side: Entries) -> list[int] | None:
    """Return the positions of the entries that ``side`` added to ``base``; None where it took out or changed one."""
    found, known = [], 0
    for position, entry in enumerate(side):
        if known < len(base) and same(base[known], entry):
            known += 1
        else:
            found.append(position)
    return found if known == len(base) else None


def fresh(base: Entries, side: Entries) -> list[int]:
    """Return the positions of the entries that were added; of a rewritten timeline those beyond the length of base."""
    news = added(base, side)
    return list(range(len(base), len(side))) if news is None else news


def between(base: Entries, side: Entries) -> list[int]:
    """Return the positions of added entries that stand before an entry of base."""
    news = added(base, side) or []
    return [position for number, position in enumerate(news) if position - number < len(base)]


def overtaking(base: Entries, side: Entries) -> int | None:
    """Return the position of an added entry that tells of a field which an entry of base further down tells of, too.

    Such an entry would change the past that the one of base was written in. None where there is none.
    """
    inner = between(base, side)
    if not inner:
        return None
    own = set(added(base, side) or ())
    for position in inner:
        names = set(touched(side[position]))
        later = (side[p] for p in range(position + 1, len(side)) if p not in own)
        if names and any(names & set(touched(entry)) for entry in later):
            return position
    return None


def touched(entry: Data) -> Iterator[str]:
    """Yield the fields that an entry tells of: its state, and the values that it sets or takes away."""
    if STATE in entry:
        yield STATE
    for part in (SET, WAS):
        if isinstance(entry.get(part), Mapping):
            yield from entry[part]
