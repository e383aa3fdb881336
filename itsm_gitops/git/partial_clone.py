"""What a partial clone lacks, fetched in one request for all of it where somebody asks for it.

Git itself would fetch each missing object when it meets it, in a connection of its own, from whatever the
configuration names. That is switched off (see ``git.client``). Here the names of all objects that one question
needs are collected first, and the remote that has promised them is asked once. ``ITSM_FETCH=off`` forbids that, and so
does a hook of a server, which has no such supply.

The configuration of a repository that was handed over as a folder may name programs. Of the settings that would start one
on the way, only those count that the user has set for all repositories.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

from itsm_gitops.git.client import Git, decode
from itsm_gitops.model.errors import GitError

_SWITCH = "ITSM_FETCH"
# The option, since of two settings of this name the first one would count.
_OPTIONS = ("--filter=blob:none", "--stdin", "--upload-pack=git-upload-pack")
_PROTOCOLS = ("https", "ssh", "http", "file")
# Settings whose values are commands, and what stands for them where the user has set none.
_COMMANDS = {
    "core.sshCommand": "ssh",
    "core.askPass": "",
    "core.alternateRefsCommand": "true",
    "credential.helper": "",
}


class Supply:
    """Brings what a partial clone lacks; calls ``tell`` with the number of objects that it fetched."""

    def __init__(self, tell: Callable[[int], object] = lambda _: None) -> None:
        self.tell = tell

    def prepare(self, git: Git, wanted: Sequence[str]) -> None:
        """Fetch those of some objects that a partial clone lacks, before several processes would each ask for theirs."""
        if _promisor(git):
            self.objects(git, wanted)

    def objects(self, git: Git, wanted: Sequence[str]) -> bool:
        """Fetch those of some objects that are missing, in one request; returns whether all are here now."""
        names = git.run("cat-file", "--batch-all-objects", "--unordered", "--batch-check=%(objectname)")
        here = frozenset(names.decode("ascii").split())
        return self._fetch(git, [oid for oid in dict.fromkeys(wanted) if oid not in here])

    def trees(self, git: Git, tree: str) -> bool:
        """Fetch all folders of a commit or tree that are missing, without files; returns whether all are here now."""
        listed = git.run(
            "rev-list",
            "--objects",
            "--no-object-names",
            "--missing=print",
            "--no-walk",
            "--end-of-options",
            tree,
        )
        lines = decode(listed).splitlines()
        return self._fetch(git, [line[1:] for line in lines if line.startswith("?")])

    def _fetch(self, git: Git, missing: list[str]) -> bool:
        remote = "" if os.environ.get(_SWITCH) == "off" else _promisor(git)
        if not missing:
            return True  # another process has fetched them meanwhile
        if not remote:
            return False
        from itsm_gitops.git import transfer

        settings = [f"{name}={value}" for name, value in _commands(git)]
        settings += ["fetch.negotiationAlgorithm=noop"]
        transfer.fetch(
            git,
            (),
            remote=remote,
            options=_OPTIONS,
            protocols=_PROTOCOLS,
            settings=settings,
            stdin="".join(f"{oid}\n" for oid in missing).encode("ascii"),
        )
        self.tell(len(missing))
        return True


def _promisor(git: Git) -> str:
    """Return the name of the remote that has promised what is missing; empty in a whole clone."""
    out = git.run("config", "--null", "--get-regexp", r"^remote\..*\.promisor$", accept=frozenset([1]))
    for entry in decode(out).split("\0"):
        key, _, value = entry.partition("\n")
        if value == "true":
            return key.removeprefix("remote.").removesuffix(".promisor")
    return ""


def _commands(git: Git) -> list[tuple[str, str]]:
    """Return the settings that start programs, as the user has set them for all repositories."""
    found = []
    for name, fallback in _COMMANDS.items():
        try:
            out = decode(git.run("config", "--global", "--null", "--get-all", name, accept=frozenset([1])))
        except GitError:
            out = ""
        values = [v for v in out.split("\0") if v]
        # An empty value first: what the repository lists before does not count.
        found += [
            (name, value)
            for value in (["", *values] if name == "credential.helper" else values or [fallback])
        ]
    return found
