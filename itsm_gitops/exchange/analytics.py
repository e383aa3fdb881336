"""What an export for analytics holds: its tables, and the rows that one document has in each of them.

Records and items have a table each. Timelines, links and the clocks of service levels are tables of their own:
engines count and join rows, and read into nothing that is packed into a cell. The columns that are derived are
those of ``itsm export csv``, worked out by the same code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from itsm_gitops.exchange import typed_columns as typed
from itsm_gitops.exchange.export import DERIVED, ColumnValues
from itsm_gitops.exchange.lives import case_reader, resolved_text
from itsm_gitops.exchange.typed_columns import OTHER_COLUMN, TypedColumn, cells, field_columns
from itsm_gitops.graph.network import ItemsOnly, Network
from itsm_gitops.model import clock, facts
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.kinds import Kind
from itsm_gitops.service_levels.agreements import Clock
from itsm_gitops.service_levels.clocks import Levels
from itsm_gitops.service_levels.measures import RUNNING

if TYPE_CHECKING:
    from itsm_gitops.service_levels.life import Case
    from itsm_gitops.snapshots import Store

RECORDS, ITEMS, TIMELINE, LINKS, CLOCKS = "records", "items", "timeline", "links", "clocks"
_TIMELINE, _LINKS, _STATE = "timeline", "links", "state"
_MAPPING = Mapping[str, Any]
_YEAR = 366 * 86_400  # seconds

_PATH = TypedColumn("path", typed.TEXT, "The file of the document.")
_STATE_COLUMN = TypedColumn(_STATE, typed.TEXT, "The state, or the stage of life of an item.")
_ID = TypedColumn("id", typed.TEXT, "The identifier of the document that this is about.")
_RECORD_COLUMNS = (
    _STATE_COLUMN,
    TypedColumn(
        "state_category", typed.TEXT, "What the state means: new, active, waiting, done or cancelled."
    ),
    TypedColumn("open", typed.TRUTH, "Whether work is still to be done."),
    TypedColumn("priority", typed.TEXT, "The priority by the rule book, or the one set by hand."),
    TypedColumn("opened", typed.TIME, "The first time in the timeline."),
    TypedColumn("updated", typed.TIME, "The last time in the timeline."),
    TypedColumn("resolved", typed.TIME, "When it was resolved for good; empty while it is not."),
    TypedColumn("closed", typed.TIME, "When it reached its last state; empty while it has not."),
)
_STEP_COLUMNS = (
    _ID,
    TypedColumn("step", typed.INTEGER, "The place in the timeline, the oldest first, from 0."),
)
_LINK_COLUMNS = (
    _ID,
    TypedColumn("relation", typed.TEXT, "The word of the link vocabulary."),
    TypedColumn(
        "target", typed.TEXT, "The identifier of what is linked to; it may be outside of the repository."
    ),
    TypedColumn("field", typed.TEXT, "The field that says it."),
)
_CLOCK_COLUMNS = (
    _ID,
    TypedColumn("level", typed.TEXT, "The service level that promises it."),
    TypedColumn("metric", typed.TEXT, "What is promised: response or resolution."),
    TypedColumn("priority", typed.TEXT, "The priority of the record."),
    TypedColumn("service", typed.TEXT, "The service of the record, or that of its offering."),
    TypedColumn("within_s", typed.INTEGER, "The time that is promised, in seconds."),
    TypedColumn("used_s", typed.INTEGER, "How long the clock ran, in seconds of the level's calendar."),
    TypedColumn("verdict", typed.TEXT, "met, missed or running; as it was when the export was made."),
)


def _all_fields(kind: Kind) -> _MAPPING:
    return kind.fields


class Exposure(NamedTuple):
    """What an audience may have of an export.

    ``fields`` returns the schemas of a kind's fields that it may see, ``paths`` says whether it may know the
    files, ``clocks`` whether it may have the figures of service levels.
    """

    audience: str
    whole: bool = True
    fields: Callable[[Kind], _MAPPING] = _all_fields
    paths: bool = True
    clocks: bool = True


class AnalyticsRow(NamedTuple):
    """One row of one table; its cells are in the order of the table's columns."""

    table: str
    cells: tuple[Any, ...]


class Tables:
    """The tables of a snapshot as one audience may have them; ``columns`` has those of each, in order."""

    def __init__(self, store: Store, exposure: Exposure, now: datetime) -> None:
        """Work out the columns; ``now`` is the moment for which the clocks of open records are read."""
        self._store, self._now = store, now
        self.columns = _columns(store, exposure)
        self._values: dict[str, ColumnValues] = {}
        self._read = case_reader(store, now)
        self._last: tuple[Entry | None, Case | None] = None, None
        self._clocks = _Clocks(store, now) if exposure.clocks else None
        self._step_keys = {c.field for c in self.columns[TIMELINE] if c.field}
        self._keys = {
            kind.name: frozenset({kind.tag, kind.state_field, _TIMELINE, _LINKS, *exposure.fields(kind)})
            for kind in store.book.kinds.values()
        }

    def tables_of(self, kind: Kind) -> tuple[str, ...]:
        """Return the tables that have rows of documents of a kind."""
        if not kind.is_record:
            return (ITEMS, LINKS)
        return (RECORDS, TIMELINE, LINKS, *((CLOCKS,) if CLOCKS in self.columns else ()))

    def rows(self, entry: Entry, data: _MAPPING) -> Iterator[AnalyticsRow]:
        """Yield the rows of one document."""
        kind = self._store.book.kinds[entry.kind]
        case = self._case(entry, data) if kind.is_record else None
        table = RECORDS if kind.is_record else ITEMS
        rest = {k: v for k, v in data.items() if k not in self._keys[kind.name]}
        timeline = data.get(_TIMELINE, []) if kind.is_record else []
        if not isinstance(timeline, list):
            rest[_TIMELINE] = timeline
            timeline = []
        yield AnalyticsRow(table, cells(self.columns[table], data, self._derived(kind, entry, data), rest))
        for number, step in enumerate(timeline):
            yield AnalyticsRow(TIMELINE, self._step(entry, number, step))
        for edge in entry.edges:
            yield AnalyticsRow(LINKS, (entry.id, edge.relation, edge.target, str(edge.pointer[0])))
        if case is not None and self._clocks is not None:
            for found in self._clocks(case):
                target = found.target
                within, used, verdict = target.seconds, found.used, found.verdict
                about = (entry.id, target.level, target.metric, case.priority or None, found.service or None)
                yield AnalyticsRow(CLOCKS, (*about, within, used, verdict))

    def is_settled(self, entry: Entry, data: _MAPPING) -> bool:
        """Whether the rows of a document stay as they are while time goes by and nobody changes it."""
        last = clock.parse_time(entry.updated)
        if last is not None and last > self._now:
            return False
        if self._clocks is None or not facts.is_open(self._store.book, entry):
            return True
        case = self._case(entry, data)
        return case is None or not any(c.verdict == RUNNING or c.case.is_open for c in self._clocks(case))

    def _case(self, entry: Entry, data: _MAPPING) -> Case | None:
        """Return the life of a record; the last answer is kept, as each document is asked about several times."""
        if self._last[0] is not entry:
            self._last = entry, self._read(entry, data)
        return self._last[1]

    def _resolved(self, entry: Entry, data: _MAPPING) -> str:
        return resolved_text(self._case(entry, data))

    def _derived(self, kind: Kind, entry: Entry, data: _MAPPING) -> dict[str, Any]:
        """Return the values of the derived columns of the table of records or items."""
        if not kind.is_record:
            return {_STATE: entry.state or None, _PATH.name: entry.path}
        if kind.name not in self._values:
            self._values[kind.name] = ColumnValues(self._store, kind, self._resolved)
        derived, workflow = self._values[kind.name].derived, kind.workflow
        state = workflow.states.get(entry.state) if workflow else None
        return {
            _STATE: entry.state or None,
            "state_category": state.category if state else None,
            "open": facts.is_open(self._store.book, entry),
            **{name: derived(entry, data, name) or None for name in DERIVED},
        }

    def _step(self, entry: Entry, number: int, step: Any) -> tuple[Any, ...]:
        columns = self.columns[TIMELINE]
        whole = step if isinstance(step, Mapping) else {"": step}
        rest = {k: v for k, v in whole.items() if k not in self._step_keys}
        return cells(columns, whole, {"id": entry.id, "step": number}, rest)


def _columns(store: Store, exposure: Exposure) -> dict[str, tuple[TypedColumn, ...]]:
    paths = (_PATH,) if exposure.paths else ()
    kinds = list(store.book.kinds.values())
    records = [k for k in kinds if k.is_record]
    items = [k for k in kinds if not k.is_record]
    steps = [_parts_of_list(exposure.fields(k).get(_TIMELINE)) for k in records]
    found = {
        RECORDS: _table(records, exposure, (*_RECORD_COLUMNS, *paths)),
        ITEMS: _table(items, exposure, (_STATE_COLUMN, *paths)),
        TIMELINE: (
            *_STEP_COLUMNS,
            *field_columns(steps, [c.name for c in (*_STEP_COLUMNS, OTHER_COLUMN)]),
            OTHER_COLUMN,
        ),
        LINKS: _LINK_COLUMNS,
    }
    return {**found, CLOCKS: _CLOCK_COLUMNS} if exposure.clocks else found


def _table(
    kinds: list[Kind], exposure: Exposure, derived: tuple[TypedColumn, ...]
) -> tuple[TypedColumn, ...]:
    """Return the columns of all kinds of one family: their fields, then what is derived."""
    fields = [
        {name: schema for name, schema in exposure.fields(kind).items() if not _is_derived(kind, name)}
        for kind in kinds
    ]
    # The kind and the year are in the names of the folders, where engines find them.
    taken = ["kind", "year", *(c.name for c in derived), OTHER_COLUMN.name]
    return (*field_columns(fields, taken), *derived, OTHER_COLUMN)


def _is_derived(kind: Kind, field: str) -> bool:
    """Whether a field has a table or a derived column of its own."""
    if field in (kind.tag, _LINKS):
        return True
    return field == _STATE == kind.state_field or (kind.is_record and field == _TIMELINE)


def _parts_of_list(schema: Any) -> _MAPPING:
    items = schema.get("items") if isinstance(schema, Mapping) else None
    properties = items.get("properties") if isinstance(items, Mapping) else None
    return properties if isinstance(properties, Mapping) else {}


class _Clocks:
    """Reads the clocks of records, of which it sees one after the other."""

    def __init__(self, store: Store, now: datetime) -> None:
        self._network = Network(ItemsOnly(store))
        self._until = int(now.timestamp())
        self._first = self._until
        self._zone = store.config.timezone
        self._levels = Levels(self._network, self._first, self._until, self._zone)

    def __call__(self, case: Case) -> Iterator[Clock]:
        if (
            case.opened < self._first
        ):  # the hours of calendars are worked out from here on, with a year in reserve
            self._first = case.opened - _YEAR
            self._levels = Levels(self._network, self._first, self._until, self._zone)
        return self._levels.clocks(case)
