"""Who is called about a record now, and who next and when: from its team, the rotas, and the promises about it.

While nobody of the team has the record in hand, its people are called one after another: whoever is on call, then the
steps of the team (``escalations``), then the team that takes over (``escalation``). At parts of a promised time those
are called whom the service level names, whoever works on it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from itsm_gitops.graph.loaded import Loaded, present_data, present_entry, present_name
from itsm_gitops.graph.network import of_role
from itsm_gitops.graph.on_call import OnCall, on_call, rota_of, rotas_naming, teams_of
from itsm_gitops.model import facts, meaning
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.escalation_steps import ESCALATED_TO, LEAD, NEXT_TEAM, EscalationStep, steps_of
from itsm_gitops.model.filter_words import TEAM_FIELDS
from itsm_gitops.model.roles import ON_CALL, names
from itsm_gitops.model.standing import Course

ON_CALL_FIRST = "on call"
NO_RESPONSE = "no response for {minutes} min"
NO_ANSWER = "if nobody answers"
TIME_USED = "{percent}% of the time used: {metric}"
ESCALATED = "escalated by hand"


class CallStep(NamedTuple):
    """Somebody who is called about a record. ``people`` are persons, or a team that has nobody on call; never empty.

    ``at`` is when (UTC): past where it is ``reached``, None where no time is set or known. ``why`` is one of the texts
    above, ``about`` what stands in its braces, ``team`` the team behind, empty for a person.
    """

    people: tuple[str, ...]
    team: str
    at: datetime | None
    reached: bool
    why: str
    about: Mapping[str, Any]


class Ladder(NamedTuple):
    """All who are called about a record, in order: those who were, then those who will be. ``answered`` as in `Course`."""

    steps: tuple[CallStep, ...]
    answered: bool

    @property
    def called(self) -> CallStep | None:
        """Who is called now: the last one who was reached."""
        return next((s for s in reversed(self.steps) if s.reached), None)

    @property
    def following(self) -> CallStep | None:
        """Who comes next; None where nobody is left."""
        return next((s for s in self.steps if not s.reached), None)


def ladder(loaded: Loaded, entry: Entry, course: Course, now: datetime) -> Ladder:
    """Return who is called about an open record; ``course`` is how the work on it went up to ``now``."""
    found = list(_by_promises(loaded, course, now))
    if not course.answered:
        found += _by_team(loaded, team_of(loaded, entry), course, now)
    found += _by_hand(loaded, entry, course)
    reached = sorted((s for s in found if s.reached), key=lambda s: s.at or now)
    timed = sorted((s for s in found if not s.reached and s.at), key=lambda s: s.at or now)
    left = [s for s in found if not s.reached and not s.at]
    return Ladder((*reached, *timed, *left), course.answered)


class CallReach(NamedTuple):
    """By what somebody can be called: the ``names`` that mean them, the ``teams`` whose steps do, whether promises do."""

    names: frozenset[str]
    teams: frozenset[str]
    promises: bool

    def holds(self, loaded: Loaded, entry: Entry) -> bool:
        """Whether they may be called about a record."""
        by_hand = present_entry(loaded, entry).columns.get(ESCALATED_TO) in self.names
        return self.promises or by_hand or team_of(loaded, entry) in self.teams


def reach_of(loaded: Loaded, person: str, teams: Iterable[str]) -> CallReach:
    """Return by what a person, a member of some teams, can be called, without looking at any record."""
    rotas = frozenset(rotas_naming(loaded, person))
    about = {e.id: present_data(loaded, e) for e in of_role(loaded, meaning.TEAM)}
    mean = {person, *teams}
    mean |= {t for t, data in about.items() if data.get(LEAD) == person}
    mean |= {t for t, data in about.items() if mean.union(rotas).intersection(names(data.get(ON_CALL)))}
    calling = {
        t
        for t, data in about.items()
        if t in mean or data.get(NEXT_TEAM) in mean or any(s.who in mean for s in steps_of(data))
    }
    levels = (present_data(loaded, e) for e in of_role(loaded, meaning.SERVICE_LEVEL))
    promises = any(s.who in mean for data in levels for s in steps_of(data))
    return CallReach(frozenset(mean), frozenset(calling), promises)


def team_of(loaded: Loaded, entry: Entry) -> str:
    """Return the team that has a record, else the first one behind what it affects; empty where there is none."""
    held = [e.target for e in present_entry(loaded, entry).edges if e.pointer[0] == TEAM_FIELDS[0]]
    return next(iter([*held, *teams_of(loaded, entry.id)]), "")


def _by_promises(loaded: Loaded, course: Course, now: datetime) -> Iterator[CallStep]:
    for promise in course.promises:
        for mark in promise.marks:
            at = datetime.fromtimestamp(mark.at, UTC) if mark.at is not None else None
            about = {"percent": mark.percent, "metric": promise.metric}
            people, team = _who(loaded, mark.who, at or now)
            yield CallStep(people, team, at, mark.reached, TIME_USED, about)


def _by_team(loaded: Loaded, team: str, course: Course, now: datetime) -> Iterator[CallStep]:
    entry = loaded.entries.get(team)
    if entry is None or not facts.is_a(loaded.book, entry, meaning.TEAM):
        return
    data, since = present_data(loaded, entry), datetime.fromtimestamp(course.since, UTC)
    steps = [s for s in steps_of(data) if s.minutes and s.priority in ("", course.priority)]
    later = str(data.get(NEXT_TEAM) or "")
    called = _first(on_call(loaded, team, now))
    if not (called or steps or later):
        return
    first, *backups = called or (team,)
    yield CallStep((first,), team, since, True, ON_CALL_FIRST, {})
    for step in steps:
        at = since + timedelta(minutes=step.minutes)
        people, other = _of_step(loaded, team, step, max(at, now))
        if people:
            yield CallStep(people, other, at, at <= now, NO_RESPONSE, {"minutes": step.minutes})
    if not steps and backups:
        yield CallStep(tuple(backups), team, None, False, NO_ANSWER, {})
    if later and later not in (s.who for s in steps):
        people, other = _who(loaded, later, now)
        yield CallStep(people, other, None, False, NO_ANSWER, {})


def _by_hand(loaded: Loaded, entry: Entry, course: Course) -> Iterator[CallStep]:
    who = present_entry(loaded, entry).columns.get(ESCALATED_TO)
    if course.escalated is None or not isinstance(who, str) or who == team_of(loaded, entry):
        return
    at = datetime.fromtimestamp(course.escalated, UTC)
    people, team = _who(loaded, who, at)
    yield CallStep(people, team, at, True, ESCALATED, {})


def _of_step(loaded: Loaded, team: str, step: EscalationStep, at: datetime) -> tuple[tuple[str, ...], str]:
    """Return who is called by a step of a team, and the team behind; empty for a person who is named."""
    if step.who:
        return _who(loaded, step.who, at)
    rotas = (
        rota
        for name in names(present_data(loaded, loaded.entries[team]).get(ON_CALL))
        if (rota := rota_of(loaded, name))
    )
    person = next((found for rota in rotas if (found := rota.of_layer(step.layer, at))), "")
    return ((person,) if person else ()), team


def _who(loaded: Loaded, name: str, at: datetime) -> tuple[tuple[str, ...], str]:
    """Return whom to call where a team or a person is named: of a team whoever is on call, else its lead, else all of it."""
    name = present_name(loaded, name)
    entry = loaded.entries.get(name)
    if entry is None or not facts.is_a(loaded.book, entry, meaning.TEAM):
        return (name,), ""
    lead = names(present_data(loaded, entry).get(LEAD))
    return (_first(on_call(loaded, name, at))[:1] or tuple(lead) or (name,)), name


def _first(called: list[OnCall]) -> tuple[str, ...]:
    return next((one.people for one in called if one.people), ())
