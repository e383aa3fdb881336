"""`itsm list`: entries of one snapshot, filtered, derived columns added, sorted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from itsm_gitops.commands.clocks import clock_json
from itsm_gitops.commands.columns import Row, Rows
from itsm_gitops.commands.filter_conditions import fulfilling
from itsm_gitops.commands.filter_meaning import FilterMeaning
from itsm_gitops.commands.filter_names import read_for
from itsm_gitops.commands.filters import Filters, read_filter
from itsm_gitops.model import clock
from itsm_gitops.model.column_names import CLOCK, column_names, near_column
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.errors import UsageError
from itsm_gitops.model.filter_language import words_of
from itsm_gitops.model.kinds import Kind
from itsm_gitops.model.promises import urgency_of
from itsm_gitops.model.rulebook import RuleBook
from itsm_gitops.model.standing import Promise

if TYPE_CHECKING:
    from itsm_gitops.repository import Repository

_RECORD_COLUMNS = ("id", "priority", "state", "age", "title", "service", "assigned_team")
_ITEM_COLUMNS = ("id", "name", "lifecycle", "criticality", "owner")
_MIXED_ITEM_COLUMNS = ("id", "kind", "name", "lifecycle", "owner")
_MIXED_COLUMNS = ("id", "kind", "priority", "state", "age", "title")
_DESCENDING = ("age", "criticality", "updated", "opened")
_TIMES = ("opened", "updated")
_LEVELS = {"critical": 3, "high": 2, "medium": 1, "low": 0}


@dataclass(frozen=True, slots=True)
class Listing:
    """The rows shown, how many matched, and the columns. ``book`` is the snapshot's, ``ages`` are in seconds.

    ``clocks`` are those that matter most, by record, where the list shows them.
    """

    rows: list[Row]
    matched: int
    columns: tuple[str, ...]
    kinds: tuple[Kind, ...]
    book: RuleBook
    ages: dict[str, int]
    clocks: dict[str, Promise]

    def as_json(self) -> list[dict[str, Any]]:
        """Return the rows as JSON data, each with its kind, its path and when it was opened and updated.

        An age is a number (``age_seconds``): a text such as "6 min" is for people.
        """
        return [self._as_json(r) for r in self.rows]

    def _as_json(self, row: Row) -> dict[str, Any]:
        entry = row.entry
        data = {"kind": entry.kind, "path": entry.path, **row.values}
        if "age" in data:
            data = {("age_seconds" if k == "age" else k): v for k, v in data.items()}
            data["age_seconds"] = self.ages.get(entry.id)
        if CLOCK in data:
            promise = self.clocks.get(entry.id)
            data[CLOCK] = clock_json(promise) if promise else None
        return data | {name: at for name in _TIMES if (at := getattr(entry, name))}


def list_documents(
    repo: Repository,
    words: Sequence[str],
    filters: Filters,
    *,
    sort: str | None = None,
    limit: int = 0,
    columns: Sequence[str] = (),
    at: str | None = None,
) -> Listing:
    """List documents: ``words`` are kinds (all records where there are none), then a filter.

    ``limit`` 0 is no limit. ``repo.gaps`` says afterwards what is missing. Raises NotFound for unknown kinds and
    names, UsageError for what cannot be understood and for words and columns that no listed kind has.
    """
    store = repo.store(at)
    asked = read_filter(store.book, words, filters)
    kinds = asked.kinds
    chosen = _columns(kinds, columns)
    chosen += ("root",) if store.config.roots and not columns else ()
    names = {k.name for k in kinds}
    make = Rows(store, chosen)
    condition = FilterMeaning(repo, store, kinds, at).condition(asked.node)
    found = fulfilling(store, names, condition)
    ordered = sorted_by(kinds, found, sort, make) if sort else sorted(found, key=make.urgency)
    shown = ordered[:limit] if limit else ordered
    read = read_for(store.book, {*words_of(asked.node), *chosen, (sort or "").removeprefix("-")})
    repo.gaps = {
        g.path: g for g in store.gaps(names | read)
    }  # what is missing in this list, and nothing else
    ages = {e.id: _seconds(span) for e in shown if (span := make.age(e))} if "age" in chosen else {}
    shown_clocks = ((e.id, make.clock(e)) for e in shown) if CLOCK in chosen else ()
    clocks = {name: promise for name, promise in shown_clocks if promise}
    return Listing([make.row(e) for e in shown], len(found), chosen, kinds, store.book, ages, clocks)


def _seconds(span: tuple[datetime, datetime]) -> int:
    return max(0, int((span[1] - span[0]).total_seconds()))


def _columns(kinds: Sequence[Kind], named: Sequence[str]) -> tuple[str, ...]:
    if named:
        known = column_names(kinds)
        for name in named:
            if name not in known:
                raise UsageError(f"there is no column '{name}'", near_column(name, kinds))
        return tuple(named)
    if all(not k.is_record for k in kinds):
        usual: tuple[str, ...] = _ITEM_COLUMNS if len(kinds) == 1 else _MIXED_ITEM_COLUMNS
    else:
        usual = _RECORD_COLUMNS if len(kinds) == 1 else _MIXED_COLUMNS
    own = column_names(kinds)
    return tuple(c for c in usual if c in own and (c != "priority" or any(_has_priority(k) for k in kinds)))


def _has_priority(kind: Kind) -> bool:
    return "impact" in kind.fields and "urgency" in kind.fields


def sorted_by(kinds: Sequence[Kind], found: list[Entry], sort: str, rows: Rows) -> list[Entry]:
    """Sort by one column; a leading hyphen turns the order round. Ties are in order of identifier."""
    name = sort.removeprefix("-")
    known = column_names(kinds)
    if name not in known:
        raise UsageError(f"cannot sort by '{name}'", near_column(name, kinds))
    downward = sort.startswith("-") != (name in _DESCENDING)
    key: Callable[[Entry], Any]
    if name == "priority":
        # The most urgent first, among equals the oldest: what to do next is at the top.
        return sorted(found, key=lambda e: (rows.rank(e), e.opened, e.id), reverse=downward)
    if name == CLOCK:
        key = lambda e: urgency_of(rows.clock(e))  # noqa: E731 - one of several keys
    elif name in ("age", "opened"):
        downward = sort.startswith("-") if name == "age" else downward
        key = _by_time(lambda e: e.opened)
    elif name == "updated":
        key = _by_time(lambda e: e.updated)
    elif name == "state":
        order = _state_order(kinds)
        key = lambda e: order.get((e.kind, e.state), 999)  # noqa: E731 - one of several keys
    elif name == "criticality":
        key = lambda e: _LEVELS.get(str(e.columns.get(name)), -1)  # noqa: E731
    else:
        key = lambda e: _comparable(rows.value(e, name))  # noqa: E731
    return sorted(sorted(found, key=lambda e: e.id), key=key, reverse=downward)


def _by_time(text: Callable[[Entry], str]) -> Callable[[Entry], float]:
    def key(entry: Entry) -> float:
        moment = clock.parse_time(text(entry))
        return moment.timestamp() if moment else 0.0

    return key


def _comparable(value: Any) -> tuple[int, float, str]:
    if isinstance(value, bool) or value is None:
        return (2 if value is None else 1, float(bool(value)), "")
    if isinstance(value, (int, float)):
        return (0, float(value), "")
    return (1, 0.0, str(value).casefold())


def _state_order(kinds: Iterable[Kind]) -> dict[tuple[str, str], int]:
    return {(k.name, s): i for k in kinds if k.workflow for i, s in enumerate(k.workflow.states)}
