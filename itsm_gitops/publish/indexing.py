"""The search index of a site: updates that of the last build where possible, else makes a new one."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from itsm_gitops.model import meaning
from itsm_gitops.model.entry import Entry
from itsm_gitops.publish import output, prose, search, urls
from itsm_gitops.publish.build_cache import BuildCache
from itsm_gitops.publish.pages.parts import excerpt
from itsm_gitops.publish.readings import DocumentChange
from itsm_gitops.publish.reindex import WordChange, Words, revised
from itsm_gitops.publish.search import Doc, Postings
from itsm_gitops.publish.view import View

SYNONYMS = "schemas/search.yaml"
HANDBOOK = "Handbook"
# The pages that the search box leads to before anything is typed.
ACTIONS = (
    urls.HOME, urls.REPORT, urls.CATALOGUE, urls.SERVICES, urls.EXPLORE, urls.MY_WORK, urls.CHANGES, urls.CALENDAR,
    urls.KNOWN_ERRORS, urls.MAP, urls.DUE, urls.REPORTS, urls.SUBSCRIBE,
)  # fmt: skip


def group_of(view: View, entry: Entry) -> str:
    """Return the group in which search ranks and shows a document."""
    kind = view.kind(entry)
    if kind.is_record:
        return search.RECORD
    if meaning.SERVICE in kind.plays:
        return "service"
    return "offering" if meaning.OFFERING in kind.plays else "item"


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
        docs = [*self._pages, *(self._doc(e) for e in entries)]
        return search.files(docs, entries_by_word, self._about(entries))

    def _about(self, entries: Sequence[Entry]) -> search.About:
        """Return what ranking needs to know of the documents."""
        view, first = self._view, len(self._pages)
        groups = [("page", 0)]
        written = next((n for n, page in enumerate(self._pages) if page.label == HANDBOOK), None)
        groups += [] if written is None else [("handbook", written)]
        last = ""
        for number, entry in enumerate(entries, first):
            name = group_of(view, entry)
            if name != last:
                groups.append((name, number))
                last = name
        still = [n for n, e in enumerate(entries, first) if view.kind(e).is_record and view.is_open(e)]
        written_down = view.book.policy(SYNONYMS).get("synonyms", ())
        synonyms = [[search.in_order(str(phrase)) for phrase in group] for group in written_down]
        shown = [(p.url, p.title) for p in self._pages if p.url in ACTIONS]
        actions = sorted(shown, key=lambda action: ACTIONS.index(action[0]))
        return search.About(groups, still, synonyms, actions)

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
        # Of records there are too many to say more than their title.
        text = "" if kind.is_record else self._snippet(entry)
        return Doc(self._view.url(entry.id), entry.title, kind.title, entry.id, state_title, text)

    def _snippet(self, entry: Entry) -> str:
        """Return what is shown of an item below its title; of those that are not looked for by many only what is short."""
        if group_of(self._view, entry) != "item":
            return excerpt(self._view, entry, "description")
        text = entry.columns.get("description")
        return " ".join(prose.plain(text).split()) if isinstance(text, str) else ""

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
