"""Where filters stand in files of the rule book, and which words beside them name columns of what they find."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from itsm_gitops.model.findings import Pointer

# The folder, the keys to each filter (``*``: every one), and the keys beside it that name columns.
_FILTERS: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("schemas/reports/", ("tables", "*", "of"), ("columns", "group", "sort")),
    ("schemas/views/", ("of",), ("columns", "sort")),
    ("schemas/policies/standards/", ("areas", "*", "requirements", "*", "evidence", "*", "query"), ()),
)
_ORDER = "-"  # before a column: the other way round


class StoredColumn(NamedTuple):
    """The name of a column, where it stands, and the sign before it that turns its order round."""

    name: str
    pointer: Pointer
    order: str = ""


class StoredFilter(NamedTuple):
    """A filter, where it stands, and the columns that are shown of what it finds."""

    text: str
    pointer: Pointer
    columns: tuple[StoredColumn, ...]


def has_filters(path: str) -> bool:
    """Whether filters stand in a file."""
    return path.endswith(".yaml") and any(path.startswith(folder) for folder, _, _ in _FILTERS)


def stored_filters(path: str, data: Any) -> Iterator[StoredFilter]:
    """Yield the filters of one file, in its order."""
    for folder, keys, columns in _FILTERS:
        if path.startswith(folder):
            yield from _found(data, keys, columns, ())


def _found(node: Any, keys: tuple[str, ...], columns: tuple[str, ...], at: Pointer) -> Iterator[StoredFilter]:
    head, rest = keys[0], keys[1:]
    if not rest:
        text = node.get(head) if isinstance(node, Mapping) else None
        if isinstance(text, str):
            yield StoredFilter(text, (*at, head), tuple(_columns(node, columns, at)))
    elif head == "*" and isinstance(node, list):
        for index, value in enumerate(node):
            yield from _found(value, rest, columns, (*at, index))
    elif isinstance(node, Mapping) and head in node:
        yield from _found(node[head], rest, columns, (*at, head))


def _columns(node: Mapping[str, Any], keys: tuple[str, ...], at: Pointer) -> Iterator[StoredColumn]:
    for key in keys:
        value = node.get(key)
        for index, word in enumerate(value if isinstance(value, list) else [value]):
            if isinstance(word, str):
                place = (*at, key, index) if isinstance(value, list) else (*at, key)
                name = word.removeprefix(_ORDER)
                yield StoredColumn(name, place, word[: len(word) - len(name)])
