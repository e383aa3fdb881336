"""Where a keyword of a schema stands, and the values of a document at such a place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from itsm_gitops.model.findings import Pointer
from itsm_gitops.model.kinds import ANY_INDEX

Data = Mapping[str, Any]


def keyword_places(schema: Any, keyword: str, at: Pointer = ()) -> Iterator[tuple[Pointer, Data]]:
    """Yield the fields of a schema that have a keyword, in schema order: pointer (``*`` for any position of a list), schema of the field."""
    if not isinstance(schema, Mapping):
        return
    if keyword in schema:
        yield at, schema
    for name, child in schema.get("properties", {}).items():
        yield from keyword_places(child, keyword, (*at, name))
    if "items" in schema:
        yield from keyword_places(schema["items"], keyword, (*at, ANY_INDEX))


def values_at(data: Data, pointer: Pointer) -> Iterator[tuple[Any, Pointer, Data]]:
    """Yield what a document has at a place of its schema: the value, its pointer, and the fields around it.

    The fields around it are those of all objects on the way; where two have one name, the inner one counts.
    """
    yield from _values(data, pointer, (), data)


def _values(node: Any, rest: Pointer, at: Pointer, around: Data) -> Iterator[tuple[Any, Pointer, Data]]:
    if not rest:
        yield node, at, around
        return
    step, tail = rest[0], rest[1:]
    if step == ANY_INDEX:
        for index, item in enumerate(node if isinstance(node, list) else ()):
            yield from _values(item, tail, (*at, index), around)
    elif isinstance(node, Mapping) and step in node:
        inner = around if node is around else {**around, **node}
        yield from _values(node[step], tail, (*at, step), inner)
