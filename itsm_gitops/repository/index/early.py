"""Asks Git what the index will want to know before anything else is loaded: looking at all files takes Git longer."""

from __future__ import annotations

import os
from pathlib import Path

from itsm_gitops.git.absent import git_folder
from itsm_gitops.git.client import Git
from itsm_gitops.git.process import GitAnswer
from itsm_gitops.model.errors import GitError
from itsm_gitops.repository.index import FOLDER
from itsm_gitops.repository.index.freshness import ask_git

SETTING = "ITSM_INDEX"  # always: for small repositories, too; off: never; else where it pays


def has_index(root: Path) -> bool:
    """Whether a working tree seems to have an index."""
    folder = None if os.environ.get(SETTING) == "off" else git_folder(root)
    return folder is not None and any((folder / FOLDER).glob("*.db"))


def ask_early(root: Path) -> GitAnswer | None:
    """Start asking Git which files moved; None where there is no index that would want to know, or no Git."""
    if not has_index(root):
        return None
    try:
        return ask_git(Git(root))
    except (GitError, OSError):
        return None
