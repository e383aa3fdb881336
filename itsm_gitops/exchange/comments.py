"""Comments in cells made into timeline entries: plain texts, Jira's and ServiceNow's ways of writing them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from itsm_gitops.exchange.convert import Converter
from itsm_gitops.exchange.fitting import clean
from itsm_gitops.exchange.mapping import JIRA, SERVICENOW, CommentRule
from itsm_gitops.exchange.report import ADJUSTED, Tally
from itsm_gitops.exchange.tables import CsvRow

# `2024-03-01 10:15:22 - Ann Agent (Work notes)`: one heading for each text, the newest first.
_HEADING = re.compile(
    r"^(?P<at>\S[^\n]{4,40}?) - (?P<by>[^\n]{1,200}?) \((?P<kind>[^()\n]{3,40})\)[ \t]*$", re.MULTILINE
)
_NO_TIME = "no time that can be read; that of the row is taken"
_EARLY = "before the opening; the time of the opening is taken"
_INTERNAL = re.compile(r"note", re.IGNORECASE)


class Remark(NamedTuple):
    """One text that somebody wrote: RFC 3339 time, handle, the field of the timeline entry, the text."""

    at: str
    by: str
    field: str
    text: str


class CommentReader:
    """Reads the comments of a row. ``longest`` is the most characters that an entry may have.

    Nothing of a text is cut off: one that is too long becomes several entries.
    """

    def __init__(self, convert: Converter, tally: Tally, longest: int) -> None:
        self._convert = convert
        self._tally = tally
        self._longest = longest

    def read(self, rule: CommentRule, row: CsvRow, at: str, by: str) -> Iterator[Remark]:
        """Yield what the cells of one rule say; ``at`` and ``by`` are those of the row, for plain texts."""
        for cell in self._convert.cells(row, rule.column):
            for found in self._parts(rule, cell, row, at, by):
                text = clean(found.text)
                for start in range(0, len(text), self._longest):
                    yield found._replace(text=text[start : start + self._longest].strip())

    def _parts(self, rule: CommentRule, cell: str, row: CsvRow, at: str, by: str) -> Iterator[Remark]:
        if rule.form == JIRA:
            yield self._jira(rule, cell, row, at, by)
        elif rule.form == SERVICENOW:
            yield from self._servicenow(rule, cell, row, at, by)
        else:
            moment = self._convert.when(rule.at, row) if rule.at else ""
            who = self._convert.who(rule.by, row) if rule.by else by
            yield Remark(moment or at, who, rule.field, cell)

    def _jira(self, rule: CommentRule, cell: str, row: CsvRow, at: str, by: str) -> Remark:
        """Read ``date;author;text``; a cell of another shape is a text without date and author."""
        parts = cell.split(";", 2)
        moment = self._moment(rule, parts[0].strip(), row) if len(parts) == 3 else ""
        if not moment:
            self._tally.add(rule.column, ADJUSTED, _NO_TIME, cell[:60], row.number)
            return Remark(at, by, rule.field, cell)
        return Remark(moment, self._convert.handle(rule.column, parts[1].strip(), row), rule.field, parts[2])

    def _servicenow(self, rule: CommentRule, cell: str, row: CsvRow, at: str, by: str) -> Iterator[Remark]:
        """Read a journal: each heading that has a time begins a text; the oldest comes last in the cell."""
        text = cell.replace("\r\n", "\n").replace("\r", "\n")
        heads = [(m, self._moment(rule, m["at"], row)) for m in _HEADING.finditer(text)]
        heads = [(match, moment) for match, moment in heads if moment]
        before = text[: heads[0][0].start()] if heads else text
        if before.strip():
            self._tally.add(rule.column, ADJUSTED, _NO_TIME, before[:60], row.number)
            yield Remark(at, by, rule.field, before)
        ends = [*(match.start() for match, _ in heads[1:]), len(text)][: len(heads)]
        for (match, moment), end in reversed(list(zip(heads, ends, strict=True))):
            field = "note" if _INTERNAL.search(match["kind"]) else "comment"
            yield Remark(
                moment, self._convert.handle(rule.column, match["by"], row), field, text[match.end() : end]
            )

    def _moment(self, rule: CommentRule, text: str, row: CsvRow) -> str:
        return self._convert.moment(rule.column, text, row, rule.times)


def written_times(rule: CommentRule, cell: str) -> list[str]:
    """Return the texts in a cell that should be times."""
    if rule.form == JIRA:
        parts = cell.split(";", 2)
        return [parts[0].strip()] if len(parts) == 3 else []
    return [m["at"] for m in _HEADING.finditer(cell.replace("\r\n", "\n"))] if rule.form == SERVICENOW else []


def add_remarks(
    timeline: list[dict[str, str]], remarks: list[tuple[Remark, str, int]], tally: Tally
) -> list[dict[str, str]]:
    """Return a timeline with remarks at their times; each comes with its column and row for the report.

    Entries of one time keep their order: first what the timeline has, then the remarks as they were read.
    """
    opened = timeline[0]["at"]
    added = []
    for remark, column, row in remarks:
        if not remark.text:
            continue
        at = remark.at
        if at < opened:
            tally.add(column, ADJUSTED, _EARLY, at, row)
            at = opened
        added.append({"at": at, "by": remark.by, remark.field: remark.text})
    return sorted([*timeline, *added], key=lambda entry: entry["at"]) if added else timeline
