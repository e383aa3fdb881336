"""What is read once for all questions of an editor about one repository: rule book, entries, findings.

The working tree changes under an open editor: other programs write, branches are switched. What is kept here is read anew
after a save, after the editor tells of changed files, and after a while.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from itsm_gitops.language.shape import Schema, Shape
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.errors import ItsmError
from itsm_gitops.model.findings import Finding
from itsm_gitops.model.rulebook import RuleBook
from itsm_gitops.repository import Repository
from itsm_gitops.snapshots import Store
from itsm_gitops.snapshots.snapshot import CMDB, CONFIG, RECORDS, SCHEMAS

ANSWERS = "answers"
_FRESH = 2.0  # seconds for which entries are used without another look at the working tree
_FRESH_NAMES = 10.0  # the same for lists of identifiers: they are long
_FRESH_CHECK = 60.0  # the same for a check of everything


class Name(NamedTuple):
    """An identifier, its title, and what it is."""

    id: str
    title: str
    about: str


def _with_questions(schema: Schema, questions: Mapping[str, Any]) -> Schema:
    answers = {**schema["properties"][ANSWERS], "properties": questions}
    return {**schema, "properties": {**schema["properties"], ANSWERS: answers}}


class Session:
    """One repository as an editor sees it. Belongs to one thread."""

    def __init__(self, root: Path) -> None:
        self.repo = Repository.open(root)
        self._store: Store | None = None
        self._store_read = 0.0
        self._names: dict[tuple[str, ...], tuple[float, list[Name]]] = {}
        self._check: dict[str, list[Finding]] | None = None
        self._check_made = 0.0

    @property
    def root(self) -> Path:
        """The folder of the repository."""
        return self.repo.root

    @property
    def book(self) -> RuleBook:
        """The rule book of the working tree; raises RuleBookError."""
        return self.repo.book

    def path_of(self, file: Path) -> str:
        """Return the path of a file in the repository; empty for one that it does not keep."""
        try:
            path = (file.parent.resolve() / file.name).relative_to(self.root).as_posix()
        except ValueError:
            return ""
        kept = path == CONFIG or path.split("/", 1)[0] in (CMDB, RECORDS, SCHEMAS)
        return path if kept and path.endswith((".yaml", ".json")) else ""

    def forget(self, *, rules: bool = False) -> None:
        """Read entries and findings anew for the next question; with ``rules`` the rule book and the settings, too."""
        self._store = self._check = None
        self._names = {}
        if rules:
            self.repo = Repository(self.root)

    @property
    def store(self) -> Store:
        """The entries of the working tree, at most a moment old."""
        now = time.monotonic()
        if self._store is None or now - self._store_read > _FRESH:
            self._store, self._store_read = self.repo.store(), time.monotonic()
        return self._store

    def entry(self, identifier: object) -> Entry | None:
        """Return the entry of an identifier; None where there is none."""
        return self.store.entries.get(identifier) if isinstance(identifier, str) else None

    def named(self, kinds: tuple[str, ...]) -> list[Name]:
        """Return the identifiers of some kinds: items by name, then records, newest first."""
        made, found = self._names.get(kinds, (0.0, []))
        if not found or time.monotonic() - made > _FRESH_NAMES:
            entries = self.store.of_kinds(list(kinds))
            records = [e for e in entries if self.book.kinds[e.kind].is_record]
            records.sort(key=_day, reverse=True)
            items = [e for e in entries if not self.book.kinds[e.kind].is_record]
            found = [Name(e.id, e.title, self._about(e)) for e in (*items, *records)]
            self._names[kinds] = time.monotonic(), found
        return found

    def _about(self, entry: Entry) -> str:
        state = entry.state.replace("_", " ")
        title = self.book.kinds[entry.kind].title
        return f"{title}, {state}" if state else title

    def saved(self, path: str) -> bytes | None:
        """Return the bytes of a file on disk; None where it cannot be read."""
        try:
            return self.repo.snapshot().read(path)
        except ItsmError:
            return None

    def known_findings(self, path: str) -> list[Finding]:
        """Return what a check of everything says of one file as it is on disk."""
        from itsm_gitops.rules import check

        if self._check is None or time.monotonic() - self._check_made > _FRESH_CHECK:
            found: dict[str, list[Finding]] = {}
            for finding in check(self.repo).findings:
                found.setdefault(finding.path, []).append(finding)
            self._check, self._check_made = found, time.monotonic()
        return self._check.get(path, [])

    def shape_of(self, path: str, data: Mapping[str, Any] | None = None) -> Shape | None:
        """Return the schema of a file: that of its kind, or the one in ``schemas/meta``; None where there is none.

        With the ``data`` of a document that answers a form, the answers are described by its questions.
        """
        from itsm_gitops.documents import load_rule_file
        from itsm_gitops.editing.assign import questions_of
        from itsm_gitops.rules.book import meta_of

        kind = self.book.kind_at(path)
        if kind is not None:
            questions = None
            # An offering that cannot be read must not stop the editor: it goes on without the questions.
            with suppress(ItsmError):
                questions = questions_of(self.repo, data or {}) if ANSWERS in kind.fields else None
            return Shape(_with_questions(kind.schema, questions) if questions else kind.schema, kind)
        meta = meta_of(path)
        raw = self.saved(meta) if meta else None
        schema = load_rule_file(raw, is_json=True).data if raw else None
        return Shape(schema) if isinstance(schema, dict) else None


def _day(entry: Entry) -> str:
    return entry.id.partition("-")[2]
