"""The field history of documents for their pages: who changed which field when."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from itsm_gitops.model import clock, facts, meaning
from itsm_gitops.model.diff import ADD, Change
from itsm_gitops.model.errors import GitError
from itsm_gitops.presentation.language import t
from itsm_gitops.presentation.markup import shorten
from itsm_gitops.repository.former_words import FormerWords
from itsm_gitops.repository.repository import INDEX
from itsm_gitops.repository.versions import Version, changes_of, versions

if TYPE_CHECKING:
    from datetime import datetime

    from itsm_gitops.git import Git
    from itsm_gitops.repository import Repository
    from itsm_gitops.repository.history import VersionReader
    from itsm_gitops.snapshots import Store

MOST = 20
_SHORT_ID = 10
_WIDTH = 160


@dataclass(frozen=True, slots=True)
class Edit:
    """One field changed by one commit; ``field`` is its dotted name.

    ``person`` is who it was, where the directory knows the address, else empty; ``author`` is the name
    in the commit. ``old`` and ``new`` are texts, empty where there was or is nothing.
    """

    commit: str
    at: str
    author: str
    person: str
    field: str
    old: str
    new: str


class FieldHistory:
    """The last edits of the documents of one snapshot; blobs are read only for the documents that are requested.

    What a page shows of it depends on ``versions[path]`` and on the addresses of people only.
    """

    def __init__(
        self,
        git: Git,
        found: Mapping[str, Sequence[Version]],
        people: Mapping[str, str] | None = None,
        reader: VersionReader | None = None,
        now: datetime | None = None,
    ) -> None:
        """Take the result of ``repository.versions``, people by the addresses of their commits, who reads old words.

        What was done after ``now`` is not told: no page knows more than the time that it says.
        """
        self._now = now
        self._reader = reader
        self._git = git
        self.versions = found
        self._people = people or {}
        self._known: dict[str, list[Edit]] = {}

    def read(self, paths: Iterable[str]) -> None:
        """Read the edits of some documents in one pass; a document that was never edited costs nothing."""
        wanted = {p: self.versions[p] for p in paths if p in self.versions and p not in self._known}
        edits: dict[str, list[Edit]] = {p: [] for p in wanted}
        try:
            for path, version, changes in changes_of(self._git, wanted, self._reader):
                edits[path] += self._edits(version, changes)
        except GitError:  # a partial clone: what is not here is not told
            edits = {p: [] for p in wanted}
        self._known.update({p: [e for e in some if self._is_past(e.at)][:MOST] for p, some in edits.items()})

    def of(self, path: str) -> Sequence[Edit]:
        """Return the last edits of a document, newest first."""
        if path not in self._known:
            self.read([path])
        return self._known.get(path, ())

    def is_ahead(self, path: str) -> bool:
        """Whether a document was edited after the moment of the build, by the clock of whoever did it."""
        return not all(self._is_past(v.at) for v in self.versions.get(path, ()))

    def _is_past(self, at: str) -> bool:
        moment = clock.parse_time(at) if self._now else None
        return self._now is None or moment is None or moment <= self._now

    def _edits(self, version: Version, changes: Iterable[Change]) -> Iterator[Edit]:
        person = self._people.get(version.email.lower(), "")
        for change in changes:
            if _told_by_timeline(change):
                continue
            field = ".".join(p for p in change.pointer if isinstance(p, str))
            short = version.commit[:_SHORT_ID]
            yield Edit(short, version.at, version.author, person, field, _text(change.old), _text(change.new))


def _told_by_timeline(change: Change) -> bool:
    """Whether a change is a new entry of the timeline, which the page shows anyway."""
    return change.op == ADD and len(change.pointer) == 2 and change.pointer[0] == "timeline"


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return t("Yes") if value else t("No")
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return shorten(" ".join(text[: 4 * _WIDTH].split()), _WIDTH)


def field_history(
    repo: Repository, store: Store, at: str | None, now: datetime | None = None
) -> FieldHistory | None:
    """Return the history of a loaded snapshot up to a moment; None where there is no Git history."""
    found = versions(repo, at, MOST)
    if not found:
        return None
    commit = repo.history.resolve("HEAD" if at in (None, INDEX) else str(at))
    former = FormerWords(repo.history, store.book, commit)
    return FieldHistory(repo.history, found, _by_address(store), former or None, now)


def _by_address(store: Store) -> dict[str, str]:
    """Return people by the addresses that their commits carry; an address that two people share is left out."""
    found: dict[str, set[str]] = {}
    for entry in facts.of_role(store.book, store.entries.values(), meaning.PERSON):
        for address in _addresses(store.data(entry.id)):
            found.setdefault(address.lower(), set()).add(entry.id)
    return {address: next(iter(people)) for address, people in found.items() if len(people) == 1}


def _addresses(person: Mapping[str, Any]) -> Iterator[str]:
    listed = person.get("commit_addresses")
    yield from (a for a in (listed if isinstance(listed, list) else ()) if isinstance(a, str))
    contacts = person.get("contacts")
    for contact in contacts if isinstance(contacts, list) else ():
        if isinstance(contact, dict) and contact.get("type") == "e-mail":
            yield str(contact.get("value"))
