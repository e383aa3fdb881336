"""What the index of the working tree answers for a request check, in place of a search in text."""

from __future__ import annotations

from contextlib import suppress

from itsm_gitops.repository.index.database import DAMAGE
from itsm_gitops.repository.index.indexed_store import IndexedStore, encodable
from itsm_gitops.repository.index.service import indexed_store
from itsm_gitops.snapshots.config import Config
from itsm_gitops.snapshots.snapshot import CMDB, WorkingTree


class IndexAnswers:
    """Paths of documents by what they name; an index that turns out to be damaged is answered for by all documents."""

    def __init__(self, store: IndexedStore) -> None:
        self.store = store

    @classmethod
    def of(cls, tree: WorkingTree, config: Config) -> IndexAnswers | None:
        """Return the answers of an index that is there and up to date; None where there is none."""
        store = indexed_store(tree, config)
        return cls(store) if isinstance(store, IndexedStore) else None

    def naming(self, identifier: str) -> list[str]:
        """Return the documents that link to an identifier."""
        with suppress(*DAMAGE):
            return self._paths("number IN (SELECT document FROM edge WHERE target = ?)", identifier)
        whole = self.store.whole
        return [whole.entries[source].path for source, _ in whole.into(identifier)]

    def aliased(self, alias: str) -> list[str]:
        """Return the documents that have an old number (ASCII), in any case of its letters."""
        with suppress(*DAMAGE):
            return self._paths("number IN (SELECT document FROM alias WHERE name = ? COLLATE NOCASE)", alias)
        wanted = alias.lower()
        return [e.path for e in self.store.whole.entries.values() if wanted in map(str.lower, e.aliases)]

    def open_of(self, kind: str) -> list[str]:
        """Return the documents of a kind on which work is to be done."""
        return [e.path for e in self.store.of_kinds([kind], open_only=True)]

    def broken_items(self) -> list[str]:
        """Return the items that cannot be read."""
        return [path for path in self.store.broken.values() if path.startswith(f"{CMDB}/")]

    def _paths(self, condition: str, value: str) -> list[str]:
        return [e.path for e in self.store.select(condition, [encodable(value)])]
