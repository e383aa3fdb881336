"""The newest versions of all documents in one pass over the history, for the field histories of the site.

One ``git log`` says which commits changed which files; blobs are read when somebody asks for them, many
in one ``git cat-file --batch``. ``history.field_history`` gives the whole history of one document; this
module gives the newest part of it for all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from itsm_gitops.git.client import Git, decode
from itsm_gitops.model.diff import Change
from itsm_gitops.model.diff import diff as difference
from itsm_gitops.model.errors import GitError
from itsm_gitops.repository.history import VersionReader, log, mapping_of, own_changes
from itsm_gitops.repository.repository import INDEX, Repository
from itsm_gitops.snapshots.snapshot import CMDB, RECORDS

_FIELDS = ("%H", "%aI", "%an", "%ae")
_GONE = frozenset("0")


@dataclass(frozen=True, slots=True)
class Version:
    """One commit's change of a file: its blob there and in each parent.

    ``at`` is the author date (RFC 3339). Names and dates are what the commit claims, not proof.
    """

    commit: str
    at: str
    author: str
    email: str
    parents: tuple[str, ...]
    blob: str


def versions(repo: Repository, at: str | None = None, most: int = 20) -> dict[str, tuple[Version, ...]]:
    """Return the newest changes of each document up to ``at`` (default HEAD), by path, newest first.

    Files that were only ever added are not in it. Empty where there is no history: outside Git,
    before the first commit, and in a shallow clone, where the truth is cut off.
    """
    git = repo.git
    if git is None:
        return {}
    try:
        commit = git.resolve("HEAD" if at in (None, INDEX) else str(at))
        if git.shallow:
            return {}
    except GitError:
        return {}
    by_path: dict[str, list[Version]] = {}
    for path, version in _edits(git, commit):
        of_path = by_path.setdefault(path, [])
        if len(of_path) < most:
            of_path.append(version)
    return {path: tuple(some) for path, some in by_path.items()}


def _edits(git: Git, commit: str) -> Iterator[tuple[str, Version]]:
    """Yield every edit of a file that was there before, newest first."""
    options = ("--full-history", "--diff-merges=combined", "--diff-filter=MT")
    for header, entries in log(git, _FIELDS, commit, (CMDB, RECORDS), *options):
        texts = [h.decode("utf-8", "replace") for h in header]
        for raw, name in entries:
            parents = len(raw) - len(raw.lstrip(b":"))
            *before, after = [o.decode("ascii") for o in raw.split(b" ")[parents + 1 : 2 * parents + 2]]
            if not any(_GONE.issuperset(oid) for oid in (*before, after)):
                yield decode(name), Version(texts[0], texts[1], texts[2], texts[3], tuple(before), after)


def changes_of(
    git: Git, by_path: Mapping[str, Sequence[Version]], reader: VersionReader | None = None
) -> Iterator[tuple[str, Version, list[Change]]]:
    """Yield what each version of some documents changed, reading all blobs from one process.

    A merge counts for what it decided itself; a version that cannot be read as YAML counts as empty.
    """
    blobs = git.blobs(oid for some in by_path.values() for oid in _blobs(some))
    for path, some in by_path.items():
        data = {b.oid: mapping_of(b.content) for b in islice(blobs, len(_blobs(some)))}
        if reader:
            made = {v.blob: v.commit for v in reversed(some)}
            # The content before the first known version comes from its parent, or from earlier.
            first = {p: f"{v.commit}^" for v in reversed(some) for p in v.parents if p not in made}
            data.update({o: reader.read(path, c, data[o]) for o, c in {**first, **made}.items()})
        for version in some:
            yield (
                path,
                version,
                own_changes([difference(data[p], data[version.blob]) for p in version.parents]),
            )


def _blobs(some: Iterable[Version]) -> list[str]:
    """Return the blobs of some versions, each once."""
    return list(dict.fromkeys(oid for v in some for oid in (*v.parents, v.blob)))
