"""One commit as a store that reads what somebody asks for: for a question about a few documents among 100,000.

It is a request without a difference (`RequestFiles`), so that names come from one listing and documents from Git's objects.
Whoever decides still learns of what cannot be read: of kinds with a life cycle among the documents on which work may be
to be done, of others among all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from itsm_gitops.git.modes import FILE, REGULAR
from itsm_gitops.model.errors import MissingObject
from itsm_gitops.repository.lazy_store import LazyStore
from itsm_gitops.repository.repository import Repository
from itsm_gitops.repository.request_files import RequestFiles
from itsm_gitops.repository.request_pool import RequestPool
from itsm_gitops.repository.request_text import Unsearchable
from itsm_gitops.snapshots.config import read_rulebook
from itsm_gitops.snapshots.gaps import Gap, file_gap, in_place_of_folders, irregular_gap
from itsm_gitops.snapshots.store import Store, is_document

T = TypeVar("T")


class AskedCommit(LazyStore):
    """A lazy store of a commit that also says what it could not read."""

    def gaps(self, kinds: Iterable[str] | None = None) -> tuple[Gap, ...]:
        """Return what could not be read and may hold a document of these kinds that is not closed beyond doubt."""
        names = self.book.kinds if kinds is None else kinds
        asked = [self.book.kinds[name] for name in names]
        found = self._irregular()
        for kind in asked:
            infos = [
                i.path for i in self.side.under(kind.folder) if i.mode == REGULAR and is_document(i.path)
            ]
            for path in self.pool.seem_open(self.side, kind) if kind.workflow else infos:
                if problems := self.document(path).problems:
                    found.append(file_gap(self.book, path, problems[0]))
        wanted = frozenset(kind.name for kind in asked)
        return tuple(sorted((g for g in found if g.kinds & wanted), key=lambda g: g.path))

    def _irregular(self) -> list[Gap]:
        odd = self.side.request.names.odd()
        modes = {info.path: info.mode for info in odd if info.mode != REGULAR}
        modes |= dict.fromkeys(in_place_of_folders(self.book, [info.path for info in odd]), FILE)
        gaps = (irregular_gap(self.book, path, mode) for path, mode in modes.items())
        return [gap for gap in gaps if gap is not None]


def ask(repo: Repository, commit: str, question: Callable[[Store], T]) -> T:
    """Ask a question about a commit (a full hash). Where only reading everything can tell, a loaded store is asked.

    That is so with other repositories at its roots, in a partial clone that lacks much, and for names that cannot be searched for.
    """
    snapshot = repo.snapshot(commit)
    config = repo.settings(snapshot)
    if config.roots:
        return question(repo.store(commit))
    files = RequestFiles(repo, commit, commit)
    pool = RequestPool(files, read_rulebook(snapshot))
    try:
        return question(AskedCommit(pool, files.head, config))
    except (Unsearchable, MissingObject):
        return question(repo.store(commit))
    finally:
        pool.text.close()
        files.close()
