"""Who a commit's message names as authors besides the one in its header, wherever people write that.

Git's own trailers are only the last paragraph of a message. A squash by a forge or by ``git merge --squash``
puts them in the middle, a colleague writes them first, a bot adds a line behind them. So every line is read.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

# Words that begin a line about an author; what may stand before them is a bullet or a quotation.
_KEY = re.compile(
    r"[\s>*•-]*(?:(co[-_ ]?author(?:s|ed)?(?:[-_ ]?by)?|co[-_ ]?develop(?:ed|er)s?(?:[-_ ]?by)?"
    r"|(?:pair(?:ed)?|mob(?:bed)?)(?:[-_ ]?programm?ed)?[-_ ]?with)|author(?:ed)?(?:[-_ ]?by)?)\s*[:=]\s*(.*)",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"[^\s<>()\[\],;:\"']+@[^\s<>()\[\],;:\"']+")
_AROUND = " \t<>()[],;&\"'"
_AND = re.compile(r"^(?:and|und|et|y)\s+", re.IGNORECASE)
_LINE_MAX = 2000  # longer lines are no credits


class CoAuthor(NamedTuple):
    """Somebody whom a message names: name and address as written, either may be empty."""

    name: str
    address: str


def co_authors(message: str) -> tuple[CoAuthor, ...]:
    """Return everybody whom the lines of a message name as an author, in order, each address once.

    A line without an address names somebody only where it says "co-author" outright.
    """
    # A hyphen that does not break the line is a hyphen (Unicode 15, chapter 6.2).
    plain = re.sub(r"[\u2010-\u2015\u2212]", "-", unicodedata.normalize("NFKC", message))
    lines = [line[:_LINE_MAX] for line in plain.splitlines()]
    unique: dict[tuple[str, str], CoAuthor] = {}
    for number, line in enumerate(lines):
        match = _KEY.match(line)
        if match is None:
            continue
        rest = match[2]
        following = lines[number + 1] if number + 1 < len(lines) else ""
        if "@" not in rest and following[:1].isspace() and not _KEY.match(following):
            rest = f"{rest} {following.strip()}" if "@" in following else rest
        for person in _people(rest, outright=match[1] is not None):
            unique.setdefault((person.name if not person.address else "", person.address.lower()), person)
    return tuple(unique.values())


def _people(text: str, *, outright: bool) -> Iterator[CoAuthor]:
    end = 0
    for match in _ADDRESS.finditer(text):
        yield CoAuthor(_AND.sub("", text[end : match.start()].strip(_AROUND)), match[0].rstrip("."))
        end = match.end()
    name = text.strip(_AROUND)
    words = name.split()
    # A sentence about credits is none: a name alone is one word, or all of its words are capitalised.
    if not end and outright and (len(words) == 1 or (words and all(w[:1].isupper() for w in words))):
        yield CoAuthor(name, "")
