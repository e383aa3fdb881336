"""The second pass of an import: numbers and old names become identifiers, now that all are known."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from itsm_gitops.exchange.fitting import fit
from itsm_gitops.exchange.records import RowDraft, Wish
from itsm_gitops.exchange.report import ADJUSTED, NOT_UNDERSTOOD, Tally
from itsm_gitops.model import ids
from itsm_gitops.model.entry import edges_of
from itsm_gitops.model.findings import Pointer
from itsm_gitops.model.kinds import Kind
from itsm_gitops.snapshots import Store

_REFERENCE = {"maxLength": 120, "pattern": r"^[^\r\n]+$"}
_NOTHING = "nothing has this identifier or old number"
_BETWEEN = re.compile(r"\s*[,;\n]\s*|\s+")


class Link(NamedTuple):
    """A link with both ends found, stored in ``source``; ``number`` is how the table names the other end."""

    source: str
    type: str
    target: str
    number: str
    row: int


class NumberIndex:
    """Finds documents of the repository and of the table by identifier, old number or alias."""

    def __init__(self, store: Store, drafts: Iterable[RowDraft], items: Iterable[str]) -> None:
        self._store = store
        self._keys = {draft.key: draft.id for draft in drafts}
        self._items = {*items, *self._keys.values()}

    def find(self, text: str) -> str:
        """Return the identifier of what a text names; empty for nothing that is known."""
        if self.has(text):
            return text
        found = self._keys.get(text) or self._store.aliases.get(text, "")
        lowered = text.lower()
        return found or (lowered if ids.is_item_id(lowered) and self.has(lowered) else "")

    def has(self, identifier: str) -> bool:
        """Whether this is the identifier of a document, one that cannot be read among them."""
        store = self._store
        return identifier in store.entries or identifier in self._items or identifier in store.broken

    def find_all(self, text: str) -> tuple[list[str], str]:
        """Return what a text names, and the rest of it that names nothing.

        A text that names nothing as a whole may be a list, where each part of it names something.
        """
        found = self.find(text)
        if found:
            return [found], ""
        parts = [self.find(part) for part in _BETWEEN.split(text) if part]
        return (parts, "") if len(parts) > 1 and all(parts) else ([], text)


class Linker:
    """Puts links into documents. What leads nowhere becomes an external reference, or is reported."""

    def __init__(self, store: Store, kind: Kind, system: str, index: NumberIndex, tally: Tally) -> None:
        self._book = store.book
        self._kind = kind
        self._system = system or "unknown"
        self._index = index
        self._tally = tally

    def links(self, draft: RowDraft) -> tuple[list[Link], list[dict[str, str]]]:
        """Return the links that a draft asks for, and references for the numbers that are not known."""
        links, references = [], []
        for wish in draft.wishes:
            targets, rest = self._index.find_all(wish.number)
            links += [self._link(draft.id, wish, target) for target in targets]
            reference = self.reference(rest) if rest else None
            if reference:
                references.append(reference)
            elif rest:
                self._tally.add(wish.column, NOT_UNDERSTOOD, _NOTHING, rest, wish.row)
        return links, [e for i, e in enumerate(references) if e not in references[:i]]

    def reference(self, number: str) -> dict[str, str] | None:
        """Return the external reference for a number; None where the kind has none or it is no number."""
        text, problem, _ = fit(number, _REFERENCE)
        return (
            {"system": self._system, "id": text}
            if not problem and "external_refs" in self._kind.fields
            else None
        )

    def _link(self, source: str, wish: Wish, target: str) -> Link:
        return stored(self._book.inverses, source, wish.type, target, wish.number, wish.row)

    def resolve_fields(self, draft: RowDraft, data: dict[str, Any], old_names: set[str]) -> None:
        """Replace old names in fields that hold identifiers by the identifiers.

        ``old_names`` cannot be identifiers; those that name nothing are left out.
        """
        for edge in reversed(edges_of(self._kind, data)):
            if self._index.has(edge.target):
                continue
            found, name = self._index.find(edge.target), str(edge.pointer[0])
            if found:
                reason = "an old name became the identifier"
                self._tally.add(name, ADJUSTED, reason, edge.target, draft.rows[-1])
                put(data, edge.pointer, found)
            elif edge.target in old_names:
                self._tally.add(name, NOT_UNDERSTOOD, _NOTHING, edge.target, draft.rows[-1])
                take_out(data, edge.pointer)


def stored(inverses: Mapping[str, Any], source: str, word: str, target: str, number: str, row: int) -> Link:
    """Return a link as it is stored: one named by its inverse stands on the other side."""
    inverse = inverses.get(word)
    if inverse is not None:
        return Link(target, inverse.name, source, number, row)
    return Link(source, word, target, number, row)


def put(data: Any, pointer: Pointer, value: Any) -> None:
    """Write a value at a place of a document that exists."""
    for step in pointer[:-1]:
        data = data[step]
    data[pointer[-1]] = value


def take_out(data: dict[str, Any], pointer: Pointer) -> None:
    """Remove what stands at a place, and the lists and mappings that are empty without it."""
    way: list[Any] = [data]
    for step in pointer[:-1]:
        way.append(way[-1][step])
    for node, step in zip(reversed(way), reversed(pointer), strict=True):
        del node[step]
        if node:
            return
