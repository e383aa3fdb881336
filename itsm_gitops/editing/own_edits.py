"""What of the working tree `itsm sync` commits: what commands of this clone wrote, as far as it may go at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from itsm_gitops.documents import load
from itsm_gitops.editing.commit_message import EditedDocument, message
from itsm_gitops.git import Git, shared_branch
from itsm_gitops.git.journal import JournalEntry, digest
from itsm_gitops.model.kinds import Kind
from itsm_gitops.model.meaning import CHANGE
from itsm_gitops.model.sharing import SHARING, needs_request
from itsm_gitops.repository import Repository

_DOCUMENTS = ("records/", "cmdb/")


class LeftFile(NamedTuple):
    """A file that is not committed, why, and what to do about it."""

    path: str
    reason: str
    hint: str


@dataclass(slots=True)
class OwnEdits:
    """The paths to commit, what the commit says, what is left, and paths that are committed already.

    ``new`` are those of the paths that no commit has yet, ``contents`` what files held and hold that were looked at.
    """

    paths: list[str] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    left: list[LeftFile] = field(default_factory=list)
    message: str = ""
    new: list[str] = field(default_factory=list)
    contents: list[bytes] = field(default_factory=list)


def own_edits(
    repo: Repository, git: Git, entries: Sequence[JournalEntry], head: str, *, main: bool, everything: bool
) -> OwnEdits:
    """Find what is to be committed on top of ``head`` (empty: of nothing).

    On the ``main`` branch the policy decides what may go; ``everything`` takes edits by hand along.
    """
    names = dict.fromkeys(f.path for e in entries if not e.shared for f in e.files)
    if everything:
        names |= dict.fromkeys(_edited(git))
    found = OwnEdits()
    committed = shared_branch.contents(git, head, list(names))
    policy = repo.book.policy(SHARING) if main and names else {}
    documents = []
    for path in sorted(names):
        before, after = committed.get(path), _content(repo, path)
        if before == after:
            found.done.append(path)
            continue
        if not everything and not _is_ours(path, entries, before, after):
            hint = "itsm sync --all commits it, too; or git commit"
            found.left.append(LeftFile(path, "was edited by hand", hint))
            continue
        kind = repo.book.kind_at(path)
        old, new = (_data(raw) for raw in (before, after))
        reason = needs_request(policy, kind, old, new) if main else ""
        if reason:
            found.left.append(LeftFile(path, reason, _way(path, kind)))
            continue
        found.paths.append(path)
        found.new += [path] if before is None else []
        found.contents += [raw for raw in (before, after) if raw is not None]
        documents.append(EditedDocument(path.rpartition("/")[2].rpartition(".")[0], kind, old, new))
    if documents:
        found.message = message(documents)
    return found


def _way(path: str, kind: Kind | None) -> str:
    if kind is not None and CHANGE in kind.plays:
        return f"itsm submit {path.rpartition('/')[2].rpartition('.')[0]}"
    return "git switch -c BRANCH, itsm sync, then a pull request; or itsm undo"


def _data(raw: bytes | None) -> Any:
    data = load(raw).data if raw is not None else None
    return data if isinstance(data, dict) else None


def _content(repo: Repository, path: str) -> bytes | None:
    target = repo.root / path
    return target.read_bytes() if target.is_file() and not target.is_symlink() else None


def _is_ours(path: str, entries: Iterable[JournalEntry], before: bytes | None, after: bytes | None) -> bool:
    """Whether the writes of commands alone lead from what is committed to what is there."""
    state, reached = digest(before), digest(after)
    known = False
    for entry in entries:
        for file in entry.files:
            if file.path != path:
                continue
            if file.before == digest(before):
                known, state = True, file.after
            elif known and file.before == state:
                state = file.after
            else:
                known = False
    return known and state == reached


def _edited(git: Git) -> list[str]:
    """Return the documents that differ from HEAD, as paths below the root."""
    out = git.run("status", "--porcelain=v1", "-z", "--no-renames", "--untracked-files=all", "--", ".")
    names = (e[3:].removeprefix(git.prefix) for e in out.decode("utf-8", "surrogateescape").split("\0")[:-1])
    return [name for name in names if name.startswith(_DOCUMENTS)]
