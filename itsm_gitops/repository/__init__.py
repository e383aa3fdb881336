"""Snapshots of the working tree, the index or a commit: which documents there are, and what happened to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from itsm_gitops.model.lazy_names import lazy_names

if TYPE_CHECKING:
    from itsm_gitops.repository.config import (
        Config,
        Ignore,
        packaged_rulebook_root,
        read_config,
        read_rulebook,
    )
    from itsm_gitops.repository.loading import load_store
    from itsm_gitops.repository.repository import INDEX, Repository
    from itsm_gitops.repository.snapshot import Snapshot, WorkingTree
    from itsm_gitops.repository.store import Document, Store
    from itsm_gitops.repository.trees import CommitTree, IndexTree
    from itsm_gitops.repository.workers import WorkerFailed, share_out

__all__ = [
    "INDEX",
    "CommitTree",
    "Config",
    "Document",
    "Ignore",
    "IndexTree",
    "Repository",
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
    "INDEX": "repository",
    "Ignore": "config",
    "IndexTree": "trees",
    "Repository": "repository",
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
