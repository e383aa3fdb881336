"""Subjects of conditions: a document with its surroundings, or computed facts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from itsm_gitops.model.conditions import OtherEnd, Subject

Data = Mapping[str, Any]
Item = Callable[[str], Data | None]
Links = Callable[[str], "list[OtherEnd] | None"]


class _Ways(tuple[tuple[str, "_Ways"], ...]):
    """How a path can go on: the next key, and the ways behind it; empty at its end."""

    __slots__ = ()


@lru_cache(maxsize=4096)
def _ways(path: str) -> _Ways:
    """Return the ways along a path, the shortest key first: keys may have dots themselves.

    ``set: {major.state: accepted}`` stands in a timeline.
    """
    steps = path.split(".") if path else []
    return _Ways(
        (".".join(steps[:length]), _ways(".".join(steps[length:]))) for length in range(1, len(steps) + 1)
    )


class DocumentSubject:
    """A document. Where a step of a path holds a name and the path goes on, it goes on in the item of that name.

    ``item`` returns the data of a CMDB item (None where there is none), ``links`` the documents linked by one word;
    without them, answers that need them are unknown.
    """

    __slots__ = ("_data", "_item", "_links", "now")

    def __init__(
        self, data: Any, item: Item | None = None, links: Links | None = None, now: datetime | None = None
    ) -> None:
        self._data = data
        self._item = item
        self._links = links
        self.now = now

    def values(self, path: str) -> list[Any] | None:
        """Return the values at a path; None where it leads to something that is not there."""
        data = self._data
        if not path:
            return [] if data is None else [data]
        if "." not in path and isinstance(data, Mapping):  # nearly all paths
            value = data.get(path)
            return value if isinstance(value, list) else [] if value is None else [value]
        found: list[Any] = []
        return found if self._walk(data, _ways(path), found) else None

    def _walk(self, value: Any, ways: _Ways, found: list[Any]) -> bool:
        """Collect the values; return whether all of them are known."""
        if isinstance(value, list):
            known = [self._walk(v, ways, found) for v in value]  # each of them: the values of all are wanted
            return all(known)
        if not ways:
            if value is not None:
                found.append(value)
            return True
        if isinstance(value, str):
            value = self._item(value) if self._item else None
            if value is None:
                return False
        if value.__class__ is not dict and not isinstance(value, Mapping):
            return True
        for key, further in ways:
            if key in value:
                return self._walk(value[key], further, found)
        return True

    def parts(self, path: str) -> list[Subject] | None:
        """Return what stands in the list at a path."""
        values = self.values(path)
        return None if values is None else [DocumentSubject(v, self._item, None, self.now) for v in values]

    def linked(self, relation: str) -> list[OtherEnd] | None:
        """Return the documents at the other end of a link."""
        return self._links(relation) if self._links else None


class FactSubject:
    """Facts by name; one that is missing or None is unknown."""

    def __init__(self, facts: Mapping[str, Any]) -> None:
        self._facts = facts

    def values(self, path: str) -> list[Any] | None:
        """Return the values of a fact."""
        value = self._facts.get(path)
        return value if value is None or isinstance(value, list) else [value]

    def parts(self, path: str) -> list[Subject] | None:
        """Return the values of a fact, each as a subject."""
        values = self.values(path)
        return None if values is None else [DocumentSubject(v) for v in values]

    def linked(self, relation: str) -> list[OtherEnd] | None:
        """Return None: facts have no links."""
        del relation
        return None

    @property
    def now(self) -> datetime | None:
        """Facts know no clock."""
        return None
