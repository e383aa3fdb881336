"""The life of one record at a moment, worked out while its document passes by."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from itsm_gitops.model import clock
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.priority import priority
from itsm_gitops.model.rulebook import PRIORITY
from itsm_gitops.service_levels.life import Case, case_of, life_of
from itsm_gitops.snapshots import Document

if TYPE_CHECKING:
    from itsm_gitops.snapshots import Store

CaseReader = Callable[[Entry, Mapping[str, Any]], Case | None]


def case_reader(store: Store, now: datetime) -> CaseReader:
    """Return what replays the life of a record up to ``now``; None for a document that has no life."""
    until = int(now.timestamp())

    def name_of(fields: Mapping[str, Any]) -> str:
        found = priority(store.book.policy(PRIORITY), fields)
        return found.name if found else ""

    def read(entry: Entry, data: Mapping[str, Any]) -> Case | None:
        kind = store.book.kinds[entry.kind]
        lives = life_of(Document(entry.path, b"", data, kind, ()))
        return case_of(entry, kind.workflow, lives[0].replay, name_of, until) if lives else None

    return read


def resolved_text(case: Case | None) -> str:
    """Return when a record was resolved for good, as the reports count it (RFC 3339); '' while it is not."""
    return clock.format_time(datetime.fromtimestamp(case.resolved, UTC)) if case and case.resolved else ""


def resolved_times(store: Store, now: datetime) -> Callable[[Entry, Mapping[str, Any]], str]:
    """Return what says when a record was resolved for good; see ``resolved_text``."""
    read = case_reader(store, now)
    return lambda entry, data: resolved_text(read(entry, data))
