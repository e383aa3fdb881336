"""What licences and contracts cost: each of them, by team, and in all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from itsm_gitops.model import filter_words
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.report import ITEM, MONEY, Cell, Column, Key, Row, Table
from itsm_gitops.model.wording import Phrase

_A_YEAR: Mapping[Any, int] = {"month": 12, "quarter": 4, "year": 1}
_TEAM = Column(filter_words.TEAM, "Team", ITEM)
_COST = (Column("amount", "Cost", MONEY), Column("currency", "", MONEY), Column("per", "Per", MONEY))
YEARLY = (Column("a_year", "A year", MONEY), Column("currency", "", MONEY))
Priced = Sequence[tuple[Entry, Mapping[str, Any]]]


def yearly_keys(costs: Sequence[Mapping[str, Any]]) -> list[Key]:
    """Return what everything costs a year, a figure for each currency."""
    sums: dict[str, float] = {}
    for amount, currency in map(a_year, costs):
        if isinstance(amount, int | float):
            sums[str(currency)] = sums.get(str(currency), 0) + amount
    return [Key(sums[c], Phrase("{currency} a year", currency=c), MONEY) for c in sorted(sums)]


def a_year(cost: Mapping[str, Any]) -> tuple[Cell, Cell]:
    """Return what recurs each year, and its currency; nothing where it was paid once."""
    amount, times = cost.get("amount"), _A_YEAR.get(cost.get("per"))
    if times is None or not isinstance(amount, int | float):
        return None, None
    return amount * times, str(cost.get("currency", ""))


def cost_table(first: Column, priced: Priced) -> Table:
    """Return what each costs, what costs most in a year first."""
    columns = (first, _TEAM, *_COST, YEARLY[0])
    rows: list[Row] = [
        (
            entry.id,
            str(entry.columns.get("owner", "")),
            cost["amount"],
            str(cost.get("currency", "")),
            str(cost.get("per", "once")),
            a_year(cost)[0],
        )
        for entry, cost in sorted(priced, key=lambda one: (-float(a_year(one[1])[0] or 0), one[0].id))
        if isinstance(cost.get("amount"), int | float)
    ]
    return Table("costs", "What each costs", columns, tuple(rows))


def sum_table(priced: Priced) -> Table:
    """Return what a team pays in a year, the most first."""
    sums: dict[tuple[str, str], float] = {}
    for entry, cost in priced:
        amount, currency = a_year(cost)
        if isinstance(amount, int | float):
            key = str(entry.columns.get("owner", "")), str(currency)
            sums[key] = sums.get(key, 0) + amount
    columns = (_TEAM, *YEARLY)
    rows = tuple(
        (team, amount, currency)
        for (team, currency), amount in sorted(sums.items(), key=lambda one: (-one[1], one[0]))
    )
    note = "Without what was paid once." if rows else ""
    return Table("a_year", "Cost of a year by team", columns, rows, note=note)
