"""Identifiers and handles made of names, so that two different names never get the same one."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

from itsm_gitops.exchange.fitting import clean
from itsm_gitops.model import ids
from itsm_gitops.model.meaning import PERSON, TEAM
from itsm_gitops.repository import Store

# Alphabets in which a transliterated name still tells people apart. In others (Han, where many characters
# sound alike, or Arabic, which leaves out vowels) it does not, so that a name always gets its fingerprint.
_ALPHABETS = ("LATIN", "GREEK", "CYRILLIC", "ARMENIAN", "GEORGIAN")


def folded(text: str) -> str:
    """Return a name without the differences that never tell two people or things apart: case and blanks."""
    return " ".join(unicodedata.normalize("NFKC", clean(text)).casefold().split())


_CUT = "…"  # the end of a name that was too long for its field


class Identifiers:
    """Gives one identifier to each name of a table, and the same one each time.

    ``slug`` of the name where no other name has it, in the table or in the repository; else with the
    fingerprint of the name behind it. ``people`` has handles for names, which are taken as they are.
    """

    def __init__(self, store: Store, people: Mapping[str, str]) -> None:
        self._store = store
        # People and teams are named by handles that share one space.
        self.handles = frozenset((*store.book.playing(PERSON), *store.book.playing(TEAM)))
        self._people = {folded(name): handle for name, handle in people.items()}
        self._owners: dict[str, tuple[str, str]] = {}  # the space and name (folded) of an identifier
        self._given: dict[tuple[str, str], str] = {}

    def person(self, text: str) -> str:
        """Return the handle that the look-up table of people has for a name; empty for none."""
        return self._people.get(folded(text), "")

    def of(self, text: str, cls: str = "") -> tuple[str, str]:
        """Return the identifier for a name, and the name that has the plain identifier already, if one has.

        ``cls`` is the class of the item that is named; empty for any, or for a handle.
        """
        name = ("" if cls in self.handles else cls, folded(text))
        if name in self._given:
            return self._given[name], ""
        plain, other = ids.slug(text), ""
        if not _tells_apart(text):
            plain = _marked(plain, name[1])
        if plain not in self._owners and self._means(plain, name[1], cls):
            pass
        elif _marked(plain, name[1]) in self._store.entries:
            plain = _marked(plain, name[1])
        elif owner := self._owner(plain):
            plain, other = _marked(plain, name[1]), owner
        self._given[name] = plain
        self._owners.setdefault(plain, name)
        return plain, other

    def _owner(self, identifier: str) -> str:
        """Return the name that an identifier stands for already; empty where it is free."""
        if identifier in self._owners:
            return self._owners[identifier][1]
        entry = self._store.entries.get(identifier)
        return (entry.title or identifier) if entry else ""

    def _means(self, identifier: str, name: str, cls: str) -> bool:
        """Whether a name means the item of the repository with this identifier."""
        entry = self._store.entries.get(identifier)
        if entry is None or cls not in ("", entry.kind):
            return False
        if entry.title.endswith(_CUT) and name.startswith(folded(entry.title[:-1])):
            return True
        names = (entry.id, entry.title, *entry.aliases)
        return any(folded(n) in (name, name.replace(" ", "-")) for n in names if n)


def _tells_apart(text: str) -> bool:
    if text.isascii():
        return any(c.isalnum() for c in text)
    letters = [c for c in unicodedata.normalize("NFKD", text) if unicodedata.category(c)[0] == "L"]
    return bool(letters) and all(unicodedata.name(c, "").startswith(_ALPHABETS) for c in letters)


def _marked(identifier: str, name: str) -> str:
    mark = ids.fingerprint(name)
    return f"{identifier[: ids.ITEM_ID_MAX - len(mark) - 1].rstrip('-')}-{mark}"
