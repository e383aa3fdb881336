"""Reads the Git history: who changed which field when, which files a range of commits touches.

Each function runs one ``git log`` or ``git diff-tree`` and at most one ``git cat-file --batch``, however many
files and commits there are. All of them refuse in a shallow clone, whose history is incomplete.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple, Protocol

from itsm_gitops import documents
from itsm_gitops.git.client import Git, decode
from itsm_gitops.git.modes import REGULAR, FileInfo
from itsm_gitops.model import clock
from itsm_gitops.model.diff import Change, diff
from itsm_gitops.model.errors import NotFound
from itsm_gitops.model.findings import Pointer
from itsm_gitops.repository.repository import INDEX, Repository
from itsm_gitops.snapshots.snapshot import ROOTS, Snapshot, WorkingTree

_PATHS_MAX = 200  # a command line has an end
_ABSENT: dict[str, Any] = {}

# Raw output only: status, both modes and both blobs of each path, and nothing of Git that runs
# another program.
_RAW = ("--raw", "--no-abbrev", "--no-renames", "--no-ext-diff", "--no-textconv", "--relative", "-z")


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field changed by one commit.

    ``at`` is the author date (RFC 3339, with the author's offset). ``op`` is add, remove or
    change, as in model.diff. Names and dates are what the commit claims, not proof.
    """

    commit: str
    at: str
    author: str
    email: str
    subject: str
    pointer: Pointer
    op: str
    old: Any
    new: Any


@dataclass(frozen=True, slots=True)
class FileEdit:
    """One commit's change of one file on the main line.

    ``at`` is the committer date (RFC 3339): when the main line got it. ``status`` is A (added), D
    (deleted) or M (modified), ``fields`` the top-level fields that differ.
    """

    commit: str
    at: str
    author: str
    subject: str
    path: str
    status: str
    fields: tuple[str, ...]


class ChangedFile(NamedTuple):
    """One file that differs: ``status`` is A (added), D (deleted) or M (modified)."""

    status: str
    path: str


class Deletion(NamedTuple):
    """The commit that deleted a file, and the bytes the file held before."""

    commit: str
    content: bytes


class _Touch(NamedTuple):
    """One commit's effect on a file: its blob there, and in each parent (empty: no file).

    ``header`` is commit, author date, name, address and subject.
    """

    header: tuple[str, str, str, str, str]
    parents: tuple[str, ...]
    blob: str


class VersionReader(Protocol):
    """What reads a document of an older commit: in words of today, where the rule book was migrated since."""

    def read(self, path: str, commit: str, data: Any) -> Any:
        """Return the data of a document, read from what it was in a commit."""
        ...


def field_history(
    repo: Repository, path: str, at: str | None = None, reader: VersionReader | None = None
) -> list[FieldChange]:
    """Return every change of every field of one document, newest first, up to ``at`` (default HEAD).

    A merge counts for what it decided itself: values that differ from those of all its parents.
    A version that cannot be read as YAML counts as empty. ``reader`` reads older ones. Raises NotFound when no commit has the
    file, and GitError outside Git and in a shallow clone.
    """
    git = repo.history
    git.require_history("the history of a file")
    touches = _touches(git, path, git.resolve("HEAD" if at is None else at))
    if not touches:
        raise NotFound(f"no commit has {path}", "it has not been committed yet")
    oids = sorted({o for t in touches for o in (t.blob, *t.parents) if o})
    data = {b.oid: mapping_of(b.content) for b in git.blobs(oids)}
    if reader:  # the newest commit that made a version says in which words it is
        made = {t.blob: t.header[0] for t in reversed(touches) if t.blob}
        data.update({oid: reader.read(path, commit, data[oid]) for oid, commit in made.items()})
    changes: list[FieldChange] = []
    for touch in touches:
        new = data.get(touch.blob, _ABSENT)
        per_parent = [diff(data.get(p, _ABSENT), new) for p in touch.parents]
        changes.extend(FieldChange(*touch.header, *change) for change in own_changes(per_parent))
    return changes


def own_changes(per_parent: Sequence[list[Change]]) -> list[Change]:
    """Return the changes against the first parent that are changes against every other one too."""
    first, *others = per_parent
    for changes in others:
        decided = [(c.pointer, c.op, c.new) for c in changes]
        first = [c for c in first if (c.pointer, c.op, c.new) in decided]
    return first


def mapping_of(raw: bytes) -> dict[str, Any]:
    """Return a version of a document as data; an empty one where it cannot be read."""
    data = documents.load(raw).data
    return data if isinstance(data, dict) else _ABSENT


def _touches(git: Git, path: str, commit: str) -> list[_Touch]:
    fields = ("%H", "%aI", "%an", "%ae", "%s")
    touches = []
    for header, entries in log(git, fields, commit, [path], "--full-history", "--diff-merges=combined"):
        for raw, _name in entries:  # none for a merge that took one side as it was
            parents = len(raw) - len(raw.lstrip(b":"))
            oids = [o.decode("ascii") for o in raw.split(b" ")[parents + 1 : 2 * parents + 2]]
            *before, after = ["" if set(o) == {"0"} else o for o in oids]
            commit_hash, when, author, email, subject = (_text(h) for h in header)
            touches.append(_Touch((commit_hash, when, author, email, subject), tuple(before), after))
    return touches


def log(
    git: Git, fields: Sequence[str], commit: str, paths: Sequence[str], *options: str
) -> Iterator[tuple[list[bytes], list[tuple[bytes, bytes]]]]:
    """Yield each commit of a log: its header fields and its (raw entry, path) pairs.

    The parts are separated by position: a subject or a file name may hold any byte but NUL. The
    first field must be one that no text can imitate (a hash or a date): it begins a commit.
    """
    form = "--format=" + "%x00".join(fields)
    words = iter(git.run("log", *_RAW, *options, form, "--end-of-options", commit, "--", *paths).split(b"\0"))
    header: list[bytes] = []
    entries: list[tuple[bytes, bytes]] = []
    for word in words:
        mark = word.lstrip(b"\n")
        if mark.startswith(b":"):
            entries.append((mark, next(words)))
        elif mark:
            if header:
                yield header, entries
            header, entries = [mark, *islice(words, len(fields) - 1)], []
    if header:
        yield header, entries


def file_edits(
    repo: Repository,
    paths: Sequence[str],
    since: datetime,
    until: datetime,
    at: str | None = None,
    reader: VersionReader | None = None,
) -> list[FileEdit]:
    """Return the edits of documents on the main line within a time (both ends included), newest first.

    The main line are the first parents from ``at`` (default HEAD), so a merged branch counts when
    it was merged. ``reader`` reads older versions: what only got other words was not edited. Raises GitError outside
    Git and in a shallow clone.
    """
    git = repo.history
    git.require_history("who edited what")
    if not paths:
        return []
    commit = git.resolve("HEAD" if at is None else at)
    raw: list[tuple[tuple[str, str, str, str], str, str, str]] = []
    options = ("--first-parent", "--diff-merges=first-parent")
    for header, entries in log(git, ("%H", "%cI", "%an", "%s"), commit, paths, *options):
        name, when, author, subject = (_text(h) for h in header)
        moment = clock.parse_time(when)
        if moment is not None and since <= moment <= until:
            for entry_header, path in entries:
                old, new = (o.decode("ascii") for o in entry_header.split(b" ")[2:4])
                raw.append(((name, when, author, subject), decode(path), old, new))
    oids = sorted({o for _, _, old, new in raw for o in (old, new) if set(o) != {"0"}})
    data = {b.oid: mapping_of(b.content) for b in git.blobs(oids)}
    edits = []
    for header_texts, name_of, old, new in raw:
        before, after = data.get(old, _ABSENT), data.get(new, _ABSENT)
        changes = diff(before, after)
        if reader and changes and old in data and new in data:
            commit = header_texts[0]
            changes = diff(reader.read(name_of, f"{commit}^", before), reader.read(name_of, commit, after))
            if not changes:
                continue
        fields = tuple(dict.fromkeys(str(c.pointer[0]) for c in changes if c.pointer))
        status = "A" if old not in data else "D" if new not in data else "M"
        edits.append(FileEdit(*header_texts, name_of, status, fields))
    return edits


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")


def changed_files(repo: Repository, base: str, head: str | None = None) -> list[ChangedFile]:
    """Return the files below the data roots that differ between ``base`` and ``head``, by path.

    ``head`` is a revision, ``":"`` for the index or None for the working tree. ``base`` is
    compared as it is: pass ``merge_base`` where a branch is meant. Uncommitted files are compared
    by content without Git's filters, so a CRLF working tree differs from its commits.
    """
    git = repo.history
    if head is None or head == INDEX:
        return _compare(repo.snapshot(base), repo.snapshot(head))
    commits = git.resolve(base), git.resolve(head)
    out = git.run("diff-tree", "-r", *_RAW, "--end-of-options", *commits, "--", *ROOTS)
    words = out.split(b"\0")[:-1]
    files = [
        ChangedFile("M" if status == "T" else status, decode(name))
        for header, name in zip(words[::2], words[1::2], strict=True)
        for status in [header.rsplit(b" ", 1)[-1].decode("ascii")]
    ]
    return sorted((f for f in files if "/." not in f.path), key=lambda f: f.path)


def _compare(base: Snapshot, head: Snapshot) -> list[ChangedFile]:
    old = {i.path: i for i in base.files()}
    new = {i.path: i for i in head.files()}
    if isinstance(head, WorkingTree):
        algorithm = "sha256" if any(len(i.oid) == 64 for i in old.values()) else "sha1"
        both = new.keys() & old.keys()
        new.update(_hashed(head, (new[p] for p in both), algorithm))
        # A link or submodule has no hash here; what matters is that it is there, and rules say so.
        new.update((p, old[p]) for p in both if new[p].mode == old[p].mode != REGULAR)
    files = []
    for path in sorted(old.keys() | new.keys()):
        if path not in new:
            files.append(ChangedFile("D", path))
        elif path not in old:
            files.append(ChangedFile("A", path))
        elif old[path] != new[path]:
            files.append(ChangedFile("M", path))
    return files


def _hashed(tree: WorkingTree, infos: Iterable[FileInfo], algorithm: str) -> dict[str, FileInfo]:
    """Return the files with the hash that Git would give their bytes."""
    import hashlib

    paths = sorted(i.path for i in infos if i.mode == REGULAR)
    files = {}
    for path, raw in tree.read_many(paths):
        digest = hashlib.new(algorithm, b"blob %d\0" % len(raw), usedforsecurity=False)
        digest.update(raw)
        files[path] = FileInfo(path, REGULAR, digest.hexdigest())
    return files


def deletions(repo: Repository, commit: str, paths: Iterable[str]) -> dict[str, Deletion]:
    """Return which of ``paths`` were deleted in the history of ``commit``, and what they held last.

    A file that moved (the same name arrived elsewhere in the same commit) was not deleted. Raises
    GitError in a shallow clone.
    """
    git = repo.history
    git.require_history("what was deleted before")
    by_name = {os.fsencode(path): path for path in paths}
    # Few identifiers were ever used before, and the log of some paths costs a fraction of the log of all.
    some = [*by_name.values()]
    if len(some) <= _PATHS_MAX:
        ever = log(git, ("%H",), git.resolve(commit), some, "--full-history", "--diff-filter=D")
        if not any(True for _ in ever):
            return {}
    last: dict[str, tuple[str, str]] = {}
    for (header,), entries in log(git, ("%H",), git.resolve(commit), ROOTS, "--diff-filter=AD"):
        arrived = {name.rpartition(b"/")[2] for raw, name in entries if raw.endswith(b"A")}
        for raw, name in entries:
            if raw.endswith(b"D") and name in by_name and name.rpartition(b"/")[2] not in arrived:
                last.setdefault(by_name[name], (_text(header), raw.split(b" ")[2].decode("ascii")))
    blobs = git.blobs(oid for _, oid in last.values())
    return {path: Deletion(last[path][0], blob.content) for path, blob in zip(last, blobs, strict=True)}
