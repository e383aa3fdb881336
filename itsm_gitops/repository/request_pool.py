"""What both sides of a request share: documents that are the same on both, parsed once, and the search for others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from itsm_gitops.model import ids
from itsm_gitops.model.kinds import Kind
from itsm_gitops.model.rulebook import RuleBook
from itsm_gitops.repository.request_files import RequestFiles, RequestSide
from itsm_gitops.repository.request_text import RequestText, holds, needle
from itsm_gitops.snapshots.snapshot import CMDB
from itsm_gitops.snapshots.store import SUFFIX, Document, parsed, unreadable

ITEMS = f"{CMDB}/"


class RequestIndex(Protocol):
    """What an index of the head knows, so that no text need be searched; paths of all its documents."""

    def naming(self, identifier: str) -> list[str]:
        """Return the documents that link to an identifier."""
        ...

    def aliased(self, alias: str) -> list[str]:
        """Return the documents that have an old number (ASCII), in any case of its letters."""
        ...

    def open_of(self, kind: str) -> list[str]:
        """Return the open documents of a kind."""
        ...

    def broken_items(self) -> list[str]:
        """Return the items that cannot be read."""
        ...


class RequestPool:
    """What both sides of a request share: documents that did not change, and what a search found among them."""

    def __init__(self, files: RequestFiles, book: RuleBook, text: RequestText | None = None) -> None:
        """``text`` searches in the documents that did not change; Git does where it is None."""
        self.files = files
        self.book = book
        self.text = text or RequestText(files)
        self.index: RequestIndex | None = None
        self.parsed: dict[tuple[str, str], Document] = {}
        self._naming: dict[str, list[str]] = {}
        self._aliased: dict[str, list[str]] = {}
        self._indexed: set[str] = set()

    def likely(self, identifier: str) -> Iterator[str]:
        """Yield the paths that a document of this name can have by the rule book."""
        parsed = ids.parse_record_id(identifier)
        if parsed is not None:
            kind = self.book.by_prefix.get(parsed[0])
            if kind is not None:
                yield self.book.path_for(kind, identifier)
        else:
            yield from (f"{f}/{identifier}{SUFFIX}" for f in self.book.by_folder if f.startswith(ITEMS))

    def get(self, side: RequestSide, path: str, raw: bytes | None = None) -> Document:
        """Parse one file of a side, once."""
        key = (side.side if side.changed(path) else "", path)
        known = self.parsed.get(key)
        if known is None:
            known = self.parsed[key] = self._parse(side, path, raw)
        return known

    def _parse(self, side: RequestSide, path: str, raw: bytes | None) -> Document:
        if raw is None:
            raw = next((r for _, r in side.read_many([path])), None)
        return unreadable(self.book, side, path) if raw is None else parsed(self.book, path, raw)

    def naming(self, identifier: str) -> list[str]:
        """Return the unchanged documents that link to an identifier."""
        if self.index is not None:
            return self._unchanged(self.index.naming(identifier))
        self._search([identifier])
        return self._naming.get(identifier, [])

    def aliased(self, alias: str) -> list[str]:
        """Return the unchanged documents that have an old number, in any case of its letters."""
        if self.index is not None and alias.isascii():
            return self._unchanged(self.index.aliased(alias))
        self._search([alias])
        return self._aliased.get(alias.lower(), [])

    def mentioning(self, word: str) -> list[str]:
        """Return the unchanged documents that hold a word, or may, anywhere."""
        self._search([word])
        wanted = [needle(word)]
        return [path for path in self._indexed if holds(self.get(self.files.head, path).raw, wanted)]

    def items_naming(self, identifier: str) -> list[str]:
        """Return the unchanged items that link to an identifier, or may."""
        if self.index is not None:
            return [p for p in self._unchanged(self.index.naming(identifier)) if p.startswith(ITEMS)]
        return self.text.items(identifier)

    def seem_open(self, side: RequestSide, kind: Kind) -> list[str]:
        """Return the documents of a kind on one side that are not closed beyond doubt."""
        if self.index is None:
            return self.text.seem_open(side, kind)
        return self._unchanged(self.index.open_of(kind.name)) + side.changed_below(kind.folder)

    def _unchanged(self, paths: Iterable[str]) -> list[str]:
        return [p for p in paths if p not in self.files.differences]

    def _search(self, words: Iterable[str]) -> None:
        self.text.expect(words)
        for path, raw in self.text.candidates():
            if path in self._indexed:
                continue
            self._indexed.add(path)
            entry = self.get(self.files.head, path, raw).entry
            for target in {e.target for e in entry.edges} if entry else ():
                self._naming.setdefault(target, []).append(path)
            for alias in {a.lower() for a in entry.aliases} if entry else ():
                self._aliased.setdefault(alias, []).append(path)
