"""The branch that several people write to: where it stands here and on the remote, and moving both without a checkout.

Commits are put on top of what the remote has in memory, and the files of the working tree follow at the end, only those
that differ. So nothing that somebody edits or has staged is touched, and a process that is killed leaves either the old
state or the new one.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from itsm_gitops.documents import drafts
from itsm_gitops.git import transfer
from itsm_gitops.git.branches import Upstream
from itsm_gitops.git.client import Git, decode
from itsm_gitops.git.locks import patiently
from itsm_gitops.git.process import blob_name
from itsm_gitops.model.errors import GitError

REBASE = "a rebase"
_UNDER_WAY = {
    "MERGE_HEAD": "a merge",
    "rebase-merge": REBASE,
    "rebase-apply": REBASE,
    "CHERRY_PICK_HEAD": "a cherry-pick",
    "REVERT_HEAD": "a revert",
}
_NO_OBJECT = "0"
_FASTER = (
    "non-fast-forward",
    "fetch first",
    "cannot lock ref",
    "failed to update ref",
    "incorrect old value",
)
_PROTECTED = (
    "protected",
    "gh006",
    "gh013",
    "not allowed to push",
    "pre-receive hook declined",
    "hook declined",
)


class SharedCommit(NamedTuple):
    """A commit and those that it follows."""

    oid: str
    parents: tuple[str, ...]


class PutOn(NamedTuple):
    """Commits put on top of others: the new tip, the paths that both sides changed, and those that are a conflict."""

    tip: str
    merged: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()


MergeBlobs = Callable[[str, bytes, bytes, bytes], bytes | None]


def under_way(git: Git) -> str:
    """Return what Git has not finished here (``a merge``, …); empty where nothing is."""
    return next((words for name, words in _UNDER_WAY.items() if (git.directory / name).exists()), "")


def tip_of(git: Git, ref: str) -> str:
    """Return the commit of a reference; empty where it does not exist."""
    return decode(
        git.run("rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}", accept=frozenset([1, 128]))
    ).strip()


def fetch(git: Git, place: Upstream) -> str:
    """Fetch the branch and return its tip on the remote; empty where the remote has no such branch. Raises GitError."""
    try:
        patiently(lambda: transfer.fetch(git, [f"+{place.ref}:{place.tracking}"], remote=place.remote))
    except GitError as error:
        if "couldn't find remote ref" in error.message:
            return ""
        raise
    return tip_of(git, place.tracking)


def was_faster(error: GitError) -> bool:
    """Whether a push failed because somebody else pushed at the same time."""
    return any(sign in error.message.lower() for sign in _FASTER)


def is_protected(error: GitError) -> bool:
    """Whether a push failed because the server does not take it from this person, on this branch."""
    return any(sign in error.message.lower() for sign in _PROTECTED)


def push(git: Git, place: Upstream, commit: str, *, ref: str = "") -> None:
    """Push a commit to the branch, or to another reference; never by force. Raises GitError."""
    transfer.push(git, [f"{commit}:{ref or place.ref}"], remote=place.remote)
    if not ref:
        with suppress(
            GitError
        ):  # it was shared, whether that could be noted here or not: the next fetch does
            git.run("update-ref", place.tracking, commit)


def unshared(git: Git, upstream: str, head: str) -> Sequence[SharedCommit]:
    """Return the commits of ``head`` that are not in ``upstream`` (empty: in no commit), oldest first.

    Both are full hashes, so the answer stays true; it is asked for again and again.
    """
    return _between(git, upstream, head)


def is_part_of(git: Git, upstream: str, head: str) -> bool:
    """Whether ``head`` has all commits of ``upstream``."""
    ours = unshared(git, upstream, head)  # the way from head to a commit that it has ends at that one
    return upstream == head or any(upstream in commit.parents for commit in ours)


@lru_cache(maxsize=64)
def _between(git: Git, upstream: str, head: str) -> tuple[SharedCommit, ...]:
    if upstream == head:
        return ()
    words = [head, *([f"^{upstream}"] if upstream else [])]
    out = decode(git.run("rev-list", "--reverse", "--topo-order", "--parents", *words))
    return tuple(SharedCommit(oid, tuple(parents)) for oid, *parents in map(str.split, out.splitlines()))


def put_on(git: Git, upstream: str, head: str, merge: MergeBlobs) -> PutOn:
    """Put the commits of ``head`` on top of ``upstream``; one that brings nothing new is left out. No branch moves.

    Where one of them is a merge, all of them come as one merge into ``upstream``. Raises GitError for
    histories without a common commit.
    """
    if not upstream or is_part_of(git, upstream, head):
        return PutOn(head)
    tip, merged, conflicts = upstream, list[str](), list[str]()
    steps, several = _steps(git, upstream, head)
    for parent, commit in steps:
        changes, both, clashes = _onto(git, parent, commit, tip, merge)
        merged += both
        conflicts += clashes
        if clashes:
            break
        if changes:
            tree = _tree(git, tip, changes)
            tip = _commit(git, tree, [tip, *([head] if several else [])], commit)
    return PutOn(tip, tuple(dict.fromkeys(merged)), tuple(conflicts))


def _steps(git: Git, upstream: str, head: str) -> tuple[list[tuple[str, str]], bool]:
    """Return the differences to be put on, as pairs of commits, and whether they come as one merge."""
    commits = unshared(git, upstream, head)
    if all(len(commit.parents) == 1 for commit in commits):
        return [(commit.parents[0], commit.oid) for commit in commits], False
    base = decode(git.run("merge-base", upstream, head)).strip()  # raises GitError where there is none
    return [(base, head)], True


def _onto(
    git: Git, parent: str, commit: str, tip: str, merge: MergeBlobs
) -> tuple[dict[str, tuple[str, str]], list[str], list[str]]:
    """Return mode and object of each path that a commit changes on ``tip``, the paths that were merged, the conflicts."""
    changes: dict[str, tuple[str, str]] = {}
    both, clashes = [], []
    words = decode(git.run("diff-tree", "-r", "-z", "--no-renames", parent, commit)).split("\0")[:-1]
    differences = list(zip(words[::2], words[1::2], strict=True))
    here = _objects(git, tip, [path for _, path in differences])
    for about, path in differences:
        _, mode, base, theirs, _ = about.removeprefix(":").split(" ")
        base, theirs = (("" if set(oid) == {_NO_OBJECT} else oid) for oid in (base, theirs))
        ours = here.get(path, "")
        if ours == theirs:
            continue
        if ours == base:
            changes[path] = (mode, theirs)
            continue
        both.append(path)
        content = None
        if ours and theirs:
            texts = {b.oid: b.content for b in git.blobs(dict.fromkeys(o for o in (base, ours, theirs) if o))}
            content = merge(path, texts.get(base, b""), texts[ours], texts[theirs])
        if content is None:
            clashes.append(path)
        else:
            oid = decode(git.run("hash-object", "-w", "--stdin", stdin=content)).strip()
            if oid != ours:
                changes[path] = (mode, oid)
    return changes, both, clashes


def _objects(git: Git, commit: str, paths: Sequence[str]) -> dict[str, str]:
    """Return the objects of paths (from the top of the work tree) in a commit."""
    found = {}
    for start in range(0, len(paths), 500):
        out = git.run(
            "ls-tree",
            "-r",
            "-z",
            "--full-tree",
            "--end-of-options",
            commit,
            "--",
            *paths[start : start + 500],
        )
        for line in decode(out).split("\0")[:-1]:
            about, _, name = line.partition("\t")
            found[name] = about.split(" ")[2]
    return found


def _tree(git: Git, tip: str, changes: Mapping[str, tuple[str, str]]) -> str:
    with tempfile.TemporaryDirectory() as folder:
        index = os.fspath(Path(folder) / "index")
        git.run("read-tree", tip, index=index)
        lines = "".join(
            f"{mode} {oid}\t{path}\0" if oid else f"0 {_NO_OBJECT * len(tip)}\t{path}\0"
            for path, (mode, oid) in changes.items()
        )
        git.run(
            "update-index", "-z", "--index-info", index=index, stdin=lines.encode("utf-8", "surrogateescape")
        )
        return decode(git.run("write-tree", index=index)).strip()


def _commit(git: Git, tree: str, parents: Sequence[str], like: str) -> str:
    """Make a commit with the author and the message of another one; signed where the settings want it."""
    out = git.run("log", "-1", "--no-mailmap", "--format=%an%x00%ae%x00%aI%x00%B", like)
    name, address, when, message = decode(out).split("\0", 3)
    author = {"GIT_AUTHOR_NAME": name, "GIT_AUTHOR_EMAIL": address, "GIT_AUTHOR_DATE": when}
    signs = git.settings.get("commit.gpgsign", "").strip().lower() in ("true", "yes", "on", "1")
    sign = ["-S"] if signs else []
    words = [word for parent in parents for word in ("-p", parent)]
    made = git.having({**git.extra, **author}).run(
        "commit-tree",
        *sign,
        *words,
        tree,
        stdin=message.rstrip("\n").encode("utf-8", "surrogateescape") + b"\n",
    )
    return decode(made).strip()


def follow(git: Git, branch: str, old: str, new: str) -> str:
    """Move the branch that is checked out, and the files that differ, to another commit.

    Returns why that cannot be (an edit that is not committed is in the way); empty where it was done.
    """
    if old == new:
        return ""
    with drafts.opened(git.root) as root, drafts.locked(git.root, root):  # no command writes meanwhile
        try:
            _switch(git, old, new)
            moved = ("update-ref", "-m", "itsm sync", f"refs/heads/{branch}", new, old)
            patiently(lambda: git.run(*moved))
        except GitError as error:
            return " ".join(filter(None, (error.message, error.hint)))
    return ""


def _switch(git: Git, old: str, new: str) -> None:
    """Move Git's index and the files from one commit to another; raises GitError where an edit is in the way.

    To Git a file is edited when its times differ from those in the index, as after a copy. So on a refusal Git is told
    to compare the contents, and asked again.
    """
    try:
        patiently(lambda: git.run("read-tree", "-m", "-u", old, new))
    except GitError:
        patiently(lambda: git.run("update-index", "-q", "--refresh", accept=frozenset([1])))
        patiently(lambda: git.run("read-tree", "-m", "-u", old, new))


def contents(git: Git, commit: str, paths: Sequence[str]) -> dict[str, bytes]:
    """Return what files below the root hold in a commit (empty: in none); those that it does not have are left out."""
    if not commit or not paths:
        return {}
    whole = {f"{git.prefix}{path}": path for path in paths}
    objects = _objects(git, commit, list(whole))
    texts = {blob.oid: blob.content for blob in git.blobs(dict.fromkeys(objects.values()))}
    return {whole[name]: texts[oid] for name, oid in objects.items()}


def changed_contents(
    git: Git, old: str, new: str, known: Iterable[bytes] = ()
) -> dict[str, tuple[bytes | None, bytes | None]]:
    """Return both contents of each path that differs between two commits; None for no file.

    Paths are from the top of the work tree. Contents that are among the ``known`` ones are not read again.
    """
    words = decode(git.run("diff-tree", "-r", "-z", "--no-renames", old, new)).split("\0")[:-1]
    objects = {path: about.split(" ")[2:4] for about, path in zip(words[::2], words[1::2], strict=True)}
    there = dict.fromkeys(oid for pair in objects.values() for oid in pair if set(oid) != {_NO_OBJECT})
    texts = {blob_name(raw, len(new)): raw for raw in known}
    texts |= {blob.oid: blob.content for blob in git.blobs([oid for oid in there if oid not in texts])}
    return {path: (texts.get(pair[0]), texts.get(pair[1])) for path, pair in objects.items()}
