"""`itsm merge --continue`: finishes a merge, a rebase or a picked commit that Git left unfinished.

Where Git merged by lines (a clone without the driver, a forge's editor), each document that it could not merge is merged
by meaning from the three versions that Git kept. What somebody has to decide is marked at one key; once the marks are
gone the timeline gets an entry for what was chosen, and Git continues.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from itsm_gitops.documents import load, write_atomic
from itsm_gitops.documents.accidents import unfinished_merge
from itsm_gitops.editing.change import prepare
from itsm_gitops.editing.merge_documents import Sides, merge_documents
from itsm_gitops.editing.opening import Opened, read_document, timeline
from itsm_gitops.editing.tracking import Occasion, differences, timeline_entry
from itsm_gitops.git import Git, porcelain, shared_branch
from itsm_gitops.git.actor import acting
from itsm_gitops.git.client import decode
from itsm_gitops.git.file_merge import MARK
from itsm_gitops.git.merge_driver import published_side
from itsm_gitops.git.shared_branch import REBASE
from itsm_gitops.git.unmerged import UnmergedFile, mark_merged, unmerged_files
from itsm_gitops.model.errors import GitError, ItsmError, Refused
from itsm_gitops.model.findings import ERROR, Finding
from itsm_gitops.model.recording import recording
from itsm_gitops.model.timeline import SET, STATE, WAS
from itsm_gitops.repository import Repository

_REASON = "Chosen in a merge."


class Finished(NamedTuple):
    """What was done: the paths that were merged, those that wait for somebody, and whether Git went on (or how not)."""

    merged: tuple[str, ...]
    waiting: tuple[str, ...]
    went_on: str
    findings: tuple[Finding, ...] = ()


def finish(repo: Repository) -> Finished:
    """Merge what can be merged and let Git go on; raises Refused where Git is in the middle of nothing."""
    git = repo.history
    if not shared_branch.under_way(git) and not unmerged_files(git):
        raise Refused("nothing is to be finished: Git is in no merge, rebase or cherry-pick", "git status")
    with recording():  # Git commits it: nothing is left for `itsm sync`
        while True:
            done = _one_stop(repo, git)
            if done is not None:
                return done


def _one_stop(repo: Repository, git: Git) -> Finished | None:
    """Finish what Git has stopped at; None where it went on and stopped again, at another commit of a rebase."""
    what, files = shared_branch.under_way(git), unmerged_files(git)
    merged: list[str] = []
    waiting: list[str] = []
    for file in files:
        (merged if _resolved(repo, git, file) else waiting).append(file.path)
    if waiting:
        return Finished(tuple(merged), tuple(waiting), "")
    findings = _findings(repo, merged)
    if findings:
        return Finished(tuple(merged), (), "", tuple(findings))
    _refuse_unstaged(git, what)
    try:
        return Finished(tuple(merged), (), porcelain.go_on(repo.root, what) if what else "nothing")
    except GitError:
        if unmerged_files(git):
            return None
        raise


def _refuse_unstaged(git: Git, what: str) -> None:
    """Raise Refused where Git would not go on with a rebase, because something was written meanwhile."""
    out = git.run("diff-files", "--name-only", "-z", "--ignore-submodules=all") if what == REBASE else b""
    paths = decode(out).split("\0")[:-1]
    if paths:
        raise Refused(
            f"{', '.join(paths)}: written while the rebase waits, and Git goes on with one only without such files",
            "nothing is lost: git stash; itsm merge --continue; git stash pop; itsm sync",
        )


def _resolved(repo: Repository, git: Git, file: UnmergedFile) -> bool:
    """Merge one file, or take it as somebody merged it; False where somebody has to decide."""
    target = repo.root / file.path
    if not file.ours or not file.theirs or not target.is_file():
        return False
    current = target.read_bytes()
    if _has_marks(current):
        sides = _sides(git, file)
        kind = repo.book.kind_at(file.path)
        found = merge_documents(sides, kind, ("ours", "theirs"), lambda: published_side(git))
        if found.clean or (found.conflicts and _is_untouched(current, sides)):
            write_atomic(target, found.content, expected=current)
        if not found.clean:
            return False
    else:
        chosen = _told(repo, file.path, current)
        if chosen != current:
            write_atomic(target, chosen, expected=current)
    mark_merged(git, file.path)
    return True


def _has_marks(raw: bytes) -> bool:
    return unfinished_merge(raw) is not None or any(
        line.startswith((MARK.encode(), b">>>>>>>")) for line in raw.splitlines()
    )


def _sides(git: Git, file: UnmergedFile) -> Sides:
    texts = {b.oid: b.content for b in git.blobs([o for o in (file.base, file.ours, file.theirs) if o])}
    return Sides(texts.get(file.base, b""), texts[file.ours], texts[file.theirs])


def _is_untouched(current: bytes, sides: Sides) -> bool:
    """Whether a file with marks holds nothing but lines of the three versions: nobody has begun to decide."""
    known = {line for side in sides for line in side.splitlines()}
    marks = (b"<<<<<<<", b"=======", b">>>>>>>", b"|||||||")
    return all(line in known or line.startswith(marks) for line in current.splitlines())


def _told(repo: Repository, path: str, raw: bytes) -> bytes:
    """Return the document with an entry of the timeline for the state and the values that somebody chose."""
    if load(raw).problems or repo.book.kind_at(path) is None:
        return raw
    document = read_document(repo.book, path, raw)
    flow = document.kind.workflow
    if flow is None or not document.kind.is_record or not timeline(document.data):
        return raw
    new, old = differences(document, document.data)
    last = next((e[STATE] for e in reversed(timeline(document.data)) if STATE in e), None)
    state = document.data.get(flow.state_field)
    if not new and not old and state == last:
        return raw
    about = Occasion(acting(repo, None), None, _REASON)
    entry = timeline_entry(document, about, **{STATE: state if state != last else "", SET: new, WAS: old})
    data = {**document.data, "timeline": [*document.data["timeline"], entry]}
    return prepare(Opened(document.id, path, document.kind, raw, document.data), data).raw


def _findings(repo: Repository, paths: Sequence[str]) -> list[Finding]:
    """Return the errors of what was merged."""
    if not paths:
        return []
    from itsm_gitops import rules

    try:
        report = rules.check(repo, paths=list(paths))
    except ItsmError:
        return []
    return [f for f in report.findings if f.severity == ERROR and f.path in paths]
