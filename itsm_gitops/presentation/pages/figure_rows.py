"""Which rows and columns of a table of figures stand on a page, and in which order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from itsm_gitops.model.report import BUSINESS, COUNT, DURATION, ITEM, RULE, SHARE, Table
from itsm_gitops.presentation.language import t

_MEASURED = (COUNT, SHARE, DURATION, BUSINESS, RULE)  # what may be nought, or none, in every row
_FEWEST_GROUPED = 6  # rows that are told apart by whether a goal was missed


def shown_columns(table: Table) -> Table:
    """Return a table without the columns that say nothing here."""
    return _without_nought(_without_names(table))


def groups(short: Sequence[bool]) -> list[tuple[str, list[int]]]:
    """Return the rows that missed a goal and those that did not, where both are there and there are many."""
    missed, rest = ([n for n, one in enumerate(short) if one is wanted] for wanted in (True, False))
    if not missed or not rest or len(short) < _FEWEST_GROUPED:
        return [("", [*missed, *rest])]
    return [
        (t("Below a goal ({count})", count=len(missed)), missed),
        (t("Met, or no data ({count})", count=len(rest)), rest),
    ]


def nearest_goal(table: Table, number: int) -> str:
    """Return the name of the share that is nearest to its goal, or farthest below; a phone shows this one alone."""
    found = []
    for column in table.columns:
        if column.goal:
            share, goal = (table.values(name)[number] for name in (column.name, column.goal))
            if isinstance(share, int | float) and isinstance(goal, int | float):
                found.append((share - goal, column.name))
    return min(found)[1] if found else ""


def _without_names(table: Table) -> Table:
    """Return a table without its column of names where the first column shows items, which come with their names."""
    if table.columns[0].form != ITEM:
        return table
    return _with(table, [n for n, c in enumerate(table.columns) if c.name != "name"])


def _without_nought(table: Table) -> Table:
    """Return a table without the columns that hold nothing in any row."""
    goals = {c.goal for c in table.columns if c.goal}
    nought = [
        n
        for n, c in enumerate(table.columns)
        if n and c.form in _MEASURED and not c.goal and c.name not in goals and not any(table.values(c.name))
    ]
    if len(nought) == len(table.columns) - 1:
        return table
    return _with(table, [n for n in range(len(table.columns)) if n not in nought])


def _with(table: Table, numbers: Sequence[int]) -> Table:
    if len(numbers) == len(table.columns):
        return table
    rows = tuple(tuple(row[n] for n in numbers) for row in table.rows)
    return replace(table, columns=tuple(table.columns[n] for n in numbers), rows=rows)
