"""The words of a site in its language: one catalogue for each, keyed by the English words.

Whatever a page says that is not from a record goes through `t` (text), `counted` (a text about a number) or `told`
(text with finished HTML in it). The catalogues (``catalogues/LANGUAGE.json``) hold words of the pages, of the scripts,
and of the rule book that the tool brings. What a catalogue does not know, such as the title of a field that a
repository made up, is shown as it was written. A build speaks one language from its beginning to its end (`spoken`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from html import escape
from pathlib import Path
from typing import NewType

from itsm_gitops.model.errors import ItsmError

Html = NewType("Html", str)
ENGLISH = "en"
GERMAN = "de"  # its nouns begin with a capital letter within a sentence, too
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
    """Return a text in the site's language; ``{name}`` in it stands for one of ``values``."""
    found = _current.words.get(text, text)
    return found.format(**values) if values else found


def within(words: str) -> str:
    """Return words of the site's language as they stand within a sentence: small, but in German, whose nouns are not.

    A short form (CAB) stays one.
    """
    keeps = _current.name == GERMAN or not words[1:2].islower()
    return words if keeps else words[:1].lower() + words[1:]


def told(text: str, **values: Html) -> Html:
    """Return a text in the site's language with finished HTML at the places that ``{name}`` marks."""
    return Html(escape(_current.words.get(text, text), quote=False).format(**values))


def counted(number: int, one: str, several: str, **values: object) -> str:
    """Return the text about one thing or that about several; ``{count}`` in it is the number as people write it."""
    alone = number == 1 or (number == 0 and _current.name == "fr")
    return t(one if alone else several, count=digits(number), **values)


# Between thousands, and before what is less than one.
_SEPARATORS = {"de": (".", ","), "fr": ("\u202f", ",")}


def digits(number: float) -> str:
    """Return a number as readers of the site's language write it."""
    return numeral(f"{number:,}")


def numeral(text: str) -> str:
    """Return a number that is written as in English as readers of the site's language write it."""
    thousands, part = _SEPARATORS.get(_current.name, (",", "."))
    return text.translate({ord(","): thousands, ord("."): part})
