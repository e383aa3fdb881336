"""Conditions of a filter, ready to be asked: of an entry alone, of the document where the entry does not say.

Most conditions are answered by the entry. One that needs the document says so by answering None, and only what is
left then is read, all in one go; of what is read only that is parsed in which the words wanted occur at all.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from itsm_gitops import documents
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.errors import Refused
from itsm_gitops.model.text import without_accents

if TYPE_CHECKING:
    from itsm_gitops.repository import Store

_ALNUM = re.compile(r"[^\W_]+")


def folded(text: str) -> str:
    """Return text as it is compared: without accents, in lower case."""
    return without_accents(text).casefold()


def pieces(text: str) -> tuple[str, ...]:
    """Return the runs of letters and digits of a text, folded: a file that holds the text holds each of them."""
    return tuple(_ALNUM.findall(folded(text)))


class ReadDocument:
    """One document as read from its file, parsed when asked for."""

    def __init__(self, path: str, raw: bytes) -> None:
        self._path = path
        self._raw = raw

    @cached_property
    def _folded(self) -> str:
        return folded(self._raw.decode("utf-8", "replace"))

    def may_hold(self, wanted: Iterable[str]) -> bool:
        """Whether a text with these pieces may be in it: YAML folds lines at blanks, and escapes by backslashes."""
        return b"\\" in self._raw or all(piece in self._folded for piece in wanted)

    @cached_property
    def data(self) -> dict[str, Any]:
        """The document; raises Refused where it cannot be used any more."""
        data = documents.load(self._raw).data
        if not isinstance(data, dict):
            raise changed(self._path)
        return data


def changed(path: str) -> Refused:
    """Return the error for a file that was usable a moment ago."""
    return Refused(f"{path} changed while it was being read", "try again")


@dataclass(frozen=True, slots=True)
class Condition:
    """A test of documents. ``decide`` answers from the entry, None where ``look`` must answer from the document."""

    decide: Callable[[Entry], bool | None]
    look: Callable[[Entry, ReadDocument], bool] | None = None

    def holds(self, entry: Entry, document: ReadDocument) -> bool:
        """Whether a document fulfils it."""
        decided = self.decide(entry)
        if decided is None:
            return self.look is not None and self.look(entry, document)
        return decided


def all_of(parts: Sequence[Condition]) -> Condition:
    """Return the condition that holds where all parts do."""
    if len(parts) == 1:
        return parts[0]

    def decide(entry: Entry) -> bool | None:
        certain = True
        for part in parts:
            decided = part.decide(entry)
            if decided is False:
                return False
            certain = certain and decided is True
        return True if certain else None

    return Condition(decide, lambda entry, document: all(p.holds(entry, document) for p in parts))


def any_of(parts: Sequence[Condition]) -> Condition:
    """Return the condition that holds where one of the parts does."""
    if len(parts) == 1:
        return parts[0]

    def decide(entry: Entry) -> bool | None:
        certain = True
        for part in parts:
            decided = part.decide(entry)
            if decided:
                return True
            certain = certain and decided is False
        return False if certain else None

    return Condition(decide, lambda entry, document: any(p.holds(entry, document) for p in parts))


def none_of(part: Condition) -> Condition:
    """Return the condition that holds where a part does not."""

    def decide(entry: Entry) -> bool | None:
        decided = part.decide(entry)
        return None if decided is None else not decided

    return Condition(decide, lambda entry, document: not part.holds(entry, document))


def fulfilling(store: Store, entries: Iterable[Entry], condition: Condition) -> list[Entry]:
    """Return the entries whose documents fulfil a condition, in their order; raises Refused for one that changed."""
    likely = [(entry, decided) for entry in entries if (decided := condition.decide(entry)) is not False]
    unsure = [entry for entry, decided in likely if decided is None]
    looked = set(_looked(store, unsure, condition)) if unsure else set()
    return [entry for entry, decided in likely if decided or entry.id in looked]


def _looked(store: Store, entries: Sequence[Entry], condition: Condition) -> Iterator[str]:
    files = store.snapshot.read_many(e.path for e in entries)
    for entry in entries:
        path, raw = next(files, ("", b""))
        if path != entry.path:
            raise changed(entry.path)
        if condition.holds(entry, ReadDocument(path, raw)):
            yield entry.id


def contains(text: str) -> Condition:
    """Return the condition that a document has a text in its title, its identifier or any other text of it."""
    wanted, parts = folded(text), pieces(text)

    def decide(entry: Entry) -> bool | None:
        return True if any(wanted in folded(t) for t in (entry.title, entry.id, *entry.aliases)) else None

    def look(_: Entry, document: ReadDocument) -> bool:
        return document.may_hold(parts) and any(wanted in folded(t) for t in _texts(document.data))

    return Condition(decide, look)


def _texts(node: Any) -> Iterator[str]:
    """Yield every text in a document's data; names of fields are none."""
    if isinstance(node, str):
        yield node
    elif isinstance(node, dict | list):
        for child in node.values() if isinstance(node, dict) else node:
            yield from _texts(child)
