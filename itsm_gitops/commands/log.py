"""`itsm log` and `itsm diff`: what happened to fields over commits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from itsm_gitops.editing.change import change_json
from itsm_gitops.model.diff import Change, diff
from itsm_gitops.model.errors import NotFound
from itsm_gitops.model.migrations import FOLDER
from itsm_gitops.model.rulebook import RuleBook
from itsm_gitops.model.words import fields_of

if TYPE_CHECKING:
    from itsm_gitops.repository import Repository
    from itsm_gitops.snapshots import Snapshot

ADDED, REMOVED, CHANGED, UNREADABLE = "added", "removed", "changed", "unreadable"


class Commit(NamedTuple):
    """One commit's changes to one document. ``at`` is RFC 3339 in the author's own offset."""

    commit: str
    at: str
    author: str
    subject: str
    changes: tuple[Change, ...]

    def as_json(self) -> dict[str, Any]:
        """Return the commit as JSON data."""
        changes = [change_json(c) for c in self.changes]
        return {
            "commit": self.commit,
            "at": self.at,
            "author": self.author,
            "subject": self.subject,
            "changes": changes,
        }


class History(NamedTuple):
    """The history of one document, newest first. ``uncommitted`` are changes in the working tree.

    ``unreadable`` is True where the working tree's file cannot be read, so that nobody can say
    what changed in it.
    """

    id: str
    path: str
    uncommitted: tuple[Change, ...]
    commits: tuple[Commit, ...]
    unreadable: bool = False

    def as_json(self) -> dict[str, Any]:
        """Return the history as JSON data."""
        return {
            "id": self.id,
            "path": self.path,
            "uncommitted": [change_json(c) for c in self.uncommitted],
            "commits": [c.as_json() for c in self.commits],
        }


@dataclass(frozen=True, slots=True)
class DocumentDiff:
    """What happened to one document between two snapshots."""

    id: str
    kind: str
    path: str
    title: str
    status: str
    changes: tuple[Change, ...]

    def as_json(self) -> dict[str, Any]:
        """Return the difference as JSON data."""
        return {**fields_of(self), "changes": [change_json(c) for c in self.changes]}


def history(repo: Repository, fragment: str, *, field: str | None = None, at: str | None = None) -> History:
    """Return who changed which field of a document when, newest first.

    ``field`` limits it to one top-level field. Raises NotFound for an unknown document or field
    and GitError outside Git and in a shallow clone.
    """
    from itsm_gitops.repository.former_words import former_words
    from itsm_gitops.repository.history import field_history

    path = repo.locate(fragment, at)
    kind = repo.book.kind_at(path)
    if field and kind is not None and field not in kind.fields:
        from itsm_gitops.editing.fields import schema_at

        schema_at(kind, (field,))
    pending, unreadable = ([], False) if at else _uncommitted(repo, path)
    try:
        found = field_history(repo, path, at, former_words(repo, at))
    except NotFound:
        if not pending and not unreadable:
            raise
        found = []
    commits = []
    for (commit, moment, author, subject), group in groupby(
        found, key=lambda c: (c.commit, c.at, c.author, c.subject)
    ):
        changes = _of_field((Change(c.pointer, c.op, c.old, c.new) for c in group), field)
        if changes:
            commits.append(Commit(commit, moment, author, subject, changes))
    identifier = path.rsplit("/", 1)[-1].removesuffix(".yaml")
    return History(identifier, path, _of_field(pending, field), tuple(commits), unreadable)


def _of_field(changes: Iterable[Change], field: str | None) -> tuple[Change, ...]:
    return tuple(c for c in changes if field is None or c.pointer[:1] == (field,))


def _uncommitted(repo: Repository, path: str) -> tuple[list[Change], bool]:
    """Return what changed since HEAD, and whether the file cannot be read."""
    here = repo.snapshot()
    new = _data(here, path)
    if new is None:
        _note(repo, here, path)
        return [], True
    head = repo.snapshot("HEAD") if _has_commits(repo) else None
    old = _data(head, path) if head is not None else {}
    return diff(old or {}, new), False


def _note(repo: Repository, snapshot: Snapshot, path: str) -> None:
    """Note in ``repo.gaps`` that a document cannot be read."""
    from itsm_gitops.documents import load
    from itsm_gitops.snapshots.gaps import file_gap, unread

    problems = next((load(raw).problems for _, raw in snapshot.read_many([path])), ())
    problem = problems[0] if problems else unread(snapshot, path)
    repo.gaps[path] = file_gap(repo.book, path, problem)


def _has_commits(repo: Repository) -> bool:
    from itsm_gitops.model.errors import GitError

    try:
        repo.history.resolve("HEAD")
    except GitError:
        return False
    return True


def _data(snapshot: Snapshot, path: str) -> dict[str, Any] | None:
    """Return a document; an empty one where there is none, None where it cannot be read."""
    from itsm_gitops.documents import load

    try:
        data = load(snapshot.read(path)).data
    except NotFound:
        return {}
    return data if isinstance(data, dict) else None


def compare(
    repo: Repository,
    base: str,
    head: str | None = None,
    *,
    words: Sequence[str] = (),
    from_merge_base: bool = False,
) -> list[DocumentDiff]:
    """Compare two revisions (``head`` None is the working tree), document by document.

    ``repo.gaps`` gets what cannot be read. ``words`` limits the answer to kinds or to documents (identifiers or fragments of them).
    ``from_merge_base`` compares with where ``head`` left ``base``, as a pull request does.
    """
    from itsm_gitops.repository.history import changed_files

    if from_merge_base:
        base = repo.history.merge_base(base, head or "HEAD")
    before, after = repo.snapshot(base), repo.snapshot(head)
    book = repo.book
    if any(path.startswith(FOLDER) for path in book.files):
        from itsm_gitops.snapshots.migrated import between

        before = between(before, after)
    files = [f for f in changed_files(repo, base, head) if f.path.startswith(("records/", "cmdb/"))]
    files = [f for f in files if f.path.endswith(".yaml") and _wanted(book, f.path, words)]
    old = _load(before, [f.path for f in files if f.status != "A"])
    new = _load(after, [f.path for f in files if f.status != "D"])
    found = [_document(book, f.path, old.get(f.path), new.get(f.path), f.status) for f in files]
    for document, file in zip(found, files, strict=True):
        if document.status == UNREADABLE:
            broken = file.status != "D" and not isinstance(new.get(file.path), dict)
            _note(repo, after if broken else before, file.path)
    return _moved(book, found)


def _wanted(book: RuleBook, path: str, words: Sequence[str]) -> bool:
    if not words:
        return True
    kind = book.kind_at(path)
    name = path.rsplit("/", 1)[-1].removesuffix(".yaml").lower()
    for word in (w.lower() for w in words):
        if word in name or (kind is not None and word in (kind.name, kind.plural)):
            return True
    return False


def _load(snapshot: Snapshot, paths: Sequence[str]) -> dict[str, Any]:
    from itsm_gitops.documents import load

    return {path: load(raw).data for path, raw in snapshot.read_many(paths)}


def _document(book: RuleBook, path: str, old: Any, new: Any, status: str) -> DocumentDiff:
    kind = book.kind_at(path)
    identifier = path.rsplit("/", 1)[-1].removesuffix(".yaml")
    name = kind.name if kind else ""
    shown = new if isinstance(new, dict) else old
    title = str(shown.get(kind.label, "")) if kind and isinstance(shown, dict) else ""
    said = {"A": ADDED, "D": REMOVED}.get(status, CHANGED)
    if (status != "D" and not isinstance(new, dict)) or (status != "A" and not isinstance(old, dict)):
        return DocumentDiff(identifier, name, path, title, UNREADABLE, ())
    changes = diff(old or {}, new or {}) if said == CHANGED else []
    return DocumentDiff(identifier, name, path, title, said, tuple(changes))


def _moved(book: RuleBook, found: list[DocumentDiff]) -> list[DocumentDiff]:
    """Leave out documents whose text changed and whose data did not; order by kind and identifier."""
    order = {name: i for i, name in enumerate(book.kinds)}
    real = [d for d in found if d.status != CHANGED or d.changes]
    return sorted(real, key=lambda d: (order.get(d.kind, len(order)), d.id))
