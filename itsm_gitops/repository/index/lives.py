"""Records by their lives: which were open, opened or ended when. Only the rows asked for are read."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING

from itsm_gitops.model.entry import Entry
from itsm_gitops.model.facts import AFFECTS
from itsm_gitops.model.lifetime import Wanted, open_before, open_spans
from itsm_gitops.model.rulebook import RuleBook
from itsm_gitops.model.timeline import Replay
from itsm_gitops.repository.index.rows import ENTRY, entry_of, replay_from

if TYPE_CHECKING:
    import sqlite3

# A record that changes its state after the moment in question may be something else by then: it is always returned.
_LATER = "life_last > :now"
_KINDS = "kind IN (SELECT value FROM json_each(:kinds))"
_OPEN = f"(life_end IS NULL OR {_LATER})"
_SERVICE = "number IN (SELECT document FROM edge WHERE target = :affected AND relation = :relation)"
_TEAM = "json_extract(fields, '$.assigned_team') = :assigned"


def lives(connection: sqlite3.Connection, wanted: Wanted) -> Iterator[tuple[Entry, Replay]]:
    """Yield the records that are wanted, and perhaps others, by identifier, with what can be replayed of them."""
    among = "id IN (SELECT value FROM json_each(:ids))" if wanted.ids else _KINDS
    conditions = [f"usable = 1 AND {among} AND life_first <= :now"]
    if wanted.open:
        conditions.append(_OPEN)
    if wanted.opened_since is not None:
        conditions.append("life_first >= :opened")
    if wanted.ended_since is not None:
        still = _OPEN if wanted.lasting else _LATER
        conditions.append(f"(life_end >= :ended OR {still})")
    conditions += [_SERVICE] if wanted.service else []
    conditions += [_TEAM] if wanted.team else []
    question = f"SELECT {ENTRY}, life FROM document WHERE {' AND '.join(conditions)} ORDER BY id"  # noqa: S608
    values = {
        "now": wanted.now,
        "kinds": json.dumps(wanted.kinds),
        "ids": json.dumps(wanted.ids),
        "opened": wanted.opened_since,
        "ended": wanted.ended_since,
        "affected": wanted.service,
        "relation": AFFECTS,
        "assigned": wanted.team,
    }
    for *row, life in connection.execute(question, values):
        yield entry_of(row), replay_from(life)


def first_opened(connection: sqlite3.Connection, now: int, kinds: Collection[str]) -> int | None:
    """Return when the first record of some kinds was opened, None where none was by ``now``."""
    question = f"SELECT min(life_first) FROM document WHERE {_KINDS} AND life_first <= :now"  # noqa: S608
    values = {"kinds": json.dumps(sorted(kinds)), "now": now}
    first: int | None = connection.execute(question, values).fetchone()[0]
    return first


def count_open(
    connection: sqlite3.Connection, book: RuleBook, moments: Sequence[int], kinds: Collection[str]
) -> list[int]:
    """Return how many records of some kinds were open just before each moment (seconds since 1970, UTC)."""
    values = {"kinds": json.dumps(sorted(kinds)), "earliest": min(moments, default=0)}
    lasting = f"{_KINDS} AND (life_end IS NULL OR life_end >= :earliest)"
    unbroken = f"SELECT life_first, life_end FROM document WHERE {lasting} AND life_unbroken = 1"  # noqa: S608
    broken = f"SELECT kind, life FROM document WHERE {lasting} AND life_unbroken = 0"  # noqa: S608
    spans: list[tuple[int, int | None]] = connection.execute(unbroken, values).fetchall()
    for kind, life in connection.execute(broken, values):
        spans += open_spans(book.kinds[kind].workflow, replay_from(life).steps)
    return open_before(spans, moments)
