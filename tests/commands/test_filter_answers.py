"""A filter has one answer, whoever is asked: SQL over the index, entries, or documents read one by one."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest

from itsm_gitops.commands.filter_conditions import FilterCondition, ReadDocument, fulfilling
from itsm_gitops.commands.filter_meaning import FilterMeaning
from itsm_gitops.commands.filters import Filters, read_filter
from itsm_gitops.model.errors import ItsmError
from itsm_gitops.repository import Repository
from itsm_gitops.repository.index.indexed_store import IndexedStore
from itsm_gitops.snapshots import Store
from tests.commands.filter_world import NOW, random_filter, world
from tests.support import rounds


def _asked(repo: Repository, store: Store, text: str) -> tuple[list[str], FilterCondition] | None:
    """Return the kinds and the condition of a filter; None where it can mean nothing."""
    try:
        asked = read_filter(store.book, [text], Filters())
        return [k.name for k in asked.kinds], FilterMeaning(repo, store, asked.kinds).condition(asked.node)
    except ItsmError:
        return None


def _one_by_one(store: Store, kinds: Iterable[str], condition: FilterCondition) -> list[str]:
    """Return what fulfils a condition when every document is read and nothing is left out beforehand."""
    return [
        e.id
        for e in store.of_kinds(list(kinds))
        if condition.holds(e, ReadDocument(e.path, store.raw(e.path)))
    ]


def _stores(repo: Repository, monkeypatch: pytest.MonkeyPatch) -> tuple[Store, Store]:
    monkeypatch.setenv("ITSM_INDEX", "always")
    repo.store()
    indexed = repo.store()
    monkeypatch.setenv("ITSM_INDEX", "off")
    plain = repo.store()
    assert isinstance(indexed, IndexedStore)
    assert not isinstance(plain, IndexedStore)
    return plain, indexed


@pytest.mark.parametrize(
    ("seed", "filters"),
    [(1, 80), *(pytest.param(seed, rounds(200, 600), marks=pytest.mark.slow) for seed in (2, 3, 4))],
)
def test_the_index_answers_as_the_documents_do(
    seed: int, filters: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ITSM_NOW", NOW)
    monkeypatch.setenv("ITSM_USER", "ann")
    repo = world(tmp_path / "w", seed)
    plain, indexed = _stores(repo, monkeypatch)
    assert "INC-261122-0000B" in plain.left_out()
    assert plain.left_out() == indexed.left_out()
    rng = random.Random(seed)
    tally = {"meant": 0, "some": 0, "exact": 0}
    for _ in range(filters):
        text = random_filter(rng)
        left, right = _asked(repo, plain, text), _asked(repo, indexed, text)
        assert (left is None) == (right is None), text
        if left is None or right is None:
            continue
        answers: Sequence[Any] = [
            [e.id for e in fulfilling(plain, *left)],
            [e.id for e in fulfilling(indexed, *right)],
            _one_by_one(plain, *left),
        ]
        assert answers[0] == answers[1] == answers[2], text
        tally["meant"] += 1
        tally["some"] += bool(answers[0])
        tally["exact"] += bool(right[1].clause and right[1].clause.exact)
    assert min(tally.values()) > 5, tally
