"""Tracked files that Git was told to leave out of the working tree: a sparse checkout, ``skip-worktree``.

What a sparse checkout leaves out looks exactly like what the organisation does not have, so the index is asked.
Git marks such files by a flag that only newer formats of the index hold: eight bytes of the index tell whether
there can be any, and in an ordinary checkout nothing is started.
"""

from __future__ import annotations

import os
from pathlib import Path

from itsm_gitops.git.client import Git, decode

_HEADER = 8
_SIGNATURE = b"DIRC"
_EXTENDED = 3  # the first version of the index whose entries can say skip-worktree
_SKIPPED = b"S "


def absent_files(root: Path, roots: tuple[str, ...]) -> list[str]:
    """Return the paths below ``roots`` that are in the index and left out of the working tree, sorted.

    Empty where ``root`` is in no Git repository. Raises GitError where Git cannot answer.
    """
    folder = git_folder(root)
    if folder is None or not _can_skip(folder):
        return []
    listed = Git(root).run("ls-files", "-t", "-z", "--", *roots).split(b"\0")
    names = sorted(decode(line[len(_SKIPPED) :]) for line in listed if line.startswith(_SKIPPED))
    return [name for name in names if not os.path.lexists(root / name)]


def git_folder(root: Path) -> Path | None:
    """Return Git's own folder of this working tree, found without starting Git."""
    for folder in (root, *root.parents):
        place = folder / ".git"
        if place.is_dir():
            return place
        if place.is_file():
            text = place.read_text(encoding="utf-8", errors="surrogateescape")
            return folder / text.removeprefix("gitdir:").strip()
    return None


def _can_skip(folder: Path) -> bool:
    """Whether the index can hold files that are left out."""
    try:
        with (folder / "index").open("rb") as index:
            header = index.read(_HEADER)
        shared = any(folder.glob("sharedindex.*"))
    except OSError:
        return False
    return shared or header[:4] != _SIGNATURE or int.from_bytes(header[4:], "big") >= _EXTENDED
