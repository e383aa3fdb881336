"""Words of a filter for what lists show beside the fields: clocks, age, root and path of a document."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from itsm_gitops.commands.columns import Rows
from itsm_gitops.commands.filter_conditions import FilterCondition, one_of
from itsm_gitops.commands.filter_fields import contained, field_condition, no_order
from itsm_gitops.commands.filter_names import is_none
from itsm_gitops.model import filter_words as words
from itsm_gitops.model.column_names import AGE, CLOCK, PATH, ROOT
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.errors import did_you_mean
from itsm_gitops.model.filter_language import FilterTerm, FilterValue
from itsm_gitops.model.kinds import Kind
from itsm_gitops.model.tokens import fold

if TYPE_CHECKING:
    from itsm_gitops.snapshots import Store


def plain_values(term: FilterTerm) -> Iterable[FilterValue]:
    """Return the values of a word that has no order; raises UsageError for comparisons."""
    for value in term.values:
        if value.operator:
            raise no_order(term, value, f"{term.word} has no order")
    return term.values


def _is_any(value: FilterValue) -> bool:
    return value.text == words.ANY and not value.quoted


def _sla(store: Store, kinds: Sequence[Kind], term: FilterTerm) -> FilterCondition:
    """Return the condition that a clock of a record has one of some standings, or that nothing is promised about it."""
    from itsm_gitops.commands.clocks import RecordClocks
    from itsm_gitops.model.promises import STANDINGS

    wanted, absent = _standings(term)
    clocks = RecordClocks(store)
    names = [k.name for k in kinds if k.is_record]
    found = clocks.matching(names, wanted) if names else {}
    ids = {name for name, so in found.items() if so}
    if absent:
        promised = clocks.matching(names, STANDINGS) if names else {}
        ids |= {e.id for e in store.of_kinds(names) if not promised.get(e.id)}
    return FilterCondition(lambda e: e.id in ids, clause=one_of("id", ids))


def _clock(store: Store, _: Sequence[Kind], term: FilterTerm) -> FilterCondition:
    """Return the condition that the clock in the column `clock`, the one that matters most, has one of some standings."""
    from itsm_gitops.model.promises import standings_of

    wanted, absent = _standings(term)
    rows = Rows(store, ())

    def decide(entry: Entry) -> bool:
        promise = rows.clock(entry)
        return absent if promise is None else not wanted.isdisjoint(standings_of(promise))

    return FilterCondition(decide)


def _standings(term: FilterTerm) -> tuple[set[str], bool]:
    """Return the standings that a term asks for, and whether no clock at all will do; raises for any other word."""
    from itsm_gitops.model.promises import STANDINGS

    wanted: set[str] = set()
    for value in plain_values(term):
        if _is_any(value):
            wanted.update(STANDINGS)
        elif value.text.lower() in STANDINGS:
            wanted.add(value.text.lower())
        elif not is_none(value):
            hint = did_you_mean(value.text, STANDINGS) or f"one of: {', '.join(STANDINGS)}, none"
            raise term.error(f"a clock is never '{value.text}'", hint, value.column)
    return wanted, any(map(is_none, term.values))


def _age(store: Store, kinds: Sequence[Kind], term: FilterTerm) -> FilterCondition:
    """Return the condition that the column `age` says one of some texts; raises for what it never says."""
    for value in term.values:
        if value.operator or not (is_none(value) or _is_any(value) or value.text[:1].isdigit()):
            hint = "opened:<-30d finds what was opened more than 30 days ago"
            raise term.error(f"{term.word} is a column in words: it cannot be compared", hint, value.column)
    return field_condition(store, kinds, term)


def _root(store: Store, _: Sequence[Kind], term: FilterTerm) -> FilterCondition:
    """Return the condition that a document is from one of some roots, or (``none``) the repository's own."""
    names = [root.name for root in store.config.roots]
    wanted: set[str] = set()
    for value in plain_values(term):
        known = names if _is_any(value) else [""] if is_none(value) else [n for n in names if n == value.text]
        if not known and not _is_any(value):
            hint = did_you_mean(value.text, names) or f"roots: {', '.join(names) or 'none'}"
            raise term.error(f"there is no root '{value.text}'", hint, value.column)
        wanted.update(known)
    return FilterCondition(lambda e: store.root_of(e.path) in wanted)


def _path(_: Store, __: Sequence[Kind], term: FilterTerm) -> FilterCondition:
    """Return the condition that the path of a document contains one of some texts."""
    wanted = [contained(term, value) for value in plain_values(term)]
    return FilterCondition(lambda e: any(w in fold(e.path) for w in wanted))


_DerivedWord = Callable[["Store", Sequence[Kind], FilterTerm], FilterCondition]
DERIVED_WORDS: Mapping[str, _DerivedWord] = {
    words.SLA: _sla,
    CLOCK: _clock,
    AGE: _age,
    ROOT: _root,
    PATH: _path,
}
