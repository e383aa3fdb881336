"""Updates the search index of the last build for the documents that have changed, instead of making it anew.

A word's entry is text: the numbers of the documents it is in, as differences. Where documents come and go, the
numbers behind them shift; in the text of a word, that is one difference at each such place. So most entries
stay as they are, and of the others only the beginning is read, up to the last such place.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from itsm_gitops.publish.search import IndexWord, differences, read_words


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


def revised(
    shards: Iterable[bytes],
    first: int,
    before: Sequence[str],
    after: Sequence[str],
    changes: Mapping[str, WordChange],
) -> list[IndexWord] | None:
    """Return the words of the updated index, sorted; None when the index must be made anew.

    ``shards`` are the files of the last index, ``before`` and ``after`` the documents in their order, the number
    of the first being ``first``; each document that is new, changed or gone is in ``changes``.
    """
    places = _places(first, before, after)
    if places is None or not (places.before.keys() ^ places.after.keys()) <= changes.keys():
        return None
    titles, texts = (_edits(places, changes, part) for part in ("title", "text"))
    by_word: dict[str, IndexWord] = {}
    for shard in shards:
        for entry in read_words(shard):
            title = _revised(entry.titles, titles.pop(entry.word, _NO_EDIT), places)
            text = _revised(entry.bodies, texts.pop(entry.word, _NO_EDIT), places)
            if title or text:
                by_word[entry.word] = IndexWord(entry.word, title, text)
    for word in titles.keys() | texts.keys():
        title, text = (_revised("", edits.get(word, _NO_EDIT), places) for edits in (titles, texts))
        if title or text:
            by_word[word] = IndexWord(word, title, text)
    return [by_word[word] for word in sorted(by_word)]


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
    parts = text.split(",") if text else []
    head: list[int] = []
    total = read = 0
    for part in parts:
        total += int(part)
        if total >= end:
            break
        head.append(total)
        read += 1
    numbers = sorted([*(places.moved(n) for n in head if n not in edit.gone), *edit.come])
    steps = list(map(str, differences(numbers)))
    if read < len(parts):
        steps.append(str(total + last - (numbers[-1] if numbers else 0)))
        steps += parts[read + 1 :]
    return ",".join(steps)
