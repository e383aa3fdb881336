"""When documents were last edited, by Git: edits that no timeline records, such as a new title.

An edit is a modification of a document that was there before: on the branch it counts when it landed there, in the
working tree it counts as of now. Creating a document is not an edit: its timeline records the opening.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from itsm_gitops.model import clock
from itsm_gitops.model.errors import GitError

if TYPE_CHECKING:
    from itsm_gitops.repository.repository import Repository

_FOLDERS = ("records", "cmdb")
_FIELD = b"\x01"


def edited_since(repo: Repository, moment: datetime, at: str | None = None) -> dict[str, int]:
    """Return the paths of the documents edited at or after a moment, with the last time (seconds since 1970, UTC).

    Of the working tree, or of a revision (``at``) without it. Without Git, and before the first commit, nothing.
    """
    git = repo.git
    if git is None:
        return {}
    try:
        head = git.resolve(at or "HEAD")
        since = f"--since=@{max(0, int(moment.timestamp()))}"
        shape = ("--first-parent", "-m", "--no-renames", "--diff-filter=M", "--relative", "--name-only", "-z")
        text = git.run("log", *shape, "--format=%x01%ct", since, head, "--", *_FOLDERS)
        dirty = b""
        if at is None:
            dirty = git.run(
                "diff",
                "--relative",
                "--no-renames",
                "--diff-filter=M",
                "--name-only",
                "-z",
                head,
                "--",
                *_FOLDERS,
            )
    except GitError:
        return {}
    found: dict[str, int] = {}
    committed = 0
    for token in text.split(b"\0"):
        word = token.lstrip(b"\n")
        if word.startswith(_FIELD):
            committed = int(word[1:].split(b"\n")[0])
            word = word.partition(b"\n")[2]
        if word:
            found.setdefault(word.decode("utf-8", "surrogateescape"), committed)  # the newest comes first
    now = int(clock.now().timestamp())
    found.update((p.decode("utf-8", "surrogateescape"), now) for p in dirty.split(b"\0") if p)
    return found
