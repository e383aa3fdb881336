"""Versions of documents from older commits in the words of a newer rule book: history read through migrations.

A commit lacks the migrations that were made after it. One call finds them for all commits: one ``git log``
of the folder of migrations, and one ``git rev-list`` for each of them.
"""

from __future__ import annotations

from typing import Any

from itsm_gitops.documents.rewriting import WordAt, with_words
from itsm_gitops.git.client import Git, decode
from itsm_gitops.model.errors import GitError, ItsmError
from itsm_gitops.model.migration_edits import REPLACE
from itsm_gitops.model.migration_places import edits_of
from itsm_gitops.model.migrations import FOLDER, BookShape, Migration, migrations_of
from itsm_gitops.model.rulebook import RuleBook
from itsm_gitops.repository.history import log
from itsm_gitops.repository.repository import Repository
from itsm_gitops.snapshots.config import read_rulebook
from itsm_gitops.snapshots.migrated import MigrationStep, steps


class FormerWords:
    """Reads what documents held in the commits up to ``tips``, in the words of ``book``."""

    def __init__(self, git: Git, book: RuleBook, *tips: str) -> None:
        self._git = git
        self._tips = tips
        self._book = book
        self._migrations = _of(book)
        self._having: dict[str, frozenset[str]] | None = None
        self._made: dict[str, list[str]] = {}  # the commits that brought a migration, by its path
        self._steps: dict[tuple[Migration, ...], tuple[MigrationStep, ...]] = {}

    def __bool__(self) -> bool:
        return bool(self._migrations)

    def read(self, path: str, commit: str, data: Any) -> Any:
        """Return the data of a document as of one commit, in the words of today; what is no mapping as it is.

        ``COMMIT^`` means the commit before it, whichever that is.
        """
        if not self._migrations or not isinstance(data, dict):
            return data
        for step in self._lacking(commit):
            edits = edits_of(step.migration, step.shape, path, data)
            words = [WordAt(e.pointer, e.value, e.at_key) for e in edits if e.deed == REPLACE]
            data = with_words(data, words) if words else data
        return data

    def _lacking(self, commit: str) -> tuple[MigrationStep, ...]:
        if self._having is None:
            self._having = self._descendants()
        name = commit.removesuffix("^")
        missing = tuple(
            m
            for m in self._migrations
            if name not in self._having.get(m.path, ()) or (name != commit and name in self._made[m.path])
        )
        if missing not in self._steps:
            shape = BookShape.of(self._book)
            for migration in reversed(missing):
                shape = shape.before(migration)
            self._steps[missing] = steps(missing, shape)
        return self._steps[missing]

    def _descendants(self) -> dict[str, frozenset[str]]:
        """Return the commits that have each migration, by its path; none for one that is not committed yet."""
        options = ("--full-history", "--diff-filter=A")
        for tip in self._tips:
            for header, entries in log(self._git, ("%H",), tip, [FOLDER.rstrip("/")], *options):
                for _, name in entries:
                    self._made.setdefault(decode(name), []).append(header[0].decode("ascii"))
        found = {}
        for path, commits in self._made.items():
            having = set(commits)
            for commit in set(commits):
                listed = self._git.run("rev-list", "--ancestry-path", *self._tips, f"^{commit}", "--")
                having.update(listed.decode("ascii").split())
            found[path] = frozenset(having)
        return found


def former_words(repo: Repository, at: str | None = None) -> FormerWords | None:
    """Return what reads older commits in the words of the rule book of ``at`` (None: the working tree).

    None where nothing was ever migrated, or nothing is committed yet.
    """
    if not any(path.startswith(FOLDER) for path in repo.book.files):
        return None
    try:
        tip = repo.history.resolve(at or "HEAD")
    except GitError:
        return None
    return FormerWords(repo.history, read_rulebook(repo.snapshot(at)) if at else repo.book, tip)


def _of(book: RuleBook) -> tuple[Migration, ...]:
    try:
        return migrations_of(book)
    except ItsmError:
        return ()
