"""A check that need not be done again: the findings about the working tree, kept in the index.

The findings hold while three things are as they were: the documents (the generation of the index), the rule book,
settings and code (their digests), and the clock, as far as a rule looked at it (``model.watched_time``). Rules whose
answer may change at any time, or that look at files outside of the documents, are asked again each time; they ask
for few documents.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import astuple, dataclass
from datetime import datetime
from typing import Any

from itsm_gitops.git.process import GitAnswer
from itsm_gitops.model.archive import ARCHIVED
from itsm_gitops.model.findings import Finding
from itsm_gitops.model.watched_time import FOREVER
from itsm_gitops.repository.index.database import DAMAGE
from itsm_gitops.repository.index.filling import keep_answer
from itsm_gitops.repository.index.indexed_store import IndexedStore
from itsm_gitops.repository.index.service import indexed_store, load_and_index
from itsm_gitops.rules.judge import DocumentVerdict
from itsm_gitops.rules.keeping import Keeping
from itsm_gitops.snapshots import Config, Snapshot, Store, WorkingTree, load_store, read_config
from itsm_gitops.snapshots.loading import Visit
from itsm_gitops.snapshots.snapshot import CONFIG

_NAME = "check"
_UNJUDGED = "S013"  # a rule that broke off: what it would have asked is not known


@dataclass(frozen=True, slots=True)
class Remembered:
    """The findings of one check of a working tree, located: of all rules but those in ``again``.

    ``refused`` maps a path to the fields that its schema refuses, ``files``, ``records`` and ``history`` are the
    counts of the report.
    """

    findings: tuple[Finding, ...]
    again: tuple[str, ...]
    refused: Mapping[str, frozenset[str]]
    files: int
    records: int
    history: int


class CheckMemory:
    """What is kept of the check of one working tree; ``store`` is its state in the index when it was opened."""

    def __init__(self, store: IndexedStore) -> None:
        self.store = store
        self.config = store.config
        self._sign = _sign(store)

    @classmethod
    def of(cls, snapshot: Snapshot, asked: GitAnswer | None = None) -> CheckMemory | None:
        """Return the memory of a working tree; None where there is no index, or something could change unnoticed.

        ``asked`` is as for ``indexed_store``.
        """
        if not isinstance(snapshot, WorkingTree):
            return None
        store = indexed_store(snapshot, read_config(snapshot), asked)
        memory = cls(store) if isinstance(store, IndexedStore) else None
        return memory if memory and memory._sign else None

    def is_first(self, identity: str) -> bool:
        """Whether the index is the one of this identity, as it was made."""
        rows = dict(self.store.connection.execute("SELECT name, value FROM meta"))
        return rows.get("identity") == identity and rows.get("generation") == "1"

    def recall(self, now: datetime) -> Remembered | None:
        """Return the findings about exactly this state, if they still hold at ``now``."""
        question = "SELECT value FROM answer WHERE name = ? AND sign = ?"
        with suppress(*DAMAGE):
            row = self.store.connection.execute(question, (_NAME, self._sign)).fetchone()
            return _of(json.loads(row[0]), now) if row else None
        return None

    def keep(self, keeping: Keeping, said: Remembered) -> None:
        """Keep the findings if the working tree has not changed since it was opened."""
        keeping.settle()
        since = keeping.now.plain
        if keeping.until <= since or any(f.code == _UNJUDGED for f in said.findings):
            return
        value = {
            "since": since.isoformat(),
            "until": keeping.until.isoformat() if keeping.until != FOREVER else "",
            "findings": [astuple(f) for f in said.findings if f.code not in keeping.again],
            "again": sorted(keeping.again),
            "refused": {path: sorted(fields) for path, fields in said.refused.items()},
            "counts": [said.files, said.records, said.history],
        }
        present = CheckMemory.of(self.store.snapshot)
        if present and present._sign == self._sign:
            with suppress(*DAMAGE):
                keep_answer(present.store.connection, _NAME, self._sign, json.dumps(value))


class Loading:
    """Reads all documents for a check, and keeps its findings if the working tree has not changed meanwhile.

    Where there is no index yet, one is made of the documents that are read, if it pays.
    """

    def __init__(self, snapshot: Snapshot, memory: CheckMemory | None) -> None:
        self._snapshot = snapshot
        self._memory = memory
        self._made = ""

    def __call__(
        self, snapshot: Snapshot, *, visit: Visit[DocumentVerdict], config: Config
    ) -> tuple[Store, list[DocumentVerdict]]:
        """Read everything, as ``load_store`` does."""
        if self._memory or config.faults or not isinstance(snapshot, WorkingTree):
            return load_store(snapshot, visit=visit, config=config)
        store, verdicts, self._made = load_and_index(snapshot, config, visit=visit)
        return store, verdicts

    def keep(self, keeping: Keeping, said: Remembered) -> None:
        """Keep the findings where an index holds exactly the state that they are about."""
        memory = self._memory
        if self._made:
            memory = CheckMemory.of(self._snapshot)
            memory = memory if memory and memory.is_first(self._made) else None
        if memory:
            memory.keep(keeping, said)


def _sign(store: IndexedStore) -> str:
    """Return what tells one state of everything that a check reads from another; empty where a change could go unnoticed."""
    with suppress(*DAMAGE):
        young = store.connection.execute("SELECT count(*) FROM folder WHERE stamp = ''").fetchone()[0]
        if young == 0 and not store.config.faults:
            notes = dict(store.connection.execute("SELECT name, value FROM meta"))
            parts = [notes[n] for n in ("identity", "generation", "book", "code")]
            # Lists of archived records are no documents, so the index does not follow what they say.
            lists = [i.path for i in store.snapshot.files(ARCHIVED)]
            others = [store.snapshot.read(CONFIG), *store.snapshot.read_many(lists)]
            return hashlib.sha256(repr([*parts, *others]).encode()).hexdigest()
    return ""


def _of(value: Mapping[str, Any], now: datetime) -> Remembered | None:
    since, until = datetime.fromisoformat(value["since"]), value["until"]
    if now < since or (until and now >= datetime.fromisoformat(until)):
        return None
    return Remembered(
        tuple(_finding(*row) for row in value["findings"]),
        tuple(value["again"]),
        {path: frozenset(fields) for path, fields in value["refused"].items()},
        *value["counts"],
    )


def _finding(
    code: str, severity: str, path: str, message: str, hint: str, pointer: list[Any], *place: Any
) -> Finding:
    line, column, at_key = place
    return Finding(code, severity, path, message, hint, tuple(pointer), line, column, at_key)
