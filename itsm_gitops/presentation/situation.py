"""How things stand now: which services are not well and since when, and what users are told of what goes on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from itsm_gitops.graph.announcements import Announcement, read_announcement
from itsm_gitops.graph.status import MAINTENANCE, OPERATIONAL, STATUSES
from itsm_gitops.model import clock, facts, meaning
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.last_word import LastWord, last_word
from itsm_gitops.model.major import RUNNING
from itsm_gitops.presentation.view import View

_NEXT = "next_update_by"
_STARTED = "started_at"


class OngoingIncident(NamedTuple):
    """An incident that is felt: the services that it hits, the worst of them first, and what users were told.

    ``since`` is when it began, ``next_by`` when the next word comes. ``is_major`` says that it is a major incident or was proposed as
    one, ``is_declared`` that it is one.
    """

    entry: Entry
    status: str
    services: tuple[str, ...]
    since: datetime | None
    word: LastWord | None
    next_by: datetime | None
    is_major: bool = False
    is_declared: bool = False


def worst_first(view: View, causes: Iterable[str]) -> list[str]:
    """Return the records behind a status: declared major incidents, then by priority, then those that began last."""
    known = [view.entries[c] for c in causes if c in view.entries]
    newest = sorted(known, key=lambda e: (e.opened, e.id), reverse=True)
    return [e.id for e in sorted(newest, key=lambda e: (view.major_stage(e) != RUNNING, view.urgency(e)))]


def rank_of(status: str) -> int:
    """Return the place of a status, the worst first."""
    return STATUSES.index(status)


def most_urgent(view: View) -> list[Entry]:
    """Return the open incidents, the most urgent first and among equals the one that was updated last."""
    found = sorted(view.open_of_role(meaning.INCIDENT), key=lambda e: e.updated, reverse=True)
    found.sort(key=view.urgency)
    return found


def services_of(view: View) -> list[Entry]:
    """Return the services with a status, those that are worst first."""
    services = (e for e in view.of_role(meaning.SERVICE) if e.id in view.health)
    return sorted(services, key=lambda e: (place_of(view, e), e.title.lower(), e.id))


def place_of(view: View, service: Entry) -> int:
    """Return the place of a service in a list that begins with what is worst; what has no status is last."""
    health = view.health.get(service.id)
    return rank_of(health.status) if health else len(STATUSES)


def is_well(view: View, service: str) -> bool:
    """Whether nothing is to be said of a service's status."""
    return view.health[service].status == OPERATIONAL


def since(view: View, service: str) -> datetime | None:
    """Return since when a service has not been well; None where nothing that is shown tells."""
    found = view.health.get(service)
    if found is None or found.status == OPERATIONAL:
        return None
    causes = [view.entries[c] for c in found.causes if c in view.entries]
    announced = [one.start for one in _announced(view, causes)]
    if found.status == MAINTENANCE:
        return min(filter(None, (*(clock.parse_time(c.entered) for c in causes), *announced)), default=None)
    history = view.histories.get(service)
    if history is not None and history.since is not None:
        return min([moment(history.since), *announced])
    began = (_began(c, view.store.data(c.id)) for c in causes)
    return min(filter(None, (*began, *announced)), default=None)


def until(view: View, service: str) -> datetime | None:
    """Return when the work on a service in maintenance is planned to end; None where nothing tells."""
    found = view.health.get(service)
    if found is None or found.status != MAINTENANCE:
        return None
    causes = [view.entries[c] for c in found.causes if c in view.entries]
    ends = (clock.parse_time(str(c.columns.get("planned_end"))) for c in causes)
    return max(filter(None, (*ends, *(one.end for one in _announced(view, causes)))), default=None)


def _announced(view: View, causes: Iterable[Entry]) -> list[Announcement]:
    """Return those of some causes that are announcements."""
    told = (c for c in causes if meaning.ANNOUNCEMENT in view.kind(c).plays)
    return [one for c in told if (one := read_announcement(view.store, c)) is not None]


def troubles(view: View, services: Iterable[Entry]) -> list[OngoingIncident]:
    """Return the incidents behind services that are not well, and the open major ones: those first, then the worst."""
    hit: dict[str, list[str]] = {}
    for service in services:
        for cause in view.health[service.id].causes if not is_well(view, service.id) else ():
            hit.setdefault(cause, []).append(service.id)
    majors = view.majors
    incidents = view.book.playing(meaning.INCIDENT)
    names = [i for i in {**hit, **dict.fromkeys(majors)} if i in view.entries]
    found = [
        trouble_of(view, view.entries[i], hit.get(i, ())) for i in names if view.entries[i].kind in incidents
    ]
    return sorted(found, key=_urgency)


def _urgency(trouble: OngoingIncident) -> tuple[bool, bool, int, str]:
    return not trouble.is_declared, not trouble.is_major, rank_of(trouble.status), trouble.entry.id


def trouble_of(view: View, entry: Entry, services: Sequence[str]) -> OngoingIncident:
    """Return what an incident does to some services, and what users were told of it."""
    data = view.store.data(entry.id)
    stage = view.major_stage(entry)
    worst = min((view.health[s].status for s in services), key=rank_of, default=OPERATIONAL)
    return OngoingIncident(
        entry,
        worst,
        tuple(services),
        began(view, entry, data),
        last_word(data),
        next_word(data),
        view.is_major(entry),
        stage == RUNNING,
    )


def began(view: View, entry: Entry, data: Mapping[str, Any]) -> datetime | None:
    """Return when an incident began to be felt: as declared, else as it was opened."""
    status = view.major_status(entry, data)
    if status is not None and status.began is not None:
        return moment(status.began)
    return _began(entry, data)


def next_word(data: Mapping[str, Any]) -> datetime | None:
    """Return when the next word about an incident was promised."""
    major = data.get("major")
    return clock.parse_time(str(major.get(_NEXT, ""))) if isinstance(major, dict) else None


def interruptions(view: View, ids: Iterable[str]) -> dict[str, list[str]]:
    """Return which of some changes interrupt something that is shown, and the services that they interrupt."""
    found: dict[str, list[str]] = {}
    for identifier in ids:
        outage = view.store.data(identifier).get("outage")
        if not isinstance(outage, dict) or outage.get("expected") is not True:
            continue
        named = outage.get("services")
        listed = [s for s in named if isinstance(s, str)] if isinstance(named, list) else []
        found[identifier] = [
            s for s in listed or facts.affected(view.entries[identifier]) if s in view.health
        ]
    return found


def _began(entry: Entry, data: Mapping[str, Any]) -> datetime | None:
    return clock.parse_time(str(data.get(_STARTED, ""))) or clock.parse_time(entry.opened)


def moment(seconds: int) -> datetime:
    """Return seconds since 1970 as a moment."""
    return datetime.fromtimestamp(seconds, UTC)
