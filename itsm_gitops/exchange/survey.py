"""A first reading of a table: are its times written as the mapping says, and is it newest first?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from itsm_gitops.exchange.comments import written_times
from itsm_gitops.exchange.fitting import schema_at, type_of
from itsm_gitops.exchange.mapping import CommentRule, CsvMapping
from itsm_gitops.exchange.tables import CsvTable, TableError
from itsm_gitops.exchange.times import LocalTimes, other_format
from itsm_gitops.model.text import safe_text

_QUIRKS = 0.1  # share of steps against the order that are slips of a clock, not of the table


class Order(NamedTuple):
    """In which order the events of the records stand: newest first or not, and whether in one at all.

    A table in order has few steps against it. Those are slips of the old tool's clock: the order of the
    rows is what happened. In a table without order only the times say what happened.
    """

    newest_first: bool = False
    ordered: bool = True


class _Column(NamedTuple):
    """A column with times: its places, what reads it, and the texts that stand in it, each once."""

    name: str
    places: Sequence[int]
    times: LocalTimes
    texts: dict[str, None]


def survey(table: CsvTable, mapping: CsvMapping) -> Order:
    """Read a table once and return in which order the events of its records stand.

    Raises TableError where values of a column are not written in the format of the mapping and another
    format fits all of them: then the mapping is wrong, and each value that fits may be read wrongly.
    """
    columns = _time_columns(table, mapping)
    comments = _comment_columns(table, mapping)
    if not columns and not comments:
        return Order()
    order = _Order(table, mapping)
    for row in table.rows():
        if row.fault:
            continue
        for column in columns:
            for place in column.places:
                column.texts[row.cells[place].strip()] = None
        for column, rule in comments:
            for place in column.places:
                column.texts.update(dict.fromkeys(written_times(rule, row.cells[place])))
        order.see(row.cells)
    for column in (*columns, *(column for column, _ in comments)):
        _check(table, column, mapping.missing)
    against = min(order.ascents, order.descents)
    return Order(order.descents > order.ascents, against <= _QUIRKS * (order.ascents + order.descents))


def _time_columns(table: CsvTable, mapping: CsvMapping) -> list[_Column]:
    names = list(mapping.timeline.time_columns) if mapping.timeline else []
    for name, rule in mapping.fields.items():
        kind = rule.type or type_of(schema_at(mapping.kind.fields, name.split(".")))
        if rule.column and kind in ("time", "date") and not rule.regex and rule.map is None:
            names.append(rule.column)
    found = []
    for name in dict.fromkeys(names):
        times = mapping.times_of(name)
        if times:
            found.append(_Column(name, table.positions(name), times, {}))
    return found


def _comment_columns(table: CsvTable, mapping: CsvMapping) -> list[tuple[_Column, CommentRule]]:
    return [
        (_Column(rule.column, table.positions(rule.column), rule.times, {}), rule)
        for rule in (mapping.timeline.comments if mapping.timeline else ())
        if rule.times
    ]


class _Order:
    """Counts how often the time goes forward and back from one row to the next of the same key."""

    def __init__(self, table: CsvTable, mapping: CsvMapping) -> None:
        self.ascents = self.descents = 0
        event_at = mapping.timeline.event_at if mapping.timeline else ""
        self._times = mapping.times_of(event_at) if event_at else None
        self._at = table.position(event_at) if event_at else 0
        self._keys = [table.position(c) for c in mapping.key.columns]
        self._key: list[str] = []
        self._moment = ""

    def see(self, cells: Sequence[str]) -> None:
        """Take the next row."""
        if self._times is None:
            return
        key = [cells[place] for place in self._keys]
        moment = self._times.read(cells[self._at].strip())
        text = moment.text if moment else ""
        if key == self._key and text and self._moment:
            self.ascents += self._moment < text
            self.descents += self._moment > text
        self._key, self._moment = key, text or (self._moment if key == self._key else "")


def _check(table: CsvTable, column: _Column, missing: frozenset[str]) -> None:
    texts = [text for text in column.texts if text and text not in missing]
    misfits = [text for text in texts if column.times.read(text) is None]
    other = other_format(column.times.pattern, texts) if misfits else ""
    if other:
        example = safe_text(misfits[0][:60])
        raise TableError(
            f"{table.path.name}: '{safe_text(column.name)}' is not written as {column.times.pattern}: "
            f"{len(misfits):,} of {len(texts):,} different values do not fit, such as '{example}', "
            f"and {other} fits every one",
            "correct times.format in the mapping, or say under times.columns how this column is written",
        )
