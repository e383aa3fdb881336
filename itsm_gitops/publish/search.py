"""The search index: sorted words in shards that a small script in the page reads one at a time.

``search/index.js`` names the first word of each shard, so that looking a word (or the beginning
of one) up costs one or two small files whatever the size of the site. A word's entry holds the
numbers of the documents it is in, as differences, those with it in the title first. Documents are
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
from itertools import chain
from operator import sub
from typing import Any, NamedTuple

from itsm_gitops.model.text import without_accents

VERSION = 2
CHUNK = 128
SHARD_BYTES = 48_000
MOST_WORDS = 600
_LONGEST = 32
_WORD = re.compile(r"[^\W_]+")
_CJK = re.compile(
    "[\u1100-\u11ff\u2e80-\u2fdf\u3005\u3007\u3021-\u3029\u3041-\u30ff\u3130-\u318f\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\U00020000-\U0003ffff]+"
)
_FOLDED = str.maketrans(
    {"æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "ß": "ss", "ς": "σ"}
)
_MOST_SPELLINGS = 20_000
_LEAST_SPELT = 4
_TAGS = re.compile(r"<[^>]+>")
# What each character of ASCII is in a word: most texts have no others, and this is faster than a pattern.
_ASCII_IN_WORDS = "".join(c.lower() if c.isalnum() else " " for c in map(chr, range(128)))


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

    ``synonyms`` are groups of phrases, each as its words; ``actions`` the addresses and titles of pages to go to.
    """

    groups: Sequence[tuple[str, int]] = ()
    open: Sequence[int] = ()
    synonyms: Sequence[Sequence[Sequence[str]]] = ()
    actions: Sequence[tuple[str, str]] = ()


def fold(text: str) -> str:
    """Return a text in lower case, without accents, ligatures and letters that keyboards lack."""
    return without_accents(text).lower().translate(_FOLDED)


def in_order(text: str) -> list[str]:
    """Return the words of a text in their order, as they are indexed."""
    found = []
    for run in _WORD.findall(fold(text)):
        last = 0
        for match in _CJK.finditer(run):
            found += [run[last : match.start()]] if match.start() > last else []
            found += [match[0][n : n + 2] for n in range(len(match[0]))]
            last = match.end()
        found += [run[last:]] if last < len(run) else []
    return [word[:_LONGEST] for word in found]


def tokens(text: str) -> set[str]:
    """Return the words of a text as they are indexed: lower case, without accents, at most 32 long."""
    if text.isascii():
        words = set(text.translate(_ASCII_IN_WORDS).split())
    else:
        folded = fold(text)
        words = set(in_order(text) if _CJK.search(folded) else _WORD.findall(folded))
    if words and len(max(words, key=len)) > _LONGEST:
        return {w[:_LONGEST] for w in words}
    return words


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

    The numbers are written as differences, with commas between.
    """

    word: str
    titles: str
    bodies: str


def entries(titles: Postings, bodies: Postings) -> Iterator[IndexWord]:
    """Yield the words of an index, sorted."""
    for word in sorted(titles.keys() | bodies.keys()):
        yield IndexWord(word, _text(titles.get(word, ())), _text(bodies.get(word, ())))


def files(
    docs: Sequence[Doc], words: Iterable[IndexWord], about: About | None = None
) -> Iterator[tuple[str, bytes]]:
    """Yield the files of an index (name and content) over documents and the words they have, sorted."""
    about = about or About()
    firsts = []
    for number, (first, content) in enumerate(_shards(words)):
        firsts.append(first)
        yield script(words_file(number), f"words-{number}", content)
    for start in range(0, len(docs), CHUNK):
        rows = [list(d if d.snippet else d[:-1]) for d in docs[start : start + CHUNK]]
        yield _file(f"docs-{start // CHUNK}", rows)
    header = {
        "version": VERSION,
        "docs": len(docs),
        "chunk": CHUNK,
        "shards": firsts,
        "groups": list(map(list, about.groups)),
        "open": differences(about.open),
        "synonyms": about.synonyms,
        "actions": list(map(list, about.actions)),
    }
    bounded = next((first for name, first in about.groups if name == RECORD), len(docs))
    yield _file("spelling", spelling(docs[:bounded], about))
    yield _file("index", header)


RECORD = "record"


def spelling(docs: Iterable[Doc], about: About) -> list[str]:
    """Return the words that a mistyped one may have been meant to be: of titles, of texts about items, of synonyms."""
    known = {word for group in about.synonyms for phrase in group for word in phrase}
    for doc in docs:
        known |= tokens(f"{doc.title} {doc.snippet}")
    return sorted(w for w in known if len(w) >= _LEAST_SPELT and not w.isdigit())[:_MOST_SPELLINGS]


def _shards(words: Iterable[IndexWord]) -> Iterator[tuple[str, str]]:
    """Yield the first word and the content of each shard, as JSON: words need no quoting."""
    shard: list[str] = []
    first, size = "", 0
    for word, titles, bodies in words:
        first = first or word
        shard.append(f'"{word}":[[{titles}],[{bodies}]]')
        size += len(word) + 8 + 3 * (_count(titles) + _count(bodies))
        if size >= SHARD_BYTES:
            yield first, f"{{{','.join(shard)}}}"
            shard, first, size = [], "", 0
    if shard:
        yield first, f"{{{','.join(shard)}}}"


def read_words(shard: bytes) -> Iterator[IndexWord]:
    """Yield the words of a shard as it was written."""
    text = shard.decode()
    for item in text[text.index("{") + 2 : text.rindex("}") - 2].split(']],"'):
        word, _, lists = item.partition('":[[')
        titles, _, bodies = lists.partition("],[")
        yield IndexWord(word, titles, bodies)


def words_file(number: int) -> str:
    """Return the name of a shard."""
    return f"search/words-{number}.js"


def _count(numbers: str) -> int:
    return numbers.count(",") + 1 if numbers else 0


def _text(numbers: Sequence[int]) -> str:
    return repr(differences(numbers))[1:-1].replace(" ", "")


def differences(numbers: Sequence[int]) -> list[int]:
    """Return the first number and how much greater each other one is than that before it."""
    return list(map(sub, numbers, chain((0,), numbers)))


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
