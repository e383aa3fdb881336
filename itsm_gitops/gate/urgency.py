"""Whether an emergency has a reason: an open incident near in time, about something that the change touches.

A link alone is no reason. The incident has to be open on the target branch, opened not too long ago, and about a
service or an item that the change touches or that depends on it; the change has to be planned for about now. How
long ago and how near is the policy's to say (`emergencies`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from itsm_gitops import documents
from itsm_gitops.gate.conditions import FOR_INCIDENT, Touched, Urgency
from itsm_gitops.gate.policy import Policy
from itsm_gitops.model import clock
from itsm_gitops.model.errors import ItsmError, NotFound
from itsm_gitops.model.facts import affected_places
from itsm_gitops.model.ids import parse_record_id
from itsm_gitops.model.kinds import Kind
from itsm_gitops.model.meaning import INCIDENT
from itsm_gitops.model.roles import names
from itsm_gitops.snapshots import Store
from itsm_gitops.snapshots.gaps import file_gap, require, unread

_CAUSED = ("caused_by", "causes")
_AHEAD = timedelta(hours=1)  # how far the clock of whoever reported an incident may be ahead
_NAMED = 3
_EPOCH = datetime.fromtimestamp(0, UTC)

Data = Mapping[str, Any]


def urgency(
    policy: Policy,
    base: Store,
    head: Store,
    change: Touched,
    near: Callable[[], Collection[str]],
    now: datetime,
) -> Urgency:
    """Return whether an incident is the reason of a change, and why others that it is linked with are not.

    ``near`` gives what the change touches and what depends on that; it is asked for only where it matters.
    """
    asked = _asks_for_incident(policy, change.data)
    incidents = [
        found
        for identifier in dict.fromkeys(_linked(base, head, change, asked))
        if (found := _incident(base, head, identifier))
    ]
    if not asked:
        return Urgency(any(_is_open(kind, data) for kind, _, data in incidents), asked)
    planned = _far(policy, change.data, now) if incidents else ""
    judged = [(i, planned or _unfit(policy, kind, data, near(), now)) for kind, i, data in incidents]
    if any(not why for _, why in judged):
        return Urgency(True, asked)
    return Urgency(
        False, asked, tuple(f"{identifier} is no reason for it: {why}" for identifier, why in judged)
    )


def _asks_for_incident(policy: Policy, data: Data) -> bool:
    """Whether it matters to a rule of the policy, for a change of this type, if there is an incident."""
    conditions = [when for r in policy.rules for when in (r.when, r.override.when if r.override else {})]
    return any(
        FOR_INCIDENT in when and ("type" not in when or data.get("type") in names(when["type"]))
        for when in conditions
    )


def _linked(base: Store, head: Store, change: Touched, asked: bool) -> Iterator[str]:
    """Yield the records that a change is linked with, whichever of the two files the link is stored in.

    An incident that the change has caused is none of them: it is no reason for the change. Incidents are looked
    through only where the policy asks for one, as there may be a hundred thousand.
    """
    for link in _links(change.data):
        yield from names(link.get("target"))
    for kind in (base.book.kinds[name] for name in base.book.playing(INCIDENT) if asked):
        for store in (head, base):
            for path in store.naming(change.id, kind.folder):
                links = _links(_at_path(store, path) or {})
                if any(change.id in names(link.get("target")) for link in links):
                    yield path.rpartition("/")[2].removesuffix(".yaml")


def _links(data: Data) -> list[Data]:
    """Return the links of a record but for those that say what caused what."""
    links = data.get("links")
    some = [link for link in links if isinstance(link, dict)] if isinstance(links, list) else []
    return [link for link in some if link.get("type") not in _CAUSED]


def _incident(base: Store, head: Store, identifier: str) -> tuple[Kind, str, Data] | None:
    """Return an incident as the target branch has it; None where there is no such incident.

    One that the request itself reports counts too: what is urgent is reported and repaired at once.
    """
    parsed = parse_record_id(identifier)
    kind = base.book.by_prefix.get(parsed[0]) if parsed else None
    if kind is None or INCIDENT not in kind.plays or kind.workflow is None:
        return None
    path = base.book.path_for(kind, identifier)
    data = _at_path(base, path) or _at_path(head, path)
    return None if data is None else (kind, identifier, data)


def _is_open(kind: Kind, data: Data) -> bool:
    return kind.workflow is not None and kind.workflow.is_open(str(data.get(kind.state_field)))


def _unfit(policy: Policy, kind: Kind, data: Data, near: Collection[str], now: datetime) -> str:
    """Return why an incident does not make a change of ``near`` urgent now; empty where it does."""
    if not _is_open(kind, data):
        return "it is not open"
    about = list(affected_places(kind, data))
    if not about:
        return "it does not say which service or item it is about"
    if not set(about) & set(near):
        more = f" and {len(about) - _NAMED} more" if len(about) > _NAMED else ""
        named = f"{', '.join(about[:_NAMED])}{more}"
        return f"it is about {named}, which the change neither touches nor puts at risk"
    opened = _opened(data)
    if opened is None:
        return "it does not say when it was opened"
    if opened > now + _AHEAD:
        return f"it was opened on {opened:%Y-%m-%d}, which is yet to come"
    if now - opened > policy.emergencies.incident_opened_within:
        return f"it was opened on {opened:%Y-%m-%d}, more than {_length(policy.emergencies.incident_opened_within)} ago"
    return ""


def _opened(data: Data) -> datetime | None:
    timeline = data.get("timeline")
    first = timeline[0] if isinstance(timeline, list) and timeline else None
    return clock.parse_time(str(first.get("at"))) if isinstance(first, dict) else None


def _far(policy: Policy, data: Data, now: datetime) -> str:
    """Return why the planned window of a change is not about now; empty where it is.

    An emergency begins with what is known, so one without a window is carried out now.
    """
    given = [data[field] for field in ("planned_start", "planned_end") if data.get(field) is not None]
    moments = [clock.parse_time(str(text)) for text in given]
    known = [m for m in moments if m is not None]
    if len(known) < len(given) or known != sorted(known):
        return "the change does not say when it is carried out"
    limit = policy.emergencies.window_within
    if known and (known[0] - now > limit or now - known[-1] > limit):
        return f"the change is planned for {known[0]:%Y-%m-%d}, more than {_length(limit)} from now"
    return ""


def _length(limit: timedelta) -> str:
    return clock.age(_EPOCH, _EPOCH + limit)


def _at_path(store: Store, path: str) -> Data | None:
    """Return a record of the snapshot, be it among those that were loaded or not.

    Raises Incomplete for one that cannot be read.
    """
    try:
        data, problems = documents.load(store.raw(path))
    except NotFound:
        return None
    except ItsmError:  # a link, or an object that is not here
        data, problems = None, (unread(store.snapshot, path),)
    require([file_gap(store.book, path, p) for p in problems[:1]], "whether it is urgent")
    return data if isinstance(data, dict) else None
