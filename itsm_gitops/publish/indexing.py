"""The search index of a site: updates that of the last build where possible, else makes a new one."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple

from itsm_gitops.model import facts, filter_words, meaning
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.tokens import in_order, tokens
from itsm_gitops.presentation import prose, urls
from itsm_gitops.presentation.language import t
from itsm_gitops.presentation.pages import change_views
from itsm_gitops.presentation.pages.parts import excerpt, explore_url
from itsm_gitops.presentation.view import View
from itsm_gitops.presentation.wanted import shape_of
from itsm_gitops.publish import search
from itsm_gitops.publish.batches import SiteFiles
from itsm_gitops.publish.build_cache import BuildCache
from itsm_gitops.publish.readings import DocumentChange
from itsm_gitops.publish.reindex import LastShard, WordChange, Words, revised
from itsm_gitops.publish.rendered import HANDBOOK, WrittenPage
from itsm_gitops.publish.search import CHUNK, Doc, IndexShard, Postings

SYNONYMS = "schemas/search.yaml"
_GROUPS = ("service", "offering", "item")
# The pages that the search box leads to before anything is typed.
ACTIONS = (
    urls.HOME, urls.REPORT, urls.CATALOGUE, urls.SERVICES, urls.MINE, urls.EXPLORE, urls.CHANGES, urls.CALENDAR,
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


def in_search_order(view: View) -> list[Entry]:
    """Return the documents that get a page, in the order in which search numbers them."""
    of_records = {kind.name: kind.is_record for kind in view.book.kinds.values()}
    items = [e for e in view.paged if not of_records[e.kind]]
    items.sort(key=lambda e: _GROUPS.index(group_of(view, e)))
    records = [e for e in view.paged if of_records[e.kind]]
    records.sort(key=attrgetter("opened", "id"), reverse=True)
    return [*items, *records]


def shortcuts(view: View) -> Iterator[Doc]:
    """Yield the targets of search that are not in the menu: calendar, agenda, open records by kind and by priority."""
    yield Doc(urls.CALENDAR, t("Calendar of changes"), t("Page"))
    if change_views.has_board(view):
        yield Doc(urls.BOARD, t(change_views.BOARD_TITLE), t("Page"))
    for kind in view.book.kinds.values():
        if kind.is_record and view.of_kind(kind.name):
            yield Doc(explore_url(kind=kind.name), t("Open: {kind}", kind=kind.plural_title), t("Page"))
    still = chain.from_iterable(map(view.open_of_kind, view.book.kinds))
    for name in sorted({p.name for p in map(view.priority, still) if p}):
        title = t("Open records with priority {priority}", priority=name)
        yield Doc(explore_url(priority=name), title, t("Page"))


class StoredIndex(NamedTuple):
    """What the next build needs of an index.

    The digest of its pages and their texts, its documents in their order, and the first word of each shard.
    """

    pages: str = ""
    documents: Sequence[str] = ()
    firsts: Sequence[str] = ()


class Indexer:
    """Makes the index of one site."""

    def __init__(
        self,
        files: SiteFiles,
        pages: Sequence[Doc],
        written: Sequence[WrittenPage],
        cache: BuildCache,
        root: str,
    ) -> None:
        """Take the pages of no document, which come first in the index, and the folder of the site.

        ``written`` are those with a text of their own; they come last among the pages.
        """
        self._files = files
        self._view = files.view
        self._pages = [*pages, *(page.doc for page in written)]
        self._written = written
        self._cache = cache
        self._root = root
        text = repr((self._pages, [page.sign for page in written]))
        self._digest = hashlib.blake2b(text.encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()
        last = StoredIndex(*cache.index)
        self._last = last if last.pages == self._digest else StoredIndex()

    def write(self, entries: Sequence[Entry], words: dict[str, str]) -> None:
        """Write the files over documents in the order of their numbers, where they are not as they were.

        ``words`` are those of each document that the cache does not know; they are used up.
        """
        files, wants = self._files, self._files.wants
        shards = self._revised(entries) or search.shards_of(self._anew(entries, words))
        words.clear()
        for number, shard in enumerate(shards):
            name = search.words_file(number)
            last = self._cache.last(name) if shard.content is None else None
            if wants(name, last.shape if last else shape_of([shard.content or ""])):
                files.put(*search.words_script(number, shard))
        for name, content in self._docs(entries):
            files.put(name, content)
        about = self._about(entries)
        bounded = [e for e in entries if not self._view.kind(e).is_record]
        if wants(search.SPELLING, shape_of([self._digest, *(e.id for e in bounded)])):
            files.put(*search.spelling_file([*self._pages, *map(self._doc, bounded)], about))
        files.put(*search.header(len(self._pages) + len(entries), shards, about))
        firsts = [shard.first for shard in shards]
        self._cache.index = StoredIndex(self._digest, [e.id for e in entries], firsts)

    def _docs(self, entries: Sequence[Entry]) -> Iterator[tuple[str, bytes]]:
        """Yield the chunks of shown documents that have changed."""
        many = len(self._pages)
        for number, start in enumerate(range(0, many + len(entries), CHUNK)):
            pages = self._pages[start : start + CHUNK]
            listed = entries[max(0, start - many) : max(0, start + CHUNK - many)]
            if self._files.wants(search.docs_file(number), shape_of([repr(pages), *(e.id for e in listed)])):
                yield search.docs_script(number, [*pages, *map(self._doc, listed)])

    def _about(self, entries: Sequence[Entry]) -> search.About:
        """Return what ranking needs to know of the documents."""
        view, first = self._view, len(self._pages)
        groups = [("page", 0)]
        written = next((n for n, page in enumerate(self._pages) if page.label == t(HANDBOOK)), None)
        groups += [] if written is None else [("handbook", written)]
        last = ""
        for number, entry in enumerate(entries, first):
            name = group_of(view, entry)
            if name != last:
                groups.append((name, number))
                last = name
            if name == search.RECORD:  # they come last
                break
        open_ones = {e.id for kind in view.book.kinds for e in view.open_of_kind(kind)}
        still = [n for n, e in enumerate(entries, first) if e.id in open_ones]
        written_down = view.book.policy(SYNONYMS).get("synonyms", ())
        synonyms = [[in_order(str(phrase)) for phrase in group] for group in written_down]
        # The start page is called like the site.
        shown = [
            (p.url, t("Home") if p.url == urls.HOME else p.title) for p in self._pages if p.url in ACTIONS
        ]
        actions = sorted(shown, key=lambda action: ACTIONS.index(action[0]))
        facets = [
            (word, f"{urls.folder(view.book.kinds[kind])}/")
            for word, role in ((filter_words.TEAM, meaning.TEAM), (filter_words.SERVICE, meaning.SERVICE))
            for kind in view.book.playing(role)
        ]
        return search.About(groups, still, synonyms, actions, facets)

    def _doc(self, entry: Entry) -> Doc:
        kind = self._view.kind(entry)
        state = kind.workflow.states.get(entry.state) if kind.workflow else None
        # An item in production gets no label, as on its page.
        usual = not kind.is_record and facts.in_production(self._view.book, entry)
        state_title = "" if usual else state.title if state else entry.state
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
        bodies: Postings = {}
        entries = list(entries)
        if self._cache.readings and not words.keys() >= {e.id for e in entries}:
            words = self._cache.readings.words() | words
        for number, page in enumerate(self._pages):
            search.post(titles, number, tokens(page.title))
        for number, written in enumerate(self._written, len(self._pages) - len(self._written)):
            search.post(bodies, number, written.words())
        for number, entry in enumerate(entries, len(self._pages)):
            search.post(bodies, number, words.pop(entry.id, "").split())
            search.post(titles, number, _title_words(entry))
        return search.entries(titles, bodies)

    def _revised(self, entries: Iterable[Entry]) -> list[IndexShard] | None:
        """Return the shards of the last index as they are to be; None where it must be made anew."""
        last = self._last
        names = [search.words_file(number) for number in range(len(last.firsts))]
        if not names or not all(self._cache.untouched(name, (name,)) for name in names):
            return None
        before, after = self._cache.before, self._cache.after
        changes = {
            i: WordChange(_words_of(before.get(i)), _words_of(after.get(i)))
            for i in before.keys() | after.keys()
        }
        shards = [
            LastShard(first, Path(self._root, name).read_bytes)
            for first, name in zip(last.firsts, names, strict=True)
        ]
        return revised(shards, len(self._pages), last.documents, [e.id for e in entries], changes)


def _title_words(entry: Entry) -> set[str]:
    return tokens(" ".join((entry.id, entry.title, *entry.aliases)))


def _words_of(reading: DocumentChange | None) -> Words:
    """Return the words of a document, none where there is none."""
    if reading is None:
        return Words()
    return Words(frozenset(_title_words(reading.entry)), frozenset(reading.words.split()))
