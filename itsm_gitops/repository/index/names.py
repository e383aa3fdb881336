"""The names of all documents as they are now: those of the index where a folder is as it was, else of the folder.

No document is read and Git is not asked: files appear and vanish only in folders whose times change.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import NamedTuple

from itsm_gitops.git.absent import git_folder
from itsm_gitops.repository.index import database, freshness
from itsm_gitops.repository.index.early import SETTING
from itsm_gitops.repository.index.freshness import Unusual

_FILES = "SELECT path FROM document UNION ALL SELECT path FROM ignored"
_PART = (
    f"SELECT path FROM ({_FILES}) WHERE path LIKE ?"  # noqa: S608
    f" UNION ALL SELECT path FROM document WHERE {database.OTHER_LETTERS.format('path')}"
    f" UNION ALL SELECT path FROM ignored WHERE {database.OTHER_LETTERS.format('path')}"
)
_BELOW = f"SELECT path FROM ({_FILES}) WHERE path > ? AND path < ?"  # noqa: S608


class _Folders(NamedTuple):
    """What is in the folders that are not as they were when the index was brought up to date."""

    changed: frozenset[str]
    files: list[str]

    def now(self, paths: Iterable[tuple[str]]) -> list[str]:
        """Return the files that are still there, and those that the folders have now."""
        still = [path for (path,) in paths if path.rpartition("/")[0] not in self.changed]
        return sorted({*still, *self.files})


def paths_like(root: Path, fragment: str) -> list[str] | None:
    """Return the documents with a fragment in their path, in any case, and perhaps others; None where that is not at hand.

    Sorted. Nothing is missing that has the fragment in its name.
    """
    return _ask(root, _PART, (f"%{fragment.lower()}%",))


def paths_below(root: Path, folders: Iterable[str]) -> list[str] | None:
    """Return the documents in some folders, at any depth, sorted; None where that is not at hand."""
    found: set[str] = set()
    for folder in folders:
        some = _ask(root, _BELOW, (f"{folder}/", f"{folder}0"))
        if some is None:
            return None
        found.update(p for p in some if p.startswith(f"{folder}/"))
    return sorted(found)


def _ask(root: Path, question: str, values: Sequence[str]) -> list[str] | None:
    if os.environ.get(SETTING) == "off" or git_folder(root) is None:
        return None
    for path in reversed(database.files_of(root)):
        with suppress(*database.DAMAGE, OSError, Unusual), closing(database.connect(path)) as connection:
            connection.execute("BEGIN")
            if database.is_ours(connection, path):
                return _folders(str(root), connection).now(connection.execute(question, values))
    return None


def _folders(root: str, connection: sqlite3.Connection) -> _Folders:
    """Look at every folder of the index; raises Unusual for what the index does not follow."""
    stamps = dict(connection.execute("SELECT path, stamp FROM folder"))
    pending = [
        *stamps,
        *(f for f in freshness.FAMILIES if f not in stamps and os.path.lexists(f"{root}/{f}")),
    ]
    changed: set[str] = set()
    files: list[str] = []
    for folder in pending:  # grows
        present = freshness.folder_stamp(root, folder)
        if present and present == stamps.get(folder):
            continue
        changed.add(folder)
        if present is not None:
            if os.path.lexists(f"{root}/{folder}/.git"):
                raise Unusual(f"{folder} is another repository")
            inside, below = freshness.listing_of(root, folder)
            files += [f for f in inside if f.endswith(freshness.SUFFIX)]
            pending += [f for f in below if f not in stamps]
    return _Folders(frozenset(changed), files)
