"""Converts entries to plain tuples and back, for pipes and cache files: marshal writes those three times faster than pickle."""

from __future__ import annotations

import marshal
from collections.abc import Sequence
from dataclasses import fields
from operator import attrgetter
from typing import Any

from itsm_gitops.model.entry import Edge, Entry

_FIELDS = tuple(field.name for field in fields(Entry))
_EDGES = _FIELDS.index("edges")
_values = attrgetter(*_FIELDS)


def plain(entry: Entry) -> tuple[Any, ...]:
    """Return an entry as plain data."""
    values = _values(entry)
    return (*values[:_EDGES], [tuple(edge) for edge in entry.edges], *values[_EDGES + 1 :])


def entry_of(row: Sequence[Any]) -> Entry:
    """Return the entry that ``plain`` was given."""
    values = list(row)
    values[_EDGES] = tuple(map(Edge._make, values[_EDGES]))
    return Entry(*values)


class Entries(list[Entry]):
    """Entries that pickle as plain tuples."""

    def __reduce__(self) -> tuple[Any, ...]:
        return _entries, (marshal.dumps([plain(e) for e in self]),)


def _entries(sent: bytes) -> Entries:
    return Entries(map(entry_of, marshal.loads(sent)))  # noqa: S302 - written by our own fork
