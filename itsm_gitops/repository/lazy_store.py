"""A store of one side of a request that reads a document when somebody asks for it.

Names come from one listing (`RequestFiles`), and a path is a function of its identifier, so that looking a document
up reads that document and no other. What links to a document, or has an old number, is found by a search in text
(`RequestText`), for all that will be asked at once where the caller says so (``expect``); asking for more is right
and takes another search. Going through all entries reads everything: right, slow, and nothing that a request check
does (a test holds that line; ``read_all`` counts it).

What did not change is parsed once for both sides.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

from itsm_gitops.git.modes import FILE, REGULAR
from itsm_gitops.model import facts
from itsm_gitops.model.entry import Edge, Entry
from itsm_gitops.repository.request_files import RequestSide
from itsm_gitops.repository.request_pool import ITEMS, RequestPool
from itsm_gitops.repository.request_text import Unsearchable
from itsm_gitops.snapshots.config import Config
from itsm_gitops.snapshots.gaps import in_place_of_folders
from itsm_gitops.snapshots.snapshot import CMDB, RECORDS
from itsm_gitops.snapshots.store import Document, Store, identifier_of, is_document


@dataclass(slots=True)
class _Holder:
    """What an identifier means on one side: its entry, the path of a file that cannot be used, further files."""

    entry: Entry | None = None
    broken: str = ""
    more: list[str] = field(default_factory=list)


class LazyStore(Store):
    """A store of one side of a request; see the head of this module.

    With ``items_only`` it knows the CMDB and no record, as documents are judged.
    """

    def __init__(
        self, pool: RequestPool, side: RequestSide, config: Config, *, items_only: bool = False
    ) -> None:
        super().__init__(side, pool.book, config)
        self.pool = pool
        self.side = side
        self.read_all = 0
        self._items_only = items_only
        self._holders: dict[str, _Holder] = {}
        self._sets: dict[tuple[str, ...], list[Entry]] = {}
        self._into: dict[tuple[str, bool], list[tuple[str, Edge]]] = {}
        self._entries = _Lookup(lambda name: self.holder(name).entry, self.whole)
        self._by_path = _Lookup(self._entry_at)
        self.broken = _Lookup(lambda name: self.holder(name).broken or None)
        self.aliases = _Lookup(self._aliased)

    def document(self, path: str) -> Document:
        """Return one document of this side, whatever is wrong with it."""
        document = self.pool.get(self.side, path)
        if document.problems:
            self.problems[path] = document.problems
        return document

    def holder(self, identifier: str) -> _Holder:
        """Return what an identifier means."""
        known = self._holders.get(identifier)
        if known is None:
            known = self._holders[identifier] = self._resolve(identifier)
        return known

    def paths_of(self, identifier: str) -> list[str]:
        """Return the paths of all documents of an identifier that can be read: the one it means first."""
        holder = self.holder(identifier)
        return [*([holder.entry.path] if holder.entry else []), *holder.more]

    def at(self, path: str) -> Entry | None:
        """Return the entry of the document that is known to be at a path; None where another one has its name."""
        identifier = identifier_of(path)
        if identifier not in self._holders and self._is_plain(path):
            self.document(path)
            entry = self.pool.get(self.side, path).entry
            self._holders[identifier] = _Holder(entry, "" if entry else path)
        return self._entry_at(path)

    def _entry_at(self, path: str) -> Entry | None:
        entry = self.holder(identifier_of(path)).entry
        return entry if entry is not None and entry.path == path else None

    def _aliased(self, alias: str) -> str | None:
        """Return what has an old number; the first document by path has one that several have."""
        try:
            having = self.having_alias(alias)
        except Unsearchable:
            having = list(self.entries.values())
        exact = [e for e in having if alias in e.aliases]
        return min(exact, key=lambda e: e.path).id if exact else None

    def _is_plain(self, path: str) -> bool:
        """Whether what is at a path did not change, is a regular file, and has its name alone."""
        info = self.side.info(path) if self.side.is_single(path) and self._may_be(path) else None
        within = not self._items_only or path.startswith(ITEMS)
        return info is not None and info.mode == REGULAR and within

    def _resolve(self, identifier: str) -> _Holder:
        found, irregular = _Holder(), ""
        entries: list[Entry] = []
        for path in self.side.named(identifier, self.pool.likely(identifier)):
            if not is_document(path) or (self._items_only and not path.startswith(ITEMS)):
                continue
            if self.pool.book.kind_at(path) is None:
                continue
            info = self.side.info(path)
            if info is None or info.mode != REGULAR:
                irregular = irregular or path
                continue
            self.document(path)
            entry = self.pool.get(self.side, path).entry
            if path.startswith(ITEMS):
                self._take(found, path, entry)
            elif entry is None:  # a record that cannot be used stands before all that can
                found.broken = found.broken or path
            else:
                entries.append(entry)
        for entry in entries:
            self._take(found, entry.path, entry)
        if irregular and found.entry is None:
            found.broken = found.broken or irregular
        return found

    @staticmethod
    def _take(found: _Holder, path: str, entry: Entry | None) -> None:
        if entry is None:
            if found.entry is None:
                found.broken = found.broken or path
        elif found.entry is not None or found.broken:
            found.more.append(path)
        else:
            found.entry = entry

    def mode(self, path: str) -> str:
        """Return what is at a path (see `modes`); empty for nothing."""
        info = self.side.info(path)
        if info is None:
            return ""
        return FILE if info.mode == REGULAR and in_place_of_folders(self.book, [path]) else info.mode

    def like(self, beginning: str) -> list[str]:
        """Return the identifiers that begin with a text; those of all items for none. Broken ones may be among them."""
        if not beginning:
            return sorted({identifier_of(i.path) for i in self.side.under(CMDB) if self._may_be(i.path)})
        return sorted(n for n in self.side.stems(beginning) if any(map(self._may_be, self.side.named(n))))

    def _may_be(self, path: str) -> bool:
        return is_document(path) and self.pool.book.kind_at(path) is not None

    def data(self, identifier: str) -> dict[str, Any]:
        """Return a whole document by its exact identifier; do not change it."""
        entry = self.holder(identifier).entry
        if entry is None:
            return super().data(identifier)  # says what is wrong
        data: dict[str, Any] = self.pool.get(self.side, entry.path).data
        return data

    def of_kinds(self, kinds: Collection[str], *, open_only: bool = False) -> list[Entry]:
        """Return the entries of some kinds, by identifier; with ``open_only`` those on which work is to be done."""
        if open_only:
            return self._once(("open", *sorted(kinds)), lambda: self._open(kinds))
        return self._once(("all", *sorted(kinds)), lambda: self._all(kinds))

    def _once(self, key: tuple[str, ...], find: Callable[[], list[Entry]]) -> list[Entry]:
        if key not in self._sets:
            self._sets[key] = find()
        return self._sets[key]

    def _open(self, kinds: Collection[str]) -> list[Entry]:
        paths = [p for name in kinds for p in self.pool.seem_open(self.side, self.book.kinds[name])]
        return [e for e in self._at(paths, kinds) if facts.is_open(self.book, e)]

    def _all(self, kinds: Collection[str]) -> list[Entry]:
        infos = [i for name in kinds for i in self.side.under(self.book.kinds[name].folder)]
        return self._at([i.path for i in infos if i.mode == REGULAR and is_document(i.path)], kinds)

    def _at(self, paths: Iterable[str], kinds: Collection[str]) -> list[Entry]:
        """Return the entries of some kinds at some paths, by identifier."""
        found = map(self.at, paths)
        return sorted((e for e in found if e is not None and e.kind in kinds), key=lambda e: e.id)

    def into(self, identifier: str) -> list[tuple[str, Edge]]:
        """Return the edges that lead to an identifier, each with the document that stores it, by its identifier."""
        return self._relations(identifier, items=False)

    def items_into(self, identifier: str) -> list[tuple[str, Edge]]:
        """Return those of `into` that items store: they take no search in records."""
        return self._relations(identifier, items=True)

    def _relations(self, identifier: str, *, items: bool) -> list[tuple[str, Edge]]:
        key = (identifier, items or self._items_only)
        if key not in self._into:
            paths = self.pool.items_naming(identifier) if key[1] else self.pool.naming(identifier)
            sources = [self.at(p) for p in {*paths, *self._changed(items=key[1])}]
            self._into[key] = [
                (entry.id, edge)
                for entry in sorted(filter(None, sources), key=lambda e: e.id)
                for edge in entry.edges
                if edge.target == identifier
            ]
        return self._into[key]

    def _changed(self, *, items: bool) -> list[str]:
        """Return the paths of the changed documents of this side."""
        lead = ITEMS if items else ""
        return [p for p in self.side.changes() if p.startswith(lead) and is_document(p)]

    def having_alias(self, alias: str) -> list[Entry]:
        """Return the entries that have an old number, in any case of its letters, by identifier."""
        wanted = alias.lower()
        paths = {*self.pool.aliased(alias), *self._changed(items=False)}
        found = map(self.at, paths)
        having = [e for e in found if e is not None and wanted in {a.lower() for a in e.aliases}]
        return sorted(having, key=lambda e: e.id)

    def mentioning(self, word: str) -> list[Entry]:
        """Return the entries of unchanged documents that hold a word anywhere, by identifier."""
        found = map(self.at, self.pool.mentioning(word))
        return sorted(filter(None, found), key=lambda e: e.id)

    def whole(self) -> list[str]:
        """Return every identifier that has an entry, sorted; this reads every document."""
        self.read_all += 1
        infos = [i for root in (CMDB, RECORDS) for i in self.side.under(root)]
        names = {identifier_of(i.path) for i in infos if is_document(i.path)}
        return sorted(n for n in names if self.holder(n).entry is not None)

    def items_broken(self) -> bool:
        """Whether an item cannot be read; without an index this reads the whole CMDB."""
        if self.pool.index is not None:
            paths = [*self.pool.index.broken_items(), *self._changed(items=True)]
            return any(self.holder(identifier_of(p)).broken.startswith(ITEMS) for p in paths)
        infos = [i for i in self.side.under(CMDB) if is_document(i.path)]
        return any(self.holder(identifier_of(i.path)).broken.startswith(ITEMS) for i in infos)


V = TypeVar("V")


class _Lookup(dict[str, V]):
    """A dict that holds nothing and asks a lazy store: for what a name means (None for nothing), and for all names."""

    def __init__(self, find: Callable[[str], V | None], names: Callable[[], list[str]] = list) -> None:
        super().__init__()
        self._find = find
        self._names = names

    def get(self, key: str, default: Any = None) -> Any:
        found = self._find(key) if isinstance(key, str) else None
        return default if found is None else found

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and self._find(key) is not None

    def __getitem__(self, key: str) -> V:
        found = self._find(key)
        if found is None:
            raise KeyError(key)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._names())

    def __len__(self) -> int:
        return len(self._names())

    def keys(self) -> Any:
        return self._names()

    def values(self) -> Any:
        return [self[key] for key in self._names()]

    def items(self) -> Any:
        return [(key, self[key]) for key in self._names()]
