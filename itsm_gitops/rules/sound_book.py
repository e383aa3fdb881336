"""Whether documents can be judged by a rule book, kept for the next check of a request.

Judging a rule book takes as long as judging a small request. What is kept holds for the same bytes of the rule book
and the settings, the same code, and the same day (dates in settings pass): in the index of the working tree, or where there
is none (a small repository, a request between two commits) as a sealed note in Git's own folder.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from datetime import datetime

from itsm_gitops.model.errors import ItsmError
from itsm_gitops.repository.index.database import DAMAGE
from itsm_gitops.repository.index.filling import keep_beside
from itsm_gitops.repository.index.indexed_store import IndexedStore
from itsm_gitops.repository.request_files import RequestFiles
from itsm_gitops.rules.book import BookContext
from itsm_gitops.rules.judge import book_findings
from itsm_gitops.rules.registry import RULES
from itsm_gitops.snapshots.config import Config
from itsm_gitops.snapshots.package_sign import package_sign
from itsm_gitops.snapshots.seal import SealedNote
from itsm_gitops.snapshots.snapshot import CONFIG, SCHEMAS, Snapshot

_NAME = "rule book"
_SOUND = "sound"


def is_sound(
    snapshot: Snapshot, config: Config, now: datetime, index: IndexedStore | None, files: RequestFiles
) -> bool:
    """Whether the rule book of a snapshot has no error that keeps documents from being judged.

    ``index`` is that of the snapshot, or None; its stored verdict is used first. ``files`` are those of the request that
    leaves rule book and settings alone.
    """
    if index is not None:
        return _by_index(snapshot, config, now, index)
    note, text = _note(files), _text(files, now)
    if note is not None and note.says(text):
        return True
    sound = _judged(snapshot, config, now)
    if sound and note is not None:
        with suppress(ItsmError):
            note.write(text)
    return sound


def _judged(snapshot: Snapshot, config: Config, now: datetime) -> bool:
    return book_findings(BookContext.read(snapshot, config, now, RULES), config, now) is not None


def _by_index(snapshot: Snapshot, config: Config, now: datetime, index: IndexedStore) -> bool:
    sign = _sign(index, now)
    if sign:
        question = "SELECT value FROM answer WHERE name = ? AND sign = ?"
        with suppress(*DAMAGE):
            if index.connection.execute(question, (_NAME, sign)).fetchone() == (_SOUND,):
                return True
    sound = _judged(snapshot, config, now)
    if sound and sign:
        with suppress(*DAMAGE, OSError):
            keep_beside(index.connection, _NAME, sign, _SOUND)
    return sound


def _note(files: RequestFiles) -> SealedNote | None:
    """Return the note in Git's folder of a clone; None in a server's repository, which is nobody's to write to."""
    if files.repo.git is None or files.repo.bare or files.git.extra:
        return None
    with suppress(OSError, ItsmError):
        folder = files.git.directory / "itsm"
        folder.mkdir(exist_ok=True)
        return SealedNote(files.git, folder / _SOUND)
    return None


def _text(files: RequestFiles, now: datetime) -> str:
    """Return what a note says of the rule book that both sides of a request have, by the names of its objects."""
    infos = [*files.names.under(SCHEMAS), files.names.find(CONFIG)]
    objects = [(i.path, i.mode, i.oid) for i in infos if i is not None]
    return repr((_SOUND, package_sign(), now.date().isoformat(), objects))


def _sign(index: IndexedStore, now: datetime) -> str:
    """Return what tells one state of rule book, settings, code and day from another; empty where that is not known."""
    with suppress(*DAMAGE):
        notes = dict(index.connection.execute("SELECT name, value FROM meta"))
        parts = (notes["book"], notes["code"], now.date().isoformat(), index.snapshot.read(CONFIG))
        return hashlib.sha256(repr(parts).encode()).hexdigest()
    return ""
