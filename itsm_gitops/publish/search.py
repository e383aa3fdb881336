"""The search index: sorted words in shards that a small script in the page reads one at a time.

``search/index.js`` names the first word of each shard, so that looking a word (or the beginning
of one) up costs one or two small files whatever the size of the site. A word's entry holds the
numbers of the documents it is in (see ``numbers``), those with it in the title first. Documents are
numbered in the order they are shown when nothing else decides: pages, items, then records from the
newest; ``search/docs-N.js`` holds what is shown of 128 of them. Documents of one group (services, offerings, other items
…) stand together, and the index names the records that are open, so that ranking costs no further file. Words that are
written without blanks between them (Chinese, Japanese, Korean) are indexed as pairs of letters. ``search/spelling.js`` has
the words of pages and items, for words that nothing has; it is read only then.
"""

from __future__ import annotations

import json
import re
from array import array
from collections.abc import Iterable, Iterator, Sequence
from html import unescape
from typing import Any, NamedTuple

from itsm_gitops.model.tokens import tokens
from itsm_gitops.publish.numbers import differences, written

VERSION = 3  # since numbers are written shorter
CHUNK = 128
SHARD_BYTES = 48_000
MOST_WORDS = 600
SPELLING = "search/spelling.js"
_MOST_SPELLINGS = 20_000
_LEAST_SPELT = 4
_TAGS = re.compile(r"<[^>]+>")


RECORD = "record"  # the group of all records


class Doc(NamedTuple):
    """What search shows of a page: address, title, what it is, identifier and state."""

    url: str
    title: str
    label: str
    id: str = ""
    state: str = ""
    snippet: str = ""


class About(NamedTuple):
    """What ranking needs to know: the first number of each group, the open records, words that mean the same, actions.

    ``synonyms`` are groups of phrases, each as its words; ``actions`` the addresses and titles of pages to go to;
    ``facets`` words of the explorer and the folder of what they take, so that a list can be narrowed to one of these.
    """

    groups: Sequence[tuple[str, int]] = ()
    open: Sequence[int] = ()
    synonyms: Sequence[Sequence[Sequence[str]]] = ()
    actions: Sequence[tuple[str, str]] = ()
    facets: Sequence[tuple[str, str]] = ()


def words_of(data: Any) -> str:
    """Return the words of every text in a document's data in one piece, at most 600 of them."""
    texts: list[str] = []
    _collect(data, texts)
    words = tokens("\n".join(texts))
    # An index sorts its words itself: here order only decides which are left out.
    return " ".join(words if len(words) <= MOST_WORDS else sorted(words)[:MOST_WORDS])


def _collect(node: Any, texts: list[str]) -> None:
    for value in node.values() if isinstance(node, dict) else node if isinstance(node, list) else (node,):
        if isinstance(value, str):
            texts.append(value)
        elif isinstance(value, dict | list):
            _collect(value, texts)


# Arrays: a site of 100,000 records has more than ten million postings.
Postings = dict[str, "array[int]"]


def post(postings: Postings, number: int, words: Iterable[str]) -> None:
    """Note that document ``number`` has these words."""
    for word in words:
        try:
            postings[word].append(number)
        except KeyError:
            postings[word] = array("I", (number,))


class IndexWord(NamedTuple):
    """A word of the index, with the numbers of the documents that have it in the title, and of those at all.

    The numbers are text, as ``numbers`` writes them.
    """

    word: str
    titles: str
    bodies: str


def entries(titles: Postings, bodies: Postings) -> Iterator[IndexWord]:
    """Yield the words of an index, sorted."""
    for word in sorted(titles.keys() | bodies.keys()):
        yield IndexWord(word, _text(titles.get(word, ())), _text(bodies.get(word, ())))


class IndexShard(NamedTuple):
    """A part of an index: its first word, and all its words as JSON; None where its file stays as it is."""

    first: str
    content: str | None


class ShardMaker:
    """Cuts sorted words into shards. Where one ends depends on its own words only, so that later ones can stay."""

    def __init__(self) -> None:
        self.shards: list[IndexShard] = []
        self._words: list[str] = []
        self._first, self._size = "", 0

    @property
    def is_between(self) -> bool:
        """Whether the next word begins a shard."""
        return not self._words

    def add(self, words: Iterable[IndexWord]) -> None:
        """Add words, which follow those that were added before."""
        for word, titles, bodies in words:
            self._first = self._first or word
            self._words.append(f'"{word}":["{titles}","{bodies}"]')  # neither needs quoting
            self._size += len(self._words[-1])
            if self._size >= SHARD_BYTES:
                self.end()

    def end(self) -> list[IndexShard]:
        """End the shard that was begun, and return all."""
        if self._words:
            self.shards.append(IndexShard(self._first, f"{{{','.join(self._words)}}}"))
            self._words, self._first, self._size = [], "", 0
        return self.shards


def shards_of(words: Iterable[IndexWord]) -> list[IndexShard]:
    """Return the shards of all words of an index, which are sorted."""
    maker = ShardMaker()
    maker.add(words)
    return maker.end()


def words_script(number: int, shard: IndexShard) -> tuple[str, bytes]:
    """Return the file of a shard that does not stay as it is."""
    return script(words_file(number), f"words-{number}", shard.content or "{}")


def docs_script(number: int, docs: Iterable[Doc]) -> tuple[str, bytes]:
    """Return the file with what is shown of the documents of one chunk."""
    return _file(f"docs-{number}", [list(d if d.snippet else d[:-1]) for d in docs])


def header(count: int, shards: Iterable[IndexShard], about: About) -> tuple[str, bytes]:
    """Return the file that says how many documents there are, where words are, and what ranking has to know."""
    return _file(
        "index",
        {
            "version": VERSION,
            "docs": count,
            "chunk": CHUNK,
            "shards": [shard.first for shard in shards],
            "groups": list(map(list, about.groups)),
            "open": differences(about.open),
            "synonyms": about.synonyms,
            "actions": list(map(list, about.actions)),
            "facets": list(map(list, about.facets)),
        },
    )


def spelling_file(docs: Iterable[Doc], about: About) -> tuple[str, bytes]:
    """Return the file of the words that a mistyped one may have been meant to be: of titles, of texts, of synonyms."""
    known = {word for group in about.synonyms for phrase in group for word in phrase}
    for doc in docs:
        known |= tokens(f"{doc.title} {doc.snippet}")
    spelt = sorted(w for w in known if len(w) >= _LEAST_SPELT and not w.isdigit())
    return handed_over(SPELLING, "spelling", spelt[:_MOST_SPELLINGS])


def read_words(shard: bytes) -> Iterator[IndexWord]:
    """Yield the words of a shard as it was written."""
    text = shard.decode()
    for item in text[text.index("{") + 2 : text.rindex("}") - 2].split('"],"'):
        word, titles, bodies = item.split('"')[::2]
        yield IndexWord(word, titles, bodies)


def words_file(number: int) -> str:
    """Return the name of the file of a shard."""
    return f"search/words-{number}.js"


def docs_file(number: int) -> str:
    """Return the name of the file of a chunk of documents."""
    return f"search/docs-{number}.js"


def _text(numbers: Sequence[int]) -> str:
    return written(differences(numbers))


def handed_over(path: str, name: str, data: Any) -> tuple[str, bytes]:
    """Return a file that hands its data to the page's script under a name; JSON is also JavaScript."""
    return script(path, name, json.dumps(data, ensure_ascii=False, separators=(",", ":")))


def script(path: str, name: str, text: str) -> tuple[str, bytes]:
    """Return a file that hands JSON to the page's script under a name."""
    return path, f'itsmIndex("{name}",{text});\n'.encode()


def _file(name: str, data: Any) -> tuple[str, bytes]:
    return handed_over(f"search/{name}.js", name, data)


def page_text(html: str) -> str:
    """Return the text of the article of a page as the engine rendered it."""
    start = html.find("<article")
    return unescape(_TAGS.sub(" ", html[start : html.find("</article>", start)])) if start >= 0 else ""
