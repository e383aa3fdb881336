"""The words of a site in its language: one catalogue for each, keyed by the English words.

Whatever a page says that is not from a record goes through `t` (text), `counted` (a text about a number) or `told`
(text with finished HTML in it). The catalogues (``catalogues/LANGUAGE.json``) hold words of the pages, of the scripts,
and of the rule book that the tool brings. What a catalogue does not know, such as the title of a field that a
repository made up, is shown as it was written. A build speaks one language from its beginning to its end (`spoken`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from html import escape
from pathlib import Path
from typing import NewType

from itsm_gitops.model.errors import ItsmError
from itsm_gitops.model.wording import Phrase, Writer

Html = NewType("Html", str)
ENGLISH = "en"
FRENCH = "fr"
GERMAN = "de"  # its nouns begin with a capital letter within a sentence, too
_STOP = re.compile(r"\.(?:</[a-z]+>)*\Z")
_FOLDER = Path(__file__).parent / "catalogues"


class _Current:
    """The language of the site that this process makes; processes that help are forked from it."""

    def __init__(self) -> None:
        self.name = ENGLISH
        self.words: Mapping[str, str] = {}


_current = _Current()


def languages() -> tuple[str, ...]:
    """Return the languages that there are words for."""
    return (ENGLISH, *sorted(path.stem for path in _FOLDER.glob("*.json")))


@cache
def catalogue(language: str) -> Mapping[str, str]:
    """Return the words of a language by the English ones; raises ItsmError where there are none for it."""
    if language == ENGLISH:
        return {}
    if language not in languages():
        raise ItsmError(
            f"this tool has no words for a site in '{language}'",
            f"site.language can be: {', '.join(languages())}",
        )
    found: dict[str, str] = json.loads((_FOLDER / f"{language}.json").read_text(encoding="utf-8"))
    return found


@contextmanager
def spoken(language: str) -> Iterator[None]:
    """Speak a language inside the block; raises ItsmError where there are no words for it."""
    before = _current.name
    _current.words, _current.name = catalogue(language), language
    try:
        yield
    finally:
        _current.words, _current.name = catalogue(before), before


def current() -> str:
    """Return the language of the site."""
    return _current.name


def t(text: str, **values: object) -> str:
    """Return a text or phrase in the site's language; ``{name}`` in it stands for one of ``values``."""
    if isinstance(text, Phrase):
        return text.said(WRITER)
    found = _current.words.get(text, text)
    return _filled(found, values) if values else found


def told(text: str, **values: Html) -> Html:
    """Return a text in the site's language with finished HTML at the places that ``{name}`` marks."""
    return Html(_filled(escape(_current.words.get(text, text), quote=False), values))


def _filled(text: str, values: Mapping[str, object]) -> str:
    """Return a text with its values; a full stop that follows one which ends with its own, as a short month does, is left out."""
    for name, value in values.items():
        if _STOP.search(str(value)):
            text = text.replace(f"{{{name}}}.", f"{{{name}}}")
    return text.format(**values)


def counted(number: int, one: str, several: str, **values: object) -> str:
    """Return the text about one thing or that about several; ``{count}`` in it is the number as people write it."""
    return t(one if _is_one(number) else several, count=digits(number), **values)


def _is_one(count: int) -> bool:
    return count == 1 or (count == 0 and _current.name == FRENCH)


def within(word: str) -> str:
    """Return a word in the form it has within a sentence: small, except for abbreviations and German nouns."""
    first = word.split(" ", maxsplit=1)[0]
    if _current.name == GERMAN or any(letter.isupper() for letter in first[1:]):
        return word
    return word[:1].lower() + word[1:]


# The thousands separator and the decimal mark of a language.
_SEPARATORS = {GERMAN: str.maketrans(",.", ".,"), FRENCH: str.maketrans(",.", "\u202f,")}


def written(number: str) -> str:
    """Return a number in English notation (``1,234.5``) in the notation of the site's language."""
    return number.translate(_SEPARATORS.get(_current.name, {}))


def digits(number: float) -> str:
    """Return a number as readers of the site's language write it."""
    return written(f"{number:,}")


def day_of_month(day: int) -> str:
    """Return the number of a day as the language writes it before the month."""
    return "1er" if day == 1 and _current.name == FRENCH else str(day)


WRITER = Writer(t, written, day_of_month, _is_one)
