"""`itsm oncall`: who is on call for something at a moment, the turns ahead, swaps and calendar files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from itsm_gitops.commands.clocks import step_json
from itsm_gitops.commands.escalating import is_open, ladders
from itsm_gitops.graph.escalation import team_of
from itsm_gitops.graph.loaded import present_name
from itsm_gitops.graph.network import of_role
from itsm_gitops.graph.on_call import (
    OnCall,
    all_on_call,
    on_call,
    rota_of,
    rotas_naming,
    turns_of,
    whole_turn,
)
from itsm_gitops.model import clock, facts, meaning
from itsm_gitops.model.errors import NotFound, Refused, UsageError, did_you_mean
from itsm_gitops.model.moments import not_far, read_time, relative
from itsm_gitops.model.rotas import PERSON, Turn

if TYPE_CHECKING:
    from itsm_gitops.editing.change import Written
    from itsm_gitops.graph.escalation import Ladder
    from itsm_gitops.graph.loaded import Loaded
    from itsm_gitops.repository import Repository
    from itsm_gitops.snapshots import Store

_ME = "@me"
_MOST_DAYS = 1830


@dataclass(frozen=True)
class OnCallAnswer:
    """Who is on call ``at`` a moment for what was asked; ``contacts`` are how each team is reached.

    ``turns`` are those ahead, by rota, where they were asked for; ``calls`` who is called about an open record.
    ``complete`` is whether everything that the answer depends on could be read.
    """

    asked: str
    title: str
    at: datetime
    called: tuple[OnCall, ...]
    contacts: Mapping[str, Sequence[Mapping[str, Any]]]
    turns: Mapping[str, Sequence[Turn]]
    calls: Ladder | None = None
    complete: bool = True

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON data; times are RFC 3339 in UTC."""
        return {
            "asked": self.asked or None,
            "at": clock.format_time(self.at),
            "on_call": [
                {
                    meaning.TEAM: c.team,
                    meaning.ROTA: c.rota or None,
                    "people": list(c.people),
                    "override": bool(c.turn and c.turn.override),
                    "since": clock.format_time(c.turn.start) if c.turn else None,
                    "until": clock.format_time(c.turn.end) if c.turn else None,
                    "next": turn_json(c.following) if c.following else None,
                    "contacts": [dict(x) for x in self.contacts.get(c.team, ())],
                }
                for c in self.called
            ],
            "turns": [{meaning.ROTA: r, **turn_json(t)} for r, turns in self.turns.items() for t in turns],
            "calls": [step_json(s) for s in self.calls.steps] if self.calls else [],
        }


def turn_json(turn: Turn) -> dict[str, Any]:
    """Return one turn as JSON data; nobody is an empty list."""
    return {
        "start": clock.format_time(turn.start),
        "end": clock.format_time(turn.end),
        "people": list(turn.people),
        "override": turn.override,
    }


def who_is_on_call(repo: Repository, asked: str = "", *, at: str = "", days: int = 0) -> OnCallAnswer:
    """Return who is on call for a service, an item, a team, a rota, a record or a person; for each team where it is empty.

    ``at`` is a time of the repository's zone (default: now); with ``days`` the turns of so many days from then are
    added. Raises NotFound for something that is not there or has nobody on call, UsageError for an invalid time.
    """
    store, moment = repo.store(None), read_moment(repo, at)
    if not asked:
        called, title, person, calls = all_on_call(store, moment), "", "", None
        if not called:
            raise NotFound("no team has anybody on call", "itsm set TEAM on_call=ROTA")
    else:
        called, title, person = _asked(repo, store, asked, moment)
        calls = None if at else _calls(store, asked)
    rotas = rotas_naming(store, person) if person else [c.rota for c in called if c.rota]
    turns = {name: _ahead(store, name, person, moment, days) for name in dict.fromkeys(rotas)} if days else {}
    contacts = {c.team: store.data(c.team).get("contacts") or () for c in called if c.team in store.entries}
    repo.gaps = {g.path: g for g in store.gaps(None)}
    # Any team or rota that cannot be read may call somebody where all teams, or the turns of a person, are asked for.
    kinds = {kind for role in (meaning.TEAM, meaning.ROTA) for kind in store.book.playing(role)}
    missing = any(c.unknown for c in called) or ((not asked or bool(person)) and bool(store.gaps(kinds)))
    return OnCallAnswer(asked, title, moment, tuple(called), contacts, turns, calls, not missing)


def _calls(store: Store, asked: str) -> Ladder | None:
    """Return who is called about an open record now and next; None for anything else."""
    entry = store.find(asked) if asked != _ME else None
    return ladders(store)(entry) if entry is not None and is_open(store, entry) else None


def _asked(repo: Repository, store: Loaded, asked: str, moment: datetime) -> tuple[list[OnCall], str, str]:
    """Return who is on call for what was asked, its title, and the person where it is one."""
    from itsm_gitops.git.actor import acting

    entry = repo.store(None).find(acting(repo, None) if asked == _ME else asked)
    if facts.is_a(store.book, entry, meaning.PERSON):
        mine = [c for name in rotas_naming(store, entry.id) for c in on_call(store, name, moment)]
        return mine, entry.title, entry.id
    called = on_call(store, entry.id, moment)
    if not called and is_open(store, entry):  # a record that names nothing is called about by its team
        called = on_call(store, team_of(store, entry), moment)
    if not called:
        raise NotFound(
            f"nobody is on call for {entry.id}", "itsm set TEAM on_call=ROTA, for the team that owns it"
        )
    return called, entry.title, ""


def _ahead(store: Loaded, name: str, person: str, moment: datetime, days: int) -> list[Turn]:
    rota = rota_of(store, name)
    if rota is None:
        return []
    end = moment + timedelta(days=min(days, _MOST_DAYS))
    return list(turns_of(rota, person, moment, end)) if person else rota.turns(moment, end)


def read_moment(repo: Repository, text: str) -> datetime:
    """Read a time of the repository's zone, now where it is empty; raises UsageError."""
    span = read_time(text, repo.config.timezone) if text else None
    if text and span is None:
        raise UsageError(f"'{text}' is not a time", "write '2026-12-24 20:00', 2026-12-24, tomorrow or +12h")
    if span:
        not_far(span.start, text)
    return span.start if span else clock.now()


def the_rota(repo: Repository, asked: str) -> str:
    """Return the one rota that is meant by itself, a team or an item; raises NotFound and Refused."""
    if not asked:
        raise UsageError("for which rota?", "itsm oncall TEAM --swap PERSON")
    store = repo.store(None)
    entry = store.find(asked)
    named = list(dict.fromkeys(c.rota for c in on_call(store, entry.id, clock.now()) if c.rota))
    if len(named) != 1:
        raise Refused(
            f"{entry.id} has {'several rotas' if named else 'no rota'}",
            f"name one of: {', '.join(named or sorted(e.id for e in of_role(store, meaning.ROTA))) or 'none yet: itsm new rota'}",
        )
    return named[0]


def swap(
    repo: Repository,
    asked: str,
    person: str,
    *,
    at: str = "",
    until: str = "",
    reason: str = "",
    dry_run: bool = False,
) -> Written:
    """Put somebody on call instead of who would be: from ``at`` (default: now) to ``until`` (default: the end of that turn).

    It is an override of the rota, and counts for the gate once it is in the branch that approvals are read from.
    Raises NotFound for a person who is not there, Refused where they have the turn anyway.
    """
    name, store = the_rota(repo, asked), repo.store(None)
    person = present_name(store, person)
    entry = store.entries.get(person)
    if entry is None or not facts.is_a(store.book, entry, meaning.PERSON):
        people = [e.id for e in of_role(store, meaning.PERSON)]
        raise NotFound(f"there is no person '{person}'", did_you_mean(person, people) or "itsm list people")
    rota, start = rota_of(store, name), read_moment(repo, at)
    assert rota is not None  # noqa: S101 - it was just found
    turn = whole_turn(rota, start)
    # What lasts "+8h" lasts that long from its beginning, not from now.
    end = (relative(until, start) or read_moment(repo, until)) if until else turn.end
    if end <= start:
        raise UsageError("the end is not after the beginning", f"it begins at {clock.format_time(start)}")
    if all(t.people[:1] == (person,) for t in rota.turns(start, end)):
        raise Refused(f"{person} is on call then anyway", f"itsm oncall {name} --days 28")
    made = {"start": clock.format_time(start), "end": clock.format_time(end), PERSON: person}
    return add_overrides(repo, name, [made | ({"reason": reason} if reason else {})], dry_run=dry_run)


def add_overrides(
    repo: Repository, name: str, overrides: Sequence[Mapping[str, str]], *, dry_run: bool = False
) -> Written:
    """Add overrides to a rota, those that are not there yet; raises Rejected where rules refuse them."""
    from itsm_gitops.editing.change import save
    from itsm_gitops.editing.opening import open_document

    document = open_document(repo, name)
    there = document.data.get("overrides") or []
    fresh = [dict(o) for o in overrides if not any(_same(o, old) for old in there)]
    new = {**document.data, **({"overrides": [*there, *fresh]} if fresh else {})}
    return save(repo, document, new, dry_run=dry_run)


def _same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    times = [clock.parse_time(str(o.get(k))) for k in ("start", "end") for o in (one, other)]
    return one.get(PERSON) == other.get(PERSON) and times[0] == times[1] and times[2] == times[3]


def import_overrides(repo: Repository, asked: str, path: Path, *, dry_run: bool = False) -> Written:
    """Take the events of an iCalendar file over as overrides of a rota, those that are not over.

    Who is meant by an event is read from its attendee or its summary. Raises Refused, naming each, where somebody is
    nobody of the directory: then nothing is written.
    """
    from itsm_gitops.exchange.ics_turns import read_turns

    name, store = the_rota(repo, asked), repo.store(None)
    people = {e.id: store.data(e.id) for e in of_role(store, meaning.PERSON)}
    turns = read_turns(path, people, str(store.data(name).get("time_zone", "")), clock.now())
    made = [
        {"start": clock.format_time(t.start), "end": clock.format_time(t.end), PERSON: t.people[0]}
        for t in turns
    ]
    return add_overrides(repo, name, made, dry_run=dry_run)


def rota_ics(repo: Repository, asked: str, days: int) -> str:
    """Return the turns of a rota (or of the rota of a team or an item) of some days from today as iCalendar text."""
    from itsm_gitops.graph.ics import domain
    from itsm_gitops.graph.on_call_ics import rota_calendar

    name, store, now = the_rota(repo, asked), repo.store(None), clock.now()
    rota = rota_of(store, name)
    assert rota is not None  # noqa: S101 - it was just found
    turns = rota.turns(now, now + timedelta(days=min(days, _MOST_DAYS)))
    return rota_calendar(turns, name, store.entries[name].title, domain(repo.config.identity), now)
