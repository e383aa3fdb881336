"""Loads the documents of many commits of one repository: what was read of one is not read again for the next."""

from __future__ import annotations

import hashlib

from itsm_gitops.git.modes import REGULAR
from itsm_gitops.model.rulebook import RuleBook
from itsm_gitops.snapshots.config import read_config, read_rulebook
from itsm_gitops.snapshots.loading import load_store
from itsm_gitops.snapshots.memory import Memory
from itsm_gitops.snapshots.part import PartialSnapshot
from itsm_gitops.snapshots.recall import RecallingGit
from itsm_gitops.snapshots.shelf import Shelf
from itsm_gitops.snapshots.snapshot import CONFIG, Snapshot
from itsm_gitops.snapshots.store import Store
from itsm_gitops.snapshots.trees import CommitTree, LandedTree, MergedTree


def load_recalling(snapshot: Snapshot, book: RuleBook | None = None, beside: Shelf | None = None) -> Store:
    """Load all documents of a snapshot; of a commit that is asked about by a `RecallingGit`, only what is new.

    The rule book is read once for each state of ``schemas``, a document of the CMDB once for each content.
    ``book`` is the rule book to read by; the snapshot's own by default. ``beside`` remembers what was read of other
    commits of the same repository where its Git does not.
    """
    commit = snapshot.below if isinstance(snapshot, PartialSnapshot) else snapshot
    git = commit.git if isinstance(commit, CommitTree | MergedTree | LandedTree) else None
    shelf = beside if git else None
    if isinstance(git, RecallingGit) and not isinstance(commit, LandedTree):
        shelf = git.shelf
    if shelf is None:
        return load_store(snapshot, book=book)[0]
    infos = snapshot.files()
    if book is None:
        rules = "".join(f"{i.path}\0{i.mode}\0{i.oid}\n" for i in infos if i.path.startswith("schemas/"))
        name = hashlib.sha256(rules.encode("utf-8", "surrogateescape")).hexdigest()
        book = shelf.books.get(name) or shelf.books.setdefault(name, read_rulebook(snapshot))
    if shelf.read_by is not book:
        shelf.read_by, shelf.memory = book, {}
    settings = next((f"{i.mode} {i.oid}" for i in infos if i.path == CONFIG), "")
    if settings not in shelf.settings:
        shelf.settings[settings] = read_config(snapshot)
    config = shelf.settings[settings].require(snapshot.name)
    memory = Memory(
        lambda infos: {
            i.path: i.oid.encode() for i in infos if i.mode == REGULAR and i.path.startswith("cmdb/")
        },
        shelf.memory,
    )
    store = load_store(snapshot, book=book, config=config, memory=memory)[0]
    shelf.memory = {path: row for path, row in memory.rows.items() if row.stamp}
    return store
