"""Files of a snapshot beside its data: CODEOWNERS and workflows, which no document rule reads, and names like those of its roots."""

from __future__ import annotations

import os

from itsm_gitops.git.client import Git, decode
from itsm_gitops.git.ignored import ignored_files
from itsm_gitops.model.errors import ItsmError
from itsm_gitops.snapshots.rooted import RootedSnapshot
from itsm_gitops.snapshots.snapshot import ROOTS, Snapshot, WorkingTree
from itsm_gitops.snapshots.trees import CommitTree, IndexTree

_PLAIN = (b"100644", b"100755")


def outside(snapshot: Snapshot, path: str) -> bytes | None:
    """Return the bytes of a regular file; None where there is none, or where the snapshot has only data."""
    if isinstance(snapshot, RootedSnapshot):
        snapshot = snapshot.below
    if isinstance(snapshot, WorkingTree):
        try:
            return snapshot.read(path)
        except ItsmError:
            return None
    if isinstance(snapshot, CommitTree):
        return _blob(snapshot.git, "ls-tree", "-z", "--end-of-options", snapshot.commit, "--", path)
    return (
        _blob(snapshot.git, "ls-files", "-s", "-z", "--", path) if isinstance(snapshot, IndexTree) else None
    )


def _blob(git: Git, *question: str) -> bytes | None:
    mode, *about = git.run(*question).partition(b"\t")[0].split() or [b""]
    # ls-tree says mode, type, object; ls-files says mode, object, stage.
    oid = about[1] if about[:1] == [b"blob"] else (about or [b""])[0]
    return next(git.blobs([oid.decode("ascii")])).content if mode in _PLAIN else None


def outside_files(snapshot: Snapshot, folder: str) -> list[str]:
    """Return the paths of all files in a folder and below, sorted; of one file where that is what ``folder`` names.

    Files of the working tree count whether Git knows them or not.
    """
    if isinstance(snapshot, RootedSnapshot):
        snapshot = snapshot.below
    if isinstance(snapshot, WorkingTree):
        return sorted(info.path for info in snapshot.files(folder))
    if isinstance(snapshot, CommitTree):
        listed = snapshot.git.run(
            "ls-tree", "-r", "--name-only", "-z", "--end-of-options", snapshot.commit, "--", folder
        )
    elif isinstance(snapshot, IndexTree):
        listed = snapshot.git.run("ls-files", "-z", "--", folder)
    else:
        return []
    return sorted(name.decode("utf-8", "replace") for name in listed.split(b"\0")[:-1])


def like_roots(snapshot: Snapshot) -> list[tuple[str, str]]:
    """Return what lies beside the data roots under the name of one in other letters (`CMDB`), each with that root, sorted.

    Where capitals make no difference, it is the root; where they do, nobody reads it. What Git ignores does not count.
    """
    while (below := getattr(snapshot, "below", None)) is not None:
        snapshot = below
    found = {(name, root) for name in _at_the_top(snapshot) if (root := name.casefold()) in ROOTS}
    return sorted((name, root) for name, root in found if name != root)


def _at_the_top(snapshot: Snapshot) -> list[str]:
    if isinstance(snapshot, WorkingTree):
        odd = [n for n in os.listdir(snapshot.root) if n.casefold() in ROOTS and n not in ROOTS]  # noqa: PTH208 - names alone
        ignored = ignored_files(snapshot.root, tuple(odd)) if odd else frozenset()
        return [n for n in odd if any(i.path not in ignored for i in snapshot.files(n))]
    if isinstance(snapshot, CommitTree):
        listed = snapshot.git.run("ls-tree", "--name-only", "-z", "--end-of-options", snapshot.commit)
    elif isinstance(snapshot, IndexTree):
        listed = snapshot.git.run("ls-files", "-z")
    else:
        return []
    return [decode(name) for name in {path.partition(b"/")[0] for path in listed.split(b"\0")[:-1]}]
