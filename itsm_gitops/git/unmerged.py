"""The files that Git could not merge, with the objects of their three versions, as Git's index keeps them."""

from __future__ import annotations

from typing import NamedTuple

from itsm_gitops.git.client import Git, decode


class UnmergedFile(NamedTuple):
    """A path below the root, and its object in the base, on our side and on theirs; empty where there is none."""

    path: str
    base: str = ""
    ours: str = ""
    theirs: str = ""


def unmerged_files(git: Git) -> list[UnmergedFile]:
    """Return the files that wait for somebody, by path."""
    stages: dict[str, list[str]] = {}
    for line in decode(git.run("ls-files", "--unmerged", "-z")).split("\0")[:-1]:
        about, _, path = line.partition("\t")
        _, oid, stage = about.split(" ")
        stages.setdefault(path, ["", "", ""])[int(stage) - 1] = oid
    return [UnmergedFile(path, *oids) for path, oids in sorted(stages.items())]


def mark_merged(git: Git, path: str) -> None:
    """Tell Git that a file is merged as it is."""
    git.run("add", "--", path)
