"""Reading what happened between two snapshots: the merge base, the changed files, documents in pairs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from itsm_gitops import documents
from itsm_gitops.git.mainline import is_ancestor
from itsm_gitops.model.archive import is_list
from itsm_gitops.model.errors import RuleBookError
from itsm_gitops.model.migrations import FOLDER as MIGRATIONS
from itsm_gitops.model.rulebook import RuleBook
from itsm_gitops.repository import INDEX, Repository
from itsm_gitops.repository.history import changed_files, deletions
from itsm_gitops.rules.context import ChangeContext, Data, NetworkContext, Pair
from itsm_gitops.rules.identity import stem
from itsm_gitops.snapshots import Config, Snapshot, read_config, read_rulebook
from itsm_gitops.snapshots.archived import read_archived
from itsm_gitops.snapshots.migrated import MigrationFault, TakenMigrations, reading

_ROOTS = ("records/", "cmdb/")


@dataclass(frozen=True)
class Range:
    """From ``commit`` (the merge base) to head. ``book`` and ``config`` are those of the merge base.

    Where head brings migrations, ``snapshot`` and ``book`` are read through them; ``disbelieved`` says why they
    are not.
    """

    repo: Repository
    commit: str
    snapshot: Snapshot
    head: Snapshot
    book: RuleBook
    config: Config
    status: Mapping[str, str]
    disbelieved: tuple[MigrationFault, ...] = ()

    @property
    def changed(self) -> frozenset[str]:
        """Every path that was added, removed or modified."""
        return frozenset(self.status)

    def context(self, head: NetworkContext) -> ChangeContext:
        """Put the documents of both sides together."""
        pairs = list(_pairs(self, head))
        added = {p.path: p.head for p in pairs if p.base is None and p.head is not None}
        lists = any(map(is_list, self.status))
        return ChangeContext(
            base_book=self.book,
            head=head,
            pairs=pairs,
            changed=self.changed,
            removed=frozenset(p for p, s in self.status.items() if s == "D"),
            reused=_reused(self.repo, self.commit, added) if added else {},
            archived=read_archived(self.snapshot)[0] if lists else None,
            foreign=_foreign(self.repo, self.commit, head) if lists else frozenset(),
            disbelieved=self.disbelieved,
        )


def read_range(repo: Repository, base: str, at: str | None) -> Range:
    """Find the merge base and what changed since; raises GitError where history is missing."""
    git = repo.history
    commit = git.merge_base(base, "HEAD" if at in (None, INDEX) else str(at))
    snapshot = repo.snapshot(commit)
    status = {f.path: f.status for f in changed_files(repo, commit, at)}
    book, config = read_rulebook(snapshot), read_config(snapshot)
    head = repo.snapshot(at)
    taken = _reading(book, head) if any(p.startswith(MIGRATIONS) for p in status) else TakenMigrations()
    if taken.steps:
        snapshot = taken.of(snapshot)
        book = read_rulebook(snapshot)
    return Range(repo, commit, snapshot, head, book, config, status, taken.faults)


def _reading(book: RuleBook, head: Snapshot) -> TakenMigrations:
    """Return base read through head's migrations; unchanged where head's rule book is unusable (another finding)."""
    try:
        return reading(book, head, read_rulebook(head))
    except RuleBookError:
        return TakenMigrations()


def _pairs(span: Range, head: NetworkContext) -> Iterable[Pair]:
    """Yield the changed documents by path; a moved one is one pair."""
    paths = [p for p in sorted(span.status) if p.startswith(_ROOTS) and p.endswith(".yaml")]
    old = _documents(span.snapshot, [p for p in paths if span.status[p] != "A"])
    new = _documents(span.head, [p for p in paths if span.status[p] != "D"])
    before = {stem(p): p for p in old}
    after = {stem(p): p for p in new}
    for identifier in sorted({*before, *after}):
        was, now = before.get(identifier, ""), after.get(identifier, "")
        kind = span.book.kind_at(was) if was else None
        kind = kind or (head.book.kind_at(now) if now else None)
        if now == "" and identifier in head.entries:
            continue  # a second file of the same name went; the document is still there
        if kind is not None:
            base = old.get(was)
            yield Pair(
                identifier, now or was, kind, base, _accepted(new.get(now), base or {}, head.refused.get(now))
            )


def _accepted(data: Data | None, base: Data, refused: frozenset[str] | None) -> Data | None:
    """Hide what head's schema refuses behind the value of base: it has findings of its own."""
    if data is None or not refused:
        return data
    kept = {k: base.get(k) if k in refused else v for k, v in data.items()}
    return {k: v for k, v in kept.items() if k not in refused or k in base}


def _documents(snapshot: Snapshot, paths: list[str]) -> dict[str, dict[str, Any]]:
    loaded = ((path, documents.load(raw).data) for path, raw in snapshot.read_many(paths))
    return {path: data for path, data in loaded if isinstance(data, dict)}


def _reused(repo: Repository, commit: str, added: Mapping[str, Data]) -> dict[str, str]:
    """Return the added paths that were deleted before ``commit``, with the deleting commit.

    A document that comes back as it was (same opening, same name) is a restoration, not a reuse.
    A shallow clone does not know; there nothing is returned.
    """
    if repo.history.shallow:
        return {}
    former = deletions(repo, commit, added)
    return {p: d.commit for p, d in former.items() if not _same(documents.load(d.content).data, added[p])}


def _foreign(repo: Repository, commit: str, head: NetworkContext) -> frozenset[str]:
    """Return the commits in head's lists of archived records that are not in the history of ``commit``.

    A shallow clone does not know; there nothing is returned.
    """
    if repo.history.shallow:
        return frozenset()
    named = {record.commit for record in head.store.archived.values()}
    return frozenset(c for c in named if not is_ancestor(repo.history, c, commit))


def _same(former: Any, data: Data) -> bool:
    if not isinstance(former, dict):
        return False
    timeline, old = data.get("timeline"), former.get("timeline")
    if isinstance(timeline, list) and isinstance(old, list):
        return timeline[:1] == old[:1]
    return former.get("name") == data.get("name") and former.get("class") == data.get("class")
