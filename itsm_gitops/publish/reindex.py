"""Updates the search index of the last build for the documents that have changed, instead of making it anew.

A word's entry is text: the numbers of the documents it is in, as differences (see ``numbers``). Where documents come and go, the
numbers behind them shift; in the text of a word, that is one difference at each such place. So most entries
stay as they are, and of the others only the beginning is read, up to the last such place. Where no number shifts, a
shard without a word that came or went is not even read.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from itsm_gitops.publish.numbers import differences, numbers_of, parts_of, written
from itsm_gitops.publish.search import IndexShard, IndexWord, ShardMaker, read_words


class Words(NamedTuple):
    """The words of one document: of its title, and of all its text."""

    title: frozenset[str] = frozenset()
    text: frozenset[str] = frozenset()


class WordChange(NamedTuple):
    """The words of a document before and after; empty where it did not exist, or no longer exists."""

    before: Words
    after: Words


class _Places(NamedTuple):
    """The numbers of documents before and after, and by how much the numbers of those that stay have shifted.

    From the old number ``starts[n]`` on, the numbers of documents that stay have shifted by ``moves[n]``.
    """

    before: Mapping[str, int]
    after: Mapping[str, int]
    starts: list[int]
    moves: list[int]

    def moved(self, number: int) -> int:
        """Return the new number of a document that stays, by its old number."""
        at = bisect_right(self.starts, number)
        return number + self.moves[at - 1] if at else number


class _Edit(NamedTuple):
    """The documents that no longer have a word (by their old numbers) and those that now have it (by their new ones)."""

    gone: set[int]
    come: list[int]


class LastShard(NamedTuple):
    """A shard of the last index: its first word, and what reads its file."""

    first: str
    read: Callable[[], bytes]


def revised(
    last: Sequence[LastShard],
    first: int,
    before: Sequence[str],
    after: Sequence[str],
    changes: Mapping[str, WordChange],
) -> list[IndexShard] | None:
    """Return the shards of the updated index; None when the index must be made anew.

    ``last`` are those of the last index, ``before`` and ``after`` the documents in their order, the number
    of the first being ``first``; each document that is new, changed or gone is in ``changes``.
    """
    places = _places(first, before, after)
    if places is None or not (places.before.keys() ^ places.after.keys()) <= changes.keys():
        return None
    titles, texts = (_edits(places, changes, part) for part in ("title", "text"))
    firsts = [shard.first for shard in last]
    edited: dict[int, set[str]] = {}
    for word in titles.keys() | texts.keys():
        edited.setdefault(max(0, bisect_right(firsts, word) - 1), set()).add(word)
    maker = ShardMaker()
    for number, shard in enumerate(last):
        if not places.starts and number not in edited and maker.is_between and len(maker.shards) == number:
            maker.shards.append(IndexShard(shard.first, None))
        else:
            maker.add(_words(shard.read(), edited.get(number, ()), titles, texts, places))
    return maker.end()


def _words(
    shard: bytes,
    edited: Collection[str],
    titles: Mapping[str, _Edit],
    texts: Mapping[str, _Edit],
    places: _Places,
) -> Iterator[IndexWord]:
    """Yield the words of a shard after the edits, sorted, with those that come into it."""
    known = {entry.word: entry for entry in read_words(shard)}
    for word in sorted({*known, *edited}) if edited else known:
        entry = known.get(word, IndexWord(word, "", ""))
        title = _revised(entry.titles, titles.get(word, _NO_EDIT), places)
        text = _revised(entry.bodies, texts.get(word, _NO_EDIT), places)
        if title or text:
            yield IndexWord(word, title, text)


_NO_EDIT = _Edit(set(), [])


def _places(first: int, before: Sequence[str], after: Sequence[str]) -> _Places | None:
    """Compare two orders of documents; None where documents that are in both have changed places."""
    old = {name: number for number, name in enumerate(before, first)}
    new = {name: number for number, name in enumerate(after, first)}
    starts, moves, move, last = [], [], 0, -1
    for name, number in old.items():
        now = new.get(name)
        if now is None:
            continue
        if now < last:
            return None
        last = now
        if now - number != move:
            move = now - number
            starts.append(number)
            moves.append(move)
    return _Places(old, new, starts, moves)


def _edits(places: _Places, changes: Mapping[str, WordChange], part: str) -> dict[str, _Edit]:
    """Return by word which documents lost or got it in one part of them (title or text)."""
    edits: dict[str, _Edit] = {}
    for name, change in changes.items():
        was: frozenset[str] = getattr(change.before, part) if name in places.before else frozenset()
        now: frozenset[str] = getattr(change.after, part) if name in places.after else frozenset()
        for word in was - now:
            edits.setdefault(word, _Edit(set(), [])).gone.add(places.before[name])
        for word in now - was:
            edits.setdefault(word, _Edit(set(), [])).come.append(places.after[name])
    return edits


def _revised(text: str, edit: _Edit, places: _Places) -> str:
    """Return the text of a word's entry after an edit and the shifts of numbers."""
    if edit is _NO_EDIT and not (places.starts and text):
        return text
    last = places.moves[-1] if places.moves else 0
    # From here on the same documents follow, and all numbers shift alike.
    end = max([*places.starts[-1:], *(n + 1 for n in edit.gone), *(n - last + 1 for n in edit.come)])
    parts = parts_of(text)
    head: list[int] = []
    following = -1
    for number in numbers_of(parts):
        if number >= end:
            following = number
            break
        head.append(number)
    numbers = sorted([*(places.moved(n) for n in head if n not in edit.gone), *edit.come])
    steps = differences(numbers)
    if following < 0:
        return written(steps)
    steps.append(following + last - (numbers[-1] if numbers else 0))
    return written(steps) + "".join(parts[len(head) + 1 :])
