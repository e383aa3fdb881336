"""Incremental build: the state of the last build, which decides which pages the next build makes again.

For each page it holds the keys of the data that the page depends on (see ``tracing``) and the stamps of its files. A
page is made again when the data behind one of its keys has changed, or when a file is not the one that was written.
Documents and pages lie in one file of rows (see ``index.site_rows``), of which a build writes those that
changed. They are valid for one version of the tool, the rule book and the settings. A build that ends early leaves the
documents that it read, and nothing about pages.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from itsm_gitops.graph.similar import CAP, GROUPS
from itsm_gitops.presentation import urls
from itsm_gitops.presentation.view import View
from itsm_gitops.presentation.wanted import shape_of
from itsm_gitops.publish import keys as known
from itsm_gitops.publish import output, reasons
from itsm_gitops.publish.changed_keys import changed_keys, differing
from itsm_gitops.publish.page_files import BETWEEN, STAMP, PageFiles, raw_keys
from itsm_gitops.publish.readings import DocumentChange, Readings
from itsm_gitops.repository.index.site_rows import SiteRows
from itsm_gitops.snapshots.memory import Stamping
from itsm_gitops.snapshots.package_sign import package_sign
from itsm_gitops.snapshots.snapshot import CONFIG, SCHEMAS, Snapshot


class BuildCache:
    """The cache of one site: filled by the last build when it opens, by this build when it is saved."""

    def __init__(self, rows: SiteRows | None, purpose: str, stamping: Stamping) -> None:
        """Take the rows of the last build, to be used for the same ``purpose`` (see ``digest``); None for no cache.

        ``stamping`` returns the stamps of the snapshot's files.
        """
        self._rows = rows
        self._purpose = purpose
        self._facts: dict[str, Any] = {}
        self._pages: dict[str, PageFiles] = {}
        self.readings: Readings | None = None
        if rows is not None:
            self._open(rows, stamping)
        # The names of the pages whose rows are there, and what tells this cache from another as it was read or written.
        self._last = frozenset(self._pages)
        self.signature: str = self._facts.get("signature", "")
        self._changed: frozenset[bytes] = frozenset()
        self._new: dict[str, PageFiles] = {}
        self._root = ""
        self._untouched = False
        self._why_all = reasons.FIRST
        self.why: dict[str, str] = {}  # why each page is made that could have been current
        # The search index of the last build, and the documents that are new, changed or gone since.
        self.index: Sequence[Any] = ()
        self.before: dict[str, DocumentChange] = {}
        self.after: dict[str, DocumentChange] = {}

    def _open(self, rows: SiteRows, stamping: Stamping) -> None:
        notes = rows.notes()
        if notes.get("purpose") != self._purpose:
            rows.clear()
        elif "signature" in notes:  # else the last build came to no end
            self._facts = notes
        self._pages = {row[0]: PageFiles._make(row) for row in rows.pages()}
        self.readings = Readings(rows, stamping, self._facts)

    @property
    def active(self) -> bool:
        """Whether there is a cache: without Git there is none."""
        return self._rows is not None

    def trust_output(self) -> None:
        """Believe that every file of the site is as it was written with this cache."""
        self._untouched = True

    def begin(self, view: View, root: str, frame: str) -> None:
        """Compute the keys that have changed since the last build; ``frame`` is the digest of the frame of every page."""
        self._root = root
        if self.readings is None:
            return
        clean = not (view.store.unreadable or view.store.broken or view.store.duplicates)
        last, self._facts = (
            self._facts,
            {"frame": frame, "clean": clean, "now": view.now.isoformat(), "answers": _answers(view)},
        )
        comparable = clean and last.get("clean") and last.get("frame") == frame
        if comparable:
            self.before, self.after = self.readings.changes
        # Should this build end early, the files would no longer be those that are noted.
        self.readings.keep(self._purpose)
        if not comparable:
            if last and self._pages:
                self._why_all = reasons.FRAME if last.get("frame") != frame else reasons.DOUBT
            self._pages = {}
            return
        self._why_all = ""
        self.index = last.get("index", ())
        self._changed = raw_keys(self._changed_keys(view, last))

    def _changed_keys(self, view: View, last: Mapping[str, Any]) -> set[str]:
        before, after = self.before, self.after
        groups = {i: (r.data or {}).get("redundancy") for i, r in before.items()}
        keys = changed_keys(
            {i: r.entry for i, r in before.items()},
            {i: r.entry for i, r in after.items()},
            view.book,
            lambda i: groups.get(i) != (after[i].data or {}).get("redundancy"),
        )
        keys.update(differing(last["answers"], self._facts["answers"]))
        if any(change.extras for some in (before, after) for change in some.values()):
            keys.add(known.DUES)
        moment = datetime.fromisoformat(last["now"])
        if moment != view.now:
            keys.update((known.NOW, known.BACK) if view.now < moment else (known.NOW,))
        if known.SIMILAR in keys and known.ITEMS not in keys and _are_many(view, len(before) + len(after)):
            keys.discard(known.SIMILAR)
        return keys

    def is_current(
        self, identifier: str, files: Sequence[str], shape: str = "", other: str = reasons.OTHER_ROWS
    ) -> bool:
        """Whether the files of a page (or list) are up to date; if so, this build's cache takes them over.

        ``other`` is the reason to make them where their shape is not ``shape``.
        """
        page = self._pages.get(identifier)
        why = self._why_made(page, files, shape)
        if why or page is None:
            self.why[identifier] = other if why == reasons.OTHER_ROWS else why
            return False
        self._new[identifier] = page
        return True

    def _why_made(self, page: PageFiles | None, files: Sequence[str], shape: str) -> str:
        """Return why a page is made, empty where it is current."""
        if page is None:
            return self._why_all or reasons.NEW
        if page.shape != shape or len(page.packed_signs) != len(files) * STAMP:
            return reasons.OTHER_ROWS
        if not self._changed.isdisjoint(page.packed_keys.split(BETWEEN)):
            return reasons.changed(
                key for key in page.keys if key.encode("utf-8", "surrogatepass") in self._changed
            )
        return "" if self._as_written(page, files) else reasons.SPOILT

    def _as_written(self, page: PageFiles, files: Sequence[str]) -> bool:
        return self._untouched or all(
            output.sign(self._root, url) == sign for url, sign in zip(files, page.signs, strict=True)
        )

    def untouched(self, identifier: str, files: Sequence[str]) -> bool:
        """Whether files are as the last build wrote them, be they up to date or not."""
        page = self._pages.get(identifier)
        return page is not None and len(page.signs) == len(files) and self._as_written(page, files)

    def last(self, identifier: str) -> PageFiles | None:
        """Return what the last build knew of a page (or list), where that can be compared with this build."""
        return self._pages.get(identifier)

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

    def keep(self, reports: Mapping[str, Any]) -> None:
        """Save the cache for the next build, which will ask for ``reports``; call when the site is complete."""
        if self._rows is None:
            return
        self.signature = os.urandom(16).hex()
        notes = {
            **self._facts,
            "index": self.index,
            "reports": reports,
            "purpose": self._purpose,
            "signature": self.signature,
        }
        made = [page for name, page in self._new.items() if self._pages.get(name) is not page]
        self._rows.keep_pages(self._last - self._new.keys(), made, notes)


def _are_many(view: View, spare: int) -> bool:
    """Whether ``spare`` records more or fewer leave the same words rare in every group of similar records."""
    sizes = [sum(len(view.of_role(role)) for role in roles) for roles in GROUPS]
    return all(size >= 4 * CAP + spare for size in sizes)


def _answers(view: View) -> dict[str, str]:
    """Return what tells the data that does not come from one document alone from other data, by its key."""
    answers_by_key = {
        prefix + identifier: shape_of([repr(answer)])
        for name, prefix in known.ANSWERS.items()
        for identifier, answer in getattr(view, name).items()
    }
    answers_by_key.update((known.CONFLICT + i, repr(some.plain())) for i, some in view.conflicts.items())
    if view.history:
        commits = ((path, [v.commit for v in some]) for path, some in view.history.versions.items())
        answers_by_key.update((known.EDITED + path, shape_of(some)) for path, some in commits)
    answers_by_key[known.HISTORY] = "yes" if view.history else "no"
    # Where a record's JSON lies changes when its file is split or joined with others: then that file is gone.
    answers_by_key.update((known.DATA + urls.api_finished(name), "") for name in view.finished)
    # A document of a root that one of the repository's own takes the place of is another one, be it equal.
    if hasattr(view.store.snapshot, "root_of"):
        origins = ((e.id, view.store.root_of(e.path)) for e in view.entries.values())
        answers_by_key.update((name, root) for name, root in origins if root)
    answers_by_key[known.TODAY] = view.today.isoformat()
    answers_by_key[known.MAJORS] = repr(view.majors)
    answers_by_key[known.UPDATED] = repr(view.updated)
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
