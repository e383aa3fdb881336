"""`itsm list`: entries of one snapshot, filtered, derived columns added, sorted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from itsm_gitops.commands.fields import Reader
from itsm_gitops.model import clock
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.errors import UsageError, did_you_mean
from itsm_gitops.model.kinds import Kind
from itsm_gitops.model.priority import priority, rank
from itsm_gitops.model.rulebook import PRIORITY, RuleBook

if TYPE_CHECKING:
    from itsm_gitops.repository import Repository, Store

OPEN, FINISHED = "open", "finished"
_CATEGORIES = ("new", "active", "waiting", "done", "cancelled")

# Columns that are derived or that every kind has, before the kind's own fields.
DERIVED = ("id", "kind", "title", "state", "priority", "age", "opened", "updated", "path")

_RECORD_COLUMNS = ("id", "priority", "state", "age", "title", "service", "assigned_team")
_ITEM_COLUMNS = ("id", "name", "lifecycle", "criticality", "owner")
_MIXED_ITEM_COLUMNS = ("id", "kind", "name", "lifecycle", "owner")
_MIXED_COLUMNS = ("id", "kind", "priority", "state", "age", "title")
_DESCENDING = ("age", "criticality", "updated", "opened")
_LEVELS = {"critical": 3, "high": 2, "medium": 1, "low": 0}


class Row(NamedTuple):
    """One listed document: its entry and the values of all columns asked for."""

    entry: Entry
    values: dict[str, Any]


@dataclass(frozen=True)
class Filters:
    """What to list. Empty filters let everything pass; several words of one filter are an "or"."""

    states: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    priorities: tuple[str, ...] = ()
    assignees: tuple[str, ...] = ()
    cis: tuple[str, ...] = ()
    since: str = ""
    where: tuple[tuple[str, str], ...] = ()
    text: str = ""


class Listing(NamedTuple):
    """The rows shown, how many matched, and the columns. ``book`` is the snapshot's."""

    rows: list[Row]
    matched: int
    columns: tuple[str, ...]
    kinds: tuple[Kind, ...]
    book: RuleBook

    def as_json(self) -> list[dict[str, Any]]:
        """Return the rows as JSON data, each with its kind and path."""
        return [{"kind": r.entry.kind, "path": r.entry.path, **r.values} for r in self.rows]


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
    """List documents of the kinds that ``words`` name (all records where there are none).

    ``limit`` 0 is no limit. Raises NotFound for unknown kinds, UsageError for unknown states,
    columns and filters that no listed kind has.
    """
    store = repo.store(at)
    kinds = _kinds(store.book, words)
    chosen = _columns(kinds, columns)
    keep = _predicate(repo, store, kinds, filters)
    names = {k.name for k in kinds}
    make = _Rows(store, chosen)
    found = [e for e in store.entries.values() if e.kind in names and keep(e)]
    ordered = _sorted(kinds, found, sort, make) if sort else sorted(found, key=make.urgency)
    shown = ordered[:limit] if limit else ordered
    return Listing([make.row(e) for e in shown], len(found), chosen, tuple(kinds), store.book)


def _kinds(book: RuleBook, words: Sequence[str]) -> list[Kind]:
    if not words or "records" in words:
        return [k for k in book.kinds.values() if k.is_record]
    found: list[Kind] = []
    for word in words:
        if word.lower() in ("cis", "ci", "items", "cmdb"):
            found += [
                k
                for k in book.kinds.values()
                if not k.is_record and (k.operational or word in ("items", "cmdb"))
            ]
        else:
            found.append(book.kind(word))
    return list({k.name: k for k in found}.values())


def _columns(kinds: Sequence[Kind], named: Sequence[str]) -> tuple[str, ...]:
    if named:
        known = column_names(kinds)
        for name in named:
            if name not in known:
                raise UsageError(
                    f"there is no column '{name}'",
                    did_you_mean(name, known) or f"columns: {', '.join(known)}",
                )
        return tuple(named)
    if all(not k.is_record for k in kinds):
        usual: tuple[str, ...] = _ITEM_COLUMNS if len(kinds) == 1 else _MIXED_ITEM_COLUMNS
    else:
        usual = _RECORD_COLUMNS if len(kinds) == 1 else _MIXED_COLUMNS
    own = column_names(kinds)
    return tuple(c for c in usual if c in own and (c != "priority" or any(_has_priority(k) for k in kinds)))


def _has_priority(kind: Kind) -> bool:
    return "impact" in kind.fields and "urgency" in kind.fields


def column_names(kinds: Iterable[Kind]) -> list[str]:
    """Return every column that can be asked for, derived ones first."""
    return list(dict.fromkeys([*DERIVED, *(f for k in kinds for f in k.fields)]))


class _Rows:
    """Computes the values of columns; whole documents are read only where a column needs them."""

    def __init__(self, store: Store, columns: Sequence[str]) -> None:
        self._store = store
        self._columns = columns
        self._now = clock.now()
        self._policy = store.book.policy(PRIORITY)

    def row(self, entry: Entry) -> Row:
        return Row(entry, {name: self.value(entry, name) for name in self._columns})

    def value(self, entry: Entry, name: str) -> Any:
        """Return the value of a column; None where the document has none."""
        if name == "priority":
            return self.priority(entry)
        if name == "age":
            return self._age(entry)
        if name in DERIVED and (found := getattr(entry, name)):
            return found
        if name == self._store.book.kinds[entry.kind].label:
            return entry.title or None
        if name in entry.columns:
            return entry.columns[name]
        kind = self._store.book.kinds[entry.kind]
        return self._store.data(entry.id).get(name) if name in kind.fields else None

    def _age(self, entry: Entry) -> str | None:
        """Return how long an open record has been open, or how long a finished one took."""
        first, last = clock.parse_time(entry.opened), clock.parse_time(entry.updated)
        workflow = self._store.book.kinds[entry.kind].workflow
        if first is None or last is None:
            return None
        done = workflow is not None and not workflow.is_open(entry.state)
        return clock.age(first, last if done else self._now)

    def priority(self, entry: Entry) -> str | None:
        found = priority(self._policy, entry.columns)
        return found.name if found else None

    def urgency(self, entry: Entry) -> tuple[bool, int, str, str]:
        """Return the usual order: open before finished, the most urgent and the oldest first."""
        workflow = self._store.book.kinds[entry.kind].workflow
        is_item = not self._store.book.kinds[entry.kind].is_record
        finished = workflow is not None and not is_item and not workflow.is_open(entry.state)
        return (finished, self.rank(entry), entry.opened, entry.id)

    def rank(self, entry: Entry) -> int:
        return rank(self._policy, self.priority(entry) or "")


def _sorted(kinds: Sequence[Kind], found: list[Entry], sort: str, rows: _Rows) -> list[Entry]:
    """Sort by one column; a leading hyphen turns the order round. Ties are in order of identifier."""
    name = sort.removeprefix("-")
    known = column_names(kinds)
    if name not in known:
        raise UsageError(
            f"cannot sort by '{name}'", did_you_mean(name, known) or f"columns: {', '.join(known)}"
        )
    downward = sort.startswith("-") != (name in _DESCENDING)
    key: Callable[[Entry], Any]
    if name == "priority":
        # The most urgent first, among equals the oldest: what to do next is at the top.
        return sorted(found, key=lambda e: (rows.rank(e), e.opened, e.id), reverse=downward)
    if name in ("age", "opened"):
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


def _predicate(
    repo: Repository, store: Store, kinds: Sequence[Kind], filters: Filters
) -> Callable[[Entry], bool]:
    tests = [
        _state_test(kinds, filters.states),
        _target_test(store, filters.services, ("affects",)),
        _field_test(store, filters.teams, ("assigned_team", "owner", "fulfilment_team", "teams")),
        _field_test(store, filters.assignees, ("assignee", "implementers", "owner")),
        _target_test(store, filters.cis, ()),
        _priority_test(store, filters.priorities),
        _since_test(repo, filters.since),
        _text_test(filters.text),
        *(_where_test(store, kinds, name, value) for name, value in filters.where),
    ]
    used = [t for t in tests if t is not None]
    return lambda entry: all(test(entry) for test in used)


_Test = Callable[[Entry], bool] | None


def _state_test(kinds: Sequence[Kind], words: Sequence[str]) -> _Test:
    if not words:
        return None
    wanted: set[tuple[str, str]] = set()
    names = {s for k in kinds if k.workflow for s in k.workflow.states}
    for word in (w.lower().replace("-", "_") for w in words):
        if word not in names and word not in (OPEN, FINISHED, *_CATEGORIES):
            known = [OPEN, FINISHED, *_CATEGORIES, *names]
            listed = f"states: {', '.join([OPEN, FINISHED, *sorted(names)])}"
            raise UsageError(f"no listed kind has a state '{word}'", did_you_mean(word, known) or listed)
        for kind in kinds:
            wanted.update((kind.name, s) for s in _states(kind, word, exact=word in names))
    return lambda e: (e.kind, e.state) in wanted


def _states(kind: Kind, word: str, *, exact: bool) -> list[str]:
    """Return the states of a kind that a word means: a state itself before a category."""
    flow = kind.workflow
    if flow is None:
        return []
    if exact:
        return [word] if word in flow.states else []
    if word in (OPEN, FINISHED):
        return [s for s in flow.states if flow.is_open(s) == (word == OPEN)]
    return [s for s, about in flow.states.items() if about.category == word]


def _target_test(store: Store, words: Sequence[str], relations: Sequence[str]) -> _Test:
    if not words:
        return None
    targets = {store.find(w).id for w in words}
    return lambda e: any(x.target in targets and (not relations or x.relation in relations) for x in e.edges)


def _field_test(store: Store, words: Sequence[str], fields: Sequence[str]) -> _Test:
    """Match handles in some fields; ``none`` matches documents without any of them."""
    if not words:
        return None
    wanted = {w.lower() for w in words}

    def test(entry: Entry) -> bool:
        own = store.book.kinds[entry.kind].fields
        held: set[str] = set()
        for field in fields:
            if field in own:
                value = entry.columns.get(field)
                held.update(
                    [str(value)]
                    if value is not None
                    else [e.target for e in entry.edges if e.pointer[0] == field]
                )
        return bool(held & wanted) or (not held and "none" in wanted)

    return test


def _priority_test(store: Store, words: Sequence[str]) -> _Test:
    if not words:
        return None
    policy = store.book.policy(PRIORITY)
    known = list(policy.get("priorities", {}))
    wanted = {w.upper() for w in words}
    for word in wanted - set(known):
        raise UsageError(f"there is no priority '{word}'", f"priorities: {', '.join(known)}")

    def test(entry: Entry) -> bool:
        found = priority(policy, entry.columns)
        return found is not None and found.name in wanted

    return test


def _since_test(repo: Repository, text: str) -> _Test:
    if not text:
        return None
    schema = {"type": "string", "format": "date-time"}
    sign = f"-{text}" if text[:1].isdigit() and text[-1:].isalpha() and "T" not in text else text
    moment = clock.parse_time(Reader(repo.config.timezone, lambda _, t: t).value(schema, sign, "--since"))
    return lambda e: moment is not None and bool((at := clock.parse_time(e.updated)) and at >= moment)


def _text_test(text: str) -> _Test:
    wanted = text.casefold()
    return (lambda e: wanted in e.title.casefold() or wanted in e.id.casefold()) if text else None


def _where_test(store: Store, kinds: Sequence[Kind], name: str, value: str) -> _Test:
    first, *rest = name.replace("-", "_").split(".")
    known = column_names(kinds)
    if first not in known:
        raise UsageError(
            f"no listed kind has a field '{first}'", did_you_mean(first, known) or "itsm explain KIND"
        )
    wanted = value.casefold()
    rows = _Rows(store, ())

    def test(entry: Entry) -> bool:
        found = rows.value(entry, first)
        for step in rest:
            found = found.get(step) if isinstance(found, Mapping) else None
        return _holds(found, wanted)

    return test


def _holds(value: Any, wanted: str) -> bool:
    """Whether a value is what was asked for: ``*`` is any, empty is none, lists match by member."""
    if value is None:
        return wanted == ""
    if wanted == "*":
        return True
    if isinstance(value, list):
        return any(_holds(v, wanted) for v in value)
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return text.casefold() == wanted
