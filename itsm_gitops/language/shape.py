"""What a schema says of a place in a document: the keys and the values that it may have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from itsm_gitops.model.findings import Pointer
from itsm_gitops.model.kinds import Kind

Schema = Mapping[str, Any]
_DEPTH = 40  # steps into references and alternatives: a schema may lead in a circle


@dataclass(frozen=True)
class Shape:
    """The schema of one file; ``kind`` is that of a record or an item, None for a file of the rule book."""

    schema: Schema
    kind: Kind | None = None

    def at(self, pointer: Pointer) -> list[Schema]:
        """Return the schemas that hold at a place: one, or several where there are alternatives."""
        found = list(self._open(self.schema))
        for step in pointer:
            found = [opened for schema in found for opened in self._below(schema, step)]
        return found

    def _below(self, schema: Schema, step: str | int) -> Iterator[Schema]:
        if isinstance(step, int):
            items = schema.get("items")
            if isinstance(items, Mapping):
                yield from self._open(items)
            return
        properties = schema.get("properties")
        named = properties.get(step) if isinstance(properties, Mapping) else None
        if isinstance(named, Mapping):
            yield from self._open(named)
            return
        free = schema.get("additionalProperties")
        if isinstance(free, Mapping):
            yield from self._open(free)

    def _open(self, schema: Schema, depth: int = _DEPTH) -> Iterator[Schema]:
        """Yield a schema, with what it refers to in its place, and its alternatives."""
        if not depth:
            return
        reference = schema.get("$ref")
        if isinstance(reference, str):
            target = self._target(reference)
            own = {k: v for k, v in schema.items() if k != "$ref"}
            for opened in self._open(target, depth - 1) if target is not None else ():
                yield {**opened, **own}
            return
        yield schema
        for word in ("allOf", "anyOf", "oneOf"):
            for other in schema.get(word) or ():
                if isinstance(other, Mapping):
                    yield from self._open(other, depth - 1)

    def _target(self, reference: str) -> Schema | None:
        node: Any = self.schema
        if not reference.startswith("#/"):
            return None
        for step in reference[2:].split("/"):
            node = node.get(step) if isinstance(node, Mapping) else None
        return node if isinstance(node, Mapping) else None


def properties_of(schemas: list[Schema]) -> dict[str, Schema]:
    """Return the keys that a mapping may have, with the schema of each, in the order of the schema."""
    found: dict[str, Schema] = {}
    for schema in schemas:
        for name, about in (schema.get("properties") or {}).items():
            if isinstance(about, Mapping):
                found.setdefault(name, about)
    return found


def is_list(schemas: list[Schema]) -> bool:
    """Whether what stands here is a list."""
    return any(s.get("type") == "array" or isinstance(s.get("items"), Mapping) for s in schemas)
