"""What a person or a team has to do, as their page shows it: open work and approvals first, then members and items, what is over last.

Which records are somebody's work is decided as on the page "My work": by the fields that say who does it or whose team has it.
"""

from __future__ import annotations

from collections import Counter
from functools import cached_property
from operator import attrgetter

from itsm_gitops.graph.due import DueEntry, within
from itsm_gitops.graph.network import Relation
from itsm_gitops.graph.on_call import on_call
from itsm_gitops.graph.status import OPERATIONAL
from itsm_gitops.model import facts, meaning
from itsm_gitops.model.duties import PAST
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.filter_words import PERSON_FIELDS, TEAM, TEAM_FIELDS
from itsm_gitops.model.kinds import in_order_of_work
from itsm_gitops.presentation.groups import CLASSES, grouped
from itsm_gitops.presentation.language import digits, t
from itsm_gitops.presentation.markup import EMPTY, Html, esc, join
from itsm_gitops.presentation.pages import due
from itsm_gitops.presentation.pages.parts import explore_link, numbers, paragraph, relations, section, unseen
from itsm_gitops.presentation.pages.tables import (
    ABOUT,
    ITEMS,
    ListColumn,
    columns,
    name_column,
    number_column,
    on_call_column,
    record_column,
    table,
)
from itsm_gitops.presentation.pages.work import (
    by_urgency,
    is_late,
    own_columns,
    people_column,
    people_on,
)
from itsm_gitops.presentation.view import View

_MOST, _RECENT = 25, 12
_OF_PERSON = frozenset(PERSON_FIELDS)
_PART = "Also involved in"
# By whether they are a team.
_ALL_OPEN = {
    True: "All {count} open records of this team",
    False: "All {count} open records of this person",
}
_TO_APPROVE = {
    True: "Will need approval from this team",
    False: "Will need approval from this person",
}
_ALL_RECORDS = {
    True: "Filter and sort all records of this team",
    False: "All records that name this person",
}


def work_of(view: View, entry: Entry) -> TheirWork | None:
    """Return the work of a person or a team, None for any other item."""
    return TheirWork(view, entry) if {meaning.PERSON, meaning.TEAM} & set(view.kind(entry).plays) else None


class TheirWork:
    """The work of one person or team, from what names them."""

    def __init__(self, view: View, entry: Entry) -> None:
        """Take the person or the team."""
        self._view = view
        self._id = entry.id
        self._is_team = meaning.TEAM in view.kind(entry).plays
        self._facet = {TEAM: entry.id} if self._is_team else {"q": entry.id}
        self._own: list[Entry] = []  # open records that are theirs to do
        self._part: dict[str, Relation] = {}  # how they take part in the other open ones
        self._over: list[Entry] = []  # finished records, the last that was changed first
        self._owned: list[Relation] = []
        self._members: list[Entry] = []
        self._others: list[Relation] = []
        ended = []
        for relation in unseen(view, entry):
            traits = view.traits(relation.other)
            theirs = self._is_theirs(relation)
            if traits is None or not traits.has_page or not traits.is_record or self._is_read(relation.other):
                self._sort_item(relation, theirs=theirs)
            elif not traits.is_open:
                ended.append(traits)
            elif theirs:
                self._own.append(view.entries[relation.other])
            else:
                self._part.setdefault(relation.other, relation)
        self._own = by_urgency(view, {e.id: e for e in self._own}.values())
        self._part = {i: r for i, r in self._part.items() if i not in {e.id for e in self._own}}
        newest = sorted(set(ended), key=attrgetter("opened", "id"), reverse=True)
        recent = [view.entries[one.id] for one in newest[:_RECENT]]
        self._over = sorted(recent, key=attrgetter("updated", "id"), reverse=True)  # as the table dates them

    def _is_theirs(self, relation: Relation) -> bool:
        """Whether what names them is theirs to do: of a team by the rule by which the explorer lists what it has."""
        if self._is_team:
            return str(relation.pointer[0]) in TEAM_FIELDS
        return not _OF_PERSON.isdisjoint(relation.pointer)

    def _is_read(self, identifier: str) -> bool:
        """Whether a document is an open record for readers, which is nobody's work."""
        traits = self._view.traits(identifier)
        entry = self._view.entries[identifier] if traits and traits.is_open else None
        return entry is not None and not facts.is_work(self._view.book, entry)

    def _sort_item(self, relation: Relation, *, theirs: bool) -> None:
        entry = self._view.entries.get(relation.other)
        if theirs and facts.is_a(self._view.book, entry, meaning.PERSON) and entry:
            self._members.append(entry)
        else:
            (self._owned if theirs else self._others).append(relation)

    def _counts(self) -> Html:
        """Return how much there is to be done, each number leading to its part of the page; nothing where nothing is."""
        nobody = sum(not people_on(self._view, e) for e in self._own) if self._is_team else 0
        overdue = sum(d.day.stage == PAST for d in self._due)
        counts = (
            ("#work", "Open", "active", len(self._own)),
            ("#work", "Running late", "bad", sum(is_late(self._view, e) for e in self._own)),
            ("#work", "Unassigned", "waiting", nobody),
            ("#approve", "To approve", "waiting", len(self._approvals)),
            ("#due", "Overdue", "bad", overdue),
            ("#due", "Due", "none", len(self._due) - overdue),
        )
        return numbers(counts)

    def to_do(self) -> Html:
        """Return the sections of what is to be done now: open work by urgency, approvals, what is due.

        The page says that nothing is open where nothing else is to be done.
        """
        counts = self._counts()
        told = Html(f"{counts}{self._open()}") if self._own else self._open()
        work = section("Open work", told, "work", css="it-theirs")
        others = [
            section(_TO_APPROVE[self._is_team], self._to_approve(), "approve"),
            section("Due soon", due.soon(self._view, self._due, t("Due soon")), "due"),
        ]
        return join([work, *others] if self._own or not any(others) else [counts, *others])

    def _open(self) -> Html:
        if not self._own:
            return paragraph("Nothing is open.")
        shown = own_columns(self._view)
        if self._is_team:
            shown[-1:-1] = [people_column(self._view)]
        listed = table(self._own[:_MOST], shown, t("Open work"))
        if len(self._own) <= _MOST:
            return listed if self._over else Html(f"{listed}{self._all_records()}")
        text = t(_ALL_OPEN[self._is_team], count=digits(len(self._own)))
        return Html(f"{listed}{explore_link(text, **self._facet)}")

    @cached_property
    def _approvals(self) -> dict[str, list[str]]:
        """The changes that wait for somebody's approval, each with who of them can give it."""
        found: dict[str, list[str]] = {}
        for name in (self._id, *(e.id for e in self._members)):
            for change in self._view.awaited.get(name, ()):
                found.setdefault(change, []).append(name)
        return found

    def _to_approve(self) -> Html:
        if not self._approvals:
            return EMPTY
        changes = by_urgency(self._view, (self._view.entries[i] for i in self._approvals))
        shown = columns(self._view, "title", "state", "planned")
        if self._is_team:
            shown.append(ListColumn("Can be approved by", self._approvers, "it-c-name"))
        return table(changes[:_MOST], shown, t(_TO_APPROVE[self._is_team]))

    def _approvers(self, change: Entry) -> Html:
        return join([self._view.link(name) for name in self._approvals[change.id]], ", ")

    @cached_property
    def _due(self) -> list[DueEntry]:
        """What is due within a month: of a person what they answer for themselves, of a team also what its documents owe."""
        if not self._view.audience.reports:
            return []
        near = within(self._view.duties.get(self._id, ()), due.SOON)
        return [d for d in near if self._is_team or d.who == self._id]

    def members(self) -> Html:
        """Return the members of a team: who is on call now, what they do, and how much of the team's work they have."""
        view = self._view
        if not self._members:
            return EMPTY
        called = {person for one in on_call(view.store, self._id, view.now) for person in one.people}
        having = Counter(person for e in self._own for person in people_on(view, e))
        shown = [
            name_column(view),
            on_call_column(called),
            number_column("Open for this team", having, "open for this team"),
        ]
        people = sorted(
            {e.id: e for e in self._members}.values(), key=lambda e: (e.id not in called, e.title.lower())
        )
        return section("Members", table(people, shown, t("Members"), ITEMS), "members")

    def part(self) -> Html:
        """Return the open records that name them, but are others' work: watched, requested, coordinated."""
        named = (self._view.entries[i] for i in self._part if i not in self._approvals)
        records = by_urgency(self._view, named)
        how = ListColumn("As", lambda e: esc(t(self._part[e.id].title)), "it-c-name")
        listed = table(records[:_MOST], [*columns(self._view, "title", "state", "priority"), how], t(_PART))
        return section(_PART, listed, "part")

    def owned(self) -> Html:
        """Return what they answer for: what is not well first, then class by class, services first."""
        view = self._view
        ill = [r._replace(title="Needs attention") for r in self._owned if self._is_ill(r.other)]
        by_kind: dict[str, list[Relation]] = {}
        for relation in self._owned:
            if not self._is_ill(relation.other):
                kind = view.kind(view.entries[relation.other])
                by_kind.setdefault(kind.name, []).append(relation._replace(title=kind.plural_title))
        kinds = [view.book.kinds[name] for name in by_kind]
        items = [k for k in kinds if not k.is_record]
        ordered = [
            *(
                k
                for _, some in grouped(view.book, items, CLASSES, lambda k: (len(by_kind[k.name]),))
                for k in some
            ),
            *in_order_of_work(k for k in kinds if k.is_record),
        ]
        parts = [ill, *(by_kind[kind.name] for kind in ordered)]
        return section("Responsible for", join([relations(view, self._id, some) for some in parts]), "owned")

    def _is_ill(self, identifier: str) -> bool:
        health = self._view.health.get(identifier)
        return health is not None and health.status != OPERATIONAL

    def linked(self) -> Html:
        """Return what else is linked with them; the teams of a person are in the head."""
        told = {e.target for e in self._view.entries[self._id].edges if e.pointer[0] == "teams"}
        others = [r for r in self._others if r.other not in told]
        return section("Linked", relations(self._view, self._id, others), "links")

    def over(self) -> Html:
        """Return their newest finished records, and the way to all of them."""
        if not self._over:
            return EMPTY
        shown = [record_column(self._view, ABOUT[0]), *columns(self._view, "state", "updated")]
        listed = table(self._over, shown, t("Finished"))
        return section("Finished", Html(f"{listed}{self._all_records()}"), "finished")

    def _all_records(self) -> Html:
        return explore_link(_ALL_RECORDS[self._is_team], **self._facet, status="all")
