"""What conditions are asked about: a document with its surroundings, or facts that somebody worked out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from itsm_gitops.model.conditions import OtherEnd, Subject

Data = Mapping[str, Any]
Item = Callable[[str], Data | None]
Links = Callable[[str], "list[OtherEnd] | None"]


class DocumentSubject:
    """A document. Where a step of a path holds a name and the path goes on, it goes on in the item of that name.

    ``item`` returns the data of a CMDB item (None where there is none), ``links`` what is linked by one word;
    without them, what they would tell is not known.
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
        return found if self._walk(data, path.split("."), found) else None

    def _walk(self, value: Any, steps: list[str], found: list[Any]) -> bool:
        """Collect the values; return whether all of them are known."""
        if isinstance(value, list):
            known = [self._walk(v, steps, found) for v in value]  # each of them: the values of all are wanted
            return all(known)
        if not steps:
            if value is not None:
                found.append(value)
            return True
        if isinstance(value, str):
            value = self._item(value) if self._item else None
            if value is None:
                return False
        if not isinstance(value, Mapping):
            return True
        if steps[0] in value:
            return self._walk(value[steps[0]], steps[1:], found)
        # Keys may have dots themselves: `set: {major.state: accepted}` in a timeline.
        for length in range(2, len(steps) + 1):
            key = ".".join(steps[:length])
            if key in value:
                return self._walk(value[key], steps[length:], found)
        return True

    def parts(self, path: str) -> list[Subject] | None:
        """Return what stands in the list at a path."""
        values = self.values(path)
        return None if values is None else [DocumentSubject(v, self._item, None, self.now) for v in values]

    def linked(self, relation: str) -> list[OtherEnd] | None:
        """Return the documents at the other end of a link."""
        return self._links(relation) if self._links else None


class FactSubject:
    """Facts by name; one that is missing or None was not stated, and nobody can know it."""

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
