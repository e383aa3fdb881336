"""Rows folded into a timeline: the opening, each state reached, and changes worth a note."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from itsm_gitops.exchange.convert import ABSENT, Converter
from itsm_gitops.exchange.mapping import CsvMapping, TimelineRules
from itsm_gitops.exchange.report import ADJUSTED, Tally
from itsm_gitops.exchange.tables import Row

Entry = dict[str, str]


class History:
    """Makes timelines for one mapping.

    The first entry is the life cycle's initial state at the time of opening; each later state has
    an entry, each change of a tracked column a note. Times are taken as they stand: where a log
    goes backwards, so does the timeline, and a rule says so.
    """

    def __init__(self, mapping: CsvMapping, rules: TimelineRules, convert: Converter, tally: Tally) -> None:
        self._rules = rules
        self._convert = convert
        self._tally = tally
        workflow = mapping.kind.workflow
        self._initial = workflow.initial if workflow else ""
        # The source's words for waiting ("Awaiting Vendor") tell more than our state, so they become a note.
        states = workflow.states if workflow else {}
        self._telling = {
            word
            for word, state in (rules.state.map or {}).items()
            if state and states[state].category == "waiting"
        }

    def opened(self, rows: Sequence[Row]) -> str:
        """Return when the record was opened, else the time of its first event; empty for never."""
        at = self._convert.when(self._rules.opened_at, rows[0])
        if not at and self._rules.event_at:
            at = next(filter(None, (self._convert.when(self._rules.event_at, row) for row in rows)), "")
        return at

    def fold(self, rows: Sequence[Row], opened: str) -> list[Entry]:
        """Return the timeline of one record; its last entry with a state has the present one."""
        by = self._convert.who(self._rules.opened_by, rows[0])
        timeline: list[Entry] = [{"at": opened, "by": by, "state": self._initial}]
        if self._rules.event_at:
            self._fold_events(rows, timeline)
        else:
            self._fold_steps(rows[-1], timeline)
        return timeline

    def _fold_events(self, rows: Sequence[Row], timeline: list[Entry]) -> None:
        rules, convert = self._rules, self._convert
        state, word, at = self._initial, "", timeline[0]["at"]
        before: Row | None = None
        for row in rows:
            moment = convert.when(rules.event_at, row)
            if not moment:
                self._tally.add(
                    rules.event_at, ADJUSTED, _NO_TIME, convert.cell(row, rules.event_at), row.number
                )
            at = moment or at
            reached, said = self._state(row, state), self._word(row)
            note = self._changes(before, row)
            if said in self._telling and said != word:
                note = [said, *note]
            if reached != state or note:
                timeline.append({"at": at, "by": convert.who(rules.event_by, row)})
                if reached != state:
                    timeline[-1]["state"] = reached
                if note:
                    timeline[-1]["note"] = "; ".join(note)
            state, word, before = reached, said, row

    def _fold_steps(self, row: Row, timeline: list[Entry]) -> None:
        for step in self._rules.steps:
            at = self._convert.when(step.at, row)
            if at and step.state != timeline[-1]["state"]:
                timeline.append({"at": at, "by": self._convert.who(step.by, row), "state": step.state})
        final = self._state(row, timeline[-1]["state"])
        if final != timeline[-1]["state"]:
            column = self._rules.state.column
            self._tally.add(column, ADJUSTED, _NO_STEP, self._convert.cell(row, column), row.number)
            timeline.append({"at": timeline[-1]["at"], "by": timeline[-1]["by"], "state": final})
            if self._word(row) in self._telling:
                timeline[-1]["note"] = self._word(row)

    def _state(self, row: Row, present: str) -> str:
        value: Any = self._convert.value(self._rules.state, row)
        return present if value is ABSENT else str(value)

    def _word(self, row: Row) -> str:
        column = self._rules.state.column
        return self._convert.cell(row, column) if column else ""

    def _changes(self, before: Row | None, row: Row) -> list[str]:
        if before is None:
            return []
        changes = []
        for column, label in self._rules.track:
            old, new = self._convert.cell(before, column), self._convert.cell(row, column)
            if old != new:
                changes.append(f"{label}: {_shown(old)} → {_shown(new)}")
        return changes


_NO_TIME = "the event has no time; that of the event before is taken"
_NO_STEP = "no column says when this state was reached; the time of the step before is taken"


def _shown(text: str) -> str:
    return " ".join(text.split()) or "none"
