"""Which records are like which: the same rare words in their titles, the same items.

The measure, for two records of one group (faults, or changes):

* A word is *rare* when the titles of at most 30 records of the group have it, in a small group of at most
  a quarter of them (three at least). It weighs ``1 + log2(30 / n)`` where ``n`` titles have it: a word that two
  titles share weighs 4.9, one that thirty share 1.
* The likeness is the sum of the weights of the rare words that both titles have, and 2 when both affect one
  configuration item, or else 1 when both affect one service.
* From 3 on, records count as similar, provided that they share two rare words, or one and an item: one word alone
  is chance. The five most similar are shown, of equal ones the newest.

Records are looked up by the six rarest words of a title, each of which at most 30 titles have, so that all
records together take time in proportion to their number.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import log2
from typing import NamedTuple

from itsm_gitops.model import facts, meaning
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.rulebook import RuleBook
from itsm_gitops.model.tokens import tokens

GROUPS = ((meaning.INCIDENT, meaning.PROBLEM, meaning.KNOWN_ERROR), (meaning.CHANGE,))
MOST = 5
CAP = 30
_LEAST = 3.0
_LOOKED_UP = 6
_SAME_ITEM, _SAME_SERVICE = 2.0, 1.0
# A word in every second title tells nothing apart; in a small repository counts are too small to judge.
_EMPTY_WORDS = frozenset(
    ("a", "after", "again", "all", "an", "and", "any", "are", "as", "at", "be", "before", "but", "by", "can",
     "cannot", "does", "for", "from", "has", "have", "in", "into", "is", "it", "its", "many", "more", "no",
     "not", "of", "off", "on", "one", "only", "or", "other", "out", "over", "since", "some", "than", "that",
     "the", "their", "then", "there", "they", "this", "to", "too", "two", "up", "was", "were", "when", "while",
     "with")
)  # fmt: skip


class Alike(NamedTuple):
    """A record that is similar to another, and how much."""

    id: str
    likeness: float


class _Group:
    """The records of one group by the rare words of their titles."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.entries = {e.id: e for e in entries}
        postings: dict[str, list[str]] = {}
        for entry in entries:
            for word in tokens(entry.title):
                postings.setdefault(word, []).append(entry.id)
        most = min(CAP, max(3, len(entries) // 4))
        self.rare = {w: some for w, some in postings.items() if 2 <= len(some) <= most and _tells(w)}
        self._items: dict[str, frozenset[str]] = {}

    def of(self, entry: Entry, items: frozenset[str], services: frozenset[str]) -> list[Alike]:
        """Return the records that are most similar to one, the most similar first."""
        mine = sorted((w for w in title_words(entry) if w in self.rare), key=lambda w: (len(self.rare[w]), w))
        likeness: dict[str, float] = {}
        again: set[str] = set()
        for word in mine[:_LOOKED_UP]:
            weight = 1 + log2(CAP / len(self.rare[word]))
            for other in self.rare[word]:
                if other in likeness:
                    again.add(other)
                    likeness[other] += weight
                else:
                    likeness[other] = weight
        likeness.pop(entry.id, None)
        found = []
        for other, words in likeness.items():
            shared = items & self._items_of(other)
            if not shared and other not in again:
                continue  # one word alone is chance
            both = (_SAME_SERVICE if shared <= services else _SAME_ITEM) if shared else 0.0
            if words + both >= _LEAST:
                found.append(Alike(other, words + both))
        found.sort(key=lambda a: (self.entries[a.id].opened, a.id), reverse=True)
        found.sort(key=lambda a: -round(a.likeness, 6))
        return found[:MOST]

    def _items_of(self, identifier: str) -> frozenset[str]:
        """Return what a record affects, worked out once: most are looked at for several others."""
        known = self._items.get(identifier)
        if known is None:
            known = self._items[identifier] = frozenset(facts.affected(self.entries[identifier]))
        return known


def title_words(entry: Entry) -> set[str]:
    """Return the words of a title by which records can be like each other."""
    return set(filter(_tells, tokens(entry.title)))


def _tells(word: str) -> bool:
    """Whether a word can make records like each other."""
    return len(word) > 1 and not word.isdecimal() and word not in _EMPTY_WORDS


class Similar:
    """The records of one snapshot, ready to be asked which are like one of them.

    What it says of a record depends on the records of its group that share a rare word with it, and on how
    many titles have those words.
    """

    def __init__(self, book: RuleBook, entries: Iterable[Entry]) -> None:
        """Take every entry that may be named on a page; what is offered to readers must be published."""
        listed = [e for e in entries if not facts.is_draft(book.kinds[e.kind], e.state)]
        self._services = frozenset(e.id for e in facts.of_role(book, listed, meaning.SERVICE))
        self._groups: dict[str, _Group] = {}
        for roles in GROUPS:
            kinds = frozenset(kind for role in roles for kind in book.playing(role))
            group = _Group([e for e in listed if e.kind in kinds])
            self._groups.update(dict.fromkeys(kinds, group))

    def of(self, entry: Entry) -> list[Alike]:
        """Return the records most similar to one, the most similar first; none for kinds without a group."""
        group = self._groups.get(entry.kind)
        return group.of(entry, frozenset(facts.affected(entry)), self._services) if group else []
