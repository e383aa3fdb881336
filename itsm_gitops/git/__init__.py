"""Git: commits, branches, trees, signatures, pushes; this room knows no document.

It is the one hardened room for both ways to Git: questions go to the git command (`client.py` says how it is hardened), and
commands that write go through GitPython (`porcelain.py`, imported only there). The rooms above turn the answers into
snapshots and documents.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from itsm_gitops.model.lazy_names import lazy_names

if TYPE_CHECKING:
    from itsm_gitops.git.client import Git
    from itsm_gitops.git.modes import (
        DEVICE,
        DRAFT,
        FOLDER,
        OTHER,
        PIPE,
        REGULAR,
        SOCKET,
        SUBMODULE,
        SYMLINK,
        FileInfo,
    )

__all__ = [
    "DEVICE",
    "DRAFT",
    "FOLDER",
    "OTHER",
    "PIPE",
    "REGULAR",
    "SOCKET",
    "SUBMODULE",
    "SYMLINK",
    "FileInfo",
    "Git",
]

# Most commands need few of them, and each takes time to load.
_PLACES = dict.fromkeys(__all__, "modes") | {"Git": "client"}
__getattr__ = lazy_names(__name__, _PLACES)
