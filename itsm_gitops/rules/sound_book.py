"""Whether documents can be judged by a rule book, kept in the index for the next check of a request.

Judging a rule book takes as long as judging a small request. What is kept holds for the same bytes of the rule book
and the settings, the same code, and the same day (dates in settings pass).
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from datetime import datetime

from itsm_gitops.repository.config import Config
from itsm_gitops.repository.index.database import DAMAGE
from itsm_gitops.repository.index.filling import keep_beside
from itsm_gitops.repository.index.indexed_store import IndexedStore
from itsm_gitops.repository.snapshot import CONFIG, Snapshot
from itsm_gitops.rules.book import BookContext
from itsm_gitops.rules.judge import book_findings
from itsm_gitops.rules.registry import RULES

_NAME = "rule book"
_SOUND = "sound"


def is_sound(snapshot: Snapshot, config: Config, now: datetime, index: IndexedStore | None) -> bool:
    """Whether the rule book of a snapshot has no error that keeps documents from being judged.

    ``index`` is that of the snapshot, or None; its stored verdict is used first.
    """
    sign = _sign(index, now) if index is not None else ""
    if index is not None and sign:
        question = "SELECT value FROM answer WHERE name = ? AND sign = ?"
        with suppress(*DAMAGE):
            if index.connection.execute(question, (_NAME, sign)).fetchone() == (_SOUND,):
                return True
    sound = book_findings(BookContext.read(snapshot, config, now, RULES), config, now) is not None
    if index is not None and sound and sign:
        with suppress(*DAMAGE, OSError):
            keep_beside(index.connection, _NAME, sign, _SOUND)
    return sound


def _sign(index: IndexedStore, now: datetime) -> str:
    """Return what tells one state of rule book, settings, code and day from another; empty where that is not known."""
    with suppress(*DAMAGE):
        notes = dict(index.connection.execute("SELECT name, value FROM meta"))
        parts = (notes["book"], notes["code"], now.date().isoformat(), index.snapshot.read(CONFIG))
        return hashlib.sha256(repr(parts).encode()).hexdigest()
    return ""
