"""The search index of a site: updates that of the last build where possible, else makes a new one."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from itsm_gitops.model.entry import Entry
from itsm_gitops.publish import output, search
from itsm_gitops.publish.build_cache import BuildCache
from itsm_gitops.publish.readings import DocumentChange
from itsm_gitops.publish.reindex import WordChange, Words, revised
from itsm_gitops.publish.search import Doc, Postings
from itsm_gitops.publish.view import View


class StoredIndex(NamedTuple):
    """What the next build needs of an index: digest of its pages, documents in their order, stamps of its shards."""

    pages: str = ""
    documents: Sequence[str] = ()
    signs: Sequence[str] = ()


class Indexer:
    """Makes the index of one site."""

    def __init__(
        self, view: View, pages: Sequence[Doc], bodies: Postings, cache: BuildCache, root: str
    ) -> None:
        """Take the pages of no document, which come first in the index, their words, and the folder of the site.

        ``bodies`` are used up.
        """
        self._view = view
        self._pages = pages
        self._bodies = bodies
        self._cache = cache
        self._root = root
        self._last = StoredIndex(*cache.index)
        text = repr((pages, sorted((w, list(numbers)) for w, numbers in bodies.items())))
        self._digest = hashlib.blake2b(text.encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()

    def files(self, entries: Sequence[Entry], words: dict[str, str]) -> Iterator[tuple[str, bytes]]:
        """Yield the files (name and content) over documents in the order of their numbers.

        ``words`` are those of each document that the cache does not know; they are used up.
        """
        entries_by_word = self._revised(entries) or self._anew(entries, words)
        words.clear()
        return search.files([*self._pages, *(self._doc(e) for e in entries)], entries_by_word)

    def keep(self, entries: Iterable[Entry], signs_by_name: Mapping[str, bytes]) -> None:
        """Save this index for the next build; ``signs_by_name`` has the stamp of each file."""
        signs: list[bytes] = []
        while (name := search.words_file(len(signs))) in signs_by_name:
            signs.append(signs_by_name[name])
        self._cache.index = StoredIndex(self._digest, [e.id for e in entries], [s.hex() for s in signs])

    def _doc(self, entry: Entry) -> Doc:
        kind = self._view.kind(entry)
        state = kind.workflow.states.get(entry.state) if kind.workflow else None
        state_title = state.title if state else entry.state
        return Doc(self._view.url(entry.id), entry.title, kind.title, entry.id, state_title)

    def _anew(self, entries: Iterable[Entry], words: dict[str, str]) -> Iterator[search.IndexWord]:
        titles: Postings = {}
        bodies, self._bodies = self._bodies, {}
        entries = list(entries)
        if self._cache.readings and not words.keys() >= {e.id for e in entries}:
            words = self._cache.readings.words() | words
        for number, page in enumerate(self._pages):
            search.post(titles, number, search.tokens(page.title))
        for number, entry in enumerate(entries, len(self._pages)):
            search.post(bodies, number, words.pop(entry.id, "").split())
            search.post(titles, number, _title_words(entry))
        return search.entries(titles, bodies)

    def _revised(self, entries: Iterable[Entry]) -> list[search.IndexWord] | None:
        shards = self._shards() if self._last.pages == self._digest else []
        if not shards:
            return None
        before, after = self._cache.before, self._cache.after
        changes = {
            i: WordChange(_words_of(before.get(i)), _words_of(after.get(i)))
            for i in before.keys() | after.keys()
        }
        documents = [e.id for e in entries]
        return revised(shards, len(self._pages), self._last.documents, documents, changes)

    def _shards(self) -> list[bytes]:
        """Return the shards of the last index; none when one of them is not as it was written."""
        shards = []
        for number, sign in enumerate(self._last.signs):
            name = search.words_file(number)
            if output.sign(self._root, name).hex() != sign:
                return []
            shards.append(Path(self._root, name).read_bytes())
        return shards


def _title_words(entry: Entry) -> set[str]:
    return search.tokens(" ".join((entry.id, entry.title, *entry.aliases)))


def _words_of(reading: DocumentChange | None) -> Words:
    """Return the words of a document, none where there is none."""
    if reading is None:
        return Words()
    return Words(frozenset(_title_words(reading.entry)), frozenset(reading.words.split()))
