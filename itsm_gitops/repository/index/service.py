"""Which store a command gets for the working tree: one on top of the index, or one for which everything was read."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from itsm_gitops.git.absent import git_folder
from itsm_gitops.git.client import Git
from itsm_gitops.git.process import GitAnswer
from itsm_gitops.model.errors import GitError
from itsm_gitops.repository.index import database, filling, freshness, making
from itsm_gitops.repository.index.database import DAMAGE
from itsm_gitops.repository.index.early import SETTING
from itsm_gitops.repository.index.freshness import Unusual
from itsm_gitops.repository.index.indexed_store import IndexedStore
from itsm_gitops.snapshots.config import Config, read_rulebook
from itsm_gitops.snapshots.snapshot import WorkingTree
from itsm_gitops.snapshots.store import Store

if TYPE_CHECKING:
    from itsm_gitops.snapshots.loading import T, Visit

WORTH = 1_000  # documents; fewer are read faster than an index is opened
_TRIES = 5


def indexed_store(
    snapshot: WorkingTree, config: Config, asked: GitAnswer | None = None
) -> IndexedStore | None:
    """Return a store on top of an index that is up to date; None where there is none, or it cannot be used.

    An index holds the documents of one repository, so one with roots has none. ``asked`` waits for what
    ``freshness.ask_git`` asked a moment ago.
    """
    with asked or nullcontext():
        if config.roots or os.environ.get(SETTING) == "off" or git_folder(snapshot.root) is None:
            return None
        for path in reversed(database.files_of(snapshot.root)):
            with suppress(*DAMAGE, OSError, GitError, Unusual):
                store = opened(path, snapshot, config, asked)
                if store is not None:
                    return store
            asked = None
        return None


def opened(
    path: Path, snapshot: WorkingTree, config: Config, asked: GitAnswer | None = None
) -> IndexedStore | None:
    """Return a store on one index file, brought up to date; None where it is not ours. Raises what `indexed_store` bears."""
    connection = database.connect(path)
    try:
        for number in range(_TRIES):
            early = asked if number == 0 else None
            with early or freshness.ask_git(Git(snapshot.root)) as answer:
                if not database.is_ours(connection, path):
                    break
                store = _refreshed(connection, snapshot, config, answer)
            if store is not None:
                return store
    except BaseException:
        connection.close()
        raise
    connection.close()
    return None


def _refreshed(
    connection: sqlite3.Connection, snapshot: WorkingTree, config: Config, answer: GitAnswer
) -> IndexedStore | None:
    """Bring an index up to date and return a store on its state; None where another process did it meanwhile.

    Raises Unusual where the index must be made anew.
    """
    git = Git(snapshot.root)
    connection.execute("BEGIN")
    notes = filling.meta(connection)
    if notes.get("book") != filling.book_sign(snapshot):
        raise Unusual("the rule book is another one")
    change = freshness.moves(git, connection, answer, notes.get("index", ""))
    if len(change.paths) > filling.MOST_AT_ONCE:
        raise Unusual("nearly everything is another")
    book = read_rulebook(snapshot)
    if not change.any:
        return IndexedStore(snapshot, book, config, connection)
    asked = sorted(change.paths - change.dirty)
    names = change.tracked.names if change.tracked else freshness.contents_of(git, asked) if asked else {}
    readings = filling.read(book, snapshot, change, names)
    connection.execute("ROLLBACK")
    connection.execute("BEGIN IMMEDIATE")
    if filling.meta(connection).get("generation") != notes.get("generation"):
        connection.execute("ROLLBACK")
        return None
    filling.apply(connection, change, readings)
    connection.execute("COMMIT")
    connection.execute("BEGIN")
    if int(filling.meta(connection)["generation"]) != int(notes["generation"]) + 1:
        connection.execute("ROLLBACK")
        return None
    return IndexedStore(snapshot, book, config, connection)


def load_and_index(
    snapshot: WorkingTree, config: Config, *, jobs: int | None = None, visit: Visit[T] | None = None
) -> tuple[Store, list[T], str]:
    """Read every document, and make an index of them where it pays.

    Returns the store, what ``visit`` returned (as ``load_store`` does), and the identity of the index that was made
    of these very documents; empty where none was made.
    """
    from itsm_gitops.snapshots.loading import load_store

    git = Git(snapshot.root)
    start = None if config.roots else _beginning(git, snapshot)
    with making.making(snapshot.root) if start else nullcontext() as path:
        if start is None or path is None:
            return (*load_store(snapshot, jobs=jobs, visit=visit, config=config), "")
        with closing(making.IndexDraft(path, start, git)) as draft:
            store, results = load_store(snapshot, jobs=jobs, visit=visit, config=config, sink=draft)
            made = ""
            with suppress(*DAMAGE, OSError, GitError, Unusual):
                made = draft.finish(store)
        return store, results, made


def _beginning(git: Git, snapshot: WorkingTree) -> making.Beginning | None:
    """Return what is to be noted before everything is read; None where no index is to be made."""
    setting = os.environ.get(SETTING, "")
    # The next run of CI begins anew, so an index would serve nobody.
    if (
        setting == "off"
        or (os.environ.get("CI") and setting != "always")
        or git_folder(snapshot.root) is None
    ):
        return None
    try:
        start = making.begin(git, snapshot)
    except (Unusual, GitError, OSError):
        return None
    return start if setting == "always" or len(start.files) >= WORTH else None
