"""Tracked fields of a log of events: what each event says of team, assignee, impact, priority and the like.

A change of such a field is told in the timeline as `itsm set` tells it (``set`` and ``was``), so clocks, roles and reports
replay imported records as they replay our own.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from itsm_gitops.exchange.convert import Converter
from itsm_gitops.exchange.fitting import ABSENT, schema_at
from itsm_gitops.exchange.mapping import OVERRIDE_FIELD, PRIORITY_FIELD, CsvMapping
from itsm_gitops.exchange.tables import CsvRow
from itsm_gitops.model.diff import same
from itsm_gitops.model.priority import derive
from itsm_gitops.model.timeline import SET, WAS, told_value, value_in

_OVERRIDDEN = f"{OVERRIDE_FIELD}.priority"


class TrackedColumns:
    """Reads the tracked fields that columns of a log have."""

    def __init__(self, mapping: CsvMapping, convert: Converter, policy: Mapping[str, Any]) -> None:
        self._convert = convert
        self._policy = policy
        flow = mapping.kind.workflow
        self.fields: tuple[str, ...] = flow.track if flow else ()
        self._rules = {
            name: (mapping.fields[name], schema_at(mapping.kind.fields, name.split(".")))
            for name in self.fields
            if name in mapping.fields and mapping.fields[name].columns and not mapping.fields[name].states
        }
        stated = mapping.fields.get(PRIORITY_FIELD)
        self._stated = stated if stated and stated.columns and _OVERRIDDEN in self.fields else None
        self._columns = {c: name for name, (rule, _) in self._rules.items() for c in rule.columns}
        self._columns |= dict.fromkeys(self._stated.columns, _OVERRIDDEN) if self._stated else {}

    @property
    def read_fields(self) -> Collection[str]:
        """The tracked fields that columns have, whatever the state is."""
        return self._rules.keys()

    def tells(self, column: str, news: Mapping[str, Mapping[str, Any]]) -> bool:
        """Whether what an entry says of fields (`told`) tells the change of a column."""
        name = self._columns.get(column)
        return any(name in values for values in news.values())

    def differ(self, before: CsvRow, row: CsvRow) -> bool:
        """Whether any of these columns differs from the event before. Most are equal."""
        return any(self._convert.differs(before, row, column) for column in self._columns)

    def read(self, row: CsvRow, before: Mapping[str, Any]) -> dict[str, Any]:
        """Return the values at an event; one that cannot be understood stays what it was."""
        found: dict[str, Any] = {}
        with self._convert.quietly():
            for name, (rule, schema) in self._rules.items():
                value = self._convert.value(rule, row, schema)
                found[name] = before.get(name) if self._convert.doubt else None if value is ABSENT else value
            if self._stated:
                stated = self._convert.value(self._stated, row)
                derived = derive(self._policy, found.get("impact"), found.get("urgency"))
                known = stated in self._policy.get("priorities", {})
                found[_OVERRIDDEN] = stated if known and stated != derived else None
        return found


def told(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return what an entry says of tracked fields that differ: their new values, and those before; empty where none does."""
    names = [n for n in after if not same(before.get(n), after[n])]
    new = {n: after[n] for n in names if after[n] is not None}
    old = {n: before[n] for n in names if before.get(n) is not None}
    return {key: values for key, values in ((SET, new), (WAS, old)) if values}


def agree(data: dict[str, Any], fields: Sequence[str]) -> None:
    """Take out of the timeline what it tells of fields that have another value in the end, or none any more."""
    timeline = data.get("timeline")
    if not isinstance(timeline, list):
        return
    for name in fields:
        value = value_in(data, name)
        if same(value, told_value(timeline, name, value)):
            continue
        for entry in timeline:
            for key in (SET, WAS):
                if name in entry.get(key, ()):
                    del entry[key][name]
                    if not entry[key]:
                        del entry[key]
    data["timeline"] = [e for e in timeline if e.keys() - {"at", "by"}]
