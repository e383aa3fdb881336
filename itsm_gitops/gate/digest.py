"""What an approval is bound to, and what voided it.

The digest is taken over the raw difference since the merge base. A clean rebase, a clean merge of
the target branch and a squash leave it as it was; every edit changes it, also one of white space
or of a file's mode. Where the target branch changed a file that the request changes too, the
merged file is something that nobody has seen: the approval is void then, and that is meant. It is so before
anybody merges (``landing.py``), not only once the branch was updated.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from itsm_gitops import documents
from itsm_gitops.git.changeset import Changed, changeset, digest, exists, merge_bases
from itsm_gitops.git.client import Git
from itsm_gitops.model.diff import diff
from itsm_gitops.model.errors import GitError
from itsm_gitops.model.findings import json_pointer
from itsm_gitops.model.text import shorten

_LISTED = 3
_NOTHING = "0"

Ignore = Callable[[str], bool]


def nothing_ignored(_path: str) -> bool:
    """Leave no path out."""
    return False


class Content(NamedTuple):
    """The content of a request: its changes by path, and their digest."""

    changes: Mapping[str, Changed]
    digest: str


def content(git: Git, merge_base: str, head: str, ignores: Ignore = nothing_ignored) -> Content:
    """Return what ``head`` changes since ``merge_base`` (full hashes), without generated paths."""
    found = [c for c in changeset(git, merge_base, head) if not ignores(c.path)]
    return Content({c.path: c for c in found}, digest(found))


def changeset_digest(git: Git, merge_base: str, head: str) -> str:
    """Return the digest of a request of which nothing is generated."""
    return content(git, merge_base, head).digest


class ReviewedContent:
    """What reviewers of earlier commits saw, compared with what there is now; remembered by commit."""

    def __init__(self, git: Git, base: str, now: Content, ignores: Ignore) -> None:
        self._git = git
        self._base = base
        self._now = now
        self._ignores = ignores
        self._known: dict[str, Content | None] = {}

    def at(self, commit: str) -> Content | None:
        """Return the content of the request as it was at ``commit``; None where that is gone."""
        if commit not in self._known:
            self._known[commit] = self._read(commit)
        return self._known[commit]

    def _read(self, commit: str) -> Content | None:
        if not exists(self._git, commit):
            return None
        try:
            found = merge_bases(self._git, self._base, commit)
        except GitError:  # a history of its own: not a state of this request
            return None
        return content(self._git, found[0], commit, self._ignores) if len(found) == 1 else None

    def current(self, commit: str) -> bool:
        """Whether what was seen at ``commit`` is what there is now."""
        was = self.at(commit)
        return was is not None and was.digest == self._now.digest

    def voided_by(self, commit: str) -> str:
        """Say what differs from what was seen: the paths, and the fields of documents."""
        was = self.at(commit)
        if was is None:
            if exists(self._git, commit):
                return "that commit and the target branch meet in no single commit; what it saw cannot be compared"
            return "the commit it was given for is gone (pushed over); what it saw cannot be compared"
        old, new = was.changes, self._now.changes
        paths = sorted(p for p in old.keys() | new.keys() if old.get(p) != new.get(p))
        said = [difference(self._git, p, old.get(p), new.get(p)) for p in paths[:_LISTED]]
        more = [f"and {len(paths) - _LISTED} more paths"] if len(paths) > _LISTED else []
        return "; ".join([*said, *more])


def difference(git: Git, path: str, old: Changed | None, new: Changed | None) -> str:
    """Say how the change of one path differs between two states of a request."""
    if old is None and new is not None:
        return f"{path} was {'removed' if new.status == 'D' else 'added' if new.status == 'A' else 'edited'} since"
    if new is None or old is None:
        return f"{path} is no longer changed"
    if old.new_blob != new.new_blob:
        return f"{path}: {_content(git, path, old.new_blob, new.new_blob)}"
    if old.new_mode != new.new_mode:
        return f"{path}: mode {old.new_mode} is now {new.new_mode}"
    return f"{path}: the target branch changed it meanwhile"


def _content(git: Git, path: str, old: str, new: str) -> str:
    if set(new) == {_NOTHING}:
        return "removed since"
    if not path.endswith(".yaml") or set(old) == {_NOTHING}:
        return "edited since"
    before, after = (documents.load(b.content).data for b in git.blobs([old, new]))
    if not isinstance(before, dict) or not isinstance(after, dict):
        return "edited since"
    changes = diff(before, after)
    if not changes:
        return "only layout or comments were edited since"
    return ", ".join(_listed(_field(c.pointer, c.old, c.new) for c in changes))


def _listed(texts: Iterable[str]) -> list[str]:
    found = list(texts)
    return found if len(found) <= _LISTED else [*found[:_LISTED], f"and {len(found) - _LISTED} more fields"]


def _field(pointer: tuple[str | int, ...], old: object, new: object) -> str:
    name = json_pointer(pointer).lstrip("/").replace("/", ".")
    if old is None or new is None:
        return f"{name} {'added' if old is None else 'removed'}"
    return f"{name} was {_value(old)}, is {_value(new)}"


def _value(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return shorten(text.replace("\n", " "), 40)
