"""Moves finished records of old years out of the tree; their identifiers stay known (`model/archive.py`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from itsm_gitops.documents import delete_atomic, write_atomic
from itsm_gitops.model import clock, ids
from itsm_gitops.model.archive import list_of, with_records
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.errors import NotFound, Refused, UsageError
from itsm_gitops.repository import Repository
from itsm_gitops.snapshots import CommitTree, Store

_FIRST, _LAST = 2000, 2100  # the years that an identifier can state


@dataclass(frozen=True, slots=True)
class ArchivePlan:
    """What leaves the tree: the records of each year, and the commit in which they can be read from now on.

    ``unfinished`` counts the records of those years that stay, because work on them goes on or went on later.
    """

    commit: str
    years: Mapping[int, tuple[Entry, ...]]
    unfinished: int

    @property
    def count(self) -> int:
        """How many records leave."""
        return sum(map(len, self.years.values()))


def plan_archive(repo: Repository, before: int) -> ArchivePlan:
    """Return what would leave: records identified by a year before ``before``, finished before it, as committed.

    Raises UsageError for a year that is not over, Refused where a document cannot be read, and where a record
    that would leave is not in the last commit as it is here: nobody could read it any more.
    """
    if not _FIRST < before <= min(clock.now().year, _LAST):
        raise UsageError(
            f"{before} is not a year that has begun", "write a year such as 2021: 2020 and earlier leave"
        )
    commit = repo.history.resolve("HEAD")
    store = repo.store()
    store.require_complete("what can be archived")
    years: dict[int, list[Entry]] = {}
    unfinished = 0
    for entry, year in _old(store, before):
        flow = store.book.kinds[entry.kind].workflow
        last = clock.parse_time(entry.updated)
        if flow is not None and flow.is_terminal(entry.state) and last is not None and last.year < before:
            years.setdefault(year, []).append(entry)
        else:
            unfinished += 1
    plan = ArchivePlan(commit, {y: tuple(years[y]) for y in sorted(years)}, unfinished)
    for _ in _contents(repo, plan):
        pass
    return plan


def _old(store: Store, before: int) -> Iterator[tuple[Entry, int]]:
    for entry in store.entries.values():
        parsed = ids.parse_record_id(entry.id) if store.book.kinds[entry.kind].is_record else None
        if parsed and parsed[1].year < before and not store.root_of(entry.path):
            yield entry, parsed[1].year


def _contents(repo: Repository, plan: ArchivePlan) -> Iterator[tuple[Entry, bytes]]:
    """Yield each record that leaves with its bytes, having compared them with those of the commit."""
    entries = [e for some in plan.years.values() for e in some]
    here = repo.snapshot().read_many(e.path for e in entries)
    kept = CommitTree(repo.history, plan.commit).read_many(e.path for e in entries)
    for entry in entries:
        if next(here, None) != (found := next(kept, None)) or found is None or found[0] != entry.path:
            raise Refused(f"{entry.path} is not in the last commit as it is here", "commit it first")
        yield entry, found[1]


def archive(repo: Repository, plan: ArchivePlan) -> list[str]:
    """Write the lists and delete the files of a plan; return the paths of the lists. Nothing is committed.

    The lists come first: whatever stops this, no record is gone that no list names, and a second run goes on.
    """
    named = repo.store().archived
    lists = []
    for year, entries in plan.years.items():
        path = list_of(year)
        fresh = [e.id for e in entries if e.id not in named]
        if fresh:
            try:
                content: bytes | None = repo.snapshot().read(path)
            except NotFound:
                content = None
            write_atomic(repo.root / path, with_records(content, plan.commit, fresh), expected=content)
        lists.append(path)
    for entry, content in _contents(repo, plan):
        delete_atomic(repo.root / entry.path, expected=content, durable=False)
    return lists
