"""Snapshots: which documents a working tree, a commit or a merge holds, which cannot be read, and how they are loaded.

A snapshot is a tree of files with a name; loading one makes a store of its documents, in processes that share the work.
What a tree holds beside its own files is added below that: roots, files that a clone or a sparse checkout lacks, and
documents of an older side read through the migrations they lack. Nothing here knows of the index or of commands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from itsm_gitops.model.lazy_names import lazy_names

if TYPE_CHECKING:
    from itsm_gitops.snapshots.config import (
        Config,
        Ignore,
        packaged_rulebook_root,
        read_config,
        read_rulebook,
    )
    from itsm_gitops.snapshots.loading import load_store
    from itsm_gitops.snapshots.snapshot import Snapshot, WorkingTree
    from itsm_gitops.snapshots.store import Document, Store
    from itsm_gitops.snapshots.trees import CommitTree, IndexTree
    from itsm_gitops.snapshots.workers import WorkerFailed, share_out

__all__ = [
    "CommitTree",
    "Config",
    "Document",
    "Ignore",
    "IndexTree",
    "Snapshot",
    "Store",
    "WorkerFailed",
    "WorkingTree",
    "load_store",
    "packaged_rulebook_root",
    "read_config",
    "read_rulebook",
    "share_out",
]

# Most commands need few of them, and each takes time to load.
_PLACES = {
    "CommitTree": "trees",
    "Config": "config",
    "Document": "store",
    "Ignore": "config",
    "IndexTree": "trees",
    "Snapshot": "snapshot",
    "Store": "store",
    "WorkerFailed": "workers",
    "WorkingTree": "snapshot",
    "load_store": "loading",
    "packaged_rulebook_root": "config",
    "read_config": "config",
    "read_rulebook": "config",
    "share_out": "workers",
}
__getattr__ = lazy_names(__name__, _PLACES)
