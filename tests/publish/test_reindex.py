"""An index that is changed where documents were equals one that is made anew, for any changes."""

from __future__ import annotations

import random

import pytest

from itsm_gitops.publish import search
from itsm_gitops.publish.reindex import WordChange, Words, revised

PAGES = 3
VOCABULARY = [f"w{n}" for n in range(12)] + ["größe", "日本"]
Documents = dict[str, Words]


def made_up(dice: random.Random) -> Words:
    title = frozenset(w for w in VOCABULARY if dice.random() < 0.2)
    return Words(title, frozenset(w for w in VOCABULARY if dice.random() < 0.4))


def anew(documents: Documents) -> list[search.IndexWord]:
    titles: search.Postings = {}
    bodies: search.Postings = {}
    for number in range(PAGES):
        search.post(titles, number, ["page"])
        search.post(bodies, number, ["w1", "handbook"])
    for number, words in enumerate(documents.values(), PAGES):
        search.post(titles, number, words.title)
        search.post(bodies, number, words.text)
    return list(search.entries(titles, bodies))


def shards(documents: Documents) -> list[bytes]:
    docs = [search.Doc(f"{n}.html", n, "Page") for n in documents]
    files = dict(search.files(docs, anew(documents)))
    return [content for name, content in files.items() if name.startswith("search/words-")]


def changed(documents: Documents, dice: random.Random) -> Documents:
    """Some documents of other words, some gone, some new at any place; the others in the order they had."""
    found: Documents = {}
    for name, words in documents.items():
        if dice.random() < 0.15:
            found[f"new-{dice.random()}"] = made_up(dice)
        if dice.random() < 0.8:
            found[name] = made_up(dice) if dice.random() < 0.2 else words
    return found


def changes(before: Documents, after: Documents) -> dict[str, WordChange]:
    names = before.keys() | after.keys()
    pairs = {n: WordChange(before.get(n, Words()), after.get(n, Words())) for n in names}
    return {n: c for n, c in pairs.items() if c.before != c.after or n not in before or n not in after}


@pytest.mark.parametrize("seed", range(60))
def test_a_changed_index_equals_a_new_one(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "SHARD_BYTES", 200)
    dice = random.Random(seed)
    before: Documents = {f"d{n}": made_up(dice) for n in range(dice.choice([1, 5, 40]))}
    for _ in range(4):
        after = changed(before, dice)
        found = revised(shards(before), PAGES, list(before), list(after), changes(before, after))
        assert found == anew(after)
        before = after


def test_nothing_is_parsed_where_nothing_moved() -> None:
    before = {"a": Words(frozenset(), frozenset({"one"}))}
    after = {"a": Words(frozenset(), frozenset({"two"}))}
    shard = search.script("x", "x", '{"kept":[[],[as it was]],"one":[[],[3]]}')[1]
    found = revised([shard], PAGES, ["a"], ["a"], changes(before, after))
    assert found == [search.IndexWord("kept", "", "as it was"), search.IndexWord("two", "", "3")]


def test_other_orders_and_unknown_documents_are_not_guessed() -> None:
    documents = {n: Words(frozenset({n}), frozenset({n})) for n in ("a", "b")}
    assert revised(shards(documents), PAGES, ["a", "b"], ["b", "a"], {}) is None
    assert revised(shards(documents), PAGES, ["a", "b"], ["a"], {}) is None
    assert revised(shards(documents), PAGES, ["a", "b"], ["a", "b", "c"], {}) is None
