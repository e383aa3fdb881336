"""A snapshot with some of its files replaced by the last version of them that could be read.

Whoever judges a pull request that repairs a broken file needs to know what stood there: who owned the item, when
the freeze was. Nothing of it may come from the repair itself, which is what is being judged.
"""

from __future__ import annotations

from collections.abc import Iterable

from itsm_gitops import documents
from itsm_gitops.git.client import Git
from itsm_gitops.git.modes import REGULAR, FileInfo
from itsm_gitops.model.errors import ItsmError
from itsm_gitops.snapshots.outside import outside
from itsm_gitops.snapshots.overlay import WithContents
from itsm_gitops.snapshots.snapshot import Snapshot
from itsm_gitops.snapshots.trees import CommitTree

_LOOK_BACK = 50  # versions of one file


def readable(raw: bytes | None, path: str) -> bool:
    """Whether bytes are a document or a file of the rule book that can be used; None stands for no file."""
    if raw is None:
        return False
    load = documents.load_rule_file if path.startswith("schemas/") else None
    loaded = load(raw, is_json=path.endswith(".json")) if load else documents.load(raw)
    return not loaded.problems and isinstance(loaded.data, dict)


def last_readable(git: Git, commit: str, path: str) -> bytes | None:
    """Return the newest version of a file before ``commit`` that can be read; None where there was none."""
    listed = git.run("rev-list", f"--max-count={_LOOK_BACK}", "--end-of-options", commit, "--", path)
    for older in listed.decode("ascii").split():
        raw = outside(CommitTree(git, older), path)
        if readable(raw, path):
            return raw
    return None


class Mended(WithContents):
    """A snapshot in which some files have other content; None stands for a file that is not there."""

    def files(self, *roots: str) -> list[FileInfo]:
        """Return the files under ``roots`` (default: all data roots), sorted by path."""
        found = {i.path: i for i in self._below.files(*roots)}
        for path in self._contents.keys() & found.keys():
            if self._contents[path] is None:
                del found[path]
            else:
                found[path] = FileInfo(path, REGULAR, found[path].oid)
        return list(found.values())


def mended(git: Git, base: str, head: Snapshot, touched: Iterable[str]) -> dict[str, bytes | None]:
    """Return the files of ``base`` that a pull request repairs, each with its last version that could be read.

    Repaired is what cannot be read in ``base`` and can be read in ``head``, or is removed there.
    """
    snapshot = CommitTree(git, base)
    there = {i.path for i in snapshot.files()}
    ahead = {i.path for i in head.files()}
    found: dict[str, bytes | None] = {}
    for path in sorted(there.intersection(touched)):
        if not path.endswith((".yaml", ".json")) or readable(_bytes(snapshot, path), path):
            continue
        if path not in ahead or readable(_bytes(head, path), path):
            found[path] = last_readable(git, base, path)
    return found


def _bytes(snapshot: Snapshot, path: str) -> bytes | None:
    try:
        return snapshot.read(path)
    except ItsmError:
        return None
