"""Rows folded into a timeline: the opening, each state reached, changes worth a note, and comments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from itsm_gitops.exchange.comments import CommentReader, Remark, add_remarks
from itsm_gitops.exchange.convert import Converter
from itsm_gitops.exchange.fitting import ABSENT, clean, schema_at
from itsm_gitops.exchange.mapping import CsvMapping, TimelineRules
from itsm_gitops.exchange.report import ADJUSTED, DROPPED, Tally
from itsm_gitops.exchange.routes import Routes
from itsm_gitops.exchange.survey import Order
from itsm_gitops.exchange.tables import CsvRow
from itsm_gitops.exchange.tracked_columns import TrackedColumns, told

Entry = dict[str, Any]
_SHORT = 80  # characters of a value that reads well beside an arrow


class Timelines:
    """Makes timelines for one mapping.

    The first entry is the life cycle's initial state at the time of opening; each later state has
    an entry, each change of a tracked column a note. The events of a record come in the order of their
    times: a table that is newest first is turned.
    """

    def __init__(
        self,
        mapping: CsvMapping,
        rules: TimelineRules,
        convert: Converter,
        tally: Tally,
        tracked: TrackedColumns,
    ) -> None:
        self._tracked = tracked
        self._rules = rules
        self._convert = convert
        self._tally = tally
        workflow = mapping.kind.workflow
        self._initial = workflow.initial if workflow else ""
        self._routes = Routes(workflow)
        # The source's words for waiting ("Awaiting Vendor") tell more than our state, so they become a note.
        states = workflow.states if workflow else {}
        self._telling = {
            word
            for word, state in (rules.state.map or {}).items()
            if state and states[state].category == "waiting"
        }
        fields = {c for rule in mapping.fields.values() for c in rule.columns}
        self._unread = [(c, label) for c, label in rules.track if c not in fields]
        entry = schema_at(mapping.kind.fields, ("timeline",)).get("items", {}).get("properties", {})
        self._longest = min(entry.get(n, {}).get("maxLength", 20_000) for n in ("note", "comment"))
        self._comments = CommentReader(convert, tally, self._longest)

    def opened(self, rows: Sequence[CsvRow]) -> tuple[str, str]:
        """Return when the record was opened, and else why nothing says so.

        A log whose cell of the opening is empty gives the time of its first event; a cell that cannot be
        read gives nothing, because another time would be a wrong one.
        """
        column = self._rules.opened_at
        at = self._convert.when(column, rows[0])
        if at:
            return at, ""
        if self._convert.cell(rows[0], column):
            return "", f"'{column}' is not a time in the format named"
        first = (
            (self._convert.when(self._rules.event_at, row) for row in rows) if self._rules.event_at else ()
        )
        at = next(filter(None, first), "")
        if at:
            self._tally.add(
                column, ADJUSTED, "missing; the time of the first event is taken", "", rows[0].number
            )
        return at, "" if at else f"no time of opening in '{column}', which its identifier needs"

    def in_order(self, rows: list[CsvRow], order: Order) -> list[CsvRow]:
        """Return the events of a record, oldest first."""
        if len(rows) < 2 or not self._rules.event_at:
            return rows
        ordered = rows[::-1] if order.newest_first else rows
        if order.ordered:
            return ordered
        column = self._rules.event_at
        times = [self._convert.time_of(column, self._convert.cell(row, column)) for row in ordered]
        for index, time in enumerate(times):  # an event without a time stays behind the one before it
            if not time and index:
                times[index] = times[index - 1]
        if all(a <= b for a, b in pairwise(times)):
            return ordered
        late = next(i for i, (a, b) in enumerate(pairwise(times), 1) if a > b)
        self._tally.add(
            self._rules.event_at,
            ADJUSTED,
            _SORTED,
            self._convert.cell(ordered[late], self._rules.event_at),
            ordered[late].number,
        )
        return [row for _, row in sorted(zip(times, ordered, strict=True), key=lambda pair: pair[0])]

    def unknown_state(self, rows: Sequence[CsvRow]) -> str:
        """Say why nothing tells the present state of a record; empty where something does.

        The last event that speaks of a state has the present one. Only the mapping can say what a word
        means, or (with ``null``) that it means nothing.
        """
        rule, silent = self._rules.state, False
        if rule.value is not None or rule.default is not None:
            return ""
        for row in reversed(rows if self._rules.event_at else rows[-1:]):
            value = self._convert.value(rule, row)
            if self._convert.doubt:
                return f"{self._convert.doubt} (timeline.state), so its present state is not known"
            if value is not ABSENT:
                return ""
            silent = silent or bool(self._word(row))
        taken = (self._convert.time_of(s.at, self._convert.cell(rows[-1], s.at)) for s in self._rules.steps)
        if silent or any(taken):
            return ""
        return f"no state in '{' and '.join(rule.columns)}', and the mapping has no default for it"

    def fold(self, rows: Sequence[CsvRow], opened: str) -> list[Entry]:
        """Return the timeline of one record; its last entry with a state has the present one."""
        by = self._convert.who(self._rules.opened_by, rows[0])
        timeline: list[Entry] = [{"at": opened, "by": by, "state": self._initial}]
        remarks: list[tuple[Remark, str, int]] = []
        if self._rules.event_at:
            self._fold_events(rows, timeline, remarks)
        else:
            self._fold_steps(rows[-1], timeline)
            for rule in self._rules.comments:
                found = self._comments.read(rule, rows[-1], opened, by)
                remarks += [(remark, rule.column, rows[-1].number) for remark in found]
        return add_remarks(timeline, remarks, self._tally)

    def _fold_events(
        self, rows: Sequence[CsvRow], timeline: list[Entry], remarks: list[tuple[Remark, str, int]]
    ) -> None:
        rules, convert = self._rules, self._convert
        state, word, at = self._initial, "", timeline[0]["at"]
        before: CsvRow | None = None
        values: Mapping[str, Any] = {}
        for row in rows:
            moment = convert.when(rules.event_at, row)
            if not moment:
                self._tally.add(
                    rules.event_at, ADJUSTED, _NO_TIME, convert.cell(row, rules.event_at), row.number
                )
            elif moment < at:
                reason = _EARLY if at == timeline[0]["at"] else _BACK
                self._tally.add(
                    rules.event_at, ADJUSTED, reason, convert.cell(row, rules.event_at), row.number
                )
                moment = at
            at = moment or at
            reached, telling = self._state(row, state), self._word(row)
            known, values = values, self._values(before, row, values)
            news = told(known, values) if before is not None else {}
            note = self._changes(before, row, news)
            if telling in self._telling and telling != word:
                note = [telling, *note]
            by = convert.who(rules.event_by, row)
            if reached != state or note or news:
                timeline.append({"at": at, "by": by})
                if reached != state:
                    timeline[-1]["state"] = reached
                timeline[-1].update(news)
                if note:
                    timeline[-1]["note"] = self._joined(note, row)
            for rule in rules.comments:
                remarks += [(r, rule.column, row.number) for r in self._comments.read(rule, row, at, by)]
            state, word, before = reached, telling, row

    def _fold_steps(self, row: CsvRow, timeline: list[Entry]) -> None:
        present = self._state(row, "")
        for step in self._rules.steps:
            at = self._convert.when(step.at, row)
            if not at or step.state == timeline[-1]["state"]:
                continue
            if present and not self._routes.leads(step.state, present):
                reason = f"the present state is '{present}', which never follows '{step.state}'"
                self._tally.add(step.at, DROPPED, reason, self._convert.cell(row, step.at), row.number)
                continue
            timeline.append({"at": at, "by": self._convert.who(step.by, row), "state": step.state})
        final = present or timeline[-1]["state"]
        if final != timeline[-1]["state"]:
            column = self._rules.state.column
            self._tally.add(
                column, ADJUSTED, _NO_STEP, self._convert.cell(row, column) if column else final, row.number
            )
            timeline.append({"at": timeline[-1]["at"], "by": timeline[-1]["by"], "state": final})
            if self._word(row) in self._telling:
                timeline[-1]["note"] = self._word(row)

    def _state(self, row: CsvRow, present: str) -> str:
        value: Any = self._convert.value(self._rules.state, row)
        return present if value is ABSENT else str(value)

    def _word(self, row: CsvRow) -> str:
        column = self._rules.state.column
        return self._convert.cell(row, column) if column else ""

    def _values(self, before: CsvRow | None, row: CsvRow, known: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the values of tracked fields at an event."""
        if before is not None and not self._tracked.differ(before, row):
            return known
        return self._tracked.read(row, known)

    def _changes(
        self, before: CsvRow | None, row: CsvRow, news: Mapping[str, Mapping[str, Any]]
    ) -> list[str]:
        """Say what changed in tracked columns; what a column holds at first, where no field has it.

        What ``news`` tells as the change of a field is not said twice.
        """
        if before is None:
            first = ((label, self._convert.cell(row, column)) for column, label in self._unread)
            return [_long(label, value) or f"{label}: {value}" for label, value in first if value]
        changes = []
        for column, label in self._rules.track:
            if self._convert.differs(before, row, column) and not self._tracked.tells(column, news):
                old, new = self._convert.cell(before, column), self._convert.cell(row, column)
                changes.append(_said(label, old, new))
        return changes

    def _joined(self, notes: list[str], row: CsvRow) -> str:
        separator = "\n\n" if any("\n" in n for n in notes) else "; "
        text = clean(separator.join(notes))
        if len(text) > self._longest:
            self._tally.add(
                self._rules.event_at,
                ADJUSTED,
                f"shortened to {self._longest} characters",
                text[:60],
                row.number,
            )
            text = text[: self._longest - 1].rstrip() + "…"
        return text


_NO_TIME = "the event has no time; that of the event before is taken"
_EARLY = "before the opening; the time of the opening is taken"
_BACK = "before the event above it; the time of that one is taken"
_NO_STEP = "no column says when this state was reached; the time of the step before is taken"
_SORTED = "the rows of this record are in no order of time; they are taken in the order of their times"


def _said(label: str, old: str, new: str) -> str:
    """Say a change on one line where it reads well so, else the new text as it stands."""
    return _long(label, new) or f"{label}: {_line(old) or 'none'} → {_line(new) or 'none'}"


def _long(label: str, text: str) -> str:
    return f"{label}:\n{text}" if "\n" in text or len(text) > _SHORT else ""


def _line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHORT else line[: _SHORT - 1] + "…"
