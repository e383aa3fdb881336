"""Records that were finished in another tool before the cut-over: rules about the process do not apply to them.

`cut_over` in itsm.yaml names the day on which work began here. What was imported (it has an old number in
``aliases``) and had reached its last state before that day is history: the old tool did not ask for the steps,
the actors and the plans that the life cycles and the change control of today ask for, and nobody can add
them truthfully. What a schema demands and what links say holds for every record.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from itsm_gitops.model import clock
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.findings import Finding
from itsm_gitops.model.timeline import AT, STATE, entries_of
from itsm_gitops.rules.context import day
from itsm_gitops.snapshots import Store

# Rules about steps, about who made them, and about plans. Not among them: rules about times that cannot be
# (W004, C003, C005), which an old tool knew as well.
PROCESS_RULES = frozenset(
    (
        "W006",
        "W007",
        "W008",
        "W030",
        "W031",
        "W032",
        "W033",
        "W101",
        "W102",
        "W123",
        "C001",
        "C002",
        "C004",
        "C006",
        "C007",
        "C008",
        "C009",
        "C010",
        "C012",
        "C013",
        "C014",
        "C015",
        "C016",
        "C021",
        "C022",
    )
)


def is_history(entry: Entry, store: Store, cut_over: str) -> bool:
    """Whether a record was finished in another tool before the day of the cut-over (``YYYY-MM-DD``, UTC)."""
    first_day = day(cut_over)
    flow = store.book.kinds[entry.kind].workflow
    if first_day is None or not entry.aliases or flow is None or not store.book.kinds[entry.kind].is_record:
        return False
    if entry.state not in flow.states or flow.is_open(entry.state):
        return False
    begins = datetime(first_day.year, first_day.month, first_day.day, tzinfo=UTC)
    if not _is_before(entry.entered, begins):
        return False
    # Entries may say that they happened earlier than they were written: what was written here is no history.
    return _is_before(entry.updated, begins) or _is_before(_end_written(store.data(entry.id)), begins)


def _is_before(text: str, moment: datetime) -> bool:
    time = clock.parse_time(text)
    return time is not None and time < moment


def _end_written(data: Mapping[str, Any]) -> str:
    """Return when the last state of a record was written; empty where nothing tells."""
    written = (e.get(AT) for e in reversed(entries_of(data.get("timeline"))) if STATE in e)
    at = next(written, None)
    return at if isinstance(at, str) else ""


def without_history(findings: Iterable[Finding], store: Store, cut_over: str) -> Iterator[Finding]:
    """Yield the findings but those about the process of records that are history."""
    for finding in findings:
        entry = store.by_path.get(finding.path) if finding.code in PROCESS_RULES else None
        if entry is None or not is_history(entry, store, cut_over):
            yield finding


def count_history(store: Store, cut_over: str, own: Callable[[str], bool]) -> int:
    """Return how many records are history, of those whose paths are ``own``."""
    if not cut_over:
        return 0
    return sum(own(e.path) and is_history(e, store, cut_over) for e in store.entries.values())
