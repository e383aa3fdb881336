"""What the last build into a folder made, and from what: so that the next one only makes what is other now.

A document's page is left as it is when nothing behind the keys it was made from (see ``tracing``) has
changed and its files are those that were written. What was read and what was made are kept in two files beside
the site; they count only for the same tool, rule book and settings, and only where this clone wrote them (see
``Vault``). A build that ends early leaves what it read, and nothing about pages.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from itsm_gitops.publish import output
from itsm_gitops.publish.similar import CAP, GROUPS
from itsm_gitops.publish.tracing import (
    CONFLICT,
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
    changed_keys,
    differing,
)
from itsm_gitops.publish.view import View
from itsm_gitops.repository import Git
from itsm_gitops.repository.memory import Memory, MemoryRow
from itsm_gitops.repository.snapshot import CONFIG, SCHEMAS, Snapshot
from itsm_gitops.repository.vault import Vault

_PACKAGE = Path(__file__).resolve().parent.parent
_NAME, _READ = "kept.bin", "read.bin"


class Made(NamedTuple):
    """The files of a document (or one list): what they were made from, how to tell that they are the same.

    ``id`` is the document's or the list's address, ``shape`` what a list lists.
    """

    id: str
    keys: tuple[str, ...]
    signs: tuple[bytes, ...]
    shape: str = ""


class Memo:
    """The last build and, little by little, this one."""

    def __init__(self, git: Git | None, work: Path, purpose: str, stamps: Mapping[str, bytes]) -> None:
        """Look for what is kept in ``work`` for the same ``purpose`` (see ``digest``); without Git nothing is.

        ``stamps`` are those of the snapshot's files before they are read.
        """
        self._vault = Vault(git, work / _NAME, purpose) if git else None
        # What was read lies apart: it is complete long before the pages are, and large.
        self._read = Vault(git, work / _READ, purpose) if git else None
        parts = self._vault.load() if self._vault else iter(())
        self._kept: dict[str, Any] = next(parts, {})
        self._pages: dict[str, Made] = {row[0]: Made(*row) for row in next(parts, ())}
        self.memory = Memory(stamps, self._read.load()) if self._read else None
        if not (self._read and self._kept.get("read") == self._read.signature):
            # What was read is not that which the pages were made from: what is other now cannot be told.
            self._kept, self._pages = {}, {}
        self._changed: set[str] = set()
        self._new: dict[str, Made] = {}
        self._root = ""
        # What the last build kept of its search index, and the documents that are new, other or gone since.
        self.index: Sequence[Any] = ()
        self.before: dict[str, MemoryRow] = {}
        self.after: dict[str, MemoryRow] = {}

    @property
    def active(self) -> bool:
        """Whether anything is kept here."""
        return self._vault is not None

    def begin(self, view: View, root: str, frame: str) -> None:
        """Find out what has changed; ``frame`` is the digest of what surrounds every page."""
        self._root = root
        if self.memory is None or self._vault is None or self._read is None:
            return
        clean = not (view.store.problems or view.store.broken or view.store.duplicates)
        now: dict[str, Any] = {
            "frame": frame,
            "clean": clean,
            "now": view.now.isoformat(),
            "answers": _answers(view),
        }
        last, self._kept = self._kept, now
        # Should this build end early, the files would no longer be those that are noted.
        self._vault.drop()
        before, after = self.memory.changes()
        if self.memory.has_learnt():
            self._read.keep(self.memory.plain())
        self.memory.forget()
        if not (clean and last.get("clean") and last.get("frame") == frame):
            self._pages = {}
            return
        self.index = last.get("index", ())
        self.before, self.after = before, after
        groups = {i: (r.data or {}).get("redundancy") for i, r in before.items()}
        keys = changed_keys(
            {i: r.entry for i, r in before.items()},
            {i: r.entry for i, r in after.items()},
            view.book,
            lambda i: groups.get(i) != (after[i].data or {}).get("redundancy"),
        )
        keys.update(differing(last["answers"], self._kept["answers"]))
        keys.update(key for key in self._kept["answers"] if key.startswith(CONFLICT))
        if last["now"] != self._kept["now"]:
            keys.add(NOW)
        if SIMILAR in keys and ITEMS not in keys and _are_many(view, len(before) + len(after)):
            keys.discard(SIMILAR)
        self._changed = keys

    def is_current(self, identifier: str, files: Sequence[str], shape: str = "") -> bool:
        """Whether files need not be made again; they are taken over when so."""
        page = self._pages.get(identifier)
        if page is None or page.shape != shape or not self._changed.isdisjoint(page.keys):
            return False
        if any(output.sign(self._root, url) != sign for url, sign in zip(files, page.signs, strict=True)):
            return False
        self._new[identifier] = page
        return True

    def signs(self, identifier: str) -> tuple[bytes, ...]:
        """Return the signs of the files of a document (or one list) of this build, none of what it has not made."""
        page = self._new.get(identifier)
        return page.signs if page else ()

    def note(self, pages: Iterable[Made]) -> None:
        """Take what was made in this build."""
        self._new.update((m.id, m) for m in pages)

    def keep(self) -> None:
        """Keep everything for the next build; call when the site is complete."""
        if self._vault is not None and self._read is not None and self._read.signature:
            self._kept["read"] = self._read.signature
            self._kept["index"] = tuple(self.index)
            self._vault.keep((self._kept, [tuple(m) for m in self._new.values()]))


def _are_many(view: View, spare: int) -> bool:
    """Whether so many more or fewer records make no other words rare in any group of similar records."""
    sizes = [sum(len(view.of_kind(kind)) for kind in kinds) for kinds in GROUPS]
    return all(size >= 4 * CAP + spare for size in sizes)


def _answers(view: View) -> dict[str, str]:
    """Return the answers that are not those of one document, by their keys."""
    answers: dict[str, Mapping[str, Any]] = {
        HEALTH: view.health,
        KNOWN: view.known_errors,
        PAST: view.past,
        KEPT: view.kept,
        HIT: view.hit_by,
        PROOF: view.proofs,
    }
    answers_by_key = {
        prefix + i: repr(answer) for prefix, some in answers.items() for i, answer in some.items()
    }
    # What is in the way of a change has no form that can be compared: such a change is always made again.
    answers_by_key.update((CONFLICT + i, "") for i in view.conflicts)
    if view.history:
        answers_by_key.update((EDITED + path, repr(some)) for path, some in view.history.versions.items())
    answers_by_key[HISTORY] = "yes" if view.history else "no"
    answers_by_key[TODAY] = view.today.isoformat()
    return answers_by_key


def digest(snapshot: Snapshot, settings: Sequence[str]) -> str:
    """Return the digest of what is the same for a whole build: tool, rule book, settings."""
    total = hashlib.sha256(sys.version.encode())
    for part in settings:
        total.update(f"\0{part}".encode())
    for folder, folders, names in os.walk(_PACKAGE):
        folders.sort()
        for name in sorted(names):
            if not name.endswith(".pyc"):
                status = Path(folder, name).stat()
                total.update(f"\0{folder}/{name} {status.st_size} {status.st_mtime_ns}".encode())
    paths = [i.path for i in snapshot.files(CONFIG, SCHEMAS)]
    for path, raw in snapshot.read_many(paths):
        total.update(f"\0{path}\0{len(raw)}\0".encode())
        total.update(raw)
    return total.hexdigest()
