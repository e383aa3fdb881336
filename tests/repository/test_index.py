"""The index: whatever people and Git do, what comes from it is what reading every document says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from itsm_gitops.repository import Repository
from itsm_gitops.repository.index import freshness
from itsm_gitops.repository.index.indexed_store import IndexedStore
from itsm_gitops.snapshots import Store, WorkingTree, load_store, read_config
from tests.repository.random_steps import Steps
from tests.support import GitRepo, first_seed, rounds


@pytest.fixture(autouse=True)
def _always(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ITSM_INDEX", "always")


def says(store: Store) -> dict[str, Any]:
    """Return everything that a store says."""
    targets = {e.target for entry in store.entries.values() for e in entry.edges}
    relations = {e.relation for entry in store.entries.values() for e in entry.edges}
    kinds = sorted(store.book.kinds)
    return {
        "entries": dict(store.entries.items()),
        "order": list(store.entries),
        "by path": {path: entry.id for path, entry in store.by_path.items()},
        "problems": store.problems,
        "broken": store.broken,
        "aliases": store.aliases,
        "duplicates": store.duplicates,
        "unreadable": store.unreadable,
        "irregular": store.irregular,
        "files": store.files,
        "into": {t: list(store.into(t)) for t in sorted(targets)},
        "pairs": {r: list(store.pairs(r)) for r in sorted(relations)},
        "kinds": {k: store.of_kinds([k]) for k in kinds},
        "open": store.of_kinds(kinds, open_only=True),
    }


def compare(repo: GitRepo) -> Store:
    snapshot = WorkingTree(repo.root)
    short = Repository(repo.root).store()
    whole, _ = load_store(snapshot, config=read_config(snapshot))
    one, other = says(short), says(whole)
    assert {k: (v, other[k]) for k, v in one.items() if v != other[k]} == {}
    for name, entry in list(short.entries.items())[:3]:
        assert short.entries[name] == entry
        assert short.data(name) == whole.data(name)
    return short


def _walk(make: Callable[..., GitRepo], seed: int, steps: int) -> int:
    repo = make(f"r{seed}")
    walk = Steps(repo, seed)
    from_index = 0
    for _ in range(steps):
        walk.take()
        try:
            from_index += isinstance(compare(repo), IndexedStore)
        except AssertionError as error:
            raise AssertionError(f"seed {seed} after {walk.log}") from error
    return from_index


@pytest.fixture(params=[20, 2_000], ids=["fine-clock", "coarse-clock"])
def _clock(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stamps of files are relied on soon after, or only when no coarse clock could hide a change."""
    monkeypatch.setattr(freshness, "RACY", request.param * 1_000_000)


@pytest.mark.usefixtures("_clock")
def test_the_index_says_what_reading_everything_says(make_repo: Callable[..., GitRepo]) -> None:
    first = first_seed()
    assert sum(_walk(make_repo, first + n, 12) for n in range(4)) > 8


@pytest.mark.slow
@pytest.mark.usefixtures("_clock")
def test_the_index_says_it_after_many_steps(make_repo: Callable[..., GitRepo]) -> None:
    first = first_seed()
    walks = rounds(6, 30)
    assert sum(_walk(make_repo, first + n, 25) for n in range(walks)) > 5 * walks
