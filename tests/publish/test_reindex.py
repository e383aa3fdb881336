"""An index that is changed where documents were equals one that is made anew, for any changes."""

from __future__ import annotations

import json
import random
from functools import partial

import pytest

from itsm_gitops.publish import numbers, search
from itsm_gitops.publish.reindex import LastShard, WordChange, Words, revised

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


def shards(documents: Documents) -> list[search.IndexShard]:
    return search.shards_of(anew(documents))


def as_last(shards: list[search.IndexShard], read: list[str] | None = None) -> list[LastShard]:
    """The shards as the next build finds them; ``read`` gets the first words of those that it reads."""

    def reading(number: int, shard: search.IndexShard) -> bytes:
        if read is not None:
            read.append(shard.first)
        return search.words_script(number, shard)[1]

    return [LastShard(s.first, partial(reading, n, s)) for n, s in enumerate(shards)]


def filled(found: list[search.IndexShard] | None, before: list[search.IndexShard]) -> list[search.IndexShard]:
    """The shards with the content of those that stay."""
    assert found is not None
    pairs = enumerate(found)
    return [
        s if s.content is not None else before[n]
        for n, s in pairs
        if s.content is not None or s.first == before[n].first
    ]


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
        last = shards(before)
        found = revised(as_last(last), PAGES, list(before), list(after), changes(before, after))
        assert filled(found, last) == shards(after)
        before = after


def test_shards_without_another_word_stay_and_are_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "SHARD_BYTES", 200)
    dice = random.Random(7)
    stay = total = 0
    for _ in range(60):
        before: Documents = {f"d{n}": made_up(dice) for n in range(40)}
        name, word = dice.choice(list(before)), dice.choice(VOCABULARY)
        after = {**before, name: before[name]._replace(text=before[name].text ^ {word})}
        last, read = shards(before), list[str]()
        found = revised(as_last(last, read), PAGES, list(before), list(after), changes(before, after))
        assert filled(found, last) == shards(after)
        kept = [s.first for s in found or () if s.content is None]
        assert not set(kept) & set(read)
        stay, total = stay + len(kept), total + len(last)
    assert stay > total // 2  # where a word moves into another shard, those behind it move, too


def test_nothing_is_parsed_where_nothing_moved() -> None:
    before = {"a": Words(frozenset(), frozenset({"one"}))}
    after = {"a": Words(frozenset(), frozenset({"two"}))}
    shard = search.IndexShard("kept", '{"kept":["","as it was"],"one":["","%"]}')
    found = revised(as_last([shard]), PAGES, ["a"], ["a"], changes(before, after))
    assert found == [search.IndexShard("kept", '{"kept":["","as it was"],"two":["","%"]}')]


def test_other_orders_and_unknown_documents_are_not_guessed() -> None:
    documents = {n: Words(frozenset({n}), frozenset({n})) for n in ("a", "b")}
    assert revised(as_last(shards(documents)), PAGES, ["a", "b"], ["b", "a"], {}) is None
    assert revised(as_last(shards(documents)), PAGES, ["a", "b"], ["a"], {}) is None
    assert revised(as_last(shards(documents)), PAGES, ["a", "b"], ["a", "b", "c"], {}) is None


def test_numbers_are_written_in_a_character_or_two() -> None:
    assert numbers.written([0, 1, 75, 76]) == "!#np!"
    assert numbers.written([76, 3647]) == "p!q~n"  # as in tests/scripts/words.test.mjs
    dice = random.Random(3)
    for many in range(60):
        some = sorted(dice.sample(range(dice.choice([100, 10_000, 2_000_000])), many))
        text = numbers.written(numbers.differences(some))
        assert list(numbers.numbers_of(numbers.parts_of(text))) == some
        assert json.loads(f'"{text}"') == text
