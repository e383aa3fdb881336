"""The rows of one key made into a document: a record with its timeline, or a CMDB item."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

from itsm_gitops.exchange.convert import Converter, Named
from itsm_gitops.exchange.fitting import ABSENT, clean, fit, schema_at, type_of
from itsm_gitops.exchange.mapping import OVERRIDE_FIELD, PRIORITY_FIELD, CsvMapping, ValueRule
from itsm_gitops.exchange.packing import pack, unpack
from itsm_gitops.exchange.report import ADJUSTED, NOT_UNDERSTOOD, SUPERSEDED, Tally
from itsm_gitops.exchange.retelling import reason_of
from itsm_gitops.exchange.survey import Order
from itsm_gitops.exchange.tables import CsvRow
from itsm_gitops.exchange.timelines import Timelines
from itsm_gitops.exchange.tracked_columns import TrackedColumns, agree
from itsm_gitops.model import ids
from itsm_gitops.model.clock import parse_time
from itsm_gitops.model.priority import derive
from itsm_gitops.model.rulebook import PRIORITY, RuleBook


class Wish(NamedTuple):
    """A link that a row asks for: its type, the number as it is written, and where that stands."""

    type: str
    number: str
    column: str
    row: int


@dataclass(slots=True)
class RowDraft:
    """A document on its way: without its links, and without identifier until all keys are known.

    ``rows`` are the numbers of its rows, ``named`` the items it needs. ``packed`` is its data, packed because thousands of drafts wait
    for the last row of the table. ``opened`` (RFC 3339) is empty for CMDB items. ``refusal`` says why
    there can be no document, ``archived`` that it left the tree, ``code`` and ``field`` which rule is against it and
    where. ``doubts`` says of fields that are missing which value the table has for them, and why it was not understood.
    """

    key: str
    rows: tuple[int, ...]
    packed: bytes = b""
    opened: str = ""
    wishes: tuple[Wish, ...] = ()
    named: tuple[Named, ...] = ()
    id: str = ""
    doubts: tuple[tuple[str, str], ...] = ()
    refusal: str = ""
    archived: bool = False
    code: str = ""
    field: str = ""

    @property
    def data(self) -> dict[str, Any]:
        """The document without ``id`` and links; a new copy each time."""
        found: dict[str, Any] = unpack(self.packed)
        return found

    def refuse(self, reason: str, code: str = "", field: str = "") -> None:
        """Say why there can be no document; the first reason stays."""
        if not self.refusal:
            self.refusal, self.code, self.field = reason, code, field


class Drafter:
    """Makes drafts by one mapping."""

    def __init__(
        self,
        mapping: CsvMapping,
        book: RuleBook,
        convert: Converter,
        tally: Tally,
        *,
        order: Order,
    ) -> None:
        self._mapping = mapping
        self._kind = mapping.kind
        self._convert = convert
        self._tally = tally
        self._order = order
        self._policy = book.policy(PRIORITY)
        self._doubts: dict[str, str] = {}
        line = mapping.timeline
        self._tracked = TrackedColumns(mapping, convert, self._policy)
        self._history = Timelines(mapping, line, convert, tally, self._tracked) if line else None
        self._schemas = {n: schema_at(self._kind.fields, n.split(".")) for n in mapping.fields}
        self._alias = schema_at(self._kind.fields, ("aliases",)).get("items", {})
        tracked = {line.state.column, *line.plain_columns} if line else set()
        tracked |= {line.event_by.column} if line and line.event_by else set()
        self._single = [c for c in mapping.columns if c not in tracked] if mapping.has_events else []

    def key(self, row: CsvRow) -> str:
        """Return the old number of a row; empty where it has none."""
        rule = self._mapping.key
        if rule.column and not (rule.regex or rule.map):
            return self._convert.cell(row, rule.column)
        return next(iter(self._convert.texts(rule, row)), "")

    def draft(self, key: str, rows: list[CsvRow]) -> RowDraft:
        """Make the draft of one key."""
        draft = RowDraft(key, tuple(row.number for row in rows))
        alias, problem, _ = fit(key, self._alias)
        if problem or alias != key:
            draft.refuse("the key cannot be an alias: one line, at most 100 characters", field="aliases")
            return draft
        if self._history:
            rows = self._history.in_order(rows, self._order)
            draft.opened, problem = self._history.opened(rows)
            if problem:
                draft.refuse(problem, field="timeline")
            elif problem := self._history.unknown_state(rows):
                draft.refuse(problem, field=self._kind.state_field)
            if problem:
                return draft
        last = rows[-1]
        data = self._fields(rows, draft.opened)
        draft.wishes = tuple(
            Wish(link.type, number, ", ".join(link.target.columns), last.number)
            for link in self._mapping.links
            for number in self._convert.texts(link.target, last)
        )
        if "aliases" in self._kind.fields:
            data["aliases"] = [key]
        self._superseded(rows)
        draft.named = self._convert.take_named()
        draft.doubts, self._doubts = tuple(self._doubts.items()), {}
        draft.packed = pack(data)
        return draft

    def _fields(self, rows: Sequence[CsvRow], opened: str) -> dict[str, Any]:
        last = rows[-1]
        data: dict[str, Any] = {self._kind.tag: self._kind.name}
        # What is tracked is read first: earlier events then name nothing that the last one does not.
        for name in self._tracked.read_fields if self._history else ():
            self._set(data, name, self._mapping.fields[name], last)
        if self._history:
            data["timeline"] = timeline = self._history.fold(rows, opened)
            data[self._kind.state_field] = next(e["state"] for e in reversed(timeline) if "state" in e)
        for name, rule in self._mapping.fields.items():
            if not (self._history and name in self._tracked.read_fields):
                self._set(data, name, rule, last)
        if PRIORITY_FIELD in self._mapping.fields:
            self._override(data, last)
        agree(data, self._tracked.fields)
        return data

    def _set(self, data: dict[str, Any], name: str, rule: ValueRule, row: CsvRow) -> None:
        if rule.states and data.get(self._kind.state_field) not in rule.states:
            return
        value = self._convert.value(rule, row, self._schemas[name])
        if value is ABSENT:
            if self._convert.doubt:
                self._doubts[name] = self._convert.doubt
            return
        *path, last = name.split(".")
        node = data
        for step in path:
            node = node.setdefault(step, {})
        node[last] = value

    def _override(self, data: dict[str, Any], row: CsvRow) -> None:
        """Turn a stated priority into an override, where the matrix says something else."""
        stated = data.pop(PRIORITY_FIELD, None)
        if stated is None or stated == derive(self._policy, data.get("impact"), data.get("urgency")):
            return
        if stated not in self._policy.get("priorities", {}):
            column = self._mapping.fields[PRIORITY_FIELD].column
            self._tally.add(column, NOT_UNDERSTOOD, "not a priority of the policy", str(stated), row.number)
            return
        data[OVERRIDE_FIELD] = {
            "priority": stated,
            "by": self._mapping.actor,
            "reason": reason_of(self._mapping),
        }

    def _superseded(self, rows: Sequence[CsvRow]) -> None:
        """Count earlier values of columns whose changes the timeline does not tell."""
        for before, row in pairwise(rows):
            for column in self._single:
                if self._convert.differs(before, row, column) and (old := self._convert.cell(before, column)):
                    self._tally.add(column, SUPERSEDED, "a later event has another value", old, before.number)


def repeatable(mapping: CsvMapping) -> frozenset[str]:
    """Return the columns that are read as lists, links or comments, so that several may share a heading."""
    lists = [
        rule.column
        for name, rule in mapping.fields.items()
        if (rule.type or type_of(schema_at(mapping.kind.fields, name.split(".")))) == "list"
    ]
    lists += [link.target.column for link in mapping.links]
    lists += [comment.column for comment in mapping.timeline.comments] if mapping.timeline else []
    plain = {c for name, rule in mapping.fields.items() if rule.column not in lists for c in rule.columns}
    return frozenset(lists) - plain - frozenset(mapping.key.columns)


def identify(kind_prefix: str, draft: RowDraft, taken: Mapping[str, str]) -> str:
    """Return the identifier that importing this key always gives; ``taken`` maps those in use to keys."""
    opened = parse_time(draft.opened)
    attempt = 0
    while opened:
        identifier = ids.derive(kind_prefix, opened, draft.key, attempt)
        if taken.get(identifier, draft.key) == draft.key:
            return identifier
        attempt += 1
    raise ValueError(draft.key)


def render_items(
    mapping: CsvMapping, book: RuleBook, named: Sequence[Named], tally: Tally
) -> list[dict[str, Any]]:
    """Return the CMDB items that the mapping asks for, in the order they were first named.

    Texts are fitted to the fields of the class; what that changes is counted in ``tally``.
    """
    found: dict[str, dict[str, Any]] = {str(raw["id"]): dict(raw) for raw in mapping.create}
    for item in named:
        if item.id in found:
            continue
        schemas = book.kind(item.cls).fields
        fields: dict[str, Any] = {"id": item.id, "class": item.cls, "name": item.text}
        fields |= mapping.items.get(item.cls, {})
        for name, value in fields.items():
            if not isinstance(value, str) or name in ("id", "class"):
                continue
            filled = (
                value.replace("{value}", item.text).replace("{id}", item.id)
                if name in mapping.items.get(item.cls, {})
                else value
            )
            text, problem, changes = fit(filled, schemas.get(name, {}))
            for change in changes:
                tally.add(f"{item.cls}.{name}", ADJUSTED, change, filled[:200], 0)
            fields[name] = clean(filled) if problem else text
        found[item.id] = fields
    return list(found.values())
