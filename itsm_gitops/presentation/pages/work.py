"""Open work on pages: what counts as somebody's to do, in which order it stands, and the columns of its tables."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from operator import attrgetter

from itsm_gitops.model import facts, filter_words, meaning
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.filter_words import PERSON_FIELDS
from itsm_gitops.model.kinds import in_order_of_work
from itsm_gitops.model.promises import MISSED, pressing, urgency_of
from itsm_gitops.model.standing import Promise
from itsm_gitops.presentation.language import t
from itsm_gitops.presentation.markup import Html, esc, join
from itsm_gitops.presentation.pages.clocks import clock_chip
from itsm_gitops.presentation.pages.tables import (
    ABOUT,
    ListColumn,
    columns,
    planned_start,
    record_column,
)
from itsm_gitops.presentation.view import View

_DOERS = frozenset(PERSON_FIELDS)
_NAMED = 2


def by_urgency(view: View, entries: Iterable[Entry]) -> list[Entry]:
    """Return records by priority, then by what is left of their service level, then in the order of daily work.

    Those without a priority are last, by when they are planned; of equal ones the oldest is first.
    """
    place = {kind.name: n for n, kind in enumerate(in_order_of_work(view.book.kinds.values()))}

    def key(entry: Entry) -> tuple[int, tuple[int, int], str, int]:
        planned = str(entry.columns.get("planned_start") or "~")
        return view.urgency(entry), urgency_of(_clock(view, entry)), planned, place[entry.kind]

    return sorted(sorted(entries, key=attrgetter("opened", "id")), key=key)


def by_deadline(view: View, entries: Iterable[Entry]) -> list[Entry]:
    """Return records by what is left of their service level."""
    return sorted(entries, key=lambda e: urgency_of(_clock(view, e)))


def _clock(view: View, entry: Entry) -> Promise | None:
    return pressing(view.course(entry.id).promises) if view.course else None


def is_late(view: View, entry: Entry) -> bool:
    """Whether the clock of an open record that matters most was missed."""
    promise = _clock(view, entry)
    return promise is not None and promise.verdict == MISSED


def doers(entry: Entry) -> list[str]:
    """Return who does the work on a record: people and teams in the fields for them, in their order."""
    return list(dict.fromkeys(e.target for e in entry.edges if not _DOERS.isdisjoint(e.pointer)))


def teams_of(view: View, entry: Entry) -> list[str]:
    """Return the teams that have a record, by the rule of the explorer's facet: what is counted is what it lists."""
    return filter_words.teams_of(entry, view.kind_of)


def people_on(view: View, entry: Entry) -> list[str]:
    """Return the people among those who do the work on a record."""
    known = ((name, view.entries.get(name)) for name in doers(entry))
    return [name for name, who in known if facts.is_a(view.book, who, meaning.PERSON)]


def open_columns(view: View) -> list[ListColumn]:
    """Return the columns of a list of open records: with their service level, and how old their last change is."""
    *named, planned = columns(view, "title", "state", "priority", "planned")
    return [*named, ListColumn("Service level", partial(clock_chip, view), "it-c-clock"), planned, _age(view)]


def own_columns(view: View) -> list[ListColumn]:
    """Return the columns of a list of open records of one person or team, which it does not name again."""
    when = ListColumn("When", partial(_when, view), "it-c-clock")
    return [record_column(view, ABOUT[0]), *columns(view, "state", "priority"), when, _age(view)]


def _age(view: View) -> ListColumn:
    return ListColumn("Updated", lambda e: view.age(e.updated), "it-c-age")


def _when(view: View, entry: Entry) -> Html:
    """Return the clock of a record that matters most; when it starts, where no clock runs."""
    return clock_chip(view, entry) or planned_start(view, entry)


def people_column(view: View) -> ListColumn:
    """Return the column that says who does the work on each record of a team, or that nobody has it yet."""
    return ListColumn("Who", partial(_people, view), "it-c-name")


def _people(view: View, entry: Entry) -> Html:
    names = people_on(view, entry)
    if not names:
        return Html(f"<span class=it-muted>{esc(t('Unassigned'))}</span>")
    more = f" +{len(names) - _NAMED}" if len(names) > _NAMED else ""
    return Html(join([view.link(name) for name in names[:_NAMED]], ", ") + more)
