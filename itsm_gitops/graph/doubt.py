"""Statuses that nobody can know, because a file that could say otherwise cannot be read.

An incident that cannot be read may be an outage of any service, an announcement a disturbance of it, an item that cannot be
read may be what a service needs. So while such a file is there, nothing is called operational: what is known to be worse is still said, all
else is unknown. Files of other kinds (people, contracts, requests for goods …) change no status.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from itsm_gitops.graph.status import OPERATIONAL, UNKNOWN, Health
from itsm_gitops.model import meaning
from itsm_gitops.model.field_history import Day
from itsm_gitops.model.ids import parse_record_id
from itsm_gitops.model.rulebook import RuleBook
from itsm_gitops.snapshots.gaps import Gap

_SAYING = frozenset([meaning.INCIDENT, meaning.CHANGE, meaning.ANNOUNCEMENT])
REASON = "not everything that could affect it can be read."


def status_kinds(book: RuleBook) -> frozenset[str]:
    """Return the kinds whose documents have a say in the status of a service."""
    return frozenset(k.name for k in book.kinds.values() if k.operational or _SAYING.intersection(k.plays))


def doubted(found: Mapping[str, Health], gaps: Sequence[Gap]) -> dict[str, Health]:
    """Return statuses as they can be said while ``gaps`` (of the kinds that have a say) are there."""
    if not gaps:
        return dict(found)
    return {
        identifier: one._replace(status=UNKNOWN, reason=REASON) if one.status == OPERATIONAL else one
        for identifier, one in found.items()
    }


def doubted_days(days: Iterable[Day], gaps: Sequence[Gap]) -> list[Day]:
    """Return the last days of a service as they can be said: none is called operational that a gap may concern.

    A record has no say in the days before the date in its identifier; anything else may concern every day.
    """
    if not gaps:
        return list(days)
    begins = [parsed[1].isoformat() if (parsed := parse_record_id(g.id)) else "" for g in gaps]
    first = min(begins)
    return [d._replace(status=UNKNOWN) if d.status == OPERATIONAL and d.day >= first else d for d in days]
