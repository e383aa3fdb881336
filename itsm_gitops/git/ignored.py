"""Untracked files that Git ignores: they are in the working tree and no part of the repository."""

from __future__ import annotations

from pathlib import Path

from itsm_gitops.git.absent import git_folder
from itsm_gitops.git.client import Git, decode
from itsm_gitops.model.errors import GitError


def ignored_files(root: Path, roots: tuple[str, ...]) -> frozenset[str]:
    """Return the paths below ``roots`` that are untracked and ignored: ``.gitignore``, ``info/exclude``, the user's own.

    A file that is tracked belongs to the repository, whatever patterns say. Empty where ``root`` is in no
    Git repository, and where Git does not answer: then every file is looked at, which hides nothing.
    """
    if git_folder(root) is None:
        return frozenset()
    try:
        listed = Git(root).run("ls-files", "--others", "--ignored", "--exclude-standard", "-z", "--", *roots)
    except GitError:
        return frozenset()
    return frozenset(map(decode, listed.split(b"\0")[:-1]))
