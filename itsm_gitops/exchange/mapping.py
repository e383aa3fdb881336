"""What a mapping file says: how the columns of a table become documents, or links between documents."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from itsm_gitops.exchange.tables import Dialect
from itsm_gitops.exchange.times import LocalTimes
from itsm_gitops.model.findings import Pointer
from itsm_gitops.model.kinds import Kind

PRIORITY_FIELD = "priority"
OVERRIDE_FIELD = "priority_override"
DEFAULT_ACTOR = "import"

# How comments stand in a cell.
TEXT = "text"
JIRA = "jira"  # date;author;text
SERVICENOW = "servicenow"  # date - author (Work notes), the text below, newest first


@dataclass(frozen=True, slots=True)
class ValueRule:
    """How one value is made: from a column, a template of columns, or always the same.

    ``template`` holds (text before, column, text where the cell is empty); that last text is None where
    an empty cell leaves nothing of the whole template.
    """

    pointer: Pointer = ()
    column: str = ""
    template: tuple[tuple[str, str, str | None], ...] = ()
    tail: str = ""
    value: Any = None
    regex: re.Pattern[str] | None = None
    map: Mapping[str, Any] | None = None
    default: Any = None
    type: str = ""
    separator: str = ""
    slug: bool = False
    states: tuple[str, ...] = ()
    ensure: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns the rule reads."""
        return (self.column,) if self.column else tuple(name for _, name, _ in self.template)


@dataclass(frozen=True, slots=True)
class LinkRule:
    """A column (by its rule) with the numbers of other documents, and the type of the links to them."""

    type: str
    target: ValueRule


@dataclass(frozen=True, slots=True)
class Milestone:
    """A state and the column that says when it was reached."""

    state: str
    at: str
    by: ValueRule | None = None


@dataclass(frozen=True, slots=True)
class CommentRule:
    """A column of comments. ``form`` is one of TEXT, JIRA and SERVICENOW, ``field`` comment or note.

    ``at`` is the column with the time of a plain text, ``times`` reads the times inside of cells.
    """

    column: str
    form: str = TEXT
    field: str = "comment"
    at: str = ""
    by: ValueRule | None = None
    times: LocalTimes | None = None


@dataclass(frozen=True, slots=True)
class TimelineRules:
    """Where the history comes from; ``event_at`` is empty for tables with one row per record.

    ``fill_steps`` enters the steps that the life cycle demands and the table has no time for.
    """

    opened_at: str
    state: ValueRule
    opened_by: ValueRule | None = None
    steps: tuple[Milestone, ...] = ()
    fill_steps: bool = False
    event_at: str = ""
    event_by: ValueRule | None = None
    track: tuple[tuple[str, str], ...] = ()  # (column, label)
    comments: tuple[CommentRule, ...] = ()

    @property
    def rules(self) -> Iterator[ValueRule]:
        """The rules among these."""
        by = [self.opened_by, self.event_by]
        by += [s.by for s in self.steps] + [c.by for c in self.comments]
        yield from (self.state, *(rule for rule in by if rule))

    @property
    def time_columns(self) -> tuple[str, ...]:
        """The columns that hold nothing but times."""
        names = [self.opened_at, self.event_at, *(s.at for s in self.steps), *(c.at for c in self.comments)]
        return tuple(dict.fromkeys(filter(None, names)))

    @property
    def plain_columns(self) -> tuple[str, ...]:
        """The columns that are read without a rule."""
        return (*self.time_columns, *(c for c, _ in self.track), *(c.column for c in self.comments))


@dataclass(frozen=True, slots=True, kw_only=True)
class TableMapping:
    """What the mappings of every table say.

    ``column_times`` reads the columns whose times are written otherwise than ``times`` says, ``people``
    gives handles by the names that a table uses.
    """

    name: str
    dialect: Dialect
    missing: frozenset[str] = frozenset({""})
    times: LocalTimes | None = None
    column_times: Mapping[str, LocalTimes] = field(default_factory=dict)
    system: str = ""
    actor: str = DEFAULT_ACTOR
    people: Mapping[str, str] = field(default_factory=dict)

    def times_of(self, column: str) -> LocalTimes | None:
        """Return what reads the times of a column; None where the mapping has none."""
        return self.column_times.get(column, self.times)

    def forget_times(self) -> None:
        """Give back the memory of the times that were read; for when the table has been read."""
        for times in (self.times, *self.column_times.values()):
            if times:
                times.read.cache_clear()

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column the mapping reads, once each."""
        return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvMapping(TableMapping):
    """The mapping of a table whose keys become documents of one kind, checked against the rule book."""

    kind: Kind
    key: ValueRule
    fields: Mapping[str, ValueRule]
    links: tuple[LinkRule, ...] = ()
    timeline: TimelineRules | None = None
    create: tuple[Mapping[str, Any], ...] = ()
    items: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column the mapping reads, once each."""
        rules = [self.key, *self.fields.values(), *(link.target for link in self.links)]
        rules += list(self.timeline.rules) if self.timeline else []
        return _distinct(rules, self.timeline.plain_columns if self.timeline else ())

    @property
    def has_events(self) -> bool:
        """Whether several rows with one key are the events of one record."""
        return bool(self.timeline and self.timeline.event_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class RelationMapping(TableMapping):
    """The mapping of a table whose rows are links between documents that exist."""

    source: ValueRule
    type: ValueRule
    target: ValueRule

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column the mapping reads, once each."""
        return _distinct((self.source, self.type, self.target), ())


def _distinct(rules: Iterable[ValueRule], plain: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(c for c in (*(c for r in rules for c in r.columns), *plain) if c))
