"""What a filter's names mean in one snapshot: whom and what a document names, by fields and by relations.

Names are looked up before anything is compared: a fragment of an identifier or an old number will do, and what
names nothing is an error.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from itsm_gitops.commands.clocks import promising
from itsm_gitops.commands.filter_conditions import Clause, FilterCondition, all_of, any_of, either, one_of
from itsm_gitops.model import facts, meaning
from itsm_gitops.model import filter_words as words
from itsm_gitops.model.column_names import CLOCK
from itsm_gitops.model.entry import Edge, Entry
from itsm_gitops.model.errors import ItsmError, NotFound, UsageError, did_you_mean
from itsm_gitops.model.filter_language import FilterTerm, FilterValue
from itsm_gitops.model.kinds import Kind
from itsm_gitops.model.link_types import LinkType
from itsm_gitops.model.rulebook import RuleBook

if TYPE_CHECKING:
    from itsm_gitops.repository import Repository
    from itsm_gitops.snapshots import Store


def is_none(value: FilterValue) -> bool:
    """Whether a value asks for documents without one."""
    return value.text.lower() == words.NONE and not value.quoted


def all_names(store: Store, name: str) -> list[str]:
    """Return all names under which documents may mention an item: the present one and its old ones.

    ``name`` is any of them; a record has one, and so has what is not there.
    """
    from itsm_gitops.graph.loaded import old_names

    present = name if name in store.entries else store.aliases.get(name, name)
    return list(dict.fromkeys([name, present, *old_names(store, present)]))


def read_for(book: RuleBook, asked: Collection[str]) -> frozenset[str]:
    """Return the kinds that are read to answer some words or columns, beside those that are listed.

    An unreadable file of theirs makes an answer doubtful: a service level that nobody can read promises nothing.
    """
    kinds = promising(book) if {words.SLA, CLOCK} & {*asked} else frozenset()
    return kinds | {k.name for k in book.kinds.values() if k.operational and words.REACHES in asked}


class FilterNames:
    """Conditions on what a document names."""

    def __init__(self, repo: Repository | None, store: Store, kinds: Sequence[Kind]) -> None:
        self._repo = repo
        self._store = store
        self._book = store.book
        self._kinds = kinds

    def facet(self, term: FilterTerm) -> FilterCondition:
        """Return the condition that a document names one of some services, or items in any way."""
        relation = facts.AFFECTS if term.word == words.SERVICE else ""
        targets = {
            n for v in term.values if not is_none(v) for n in all_names(self._store, self.find(term, v))
        }
        tests = [self._names(targets, relation)] if targets else []
        if any(map(is_none, term.values)):
            tests.append(FilterCondition(lambda e: not self._has_facet(e, term.word)))
        return any_of(tests)

    def _names(self, targets: Collection[str], relation: str) -> FilterCondition:
        """Return the condition that a document names one of some by a relation, by any but "not affected" where it is empty."""
        test, value = ("relation = ?", relation) if relation else ("relation <> ?", facts.SPARES)
        return FilterCondition(
            lambda e: any(
                x.target in targets and (x.relation == relation if relation else x.relation != facts.SPARES)
                for x in e.edges
            ),
            clause=_storing(test, (value,), targets),
        )

    def _has_facet(self, entry: Entry, facet: str) -> bool:
        return any(self._facet_of(e) == facet for e in entry.edges)

    def _facet_of(self, edge: Edge) -> str:
        target = self._store.entries.get(edge.target)
        kind = self._book.kinds[target.kind] if target else None
        return words.facet_of(kind, edge.relation, str(edge.pointer[0]))

    def reaches(self, term: FilterTerm) -> FilterCondition:
        """Return the condition that a document affects an item, or what that needs or contains at any distance."""
        from itsm_gitops.graph.impact import ImpactGraph
        from itsm_gitops.graph.network import Network

        found = [self.find(term, v) for v in term.values]
        carriers = ImpactGraph(Network(self._store)).carriers(found)
        return self._names({n for c in carriers for n in all_names(self._store, c)}, facts.AFFECTS)

    def find(self, term: FilterTerm, value: FilterValue) -> str:
        """Return the identifier that a value means; raises NotFound and Ambiguous with the place of the value."""
        try:
            return self._store.find(value.text).id
        except ItsmError as error:
            error.message = term.error(error.message, "", value.column).message
            error.args = (error.message,)
            raise

    # ---- People and teams -----------------------------------------------------------------------

    def team(self, term: FilterTerm) -> FilterCondition:
        """Return the condition that a document is assigned to or owned by a team."""
        absent = FilterCondition(lambda e: not self._has_facet(e, words.TEAM))
        return self._people(term, words.TEAM_FIELDS, meaning.TEAM, absent)

    def assignee(self, term: FilterTerm) -> FilterCondition:
        """Return the condition that a document is assigned to, carried out or owned by a person."""
        fields = words.PERSON_FIELDS
        return self._people(
            term, fields, meaning.PERSON, FilterCondition(lambda e: not self._held(e, fields))
        )

    def _people(
        self, term: FilterTerm, fields: Sequence[str], role: str, absent: FilterCondition
    ) -> FilterCondition:
        """Match handles in some fields; ``none`` matches documents without any of them.

        Raises NotFound for a handle that is in no document's fields and is nobody of the role.
        """
        wanted: set[str] = set()
        for value in term.values:
            if not is_none(value):
                for handle in self.handles(term, value):
                    self._refuse_nobody(term, value, handle, fields, role)
                    wanted.update(all_names(self._store, handle))
        tests = [self._holding(wanted, fields)] if wanted else []
        return any_of([*tests, absent] if any(map(is_none, term.values)) else tests)

    def _holding(self, wanted: Collection[str], fields: Sequence[str]) -> FilterCondition:
        referring = all(self._refers(k, f) for k in self._kinds for f in fields if f in k.fields)
        marks = ", ".join("?" * len(fields))
        clause = _storing(f"json_extract(pointer, '$[0]') IN ({marks})", tuple(fields), wanted)
        return FilterCondition(
            lambda e: not self._held(e, fields).isdisjoint(wanted), clause=clause if referring else None
        )

    def _held(self, entry: Entry, fields: Sequence[str]) -> set[str]:
        """Return the handles that some fields of a document hold; as text where the schema knows no names there."""
        kind = self._book.kinds[entry.kind]
        held = {e.target for e in entry.edges if e.pointer[0] in fields}
        texts = (entry.columns.get(f) for f in fields if f in kind.fields and not self._refers(kind, f))
        return held.union(t for t in texts if isinstance(t, str))

    def _refers(self, kind: Kind, field: str) -> bool:
        return (kind.name, field) in self._referring

    @cached_property
    def _referring(self) -> frozenset[tuple[str, str]]:
        """The kinds and their fields that name other documents."""
        return frozenset((k.name, str(r.pointer[0])) for k in self._kinds for r in k.references)

    def handles(self, term: FilterTerm, value: FilterValue) -> list[str]:
        """Return the handle of a value: of whoever asks for @me, of their teams for @my-teams."""
        if value.quoted or not value.text.startswith("@"):
            return [value.text if term.exact else value.text.lower()]
        if value.text not in (words.ME, words.MY_TEAMS):
            known = (words.ME, words.MY_TEAMS)
            hint = did_you_mean(value.text, known) or f"one of: {', '.join(known)}"
            raise term.error(f"'{value.text}' stands for nobody", hint, value.column)
        if value.text == words.ME:
            return [self._me]
        from itsm_gitops.graph.loaded import memberships

        teams = memberships(self._store, self._me)
        if not teams:
            raise term.error(
                f"'{self._me}' is in no team", "the file of a person says in which", value.column
            )
        return teams

    @cached_property
    def _me(self) -> str:
        from itsm_gitops.git.actor import acting

        if self._repo is None:
            raise UsageError(
                "@me and @my-teams mean the person who asks, and a file of the rule book is for everybody"
            )
        return acting(self._repo, None)

    def _refuse_nobody(
        self, term: FilterTerm, value: FilterValue, handle: str, fields: Sequence[str], role: str
    ) -> None:
        """Raise NotFound where nobody is called so and no document's fields hold it."""
        store = self._store
        names = all_names(store, handle)
        if handle in store.broken or any(facts.is_a(self._book, store.entries.get(n), role) for n in names):
            return
        if any(edge.pointer[0] in fields for _, edge in store.into(handle)):
            return
        held = {h for e in store.of_kinds([k.name for k in self._kinds]) for h in self._held(e, fields)}
        if handle in held:
            return
        near = did_you_mean(handle, held.union(e.id for e in store.of_kinds(self._book.playing(role))))
        hint = near or f"itsm list {role}s shows who there is"
        raise NotFound(term.error(f"there is no {role} '{handle}'", "", value.column).message, hint)

    # ---- Relations ------------------------------------------------------------------------------

    def relation(self, term: FilterTerm) -> FilterCondition | None:
        """Return the condition of a relation from either side; None where the word is no relation of these kinds."""
        link, inverse = self._book.links.get(term.word), self._book.inverses.get(term.word)
        other = link if link and link.symmetric else inverse
        stored = link if link and self._may(link, link.sources) else None
        derived = other if other and self._may(other, other.targets) else None
        if not stored and not derived:
            return None

        def sides(part: FilterTerm) -> list[FilterCondition]:
            made = [self._stored(part, stored)] if stored else []
            return [*made, self._derived(part, derived)] if derived else made

        some = replace(term, values=tuple(v for v in term.values if not is_none(v)))
        tests = sides(some) if some.values else []
        if some.values != term.values:  # nothing from either side
            absent = replace(term, values=tuple(v for v in term.values if is_none(v)))
            tests.append(all_of(sides(absent)))
        return any_of(tests)

    def _may(self, link: LinkType, ends: Collection[str]) -> bool:
        """Whether a listed kind may be at one end of a relation."""
        members = self._book.members(ends)
        stored = ends is link.sources
        return any(
            k.name in members or (stored and any(r.relation == link.name for r in k.references))
            for k in self._kinds
        )

    def _stored(self, term: FilterTerm, link: LinkType) -> FilterCondition:
        """Return the condition that a document stores the relation to one of the values."""
        name, (targets, absent, anything) = link.name, self._ends(term)

        def decide(entry: Entry) -> bool:
            held = [x.target for x in entry.edges if x.relation == name]
            return any(t in targets for t in held) or (anything if held else absent)

        clauses = [_storing("relation = ?", (name,), targets)] if targets else []
        any_at_all = "number IN (SELECT document FROM edge WHERE relation = ?)"
        clauses += [Clause(any_at_all, (name,))] if anything else []
        clauses += [Clause(f"NOT {any_at_all}", (name,))] if absent else []
        return FilterCondition(decide, clause=either(clauses))

    def _derived(self, term: FilterTerm, link: LinkType) -> FilterCondition:
        """Return the condition that one of the values stores the relation to a document."""
        sources, absent, anything = self._ends(term)
        ids: set[str] = set()
        for source in sources:
            entry = self._store.entries.get(source)
            ids.update(facts.targets(entry, link.name) if entry else ())
        named = {e.target for _, e in self._store.pairs(link.name)} if absent or anything else set()
        clauses = [one_of("id", ids)] if sources else []
        clauses += [one_of("id", named)] if anything else []
        clauses += [Clause(f"NOT {c.sql}", c.values) for c in [one_of("id", named)]] if absent else []
        return FilterCondition(
            lambda e: e.id in ids or (anything if e.id in named else absent), clause=either(clauses)
        )

    def _ends(self, term: FilterTerm) -> tuple[set[str], bool, bool]:
        """Return the identifiers at the other end of a relation, and whether none or any of them will do."""
        special = [v for v in term.values if is_none(v) or (v.text == words.ANY and not v.quoted)]
        ends: set[str] = set()
        for value in (v for v in term.values if v not in special):
            named = self.handles(term, value) if value.text.startswith("@") else [value.text]
            for name in named:
                known = name in self._store.entries or self._store.into(name)
                ends.update(all_names(self._store, name if known else self.find(term, value)))
        return ends, any(map(is_none, special)), any(v.text == words.ANY for v in special)


def _storing(test: str, values: tuple[str, ...], targets: Collection[str]) -> Clause:
    """Return the clause that a document stores an edge to one of some targets, with a test of the edge."""
    to = one_of("target", targets)
    edges = f"SELECT document FROM edge WHERE {to.sql} AND {test}"  # noqa: S608 - our own text and ? for values
    return Clause(f"number IN ({edges})", (*to.values, *values))
