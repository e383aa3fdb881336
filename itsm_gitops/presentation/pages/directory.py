"""The lists of people, teams and rotas: who is on call now and next, who leads, and how much open work each has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import chain

from itsm_gitops.graph.on_call import all_on_call
from itsm_gitops.model import meaning
from itsm_gitops.model.entry import Entry
from itsm_gitops.presentation.language import t
from itsm_gitops.presentation.markup import EMPTY, Html, join
from itsm_gitops.presentation.pages.lists import ListPage, class_list, has_work
from itsm_gitops.presentation.pages.rota import now_and_next
from itsm_gitops.presentation.pages.tables import (
    ListColumn,
    columns,
    name_column,
    number_column,
    on_call_column,
    reference,
)
from itsm_gitops.presentation.pages.work import people_on, teams_of
from itsm_gitops.presentation.view import View

_PEOPLE = "Everyone who works on records, their teams and who is on call."
_TEAMS = "Every team, who leads it, who is on call and how much work it has."


def directory(view: View) -> Iterator[ListPage]:
    """Yield the lists of people, of teams and of rotas."""
    calls = all_on_call(view.store, view.now)
    on_call = {one.team: [p for p in one.people if p in view.entries] for one in calls}
    called = {person for people in on_call.values() for person in people}
    having, nobody = _open_work(view)
    state, count = columns(view, "state")[0], number_column("Open records", having, "open")
    for kind in view.book.kinds.values():
        if meaning.ROTA in kind.plays:
            yield class_list(view, kind, _rota_columns(view))
        if not has_work(kind):
            continue
        if meaning.TEAM in kind.plays:
            shown = [
                name_column(view),
                state,
                ListColumn("Lead", lambda e: reference(view, e, "lead"), "it-c-said", label="Led by"),
                ListColumn(
                    "On call now",
                    lambda e: join([view.link(p) for p in on_call.get(e.id, ())], ", "),
                    "it-c-said",
                    label="On call",
                ),
                count,
                number_column("Unassigned", nobody, "unassigned"),
            ]
            yield class_list(view, kind, shown, t(_TEAMS))
        else:
            teams = ListColumn("Teams", lambda e: _teams(view, e))
            shown = [name_column(view), state, teams, on_call_column(called), count]
            yield class_list(view, kind, shown, t(_PEOPLE))


def _rota_columns(view: View) -> list[ListColumn]:
    """Return the columns of a list of rotas: who is called now and who follows, each with the moment of the hand-over."""

    def turn(which: str) -> ListColumn:
        return ListColumn(which, lambda e: dict(now_and_next(view, e)).get(which, EMPTY), "it-c-turn")

    return [*columns(view, "name"), turn("Now"), turn("Next"), *columns(view, "owner")]


def _open_work(view: View) -> tuple[Counter[str], Counter[str]]:
    """Return how many open records each person and team has, and how many of a team nobody has yet."""
    having: Counter[str] = Counter()
    nobody: Counter[str] = Counter()
    kinds = [kind.name for kind in view.book.kinds.values() if kind.is_record]
    for entry in chain.from_iterable(map(view.work_of_kind, kinds)):
        theirs = {*teams_of(view, entry), *people_on(view, entry)}
        having.update(theirs)
        if not people_on(view, entry):
            nobody.update(theirs)
    return having, nobody


def _teams(view: View, person: Entry) -> Html:
    return join([view.link(e.target) for e in person.edges if e.pointer[0] == "teams"], ", ")
