"""Incremental build: the cache of the last build, which decides which pages the next build makes again.

For each page the cache holds the keys of the data that the page depends on (see ``tracing``) and the stamps of
its files. A page is made again when the data behind one of its keys has changed, or when a file is not the one
that was written. Parsed documents and pages are cached in two signed files beside the site (see ``Vault``). A
cache is valid for one version of the tool, the rule book and the settings. A build that ends early leaves the
parsed documents, and nothing about pages.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from itsm_gitops.publish import output, reasons, urls
from itsm_gitops.publish.changed_keys import changed_keys, differing
from itsm_gitops.publish.similar import CAP, GROUPS
from itsm_gitops.publish.tracing import (
    BACK,
    CONFLICT,
    DATA,
    EDITED,
    HEALTH,
    HISTORY,
    HIT,
    ITEMS,
    KEPT,
    KNOWN,
    NOW,
    PAST,
    PROOF,
    SIMILAR,
    TODAY,
)
from itsm_gitops.publish.view import View
from itsm_gitops.repository import Git
from itsm_gitops.repository.memory import Memory, MemoryRow
from itsm_gitops.repository.package_sign import package_sign
from itsm_gitops.repository.snapshot import CONFIG, SCHEMAS, Snapshot
from itsm_gitops.repository.vault import Vault

_PAGES_FILE, _DOCUMENTS_FILE, _NEWS_FILE = "kept.bin", "read.bin", "news.bin"


class PageFiles(NamedTuple):
    """The cached files of a document's page (or of one list): the keys of their inputs, and the stamps of the files.

    ``id`` is the document's or the list's address, ``shape`` what a list lists, ``about`` what others need to know of it.
    """

    id: str
    keys: tuple[str, ...]
    signs: tuple[bytes, ...]
    shape: str = ""
    about: str = ""


class _Documents:
    """The files of the documents that were read: they are complete long before the pages are.

    One is large; of the few documents that are other than when it was written, a small one tells.
    """

    def __init__(self, git: Git, work: Path, purpose: str) -> None:
        self._all = Vault(git, work / _DOCUMENTS_FILE, purpose)
        self._git, self._work, self._purpose = git, work, purpose
        self._news: Vault | None = None

    @property
    def signature(self) -> bytes:
        """What tells these documents from others; empty where they could not be read or written."""
        return (
            self._all.signature + (self._news.signature if self._news else b"")
            if self._all.signature
            else b""
        )

    def load(self, stamps: Mapping[str, bytes]) -> Memory:
        """Return what was read the last time."""
        memory = Memory(stamps, self._all.load())
        if self._all.signature:
            self._news = self._vault_of_news()
            memory.overlay(self._news.load())
        return memory

    def _vault_of_news(self) -> Vault:
        purpose = f"{self._purpose} {self._all.signature.hex()}"
        return Vault(self._git, self._work / _NEWS_FILE, purpose)

    def keep(self, memory: Memory) -> None:
        """Save what was read this time."""
        news = memory.news()
        if self._all.signature and memory.are_few(news):
            self._news = self._vault_of_news()
            self._news.keep(memory.plain(news))
            if self._news.signature:
                return
        elif self._news:
            self._news.drop()
        self._news = None
        self._all.keep(memory.plain())


class BuildCache:
    """The cache of one site: filled by the last build when it opens, by this build when it is saved."""

    def __init__(self, git: Git | None, work: Path, purpose: str, stamps: Mapping[str, bytes]) -> None:
        """Open the cache in ``work`` for the same ``purpose`` (see ``digest``); without Git there is none.

        ``stamps`` are those of the snapshot's files before they are read.
        """
        self._vault = Vault(git, work / _PAGES_FILE, purpose) if git else None
        self._documents = _Documents(git, work, purpose) if git else None
        parts = self._vault.load() if self._vault else iter(())
        self._facts: dict[str, Any] = next(parts, {})
        self._pages: dict[str, PageFiles] = {row[0]: PageFiles(*row) for row in next(parts, ())}
        self.memory = self._documents.load(stamps) if self._documents else None
        if not (self._documents and self._facts.get("read") == self._documents.signature):
            # The cached documents are not those that the pages were made from, so no change can be computed.
            self._facts, self._pages = {}, {}
        self._changed: set[str] = set()
        self._new: dict[str, PageFiles] = {}
        self._root = ""
        self._untouched = False
        self._why_all = reasons.FIRST
        self.why: dict[str, str] = {}  # why each page is made that could have been current
        # The search index of the last build, and the documents that are new, changed or gone since.
        self.index: Sequence[Any] = ()
        self.before: dict[str, MemoryRow] = {}
        self.after: dict[str, MemoryRow] = {}

    @property
    def active(self) -> bool:
        """Whether there is a cache: without Git there is none."""
        return self._vault is not None

    @property
    def signature(self) -> str:
        """What tells this cache of pages from another, as it was read or written; empty where there is none."""
        return self._vault.signature.hex() if self._vault else ""

    def trust_output(self) -> None:
        """Believe that every file of the site is as it was written with this cache."""
        self._untouched = True

    def begin(self, view: View, root: str, frame: str) -> None:
        """Compute the keys that have changed since the last build; ``frame`` is the digest of the frame of every page."""
        self._root = root
        if self.memory is None or self._vault is None or self._documents is None:
            return
        clean = not (view.store.unreadable or view.store.broken or view.store.duplicates)
        now: dict[str, Any] = {
            "frame": frame,
            "clean": clean,
            "now": view.now.isoformat(),
            "answers": _answers(view),
        }
        last, self._facts = self._facts, now
        # Should this build end early, the files would no longer be those that are noted.
        self._vault.drop()
        before, after = self.memory.changes()
        if self.memory.has_new_rows():
            self._documents.keep(self.memory)
        self.memory.forget()
        if not (clean and last.get("clean") and last.get("frame") == frame):
            if self._pages:
                self._why_all = reasons.FRAME if last.get("frame") != frame else reasons.DOUBT
            self._pages = {}
            return
        self._why_all = ""
        self.index = last.get("index", ())
        self.before, self.after = before, after
        groups = {i: (r.data or {}).get("redundancy") for i, r in before.items()}
        keys = changed_keys(
            {i: r.entry for i, r in before.items()},
            {i: r.entry for i, r in after.items()},
            view.book,
            lambda i: groups.get(i) != (after[i].data or {}).get("redundancy"),
        )
        keys.update(differing(last["answers"], self._facts["answers"]))
        moment = datetime.fromisoformat(last["now"])
        if moment != view.now:
            keys.update((NOW, BACK) if view.now < moment else (NOW,))
        if SIMILAR in keys and ITEMS not in keys and _are_many(view, len(before) + len(after)):
            keys.discard(SIMILAR)
        self._changed = keys

    def is_current(self, identifier: str, files: Sequence[str], shape: str = "") -> bool:
        """Whether the files of a page (or list) are up to date; if so, this build's cache takes them over."""
        page = self._pages.get(identifier)
        why = self._why_made(page, files, shape)
        if why or page is None:
            self.why[identifier] = why
            return False
        self._new[identifier] = page
        return True

    def _why_made(self, page: PageFiles | None, files: Sequence[str], shape: str) -> str:
        """Return why a page is made, empty where it is current."""
        if page is None:
            return self._why_all or reasons.NEW
        if page.shape != shape or len(page.signs) != len(files):
            return reasons.OTHER_ROWS
        if not self._changed.isdisjoint(page.keys):
            return reasons.changed(self._changed.intersection(page.keys))
        return "" if self._as_written(page, files) else reasons.SPOILT

    def _as_written(self, page: PageFiles, files: Sequence[str]) -> bool:
        return self._untouched or all(
            output.sign(self._root, url) == sign for url, sign in zip(files, page.signs, strict=True)
        )

    def untouched(self, identifier: str, files: Sequence[str]) -> bool:
        """Whether files are as the last build wrote them, be they up to date or not."""
        page = self._pages.get(identifier)
        return page is not None and len(page.signs) == len(files) and self._as_written(page, files)

    def page(self, identifier: str) -> PageFiles | None:
        """Return what this build knows of a page (or list) that is up to date."""
        return self._new.get(identifier)

    def signs(self, identifier: str) -> tuple[bytes, ...]:
        """Return the stamps of the files of a page (or one list), empty where this build has none."""
        page = self._new.get(identifier)
        return page.signs if page else ()

    def note(self, pages: Iterable[PageFiles]) -> None:
        """Add pages that this build made."""
        self._new.update((m.id, m) for m in pages)

    def keep(self) -> None:
        """Save the cache for the next build; call when the site is complete."""
        if self._vault is not None and self._documents is not None and self._documents.signature:
            self._facts["read"] = self._documents.signature
            self._facts["index"] = tuple(self.index)
            self._vault.keep((self._facts, [tuple(m) for m in self._new.values()]))


def _are_many(view: View, spare: int) -> bool:
    """Whether ``spare`` records more or fewer leave the same words rare in every group of similar records."""
    sizes = [sum(len(view.of_role(role)) for role in roles) for roles in GROUPS]
    return all(size >= 4 * CAP + spare for size in sizes)


def _answers(view: View) -> dict[str, str]:
    """Return the data that does not come from one document alone, as text by its key."""
    answers: dict[str, Mapping[str, Any]] = {
        HEALTH: view.health,
        KNOWN: view.offers,
        PAST: view.past,
        KEPT: view.kept,
        HIT: view.hit_by,
        PROOF: view.proofs,
    }
    answers_by_key = {
        prefix + i: repr(answer) for prefix, some in answers.items() for i, answer in some.items()
    }
    answers_by_key.update((CONFLICT + i, repr(some.plain())) for i, some in view.conflicts.items())
    if view.history:
        answers_by_key.update((EDITED + path, repr(some)) for path, some in view.history.versions.items())
    answers_by_key[HISTORY] = "yes" if view.history else "no"
    # Where a record's JSON lies changes when its file is split or joined with others: then that file is gone.
    answers_by_key.update((DATA + urls.api_finished(name), "") for name in view.finished)
    # A document of a root that one of the repository's own takes the place of is another one, be it equal.
    if hasattr(view.store.snapshot, "root_of"):
        origins = ((e.id, view.store.root_of(e.path)) for e in view.entries.values())
        answers_by_key.update((name, root) for name, root in origins if root)
    answers_by_key[TODAY] = view.today.isoformat()
    return answers_by_key


def digest(snapshot: Snapshot, settings: Sequence[str]) -> str:
    """Return the digest of everything that is the same for all pages: tool, rule book, settings."""
    total = hashlib.sha256(package_sign().encode())
    for part in settings:
        total.update(f"\0{part}".encode())
    paths = [i.path for i in snapshot.files(CONFIG, SCHEMAS)]
    for path, raw in snapshot.read_many(paths):
        total.update(f"\0{path}\0{len(raw)}\0".encode())
        total.update(raw)
    return total.hexdigest()
