"""Identifiers and handles made of names, so that two different names never get the same one.

Names are compared whole. Only case and blanks never tell two people or teams apart; in names of other
items case does, too. Which name an identifier was made of stands in the register of names
(`imports/identifiers.tsv`), because the identifier and the title of an item may have lost a part of it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from itsm_gitops.exchange.fitting import caseless, whole
from itsm_gitops.exchange.provenance import NameRegister
from itsm_gitops.model import ids
from itsm_gitops.model.entry import Entry, summarise
from itsm_gitops.model.meaning import PERSON, TEAM
from itsm_gitops.snapshots import Store

# Alphabets in which a transliterated name still tells people apart. In others (Han, where many characters
# sound alike, or Arabic, which leaves out vowels) it does not, so that a name always gets its fingerprint.
_ALPHABETS = ("LATIN", "GREEK", "CYRILLIC", "ARMENIAN", "GEORGIAN")


class SourceName(NamedTuple):
    """A name as it is compared: the class of the item it names (empty for people and teams), and its text."""

    cls: str
    text: str


class Identifiers:
    """Gives one identifier to each name of a table, and the same one each time.

    ``slug`` of the name where no other name has it, in the table, the repository or the register; else with
    the fingerprint of the name behind it. ``people`` has handles for names, which are taken as they are.
    ``create`` are the items that the mapping makes. ``own_export`` says that a text which is an identifier
    means that document, because the table was exported from here.
    """

    def __init__(
        self,
        store: Store,
        people: Mapping[str, str],
        register: NameRegister,
        create: Iterable[Mapping[str, Any]] = (),
        *,
        own_export: bool = False,
    ) -> None:
        self._store = store
        self._register = register
        self._own_export = own_export
        # People and teams are named by handles that share one space.
        self.handles = frozenset((*store.book.playing(PERSON), *store.book.playing(TEAM)))
        self._people = {caseless(name): handle for name, handle in people.items()}
        self._created = {str(raw["id"]): _planned(store, raw) for raw in create}
        self._owners: dict[str, SourceName] = {}
        self._given: dict[SourceName, str] = {}
        self._spellings: dict[SourceName, str] = {}
        self._sure: dict[tuple[str, str], str] = {}  # texts that need no remark, as they stand in cells
        self._handle_owners = {handle: SourceName("", name) for name, handle in self._people.items()}

    def person(self, text: str) -> str:
        """Return the handle that the look-up table of people has for a name; empty for none."""
        if text in self._handle_owners:
            return text
        return self._people.get(caseless(text), "")

    def of(self, text: str, cls: str = "") -> tuple[str, str]:
        """Return the identifier for a name, and what a reader should know about it (empty for nothing).

        ``cls`` is the class of the item that is named; empty for any, or for a handle.
        """
        plain = self._sure.get((text, cls))
        if plain is not None:
            return plain, ""
        name = self._name(text, cls)
        if name not in self._given:
            self._spellings[name] = self._register.spelling(*name) or whole(text)
            identifier, remark = self._choose(text, name, cls)
            self._given[name] = identifier
            self._owners.setdefault(identifier, name)
            if remark:
                return identifier, remark
        spelling = self._spellings[name]
        if spelling == whole(text):
            self._sure[text, cls] = self._given[name]
            return self._given[name], ""
        return self._given[name], f"taken for '{spelling}', which differs in case or blanks only"

    def _name(self, text: str, cls: str) -> SourceName:
        if not cls or cls in self.handles:
            return SourceName("", caseless(text))
        return SourceName(cls, whole(text))

    def _choose(self, text: str, name: SourceName, cls: str) -> tuple[str, str]:
        plain = ids.slug(text)
        if not _tells_apart(text) or len(plain) == ids.ITEM_ID_MAX:
            plain = _marked(plain, name.text)
        before = self._register.identifier(*name)
        before = before if self._fits(before, cls) else ""
        before = before or self._stated(text, plain, cls)
        if before:
            return before, ""
        marked = _marked(plain, name.text)
        if self._resembles(plain, text, cls):
            return plain, ""
        if self._made_before(marked, cls):
            return marked, ""
        other, attempt = self._owner(plain), 0
        if not other:
            self._note(plain, name)
            return plain, ""
        while self._owner(marked):
            attempt += 1
            marked = _marked(plain, f"{name.text}\0{attempt}")
        self._note(marked, name)
        return marked, f"'{other}' has the plain identifier already; this one is {marked}"

    def _note(self, identifier: str, name: SourceName) -> None:
        self._register.put(identifier, name.cls, self._spellings[name])

    def _fits(self, identifier: str, cls: str) -> bool:
        """Whether an identifier is free, or of an item that ``cls`` can mean."""
        entry = self._entry(identifier)
        return entry is None or cls in ("", entry.kind)

    def _made_before(self, marked: str, cls: str) -> bool:
        """Whether an identifier with the fingerprint of a name is that of an item of an earlier import."""
        if marked in self._owners or self._register.owner(marked):
            return False
        return self._item(marked, cls) is not None

    def _owner(self, identifier: str) -> str:
        """Return the name that an identifier stands for already; empty where it is free."""
        owner = self._owners.get(identifier) or self._handle_owners.get(identifier)
        if owner:
            return self._spellings.get(owner, owner.text)
        entry = self._entry(identifier)
        return self._register.owner(identifier) or ((entry.title or identifier) if entry else "")

    def _stated(self, text: str, plain: str, cls: str) -> str:
        """Return the item that says itself that this is its name: its title, an alias, or its identifier.

        The identifier of an item that an import made is no name of it: the register has that.
        """
        named = whole(text)
        for identifier in (self._store.aliases.get(text, ""), plain):
            entry = self._item(identifier, cls)
            if entry and named in (whole(entry.title), *map(whole, entry.aliases)):
                return entry.id
        own = self._item(text, cls)
        return own.id if own and (self._own_export or not self._register.owner(text)) else ""

    def _resembles(self, identifier: str, text: str, cls: str) -> bool:
        """Whether a name is that of an item written by hand, but for case, or its identifier in words."""
        entry = self._item(identifier, cls)
        if entry is None or identifier in self._owners or self._register.owner(identifier):
            return False
        named = caseless(text)
        names = [caseless(n) for n in (entry.title, *entry.aliases)]
        if named in names or named == entry.id:
            return True
        # An identifier that was made of one of these names says no more than that name does.
        made_of = any(ids.slug(n) == entry.id for n in names if n)
        return not made_of and named.replace(" ", "-") == entry.id

    def _item(self, identifier: str, cls: str) -> Entry | None:
        entry = self._entry(identifier)
        if entry is None or self._store.book.kinds[entry.kind].is_record or cls not in ("", entry.kind):
            return None
        return entry

    def _entry(self, identifier: str) -> Entry | None:
        return self._store.entries.get(identifier) or self._created.get(identifier)


def _planned(store: Store, raw: Mapping[str, Any]) -> Entry:
    kind = store.book.kind(str(raw["class"]))
    return summarise(kind, store.book.path_for(kind, str(raw["id"])), raw)


def _tells_apart(text: str) -> bool:
    if text.isascii():
        return any(c.isalnum() for c in text)
    letters = [c for c in unicodedata.normalize("NFKD", text) if unicodedata.category(c)[0] == "L"]
    return bool(letters) and all(unicodedata.name(c, "").startswith(_ALPHABETS) for c in letters)


def _marked(identifier: str, name: str) -> str:
    mark = ids.fingerprint(name)
    return f"{identifier[: ids.ITEM_ID_MAX - len(mark) - 1].rstrip('-')}-{mark}"
