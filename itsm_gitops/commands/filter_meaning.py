"""What the words of a filter mean in one snapshot: the tree of `model/filter_language.py` becomes a condition.

A word that can mean nothing is an error, so that a mistyped name is not taken for "no work". Names are looked up
before anything is compared: a fragment of an identifier or an old number will do.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from itsm_gitops.commands.filter_conditions import Condition, all_of, any_of, contains, folded, none_of
from itsm_gitops.commands.filter_fields import field_condition, time_range, unknown_word
from itsm_gitops.model import clock, facts, meaning
from itsm_gitops.model import filter_words as words
from itsm_gitops.model.entry import Edge, Entry
from itsm_gitops.model.errors import ItsmError, NotFound, did_you_mean
from itsm_gitops.model.filter_language import (
    AnyOf,
    FilterNode,
    FilterTerm,
    FilterText,
    FilterValue,
    NoneOf,
)
from itsm_gitops.model.kinds import Kind
from itsm_gitops.model.rulebook import PRIORITY, LinkType, RuleBook
from itsm_gitops.model.workflow import CATEGORIES

if TYPE_CHECKING:
    from itsm_gitops.repository import Repository, Store

OPEN, FINISHED, ALL = "open", "finished", "all"
_MEMBER_OF = "member_of"


def kinds_named(book: RuleBook, word: str) -> list[Kind] | None:
    """Return the kinds that a word names: one of them, ``records``, ``items`` or ``cis``; None for no such word."""
    lowered = word.lower()
    if lowered in ("records", "record"):
        return [k for k in book.kinds.values() if k.is_record]
    if lowered in ("cis", "ci", "items", "cmdb"):
        whole = lowered in ("items", "cmdb")
        return [k for k in book.kinds.values() if not k.is_record and (k.operational or whole)]
    try:
        return [book.kind(word)]
    except NotFound:
        return None


class FilterMeaning:
    """Gives a filter its meaning in one snapshot, for the kinds that are listed."""

    def __init__(self, repo: Repository, store: Store, kinds: Sequence[Kind]) -> None:
        self._repo = repo
        self._store = store
        self._book = store.book
        self._kinds = kinds

    def condition(self, node: FilterNode) -> Condition:
        """Return the condition of a filter; raises UsageError, NotFound and Ambiguous with the place of the word."""
        if isinstance(node, FilterTerm):
            return self._term(node)
        if isinstance(node, FilterText):
            return contains(node.text)
        if isinstance(node, NoneOf):
            return none_of(self.condition(node.part))
        parts = [self.condition(part) for part in node.parts]
        return any_of(parts) if isinstance(node, AnyOf) else all_of(parts)

    def _term(self, term: FilterTerm) -> Condition:
        if not term.exact:
            own = _OWN.get(term.word)
            if own:
                return own(self, term)
            relation = self._relation(term)
            if relation:
                return relation
        first = term.word.split(".")[0]
        if not self._is_field(first):
            relations = [*self._book.links, *self._book.inverses]
            raise unknown_word(term, self._kinds, [*words.BY_NAME, *relations])
        return field_condition(self._store, self._kinds, self._resolved(term))

    def _is_field(self, name: str) -> bool:
        from itsm_gitops.commands.columns import column_names

        return name in column_names(self._kinds)

    def _resolved(self, term: FilterTerm) -> FilterTerm:
        """Return a term with @me and @my-teams replaced, where its field names people and teams."""
        if not any(v.text.startswith("@") and not v.quoted for v in term.values):
            return term
        values = [
            FilterValue(name, v.column, v.operator, v.upper, v.quoted or name != v.text)
            for v in term.values
            for name in self._handles(term, v)
        ]
        return FilterTerm(term.word, tuple(values), term.column, term.exact, term.option)

    # ---- Kinds, states, priorities --------------------------------------------------------------

    def _kind(self, term: FilterTerm) -> Condition:
        names: set[str] = set()
        for value in self._plain(term):
            named = kinds_named(self._book, value.text)
            if named is None:
                known = [*self._book.kinds, "items", "cis"]
                hint = did_you_mean(value.text, known) or f"kinds: {', '.join(known)}"
                raise term.error(f"there is no kind '{value.text}'", hint, value.column)
            names.update(k.name for k in named)
        return Condition(lambda e: e.kind in names)

    def _state(self, term: FilterTerm) -> Condition:
        wanted: set[tuple[str, str]] = set()
        for value in self._plain(term):
            wanted.update(self._states(term, value))
        book = self._book
        return Condition(lambda e: (e.kind, facts.stage(book, e)) in wanted)

    def _states(self, term: FilterTerm, value: FilterValue) -> Iterator[tuple[str, str]]:
        """Yield kinds with those of their states that a word means: a state itself before a category or a role."""
        names = {s for k in self._kinds if k.stages for s in k.stages.states}
        word = value.text.lower().replace("-", "_")
        groups = (OPEN, FINISHED, *CATEGORIES, *meaning.STATE_ROLES)
        if _is_none(value):
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
                yield from ((kind.name, state) for state in _group(kind, word))

    def _status(self, term: FilterTerm) -> Condition:
        known = (OPEN, FINISHED, ALL)
        for value in self._plain(term):
            if value.text.lower() not in known:
                hint = did_you_mean(value.text, known) or f"one of: {', '.join(known)}; state:{value.text}?"
                raise term.error(f"there is no status '{value.text}'", hint, value.column)
        wanted = {v.text.lower() for v in term.values}
        if ALL in wanted:
            return Condition(lambda _: True)
        return self._state(FilterTerm(words.STATE, term.values, term.column, option=term.option))

    def _priority(self, term: FilterTerm) -> Condition:
        known = list(self._book.policy(PRIORITY).get("priorities", {}))
        by_name = {name.lower(): name for name in known}
        wanted: set[str | None] = set()
        for value in self._plain(term):
            name = by_name.get(value.text.lower())
            if name is None and not _is_none(value):
                raise term.error(
                    f"there is no priority '{value.text}'", f"priorities: {', '.join(known)}", value.column
                )
            wanted.add(name)
        book = self._book
        return Condition(lambda e: (found.name if (found := facts.priority(book, e)) else None) in wanted)

    # ---- What a document names ------------------------------------------------------------------

    def _service(self, term: FilterTerm) -> Condition:
        return self._facet(term, lambda edge: edge.relation == facts.AFFECTS)

    def _ci(self, term: FilterTerm) -> Condition:
        return self._facet(term, lambda edge: edge.relation != facts.SPARES)

    def _facet(self, term: FilterTerm, counts: Callable[[Edge], bool]) -> Condition:
        """Return the condition that a document names one of some documents, in a way that counts."""
        targets = {self._find(term, v) for v in self._plain(term) if not _is_none(v)}
        tests = (
            [Condition(lambda e: any(x.target in targets and counts(x) for x in e.edges))] if targets else []
        )
        if any(map(_is_none, term.values)):
            tests.append(Condition(lambda e: not self._has_facet(e, term.word)))
        return any_of(tests)

    def _has_facet(self, entry: Entry, facet: str) -> bool:
        return any(self._facet_of(e) == facet for e in entry.edges)

    def _facet_of(self, edge: Edge) -> str:
        target = self._store.entries.get(edge.target)
        kind = self._book.kinds[target.kind] if target else None
        return words.facet_of(kind, edge.relation, str(edge.pointer[0]))

    def _team(self, term: FilterTerm) -> Condition:
        absent = Condition(lambda e: not self._has_facet(e, words.TEAM))
        return self._people(term, words.TEAM_FIELDS, meaning.TEAM, absent)

    def _assignee(self, term: FilterTerm) -> Condition:
        fields = words.PERSON_FIELDS
        return self._people(term, fields, meaning.PERSON, Condition(lambda e: not self._held(e, fields)))

    def _people(self, term: FilterTerm, fields: Sequence[str], role: str, absent: Condition) -> Condition:
        """Match handles in some fields; ``none`` matches documents without any of them.

        Raises NotFound for a handle that is in no document's fields and is nobody of the role.
        """
        wanted: set[str] = set()
        for value in self._plain(term):
            if not _is_none(value):
                wanted.update(
                    self._known(term, value, handle, fields, role) for handle in self._handles(term, value)
                )
        tests = [Condition(lambda e: not wanted.isdisjoint(self._held(e, fields)))] if wanted else []
        if any(map(_is_none, term.values)):
            tests.append(absent)
        return any_of(tests)

    def _held(self, entry: Entry, fields: Sequence[str]) -> set[str]:
        """Return the handles that some fields of a document hold."""
        own = self._book.kinds[entry.kind].fields
        held: set[str] = set()
        for field in fields:
            if field in own:
                value = entry.columns.get(field)
                targets = (e.target for e in entry.edges if e.pointer[0] == field)
                held.update([str(value)] if value is not None else targets)
        return held

    def _handles(self, term: FilterTerm, value: FilterValue) -> list[str]:
        """Return the handle of a value; whoever asks for @me, their teams for @my-teams."""
        if value.quoted or not value.text.startswith("@"):
            return [value.text.lower() if not term.exact else value.text]
        if value.text not in (words.ME, words.MY_TEAMS):
            known = (words.ME, words.MY_TEAMS)
            hint = did_you_mean(value.text, known) or f"one of: {', '.join(known)}"
            raise term.error(f"'{value.text}' stands for nobody", hint, value.column)
        if value.text == words.ME:
            return [self._me]
        person = self._store.entries.get(self._me)
        teams = facts.targets(person, _MEMBER_OF) if person else []
        if not teams:
            raise term.error(f"{self._me} is in no team", "teams in the person's file say so", value.column)
        return teams

    @cached_property
    def _me(self) -> str:
        from itsm_gitops.repository.actor import acting

        return acting(self._repo, None)

    def _known(
        self, term: FilterTerm, value: FilterValue, handle: str, fields: Sequence[str], role: str
    ) -> str:
        """Return a handle; raises NotFound where nobody is called so and no document's fields hold it."""
        store = self._store
        entry = store.entries.get(handle)
        if handle in store.broken or facts.is_a(self._book, entry, role):
            return handle
        if any(edge.pointer[0] in fields for _, edge in store.into(handle)):
            return handle
        held = {h for e in store.entries.values() for h in self._held(e, fields)}
        if handle in held:  # where the schema of a field names nobody, there is no edge
            return handle
        everybody = held.union(e.id for e in store.of_kinds(self._book.playing(role)))
        near = did_you_mean(handle, everybody)
        hint = near or f"itsm list {role}s shows who there is"
        raise NotFound(term.error(f"there is no {role} '{handle}'", "", value.column).message, hint)

    def _reaches(self, term: FilterTerm) -> Condition:
        from itsm_gitops.graph.impact import ImpactGraph
        from itsm_gitops.graph.network import Network

        found = [self._find(term, v) for v in self._plain(term)]
        items = ImpactGraph(Network(self._store)).carriers(found)
        return Condition(lambda e: any(x.target in items and x.relation == facts.AFFECTS for x in e.edges))

    def _find(self, term: FilterTerm, value: FilterValue) -> str:
        """Return the identifier that a value means; raises NotFound and Ambiguous with the place of the value."""
        try:
            return self._store.find(value.text).id
        except ItsmError as error:
            error.args = (term.error(error.message, "", value.column).message,)
            error.message = str(error.args[0])
            raise

    # ---- Relations ------------------------------------------------------------------------------

    def _relation(self, term: FilterTerm) -> Condition | None:
        """Return the condition of a relation from either side; None where the word is none."""
        link, inverse = self._book.links.get(term.word), self._book.inverses.get(term.word)
        if link is None and inverse is None:
            return None
        sides = []
        if link and self._may(link, link.sources, stored=True):
            sides.append(self._stored(term, link))
        other = link if link and link.symmetric else inverse
        if other and self._may(other, other.targets, stored=False):
            sides.append(self._derived(term, other))
        if not sides:
            if self._is_field(term.word):
                return None
            title = link.title if link else inverse.inverse_title if inverse else term.word
            raise term.error(f"no listed kind has the relation '{title}'", f"itsm explain {term.word}")
        negative = [v for v in term.values if _is_none(v)]
        if negative and len(sides) > 1:
            return all_of(sides)
        return any_of(sides)

    def _may(self, link: LinkType, ends: Collection[str], *, stored: bool) -> bool:
        """Whether a listed kind may be at one end of a relation."""
        members = self._book.members(ends)
        return any(
            k.name in members or (stored and any(r.relation == link.name for r in k.references))
            for k in self._kinds
        )

    def _stored(self, term: FilterTerm, link: LinkType) -> Condition:
        name = link.name
        targets, absent, anything = self._ends(term)
        return Condition(
            lambda e: _fits(
                [x.target for x in e.edges if x.relation == name], targets, absent=absent, anything=anything
            )
        )

    def _derived(self, term: FilterTerm, link: LinkType) -> Condition:
        """Return the condition that other documents store the relation to a document."""
        sources, absent, anything = self._ends(term)
        ids: set[str] = set()
        for source in sources:
            entry = self._store.entries.get(source)
            ids.update(facts.targets(entry, link.name) if entry else ())
        named = {edge.target for _, edge in self._store.pairs(link.name)} if absent or anything else set()
        return Condition(
            lambda e: e.id in ids or (anything and e.id in named) or (absent and e.id not in named)
        )

    def _ends(self, term: FilterTerm) -> tuple[set[str], bool, bool]:
        """Return the identifiers at the other end of a relation, and whether none or any of them will do."""
        found: set[str] = set()
        values = self._plain(term)
        special = [v for v in values if not v.quoted and v.text in (words.NONE, words.ANY)]
        for value in (v for v in values if v not in special):
            for handle in self._handles(term, value) if value.text.startswith("@") else [value.text]:
                known = handle in self._store.entries or self._store.into(handle)
                found.add(handle if known else self._find(term, value))
        return found, any(map(_is_none, special)), any(v.text == words.ANY for v in special)

    # ---- Times and texts ------------------------------------------------------------------------

    def _opened(self, term: FilterTerm) -> Condition:
        return self._when(term, lambda e: e.opened)

    def _updated(self, term: FilterTerm) -> Condition:
        return self._when(term, lambda e: e.updated)

    def _closed(self, term: FilterTerm) -> Condition:
        book = self._book

        def closed(entry: Entry) -> str:
            workflow = book.kinds[entry.kind].workflow
            return entry.entered if workflow and workflow.is_done(entry.state) else ""

        return self._when(term, closed)

    def _when(self, term: FilterTerm, text: Callable[[Entry], str]) -> Condition:
        zone = self._store.config.timezone
        spans = [time_range(term, v, zone) for v in term.values if not _is_none(v)]
        absent = any(map(_is_none, term.values))

        def decide(entry: Entry) -> bool:
            at = clock.parse_time(text(entry))
            return absent if at is None else any(span.holds(at) for span in spans)

        return Condition(decide)

    def _id(self, term: FilterTerm) -> Condition:
        wanted = [folded(v.text) for v in self._plain(term)]
        return Condition(lambda e: any(w in folded(name) for name in (e.id, *e.aliases) for w in wanted))

    def _title(self, term: FilterTerm) -> Condition:
        wanted = [folded(v.text) for v in self._plain(term)]
        return Condition(lambda e: any(w in folded(e.title) for w in wanted))

    def _plain(self, term: FilterTerm) -> Iterable[FilterValue]:
        """Return the values of a word that has no order; raises UsageError for comparisons."""
        for value in term.values:
            if value.operator:
                hint = f'several values are {term.word}:A,B; a text with dots or signs needs quotes: {term.word}:"…"'
                raise term.error(
                    f"{term.word} has no order: '{value.operator}' cannot compare it", hint, value.column
                )
        return term.values


def _is_none(value: FilterValue) -> bool:
    return value.text.lower() == words.NONE and not value.quoted


def _group(kind: Kind, word: str) -> list[str]:
    """Return the states of a kind that a word for several of them means."""
    if kind.stages is None:
        return []
    if word in (OPEN, FINISHED):
        flow = kind.workflow
        return [s for s in flow.states if flow.is_open(s) == (word == OPEN)] if flow else []
    return [s for s, about in kind.stages.states.items() if about.category == word or word in about.roles]


def _fits(held: Sequence[str], wanted: Collection[str], *, absent: bool, anything: bool) -> bool:
    return any(name in wanted for name in held) or (absent and not held) or (anything and bool(held))


_OWN: Mapping[str, Callable[[FilterMeaning, FilterTerm], Condition]] = {
    words.KIND: FilterMeaning._kind,
    words.STATE: FilterMeaning._state,
    words.STATUS: FilterMeaning._status,
    words.PRIORITY: FilterMeaning._priority,
    words.SERVICE: FilterMeaning._service,
    words.TEAM: FilterMeaning._team,
    words.CI: FilterMeaning._ci,
    words.ASSIGNEE: FilterMeaning._assignee,
    words.REACHES: FilterMeaning._reaches,
    words.ID: FilterMeaning._id,
    words.TITLE: FilterMeaning._title,
    words.OPENED: FilterMeaning._opened,
    words.UPDATED: FilterMeaning._updated,
    words.CLOSED: FilterMeaning._closed,
}
