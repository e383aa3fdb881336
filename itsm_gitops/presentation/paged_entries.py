"""The documents of a site that have a page: by kind, by role, those that are open; the addresses of page and data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

from itsm_gitops.model import facts
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.kinds import Kind
from itsm_gitops.model.rulebook import RuleBook
from itsm_gitops.presentation import finished, urls
from itsm_gitops.presentation.traits import Traits, traits_of


class PagedEntries:
    """The entries of one snapshot, and how the site lists and addresses them."""

    def __init__(self, book: RuleBook, entries: Mapping[str, Entry]) -> None:
        """Take the rule book in the language of the site, and every entry that is shown, by identifier."""
        self.book = book
        self.entries = entries
        self._urls: dict[str, str] = {}
        self._traits: dict[str, Traits | None] = {}

    def kind(self, entry: Entry) -> Kind:
        """Return the kind of an entry."""
        return self._kinds[entry.kind]

    @cached_property
    def _kinds(self) -> Mapping[str, Kind]:
        return {**self.book.kinds}  # a plain mapping: it is asked several times for every link

    def of_kind(self, name: str) -> list[Entry]:
        """Return the entries of one kind that have a page, by identifier."""
        return self._by_kind.get(name, [])

    def of_role(self, role: str) -> list[Entry]:
        """Return the entries with a page whose kind plays a role, by identifier."""
        some = [self.of_kind(name) for name in self.book.playing(role)]
        return some[0] if len(some) == 1 else sorted((e for s in some for e in s), key=lambda e: e.id)

    def open_of_kind(self, name: str) -> list[Entry]:
        """Return the records of one kind with a page whose life cycle has not ended, by identifier."""
        return self._open_by_kind.get(name, [])

    def work_of_kind(self, name: str) -> list[Entry]:
        """Return the records of one kind with a page that are open work: what is published for readers is not."""
        return [e for e in self.open_of_kind(name) if facts.is_work(self.book, e)]

    def kind_of(self, identifier: str) -> Kind | None:
        """Return the kind of a document, None where it does not exist."""
        entry = self.entries.get(identifier)
        return self.kind(entry) if entry else None

    def open_of_role(self, role: str) -> list[Entry]:
        """Return the records of the kinds that play a role, as `open_of_kind` does."""
        some = [self.open_of_kind(name) for name in self.book.playing(role)]
        return some[0] if len(some) == 1 else sorted((e for s in some for e in s), key=lambda e: e.id)

    @cached_property
    def _open_by_kind(self) -> dict[str, list[Entry]]:
        kinds = {name: some for name, some in self._by_kind.items() if self._kinds[name].is_record}
        return {name: [e for e in some if self.is_open(e)] for name, some in kinds.items()}

    @cached_property
    def _by_kind(self) -> dict[str, list[Entry]]:
        found: dict[str, list[Entry]] = {}
        for entry in self.paged:
            found.setdefault(entry.kind, []).append(entry)
        return found

    def is_open(self, entry: Entry) -> bool:
        """Whether the life cycle of a record has not ended; open work is what ``work_of_kind`` returns."""
        return entry.state in self._open_states[entry.kind]

    @cached_property
    def _open_states(self) -> Mapping[str, frozenset[str]]:
        flows = {name: kind.workflow for name, kind in self._kinds.items()}
        return {n: frozenset(filter(f.is_open, f.states) if f else ()) for n, f in flows.items()}

    def url(self, identifier: str) -> str:
        """Return the page of a document; '' when there is none."""
        known = self._urls.get(identifier)
        if known is None:
            entry = self.entries.get(identifier)
            known = self._urls[identifier] = urls.page(self.kind(entry), identifier) if entry else ""
        return known

    @cached_property
    def finished(self) -> dict[str, Sequence[str]]:
        """The records with a page that are finished, by the name of the JSON file that has them."""
        kinds = [kind.name for kind in self._kinds.values() if kind.is_record]
        return finished.shards(e.id for name in kinds for e in self.of_kind(name) if not self.is_open(e))

    @cached_property
    def paged(self) -> Sequence[Entry]:
        """The entries that have a page."""
        return [e for e in self.entries.values() if self.url(e.id)]

    def data_url(self, entry: Entry) -> str:
        """Return the JSON file of a document; finished records have one together."""
        if not self.kind(entry).is_record:
            return urls.api_item(entry.id)
        if self.is_open(entry):
            return urls.api_record(entry.id)
        return urls.api_finished(finished.shard_of(self.finished, entry.id))

    def traits(self, identifier: str) -> Traits | None:
        """Return what tells the place of a document among others; None where it does not exist."""
        if identifier not in self._traits:
            entry = self.entries.get(identifier)
            self._traits[identifier] = traits_of(self.book, entry) if entry else None
        return self._traits[identifier]

    def title(self, identifier: str) -> str:
        """Return the title of a document, or its identifier when it has none or does not exist."""
        entry = self.entries.get(identifier)
        return entry.title or identifier if entry else identifier
