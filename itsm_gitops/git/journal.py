"""What the commands of this clone wrote and nobody else has yet: one line for each command, in Git's own folder.

`itsm sync` commits what stands here and nothing else; `itsm undo` takes the last line back. A line goes when its commit
is on the remote; the last of those stays, so that undo can say that it is too late. Where nobody shares by `itsm sync`, the
journal is bounded: only the newest commands keep what they replaced, and old lines go.
"""

from __future__ import annotations

import base64
import contextlib
import fcntl
import hashlib
import json
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from itsm_gitops.git.client import Git
from itsm_gitops.model.errors import ItsmError
from itsm_gitops.model.recording import FileWrite

_KEPT_MAX = 16 << 20  # bytes of former contents in one line; a larger command cannot be undone
_JOURNAL_MAX = 32 << 20  # bytes; a longer journal loses what it can do without
_UNDONE_MOST, _LINES_MOST = 20, 10_000  # newest commands that keep former contents, and that stay at all
_PATIENCE, _PAUSE = 30.0, 0.02
_OURS = ("records/", "cmdb/", "schemas/")  # what is written elsewhere (a site, a report) is nobody's record


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """A file below the root: the digests before and after (empty: no file), and the content before where it is kept."""

    path: str
    before: str
    after: str
    content: str | None = None

    @property
    def former(self) -> bytes | None:
        """The content before; None where there was no file."""
        return base64.b64decode(self.content) if self.content is not None else None


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """What one command wrote. ``commit`` is set when it was committed, ``shared`` when the remote has it."""

    at: str
    command: str
    files: tuple[WrittenFile, ...]
    commit: str = ""
    shared: bool = False
    whole: bool = True


def digest(content: bytes | None) -> str:
    """Return the digest of a content; empty for no file."""
    return "" if content is None else hashlib.sha256(content).hexdigest()


def made_of(root: Path, writes: Sequence[FileWrite], at: str, command: str) -> JournalEntry | None:
    """Make an entry of what was written below a root: of each file the first content and the last."""
    first: dict[str, bytes | None] = {}
    last: dict[str, bytes | None] = {}
    for write in writes:
        name = write.path.relative_to(root).as_posix() if write.path.is_relative_to(root) else ""
        if name.startswith(_OURS):
            first.setdefault(name, write.before)
            last[name] = write.after
    changed = [n for n in first if first[n] != last[n]]
    if not changed:
        return None
    whole = sum(len(first[n] or b"") for n in changed) <= _KEPT_MAX
    files = tuple(
        WrittenFile(n, digest(first[n]), digest(last[n]), _text(first[n]) if whole else None)
        for n in sorted(changed)
    )
    return JournalEntry(at, command, files, whole=whole)


def _text(content: bytes | None) -> str | None:
    return None if content is None else base64.b64encode(content).decode("ascii")


def folder(git: Git) -> Path:
    """Return the folder of the journal, which is made where it is missing."""
    place = git.directory / "itsm"
    place.mkdir(exist_ok=True)
    return place


def add(git: Git, entry: JournalEntry) -> None:
    """Write one entry at the end."""
    path = folder(git) / "journal"
    with _locked(folder(git) / "journal.lock"):
        if path.is_file() and path.stat().st_size > _JOURNAL_MAX:
            _write(path, shortened(read(git)))
        with path.open("ab") as file:
            file.write(_line(entry))


def shortened(entries: Sequence[JournalEntry]) -> list[JournalEntry]:
    """Return the newest entries, the older ones of them without the contents by which they could be undone."""
    kept = entries[-_LINES_MOST:]
    return [
        e
        if n >= len(kept) - _UNDONE_MOST
        else replace(e, files=tuple(replace(f, content=None) for f in e.files), whole=False)
        for n, e in enumerate(kept)
    ]


def _write(path: Path, entries: Sequence[JournalEntry]) -> None:
    draft = path.with_name("journal.new")
    draft.write_bytes(b"".join(map(_line, entries)))
    draft.replace(path)


def _line(entry: JournalEntry) -> bytes:
    return json.dumps(asdict(entry), ensure_ascii=False).encode() + b"\n"


def read(git: Git) -> list[JournalEntry]:
    """Return all entries, oldest first; a line that a killed process left half-written is passed over."""
    path = folder(git) / "journal"
    found = []
    for line in path.read_bytes().splitlines() if path.is_file() else ():
        with contextlib.suppress(ValueError, TypeError, KeyError):
            raw: dict[str, Any] = json.loads(line)
            files = tuple(WrittenFile(**f) for f in raw.pop("files"))
            found.append(JournalEntry(files=files, **raw))
    return found


def settle(git: Git, known: Sequence[JournalEntry], now: Sequence[JournalEntry]) -> None:
    """Let ``now`` take the place of the entries that were ``known``; what was written meanwhile stays."""
    place = folder(git)
    with _locked(place / "journal.lock"):
        later = read(git)[len(known) :]
        done = [e for e in now if e.shared][-1:]
        rest = [e for e in now if not e.shared]
        _write(place / "journal", [*done, *rest, *later])


def committed(entries: Sequence[JournalEntry], paths: frozenset[str], commit: str) -> list[JournalEntry]:
    """Return the entries, those with the commit whose files are all among ``paths``."""
    return [
        replace(e, commit=commit) if not e.commit and {f.path for f in e.files} <= paths else e
        for e in entries
    ]


@contextlib.contextmanager
def sync_lock(git: Git) -> Iterator[None]:
    """Hold the lock of `itsm sync` in this clone; raises ItsmError where another one does not finish."""
    with _locked(folder(git) / "sync.lock"):
        yield


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        end = time.monotonic() + _PATIENCE
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > end:
                    raise ItsmError(
                        f"another itsm has been sharing for {_PATIENCE:.0f} s",
                        "nothing was lost: itsm sync, when the other one has ended",
                    ) from None
                time.sleep(_PAUSE)
        yield
    finally:
        os.close(handle)
