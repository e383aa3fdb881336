"""What is remembered of one repository while thousands of its commits are asked about: objects, answers, rule books."""

from __future__ import annotations

import subprocess
from functools import cached_property
from typing import IO

from itsm_gitops.git.ancestry import CommitNode
from itsm_gitops.git.client import TIMEOUT, Git
from itsm_gitops.git.process import Blob
from itsm_gitops.model.errors import GitError
from itsm_gitops.model.rulebook import RuleBook
from itsm_gitops.snapshots.config import Config
from itsm_gitops.snapshots.memory import MemoryRow

Entry = tuple[bytes, str]  # mode and object
Tree = dict[bytes, Entry]


class Shelf:
    """What is remembered of one repository, shared by all objects that ask about it."""

    def __init__(self, git: Git) -> None:
        self.git = git
        self.blobs: dict[str, Blob] = {}
        self.held = 0
        self.trees: dict[str, Tree] = {}
        self.entries = 0
        self.answers: dict[tuple[str, ...], bytes | GitError] = {}
        self.logs: dict[str, dict[str, bytes]] = {}
        self.books: dict[str, RuleBook] = {}
        self.memory: dict[str, MemoryRow] = {}
        self.settings: dict[str, Config] = {}
        self.read_by: RuleBook | None = None
        self.origin: Shelf | None = None
        self.others: list[Shelf] = []
        self.process: subprocess.Popen[bytes] | None = None
        self.errors: IO[bytes] | None = None

    @cached_property
    def commits(self) -> dict[str, CommitNode]:
        """Every commit that some reference holds."""
        if self.origin is not None:
            return self.origin.commits
        out = self.git.run("log", "--all", "--topo-order", "--format=%H %T %ct %P", timeout=10 * TIMEOUT)
        found = {}
        for place, line in enumerate(out.decode("ascii").splitlines()):
            commit, tree, date, *parents = line.split(" ")
            found[commit] = CommitNode(place, tuple(p for p in parents if p), tree, int(date))
        return found

    def beside(self, git: Git) -> Shelf:
        """Return a shelf for the same history in another place: what objects hold is the same everywhere."""
        other = Shelf(git)
        other.blobs, other.trees, other.logs, other.answers = self.blobs, self.trees, self.logs, self.answers
        other.books, other.settings, other.origin = self.books, self.settings, self
        self.others.append(other)
        return other

    def close(self) -> None:
        """End the process, and those of the shelves beside it."""
        for other in self.others:
            other.close()
        if self.process is not None:
            self.process.kill()
            self.process.communicate()
            self.process = None
        if self.errors is not None:
            self.errors.close()
            self.errors = None
