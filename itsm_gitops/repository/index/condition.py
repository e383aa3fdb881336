"""How the index of a working tree stands, or why there is none: what `itsm doctor` tells."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from itsm_gitops.git.absent import git_folder
from itsm_gitops.git.client import Git
from itsm_gitops.model.errors import GitError
from itsm_gitops.repository.index import database, filling, making, service
from itsm_gitops.repository.index.early import SETTING
from itsm_gitops.repository.index.freshness import Unusual
from itsm_gitops.snapshots.config import Config
from itsm_gitops.snapshots.snapshot import WorkingTree


@dataclass(frozen=True, slots=True)
class IndexCondition:
    """How an index stands: ``why`` says why there is none, and is empty where one is used.

    ``size`` is in bytes, ``made`` RFC 3339 text, ``reading`` how many documents were read again when it was last
    brought up to date.
    """

    why: str
    path: Path | None = None
    size: int = 0
    made: str = ""
    documents: int = 0
    reading: int = 0


def condition(snapshot: WorkingTree, config: Config) -> IndexCondition:
    """Return how the index stands; it is brought up to date where there is one."""
    why = _hindrance(snapshot.root)
    if why:
        return IndexCondition(why)
    for path in reversed(database.files_of(snapshot.root)):
        try:
            store = service.opened(path, snapshot, config)
        except (Unusual, GitError) as error:
            why = str(error)
        except (*database.DAMAGE, OSError):
            why = "it cannot be read: the next command that reads everything makes another"
        else:
            if store is not None:
                return _standing(path, store.connection)
    return IndexCondition(why or _not_made(snapshot))


def _hindrance(root: Path) -> str:
    """Return what rules an index out; empty where nothing does."""
    if os.environ.get(SETTING) == "off":
        return f"{SETTING} is off"
    git = git_folder(root)
    if git is None:
        return "this folder is not the top of a Git working tree"
    if database.is_remote(git):
        return "Git's folder is on a network file system, whose locks cannot be relied on"
    if not os.access(git, os.W_OK):
        return "Git's folder cannot be written to"
    return ""


def _not_made(snapshot: WorkingTree) -> str:
    """Return why there is no index where one could be."""
    try:
        start = making.begin(Git(snapshot.root), snapshot)
    except (Unusual, GitError, OSError) as error:
        return str(error)
    if os.environ.get(SETTING) != "always" and len(start.files) < service.WORTH:
        return f"fewer than {service.WORTH:,} documents are read faster without one"
    if os.environ.get("CI") and os.environ.get(SETTING) != "always":
        return "no command makes one in CI, since the next run begins anew"
    return "the first command that reads everything makes it"


def _standing(path: Path, connection: sqlite3.Connection) -> IndexCondition:
    with closing(connection):
        notes = filling.meta(connection)
        (count,) = connection.execute("SELECT count(*) FROM document").fetchone()
    size = sum(p.stat().st_size for end in ("", "-wal") if (p := Path(f"{path}{end}")).exists())
    return IndexCondition("", path, size, notes.get("made", ""), count, int(notes.get("reading", "0")))
