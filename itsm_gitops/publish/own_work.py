"""Whose work is what: one small file from which a script in the page picks what is one person's or one team's.

Titles, states and teams of open records are in the explorer's data already; here is what that lacks: people and their
teams, who is assigned to, watches and may approve each open record, how its clock stands or when it begins, and what is due
soon. Only people who have any of it
are named.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from typing import Any

from itsm_gitops.graph.due import within
from itsm_gitops.model import clock, meaning
from itsm_gitops.model.entry import Entry
from itsm_gitops.presentation import urls
from itsm_gitops.presentation.pages.clocks import clock_words, pressing_clock
from itsm_gitops.presentation.pages.due import SOON, due_text
from itsm_gitops.presentation.pages.work import doers
from itsm_gitops.presentation.view import View
from itsm_gitops.publish.search import handed_over

_WATCHED = "watched_by"
_MOST_DUES = 2_000
# By what somebody has to do with a record: its record's identifier, and the people or teams.
_Work = dict[str, dict[str, list[str]]]


def work_file(view: View) -> tuple[str, bytes]:
    """Return the file (name and content)."""
    work: _Work = {"assigned": {}, "approve": {}, "watched": {}}
    entries = list(chain.from_iterable(map(view.work_of_kind, view.book.kinds)))
    for entry in entries:
        _note(entry, work)
    when = {entry.id: said for entry in entries if (said := _when(view, entry))}
    for person, changes in view.awaited.items():
        for change in changes:
            work["approve"].setdefault(change, []).append(person)
    dues = _dues(view)
    named = {who for part in work.values() for people in part.values() for who in people}
    named |= {who for due in dues for who in due[-2:]}
    return handed_over(
        urls.OWN_WORK,
        urls.OWN_WORK.removesuffix(".js"),
        {**work, "when": when, "due": dues, "people": _people(view, named), "teams": _teams(view)},
    )


def _note(entry: Entry, work: _Work) -> None:
    """Note who is assigned to an open record, and who watches it."""
    found = {"assigned": doers(entry), "watched": [e.target for e in entry.edges if e.relation == _WATCHED]}
    for part, people in found.items():
        if people:
            work[part][entry.id] = list(dict.fromkeys(people))


def _when(view: View, entry: Entry) -> list[Any]:
    """Return how the clock of an open record stands: in words, its look, its end, and whether it always runs.

    Of one without a clock it is when it is planned to begin; moments are seconds. Nothing where there is neither.
    """
    promise = pressing_clock(view, entry)
    if promise:
        return [*clock_words(promise), promise.due or 0, int(not promise.calendar)]
    start = clock.parse_time(str(entry.columns.get("planned_start") or ""))
    return ["", "none", int(start.timestamp()), 0] if start else []


def _dues(view: View) -> list[list[str]]:
    """Return what is due soon: its day, what it is, title and page of the document, and who and which team answer for it."""
    if not view.audience.reports:
        return []
    near = within(view.dues, SOON)[:_MOST_DUES]
    return [
        [d.day.day, due_text(d), view.title(d.entry.id), view.url(d.entry.id), d.who, d.team]
        for d in near
        if d.who or d.team
    ]


def _people(view: View, named: Iterable[str]) -> dict[str, list[Any]]:
    """Return the people of some names: what each is called, and the teams that each is in."""
    found = {}
    persons = frozenset(view.book.playing(meaning.PERSON))
    for name in sorted(named):
        entry = view.entries.get(name)
        if entry is not None and entry.kind in persons:
            found[name] = [view.title(name), [e.target for e in entry.edges if e.pointer[0] == "teams"]]
    return found


def _teams(view: View) -> dict[str, str]:
    return {e.id: view.title(e.id) for e in view.of_role(meaning.TEAM)}
