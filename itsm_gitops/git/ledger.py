"""The ledger branch: any number of writers add files to it, and nobody changes or removes one.

It is written with Git's own building blocks and never checked out. Every commit adds its files on top
of the newest one, and the branch is moved only from exactly there (compare and swap): who comes second
reads again and tries again, so nothing is lost.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from itsm_gitops.git.client import Git, decode
from itsm_gitops.git.modes import REGULAR
from itsm_gitops.model import clock
from itsm_gitops.model.errors import GitError

EVIDENCE = "itsm/evidence"
REFERENCE = f"refs/heads/{EVIDENCE}"
ATTEMPTS = 300
_WRITER = ("itsm evidence", "evidence@itsm-gitops.invalid")
_ADDED = "A"
_PAUSE_MAX = 0.25


class LedgerFile(NamedTuple):
    """One file and the commit of the ledger that added it."""

    commit: str
    path: str
    oid: str


class Meddling(NamedTuple):
    """A commit of the ledger that did something other than add a file: ``status`` is Git's letter.

    An A is something added that is no file: a link, or a submodule.
    """

    commit: str
    path: str
    status: str


class LedgerFiles(NamedTuple):
    """The files in the order they were added; ``tip`` is empty where there is no ledger yet."""

    tip: str
    files: tuple[LedgerFile, ...]
    meddling: tuple[Meddling, ...]


class Addition(NamedTuple):
    """Files to add in one commit. ``keeps`` are commits that must stay reachable with them."""

    files: Mapping[str, bytes]
    message: str
    keeps: tuple[str, ...] = ()


def tip(git: Git, reference: str = REFERENCE) -> str:
    """Return the newest commit of the ledger; empty where there is none."""
    out = git.run("for-each-ref", "--format=%(objectname)", "--end-of-options", reference)
    return out.decode("ascii").strip()


def read(git: Git, reference: str = REFERENCE) -> LedgerFiles:
    """Return everything the ledger holds, from one log."""
    return read_at(git, tip(git, reference))


def read_at(git: Git, newest: str) -> LedgerFiles:
    """Return everything the ledger held when ``newest`` (a full hash, or empty) was its tip."""
    if not newest:
        return LedgerFiles("", (), ())
    files, meddling = [], []
    for commit, status, mode, path, oid in _entries(git, newest):
        if status == _ADDED and mode == REGULAR:
            files.append(LedgerFile(commit, path, oid))
        else:
            meddling.append(Meddling(commit, path, status))
    return LedgerFiles(newest, tuple(files), tuple(meddling))


def _entries(git: Git, newest: str) -> Iterator[tuple[str, str, str, str, str]]:
    """Yield commit, status, new mode, path and new blob of every entry, oldest commit first."""
    out = git.run(
        "log", "--reverse", "--first-parent", "--diff-merges=first-parent", "--raw", "--no-abbrev",
        "--no-renames", "--no-ext-diff", "--no-textconv", "--no-relative", "-z", "--format=%H",
        "--end-of-options", newest, "--",
    )  # fmt: skip
    words = iter(out.split(b"\0"))
    commit = ""
    for word in words:
        mark = word.lstrip(b"\n")
        if mark.startswith(b":"):
            fields = mark.decode("ascii").split(" ")
            yield commit, fields[4], fields[1], decode(next(words)), fields[3]
        elif mark:
            commit = mark.decode("ascii")


def append(git: Git, make: Callable[[LedgerFiles], Addition | None], *, attempts: int = ATTEMPTS) -> str:
    """Add to the ledger and return the commit; empty where ``make`` finds nothing to add.

    ``make`` is asked again, with the ledger as it is then, each time another writer was faster.
    Raises GitError where that never ends or Git refuses.
    """
    for attempt in range(attempts):
        ledger = read(git)
        addition = make(ledger)
        if addition is None:
            return ""
        commit = build(git, ledger.tip, addition)
        try:
            move(git, commit, ledger.tip)
        except GitError as error:
            if "lock" not in error.message or attempt == attempts - 1:
                raise
            pause(attempt)
        else:
            return commit
    raise GitError("other writers were always faster", "try again")


def pause(attempt: int) -> None:
    """Wait before another attempt; writers wait for different times, so that they do not always meet."""
    spread = ord(clock.random_suffix(1)) % 7 * 0.003
    time.sleep(min(_PAUSE_MAX, 0.01 * (attempt + 1) + spread))


def move(git: Git, new: str, old: str) -> None:
    """Move the branch from ``old`` (empty: it does not exist) to ``new``; raises GitError if it is elsewhere."""
    git.run("update-ref", "-m", "evidence", "--end-of-options", REFERENCE, new, old or "0" * len(new))


def build(git: Git, parent: str, addition: Addition) -> str:
    """Make the commit that adds files on top of ``parent`` (empty: there is none); no branch moves."""
    with tempfile.TemporaryDirectory() as folder:
        index = os.fspath(Path(folder) / "index")
        git.run("read-tree", parent or "--empty", index=index)
        # A kept commit must never be the first parent, or the log would go on into it.
        first = parent or _write(git, index, (), "Evidence begins here")
        for path, content in sorted(addition.files.items()):
            out = git.run("hash-object", "-w", "--no-filters", "--stdin", stdin=content)
            blob = out.decode("ascii").strip()
            git.run("update-index", "--add", "--cacheinfo", f"100644,{blob},{path}", index=index)
        return _write(git, index, (first, *addition.keeps), addition.message)


def _write(git: Git, index: str, parents: tuple[str, ...], message: str) -> str:
    """Commit an index file; no reference moves."""
    tree = git.run("write-tree", index=index).decode("ascii").strip()
    words = [word for parent in dict.fromkeys(parents) for word in ("-p", parent)]
    out = _signed_by_program(git).run("commit-tree", *words, "-m", message, tree)
    return out.decode("ascii").strip()


def _signed_by_program(git: Git) -> Git:
    """Return Git with the program as author: the statement itself names, and can be signed by, the recorder."""
    now = clock.format_time(clock.now())
    sides = {
        f"GIT_{side}_{what}": value
        for side in ("AUTHOR", "COMMITTER")
        for what, value in (("NAME", _WRITER[0]), ("EMAIL", _WRITER[1]), ("DATE", now))
    }
    return git.having(sides)
