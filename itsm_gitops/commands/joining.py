"""A snapshot together with branches that are not merged yet: what each brings, what each has alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from itsm_gitops.graph.impact import ImpactGraph
from itsm_gitops.graph.network import Network
from itsm_gitops.graph.schedule import Joined, collide, key
from itsm_gitops.model import facts, meaning

if TYPE_CHECKING:
    from itsm_gitops.repository import Repository
    from itsm_gitops.snapshots import Store


class Together(NamedTuple):
    """The documents of the merge result, and what is known of its sides."""

    store: Store
    joined: Joined


def join(repo: Repository, branches: Sequence[str], at: str | None) -> Together:
    """Merge branches into ``at`` (HEAD unless given), in memory; raises GitError where that is not clean.

    What is not committed takes no part: nobody else could merge it.
    """
    from itsm_gitops.repository.history import changed_files

    ours = at or "HEAD"
    store = repo.merged(ours, branches)
    brought: dict[str, str] = {}
    known: set[tuple[str, str, str]] = set()
    for branch in (ours, *branches):
        network = Network(repo.store(branch))
        known.update(key(c) for c in collide(network, ImpactGraph(network)))
        left = repo.history.merge_base(ours, branch)
        for changed in changed_files(repo, left, branch):
            entry = store.by_path.get(changed.path)
            if entry is not None and facts.is_a(store.book, entry, meaning.CHANGE):
                brought.setdefault(entry.id, branch)
    return Together(store, Joined(tuple(branches), brought, frozenset(known)))
