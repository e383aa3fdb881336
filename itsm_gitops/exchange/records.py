"""The rows of one key made into a document: a record with its timeline, or a CMDB item."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from itsm_gitops.exchange.convert import ABSENT, Converter, Named, fit, schema_at
from itsm_gitops.exchange.history import History
from itsm_gitops.exchange.mapping import OVERRIDE_FIELD, PRIORITY_FIELD, CsvMapping, Rule
from itsm_gitops.exchange.report import NOT_UNDERSTOOD, SUPERSEDED, Tally
from itsm_gitops.exchange.tables import Row
from itsm_gitops.model import ids
from itsm_gitops.model.clock import parse_time
from itsm_gitops.model.priority import derive
from itsm_gitops.model.rulebook import PRIORITY, RuleBook


class Draft(NamedTuple):
    """A document before it has its identifier, or the reason why there is none.

    ``data`` is without ``id``; ``opened`` (RFC 3339) is empty for CMDB items.
    """

    key: str
    row: int
    data: dict[str, Any]
    opened: str = ""
    refusal: str = ""


class Drafter:
    """Makes drafts by one mapping. ``known`` finds the identifier of a record by its old number."""

    def __init__(self, mapping: CsvMapping, book: RuleBook, convert: Converter, tally: Tally) -> None:
        self._mapping = mapping
        self._kind = mapping.kind
        self._convert = convert
        self._tally = tally
        self._policy = book.policy(PRIORITY)
        line = mapping.timeline
        self._history = History(mapping, line, convert, tally) if line else None
        self._schemas = {n: schema_at(self._kind.fields, n.split(".")) for n in mapping.fields}
        tracked = {line.state.column, *(c for c, _ in line.track), line.event_at} if line else set()
        tracked |= {line.event_by.column} if line and line.event_by else set()
        self._single = [c for c in mapping.columns if c not in tracked]

    def draft(self, key: str, rows: Sequence[Row], aliases: Mapping[str, str]) -> Draft:
        """Make the draft of one key; ``aliases`` gives the identifiers of known old numbers."""
        first, last = rows[0], rows[-1]
        alias, problem, _ = fit(key, schema_at(self._kind.fields, ("aliases",)).get("items", {}))
        if problem or alias != key:
            return Draft(
                key, first.number, {}, refusal="the key cannot be an alias: one line, at most 100 characters"
            )
        data: dict[str, Any] = {self._kind.tag: self._kind.name}
        opened = ""
        if self._history:
            opened = self._history.opened(rows)
            if not opened:
                return Draft(key, first.number, {}, refusal="no time of opening, which its identifier needs")
            timeline = self._history.fold(rows, opened)
            data["timeline"] = timeline
            data[self._kind.state_field] = next(e["state"] for e in reversed(timeline) if "state" in e)
        for name, rule in self._mapping.fields.items():
            self._set(data, name, rule, last)
        if PRIORITY_FIELD in self._mapping.fields:
            self._override(data, last)
        self._links(data, last, aliases)
        if "aliases" in self._kind.fields:
            data["aliases"] = [key]
        self._superseded(rows)
        return Draft(key, first.number, data, opened)

    def _set(self, data: dict[str, Any], name: str, rule: Rule, row: Row) -> None:
        if rule.states and data.get(self._kind.state_field) not in rule.states:
            return
        value = self._convert.value(rule, row, self._schemas[name])
        if value is ABSENT:
            return
        *path, last = name.split(".")
        node = data
        for step in path:
            node = node.setdefault(step, {})
        node[last] = value

    def _override(self, data: dict[str, Any], row: Row) -> None:
        """Turn a stated priority into an override, where the matrix says something else."""
        stated = data.pop(PRIORITY_FIELD, None)
        if stated is None or stated == derive(self._policy, data.get("impact"), data.get("urgency")):
            return
        if stated not in self._policy.get("priorities", {}):
            column = self._mapping.fields[PRIORITY_FIELD].column
            self._tally.add(column, NOT_UNDERSTOOD, "not a priority of the policy", str(stated), row.number)
            return
        source = self._mapping.system or "another system"
        data[OVERRIDE_FIELD] = {
            "priority": stated,
            "by": self._mapping.actor,
            "reason": f"imported from {source}",
        }

    def _links(self, data: dict[str, Any], row: Row, aliases: Mapping[str, str]) -> None:
        links, refs = [], []
        for column, word in self._mapping.links:
            number = self._convert.cell(row, column)
            if number and number in aliases:
                links.append({"type": word, "target": aliases[number]})
            elif number:
                refs.append({"system": self._mapping.system or "unknown", "id": fit(number, _REFERENCE)[0]})
        for name, found in (("links", links), ("external_refs", refs)):
            if found:
                data[name] = [e for i, e in enumerate(found) if e not in found[:i]]

    def _superseded(self, rows: Sequence[Row]) -> None:
        """Count earlier values of columns whose changes the timeline does not tell."""
        for before, row in pairwise(rows):
            for column in self._single:
                old = self._convert.cell(before, column)
                if old and old != self._convert.cell(row, column):
                    self._tally.add(column, SUPERSEDED, "a later event has another value", old, before.number)


_REFERENCE = {"maxLength": 120, "pattern": r"^[^\r\n]+$"}


def identify(kind_prefix: str, draft: Draft, taken: Mapping[str, str]) -> str:
    """Return the identifier that importing this key always gives; ``taken`` maps those in use to keys."""
    opened = parse_time(draft.opened)
    attempt = 0
    while opened:
        identifier = ids.derive(kind_prefix, opened, draft.key, attempt)
        if taken.get(identifier, draft.key) == draft.key:
            return identifier
        attempt += 1
    raise ValueError(draft.key)


def render_items(mapping: CsvMapping, named: Sequence[Named]) -> list[dict[str, Any]]:
    """Return the CMDB items that the mapping asks for, in the order they were first named."""
    found: dict[str, dict[str, Any]] = {str(raw["id"]): dict(raw) for raw in mapping.create}
    for item in named:
        fields = {"id": item.id, "class": item.cls, "name": item.text}
        for name, value in mapping.items.get(item.cls, {}).items():
            filled = value
            if isinstance(value, str):
                filled = value.replace("{value}", item.text).replace("{id}", item.id)
            fields[name] = filled
        found.setdefault(item.id, fields)
    return list(found.values())
