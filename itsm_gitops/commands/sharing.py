"""What commands wrote: noted for `itsm sync`, and taken back by `itsm undo`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from itsm_gitops.git import branches, journal, porcelain, shared_branch
from itsm_gitops.git.locks import patiently
from itsm_gitops.model import clock
from itsm_gitops.model.errors import Refused
from itsm_gitops.model.recording import FileWrite, recording
from itsm_gitops.repository import Repository

if TYPE_CHECKING:
    from itsm_gitops.git.journal import JournalEntry

ALWAYS = "always"
_LATER = "write the opposite (itsm set, move, unlink): what others have read is history"


@dataclass(frozen=True, slots=True)
class Undone:
    """What was taken back: the command, when it was called, the files, and the commit that is gone (empty: none)."""

    command: str
    at: str
    paths: tuple[str, ...]
    commit: str


def note_writes(repo: Repository, writes: Sequence[FileWrite], command: str) -> bool:
    """Note what a command wrote; False where it wrote nothing that could be shared."""
    entry = journal.made_of(repo.root, writes, clock.format_time(clock.now()), command)
    if entry is None:
        return False
    journal.add(repo.history, entry)
    return True


def is_wanted(repo: Repository, said: str) -> bool:
    """Whether a command shares what it wrote: as its options ``said`` (yes, no, empty), else as Git's settings say."""
    if said:
        return said == "yes"
    return repo.history.settings.get("itsm.sync", "").strip().lower() == ALWAYS


def undo(repo: Repository) -> Undone:
    """Take back what the last command wrote, and its commit; raises Refused where others have it already.

    A file that was edited since stays as it is: Refused, and nothing is changed.
    """
    git = repo.history
    with journal.sync_lock(git):
        entries = journal.read(git)
        if not entries:
            raise Refused(
                "there is nothing to take back: no command has written here",
                "git log shows what was committed",
            )
        last = entries[-1]
        if last.shared:
            raise Refused(f"the last command ({last.command}) is shared already", _LATER)
        if not last.whole:
            raise Refused(
                f"{last.command} wrote too much to be taken back here", "git restore, or git revert"
            )
        _refuse_edited(repo, last)
        commit = _taken_from_history(repo, entries) if last.commit else ""
        _write_back(repo, last)
        if commit:
            patiently(lambda: git.run("reset", "-q", "--", *(f.path for f in last.files)))
        journal.settle(git, entries, entries[:-1])
    return Undone(last.command, last.at, tuple(f.path for f in last.files), commit)


def _refuse_edited(repo: Repository, entry: JournalEntry) -> None:
    for file in entry.files:
        target = repo.root / file.path
        if journal.digest(target.read_bytes() if target.is_file() else None) != file.after:
            raise Refused(
                f"{file.path} was edited after {entry.command}", f"git diff -- {file.path} shows how"
            )


def _taken_from_history(repo: Repository, entries: Sequence[JournalEntry]) -> str:
    """Take the last commit off the branch where it holds this command alone; raises Refused."""
    git, last = repo.history, entries[-1]
    place, head, *_ = branches.standing(git)
    there = shared_branch.tip_of(git, place.tracking)
    if place.remote and head not in (c.oid for c in shared_branch.unshared(git, there, head)):
        raise Refused(f"the last command ({last.command}) is shared already", _LATER)
    if last.commit != head:
        raise Refused(f"something was committed after {last.command}", "git log, then git revert")
    if sum(e.commit == head for e in entries) > 1:
        raise Refused(
            f"the commit {head[:9]} holds several commands", f"git revert {head[:9]} takes all of them back"
        )
    porcelain.step_back(repo.root, head)
    return head


def _write_back(repo: Repository, entry: JournalEntry) -> None:
    with recording():  # taking back is no command to be taken back
        _write_files(repo, entry)


def _write_files(repo: Repository, entry: JournalEntry) -> None:
    from itsm_gitops.documents import delete_atomic, write_atomic

    for file in entry.files:
        target, former = repo.root / file.path, file.former
        current = target.read_bytes() if target.is_file() else None
        if former is not None:
            write_atomic(target, former, expected=current)
        elif current is not None:
            delete_atomic(target, expected=current)
