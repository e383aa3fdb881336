"""The merge driver in a clone: which settings make Git call it, and which side of a merge others have already.

``.gitattributes`` names the driver for documents and is part of the repository. What the name means is a setting of each
clone, because Git runs no program that a repository brings along. Where the setting is missing Git merges by lines.
"""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path

from itsm_gitops.git.client import Git, decode
from itsm_gitops.model.errors import GitError

ATTRIBUTES = ".gitattributes"
NAME = "itsm"
LINES = ("records/** merge=itsm", "cmdb/** merge=itsm")
_VERB = "merge-file %O %A %B %P"
# An editor or a job that was started elsewhere does not find itsm (127): then it is the one that made the setting.
_THIS = f"{shlex.quote(sys.executable.replace('%', '%%'))} -m itsm_gitops"
# Where it cannot run at all, or breaks off, the marks of a merge of lines still show what both sides said.
DRIVER = (
    f"itsm {_VERB}; code=$?; test $code -ne 127 || {{ {_THIS} {_VERB}; code=$?; }}; test $code -le 1 && exit $code; "
    "git merge-file -L ours -L base -L theirs %A %O %B"
)
# A merge that is only needed to find a common base is not shown to anybody: no marks may get into it.
SETTINGS: Mapping[str, str] = {
    f"merge.{NAME}.name": "records and items by meaning (itsm-gitops)",
    f"merge.{NAME}.driver": DRIVER,
    f"merge.{NAME}.recursive": "binary",
}
_USUAL = ("main", "master")
OURS, THEIRS = "ours", "theirs"
_REPLAYING = ("rebase-merge", "rebase-apply", "CHERRY_PICK_HEAD", "REVERT_HEAD")


def is_installed(git: Git) -> bool:
    """Whether this clone knows the driver, whatever its command is: somebody may have written another one."""
    return bool(git.settings.get(f"merge.{NAME}.driver", "").strip())


def lacks_attributes(root: Path) -> bool:
    """Whether the attributes at the root of an ITSM repository do not name the driver."""
    try:
        text = (root / ATTRIBUTES).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return True
    return f"merge={NAME}" not in text


def published_side(git: Git, environment: Mapping[str, str] | None = None) -> str:
    """Return which side of the merge that Git is making others have already: OURS, THEIRS, or empty where that is unknown.

    In a rebase, and where commits are picked, our side is what the others are put on. Git names the commits that a
    merge brings in the environment of the driver.
    """
    variables = os.environ if environment is None else environment
    if any((git.directory / name).exists() for name in _REPLAYING):
        return OURS
    brought = {k.removeprefix("GITHEAD_"): v for k, v in variables.items() if k.startswith("GITHEAD_")}
    if not brought:
        return OURS
    if not git.run("remote").strip():
        return THEIRS if any(name in _USUAL for name in brought.values()) else OURS
    if _is_shared(git, "HEAD"):
        return OURS
    return THEIRS if any(_is_shared(git, commit) for commit in brought) else ""


def _is_shared(git: Git, commit: str) -> bool:
    """Whether a branch of a remote, as last fetched, contains a commit."""
    try:
        words = ("for-each-ref", "--count=1", "--format=%(refname)", "--contains", commit, "refs/remotes")
        return bool(decode(git.run(*words)).strip())
    except GitError:
        return False
