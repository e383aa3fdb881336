"""What the words of a filter mean in one snapshot: the tree of `model/filter_language.py` becomes a condition.

A word that can mean nothing is an error, so that a mistyped name is not taken for "no work". Each word of the
language has a method here, or in `filter_names.py` where it asks whom or what a document names; whatever is no
word of it is a relation, or a field (`filter_fields.py`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from itsm_gitops.commands.filter_clauses import (
    FINISHED,
    OPEN,
    group_states,
    priority_clause,
    state_clause,
    time_clause,
)
from itsm_gitops.commands.filter_conditions import (
    Clause,
    FilterCondition,
    all_of,
    any_of,
    contains,
    either,
    none_of,
    one_of,
    plain_text_has,
)
from itsm_gitops.commands.filter_derived import DERIVED_WORDS, plain_values
from itsm_gitops.commands.filter_fields import (
    asks_the_document_alone,
    contained,
    field_condition,
    time_range,
)
from itsm_gitops.commands.filter_names import FilterNames, is_none
from itsm_gitops.model import clock, facts, meaning, moments
from itsm_gitops.model import filter_words as words
from itsm_gitops.model.column_names import column_names
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.errors import UsageError, did_you_mean
from itsm_gitops.model.filter_language import (
    AnyOf,
    FilterNode,
    FilterTerm,
    FilterText,
    FilterValue,
    NoneOf,
)
from itsm_gitops.model.filter_reading import kinds_named, unknown_word
from itsm_gitops.model.kinds import Kind
from itsm_gitops.model.rulebook import PRIORITY
from itsm_gitops.model.tokens import fold
from itsm_gitops.model.workflow import CATEGORIES
from itsm_gitops.repository.edit_times import edited_since

if TYPE_CHECKING:
    from itsm_gitops.repository import Repository
    from itsm_gitops.snapshots import Store

ALL = "all"


class FilterMeaning:
    """Gives a filter its meaning in one snapshot, for the kinds that are listed.

    Without a repository nobody in particular asks, so ``@me`` is refused.
    """

    def __init__(
        self, repo: Repository | None, store: Store, kinds: Sequence[Kind], at: str | None = None
    ) -> None:
        self._repo, self._at = repo, at
        self._store = store
        self._book = store.book
        self._kinds = kinds
        self._names = FilterNames(repo, store, kinds)

    def condition(self, node: FilterNode) -> FilterCondition:
        """Return the condition of a filter; raises UsageError, NotFound and Ambiguous with the place of the word."""
        if isinstance(node, FilterTerm):
            return self._term(node)
        if isinstance(node, FilterText):
            return contains(node.text)
        if isinstance(node, NoneOf):
            return none_of(self.condition(node.part))
        parts = [self.condition(part) for part in node.parts]
        return any_of(parts) if isinstance(node, AnyOf) else all_of(parts)

    def _term(self, term: FilterTerm) -> FilterCondition:
        own = None if term.exact else _OWN.get(term.word)
        if own:
            return self._any_or(own, term) if term.word in _MAY_BE_NONE else own(self, term)
        derived = None if term.exact else DERIVED_WORDS.get(term.word)
        if derived:
            return derived(self._store, self._kinds, term)
        relation = None if term.exact else self._names.relation(term)
        if relation:
            self._plain(term)
            return relation
        if term.word.split(".")[0] not in column_names(self._kinds):
            raise self._unknown(term)
        values = [
            replace(v, text=name)
            for v in term.values
            for name in (self._names.handles(term, v) if v.text in (words.ME, words.MY_TEAMS) else [v.text])
        ]
        return field_condition(self._store, self._kinds, replace(term, values=tuple(values)))

    def _any_or(self, own: _Own, term: FilterTerm) -> FilterCondition:
        """Return the condition of a word of the language; ``*`` are all documents that are not without."""
        stars = [v for v in term.values if v.text == words.ANY and not v.quoted and not v.operator]
        some = tuple(v for v in term.values if v not in stars)
        tests = [own(self, replace(term, values=some))] if some else []
        absent = [replace(v, text=words.NONE) for v in stars[:1]]
        return any_of([*tests, *(none_of(own(self, replace(term, values=(v,)))) for v in absent)])

    def asks_the_document_alone(self, node: FilterNode) -> bool:
        """Whether a filter says the same of a document whatever the time is and whatever else the snapshot holds."""
        if isinstance(node, FilterText):
            return True
        if isinstance(node, FilterTerm):
            if not node.exact and (node.word in _OWN or node.word in DERIVED_WORDS):
                return node.word in _OF_THE_DOCUMENT
            linked = not node.exact and (node.word in self._book.links or node.word in self._book.inverses)
            return not linked and asks_the_document_alone(self._kinds, node)
        parts = (node.part,) if isinstance(node, NoneOf) else node.parts
        return all(map(self.asks_the_document_alone, parts))

    def _unknown(self, term: FilterTerm) -> UsageError:
        link = self._book.links.get(term.word) or self._book.inverses.get(term.word)
        if link and not term.exact:
            hint = f"itsm explain {link.name} says what it is between"
            return term.error(f"no listed kind has the relation '{term.word}'", hint)
        relations = [*self._book.links, *self._book.inverses]
        return unknown_word(term, self._kinds, [*words.BY_NAME, *relations])

    # ---- Kinds, states, priorities --------------------------------------------------------------

    def _kind(self, term: FilterTerm) -> FilterCondition:
        names: set[str] = set()
        for value in self._plain(term):
            named = kinds_named(self._book, value.text)
            if named is None:
                known = [*self._book.kinds, "items", "cis"]
                hint = did_you_mean(value.text, known) or f"kinds: {', '.join(known)}"
                raise term.error(f"there is no kind '{value.text}'", hint, value.column)
            names.update(k.name for k in named)
        return FilterCondition(lambda e: e.kind in names, clause=one_of("kind", names))

    def _state(self, term: FilterTerm) -> FilterCondition:
        wanted: set[tuple[str, str]] = set()
        for value in self._plain(term):
            states = set(self._states(term, value))
            if not states:
                raise term.error(f"no listed kind has states that are '{value.text}'", "", value.column)
            wanted |= states
        book = self._book
        return FilterCondition(
            lambda e: (e.kind, facts.stage(book, e)) in wanted, clause=state_clause(self._kinds, wanted)
        )

    def _states(self, term: FilterTerm, value: FilterValue) -> Iterator[tuple[str, str]]:
        """Yield kinds with those of their states that a word means: a state itself before a category or a role."""
        names = {s for k in self._kinds if k.stages for s in k.stages.states}
        word = value.text.lower().replace("-", "_")
        groups = (OPEN, FINISHED, *CATEGORIES, *meaning.STATE_ROLES)
        if is_none(value):
            yield from ((kind.name, "") for kind in self._kinds)
            return
        if word not in names and word not in groups:
            listed = f"states: {', '.join([OPEN, FINISHED, *sorted(names)])}"
            raise term.error(
                f"no listed kind has a state '{value.text}'",
                did_you_mean(word, [*groups, *names]) or listed,
                value.column,
            )
        for kind in self._kinds:
            if word in names:
                yield kind.name, word
            else:
                yield from ((kind.name, state) for state in group_states(kind, word))

    def _status(self, term: FilterTerm) -> FilterCondition:
        known = (OPEN, FINISHED, ALL)
        for value in self._plain(term):
            if value.text.lower() not in known:
                hint = did_you_mean(value.text, known) or f"one of: {', '.join(known)}; state:{value.text}?"
                raise term.error(f"there is no status '{value.text}'", hint, value.column)
        wanted = {v.text.lower() for v in term.values}
        if ALL in wanted:
            return all_of([])
        return self._state(replace(term, word=words.STATE))

    def _priority(self, term: FilterTerm) -> FilterCondition:
        known = list(self._book.policy(PRIORITY).get("priorities", {}))
        by_name = {name.lower(): name for name in known}
        wanted: set[str | None] = set()
        for value in self._plain(term):
            name = by_name.get(value.text.lower())
            if name is None and not is_none(value):
                raise term.error(
                    f"there is no priority '{value.text}'", f"priorities: {', '.join(known)}", value.column
                )
            wanted.add(name)
        book = self._book
        return FilterCondition(
            lambda e: (found.name if (found := facts.priority(book, e)) else None) in wanted,
            clause=None if None in wanted else priority_clause(self._book, wanted),
        )

    # ---- Names ----------------------------------------------------------------------------------

    def _facet(self, term: FilterTerm) -> FilterCondition:
        self._plain(term)
        return self._names.facet(term)

    def _team(self, term: FilterTerm) -> FilterCondition:
        self._plain(term)
        return self._names.team(term)

    def _assignee(self, term: FilterTerm) -> FilterCondition:
        self._plain(term)
        return self._names.assignee(term)

    def _reaches(self, term: FilterTerm) -> FilterCondition:
        self._plain(term)
        return self._names.reaches(term)

    # ---- Times and texts ------------------------------------------------------------------------

    def _opened(self, term: FilterTerm) -> FilterCondition:
        return self._when(term, lambda e: e.opened, "opened_at")

    def _updated(self, term: FilterTerm) -> FilterCondition:
        """Return the condition that something happened to a document last in some spans: by its timeline, by Git."""
        spans = [time_range(term, v, self._store.config.timezone) for v in term.values if not is_none(v)]
        bounds = [s.start if s.start != moments.FIRST else s.end for s in spans]
        bound = min((b for b in bounds if b != moments.LAST), default=None)
        edits = edited_since(self._repo, bound, self._at) if self._repo and bound else {}
        if not edits:
            return self._when(term, lambda e: e.updated, "updated_at")

        def last(entry: Entry) -> str:
            told, edited = clock.parse_time(entry.updated), edits.get(entry.path)
            if edited is None or (told is not None and told.timestamp() >= edited):
                return entry.updated
            return clock.format_time(datetime.fromtimestamp(edited, UTC))

        found = self._when(term, last, "updated_at")
        if found.clause is None:
            return found
        names = Clause("path IN (SELECT value FROM json_each(?))", (json.dumps(sorted(edits)),))
        return replace(found, clause=either([found.clause, names])._replace(exact=False))

    def _closed(self, term: FilterTerm) -> FilterCondition:
        book = self._book

        def closed(entry: Entry) -> str:
            workflow = book.kinds[entry.kind].workflow
            return entry.entered if workflow and workflow.is_done(entry.state) else ""

        done = {
            (k.name, s) for k in self._kinds if k.workflow for s in k.workflow.states if k.workflow.is_done(s)
        }
        only = state_clause(self._kinds, done)
        return self._when(term, closed, "entered_at", only)

    def _when(
        self, term: FilterTerm, text: Callable[[Entry], str], column: str, only: Clause | None = None
    ) -> FilterCondition:
        """Return the condition that a time lies in one of some spans; ``only`` is where there is such a time."""
        zone = self._store.config.timezone
        spans = [time_range(term, v, zone) for v in term.values if not is_none(v)]
        absent = any(map(is_none, term.values))

        def decide(entry: Entry) -> bool:
            at = clock.parse_time(text(entry))
            return absent if at is None else any(span.holds(at) for span in spans)

        return FilterCondition(decide, clause=None if absent else time_clause(column, spans, only))

    def _id(self, term: FilterTerm) -> FilterCondition:
        wanted = [contained(term, v) for v in self._plain(term)]
        clauses = [plain_text_has(column, wanted) for column in ("id", "aliases")]
        return FilterCondition(
            lambda e: any(w in fold(name) for name in (e.id, *e.aliases) for w in wanted),
            clause=either([c for c in clauses if c]) if all(clauses) else None,
        )

    def _title(self, term: FilterTerm) -> FilterCondition:
        wanted = [contained(term, v) for v in self._plain(term)]
        return FilterCondition(
            lambda e: any(w in fold(e.title) for w in wanted), clause=plain_text_has("title", wanted)
        )

    def _plain(self, term: FilterTerm) -> Iterable[FilterValue]:
        """Return the values of a word that has no order; raises UsageError for comparisons."""
        return plain_values(term)


_OF_THE_DOCUMENT = (words.KIND, words.STATE, words.STATUS, words.PRIORITY, words.ID, words.TITLE)
# Words that `none` can follow, so that `*` is its opposite.
_MAY_BE_NONE = (
    words.STATE, words.PRIORITY, words.SERVICE, words.TEAM, words.CI, words.ASSIGNEE, words.OPENED, words.UPDATED, words.CLOSED
)  # fmt: skip
_Own = Callable[[FilterMeaning, FilterTerm], FilterCondition]
_OWN: Mapping[str, _Own] = {
    words.KIND: FilterMeaning._kind,
    words.STATE: FilterMeaning._state,
    words.STATUS: FilterMeaning._status,
    words.PRIORITY: FilterMeaning._priority,
    words.SERVICE: FilterMeaning._facet,
    words.TEAM: FilterMeaning._team,
    words.CI: FilterMeaning._facet,
    words.ASSIGNEE: FilterMeaning._assignee,
    words.REACHES: FilterMeaning._reaches,
    words.ID: FilterMeaning._id,
    words.TITLE: FilterMeaning._title,
    words.OPENED: FilterMeaning._opened,
    words.UPDATED: FilterMeaning._updated,
    words.CLOSED: FilterMeaning._closed,
}
