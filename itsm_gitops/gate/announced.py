"""Since when the repository shows that a change was asked for: the timeline is typed, the commits are not.

The lead time lowers a risk, so it counts from the commit that first had what is asked for now: the entry of the
timeline that asks for authorisation, a window that begins no later, and all items that are named. Entries that were
moved back, or dated back from the beginning, gain nothing.

The time of a commit is written by whoever commits. It counts as no earlier than the times of the commits that it
builds upon, so it cannot be moved back beyond what the target branch had then. Commits that reviewers have seen
count beside those of the request: a squash or a rebase makes new ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from itsm_gitops.git.changeset import exists
from itsm_gitops.model import clock
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.errors import GitError, ItsmError
from itsm_gitops.model.facts import affected_places
from itsm_gitops.model.rulebook import RuleBook
from itsm_gitops.repository import Repository
from itsm_gitops.repository.former_words import FormerWords
from itsm_gitops.repository.history import log, mapping_of

_VERSIONS = 200  # of one record in one request; the oldest of more is late enough
_FIELDS = ("%H", "%ct")

Data = Mapping[str, Any]
_Announces = Callable[[Data | None], bool]


class _Version(NamedTuple):
    commit: str
    at: datetime
    data: Data | None


class Announcements:
    """Says since when changes were announced, by the commits of one request and those that reviewers have seen of it.

    ``base``, ``head`` and ``seen`` are full hashes.
    """

    def __init__(
        self, repo: Repository, book: RuleBook, base: str, head: str, seen: Iterable[str] = ()
    ) -> None:
        self._git = repo.history
        self._book = book
        self._base = base
        self._target = repo.snapshot(base)
        self._heads = list(dict.fromkeys([head, *seen]))
        self._former = FormerWords(self._git, book, base, head)

    def __call__(self, entry: Entry, data: Data, typed: datetime, state: str) -> datetime:
        """Return since when the repository shows that a change is asked for as it is; never before ``typed``.

        ``typed`` is when it entered ``state`` by its own timeline.
        """
        kind = self._book.kinds[entry.kind]
        named, times = affected_places(kind, data).keys(), _entries(data, state)
        start = clock.parse_time(str(data.get("planned_start", "")))

        def announces(version: Data | None) -> bool:
            if version is None or _entries(version, state) < times:
                return False
            was = clock.parse_time(str(version.get("planned_start", "")))
            known = affected_places(kind, version).keys() >= named
            return known and was is not None and (start is None or was <= start)

        proofs = [p for head in self._heads if (p := self._proof(head, entry.path, typed, announces))]
        return max(typed, min(proofs)) if proofs else typed

    def _proof(self, head: str, path: str, typed: datetime, announces: _Announces) -> datetime | None:
        if head is not self._heads[0] and not exists(self._git, head):
            return None
        first: _Version | None = None
        for version in self._versions(f"{self._base}..{head}", path):
            if not announces(version.data):
                break
            first = version
        else:
            if announces(self._before(path)):
                return self._on_target(path, typed, announces)
        return self._not_before(first) if first else None

    def _before(self, path: str) -> Data | None:
        try:
            return mapping_of(self._target.read(path))
        except ItsmError:
            return None

    def _on_target(self, path: str, typed: datetime, announces: _Announces) -> datetime:
        """Return the same for the target branch, of which no commits from before ``typed`` need be read."""
        first = typed
        for version in self._versions(self._base, path, f"--since={int(typed.timestamp())}"):
            if not announces(version.data):
                break
            first = version.at
        return first

    def _versions(self, commits: str, path: str, *options: str) -> Iterator[_Version]:
        """Yield the versions of a document, newest first; one without data where it was taken away or is unreadable."""
        options = (*options, "--topo-order", "--full-history", "--diff-merges=combined", f"-n{_VERSIONS}")
        for (commit, seconds), entries in log(self._git, _FIELDS, commits, [path], *options):
            for raw, _ in entries:
                parents = len(raw) - len(raw.lstrip(b":"))
                oid = raw.split(b" ")[2 * parents + 1].decode("ascii")
                at = datetime.fromtimestamp(int(seconds), UTC)
                name = commit.decode("ascii")
                yield _Version(name, at, self._former.read(path, name, self._data(oid)))

    def _data(self, oid: str) -> Data | None:
        if set(oid) == {"0"}:
            return None
        try:
            return mapping_of(next(self._git.blobs([oid])).content)
        except GitError:
            return None

    def _not_before(self, version: _Version) -> datetime:
        """Return the time of a commit, or of the latest one that it builds upon since the target branch."""
        out = self._git.run("rev-list", "--boundary", "--timestamp", version.commit, f"^{self._base}", "--")
        times = [int(line.split()[0]) for line in out.decode("ascii").splitlines()]
        return max(version.at, datetime.fromtimestamp(max(times, default=0), UTC))


def _entries(data: Data, state: str) -> int:
    """Return how many entries of a timeline name a state."""
    timeline = data.get("timeline")
    return (
        sum(isinstance(e, dict) and e.get("state") == state for e in timeline)
        if isinstance(timeline, list)
        else 0
    )
