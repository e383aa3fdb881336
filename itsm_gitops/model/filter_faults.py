"""What is wrong with a filter that stands in a file: words that no document of the rule book can ever have.

Whoever types a filter is told at once. One in a report, a view or a map of a standard is run much later, by somebody else, or
by nobody: it is judged with the rule book. Names of documents are left out; they belong to a snapshot.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from itsm_gitops.model import filter_words as words
from itsm_gitops.model.column_names import CLOCK, column_names, near_column
from itsm_gitops.model.errors import ItsmError, UsageError, did_you_mean
from itsm_gitops.model.filter_language import FilterNode, FilterTerm, FilterText, NoneOf
from itsm_gitops.model.filter_reading import kinds_named, read_words, unknown_word
from itsm_gitops.model.filter_values import (
    category_fault,
    not_times,
    schemas_of,
    time_fault,
    value_fault,
)
from itsm_gitops.model.kinds import Kind
from itsm_gitops.model.meaning import STATE_ROLES
from itsm_gitops.model.promises import STANDINGS
from itsm_gitops.model.rulebook import PRIORITY, RuleBook
from itsm_gitops.model.workflow import CATEGORIES

_GROUPS = ("open", "finished", "all", words.NONE, *CATEGORIES, *STATE_ROLES)


def filter_faults(book: RuleBook, text: str) -> tuple[Sequence[Kind], list[ItsmError]]:
    """Return the kinds that a filter is about, and what is wrong with its words; no kinds where it cannot be read."""
    try:
        asked = read_words(book, (text,))
    except ItsmError as error:
        return (), [error]
    faults = [fault for term in _terms(asked.node) for fault in _term_faults(book, asked.kinds, term)]
    return asked.kinds, faults


def column_fault(name: str, kinds: Sequence[Kind]) -> ItsmError | None:
    """Return what is wrong with the name of a column of documents of some kinds."""
    if not kinds or name in column_names(kinds):
        return None
    return UsageError(f"there is no column '{name}'", near_column(name, kinds))


def _terms(node: FilterNode) -> Iterator[FilterTerm]:
    if isinstance(node, FilterTerm):
        yield node
    elif not isinstance(node, FilterText):
        for part in (node.part,) if isinstance(node, NoneOf) else node.parts:
            yield from _terms(part)


def _term_faults(book: RuleBook, kinds: Sequence[Kind], term: FilterTerm) -> Iterator[ItsmError]:
    if not term.exact and term.word in words.TIMES:
        yield from (fault for v in term.values if (fault := not_times(term, v)))
        return
    if not term.exact and (term.word in words.BY_NAME or term.word == CLOCK):
        known = _values(book, kinds, term.word)
        for value in term.values if known else ():
            if value.text.lower().replace("-", "_") not in known and not value.operator:
                hint = did_you_mean(value.text, known)
                yield term.error(f"there is no {term.word} '{value.text}'", hint, value.column)
        return
    linked = not term.exact and (term.word in book.links or term.word in book.inverses)
    if linked:
        return
    if term.word.split(".")[0] not in column_names(kinds):
        yield unknown_word(term, kinds, [*words.BY_NAME, *book.links, *book.inverses])
        return
    schemas = schemas_of(kinds, term.word).values()
    for value in term.values:
        fault = (
            value_fault(schemas, term, value)
            or category_fault(book, schemas, term, value)
            or time_fault(schemas, term, value)
        )
        if fault:
            yield fault


def _values(book: RuleBook, kinds: Sequence[Kind], word: str) -> set[str]:
    """Return the values that a word takes by the rule book alone; empty where documents decide."""
    if word in (words.STATE, words.STATUS):
        return {*_GROUPS, *(s for k in kinds if k.stages for s in k.stages.states)}
    if word == words.PRIORITY:
        names = book.policy(PRIORITY).get("priorities", {})
        return {words.NONE, *(str(name).lower() for name in names)} if names else set()
    if word in (words.SLA, CLOCK):
        return {words.NONE, *STANDINGS}
    if word == words.KIND:
        known = {w for k in book.kinds.values() for w in (k.name, k.plural)}
        return {w for w in (*known, "items", "cis", "records", "cmdb") if kinds_named(book, w)}
    return set()
