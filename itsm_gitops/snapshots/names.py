"""Finding documents of a working tree by a part of their name.

A listing of names is all that is needed, and most of what listing files costs is asking what each of them is:
only those are asked about that may be a folder, and those whose name fits.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from itsm_gitops.snapshots.snapshot import CMDB, RECORDS
from itsm_gitops.snapshots.store import SUFFIX


def naming(root: Path, fragment: str) -> dict[str, str]:
    """Return the path of each document whose identifier holds ``fragment``, in any case; each name's first path.

    Only regular files count, and no folder is reached through a symbolic link.
    """
    wanted = fragment.lower()
    if not wanted or "\n" in wanted:
        return {}
    paths = []
    for folder, names in _folders(root):
        if wanted in "\n".join(names).lower():  # a folder at a time: most hold no such name
            paths += [f"{folder}/{n}" for n in names if wanted in n.removesuffix(SUFFIX).lower()]
    found: dict[str, str] = {}
    for path in sorted(paths):
        place = root / path
        if path.endswith(SUFFIX) and place.is_file() and not place.is_symlink():
            found.setdefault(path.rpartition("/")[2].removesuffix(SUFFIX), path)
    return found


def _folders(root: Path) -> Iterator[tuple[str, list[str]]]:
    """Yield each folder of documents with the names in it that are not hidden."""
    pending = [CMDB, RECORDS]
    while pending:
        folder = pending.pop()
        place = root / folder
        try:
            names = [] if place.is_symlink() else os.listdir(place)  # noqa: PTH208 - names alone, of all documents
        except OSError:
            continue  # no folder
        if ".git" in names and "/" in folder:
            continue  # a repository inside this one
        names = [n for n in names if n[0] != "."]
        yield folder, names
        pending += [f"{folder}/{n}" for n in names if not n.endswith(SUFFIX)]
