"""A cache of what follows from objects that never change: each answer is computed once in a process.

A process often meets the same rule book many times: before and after a request, at each merge of an
audit, at each rebuild of a served site. The cache looks whether they are the same objects, which is far cheaper
than to compare them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Once(Generic[T]):
    """Remembers at most ``most`` answers, the newest ones; neither things nor answers may be changed."""

    def __init__(self, most: int = 256) -> None:
        self._most = most
        self._known: dict[tuple[int, ...], tuple[tuple[object, ...], T]] = {}

    def __call__(self, *things: object, make: Callable[[], T]) -> T:
        """Return what ``make`` returned when it was called for these very things."""
        key = tuple(map(id, things))
        known = self._known.get(key)
        if known is None:
            if len(self._known) >= self._most:
                self._known.pop(next(iter(self._known)), None)
            # The things are kept, too: no other object can get the identity of one that is alive.
            known = self._known[key] = (things, make())
        return known[1]
