"""Git: what it says of commits, branches, trees and signatures, and what is written with it; it knows no document.

Whoever needs Git asks here: `client.Git` holds the questions of most rooms, the other modules one subject each. Every call
is hardened (`client.py` says how): a cloned repository's own settings can name commands, and none of them runs. The rooms
above make snapshots and documents of what comes back.
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
